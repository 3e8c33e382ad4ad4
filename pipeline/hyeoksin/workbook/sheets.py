"""The XLSX workbook: a summary with counts and a legend, one sheet per strategy, one off the plan, one still open.

Every value is written as text or number, never as a formula; the code and the decision of a row can only be changed to
listed values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hyeoksin.domain import UNTRAINED
from hyeoksin.plan import Plan
from hyeoksin.plan.nodes import LEVELS
from hyeoksin.tabular import CELL_LIMIT, check_height, written_book
from hyeoksin.workbook.entries import COLUMNS, OFF, OPEN, OUTCOMES, PUT_OFF, STRAY, Column, Entry, cut, home

__all__ = ["sheet_names", "write_sheets"]

SUMMARY = "요약"
_NAME_LIMIT = 31  # characters of a sheet's name in Excel
_ROW_HEIGHT = 62.0  # points: four lines
_FILLS = {"수용": "#DDEFE0", "변경": "#FFEFC7", OFF: "#E6E6E6", PUT_OFF: "#F9DEDC", OPEN: "#FFFFFF"}
_HEADER_ROW = 5  # of the summary's table, from 0


def write_sheets(given: Iterable[Entry], plan: Plan, path: Path) -> None:
    """Write the workbook.

    Raises:
        InputError: the file cannot be written, or a sheet does not hold so many rows.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    entries = list(given)
    by_home: dict[str, list[Entry]] = {}
    for entry in entries:
        by_home.setdefault(home(entry, plan), []).append(entry)
    check_height(path, max(map(len, by_home.values()), default=0))
    names = sheet_names(plan, STRAY in by_home)
    with written_book(path, options) as book:
        book.set_properties(
            {"title": f"{plan.title} 분류 결과", "comments": "결과는 추천이며 결정이 아닙니다."}
        )
        formats = _formats(book)
        codes = _summary(book.add_worksheet(SUMMARY), formats, entries, plan)
        for key, name in names.items():
            _rows(book.add_worksheet(name), formats, by_home.get(key, []), plan, codes)


def sheet_names(plan: Plan, stray: bool = False) -> dict[str, str]:
    """Return the name of the sheet for each group: at most 31 characters, none twice, none that Excel forbids."""
    wanted = {root.code: f"{root.code} {root.title}" for root in plan.branches(None)}
    wanted |= {OFF: OFF, OPEN: OPEN} | ({STRAY: STRAY} if stray else {})
    taken = {SUMMARY, "history"}  # Excel keeps "History" for itself
    names: dict[str, str] = {}
    for key, title in wanted.items():
        base = re.sub(r"[][:*?/\\\x00-\x1f]", "_", title).strip("' ") or "_"
        name, n = base[:_NAME_LIMIT].rstrip("' "), 2
        while name.lower() in taken:
            name, n = f"{base[: _NAME_LIMIT - len(f' ({n})')]} ({n})", n + 1
        taken.add(name.lower())
        names[key] = name
    return names


def _formats(book: Any) -> dict[str, Any]:
    base = {"valign": "top", "font_size": 10}
    line = base | {"border": 1, "border_color": "#C9CED6"}
    formats = {
        "title": book.add_format({"bold": True, "font_size": 15}),
        "plain": book.add_format(base),
        "wrapped": book.add_format(base | {"text_wrap": True}),
        "header": book.add_format(
            line | {"bold": True, "bg_color": "#DDE6F0", "text_wrap": True, "valign": "vcenter"}
        ),
        "text": book.add_format(line | {"text_wrap": True}),
        "strong": book.add_format(line | {"bold": True, "text_wrap": True}),
        "count": book.add_format(line | {"num_format": "#,##0"}),
        "share": book.add_format(line | {"num_format": "0.0%"}),
    }
    for outcome in OUTCOMES:
        fill = _FILLS.get(outcome, "#EAF1FB")
        formats[outcome] = book.add_format(line | {"bg_color": fill})
    return formats


def _summary(page: Any, formats: Mapping[str, Any], entries: Sequence[Entry], plan: Plan) -> str:
    """Write counts and legend; return the range of the codes that a row may be given."""
    page.hide_gridlines(2)
    page.set_column(0, 0, 16)
    page.set_column(1, 1, 10)
    page.set_column(2, 2, 58)
    page.set_column(3, 6, 12)
    decided = sum(_by_person(entry) for entry in entries)
    still = sum(home(entry, plan) == OPEN for entry in entries)
    page.write_string(0, 0, cut(f"{plan.title} 분류 결과", CELL_LIMIT), formats["title"])
    told = f"모두 {len(entries):,}건: 사람이 정한 것 {decided:,}건, 미결 {still:,}건"
    stray = sum(home(entry, plan) == STRAY for entry in entries)
    page.write_string(1, 0, told + (f", {STRAY} {stray:,}건" if stray else ""), formats["plain"])
    page.write_string(
        2,
        0,
        "결과는 추천이며 결정이 아닙니다. 공식 분류와 주관기관은 소관 부처가 정합니다.",
        formats["plain"],
    )
    page.write_string(3, 0, f"계획 {plan.id} (판 {plan.sha256[:8]})", formats["plain"])
    for column, name in enumerate(("코드", "단계", "이름", "건수", "사람이 정함", "자동 확정")):
        page.write_string(_HEADER_ROW, column, name, formats["header"])
    page.freeze_panes(_HEADER_ROW + 1, 0)
    row = _HEADER_ROW
    for code, level, title, counts in _counts(entries, plan):
        row += 1
        kind = "strong" if level == LEVELS["strategy"] else "text"
        page.write_string(row, 0, code, formats[kind])
        page.write_string(row, 1, level, formats["text"])
        page.write_string(row, 2, cut(title, CELL_LIMIT), formats[kind])
        for column, count in enumerate(counts, start=3):
            page.write_number(row, column, count, formats["count"])
    codes = f"='{SUMMARY}'!$A${_HEADER_ROW + 2}:$A${row + 1}"
    _legend(page, formats, row + 2, entries)
    _paper(page, landscape=False)
    return codes


