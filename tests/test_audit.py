from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audit_cases import gated, prediction, saved
from hyeoksin.audit import Audit, audit
from hyeoksin.audit.inputs import asked_plan
from hyeoksin.cli import app
from hyeoksin.codes import NONE
from hyeoksin.errors import InputError, RowError
from hyeoksin.plan import load_plan
from hyeoksin.resources import answering_id, model_id, resource
from hyeoksin.sinks import write_failed
from hyeoksin.store import open_store

PLAN = load_plan("2019")


def _some() -> list:
    return [
        prediction(PLAN, 0, {"1-1": 0.9}, "settled", date="2023-05-01", region="전라남도 목포시"),
        prediction(PLAN, 1, {"1-1": 0.6, "1-2": 0.3}, date="2024-05-01", region="서울특별시"),
        prediction(PLAN, 2, {"2-1": 0.8}, "settled", date=None, region=None, source="제안.csv"),
        prediction(PLAN, 3, {"1-1": 0.1}, "off_plan", agency="환경부", source="제안.csv"),
    ]


def test_each_way_of_reading_has_its_own_errors(tmp_path: Path) -> None:
    found = {}
    for name in (model_id(resource("model")), answering_id(resource("model")), "other@00000000"):
        rows = [replace(one, model=name) for one in _some()]
        found[name] = audit(saved(rows, tmp_path / f"{len(found)}.jsonl")).manifest
    once, twice, other = found.values()
    assert "교차검증" in once.errors_from
    assert "배우지 않은" in twice.errors_from
    assert once.errors_sha256 != twice.errors_sha256
    assert other.errors_from == ""


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_counts_stand_on_every_level_and_for_every_cut(tmp_path: Path, suffix: str) -> None:
    found = audit(saved(_some(), tmp_path / f"records{suffix}"))
    rows = {(r.cut, r.value, r.code): r for r in found.rows}
    strategy = PLAN.path("1-1")[0].code
    assert found.n_texts == 4
    assert rows["all", "", "1-1"].counted == 2
    assert rows["all", "", "1"].counted == 2
    assert rows["all", "", "2"].counted == 1
    assert rows["all", "", strategy].counted == 3
    assert rows["all", "", NONE].counted == rows["all", "", NONE].settled == 1
    assert rows["all", "", strategy].settled == 2
    assert rows["region", "전라남도", "1-1"].counted == 1
    assert rows["year", "2024", NONE].counted == 1
    assert rows["agency", "환경부", NONE].counted == 1
    assert rows["kind", "제안", "2-1"].share == 0.5
    years = next(cut for cut in found.cuts if cut.name == "year")
    assert (years.values, years.texts, years.without) == (("2023", "2024"), (1, 2), 1)


def test_places_beyond_the_sixtieth_are_counted_together(tmp_path: Path) -> None:
    texts = [
        prediction(PLAN, i, {"1-1": 0.9}, "settled", region=f"경기도 {i % 62:02d}시")
        for i in range(2 * 62 + 30)
    ]
    found = audit(saved(texts, tmp_path / "a.parquet"), by=["district"], model=tmp_path, topic_texts=0)
    cut = found.cuts[1]
    assert (len(cut.values), cut.values[-1], cut.texts[-1]) == (60, "그 밖", 3 * 2)
    assert (cut.gathered, cut.n_values) == (3, 62)
    assert sum(cut.texts) == len(texts)
    rest = next(row for row in found.rows if row.value == "그 밖" and row.code == "1-1")
    assert (rest.texts, rest.counted, rest.settled) == (6, 6, 6)


def test_the_audit_comes_back_from_json_and_its_bytes_repeat(tmp_path: Path) -> None:
    path = saved(_some(), tmp_path / "records.jsonl")
    found = audit(path)
    assert Audit.from_json(found.to_json()) == found
    assert audit(path).to_json() == found.to_json()
    with pytest.raises(InputError, match="감사 결과"):
        Audit.from_json("{}")
    with pytest.raises(InputError, match="hyeoksin-audit/9"):
        Audit.from_json(json.dumps(json.loads(found.to_json()) | {"format": "hyeoksin-audit/9"}))


def test_personal_data_is_masked_in_json_too(tmp_path: Path) -> None:
    number = "010-1234-5678"
    texts = [
        prediction(
            PLAN, i, {"1-1": 0.5, "1-2": 0.49}, title=f"{number} 로 답해 주세요", source=f"{number}.csv"
        )
        for i in range(40)
    ]
    texts = [replace(one, document=replace(one.document, id=f"{number} {i}")) for i, one in enumerate(texts)]
    found = audit(saved(texts, tmp_path / f"{number}.parquet"), model=tmp_path, topic_texts=0)
    assert found.manifest.inputs[0]["name"] == "***-****-****.parquet"
    assert found.texts[0].title == "***-****-**** 로 답해 주세요"
    assert found.texts[0].kind == "***-****-****"
    assert number not in found.to_json()


