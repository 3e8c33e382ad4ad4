"""A workbook in the making: its formats, and how a table goes into a sheet."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hyeoksin.privacy import masked
from hyeoksin.tabular import CELL_LIMIT, sheet_name

__all__ = ["Book", "Column"]

_DAY = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)  # a workbook must have a date; ours says nothing


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, its width in letters, and how its numbers are written (``number``, ``share``, ``plain``)."""

    title: str
    width: float
    kind: str = "text"


class Book:
    """A workbook that is being written: its formats, and how a table goes into a sheet."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.book.set_properties({"title": "계획 반영 현황 감사", "created": _DAY})
        base = {"valign": "top", "font_name": "맑은 고딕", "font_size": 10}
        self.formats = {
            "text": self.book.add_format(base | {"text_wrap": True}),
            "number": self.book.add_format(base | {"num_format": "#,##0"}),
            "share": self.book.add_format(base | {"num_format": "0.0%"}),
            "plain": self.book.add_format(base | {"num_format": "0.000"}),
            "head": self.book.add_format(
                base | {"bold": True, "bg_color": "#DDE6F0", "border": 1, "text_wrap": True}
            ),
            "title": self.book.add_format(base | {"bold": True, "font_size": 14}),
        }

    def sheet(self, name: str) -> Any:
        """Return a new sheet, set up for A4 across."""
        page = self.book.add_worksheet(sheet_name(name))
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_footer("&C&P / &N")
        return page

    def text(self, page: Any, row: int, column: int, value: str, kind: str = "text") -> None:
        """Write a text, with personal data masked and never as a formula."""
        page.write_string(row, column, masked(value)[:CELL_LIMIT], self.formats[kind])

    def table(
        self, page: Any, columns: Sequence[Column], rows: Iterable[Sequence[object]], start: int = 0
    ) -> int:
        """Write a table with a filter and a frozen head; return the row after it."""
        for place, column in enumerate(columns):
            page.set_column(place, place, column.width)
            self.text(page, start, place, column.title, "head")
        at = start
        for at, row in enumerate(rows, start=start + 1):
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                if isinstance(value, (int, float)):
                    page.write_number(at, place, value, self.formats[column.kind])
                elif value is not None and value != "":
                    self.text(page, at, place, str(value))
        page.autofilter(start, 0, max(at, start + 1), len(columns) - 1)
        page.freeze_panes(start + 1, 0)
        page.repeat_rows(start)
        return at + 1
