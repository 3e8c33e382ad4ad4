"""CSV, TSV, XLSX, XLS, XLSB and ODS: one document a row, of every sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from hyeoksin.decoding import detect
from hyeoksin.delimited import Row, delimited_rows, delimiter_of, overflow
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers.columns import REMEDIES, Columns, lacking, not_there
from hyeoksin.readers.forms import form_documents, is_form
from hyeoksin.readers.merged import Merge
from hyeoksin.readers.notes import beginning, log, note_encoding
from hyeoksin.readers.tables import Table, find_header, row_documents, streamed, table_documents
from hyeoksin.tabular import sheets
from hyeoksin.uncalculated import without_formula

__all__ = ["read_delimited", "read_workbook"]

_LOOKED_AT = 20  # rows at the top
_SUMMARY = "요약"  # a sheet of the desk's workbook: counts, no texts


def read_delimited(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per row of a CSV or TSV file, streamed.

    Raises:
        InputError: no header with a title or text column; the message lists the columns found.
    """
    encoding = detect(path)
    note_encoding(path, encoding)
    header, seen, body = streamed(map(_without_formulas, delimited_rows(path, encoding)), columns)
    if header is None:
        raise _no_header(path, seen, columns)
    prefix = f"{path.name}#row="
    n_headings = len(header.layout.header)
    rows = (
        _rejoined(body, delimiter_of(path, encoding))
        if n_headings == 1
        else _unshifted(body, n_headings, prefix)
    )
    yield from row_documents(rows, header.layout, prefix)


def _without_formulas(row: Row | RowError) -> Row | RowError:
    if isinstance(row, RowError) or not any(cell[:1] == "=" for cell in row.cells):
        return row
    return replace(row, cells=tuple(map(without_formula, row.cells)))


def _rejoined(rows: Iterator[Row | RowError], delimiter: str) -> Iterator[Row | RowError]:
    """Yield the rows of a single column, whose titles hold the sign that would divide cells."""
    for row in rows:
        joined = delimiter.join(row.cells).rstrip(f"{delimiter} ") if isinstance(row, Row) else ""
        yield replace(row, cells=(joined,)) if isinstance(row, Row) else row


def _unshifted(rows: Iterator[Row | RowError], n_headings: int, prefix: str) -> Iterator[Row | RowError]:
    """Yield the rows, and an error for one with more cells than headings: a comma has cut one of its cells."""
    for row in rows:
        shifted = overflow(row.cells, n_headings) if isinstance(row, Row) else None
        yield RowError(f"{prefix}{row.number}", shifted) if shifted and isinstance(row, Row) else row


def read_workbook(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per row of every sheet with a title or text column, and one per form (label and value).

    Raises:
        InputError: the file cannot be opened, or it has no such sheet.
    """
    pages = list(sheets(path))
    tables = [
        Table(
            page.rows, f"sheet={page.name}" if len(pages) > 1 else "", tuple(Merge(*m) for m in page.merges)
        )
        for page in pages
        if page.rows
    ]
    headers = [None if is_form(t) else find_header(t.rows, columns, t.merges) for t in tables]
    ours, found = any(header.layout.is_ours for header in headers if header), False
    for table, header in zip(tables, headers, strict=True):
        if ours and table.rows[0].sheet == _SUMMARY:
            continue
        if is_form(table):
            found = True
            yield from form_documents([table], path.name)
        elif header is not None:
            found = True
            yield from table_documents(table, header, path.name, columns)
        else:
            sheet = table.rows[0].sheet
            reason = _not_there(table.rows, columns) or "제목이나 내용 열이 없습니다."
            log.info("%s: 시트 '%s'은(는) 건너뜁니다. %s", path.name, sheet, reason)
    if not found:
        raise _no_header(path, tables[0].rows if tables else (), columns)


def _not_there(rows: Sequence[Row], columns: Columns) -> str | None:
    """Say which of the columns that the user gave are missing, by the row that is most like a header."""
    guessed = find_header(rows, Columns())
    start = rows[guessed.start] if guessed else None

    def unlike(row: Row) -> tuple[int, bool, int]:
        return (
            len(lacking(row.cells, columns)),
            row is not start,
            -sum(1 for cell in row.cells if cell.strip()),
        )

    return not_there(min(rows[:_LOOKED_AT], key=unlike).cells, columns)


def _no_header(path: Path, found: Sequence[Row | RowError], columns: Columns) -> InputError:
    if not found:
        return InputError(f"{path.name}: 빈 파일입니다.")
    first, rows = found[0], [row for row in found if isinstance(row, Row)]
    broken = next((row for row in found if isinstance(row, RowError)), None)  # the header itself, perhaps
    told = f" {broken.source.rpartition('=')[2]}번째 줄은 읽을 수 없습니다: {broken.reason}" if broken else ""
    if isinstance(first, RowError):
        return InputError(f"{path.name}: 머리글을 찾을 수 없습니다.{told}")
    if reason := _not_there(rows, columns):
        return InputError(f"{path.name}: {reason}{told}")
    seen = beginning(", ".join(cell for cell in first.cells if cell.strip()), 200)
    return InputError(
        f"{path.name}: 머리글 줄이 없거나 제목이나 내용 열을 찾을 수 없습니다. 머리글이 없으면 맨 윗줄에 열 이름(제목, 내용)을 적어 "
        f"넣으세요. 첫 줄: {seen}. 이 줄이 머리글이면 {REMEDIES['both']}{told}"
    )
