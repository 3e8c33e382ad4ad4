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
from hyeoksin.readers.headers import Header, find_header
from hyeoksin.readers.merged import Merge
from hyeoksin.readers.notes import beginning, log, note_encoding
from hyeoksin.readers.tables import Table, row_documents, streamed, table_documents
from hyeoksin.tabular import plain_cell, sheets
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
    if header.layout.is_ours:
        rows = map(_without_apostrophes, rows)
    yield from row_documents(rows, header.layout, prefix)


def _without_apostrophes(row: Row | RowError) -> Row | RowError:
    """Return a row of our own results as it was before it was written safely."""
    return replace(row, cells=tuple(map(plain_cell, row.cells))) if isinstance(row, Row) else row


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

    Hidden sheets (lists to choose from, last year's tasks) are passed over with a note, unless they alone hold tasks.

    Raises:
        InputError: the file cannot be opened, or it has no such sheet.
    """
    pages = list(sheets(path))
    several = len(pages) > 1
    pages = [page for page in pages if page.rows]
    tables = [
        Table(page.rows, f"sheet={page.name}" if several else "", tuple(Merge(*m) for m in page.merges))
        for page in pages
    ]
    headers = [None if is_form(t, columns) else find_header(t.rows, columns, t.merges) for t in tables]
    ours = any(header.layout.is_ours for header in headers if header)
    summaries = [n for n, page in enumerate(pages) if ours and page.name == _SUMMARY]
    found = [
        n
        for n, (table, header) in enumerate(zip(tables, headers, strict=True))
        if n not in summaries and (header is not None or is_form(table, columns))
    ]
    shown = [n for n in found if not pages[n].is_hidden and _has_rows(tables[n], headers[n])]
    for n, (page, table, header) in enumerate(zip(pages, tables, headers, strict=True)):
        if n in found and page.is_hidden:
            told = (
                "읽지 않습니다. 읽으려면 숨기기를 취소하고 저장하세요."
                if shown
                else "읽습니다. 보이는 시트에는 과제가 없습니다."
            )
            log.info("%s: 숨긴 시트 '%s'은(는) %s", path.name, page.name, told)
        if n in (shown or found):
            yield from (
                form_documents([table], path.name, columns)
                if header is None
                else table_documents(table, header, path.name, columns)
            )
        elif n not in found and n not in summaries:
            reason = _not_there(table.rows, columns) or "제목이나 내용 열이 없습니다."
            log.info("%s: 시트 '%s'은(는) 건너뜁니다. %s", path.name, page.name, reason)
    if not found:
        raise _no_header(path, tables[0].rows if tables else (), columns)


def _has_rows(table: Table, header: Header | None) -> bool:
    """Tell whether rows stand below the header, or the table is a form, which has none."""
    return header is None or len(table.rows) > header.start + header.depth


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
