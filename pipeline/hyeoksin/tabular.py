"""Rows of CSV and XLSX files, in and out, with the traps of office files: encodings, BOMs, formulas, long cells."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyeoksin.causes import cause
from hyeoksin.decoding import decode
from hyeoksin.delimited import Row, delimited_rows
from hyeoksin.errors import InputError, RowError
from hyeoksin.uncalculated import missing_values

__all__ = [
    "CELL_LIMIT",
    "Row",
    "Sheet",
    "cell_text",
    "check_height",
    "date_fault",
    "decode",
    "first_row",
    "is_full",
    "plain_cell",
    "read_rows",
    "safe_cell",
    "sheet_name",
    "sheets",
    "unwritable",
    "write_csv",
    "write_rows",
    "written_book",
    "written_whole",
]

CELL_LIMIT = 32_767  # characters that an Excel cell holds
MAX_SHEET_ROWS = 1_048_575  # rows under the header of an Excel sheet
MAX_SHEET_CELLS = 30_000_000  # cells of one sheet, empty ones counted
_DATE = re.compile(  # as a spreadsheet keeps or shows it
    r"\d{4}-\d{2}-\d{2}(?:[ T].*)?|\d{1,2}월 ?\d{1,2}일|(?:[A-Z][a-z]{2}-\d{1,2}|\d{1,2}-[A-Z][a-z]{2})"
)
_FORMULA = re.compile(r"'*[=+\-@\t\r]")  # behind apostrophes too, so that taking one away gives the text back


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows, empty ones left out, and its merged ranges (top row, left, bottom row, right).

    Rows count from 1 as in :class:`Row`, columns from 0, all inclusive; only the top left cell of a range is filled.
    ``is_hidden``: the sheet does not show in the program that it was made with.
    """

    name: str
    rows: tuple[Row, ...]
    merges: tuple[tuple[int, int, int, int], ...] = ()
    is_hidden: bool = False


def read_rows(path: Path) -> list[Row]:
    """Return all rows of a CSV, TSV or XLSX file (every sheet), empty rows left out.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return list(_xlsx_rows(path) if path.suffix.lower() in (".xlsx", ".xls") else _csv_rows(path))
    except OSError as error:
        raise InputError(f"{path}: 열 수 없습니다 ({cause(error)}).") from error


def first_row(path: Path) -> tuple[str, ...]:
    """Return the cells of the first row of a CSV, TSV or XLSX file that is not empty; none where there is no such row.

    Raises:
        InputError: the file cannot be read.
    """
    rows = _xlsx_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)
    try:
        return next((row.cells for row in rows), ())
    except OSError as error:
        raise InputError(f"{path}: 열 수 없습니다 ({cause(error)}).") from error


def _csv_rows(path: Path) -> Iterator[Row]:
    for row in delimited_rows(path):
        if isinstance(row, RowError):
            raise row
        yield row


def _xlsx_rows(path: Path) -> Iterator[Row]:
    for sheet in sheets(path):
        yield from sheet.rows


def sheets(path: Path, stripped: bool = True) -> Iterator[Sheet]:
    """Yield the sheets of an XLSX, XLS, XLSB or ODS file; with ``stripped`` without the blanks around texts.

    A cell of an XLSX or ODS without a value holds its error or a mark (:func:`hyeoksin.uncalculated.is_fault`).

    Raises:
        InputError: the file cannot be opened.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        raw = io.BytesIO(path.read_bytes())
        book = CalamineWorkbook.from_filelike(raw)  # by content, not by suffix
        missing = missing_values(raw)
        hidden = {it.name for it in book.sheets_metadata if it.visible != SheetVisibleEnum.Visible}
        for name in book.sheet_names:
            page, lost = book.get_sheet_by_name(name), missing.get(name, {})
            n_rows = max(page.total_height + 1, *(row for row, _ in lost), 0)  # the totals are last indices
            n_columns = max(page.total_width + 1, *(column + 1 for _, column in lost), 0)
            if n_rows * n_columns > MAX_SHEET_CELLS:
                raise InputError(
                    f"{path.name}: '{name}' 시트가 너무 큽니다 ({n_rows:,}줄 × {n_columns:,}칸). "
                    "빈 줄과 칸을 지우거나 나누어 저장하세요."
                )
            rows = {
                number: [cell_text(cell, stripped) for cell in cells]
                for number, cells in enumerate(page.to_python(skip_empty_area=False), start=1)
            }
            _fill(rows, lost)
            merges = tuple(
                (top + 1, left, bottom + 1, right)
                for (top, left), (bottom, right) in page.merged_cell_ranges or ()
            )
            found = (Row(n, tuple(rows[n]), name) for n in sorted(rows) if any(map(str.strip, rows[n])))
            yield Sheet(name, tuple(found), merges, name in hidden)
    except PasswordError as error:
        raise InputError(
            f"{path.name}: 암호가 걸린 엑셀 파일입니다. 엑셀에서 암호를 풀고 다시 저장하세요."
        ) from error
    except CalamineError as error:
        raise InputError(
            f"{path.name}: 엑셀 파일을 열 수 없습니다 ({cause(error)}). 암호가 걸렸거나 깨졌다면 엑셀에서 다시 저장하세요."
        ) from error


