"""Tables: headers found and joined, merged cells, totals, repeated headers."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.delimited import Row
from hyeoksin.domain import Document
from hyeoksin.errors import RowError
from hyeoksin.readers.columns import Columns, Layout
from hyeoksin.readers.headers import find_header
from hyeoksin.readers.merged import Merge
from hyeoksin.readers.tables import Cell, Places, Table, table_documents, table_of


def table(*rows: str, merges: tuple[Merge, ...] = ()) -> Table:
    """Return a table of lines whose cells stand between bars."""
    cells = [tuple(cell.strip() for cell in row.split("|")) for row in rows]
    return Table(tuple(Row(n, row) for n, row in enumerate(cells, start=1)), merges=merges)


def read(found: Table, columns: Columns = Columns()) -> list[Document | RowError]:  # noqa: B008
    header = find_header(found.rows, columns, found.merges)
    assert header is not None
    return list(table_documents(found, header, "a.xlsx", columns))


def test_two_header_rows_are_joined_by_their_merges() -> None:
    merges = (Merge(1, 0, 2, 0), Merge(1, 1, 2, 1), Merge(1, 2, 1, 3))
    (item,) = read(table("과제명 | 내용 | 예산 |", " | | 국비 | 군비", "버스 | 섬 | 10 | 20", merges=merges))
    assert item == Document(
        "a.xlsx#row=3", "섬", "버스", "a.xlsx#row=3", meta={"예산 국비": "10", "예산 군비": "20"}
    )


def test_two_header_rows_of_a_csv_are_joined_without_merges() -> None:
    (item,) = read(table("과제명 | 내용 | 예산 |", " | | 국비 | 군비", "버스 | 섬 | 10 | 20"))
    assert isinstance(item, Document)
    assert dict(item.meta) == {"예산 국비": "10", "예산 군비": "20"}


def test_the_lower_name_tells_what_a_column_is() -> None:
    merges = (Merge(1, 0, 2, 0), Merge(1, 1, 1, 2))
    (item,) = read(table("연번 | 과제 |", " | 과제명 | 추진내용", "7 | 버스 | 섬", merges=merges))
    assert item == Document("7", "섬", "버스", "a.xlsx#row=3")


def test_a_department_merged_over_tasks_belongs_to_each() -> None:
    rows = ("과제명 | 부서", "버스 | 보건소", "약국 |", "투표 | 기획과")
    items = read(table(*rows, merges=(Merge(2, 1, 3, 1),)))
    assert [(i.title, dict(i.meta)) for i in items if isinstance(i, Document)] == [
        ("버스", {"부서": "보건소"}),
        ("약국", {"부서": "보건소"}),
        ("투표", {"부서": "기획과"}),
    ]


def test_a_title_merged_over_rows_is_one_task() -> None:
    rows = ("과제명 | 내용 | 부서", "버스 | 섬으로 | 가", " | 산으로 | 나", "투표 | 예산 | 다")
    items = read(table(*rows, merges=(Merge(2, 0, 3, 0),)))
    assert [(i.title, i.text, i.source) for i in items if isinstance(i, Document)] == [
        ("버스", "섬으로\n산으로", "a.xlsx#row=2"),
        ("투표", "예산", "a.xlsx#row=4"),
    ]


def test_tasks_with_a_number_of_their_own_are_no_group() -> None:
    rows = ("연번 | 과제명 | 내용", "1 | 주민 서비스 | 버스", "2 | | 돌봄", " | | 식사", "3 | 민원 | 안내")
    items = read(table(*rows, merges=(Merge(2, 1, 4, 1),)))
    assert [(i.id, i.title, i.text) for i in items if isinstance(i, Document)] == [
        ("1", "주민 서비스", "버스"),
        ("2", "주민 서비스", "돌봄\n식사"),
        ("3", "민원", "안내"),
    ]


def test_sub_tasks_under_a_merged_task_are_tasks() -> None:
    rows = (
        "과제명 | 세부과제 | 내용",
        "주민 서비스 | 버스 | 섬으로",
        " | 돌봄 | 방문",
        "민원 | - | 안내",
        "축제 | | 연다",
    )
    items = read(table(*rows, merges=(Merge(2, 0, 3, 0),)))
    assert [(i.title, i.text, i.meta["과제명"]) for i in items if isinstance(i, Document)] == [
        ("버스", "섬으로", "주민 서비스"),
        ("돌봄", "방문", "주민 서비스"),
        ("민원", "안내", "민원"),
        ("축제", "연다", "축제"),
    ]


def test_projects_of_their_own_under_a_merged_title_are_no_group() -> None:
    rows = ("과제명 | 사업명 | 내용", "주민 서비스 | 버스 | 섬으로", " | 돌봄 | 방문")
    assert len(read(table(*rows, merges=(Merge(2, 0, 3, 0),)))) == 2


def test_rows_under_a_merged_number_are_one_task() -> None:
    rows = (
        "연번 | 과제명 | 사업명 | 내용",
        "1 | 민원 혁신 | 창구 | 줄인다",
        " | | 발급기 | 늘린다",
        "2 | 버스 | | 섬으로",
    )
    items = read(table(*rows, merges=(Merge(2, 0, 3, 0), Merge(2, 1, 3, 1))))
    assert [(i.id, i.title, i.text) for i in items if isinstance(i, Document)] == [
        ("1", "민원 혁신", "창구\n줄인다\n발급기\n늘린다"),
        ("2", "버스", "섬으로"),
    ]


def test_totals_and_repeated_headers_are_left_out() -> None:
    rows = (
        "연번 | 과제명 | 예산",
        "1 | 버스 | 10",
        "연번 | 과제명 | 예산",
        "2 | 합계 처리 | 20",
        " | 합 계 | 30",
        "소계 | | 30",
    )
    titles = [i.title for i in read(table(*rows)) if isinstance(i, Document)]
    assert titles == ["버스", "합계 처리"]


def test_a_header_further_down_takes_the_place_of_the_first() -> None:
    merges = (Merge(6, 0, 7, 0), Merge(6, 1, 7, 1), Merge(6, 2, 6, 3))
    rows = (
        "연번 | 과제명 | 내용", "1 | 버스 | 섬", "과제명 | 연번 | 내용 | 비고", "투표 | 2 | 예산 | 급함", "구분 | 사업 |",
        "연번 | 사업명 | 예산 |", " | | 국비 | 군비", "3 | 약국 | 5 | 7",
    )  # fmt: skip
    items = read(table(*rows, merges=merges))
    assert [(i.id, i.title, dict(i.meta)) for i in items if isinstance(i, Document)] == [
        ("1", "버스", {}), ("2", "투표", {"비고": "급함"}), ("3", "약국", {"예산 국비": "5", "예산 군비": "7"}),
    ]  # fmt: skip
    titles = [i.title for i in read(table(*rows), Columns(text="내용")) if isinstance(i, Document)]
    assert titles[:2] == ["버스", "투표"]


@pytest.mark.parametrize("row", ["사업 | 버스 | 섬", " | 개요 | "])
def test_a_task_that_is_called_like_a_column_is_no_header(row: str) -> None:
    rows = ("번호 | 과제명 | 내용", row, "나 | 투표 | 예산")
    assert [i.title for i in read(table(*rows)) if isinstance(i, Document)] == [row.split(" | ")[1], "투표"]


def test_headers_may_change_as_often_as_there_are_rows() -> None:
    rows = ("연번 | 과제명", "1 | 버스", "과제명 | 연번", "버스 | 1") * 600
    assert {(i.id, i.title) for i in read(table(*rows)) if isinstance(i, Document)} == {("1", "버스")}


@pytest.mark.parametrize(("row", "n"), [("※ 과제명은 짧게 | |", 0), ("| ※ 버스 |", 0), ("※ 1 | 버스 |", 1)])
def test_a_remark_below_the_table_is_no_task(row: str, n: int) -> None:
    assert len(read(table("연번 | 과제명 | 내용", row))) == n


def test_a_title_may_begin_with_a_remark_sign_where_there_is_nothing_but_titles() -> None:
    assert len(read(table("제목", "※ 버스를 늘린다", "투표를 쉽게 한다"))) == 2


@pytest.mark.parametrize(
    ("row", "is_task"),
    [
        ("계 | | 2건 |", False),
        ("합 계 | 3개 | 1,200 | 30%", False),
        ("소계 | | 12 명 | 1,200천원", False),
        ("계 | 2건 처리 | 주민과 함께 | ", True),
        ("1 | | 2건 |", True),
        ("계 | 계단 고치기 | 3 |", True),
    ],
)
def test_a_row_of_totals_counts_in_any_column(row: str, is_task: bool) -> None:
    items = read(table("구분 | 과제명 | 내용 | 예산", "1 | 버스 | 섬 | 10", row))
    assert len(items) == 1 + is_task


def test_a_header_with_a_bracket_or_a_line_break_is_known() -> None:
    assert Layout.of(["과제명\n(사업명)", "추진 내용*"], Columns()) is not None


def test_a_sheet_without_a_header_has_none() -> None:
    found = table("안내 | 작성 방법", "전화 | 000")
    assert find_header(found.rows, Columns()) is None


@pytest.mark.parametrize(
    "above",
    [
        ("□ 추진계획", "(2026. 3. 기준)", ""),
        ("사업", "2026년"),
        ("제목 | 2026년 혁신과제", "작성자 | 김가온", "담당부서 | 기획과", ""),
        ("제목 | 2026년 혁신과제 | 작성일 | 2026-01-02", ""),
    ],
)
def test_a_heading_or_a_label_above_the_header_is_no_header(above: tuple[str, ...]) -> None:
    items = read(table(*above, "연번 | 과제명 | 추진내용", "1 | 버스 | 섬으로", "2 | 투표 | 주민이"))
    assert [item.title for item in items if isinstance(item, Document)] == ["버스", "투표"]


def test_a_list_of_one_known_name_stays_one_above_another_list() -> None:
    rows = ("과제명 | 성과", "버스 | 섬", "약국 | 밤", "연번 | 과제명 | 내용", "1 | 투표 | 예산")
    titles = [item.title for item in read(table(*rows)) if isinstance(item, Document)]
    assert titles[:2] == ["버스", "약국"]


def test_cells_become_a_table_with_its_merges() -> None:
    found = table_of(
        [Cell(0, 0, 1, 2, "과제명"), Cell(1, 0, 2, 1, "버스"), Cell(1, 1, 1, 10**9, "섬"), Cell(0, 10**9, 1, 1, "멀리")], "table=1"
    )  # fmt: skip
    assert found is not None
    assert [row.cells for row in found.rows] == [("과제명", ""), ("버스", "섬")]
    assert found.merges == (Merge(1, 0, 1, 1), Merge(2, 0, 3, 0), Merge(2, 1, 2, 999))
    assert table_of([Cell(0, 0, 1, 1, " ")], "table=1") is None


def test_the_line_above_a_table_is_its_heading_once() -> None:
    places = Places()
    places.heading = "제1분과\n과제"
    one, two = (places.table([Cell(0, 0, 1, 1, "과제명")]) for _ in range(2))
    assert one is not None
    assert two is not None
    assert (one.place, one.heading) == ("table=1", "제1분과 과제")
    assert (two.place, two.heading) == ("table=2", "")


def test_lists_side_by_side_are_read_one_after_the_other() -> None:
    rows = (
        "과제 목록",
        "연번 | 과제명 | 내용 |  | 연번 | 과제명 | 내용",
        "1 | 버스 | 섬 |  | 3 | 약국 | 밤",
        "2 | 투표 | 예산",
    )
    items = read(table(*rows, merges=(Merge(3, 2, 4, 2), Merge(3, 6, 4, 6))))
    assert [(i.id, i.title, i.text, i.source) for i in items if isinstance(i, Document)] == [
        ("1", "버스", "섬", "a.xlsx#row=3"),
        ("2", "투표", "예산", "a.xlsx#row=4"),
        ("3", "약국", "밤", "a.xlsx#column=5&row=3"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        ("과제명 | 내용 |  | 과제명 | 담당자 | 연락처", "버스 | 섬 |  | 버스 | 김 | 1"),
        ("과제명 | 내용 | 과제명 | 내용", "버스 | 한 번 | 버스 | 두 번"),
    ],
)
def test_the_same_tasks_beside_their_list_are_no_second_list(rows: tuple[str, ...]) -> None:
    (item,) = read(table(*rows))
    assert isinstance(item, Document)


def test_lists_that_may_stand_side_by_side_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    (item,) = read(table("연번 | 과제명 | 내용 | 연번 | 비고", "1 | 버스 | 섬 | 3 | 약국"))
    assert isinstance(item, Document)
    assert dict(item.meta) == {"연번 (2)": "3", "비고": "약국"}
    assert ["'연번' 열이 4번째 열에 또" in note for note in caplog.messages] == [True]


def test_rows_of_guidance_are_left_out_with_a_note_and_signs_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    rows = (
        "연번 | 과제명 | 내용",
        "① | ② | ③",
        " | (20자 이내) | (최대 500자 이내)",
        "1 | ① | 섬",
        "2 | - | 〃",
    )
    one, two = read(table(*rows))
    assert isinstance(one, Document)
    assert one.title == "①"
    assert isinstance(two, RowError)
    assert "기호(-, 〃)만" in two.reason
    assert caplog.messages == [f"a.xlsx#row={n}: 작성 안내 줄은 건너뜁니다." for n in (2, 3)]


def test_projects_below_a_task_bear_their_own_names() -> None:
    rows = ("과제명 | 세부사업명 | 부서", "청년 | 월세 | 주택과", " | 창업 | 경제과")
    items = read(table(*rows, merges=(Merge(2, 0, 3, 0),)))
    assert [i.title for i in items if isinstance(i, Document)] == ["월세", "창업"]


WORD = st.text(st.sampled_from("가나다버스과제명내용부서합계 "), max_size=5)
MERGE = st.tuples(*[st.integers(1, 8)] * 4).map(
    lambda m: Merge(min(m[0], m[2]), min(m[1], m[3]) - 1, max(m[0], m[2]), max(m[1], m[3]) - 1)
)


@given(st.lists(st.lists(WORD, min_size=1, max_size=6), max_size=8), st.lists(MERGE, max_size=4))
def test_no_table_breaks_the_reader_and_no_row_comes_twice(
    rows: list[list[str]], merges: list[Merge]
) -> None:
    lines = [tuple(c.strip() for c in row) for row in rows]
    found = Table(tuple(Row(n, row) for n, row in enumerate(lines, start=1)), merges=tuple(merges))
    header = find_header(found.rows, Columns(), found.merges)
    if header is not None:
        sources = [item.source for item in table_documents(found, header, "a", Columns())]
        assert len(sources) == len(set(sources)) <= sum(map(len, rows))
