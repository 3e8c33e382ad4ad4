"""The same list as a Hangul document (HWPX): counts first, then one table per strategy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hyeoksin.errors import MissingExtraError
from hyeoksin.plan import Plan
from hyeoksin.tabular import written_whole
from hyeoksin.workbook.entries import OFF, OPEN, REVISED, STRAY, Entry, cut, home, label

__all__ = ["write_hangul"]

_HEADER = ("번호", "제목", "최종 분류", "결정", "주관기관", "결정자", "비고")
_WIDTHS = (12, 70, 60, 22, 32, 22, 40)  # parts of the page's width
_LIMIT = 300  # characters of a cell: a table on paper, the whole text stands in the workbook
_DIVIDED = 200  # rows of one table; Hangul slows down on longer ones


def write_hangul(given: Iterable[Entry], plan: Plan, path: Path) -> None:
    """Write the document.

    Raises:
        InputError: the file cannot be written.
        MissingExtraError: python-hwpx is not installed.
    """
    try:
        from hwpx import HwpxDocument
    except ModuleNotFoundError as error:
        raise MissingExtraError("python-hwpx", "docs") from error
    entries = list(given)
    by_home: dict[str, list[Entry]] = {}
    for entry in entries:
        by_home.setdefault(home(entry, plan), []).append(entry)
    titles = {root.code: f"{root.code} {root.title}" for root in plan.branches(None)}
    titles |= {OFF: OFF, OPEN: OPEN, STRAY: STRAY}
    with written_whole(path) as part, HwpxDocument.new() as document:
        document.page.setup(paper_size="A4", orientation="landscape")
        document.paragraphs[0].text = cut(f"{plan.title} 분류 결과", _LIMIT)
        document.add_paragraph("결과는 추천이며 결정이 아닙니다.")
        counts = [(title, str(len(by_home.get(key, ())))) for key, title in titles.items()]
        _table(document, ("구분", "건수"), counts, (200, 40))
        for key, title in titles.items():
            here = by_home.get(key, [])
            for start in range(0, len(here), _DIVIDED):
                document.add_heading(cut(title, _LIMIT), 1)
                rows = [_row(entry, plan) for entry in here[start : start + _DIVIDED]]
                _table(document, _HEADER, rows, _WIDTHS)
        document.save_to_path(str(part))


def _row(entry: Entry, plan: Plan) -> tuple[str, ...]:
    verdict = entry.verdict
    return (
        entry.document.id,
        entry.document.title or entry.document.text,
        label(plan, entry.code) or ("" if home(entry, plan) == OPEN else OFF),
        entry.outcome,
        entry.lead,
        verdict.by if verdict else "",
        " ".join(filter(None, (verdict.note if verdict else "", REVISED if entry.revised else ""))),
    )


def _table(
    document: Any, header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]
) -> None:
    table = document.add_table(len(rows) + 1, len(header))
    for cells, values in zip(table.rows, (header, *rows), strict=True):  # by index it is quadratic
        for cell, value in zip(cells.cells, values, strict=True):
            cell.set_text(cut(" ".join(value.split()), _LIMIT))
    table.set_column_widths(list(widths))
