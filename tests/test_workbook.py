"""The workbook for the ministry: read back equal with openpyxl and our own readers, no live formula, whole or not at all."""

from __future__ import annotations

import csv
import json
import time
import warnings
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hyeoksin.domain import UNTRAINED, Document
from hyeoksin.errors import InputError
from hyeoksin.plan import Plan, load_plan
from hyeoksin.plan.load import plan_from_text
from hyeoksin.readers import read
from hyeoksin.tabular import CELL_LIMIT
from hyeoksin.workbook import WRITERS, Entry, Verdict, write_workbook
from hyeoksin.workbook.entries import COLUMNS, OFF, OPEN, OUTCOMES, REVISED, STRAY, cut, home
from hyeoksin.workbook.sheets import SUMMARY, sheet_names

NAMES = [column.name for column in COLUMNS]


def record(status: str = "review", code: str = "3-2", **fields: Any) -> dict[str, Any]:
    title = {"3-2": "현장중심 서비스 확대", "5-1": "국민 관심정보 공개"}[code]
    return {
        "id": "1", "source": "과제.xlsx#row=2", "plan": "2019", "status": status,
        "path": [] if status == "off_plan" else [
            {"code": "S1", "title": "사회적 가치", "probability": 0.9}, {"code": code, "title": title, "probability": 0.8}],
        "candidates": [{"code": code, "title": title, "probability": 0.8},
                       {"code": "3-1", "title": "사각지대 해소", "probability": 0.125}],
        "off_plan": 0.075, "plan_sha": "00000000",
        "agencies": [
            {"id": "mohw", "name": "보건복지부", "role": "lead", "probability": 0.5, "reasons": ["글에 나옴"]},
            {"id": "mois", "name": "행정안전부", "role": "support", "probability": 0.2, "reasons": []}],
        "evidence": [{"start": 0, "end": 2, "text": "이동", "weight": 0.5}],
        "clause": {"code": "3-2-1", "title": "현장 방문서비스", "similarity": 0.4}, "rival": None,
        "regions": ["전라남도 신안군"], "others": {"2024": {"plan": "2024", "path": [
            {"code": "K2", "title": "사각지대", "probability": 0.6}]}}, "model": "default@00000000",
    } | fields  # fmt: skip


def entry(number: str, verdict: Verdict | None = None, **fields: Any) -> Entry:
    document = Document(number, "의사가 섬을 돌며 진료한다", "이동 진료버스", "과제.xlsx#row=2")
    return Entry(document, record(**fields), verdict)


def said(action: Any, code: str | None = None, **fields: Any) -> Verdict:
    return Verdict(action, code, None, "김주무", "2026-11-28T01:02:03Z", **fields)