def _fill(rows: dict[int, list[str]], lost: Mapping[tuple[int, int], str]) -> None:
    """Write the marks of cells without a value into the rows that calamine gave."""
    for (number, column), mark in lost.items():
        cells = rows.setdefault(number, [])
        cells += [""] * (column + 1 - len(cells))
        cells[column] = mark


def cell_text(value: object, stripped: bool = True) -> str:
    """Return a workbook cell as text: a whole number without its ".0"; blanks around a text stay where not ``stripped``."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip() if stripped else str(value)


def date_fault(name: str, cell: str) -> str | None:
    """Say that a spreadsheet turned a code, in the column ``name``, into a date; None where the cell is no date."""
    if not _DATE.fullmatch(cell):
        return None
    return (
        f"{name}가 날짜입니다 ('{cell}'). 엑셀이 1-1 같은 코드를 날짜로 바꾼 것이니, "
        f"{name} 열의 셀 서식을 '텍스트'로 바꾸고 코드를 다시 적으세요."
    )


def safe_cell(text: str) -> str:
    """Return ``text`` so that no spreadsheet takes it for a formula (a leading apostrophe, as OWASP advises)."""
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(text: str) -> str:
    """Return the text that :func:`safe_cell` wrote."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


def sheet_name(text: str) -> str:
    """Return ``text`` as Excel lets a sheet be called: short, without certain signs, no apostrophe at either end."""
    return re.sub(r"[][:*?/\\]", "_", text)[:31].strip("'") or "표"


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; on success it replaces ``path``, on failure nothing is left."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()  # a folder that cannot be written shows before the work, and the same way for every format
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path}: {unwritable(error)}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def is_full(error: OSError) -> bool:
    """Tell whether a disk, or the user's share of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def unwritable(error: OSError) -> str:
    """Say why a file cannot be written, and what to do."""
    if is_full(error):
        return "디스크가 가득 차 쓸 수 없습니다. 자리를 비운 뒤 같은 명령으로 다시 하세요."
    return (
        f"쓸 수 없습니다 ({cause(error)}). 다른 프로그램에서 열려 있지 않은지, 쓰기 권한이 있는지 확인하세요."
    )


@contextmanager
def written_book(path: Path, options: Mapping[str, Any]) -> Iterator[Any]:
    """Give a workbook of xlsxwriter to fill, written whole or not at all.

    It is packed in memory: on a full disk the archive would write once more when it is thrown away, and complain.

    Raises:
        InputError: the file cannot be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    packed = io.BytesIO()
    with (
        written_whole(path) as part,
        tempfile.TemporaryDirectory(prefix="hyeoksin-book-", ignore_cleanup_errors=True) as folder,
    ):
        try:
            with xlsxwriter.Workbook(packed, {**options, "tmpdir": folder}) as book:
                yield book
        except FileCreateError as error:  # of its temporary files; no OSError itself, it holds one
            raise error.args[0] from error
        part.write_bytes(packed.getvalue())


def check_height(path: Path, n_rows: int) -> None:
    """Refuse a sheet with more rows than Excel holds: xlsxwriter would leave the rest out without a word.

    Raises:
        InputError: too many rows.
    """
    if n_rows > MAX_SHEET_ROWS:
        raise InputError(
            f"{path}: 엑셀 시트 하나에는 {MAX_SHEET_ROWS:,}줄까지만 들어갑니다. .csv(분류 결과는 .parquet 도)로 쓰거나 "
            "입력을 나누어 여러 파일로 쓰세요."
        )


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV (by suffix a TSV) that Excel opens without broken Korean (UTF-8 with BOM)."""
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with written_whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows([safe_cell(c) if isinstance(c, str) else c for c in row] for row in rows)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], sheet: str) -> None:
    """Write a table as CSV, TSV or XLSX, by suffix; XLSX gets a header filter, wrapped cells and frozen panes.

    Columns of codes are text there, down to the last row of the sheet: a ``3-1`` typed into them stays no date.

    Raises:
        InputError: the file cannot be written, or a sheet does not hold so many rows.
    """
    if path.suffix.lower() != ".xlsx":
        write_csv(path, header, rows)
        return
    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    with written_book(path, options) as book:
        bold = book.add_format({"bold": True, "bg_color": "#DDE6F0", "border": 1, "text_wrap": True})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        code = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        codes = {column for column, name in enumerate(header) if name.endswith("코드")}
        page = book.add_worksheet(sheet_name(sheet))
        page.freeze_panes(1, 0)
        n_rows = 0
        for column, name in enumerate(header):
            width = 40 if name in ("제목", "내용", "정의", "포함", "제외", "근거", "알림") else 16
            page.set_column(column, column, width, code if column in codes else None)
            page.write_string(0, column, name, bold)
        for n_rows, row in enumerate(rows, start=1):
            check_height(path, n_rows)
            for column, value in enumerate(row):
                if isinstance(value, (int, float)):
                    page.write_number(n_rows, column, value)
                elif value is not None:
                    page.write_string(
                        n_rows, column, str(value)[:CELL_LIMIT], code if column in codes else wrap
                    )
        page.autofilter(0, 0, max(n_rows, 1), len(header) - 1)
