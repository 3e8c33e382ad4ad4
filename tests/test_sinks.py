"""Sinks: what is written is read back equal, is no formula, and appears whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
import xlsxwriter  # noqa: F401 - loaded before the rights are given up
from hypothesis import given, settings
from hypothesis import strategies as st

from hyeoksin.domain import AgencyFlag, Clause, Document, Prediction, Score, Span
from hyeoksin.errors import InputError, RowError
from hyeoksin.plan import load_plan
from hyeoksin.readers import read
from hyeoksin.results import read_results
from hyeoksin.sinks import (
    HEADER,
    SINKS,
    STATUS,
    is_failed_list,
    is_result,
    json_line,
    table_row,
    write,
    write_failed,
)
from hyeoksin.tabular import read_rows

BUS = Prediction(
    document=Document("가-1", "의사가 섬을 돌며 진료한다", "이동 진료버스", "tasks.csv#row=2"),
    plan="2019",
    status="settled",
    path=(Score("S1", "사회적 가치", 0.9), Score("3", "포용적 행정", 0.85), Score("3-2", "현장중심 서비스 확대", 0.8)),
    scores=(Score("3-2", "현장중심 서비스 확대", 0.8), Score("3-1", "사각지대 해소", 0.125)),
    off_plan=0.075,
    agencies=(
        AgencyFlag("mohw", "보건복지부", "lead", 0.5, ("글에 나옴", "주관기관")),
        AgencyFlag("mois", "행정안전부", "support", 0.25),
        AgencyFlag("local", "전라남도 신안군", "executing", 0.5),
    ),
    evidence=(Span(0, 2, "이동", 0.5), Span(3, 7, "진료버스", 0.5)),
    clause=Clause("3-2-1", "현장 방문서비스 확산", 0.4),
    rival=None,
    regions=("전라남도 신안군",),
    model="default@00000000",
    plan_sha="00000000",
)  # fmt: skip
FESTIVAL = replace(
    BUS,
    document=Document("나", title="꽃 축제"),
    status="off_plan",
    path=(),
    scores=(Score("3-2", "현장중심 서비스 확대", 0.1),),
    off_plan=0.9,
    agencies=(),
    evidence=(),
    clause=None,
    regions=(),
    others=(replace(BUS, plan="2020"),),
)
BOTH = (BUS, FESTIVAL)


def titled(title: str) -> Prediction:
    return replace(BUS, document=replace(BUS.document, title=title))


@pytest.fixture
def rights() -> Iterator[None]:
    """Give up root, whom no folder refuses."""
    if not hasattr(os, "geteuid"):
        pytest.skip("folders refuse by other means here")
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


def cells(values: tuple[str | float, ...]) -> list[str]:
    return [str(v) for v in values]


def test_jsonl_is_read_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "새 폴더" / "결과.jsonl"
    write(BOTH, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [p.to_record() for p in BOTH]
    assert "이동" in lines[0]  # readable, not \uXXXX


def test_a_record_names_the_place_of_the_region_column(tmp_path: Path) -> None:
    there = replace(BUS, document=replace(BUS.document, region="강원도 춘천시"))
    assert json.loads(json_line(there)) == there.to_record() | {"region": "강원특별자치도 춘천시"}
    write([there, BUS], tmp_path / "결과.parquet")
    first, second = read_results(tmp_path / "결과.parquet", load_plan("2019"))
    assert (first.document.region, second.document.region) == ("강원특별자치도 춘천시", None)


def test_csv_is_read_back_equal(tmp_path: Path) -> None:
    write(BOTH, tmp_path / "결과.csv")
    with (tmp_path / "결과.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [list(HEADER), *(cells(table_row(p)) for p in BOTH)]
    assert (tmp_path / "결과.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # else Excel breaks the Korean


def test_titles_of_a_csv_given_back_are_what_they_were(tmp_path: Path) -> None:
    there = replace(BUS, document=replace(BUS.document, title="-빈집", text="'=글"))
    write([there], tmp_path / "결과.csv")
    (item,) = read(tmp_path / "결과.csv")
    assert isinstance(item, Document)
    assert (item.title, item.text) == ("-빈집", "'=글")


def test_xlsx_is_read_back_equal(tmp_path: Path) -> None:
    write(BOTH, tmp_path / "결과.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "결과.xlsx").worksheets[0]
    rows = [tuple("" if c is None else c for c in row) for row in sheet.iter_rows(values_only=True)]
    assert rows == [HEADER, *(table_row(p) for p in BOTH)]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:Z3"


def test_parquet_is_read_back_equal(tmp_path: Path) -> None:
    write(BOTH, tmp_path / "결과.parquet")
    table = pq.read_table(tmp_path / "결과.parquet")
    assert table.column_names == [*HEADER, "record"]
    assert [tuple(row[name] for name in HEADER) for row in table.to_pylist()] == [table_row(p) for p in BOTH]
    assert [json.loads(r) for r in table["record"].to_pylist()] == [p.to_record() for p in BOTH]


def test_table_row_places_every_part() -> None:
    row = dict(zip(HEADER, table_row(BUS), strict=True))
    assert (row["전략"], row["과제"], row["세부과제"]) == (
        "S1 사회적 가치",
        "3 포용적 행정",
        "3-2 현장중심 서비스 확대",
    )
    assert (row["확률"], row["1순위"], row["1순위 확률"]) == (0.8, "3-2 현장중심 서비스 확대", 0.8)
    assert (row["2순위"], row["2순위 확률"], row["계획 밖 확률"]) == (
        "3-1 사각지대 해소",
        0.125,
        0.075,
    )
    assert (row["주관기관"], row["기관 근거"]) == ("보건복지부", "글에 나옴; 주관기관")
    assert row["협조·시행 기관"] == "행정안전부(협조), 전라남도 신안군(시행)"
    assert (row["근거"], row["계획 조항"]) == ("이동, 진료버스", "3-2-1 현장 방문서비스 확산")
    outside = dict(zip(HEADER, table_row(FESTIVAL), strict=True))
    assert outside["판정"] == STATUS["off_plan"]
    assert {outside[n] for n in ("전략", "과제", "세부과제", "2순위", "주관기관", "계획 조항")} == {""}
    assert (outside["1순위"], outside["1순위 확률"]) == ("3-2 현장중심 서비스 확대", 0.1)
    assert outside["다른 계획"] == "2020: 3-2 현장중심 서비스 확대"  # fmt: skip
    even = replace(FESTIVAL, scores=tuple(s._replace(probability=0.05) for s in BUS.scores))
    gated = dict(zip(HEADER, table_row(even), strict=True))
    assert (gated["1순위"], gated["2순위"], gated["1순위 확률"]) == ("", "", 0.05)


def test_the_other_columns_of_a_table_stand_last(tmp_path: Path) -> None:
    meta = {"담당부서": "일자리경제과", "예산": "100", "비고": "한 줄\n두 줄"}
    found = replace(BUS, document=replace(BUS.document, meta=meta))
    assert dict(zip(HEADER, table_row(BUS), strict=True))["그 밖의 열"] == ""
    write([found], tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        header, row = csv.reader(file)
    assert (header[-1], row[-1]) == ("그 밖의 열", "담당부서: 일자리경제과; 예산: 100; 비고: 한 줄 두 줄")
    write([found, FESTIVAL], tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table["그 밖의 열"].to_pylist() == [row[-1], ""]
    assert [json.loads(r).get("meta") for r in table["record"].to_pylist()] == [meta, None]


def test_notes_and_the_group_of_duplicates_have_columns() -> None:
    told = replace(BUS, notes=("주관기관 확인: 법", "한 번만 판정"), duplicate_group="g1")
    row = dict(zip(HEADER, table_row(told), strict=True))
    assert (row["알림"], row["묶음"]) == ("주관기관 확인: 법\n한 번만 판정", "g1")
    bare = dict(zip(HEADER, table_row(BUS), strict=True))
    assert (bare["알림"], bare["묶음"]) == ("", "")


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_short_path_leaves_the_deeper_cells_empty(steps: int) -> None:
    row = dict(zip(HEADER, table_row(replace(BUS, path=BUS.path[:steps])), strict=True))
    assert [bool(row[n]) for n in ("전략", "과제", "세부과제")] == [i < steps for i in range(3)]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_probability_is_that_of_the_end_of_the_path(steps: int) -> None:
    row = dict(zip(HEADER, table_row(replace(BUS, path=BUS.path[:steps])), strict=True))
    assert row["확률"] == BUS.path[steps - 1].probability


FORMULAS = ["=1+1", "=HYPERLINK(\"http://a\")", "+82-2-123", "-1", "@SUM(A1)", "\t=1", "\r=1"]  # fmt: skip


@pytest.mark.parametrize("title", FORMULAS)
def test_no_cell_is_a_formula(tmp_path: Path, title: str) -> None:
    for name in ("a.csv", "a.xlsx"):
        write([titled(title)], tmp_path / name)
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        cell = list(csv.reader(file))[1][HEADER.index("제목")]
    assert cell == f"'{title}"
    shown = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0].cell(2, HEADER.index("제목") + 1)
    assert shown.data_type == "s"
    assert str(shown.value).endswith(title.strip())


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
@settings(max_examples=50, deadline=None)
def test_whatever_the_title_no_csv_cell_begins_like_a_formula(title: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        write([titled(title)], path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
    assert len(rows) == 2
    cell = rows[1][HEADER.index("제목")]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell in (title, f"'{title}")


def test_a_cell_too_long_for_excel_is_cut(tmp_path: Path) -> None:
    write([titled("가" * 40_000)], tmp_path / "a.xlsx")
    row = read_rows(tmp_path / "a.xlsx")[1]
    assert len(row.cells[HEADER.index("제목")]) == 32_767


@given(st.text(max_size=50), st.floats(0, 1))
def test_a_json_line_is_one_line_and_loses_nothing(text: str, probability: float) -> None:
    prediction = replace(BUS, evidence=(Span(0, len(text), text, probability),))
    line = json_line(prediction)
    assert "\n" not in line
    assert json.loads(line) == prediction.to_record()


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'\.hwp'.*\.jsonl, \.csv, \.xlsx, \.parquet"):
        write(BOTH, tmp_path / "a.hwp")
    assert list(tmp_path.iterdir()) == []


def breaking() -> Iterator[Prediction]:
    yield BUS
    raise RuntimeError("중간에 멈춤")


@pytest.mark.parametrize("suffix", sorted(SINKS))
def test_a_run_that_breaks_leaves_the_old_file_as_it_was(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"결과{suffix}"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="중간에 멈춤"):
        write(breaking(), path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("suffix", sorted(SINKS))
def test_the_target_is_a_folder(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"결과{suffix}"
    path.mkdir()
    with pytest.raises(InputError, match="쓸 수 없습니다"):
        write(BOTH, path)
    assert list(tmp_path.rglob("*")) == [path]


@pytest.mark.parametrize("suffix", sorted(SINKS))
def test_the_folder_is_a_file(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "파일").write_text("글", encoding="utf-8")
    with pytest.raises(InputError, match="쓸 수 없습니다"):
        write(BOTH, tmp_path / "파일" / f"결과{suffix}")


@pytest.mark.parametrize("suffix", sorted(SINKS))
def test_the_folder_is_read_only(rights: None, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with pytest.raises(InputError, match="쓰기 권한"):
            write(BOTH, Path(folder) / f"결과{suffix}")
        Path(folder).chmod(0o755)
        assert list(Path(folder).iterdir()) == []


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("tasks.csv#row=12", {"file": "tasks.csv", "sheet": None, "row": 12}),
        ("tasks.xlsx#sheet=하반기&row=3", {"file": "tasks.xlsx", "sheet": "하반기", "row": 3}),
        ("tasks.xlsx#sheet=A#1&row=3", {"file": "tasks.xlsx", "sheet": "A#1", "row": 3}),
        ("tasks.xlsx#sheet=하반기", {"file": "tasks.xlsx", "sheet": "하반기", "row": None}),
        (
            "묶음.zip/안/과제.docx#table=2&row=3",
            {"file": "묶음.zip/안/과제.docx", "sheet": None, "table": 2, "row": 3},
        ),
        ("a.pdf#page=3&table=1&row=2", {"file": "a.pdf", "sheet": None, "page": 3, "table": 1, "row": 2}),
        ("a.xlsx#sheet=가&column=5&row=2", {"file": "a.xlsx", "sheet": "가", "row": 2}),
        ("a.docx#table=3&form=2", {"file": "a.docx", "sheet": None, "table": 3, "row": None}),
        ("과제#1.csv#row=4", {"file": "과제#1.csv", "sheet": None, "row": 4}),
        ("과제#1.csv", {"file": "과제#1.csv", "sheet": None, "row": None}),
        ("없음.csv", {"file": "없음.csv", "sheet": None, "row": None}),
    ],
)
def test_failed_rows_are_named(tmp_path: Path, source: str, place: dict[str, str | int | None]) -> None:
    write_failed([RowError(source, "까닭")], tmp_path / "a.failed.jsonl")
    line = (tmp_path / "a.failed.jsonl").read_text(encoding="utf-8")
    assert json.loads(line) == {**place, "reason": "까닭"}


@pytest.mark.parametrize("suffix", SINKS)
def test_only_what_was_written_here_is_known_as_a_result(tmp_path: Path, suffix: str) -> None:
    mine, other = tmp_path / f"결과{suffix}", tmp_path / f"과제{suffix}"
    write([], mine)
    assert is_result(mine) == (suffix != ".jsonl")  # no line tells what an empty one is
    for raw in (b"", b"\xb0\xa1,\xff\n", "번호,제목\n1,버스\n".encode(), b'{"text": "a"}\n', b"[1]\n"):
        other.write_bytes(raw)
        assert not is_result(other)
        assert not is_failed_list(other)
    write_failed(["{}", RowError("a.csv#row=2", "까닭")], other)
    assert not is_failed_list(other)
    write_failed([RowError("a.csv#row=2", "까닭")], other)
    assert (is_failed_list(other), is_failed_list(tmp_path / "없음")) == (True, False)


def test_a_result_of_an_earlier_version_is_known_and_one_with_a_column_of_people_is_theirs(
    tmp_path: Path,
) -> None:
    earlier = [name for name in HEADER if not name.startswith("1순위")]
    for name, header, ours in (("a", earlier, True), ("b", [*HEADER, "확정"], False), ("c", ["번호"], False)):
        path = tmp_path / f"{name}.csv"
        path.write_text(",".join(header) + "\n", encoding="utf-8-sig")
        assert is_result(path) is ours