ENTRIES = (
    entry("가-1", said("accept", "3-2")),
    entry("가-2", said("pick", "5-1", note="정보공개가 핵심")),
    entry("가-3", said("none")),
    entry("가-4", said("undecided", note="담당 부서에 문의")),
    entry("가-5", status="settled"),
    entry("가-6", status="off_plan"),
    entry("가-7"),
    entry("가-8", said("pick", "없는-코드")),
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan("2019")


@pytest.fixture(scope="module")
def book(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "결과.xlsx"
    write_workbook(ENTRIES, plan, path)
    return path


def sheet_rows(path: Path, name: str) -> list[dict[str, Any]]:
    rows = list(openpyxl.load_workbook(path)[name].iter_rows(values_only=True))
    assert list(rows[0]) == NAMES
    return [dict(zip(NAMES, row, strict=True)) for row in rows[1:]]


def test_each_row_stands_on_the_sheet_of_its_strategy(book: Path, plan: Plan) -> None:
    names = sheet_names(plan, stray=True)
    found = {key: [row["번호"] for row in sheet_rows(book, name)] for key, name in names.items()}
    assert {key: ids for key, ids in found.items() if ids} == {
        "S1": ["가-1", "가-5"], "S2": ["가-2"], OFF: ["가-3", "가-6"], OPEN: ["가-4", "가-7"], STRAY: ["가-8"],
    }  # fmt: skip
    assert openpyxl.load_workbook(book).sheetnames == [SUMMARY, *names.values()]


def test_a_row_says_what_was_recommended_and_what_was_decided(book: Path, plan: Plan) -> None:
    row = sheet_rows(book, sheet_names(plan)["S2"])[0]
    assert row["최종 분류"] == "5-1"
    assert row["전략"] == f"S2 {plan['S2'].title}"
    assert row["세부과제"] == f"5-1 {plan['5-1'].title}"
    assert (row["결정"], row["결정자"], row["비고"]) == ("변경", "김주무", "정보공개가 핵심")
    assert row["1순위 추천"] == "3-2 현장중심 서비스 확대"
    assert row["1순위 확률"] == pytest.approx(0.8)
    assert (row["주관기관"], row["협조·시행 기관"]) == ("보건복지부", "행정안전부(협조)")
    assert (row["다른 계획"], row["계획 조항"]) == ("2024: K2 사각지대", "3-2-1 현장 방문서비스")


def test_when_it_was_decided_is_told_in_local_time(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    (column,) = [column for column in COLUMNS if column.name == "결정 시각"]
    with monkeypatch.context() as there:
        there.setenv("TZ", "Asia/Seoul")
        time.tzset()
        assert column.value(entry("가", said("none")), plan) == "2026-11-28 10:02"
    time.tzset()
    assert column.value(entry("가"), plan) == ""


def test_a_row_keeps_date_kind_notes_and_the_other_columns_of_the_list(plan: Plan, tmp_path: Path) -> None:
    rest = {"제출부서": "기획예산과", "담당자": "김주무\n 02-***-****"}
    given = Document("1", "의사가 섬을 돈다", "진료버스", "과제.xlsx#row=2", date="2026-03-02", meta=rest)
    one = Entry(given, record(notes=["대표 글로 판정"]), said("none"), kind="국민 제안", revised=True)
    expected = {
        "날짜": "2026-03-02",
        "글의 종류": "국민 제안",
        "알림": f"대표 글로 판정\n{REVISED}",
        "그 밖의 열": "제출부서: 기획예산과; 담당자: 김주무 02-***-****",
    }
    path = tmp_path / "결과"
    for suffix in (".csv", ".jsonl", ".xlsx"):
        write_workbook([one], plan, path.with_suffix(suffix))
    (row,) = csv.DictReader(StringIO(path.with_suffix(".csv").read_text("utf-8-sig")))
    (shown,) = sheet_rows(path.with_suffix(".xlsx"), sheet_names(plan)[OFF])
    for found in (row, shown):
        assert {name: found[name] for name in expected} == expected
    assert json.loads(path.with_suffix(".jsonl").read_text("utf-8"))["notes"] == ["대표 글로 판정", REVISED]
    write_workbook([one, *ENTRIES], plan, path.with_suffix(".hwpx"))
    notes = {d.id: d.meta.get("비고") for d in read(path.with_suffix(".hwpx")) if isinstance(d, Document)}
    assert (notes["1"], notes["가-3"]) == (REVISED, None)


def test_the_officers_agency_goes_before_the_recommended_one() -> None:
    changed = replace(ENTRIES[0], verdict=replace(said("accept", "3-2"), agency="moe"))
    assert changed.lead == "교육부"
    assert replace(changed, verdict=replace(said("accept", "3-2"), agency="전남도청")).lead == "전남도청"


def test_header_is_frozen_filtered_and_choices_are_listed(book: Path, plan: Plan) -> None:
    loaded = openpyxl.load_workbook(book)
    page = loaded[sheet_names(plan)["S1"]]
    assert page.freeze_panes == "C2"
    assert page.auto_filter.ref == f"A1:{openpyxl.utils.get_column_letter(len(NAMES))}3"
    lists = {str(v.sqref): v.formula1 for v in page.data_validations.dataValidation}
    code, outcome = (openpyxl.utils.get_column_letter(NAMES.index(n) + 1) for n in ("최종 분류", "결정"))
    assert lists[f"{outcome}2:{outcome}3"] == f'"{",".join(OUTCOMES)}"'
    place = lists[f"{code}2:{code}3"].removeprefix(f"'{SUMMARY}'!").replace("$", "")
    allowed = {cell.value for (cell,) in loaded[SUMMARY][place]}
    assert {leaf.code for leaf in plan.leaves} | {"S1", OFF} <= allowed
    assert None not in allowed


def test_summary_counts_every_level(book: Path) -> None:
    lines = list(openpyxl.load_workbook(book)[SUMMARY].iter_rows(values_only=True))
    assert lines[1][0] == "모두 8건: 사람이 정한 것 4건, 미결 2건, 계획에 없는 코드 1건"
    split = next(i for i, line in enumerate(lines) if line[0] == "결정")
    rows = {line[0]: line[3:6] for line in lines[:split]}
    assert rows["S1"] == rows["3"] == rows["3-2"] == (2, 1, 1)
    assert rows["3-1"] == (0, 0, 0)
    assert rows[OFF] == (2, 1, 1)
    legend = {line[0]: line[1] for line in lines[split:]}
    assert {name: legend[name] for name in OUTCOMES} == {
        "수용": 1, "변경": 2, OFF: 1, "보류": 1, "자동 확정": 1, "자동 계획 밖": 1, "갈림": 0, OPEN: 1}  # fmt: skip


def test_our_own_reader_finds_the_texts_again(book: Path) -> None:
    found = {d.id: d for d in read(book) if isinstance(d, Document)}
    assert {e.document.id for e in ENTRIES} <= set(found)
    assert (found["가-1"].title, found["가-1"].text) == ("이동 진료버스", "의사가 섬을 돌며 진료한다")


HOSTILE = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "http://x.kr/",
    "{=1}",
    "a\x00b\x1f",
    "<b>&",
    "'=1",
)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_no_text_becomes_a_formula(suffix: str, plan: Plan, tmp_path: Path) -> None:
    bad = [
        Entry(
            Document(text, text, text, text, region=text),
            record("review", model=text),
            replace(said("undecided", note=text), by=text, agency=text),
        )
        for text in HOSTILE
    ]
    path = tmp_path / f"결과{suffix}"
    write_workbook(bad, plan, path)
    if suffix == ".csv":
        rows = list(csv.reader(StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        return
    cells = [c for page in openpyxl.load_workbook(path) for row in page.iter_rows() for c in row]
    assert {c.data_type for c in cells} <= {"s", "n"}
    assert not [c for c in cells if c.hyperlink is not None]
    titles = [row["제목"] for row in sheet_rows(path, OPEN)]
    assert [t.replace("_x0009_", "\t") for t in titles] == [cut(t, 100) for t in HOSTILE]


def test_a_long_text_is_cut_with_a_note(plan: Plan, tmp_path: Path) -> None:
    long = replace(ENTRIES[0], document=replace(ENTRIES[0].document, text="가" * 40_000))
    path = tmp_path / "긴 글.xlsx"
    write_workbook([long], plan, path)
    text = sheet_rows(path, sheet_names(plan)["S1"])[0]["내용"]
    assert len(text) == CELL_LIMIT
    assert text.endswith("(줄임: 모두 40,000자, 원문: 과제.xlsx#row=2)")


def test_csv_has_a_mark_and_jsonl_the_record(plan: Plan, tmp_path: Path) -> None:
    table, lines = tmp_path / "a.csv", tmp_path / "a.jsonl"
    write_workbook(ENTRIES, plan, table)
    write_workbook(ENTRIES, plan, lines)
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(table.read_bytes().decode("utf-8-sig"), newline="")))
    assert [row["최종 분류"] for row in rows] == ["3-2", "5-1", OFF, "", "3-2", OFF, "", "없는-코드"]
    loaded = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert loaded[1]["decision"]["code"] == "5-1"
    assert loaded[1]["final"] == {"outcome": "변경", "code": "5-1", "agency": "보건복지부"}
    assert loaded[6]["decision"] is None
    assert ENTRIES[1].record.items() <= loaded[1].items()


def test_hangul_document_is_read_again(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "결과.hwpx"
    hostile = Entry(Document("나-1", "", "꽃 <축제> & \x01\n안내"), record(status="off_plan"))
    write_workbook([*ENTRIES, hostile], plan, path)
    found = {d.id: d for d in read(path) if isinstance(d, Document)}
    assert {e.document.id for e in ENTRIES} | {"나-1"} <= set(found)
    assert found["나-1"].title == "꽃 <축제> & 안내"
    assert found["가-2"].meta["최종 분류"] == f"5-1 {plan['5-1'].title}"
    assert found["가-2"].meta["결정"] == "변경"


def test_hangul_document_passes_the_librarys_own_checks(plan: Plan, tmp_path: Path) -> None:
    from hwpx import validate_editor_open_safety

    path = tmp_path / "결과.hwpx"
    write_workbook(ENTRIES, plan, path)
    report = validate_editor_open_safety(path)
    assert report.reopen_ok
    assert not report.blocking_package_errors
    assert not report.validate_document.issues


def test_unknown_suffix_is_refused(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"쓰는 형식: \.xlsx, \.csv"):
        write_workbook([], plan, tmp_path / "a.doc")
    assert list(WRITERS) == [".xlsx", ".csv", ".jsonl", ".hwpx"]


@pytest.mark.parametrize("suffix", list(WRITERS))
def test_nothing_to_write_is_a_file_too(suffix: str, plan: Plan, tmp_path: Path) -> None:
    write_workbook([], plan, tmp_path / f"빈{suffix}")
    assert [p.name for p in tmp_path.iterdir()] == [f"빈{suffix}"]


def test_a_sheet_with_more_rows_than_excel_holds_is_refused(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hyeoksin.tabular.MAX_SHEET_ROWS", 1)
    with pytest.raises(InputError, match=r"결정\.xlsx: .* 1줄까지만"):
        write_workbook(ENTRIES, plan, tmp_path / "결정.xlsx")
    assert list(tmp_path.iterdir()) == []
    write_workbook(ENTRIES, plan, tmp_path / "결정.csv")


def test_sheet_names_are_ones_that_excel_takes(tmp_path: Path) -> None:
    titles = ["같은 이름 " * 10, "같은 이름 " * 10, "'[:*?/\\]'", "History", "계획 밖"]
    codes = ["같", "같은", "ㄱ", "ㄴ", "ㄷ"]
    nodes = "".join(
        f"  - {{code: {json.dumps(c)}, level: strategy, title: {json.dumps(t)}}}\n"
        for c, t in zip(codes, titles, strict=True)
    )
    plan = plan_from_text(f"id: x\ntitle: x\nyear: 2026\nnodes:\n{nodes}", tmp_path / "x.yaml")
    write_workbook([], plan, tmp_path / "a.xlsx")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert len({n.lower() for n in names}) == len(names) == 8
    assert max(map(len, names)) <= 31


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300), st.integers(60, 200))
def test_cut_keeps_within_the_limit_and_keeps_what_fits(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= limit
    assert cut(short, limit) == short
    if len(text) <= limit and text.isprintable():
        assert short == text


def test_every_entry_has_one_home(plan: Plan) -> None:
    assert [home(e, plan) for e in ENTRIES] == ["S1", "S2", OFF, OPEN, "S1", OFF, OPEN, STRAY]


@pytest.mark.parametrize(("notes", "calibrated"), [([], True), ([UNTRAINED], False)])
def test_the_legend_calls_only_trained_probabilities_calibrated(
    tmp_path: Path, notes: list[str], calibrated: bool
) -> None:
    path = tmp_path / "표.xlsx"
    write_workbook([entry("1", notes=notes)], load_plan("2019"), path)
    page = openpyxl.load_workbook(path)[SUMMARY]
    told = " ".join(str(cell.value) for row in page.iter_rows() for cell in row)
    assert ("확률은 검증된(보정된) 값입니다." in told, "보정된) 값이 아닙니다" in told) == (
        calibrated,
        not calibrated,
    )
