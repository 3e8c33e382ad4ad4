"""Results read back in every form that this package writes, and decisions of people before recommendations."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.codes import NONE, code_in
from hyeoksin.domain import Document, Prediction, Score
from hyeoksin.errors import InputError, RowError
from hyeoksin.gate import MARK, NOTE
from hyeoksin.plan import load_plan
from hyeoksin.plan.nodes import Plan
from hyeoksin.readers.notes import heard
from hyeoksin.results import Result, main_plan, read_results
from hyeoksin.simulate import read_past
from hyeoksin.sinks import write
from hyeoksin.store import open_store
from hyeoksin.tabular import write_rows
from hyeoksin.texts import read_texts, with_texts
from hyeoksin.workbook import Entry, Verdict, write_workbook

PLAN = load_plan("2019")


def prediction(name: str, code: str | None, share: float = 0.9) -> Prediction:
    leaves = [leaf.code for leaf in PLAN.leaves]
    rest = (1.0 - share) / len(leaves)
    shares = {leaf: share if leaf == code else rest for leaf in leaves}
    off = rest if code else share
    scores = tuple(Score(c, PLAN[c].title, p) for c, p in sorted(shares.items(), key=lambda item: -item[1]))
    path = tuple(Score(n.code, n.title, share) for n in PLAN.path(code)) if code else ()
    return Prediction(
        document=Document(id=name, title=f"{name} 제목", text=f"{name} 본문", source=f"글.csv#row={name}"),
        plan="2019",
        status="settled" if code else "off_plan",
        path=path,
        scores=scores,
        off_plan=off,
        agencies=(),
        evidence=(),
        clause=None,
        rival=None,
        regions=(),
        model="m@1",
        plan_sha=PLAN.sha256[:8],
    )


PREDICTIONS = [prediction("1", "3-1"), prediction("2", None, 0.97), prediction("3", "9-2", 0.6)]


def read(path: Path, plan: Plan = PLAN) -> list[Result]:
    found = list(read_results(path, plan))
    assert [item for item in found if isinstance(item, RowError)] == []
    return [item for item in found if isinstance(item, Result)]


def errors(path: Path, plan: Plan = PLAN) -> list[str]:
    return [str(item) for item in read_results(path, plan) if isinstance(item, RowError)]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".csv", ".xlsx"])
def test_notes_and_groups_of_duplicates_are_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"결과{suffix}"
    notes = ("-로 시작하는 알림", f"{MARK}: 계획 밖")
    write([replace(PREDICTIONS[0], notes=notes, duplicate_group="g1"), PREDICTIONS[1]], path)
    assert [(r.notes, r.duplicate_group, r.gated) for r in read(path)] == [
        (notes, "g1", True),
        ((), None, False),
    ]


@pytest.mark.parametrize("meta", [{}, {"담당부서": "보건소", "코드": "없는 코드"}])
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet", ".csv", ".xlsx"])
def test_what_classify_writes_is_read_back(tmp_path: Path, suffix: str, meta: dict[str, str]) -> None:
    path = tmp_path / f"결과{suffix}"
    write([replace(p, document=replace(p.document, meta=meta)) for p in PREDICTIONS], path)
    found = read(path)
    assert [(r.document.id, r.code, r.decided) for r in found] == [
        ("1", "3-1", False),
        ("2", NONE, False),
        ("3", "9-2", False),
    ]
    assert suffix in (".csv", ".xlsx") or all(r.document.meta == meta for r in found)
    assert [r.status for r in found] == ["settled", "off_plan", "settled"]
    assert [r.probability for r in found] == pytest.approx([0.9, 0.97, 0.6])
    assert [r.has_text for r in found] == [suffix != ".jsonl"] * 3
    if suffix in (".jsonl", ".parquet"):
        assert found[0].shares is not None
        assert sum(found[0].shares.values()) == pytest.approx(1.0)


def test_a_batch_folder_is_read_part_by_part(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    write(PREDICTIONS[:2], tmp_path / "records" / "part-000000.jsonl")
    write(PREDICTIONS[2:], tmp_path / "records" / "part-000001.jsonl")
    (tmp_path / "failed.jsonl").write_text('{"file": "x"}\n', encoding="utf-8")
    assert [r.document.id for r in read(tmp_path)] == ["1", "2", "3"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_the_places_in_a_file_named_in_cp949_can_be_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / os.fsdecode(f"결정{suffix}".encode("cp949"))
    write(
        [replace(one, document=replace(one.document, source="")) for one in PREDICTIONS],
        tmp_path / f"a{suffix}",
    )
    try:
        (tmp_path / f"a{suffix}").rename(path)
    except OSError:
        pytest.skip("names are UTF-8 here")
    assert {r.document.source.partition("#")[0] for r in read(path)} == {f"결정{suffix}"}


@pytest.mark.parametrize("left", ["run.json", "run.lock", "shards"])
def test_a_batch_run_that_did_not_end_is_refused(tmp_path: Path, left: str) -> None:
    (tmp_path / "records").mkdir()
    write(PREDICTIONS, tmp_path / "records" / "part-000000.jsonl")
    (tmp_path / left).mkdir()
    with pytest.raises(InputError, match=r"끝나지 않은 분류.*같은 hyeoksin batch"):
        read(tmp_path)
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    assert len(read(tmp_path)) == 3


def entries(verdicts: Sequence[Verdict | None]) -> list[Entry]:
    return [
        Entry(document=p.document, record=p.to_record(), verdict=verdict)
        for p, verdict in zip(PREDICTIONS, verdicts, strict=True)
    ]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx"])
def test_the_decided_workbook_tells_who_decided(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"결정{suffix}"
    when = "2026-11-28T00:00:00+00:00"
    pick = Verdict(action="pick", code="4-1", agency=None, by="kim", at=when, note="")
    none = Verdict(action="none", code=None, agency=None, by="kim", at=when, note="")
    write_workbook(entries([none, pick, None]), PLAN, path)
    found = sorted(read(path), key=lambda r: r.document.id)  # the workbook has a sheet per strategy
    assert [(r.code, r.decided) for r in found] == [(NONE, True), ("4-1", True), ("9-2", False)]
    assert all(r.has_text for r in found)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx"])
def test_the_decided_workbook_tells_what_had_been_recommended(tmp_path: Path, suffix: str) -> None:
    path, when = tmp_path / f"결정{suffix}", "2026-11-28T00:00:00+00:00"
    above = replace(
        PREDICTIONS[0], status="settled", path=PREDICTIONS[0].path[:1]
    )  # of a task that is not sure
    outside = replace(PREDICTIONS[0], status="off_plan", path=(), off_plan=0.96)
    verdicts = [
        Verdict(action=a, code="4-1" if a == "pick" else None, agency=None, by="kim", at=when)
        for a in ("pick", "undecided")
    ]
    shown = [
        replace(one, document=replace(one.document, id=f"{i}"))
        for i, one in enumerate((above, above, outside, outside))
    ]
    write_workbook(
        [Entry(p.document, p.to_record(), v) for p, v in zip(shown, verdicts * 2, strict=True)], PLAN, path
    )
    found = sorted(read(path), key=lambda r: r.document.id)
    assert [(r.code, r.suggested) for r in found if r.decided] == [("4-1", above.path[0].code), ("4-1", NONE)]
    assert [r.code for r in found if not r.decided] == [above.path[0].code, NONE]


def test_bare_decisions_need_an_id_and_a_code(tmp_path: Path) -> None:
    table = tmp_path / "결정.csv"
    table.write_text(
        "번호,코드,제목\n가,3-1 공공서비스,집으로 가는 민원\n나,계획 밖,시상식\n", encoding="utf-8-sig"
    )
    assert [(r.document.id, r.code, r.decided) for r in read(table)] == [
        ("가", "3-1", True),
        ("나", NONE, True),
    ]
    lines = tmp_path / "결정.jsonl"
    lines.write_text(
        '{"id": "가", "code": "NONE"}\n{"id": "나", "plan": "2019", "code": "9-2"}\n', encoding="utf-8"
    )
    assert [(r.code, r.decided) for r in read(lines)] == [(NONE, True), ("9-2", True)]


def test_an_empty_code_is_a_decision_only_where_an_action_says_so(tmp_path: Path) -> None:
    path = tmp_path / "결정.jsonl"
    rows: list[dict[str, str | None]] = [
        {"code": ""},
        {"code": " "},
        {"code": None},
        {"code": None, "action": "undecided"},
    ]
    rows += [{"code": None, "action": "none"}, {"code": None, "action": "accept"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert ["코드가 비어 있습니다" in fault for fault in errors(path)] == [True] * 4
    assert [(r.code, r.decided) for r in read_results(path, PLAN) if isinstance(r, Result)] == [
        (NONE, True)
    ] * 2


@pytest.mark.parametrize("cell", ["2026-03-01", "2026-03-01 00:00:00", "03월 01일", "1-Mar"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_code_that_became_a_date_is_named(tmp_path: Path, cell: str, suffix: str) -> None:
    path = tmp_path / f"결정{suffix}"
    told = json.dumps({"id": "가", "code": cell}) if suffix == ".jsonl" else f"번호,코드\n가,{cell}\n"
    path.write_text(told, encoding="utf-8")
    (fault,) = errors(path)
    assert f"코드가 날짜입니다 ('{cell}')" in fault
    assert "'텍스트'" in fault


def test_decomposed_headings_and_words_are_read(tmp_path: Path) -> None:
    path = tmp_path / "결정.csv"
    told = "번호,제목,최종 분류,결정\n1,버스,3-1,수용\n2,투표,9-2,보류\n3,상,계획 밖,계획 밖\n"
    path.write_text(unicodedata.normalize("NFD", told), encoding="utf-8")
    assert [(r.code, r.decided) for r in read(path)] == [("3-1", True), ("9-2", False), (NONE, True)]


def test_answers_of_another_edition_of_the_plan_are_noted_once_a_file(tmp_path: Path) -> None:
    path = tmp_path / "결과.jsonl"
    write(PREDICTIONS, path)
    with heard() as notes:
        read(path)
    assert not notes
    write([replace(p, plan_sha="deadbeef") for p in PREDICTIONS], path)
    with heard() as notes:
        assert len(read(path)) == 3
    (note,) = notes
    assert "결과.jsonl: 계획 2019 의 다른 판(deadbeef)" in note


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("4 - 1", "4-1"), ("４－１", "4-1"), ("4 – 1 제목", "4-1"), ("４－１ 제목", "4-1"), ("4- 1", "4-1"), ("4-1", "4-1"),
        ("4.1", "4-1"), ("4_1 제목", "4-1"), ("4.99", "4.99"), ("4.0", "4"), ("[4-1] 제목", "4-1"), ('="4-1"', "4-1"), ("s2", "S2"), ("계획 밖(민원)", NONE), ("(계획 밖)", NONE),
        ("계획 밖: 민원", NONE), ("—", NONE), ("해당 사항 없음", NONE), ("  ", ""), ("4", "4"), ("4 2019년 과제", "4"), ("3-1 - 24시간 돌봄", "3-1"), ("ＮＯＮＥ", NONE), ("4 - 99", "4-99"), ("４－９９ 가", "4-99"),
    ],
)  # fmt: skip
def test_a_code_is_read_however_its_dash_was_typed(cell: str, code: str) -> None:
    assert code_in(cell, PLAN) == code


def test_what_could_not_be_translated_is_not_off_plan(tmp_path: Path) -> None:
    lines = tmp_path / "옮긴.jsonl"
    row = {
        "id": "가",
        "plan": "2019",
        "how": "no text",
        "from": {"decided": True},
        "person": True,
        "code": None,
    }
    lines.write_text(json.dumps(row), encoding="utf-8")
    assert ["정하지 못한 줄" in error for error in errors(lines)] == [True]


def test_a_decision_counts_before_the_recommendation_beside_it(tmp_path: Path) -> None:
    table = tmp_path / "결과.csv"
    table.write_text(
        "번호,판정,전략,확률,계획 밖 확률,결정_코드\n1,확정 추천,1 가,0.9,0.1,3-1\n2,확정 추천,1 가,0.9,0.1,\n3,확정 추천,1 가,0.9,0.1,해당 없음\n",
        encoding="utf-8",
    )
    assert [(r.code, r.decided) for r in read(table)] == [("3-1", True), ("1", False), (NONE, True)]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".jsonl"])
def test_what_a_store_exports_is_read_back(tmp_path: Path, suffix: str) -> None:
    path, out = tmp_path / "저장소.db", tmp_path / f"결정{suffix}"
    with open_store(path) as store:
        project = store.create_project("1회", PLAN, "kim")
        store.add_items(project.id, [(p.document, p.to_record()) for p in PREDICTIONS])
        first, second, _ = sorted(item.id for item in store.items(project.id))
        store.decide([first], "pick", code="4-1", by="kim")
        store.decide([second], "none", by="kim")
    done = CliRunner().invoke(app, ["store", "export", str(out), "--project", "1회", "--store", str(path)])
    assert done.exit_code == 0, done.output
    found = sorted(read(out), key=lambda r: r.document.id)
    assert [(r.code, r.decided) for r in found] == [("4-1", True), (NONE, True)]
    assert [r.suggested for r in found] == ["3-1", NONE]
    texts, _ = read_past(out, PLAN)
    assert {t.document.id: t.code for t in texts} == {"1": "4-1", "2": NONE}


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".xlsx"])
def test_the_decided_workbook_is_a_past_year(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"결정{suffix}"
    pick = Verdict(action="pick", code="4-1", agency=None, by="kim", at="2026-11-28T00:00:00+00:00")
    write_workbook(entries([pick, None, None]), PLAN, path)
    with heard() as notes:
        texts, failed = read_past(path, PLAN)
    assert [(t.document.id, t.code) for t in texts] == [("1", "4-1")]
    assert failed == []  # what the model settled alone is no fault, and nothing of the summary's counts
    assert f"{path}: 결정되지 않은 2건은 뺐습니다." in notes
    none = Verdict(action="none", code=None, agency=None, by="kim", at="2026-11-28T00:00:00+00:00")
    write_workbook(entries([none, pick, None]), PLAN, path)
    assert [t.code for t in sorted(read_past(path, PLAN)[0], key=lambda t: t.document.id)] == [NONE, "4-1"]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_the_plan_of_results_is_that_of_their_first_record(tmp_path: Path, suffix: str) -> None:
    newer = load_plan("2024")
    folder, name = tmp_path / "결과", newer.leaves[0].code
    (folder / "records").mkdir(parents=True)
    write([replace(p, plan="2024") for p in PREDICTIONS], folder / "records" / f"part-000000{suffix}")
    assert main_plan(folder) == main_plan(folder / "records" / f"part-000000{suffix}") == "2024"
    assert main_plan(tmp_path) == "2019"  # texts, as far as one can tell
    decided = tmp_path / "결정.jsonl"
    decided.write_text(json.dumps({"id": "1", "code": name, "plan": "2024"}), encoding="utf-8")
    assert main_plan(decided) == "2024"
    decided.write_text(json.dumps({"id": "1", "candidates": [], "plan": "우리"}), encoding="utf-8")
    with pytest.raises(InputError, match="계획 '우리' 로 분류한 결과입니다"):
        main_plan(decided)
    for nothing in ("", "[]\n", '{"plan": "사업 계획", "code": "가"}\n', "글\n", "[" * 200_000):
        decided.write_text(nothing, encoding="utf-8")
        assert main_plan(decided) == "2019"
    (tmp_path / "빈.parquet").write_bytes(b"PAR1")
    assert main_plan(tmp_path / "빈.parquet") == "2019"
    write([], folder / "records" / "part-000000.parquet")
    assert main_plan(folder / "records" / "part-000000.parquet") == "2019"


def test_lines_in_the_encoding_of_windows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "결정.jsonl"
    line = '{"id": "가", "code": "3-1", "title": "집으로 가는 민원"}\n'
    path.write_bytes(line.encode("cp949"))
    assert [(r.document.id, r.document.title) for r in read(path)] == [("가", "집으로 가는 민원")]
    path.write_bytes(line.encode() * 9 + '{"id": "나'.encode() + b"\xff" + b'", "code": "3-1"}\n')
    (fault,) = errors(path)
    assert "row=10" in fault
    assert "깨진 글자" in fault
    path.write_bytes(b"\xff\xfe\xfd\x00\xd8")
    with pytest.raises(InputError, match=r"결정\.jsonl"):
        list(read_results(path, PLAN))


def test_lines_that_are_no_result_are_told_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    lines = [
        "[" * 200_000,
        '{"id": 1',
        "[1]",
        '{"id": 2}',
        '{"id": 3, "code": "3-1"}',
        '{"plan": "2019", "candidates": 1}',
    ]
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    told = list(read_results(path, PLAN))
    assert [item.source for item in told if isinstance(item, RowError)] == [
        f"r.jsonl#row={n}" for n in (1, 2, 3, 4, 6)
    ]
    assert [item.code for item in told if isinstance(item, Result)] == ["3-1"]


def test_rows_that_tell_nothing_are_named(tmp_path: Path) -> None:
    path = tmp_path / "결정.jsonl"
    rows: list[Any] = [
        {"id": "1", "code": "없는코드"},
        {"id": "2"},
        {"id": "3", "plan": "2020", "code": "P1"},
        "글",
        {"id": "4", "plan": "2020", "candidates": [], "path": [], "off_plan": 1.0},
    ]
    path.write_text("\n".join([*(json.dumps(r, ensure_ascii=False) for r in rows), "{"]), encoding="utf-8")
    found = errors(path)
    assert [f"#row={n}" in line for n, line in enumerate(found, start=1)] == [True] * 6
    assert "없는코드" in found[0]
    assert "2020" in found[2]


def test_the_other_plans_of_a_record_can_be_asked_for(tmp_path: Path) -> None:
    record = PREDICTIONS[0].to_record()
    record["others"] = {"2024": PREDICTIONS[1].to_record()}
    path = tmp_path / "결과.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert [r.code for r in read(path, load_plan("2024"))] == [NONE]


def test_texts_that_the_gate_kept_from_the_other_plan_refuse_it(tmp_path: Path) -> None:
    asked, unasked = (one.to_record() for one in PREDICTIONS[:2])
    asked["others"] = {"2024": PREDICTIONS[1].to_record()}
    unasked["notes"] = [NOTE]
    path = tmp_path / "결과.jsonl"
    path.write_text(json.dumps(asked) + "\n" + json.dumps(unasked) + "\n", encoding="utf-8")
    assert len(read(path)) == 2
    with pytest.raises(
        InputError, match=r"1건에는 계획 2024 의 결과가 없어.*--gate off 로, 또는 --plan 2024"
    ):
        list(read_results(path, load_plan("2024")))


def test_a_store_gives_decisions_and_recommendations(tmp_path: Path) -> None:
    path = tmp_path / "저장소.db"
    store = open_store(path)
    project = store.create_project("1회", PLAN, "kim")
    store.add_items(project.id, [(p.document, p.to_record()) for p in PREDICTIONS])
    first = next(item for item in store.items(project.id) if item.document.id == "1")
    store.decide([first.id], "pick", code="4-1", agency=None, by="kim", note="")
    found = {r.document.id: r for r in read(path)}
    assert (found["1"].code, found["1"].decided) == ("4-1", True)
    assert (found["2"].code, found["2"].decided) == (NONE, False)
    assert found["3"].document.text == "3 본문"
    with pytest.raises(InputError, match="2019"):
        list(read_results(path, load_plan("2024")))


def test_rounds_of_another_edition_of_the_plan_are_told_once_and_left_out(tmp_path: Path) -> None:
    path, older = tmp_path / "저장소.db", replace(PLAN, title="앞 판")
    store = open_store(path)
    store.create_project("앞 회차", older, "kim")
    with pytest.raises(InputError, match=f"{older.sha256[:8]}.*{PLAN.sha256[:8]}"):
        list(read_results(path, PLAN))
    new = store.create_project("새 회차", PLAN, "kim")
    store.add_items(new.id, [(p.document, p.to_record()) for p in PREDICTIONS[:1]])
    (told,) = errors(path)
    assert "앞 회차" in told
    assert [r.code for r in read_results(path, PLAN) if isinstance(r, Result)] == ["3-1"]


def test_texts_are_joined_by_id(tmp_path: Path) -> None:
    path, texts = tmp_path / "결과.jsonl", tmp_path / "글.csv"
    write(PREDICTIONS, path)
    texts.write_text("번호,제목,내용\n3,셋째,긴 본문\n", encoding="utf-8")
    found = list(with_texts(read(path), read_texts(texts, [])))
    assert [r.document.title for r in found] == ["", "", "셋째"]
    assert found[2].document.source == "글.csv#row=3"


def test_of_texts_that_share_an_id_the_one_at_the_results_place_counts(tmp_path: Path) -> None:
    path, texts = tmp_path / "결과.jsonl", tmp_path / "글.csv"
    write(PREDICTIONS, path)
    texts.write_text("번호,제목\n1,가\n3,나\n3,다\n", encoding="utf-8")  # "나" stands in the result's row 3
    assert [r.document.title for r in with_texts(read(path)[2:], read_texts(texts, []))] == ["나"]
    texts.write_text("번호,제목\n3,나\n1,가\n3,다\n", encoding="utf-8")
    with pytest.raises(InputError, match="'3' 의 글이 여럿"):
        list(with_texts(read(path)[2:], read_texts(texts, [])))


def placed(name: str, source: str) -> Result:
    return Result(Document(id=name, title="", text="", source=source), "3-1")


@pytest.mark.parametrize(
    ("sources", "titles"),
    [
        (("가.csv#row=2", "나.csv#row=2"), ["버스", ""]),
        (("나.csv#row=2", "다.csv#row=2"), ["", ""]),
        (("자료/가.csv#row=2", "자료/나.csv#row=2"), ["버스", ""]),
        (("자료/가.csv#row=2", "새 자료/가.csv#row=2"), ["", ""]),  # either may be meant
        (("가.csv#row=2", "자료/가.csv#row=2"), ["버스", ""]),
        (("나.csv#row=7", "나.csv#row=7"), ["버스", "버스"]),  # one text
    ],
)
def test_texts_of_another_file_are_not_joined_where_ids_repeat(
    tmp_path: Path, sources: tuple[str, ...], titles: list[str]
) -> None:
    texts = tmp_path / "가.csv"
    texts.write_text("번호,제목\n1,버스\n2,투표\n", encoding="utf-8")
    results = iter([placed("1", source) for source in sources])
    found = list(with_texts(results, read_texts(texts, [])))
    assert [r.document.title for r in found] == titles
    assert [r.document.source for r in found] == [*sources]
    assert [r.has_text for r in found] == [bool(title) for title in titles]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("번호,과제명,주요내용,코드", ("7", "버스", "섬으로")),
        ("접수번호,과제명,내용,확정코드", ("7", "버스", "섬으로")),
        ("연번,세부과제,추진내용,최종 분류", ("7", "버스", "섬으로")),
        ("관리번호,과제명(사업명),추진배경,결정 코드", ("7", "버스", "섬으로")),
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_decided_tables_are_read_by_the_headings_that_classify_knows(
    tmp_path: Path, header: str, told: tuple[str, ...], suffix: str
) -> None:
    path = tmp_path / f"결정{suffix}"
    write_rows(path, [*header.split(","), "비고"], [["7", "버스", "섬으로", "3-1", "덧말"]], sheet="결정")
    (found,) = read(path)
    assert (found.document.id, found.document.title, found.document.text) == told
    assert (found.code, found.decided) == ("3-1", True)
    (past,), _ = read_past(path, PLAN)
    assert (past.document.id, past.document.title, past.document.text, past.code) == (*told, "3-1")


def test_a_decided_table_needs_no_id_and_several_texts_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "결정.csv"
    path.write_text("과제명,현황,개선방안,코드\n버스,멀다,섬으로,3-1\n투표,,,9-2\n", encoding="utf-8")
    assert [(r.document.id, r.document.text) for r in read(path)] == [
        ("결정.csv#row=2", "멀다\n섬으로"),
        ("결정.csv#row=3", ""),
    ]


def test_a_decided_task_without_a_sub_task_keeps_its_title(tmp_path: Path) -> None:
    path = tmp_path / "결정.csv"
    path.write_text("과제명,세부과제,코드\n돌봄,버스,3-1\n투표,,9-2\n", encoding="utf-8")
    assert [r.document.title for r in read(path)] == ["버스", "투표"]


def test_an_error_of_excels_is_no_code_and_no_title(tmp_path: Path) -> None:
    path = tmp_path / "결정.xlsx"
    rows = [["1", "#N/A", "섬으로", "3-1"], ["2", "버스", "섬으로", "#REF!"]]
    write_rows(path, ["번호", "과제명", "내용", "코드"], rows, sheet="결정")
    (found,) = [r for r in read_results(path, PLAN) if isinstance(r, Result)]
    assert (found.document.id, found.document.title, found.code) == ("1", "", "3-1")
    assert ["'#REF!' 가 없습니다" in fault for fault in errors(path)] == [True]


def test_a_decided_row_with_more_cells_than_headings_is_named(tmp_path: Path) -> None:
    path = tmp_path / "결정.csv"
    path.write_text("번호,내용,코드\n1,섬으로, 산으로,3-1\n2,섬,9-2,,\n", encoding="utf-8")
    good, (fault,) = [r for r in read_results(path, PLAN) if isinstance(r, Result)], errors(path)
    assert [r.code for r in good] == ["9-2"]
    assert "결정.csv#row=2" in fault
    assert "큰따옴표" in fault


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".xlsx"])
@pytest.mark.parametrize("text", ["가" * 699 + " 나", "가" * 698 + "\r\n나", " " + "가" * 699])
def test_a_beginning_that_ends_in_a_blank_is_known_for_one(tmp_path: Path, suffix: str, text: str) -> None:
    path = tmp_path / f"결과{suffix}"
    long = replace(PREDICTIONS[0], document=replace(PREDICTIONS[0].document, text=text))
    write([long, PREDICTIONS[1]], path)
    assert [r.is_cut for r in read(path)] == [True, False]
    assert read(path)[0].document.text == text[:700]


@pytest.mark.parametrize(
    ("name", "text"), [("글.txt", "글"), ("표.csv", "제목,내용\n가,나\n"), ("빈.xml", "")]
)
def test_what_is_no_result_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=name):
        list(read_results(tmp_path / name, PLAN))


@pytest.mark.parametrize(
    ("cell", "code"),
    [("Ⅱ-1 주민 참여", "Ⅱ-1"), ("① 다", "①"), ("1-1 - 100% 공개", "1-1"), ("1-1 — 2024 계획", "1-1"), ("4 - 99", "4-99"),
     ("４－１ 참여", "4-1"), ("계획 밖", NONE)],
)  # fmt: skip
def test_codes_are_those_that_the_plan_has(cell: str, code: str) -> None:
    plan = dict.fromkeys(("Ⅱ", "Ⅱ-1", "①", "1", "1-1", "4", "4-1"))
    assert code_in(cell, cast("Plan", plan)) == code


def test_texts_under_another_name_are_no_texts_of_repeated_ids(tmp_path: Path) -> None:
    texts = tmp_path / "글.jsonl"
    texts.write_text('{"id": "a", "text": "하나"}\n{"id": "a", "text": "둘"}\n', encoding="utf-8")
    results = [Result(Document("a", source=f"옛.csv#row={n}"), NONE) for n in (2, 3)]
    with pytest.raises(InputError, match="여럿이라"):
        list(with_texts(results, read_texts(texts, [])))


def test_a_code_that_a_person_wrote_into_a_record_is_the_decision(tmp_path: Path) -> None:
    path = tmp_path / "고침.jsonl"
    record = {**PREDICTIONS[0].to_record(), "duplicate_group": "둘"}
    end = record["path"][-1]["code"]
    rows: list[Any] = [
        {**record, "확정 코드": "5-1"},
        {**record, "확정 코드": ""},
        {"id": "3", "title": "가", "확정코드": "계획 밖", "date": 20240329},
        {"id": "4", "title": "나", "code": "3-1", "date": 1711670400000},
    ]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    found = read(path)
    assert [(r.code, r.decided, r.suggested, r.duplicate_group) for r in found] == [
        ("5-1", True, end, "둘"),
        (end, False, None, "둘"),
        (NONE, True, None, None),
        ("3-1", True, None, None),
    ]
    assert [r.document.date for r in found[2:]] == ["2024-03-29", None]


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".jsonl"])
def test_a_decision_tells_what_had_been_recommended(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"결정{suffix}"
    told = {"agency": None, "by": "kim", "at": "2026-11-28T00:00:00+00:00"}
    picked = [Verdict(action="pick", code="4-1", **told), Verdict(action="none", code=None, **told), None]
    given = [replace(e, group="둘", record={**e.record, "duplicate_group": "둘"}) for e in entries(picked)]
    write_workbook(given, PLAN, path)
    found = sorted((r for r in read(path) if r.decided), key=lambda r: r.document.id)
    ends = [one.record["path"][-1]["code"] if one.record["path"] else NONE for one in given[:2]]
    assert [(r.code, r.suggested, r.duplicate_group) for r in found] == [
        ("4-1", ends[0], "둘"),
        (NONE, ends[1], "둘"),
    ]


def test_the_task_of_an_office_s_own_table_is_a_title_and_no_recommendation(tmp_path: Path) -> None:
    path = tmp_path / "우리표.csv"
    path.write_text(
        "연번,전략,과제,내용,확정코드\n1,찾아가는 행정,이동 진료버스,섬을 돈다,3-2\n", encoding="utf-8"
    )
    (one,) = read(path)
    assert (one.document.title, one.code, one.suggested) == ("이동 진료버스", "3-2", None)
