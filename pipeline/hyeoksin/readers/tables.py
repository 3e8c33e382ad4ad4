"""A table in, one document a row out, merged cells filled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from hyeoksin.delimited import Row
from hyeoksin.domain import Document
from hyeoksin.errors import RowError
from hyeoksin.readers.beside import beginnings, lists_beside
from hyeoksin.readers.columns import Columns, Layout, document, label_field
from hyeoksin.readers.dates import ordered
from hyeoksin.readers.headers import MAX_DEPTH, SEARCHED, Header, find_header
from hyeoksin.readers.limits import MAX_COLUMNS
from hyeoksin.readers.merged import Merge, filled, grouped
from hyeoksin.readers.notes import log
from hyeoksin.readers.unread import noted
from hyeoksin.uncalculated import is_fault

__all__ = [
    "Cell",
    "Places",
    "Table",
    "row_documents",
    "streamed",
    "table_documents",
    "table_of",
]

_MAX_HEADING = 60  # characters
_REPEATED = (
    "'{name}' 열이 {column}번째 열에 또 있습니다. 목록 두 개가 나란히 놓였으면 한 목록으로 섞여 읽히니, 오른쪽 목록을 아래로 옮기거나 따로 "
    "저장해 넣으세요."
)
_TOTALS = frozenset({"계", "합계", "총계", "소계", "누계", "총합계"})
_DIGIT = re.compile(r"\d")  # in no name, and quickly found
_GUIDANCE = re.compile(r"[①-⑳]|\((?:최대\s*)?\d[\d,]*\s*(?:글?자|줄|쪽|매)\s*(?:이내|내외|이하|안팎)[^()]*\)")
_COUNT = re.compile(
    r"[-+△▲]?[\d,.]+(?:%|건|개|명|인|곳|회|대|과제|개과제|개소|개사업|천?원|[십백]?만원|억원?)?"
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a document or workbook.

    Only the top left cell of a merged range is filled. ``place`` goes into the source (``sheet=하반기``, ``table=2``),
    ``heading`` is the line above the table.
    """

    rows: tuple[Row, ...]
    place: str = ""
    merges: tuple[Merge, ...] = ()
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table in a document: its top left place, counted from 0, and how far it reaches."""

    row: int
    column: int
    n_rows: int
    n_columns: int
    text: str


def table_of(cells: Iterable[Cell], place: str, heading: str = "") -> Table | None:
    """Return the table that the cells make, or None where they hold no text; hostile sizes are cut to the limits."""
    grid: dict[int, dict[int, str]] = {}
    merges: list[Merge] = []
    for cell in cells:
        if cell.column >= MAX_COLUMNS or not cell.text.strip():
            continue
        grid.setdefault(cell.row, {})[cell.column] = cell.text.strip()
        if cell.n_rows > 1 or cell.n_columns > 1:
            right = min(cell.column + cell.n_columns, MAX_COLUMNS) - 1
            merges.append(Merge(cell.row + 1, cell.column, cell.row + cell.n_rows, right))
    if not grid:
        return None
    width = max(max(row) for row in grid.values()) + 1
    rows = (Row(n + 1, tuple(grid[n].get(i, "") for i in range(width))) for n in sorted(grid))
    return Table(tuple(rows), place, tuple(merges), heading)


class Places:
    """Counts the tables of a file while it is walked, and remembers the line above the next one."""

    def __init__(self) -> None:
        self.n_tables = 0
        self.heading = ""

    def table(self, cells: Iterable[Cell], page: int = 0) -> Table | None:
        """Return the next table, placed and under its heading."""
        self.n_tables += 1
        heading, self.heading = " ".join(self.heading.split()), ""
        place = f"page={page}&table={self.n_tables}" if page else f"table={self.n_tables}"
        return table_of(cells, place, heading if len(heading) <= _MAX_HEADING else "")


def table_documents(
    table: Table, header: Header, name: str, columns: Columns
) -> Iterator[Document | RowError]:
    """Yield one document per row under the header of ``table`` in the file ``name``; a header further down takes its place.

    Lists side by side are read one after the other.
    """
    if beside := _side_by_side(table, header, columns):
        for part, its in beside:
            yield from table_documents(part, its, name, columns)
        return
    prefix = f"{name}#{table.place}&row=" if table.place else f"{name}#row="
    at: Header | None = header
    while at is not None:
        start = at.start + at.depth
        following = _next_header(table, start, at.layout, columns)
        body = table.rows[start : following.start if following else None]
        rows = grouped(filled(body, table.merges), at.layout)
        for item in row_documents(rows, at.layout, prefix, goes_on=at.depth == 0):
            if table.heading and isinstance(item, Document):
                item = _under(item, table.heading)
            yield item
        at = following


def _side_by_side(table: Table, header: Header, columns: Columns) -> list[tuple[Table, Header]]:
    """Return the lists that stand beside each other, with a header each, or nothing where ``table`` is one list."""
    last = table.rows[header.start + max(header.depth, 1) - 1].number
    parts = lists_beside(table, header.start, header.layout)
    found = [find_header([r for r in p.rows if r.number <= last], columns, p.merges) for p in parts]
    known = [its for its in found if its is not None and its.layout.places["title"]]
    return list(zip(parts, known, strict=True)) if len(known) == len(parts) else []


def _next_header(table: Table, start: int, layout: Layout, columns: Columns) -> Header | None:
    """Return the first header from row ``start`` on that says nothing but names, others than those of ``layout``."""
    for number, row in enumerate(table.rows[start:], start=start):
        cells = [cell for cell in row.cells if cell.strip()]
        if len(cells) < 2 or _DIGIT.search("".join(cells)) or None in map(label_field, cells):
            continue
        if Layout.of(row.cells, columns) in (None, layout):
            continue
        header = find_header(table.rows[number : number + MAX_DEPTH], columns, table.merges)
        if header is not None and header.start == 0:
            return replace(header, start=number)
    return None


def _under(item: Document, heading: str) -> Document:
    meta = {"소제목": heading, **item.meta}
    return Document(item.id, item.text, item.title, item.source, item.date, item.region, meta)


def row_documents(
    rows: Iterable[Row | RowError], layout: Layout, prefix: str, goes_on: bool = False
) -> Iterator[Document | RowError]:
    """Yield the document of every row; a repeated header and a row of totals are left out, with a note in the log.

    ``goes_on``: the header stood over an earlier table, where its missing column was noted.
    """
    items = _row_documents(_dated(rows, layout), layout, prefix)
    place = prefix.removesuffix("row=")[:-1]
    if len(begins := beginnings(layout)) > 1:
        log.info("%s: %s", place, _REPEATED.format(name=layout.header[begins[0]], column=begins[1] + 1))
    return noted(items, layout, place, goes_on)


def _dated(rows: Iterable[Row | RowError], layout: Layout) -> Iterable[Row | RowError]:
    """Return the rows with the dates that only the whole column tells."""
    place = next(iter(layout.places["date"]), None)
    if place is None:
        return rows

    def day(row: Row | RowError) -> str:
        return row.cells[place] if isinstance(row, Row) and place < len(row.cells) else ""

    def put(row: Row | RowError, date: str) -> Row | RowError:
        if isinstance(row, RowError):
            return row
        return Row(row.number, (*row.cells[:place], date, *row.cells[place + 1 :]), row.sheet)

    return ordered(rows, day, put)


def _row_documents(
    rows: Iterable[Row | RowError], layout: Layout, prefix: str
) -> Iterator[Document | RowError]:
    for row in rows:
        if isinstance(row, RowError):
            yield row
            continue
        source = f"{prefix}{row.number}"
        cells = [cell.strip() for cell in row.cells]
        if tuple(cells[: len(layout.header)]) == layout.header:
            log.info("%s: 되풀이된 머리글 줄은 건너뜁니다.", source)
        elif _is_filled_down(cells, layout):
            continue
        elif _is_total(cells, layout):
            log.info("%s: 합계 줄은 건너뜁니다.", source)
        elif _is_guidance(cells):
            log.info("%s: 작성 안내 줄은 건너뜁니다.", source)
        elif len(cells) > 1 and [cell[:1] for cell in cells if cell] == ["※"]:
            log.info("%s: 표에 딸린 설명(※)은 건너뜁니다.", source)
        else:
            yield document(row.cells, layout, source)


def _is_filled_down(cells: Sequence[str], layout: Layout) -> bool:
    """Tell whether a row holds nothing but errors outside title and text: a formula copied down below the tasks."""
    words = {*layout.titles, *layout.places["text"]}
    filled = [i for i, cell in enumerate(cells) if cell]
    return bool(filled) and all(i not in words and is_fault(cells[i]) for i in filled)


def _is_guidance(cells: Sequence[str]) -> bool:
    """Tell whether a row numbers the columns (①, ②) or tells how long their cells may be, and says nothing else."""
    filled = [cell for cell in cells if cell]
    return len(filled) > 1 and all(_GUIDANCE.fullmatch(cell) for cell in filled)


def _is_total(cells: Sequence[str], layout: Layout) -> bool:
    first = next((cell for cell in cells if cell), "")
    words = [cells[i] for f in ("title", "text") for i in layout.places[f] if i < len(cells) and cells[i]]
    if "".join(first.split()) not in _TOTALS:
        return False
    return all(map(_sums, filter(None, cells))) or all("".join(w.split()) in _TOTALS for w in words)


def _sums(cell: str) -> bool:
    """Tell whether a cell is a word of totals, a count or an amount."""
    bare = "".join(cell.split())
    return bare in _TOTALS or is_fault(bare) or _COUNT.fullmatch(bare) is not None


def streamed(
    rows: Iterator[Row | RowError], columns: Columns
) -> tuple[Header | None, list[Row | RowError], Iterator[Row | RowError]]:
    """Find the header in a stream; return it, what was looked at for it, and the rows under the header."""
    seen = list(islice(rows, SEARCHED + MAX_DEPTH))
    head = [row for row in seen if isinstance(row, Row)]
    header = find_header(head, columns)
    if header is None:
        return None, seen, iter(())
    skipped = set(map(id, head[: header.start + header.depth]))
    return header, seen, chain((row for row in seen if id(row) not in skipped), rows)