def test_what_cannot_be_audited_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="계획 2024 의 판정이 없습니다"):
        audit(saved(_some(), tmp_path / "records.jsonl"), "2024")
    with pytest.raises(InputError, match="후보마다의 확률이 없어"):
        audit(saved(_some(), tmp_path / "결과.csv"))
    with pytest.raises(InputError, match="파일도 폴더도"):
        audit(tmp_path / "없음")
    (tmp_path / "broken.jsonl").write_text(
        (tmp_path / "records.jsonl").read_text(encoding="utf-8") + '{"plan": \n', encoding="utf-8"
    )
    with pytest.raises(InputError, match="읽을 수 없습니다"):
        audit(tmp_path / "broken.jsonl")


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_the_plan_is_that_of_the_records_and_another_is_told(tmp_path: Path, suffix: str) -> None:
    newer = load_plan("2024")
    some = [prediction(newer, i, {newer.leaves[0].code: 0.9}) for i in range(3)]
    first, second = (replace(one, others=(_some()[0],)) for one in some[:2])
    path = saved([first, second], tmp_path / f"records{suffix}")
    found = audit(path, topic_texts=0)
    assert found.manifest.plan == "2024"
    assert "계획 2024 로 분류하며" not in found.notes[0]
    other = audit(path, "2019", topic_texts=0)
    assert other.manifest.plan == "2019"
    assert other.notes[0] == "계획 2024 로 분류하며 함께 판정한 계획 2019 로 감사했습니다."
    alone = saved(some, tmp_path / f"alone{suffix}")
    with pytest.raises(InputError, match=r"글 3건에.*--plan 2024 로 감사하거나, --plan 2019 로 다시"):
        audit(alone, "2019")
    let_go = saved([first, gated(some[1], 0.98)], tmp_path / f"gated{suffix}")
    with pytest.raises(
        InputError, match=r"--plan 2024 로 감사하거나, hyeoksin batch --gate off .*1차 거르기"
    ):
        audit(let_go, "2019")
    own = saved([replace(one, plan="우리계획") for one in some], tmp_path / f"own{suffix}")
    with pytest.raises(InputError, match="--plan 에 그 계획의 파일"):
        audit(own)
    (tmp_path / "글").mkdir()
    (tmp_path / "글" / "과제.csv").write_text("번호,내용\n1,섬 주민을 찾아가는 진료\n", encoding="utf-8")
    saved(some, tmp_path / "글" / f"옛결과{suffix}")
    assert asked_plan(tmp_path / "글") == "2019"  # texts beside an older result


def test_a_column_of_decided_codes_is_told(tmp_path: Path) -> None:
    table = tmp_path / "결정.csv"
    table.write_text("번호,제목,내용,확정 코드\n1,왕진,섬 주민을 찾아가는 진료,1-1\n", encoding="utf-8")
    found = audit(table, topic_texts=0)
    assert found.notes[0].startswith("결정.csv 의 '확정 코드' 열은 세지 않고")
    assert "--coded" in found.notes[0]


