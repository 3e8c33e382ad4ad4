"""The header of a table: found among its first rows, and joined where it has several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hyeoksin.delimited import Row
from hyeoksin.readers.columns import Columns, Layout, label_field
from hyeoksin.readers.merged import Merge

__all__ = ["MAX_DEPTH", "SEARCHED", "Header", "are_headings", "filled_fields", "find_header"]

SEARCHED = 20  # rows at the top in which the header may stand
MAX_DEPTH = 4  # rows that a header may have


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header starts in the rows searched, how many rows it has, and what its columns are."""

    start: int
    depth: int
    layout: Layout


def find_header(head: Sequence[Row], columns: Columns, merges: Sequence[Merge] = ()) -> Header | None:
    """Return the first header with a title or text column among the first rows; rows under it that go on are joined.

    A heading (``□ 추진계획``) or a labelled value (``제목 | 2026년 과제``) above the header is passed over.
    """
    for start, row in enumerate(head[:SEARCHED]):
        layout = Layout.of(row.cells, columns)
        if layout is not None:
            below = head[start : start + MAX_DEPTH]
            depth = max(_merged_depth(below, layout, merges), _named_depth(below, layout))
            if _is_preamble(head[start:SEARCHED], depth, columns):
                continue
            if depth > 1:
                layout = _joined(head[start : start + depth], columns, merges) or layout
            return Header(start, depth, layout)
    return None


def _is_preamble(rows: Sequence[Row], depth: int, columns: Columns) -> bool:
    """Tell whether nothing but headings and labelled values stands in ``rows`` before a header below the first ``depth``."""
    n_labelled = n_other = 0
    for number, row in enumerate(rows):
        fields = filled_fields(row)
        if are_headings(fields) and Layout.of(row.cells, columns) is not None:
            return number >= depth and n_labelled >= n_other
        if len(fields) == 2:
            n_labelled += fields[0] is not None
            n_other += fields[0] is None
        elif len(fields) > 2 and fields[0] is None:
            return False
    return False


def filled_fields(row: Row, columns: Columns = Columns()) -> list[str | None]:  # noqa: B008 - frozen
    """Return the fields that the filled cells of a row name."""
    return [label_field(cell, columns) for cell in row.cells if cell.strip()]


def are_headings(fields: Sequence[str | None]) -> bool:
    """Tell whether names stand side by side: those of a list's columns, where a form has a value beside each."""
    return any(None not in pair for pair in pairwise(fields))


def _merged_depth(below: Sequence[Row], layout: Layout, merges: Sequence[Merge]) -> int:
    """Return the number of rows that the header's own cells are merged over."""
    used = {i for places in layout.places.values() for i in places}
    bottom = max((m.bottom for m in merges if m.top == below[0].number and m.left in used), default=0)
    return max(1, sum(1 for row in below if row.number <= bottom))


def _named_depth(below: Sequence[Row], layout: Layout) -> int:
    """Return the number of header rows by their cells: more names, or names under empty header cells only."""
    filled = {*layout.places["title"], *layout.places["text"]}
    for depth, row in enumerate(below[1:], start=1):
        cells = {i: cell for i, cell in enumerate(row.cells) if cell.strip()}
        empty = any(i >= len(layout.header) or not layout.header[i] for i in cells)
        if sum(label_field(cell) is not None for cell in cells.values()) < 2 and not (
            depth == 1 and empty and cells and not filled & cells.keys()
        ):
            return depth
    return len(below)


def _joined(rows: Sequence[Row], columns: Columns, merges: Sequence[Merge]) -> Layout | None:
    width = max(len(row.cells) for row in rows)
    grid = [[*(cell.strip() for cell in row.cells), *[""] * (width - len(row.cells))] for row in rows]
    for merge in merges:
        for upper, row in zip(grid, rows, strict=True):
            if merge.top == row.number and merge.left < width:
                for column in range(merge.left + 1, min(merge.right + 1, width)):
                    upper[column] = upper[column] or upper[merge.left]
    if not merges:  # lost in a CSV: an upper name reaches as far as there are names under empty cells
        for upper, lower in pairwise(grid):
            for column in range(1, width):
                if lower[column] and not upper[column]:
                    upper[column] = upper[column - 1]
    parts = [list(dict.fromkeys(cell for cell in column if cell)) for column in zip(*grid, strict=True)]
    return Layout.of([" ".join(p) for p in parts], columns, tails=[p[-1] if p else "" for p in parts])