def _by_person(entry: Entry) -> bool:
    """Return whether a person's word decides where the text stands: putting it off decides nothing."""
    return entry.verdict is not None and entry.verdict.action != "undecided"


def _counts(entries: Iterable[Entry], plan: Plan) -> Iterable[tuple[str, str, str, tuple[int, int, int]]]:
    """Yield code, level, title and (all, decided by a person, automatic) of every node, those below counted in."""
    total: Counter[str] = Counter()
    by_person: Counter[str] = Counter()
    for entry in entries:
        code = entry.code
        nodes = [n.code for n in plan.path(code)] if code and code in plan else [home(entry, plan)]
        total.update(nodes)
        if _by_person(entry):
            by_person.update(nodes)
    for node in plan.nodes:
        if node.level not in ("programme", "principle") or total[node.code]:
            n, m = total[node.code], by_person[node.code]
            yield node.code, LEVELS[node.level], node.title, (n, m, n - m)
    n, m = total[OFF], by_person[OFF]
    yield OFF, "", "어느 항목에도 들지 않음", (n, m, n - m)


def _legend(page: Any, formats: Mapping[str, Any], row: int, entries: Sequence[Entry]) -> None:
    counts = Counter(entry.outcome for entry in entries)
    page.write_string(row, 0, "결정", formats["header"])
    page.write_string(row, 1, "건수", formats["header"])
    page.write_string(row, 2, "뜻", formats["header"])
    for at, (outcome, meaning) in enumerate(OUTCOMES.items(), start=row + 1):
        page.write_string(at, 0, outcome, formats[outcome])
        page.write_number(at, 1, counts[outcome], formats["count"])
        page.write_string(at, 2, meaning, formats["text"])
    untrained = any(UNTRAINED in entry.record.get("notes", ()) for entry in entries)
    share = (
        "학습하지 않은 계획의 확률은 항목의 제목과 정의에 얼마나 가까운지일 뿐, 검증된(보정된) 값이 아닙니다."
        if untrained
        else "확률은 검증된(보정된) 값입니다."
    )
    notes = (
        "각 시트의 '최종 분류'와 '결정' 칸은 목록에서 고릅니다. 코드는 이 시트의 첫 열과 같습니다.",
        f"{share} '계획 밖 확률'과 모든 항목의 확률을 더하면 1입니다.",
        "긴 글은 칸의 한도(32,767자)에서 줄이고 그렇게 적었습니다. 원문은 '출처'에 있습니다.",
    )
    for at, note in enumerate(notes, start=row + len(OUTCOMES) + 2):
        page.write_string(at, 0, note, formats["plain"])


def _rows(page: Any, formats: Mapping[str, Any], entries: Sequence[Entry], plan: Plan, codes: str) -> None:
    page.set_row(0, 32)
    for index, column in enumerate(COLUMNS):
        page.set_column(index, index, column.width)
        page.write_string(0, index, column.name, formats["header"])
    page.freeze_panes(1, 2)
    for row, entry in enumerate(entries, start=1):
        page.set_row(row, _ROW_HEIGHT)
        for index, column in enumerate(COLUMNS):
            _cell(page, formats, (row, index), column, column.value(entry, plan))
    last = max(len(entries), 1)
    page.autofilter(0, 0, last, len(COLUMNS) - 1)
    for index, column in enumerate(COLUMNS):
        if column.kind == "code":
            page.data_validation(
                1, index, last, index,
                {"validate": "list", "source": codes, "error_title": "없는 코드",
                 "error_message": f"'{SUMMARY}' 시트 첫 열의 코드나 '{OFF}'을 고르세요."},
            )  # fmt: skip
        elif column.kind == "outcome":
            page.data_validation(
                1, index, last, index,
                {"validate": "list", "source": list(OUTCOMES), "error_title": "없는 결정",
                 "error_message": "목록에 있는 결정을 고르세요."},
            )  # fmt: skip
    _paper(page, landscape=True)
    page.repeat_rows(0)


def _cell(
    page: Any, formats: Mapping[str, Any], place: tuple[int, int], column: Column, value: str | float
) -> None:
    if isinstance(value, float):
        page.write_number(*place, value, formats["share"])
    else:
        kind = value if column.kind == "outcome" else "strong" if column.kind == "code" else "text"
        page.write_string(*place, cut(value, CELL_LIMIT), formats[kind])


def _paper(page: Any, landscape: bool) -> None:
    page.set_paper(9)  # A4
    if landscape:
        page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_footer("&L&A&R&P / &N")
