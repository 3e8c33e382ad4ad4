"""Rows of CSV and XLSX files, in and out, with the traps of office files: encodings, BOMs, formulas, long cells."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyeoksin.errors import InputError

__all__ = [
    "CELL_LIMIT",
    "Row",
    "decode",
    "delimiter_of",
    "plain_cell",
    "read_rows",
    "safe_cell",
    "write_csv",
    "write_rows",
    "written_whole",
]

CELL_LIMIT = 32_767  # characters that an Excel cell holds
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its 1-based number as the office program shows it, its cells as text, and its sheet ("" for CSV)."""

    number: int
    cells: tuple[str, ...]
    sheet: str = ""


def decode(raw: bytes, path: Path) -> tuple[str, str]:
    """Return the text of ``raw`` and the encoding it was in: UTF-8 (with BOM or not), UTF-16 with BOM, else cp949.

    Never euc-kr: Windows writes cp949, which contains it.

    Raises:
        InputError: none of them fits.
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        order: tuple[str, ...] = ("utf-8-sig",)
    elif raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        order = ("utf-16",)
    else:
        order = ("utf-8", "cp949")
    for encoding in order:
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"{path.name}: 글자 인코딩을 알 수 없습니다 (UTF-8도 CP949도 아님). "
        "엑셀에서 'CSV UTF-8(쉼표로 분리)'로 다시 저장하세요."
    )


def read_rows(path: Path) -> list[Row]:
    """Return all rows of a CSV, TSV or XLSX file (every sheet), empty rows left out.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return list(_xlsx_rows(path) if path.suffix.lower() in (".xlsx", ".xls") else _csv_rows(path))
    except OSError as error:
        raise InputError(f"{path}: 열 수 없습니다 ({error.strerror or error}).") from error


def _csv_rows(path: Path) -> Iterator[Row]:
    text, _ = decode(path.read_bytes(), path)
    if "\0" in text:
        raise InputError(
            f"{path.name}: CSV가 아닙니다 (이진 자료가 들어 있음). 원래 프로그램에서 다시 저장하세요."
        )
    delimiter = "\t" if path.suffix.lower() == ".tsv" else delimiter_of(text[:20_000])
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(start, tuple(cells))
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path.name}: {start}번째 줄부터 CSV 꼴이 깨졌습니다 ({error}).") from error


def delimiter_of(head: str) -> str:
    """Return the sign that stands equally often in the most lines: cells hold commas and semicolons of their own."""
    lines = re.sub(r'"[^"]*"', "", head).splitlines()[:20]

    def agreeing(sign: str) -> int:
        counts = Counter(n for line in lines if (n := line.count(sign)))
        return max(counts.values(), default=0)

    return max(",\t;", key=agreeing)


def _xlsx_rows(path: Path) -> Iterator[Row]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        for sheet in book.sheet_names:
            rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            for number, cells in enumerate(rows, start=1):
                texts = tuple(_cell(cell) for cell in cells)
                if any(texts):
                    yield Row(number, texts, sheet)
    except CalamineError as error:
        raise InputError(
            f"{path.name}: 엑셀 파일을 열 수 없습니다 ({error}). 암호가 걸렸거나 깨졌다면 엑셀에서 다시 저장하세요."
        ) from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def safe_cell(text: str) -> str:
    """Return ``text`` so that no spreadsheet takes it for a formula (a leading apostrophe, as OWASP advises)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain_cell(text: str) -> str:
    """Return the text that :func:`safe_cell` wrote."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


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
        raise InputError(
            f"{path}: 쓸 수 없습니다 ({error.strerror or error}). 다른 프로그램에서 열려 있지 않은지, "
            "쓰기 권한이 있는지 확인하세요."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a CSV (by suffix a TSV) that Excel opens without broken Korean (UTF-8 with BOM)."""
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with written_whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows([safe_cell(c) if isinstance(c, str) else c for c in row] for row in rows)


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], sheet: str) -> None:
    """Write a table as CSV, TSV or XLSX, by suffix; XLSX gets a header filter, wrapped cells and frozen panes."""
    if path.suffix.lower() != ".xlsx":
        write_csv(path, header, rows)
        return
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
    with written_whole(path) as part, xlsxwriter.Workbook(str(part), options) as book:
        bold = book.add_format({"bold": True, "bg_color": "#DDE6F0", "border": 1, "text_wrap": True})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        page = book.add_worksheet(re.sub(r"[][:*?/\\]", "_", sheet)[:31])
        page.freeze_panes(1, 0)
        n_rows = 0
        for column, name in enumerate(header):
            page.set_column(
                column, column, 40 if name in ("제목", "내용", "정의", "포함", "제외", "근거") else 16
            )
            page.write_string(0, column, name, bold)
        for n_rows, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, (int, float)):
                    page.write_number(n_rows, column, value)
                elif value is not None:
                    page.write_string(n_rows, column, str(value)[:CELL_LIMIT], wrap)
        page.autofilter(0, 0, max(n_rows, 1), len(header) - 1)
