"""The replayed year on paper: HTML with charts, a workbook, or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from hyeoksin.errors import InputError
from hyeoksin.simulate.page import write_page
from hyeoksin.simulate.tables import summary, tables
from hyeoksin.simulate.year import Year
from hyeoksin.tabular import written_book, written_whole

__all__ = ["REPORTS", "write_report"]


def _json(year: Year, path: Path) -> None:
    with written_whole(path) as part:
        text = json.dumps(year.to_json(), ensure_ascii=False, indent=1)
        part.write_text(text + "\n", encoding="utf-8", newline="\n")


def _xlsx(year: Year, path: Path) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with written_book(path, options) as book:
        bold = book.add_format({"bold": True, "bg_color": "#E7ECF3", "text_wrap": True})
        percent = book.add_format({"num_format": "0.0%"})
        about = book.add_worksheet("설명")
        about.set_column(0, 0, 120)
        for number, line in enumerate((summary(year), *year.notes)):
            about.write_string(number, 0, line)
        for title, header, rows in tables(year):
            sheet = book.add_worksheet(title)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, [name.strip() for name in header], bold)
            for at, row in enumerate(rows, start=1):
                for column, cell in enumerate(row):
                    is_share = isinstance(cell, float) and header[column] != "회차당 시간"
                    sheet.write(at, column, cell, percent if is_share else None)
            sheet.autofit()


Report = Callable[[Year, Path], None]
REPORTS: dict[str, Report] = {".html": write_page, ".json": _json, ".xlsx": _xlsx}


def write_report(year: Year, path: Path) -> None:
    """Write the year to ``path``, by its suffix.

    Raises:
        InputError: no report of that suffix.
    """
    report = REPORTS.get(path.suffix.lower())
    if report is None:
        raise InputError(f"{path}: 쓸 수 없는 형식 '{path.suffix}'. 쓰는 형식: {', '.join(REPORTS)}.")
    report(year, path)