def test_the_command_writes_json(tmp_path: Path) -> None:
    path = saved(_some(), tmp_path / "records.jsonl")
    cuts = ["--by", "year", "--by", "kind"]
    result = CliRunner().invoke(
        app, ["audit", str(path), "--plan", "2019", *cuts, "-o", str(tmp_path / "a.json")]
    )
    assert result.exit_code == 0, result.output
    found = Audit.from_json((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert [cut.name for cut in found.cuts] == ["all", "year", "kind"]
    assert CliRunner().invoke(app, ["audit", str(path), "--by", "weather"]).exit_code == 2


@pytest.mark.parametrize("name", ["records.jsonl", "records.parquet", "desk.db"])
def test_a_text_counts_for_the_place_of_its_region_column_as_at_the_desk(tmp_path: Path, name: str) -> None:
    cells = ("강원도 춘천시", "중구", "민원실 010-1234-5678", None)
    text = "대구의 사례를 본떠 목포시가 한다"
    some = [prediction(PLAN, i, {"1-1": 0.9}, "settled", text=text) for i in range(len(cells))]
    some = [
        replace(one, document=replace(one.document, region=cell))
        for one, cell in zip(some, cells, strict=True)
    ]
    if name == "desk.db":
        with open_store(tmp_path / name) as store:
            store.add_items(
                store.create_project("차수", "2019", "officer").id, [(p.document, p) for p in some]
            )
    else:
        saved(some, tmp_path / name)
    found = audit(tmp_path / name, "2019", ["region", "district"], topic_texts=0)
    _, sido, district = ({*cut.values} for cut in found.cuts)
    assert district == {"강원특별자치도 춘천시", "대구광역시 중구", "전라남도 목포시"}
    assert sido == {"강원특별자치도", "대구광역시", "민원실 ***-****-****", "전라남도"}


def test_a_store_gives_the_recommendations_of_its_rounds(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    some = _some()
    with open_store(path) as store:
        number = store.create_project("첫 차수", "2019", "officer").id
        store.create_project("다른 계획", "2024", "officer")
        store.add_items(number, [(one.document, one) for one in some])
    found = audit(path, "2019", ["region"], topic_texts=0)
    same = audit(saved(some, tmp_path / "records.parquet"), "2019", ["region"], topic_texts=0)
    assert (found.n_texts, found.rows, found.cuts) == (4, same.rows, same.cuts)
    with pytest.raises(InputError, match="계획 2024 의 글이 없습니다"):
        audit(path, "2024")


def test_rounds_of_another_edition_of_the_plan_are_noted_and_left_out(tmp_path: Path) -> None:
    path, some, older = tmp_path / "desk.db", _some(), replace(load_plan("2019"), title="앞 판")
    with open_store(path) as store:
        store.create_project("앞 회차", older, "officer")
        with pytest.raises(InputError, match=r"앞 회차.*다른 판.*그때의 계획 파일"):
            audit(path, "2019")
        number = store.create_project("새 회차", "2019", "officer").id
        store.add_items(number, [(one.document, one) for one in some])
    found = audit(path, "2019", ["region"], topic_texts=0)
    assert found.n_texts == len(some)
    assert any("앞 회차" in note and "다른 판" in note for note in found.notes)


def test_a_store_with_the_answers_of_two_models_can_be_audited(tmp_path: Path) -> None:
    path, some = tmp_path / "desk.db", _some()
    other = {**prediction(PLAN, 0, {"2-1": 0.9}).to_record(), "model": "office@00000001"}
    with open_store(path) as store:
        number = store.create_project("첫 차수", "2019", "officer").id
        store.add_items(number, [(one.document, one) for one in some])
        waiting = store.items(number, order="id")[0]
        store.predict(number, [(waiting.id, other)])
        assert store.item(waiting.id).code == "2-1"
        assert sorted(store.answered(number).values()) == [1, 4]
    found = audit(path, "2019", ["region"], topic_texts=0)
    assert found.manifest.model == some[0].model
    assert f"(office@00000001 1건) 모든 글에 답이 있는 모델 {some[0].model}" in found.notes[0]
    assert found.rows == audit(saved(some, tmp_path / "r.parquet"), "2019", ["region"], topic_texts=0).rows

    fresh = prediction(PLAN, 9, {"2-1": 0.9})  # a text that came after the change: no model has them all
    with open_store(path) as store:
        store.add_items(number, [(fresh.document, fresh.to_record() | {"model": "office@00000001"})])
    found = audit(path, "2019", ["region"], topic_texts=0)
    assert found.method == ""
    assert {row.counted for row in found.rows if row.code == "2-1" and row.cut == "all"} == {3}
    assert f"(office@00000001 40.0%, {some[0].model} 60.0%)" in " ".join(found.notes)


def test_texts_that_the_gate_settled_have_no_agency_and_the_cut_by_agency_says_so(tmp_path: Path) -> None:
    some = _some()
    path = saved([*some[:3], gated(some[3], 0.98)], tmp_path / "records.parquet")
    found = audit(path, topic_texts=0)
    assert [cut.name for cut in found.cuts] == ["all", "region", "year", "kind"]
    assert "글 1건에는 추천 기관이 없어" in found.notes[0]
    assert "--gate off" in found.notes[0]
    rows = {(row.value, row.code): row.counted for row in found.rows if row.cut == "region"}
    assert rows["전라남도", NONE] == 1
    assert "추천 기관이 없어" not in audit(path, by=("region",), topic_texts=0).notes[0]


def test_rows_of_raw_texts_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    source, place = tmp_path / "글.jsonl", tmp_path / "a.json"
    source.write_text('{"id": "1", "text": "섬 주민을 찾아가는 진료"}\n{"id": "2"}\n없음\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["audit", str(source), "--topics", "0", "-o", str(place)])
    assert result.exit_code == 1, result.output
    assert "읽지 못해 뺀 줄이 2건 있습니다 (글.jsonl 2번째 줄: " in result.stderr
    assert f"2건을 건너뛰었습니다. 까닭: {tmp_path / 'a.failed.jsonl'}" in result.stderr
    found = Audit.from_json(place.read_text(encoding="utf-8"))
    assert (found.n_texts, [row["row"] for row in found.failed]) == (1, [2, 3])
    assert "2건" in found.notes[0]
    told = replace(found, failed=({"file": "문의 010-1234-5678.csv", "row": 2, "reason": "글이 없습니다"},))
    assert Audit.from_json(told.to_json()).failed[0]["file"] == "문의 ***-****-****.csv"
    listed = (tmp_path / "a.failed.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in listed] == list(found.failed)
    source.write_text('{"id": "1", "text": "섬 주민을 찾아가는 진료"}\n', encoding="utf-8")
    assert CliRunner().invoke(app, ["audit", str(source), "--topics", "0", "-o", str(place)]).exit_code == 0
    assert not (tmp_path / "a.failed.jsonl").exists()
    source.write_text("없음\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"글\.jsonl: 읽을 수 있는 글이 한 건도 없습니다.*1번째 줄"):
        audit(source)


def test_rows_that_a_batch_run_could_not_read_are_told(tmp_path: Path) -> None:
    folder, place = tmp_path / "결과", tmp_path / "a.json"
    (folder / "records").mkdir(parents=True)
    saved(_some(), folder / "records" / "part-000000.jsonl")
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    faults = [RowError(f"문의 010-1234-5678.csv#row={n}", "글이 없습니다") for n in range(2, 7)]
    for listed, n in ((faults, 5), (faults[:2], 2), ([], 0)):
        write_failed(listed, folder / "failed.jsonl")
        result = CliRunner().invoke(app, ["audit", str(folder), "--topics", "0", "-o", str(place)])
        assert result.exit_code == 0, result.output
        found = Audit.from_json(place.read_text(encoding="utf-8"))
        notes = [note for note in found.notes if note.startswith(f"읽지 못해 뺀 줄이 {n}건")]
        assert len(notes) == bool(n)
        for note in notes:
            assert note in result.stderr
            assert "문의 ***-****-****.csv 3번째 줄: 글이 없습니다" in note
            assert (" …)" in note) == (n > 3)
        assert (found.n_texts, found.failed) == (4, ())
    assert not (tmp_path / "a.failed.jsonl").exists()


def test_a_kind_is_the_whole_name_of_its_file(tmp_path: Path) -> None:
    places = {
        "보고#1.csv#row=3": "보고#1", "자료/보고#2.csv#row=2": "보고#2", "보고#3.txt": "보고#3", "표.xlsx#sheet=가&row=2": "표",
        "쪽.pdf#page=3&table=1&row=2": "쪽", "식.hwpx#form=2": "식", "글.docx#table=1&row=2": "글",
    }  # fmt: skip
    rows = [
        replace(one, document=replace(one.document, source=place)) for place in places for one in _some()[:1]
    ]
    (cut,) = (
        c
        for c in audit(saved(rows, tmp_path / "a.jsonl"), by=["kind"], topic_texts=0).cuts
        if c.name == "kind"
    )
    assert set(cut.values) == set(places.values())


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize(("name", "other"), [("결과[1]", "결과1"), ("결과*", "결과2"), ("결과?", "결과3")])
def test_a_name_is_no_pattern(tmp_path: Path, suffix: str, name: str, other: str) -> None:
    for folder in (name, other):
        (tmp_path / folder).mkdir()
        for file in (name, other):
            saved(_some(), tmp_path / folder / f"{file}{suffix}")
    one = saved(_some()[:2], tmp_path / name / f"{name}{suffix}")
    assert audit(one, topic_texts=0).n_texts == 2


@pytest.mark.parametrize("left", ["run.json", "run.lock"])
def test_a_run_that_did_not_end_is_named_by_its_own_folder(tmp_path: Path, left: str) -> None:
    folder = tmp_path / "결과"
    (folder / "records").mkdir(parents=True)
    (folder / left).write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"결과: 끝나지 않은 분류입니다.*같은 hyeoksin batch"):
        audit(folder)
    empty = tmp_path / "빈 폴더"
    empty.mkdir()
    with pytest.raises(InputError, match="빈 폴더: 읽을 파일이 없습니다"):
        audit(empty)
