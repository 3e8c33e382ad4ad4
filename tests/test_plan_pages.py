"""The sheets of a plan file: several tables, sheets that are none, merged cells."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import xlsxwriter

from hyeoksin.errors import PlanError
from hyeoksin.plan import Plan, load_plan

HEADER = ("코드", "제목", "상위코드")
FIRST = (HEADER, ("가", "주민 서비스", ""), ("가-1", "알림", "가"))


def plan_of(
    tmp_path: Path, sheets: Mapping[str, Sequence[Sequence[str]]], *merges: tuple[int, int, int, int, str]
) -> Plan:
    """Return the plan in a workbook of ``sheets``; ``merges`` of the last: first row, column, last row, column, text."""
    path = tmp_path / "계획-2026.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                page.write_row(number, 0, [cell or None for cell in row])
        for merge in merges:
            page.merge_range(*merge)
    return load_plan(path)


def test_every_sheet_with_a_header_is_read_and_others_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    second = (("코드", "상위코드", "제목"), ("나", "", "일하는 방식"), ("나-1", "나", "협업"))
    notes = (("코드는 비워 두지 마세요",), ("제목", "항목의 이름"))
    plan = plan_of(tmp_path, {"전략1": FIRST, "작성요령": notes, "전략2": second})
    assert [(node.code, node.title) for node in plan.nodes] == [
        ("가", "주민 서비스"),
        ("가-1", "알림"),
        ("나", "일하는 방식"),
        ("나-1", "협업"),
    ]
    assert "'작성요령'" in caplog.text


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        ((HEADER, ("나", "일하는 방식", ""), ("나", "협업", "나")), "3 ('전략2' 시트): 코드 '나' 가 두 번"),
        ((("코드", "과제", "상위코드"), ("나", "협업", "")), "1 ('전략2' 시트): 모르는 머리글 '과제'"),
        ((("코드", "정의", "상위코드"), ("나", "협업", "")), "1 ('전략2' 시트): '제목' 머리글이 없습니다"),
    ],
)
def test_a_fault_names_the_sheet(tmp_path: Path, second: Sequence[Sequence[str]], fault: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan_of(tmp_path, {"전략1": FIRST, "전략2": second})
    assert f"계획-2026.xlsx:{fault}" in str(caught.value)


def test_a_parent_merged_over_its_children_is_the_parent_of_all(tmp_path: Path) -> None:
    rows = (*FIRST, ("가-2", "방문", ""), ("", "", ""), ("나", "일하는 방식", ""))
    plan = plan_of(tmp_path, {"계획": rows}, (2, 2, 4, 2, "가"))
    assert [node.parent for node in plan.nodes] == [None, "가", "가", None]


def test_a_code_merged_over_rows_is_told(tmp_path: Path) -> None:
    rows = (*FIRST, ("", "방문", "가"))
    with pytest.raises(PlanError, match="4: 코드 칸이 윗줄과 합쳐져"):
        plan_of(tmp_path, {"계획": rows}, (2, 0, 3, 0, "가-1"))
