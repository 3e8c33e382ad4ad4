"""The tables of a plan file: each sheet with a header, its cells composed (NFC) and merged cells written downwards."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hyeoksin.causes import cause
from hyeoksin.errors import InputError
from hyeoksin.tabular import Row, Sheet, read_rows, sheets

__all__ = ["Page", "read_pages"]

log = logging.getLogger("hyeoksin.plan")
_TITLES = ("제목", "title")


@dataclass(frozen=True, slots=True)
class Page:
    """One table: its header, the rows below it, and the columns that each row has from a merged cell above.

    ``name`` is the sheet's where the file has several, else empty.
    """

    name: str
    header: Row
    rows: tuple[Row, ...]
    merged: tuple[frozenset[int], ...]

    def place(self, number: int) -> str:
        """Name a row as the office program does."""
        return f"{number} ('{self.name}' 시트)" if self.name else str(number)


def read_pages(path: Path, headings: Collection[str]) -> tuple[Page, ...]:
    """Read the tables of a plan file, none where there is no header; a sheet without one is left out and told in the log.

    Raises:
        InputError: the file cannot be read.
    """
    found = [sheet for sheet in _sheets(path) if sheet.rows]
    headers = [_header(sheet.rows, headings) for sheet in found]
    if not any(headers):  # a lone title: what else is missing is told with its row
        headers = [next((row for row in s.rows if set(_TITLES) & set(row.cells)), None) for s in found]
    pages = []
    for sheet, header in zip(found, headers, strict=True):
        if header is None:
            if any(headers):
                log.warning("%s: 시트 '%s'은(는) 계획의 머리글이 없어 건너뜁니다.", path.name, sheet.name)
            continue
        rows = tuple(_filled(sheet, header.number))
        name = sheet.name if len(found) > 1 else ""
        pages.append(Page(name, header, tuple(row for row, _ in rows), tuple(came for _, came in rows)))
    return tuple(pages)


def _sheets(path: Path) -> list[Sheet]:
    if path.suffix.lower() != ".xlsx":
        return [Sheet("", _composed(read_rows(path)))]
    try:
        return [Sheet(page.name, _composed(page.rows), page.merges) for page in sheets(path)]
    except OSError as error:
        raise InputError(f"{path}: 열 수 없습니다 ({cause(error)}).") from error


def _composed(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows stripped and composed: a Mac writes 제목 in pieces."""
    return tuple(
        Row(row.number, tuple(unicodedata.normalize("NFC", cell.strip()) for cell in row.cells), row.sheet)
        for row in rows
    )


def _header(rows: Sequence[Row], headings: Collection[str]) -> Row | None:
    """Return the first row with two known headings; one with a title goes first."""
    likely = [row for row in rows if len(set(headings) & set(row.cells)) > 1]
    titled = (row for row in likely if set(_TITLES) & set(row.cells))
    return next(titled, likely[0] if likely else None)


def _filled(sheet: Sheet, header: int) -> Iterator[tuple[Row, frozenset[int]]]:
    """Yield the rows below the header with what is merged from above written in, and the columns it stands in."""
    firsts = {row.number: row.cells for row in sheet.rows}
    merges = [merge for merge in sheet.merges if merge[0] > header]
    for row in sheet.rows:
        if row.number <= header:
            continue
        cells = list(row.cells)
        came = {
            left: "".join(firsts.get(top, ())[left : left + 1])
            for top, left, bottom, _ in merges
            if top < row.number <= bottom and left < len(cells) and not cells[left]
        }
        for column, cell in came.items():
            cells[column] = cell
        yield Row(row.number, tuple(cells), row.sheet), frozenset(came)
