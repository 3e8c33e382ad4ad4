"""Merged cells: written into every row that they cover, and the rows of one task joined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hyeoksin.delimited import Row
from hyeoksin.readers.columns import Layout

__all__ = ["Merge", "filled", "grouped"]


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range; ``top`` and ``bottom`` are row numbers as in :class:`Row`, columns count from 0, all inclusive."""

    top: int
    left: int
    bottom: int
    right: int


def filled(rows: Iterable[Row], merges: Sequence[Merge]) -> Iterator[tuple[Row, frozenset[int]]]:
    """Yield rows with what is merged from above written in, and the columns that it stands in."""
    starts: dict[int, list[Merge]] = {}
    for merge in merges:
        if merge.bottom > merge.top:
            starts.setdefault(merge.top, []).append(merge)
    active: dict[int, tuple[int, str]] = {}
    for row in rows:
        cells = list(row.cells)
        active = {column: it for column, it in active.items() if it[0] >= row.number}
        came = frozenset(column for column in active if column < len(cells) and not cells[column].strip())
        for column in came:
            cells[column] = active[column][1]
        for merge in starts.get(row.number, ()):
            if merge.left < len(cells) and cells[merge.left].strip():
                active[merge.left] = (merge.bottom, cells[merge.left])
        yield Row(row.number, tuple(cells), row.sheet), came


def grouped(rows: Iterable[tuple[Row, frozenset[int]]], layout: Layout) -> Iterator[Row]:
    """Join the rows that share one merged title: one task over several rows, unless each has a number or name of its own.

    Where the number is merged as well, it is one task whatever else its rows are called; what they are called is in its text.
    """
    number, title = {*layout.places["id"]}, {*layout.places["title"]}
    names = (*layout.places["id"], *layout.titles)
    group: list[Row] = []
    for row, came in rows:
        one = number <= came if number else False
        same = title and title <= came and (one or _names_of(row, names) <= _names_of(group[0], names))
        if group and not same:
            yield _one(group, layout)
            group = []
        group.append(row)
    if group:
        yield _one(group, layout)


def _names_of(row: Row, columns: Sequence[int]) -> set[tuple[int, str]]:
    """Return what a row holds in the columns that tell tasks apart."""
    return {(i, row.cells[i].strip()) for i in columns if i < len(row.cells) and row.cells[i].strip()}


def _one(group: Sequence[Row], layout: Layout) -> Row:
    if len(group) == 1:
        return group[0]
    width = max(len(layout.header), *(len(row.cells) for row in group))
    rows = [[*row.cells, *[""] * (width - len(row.cells))] for row in group]
    for text in layout.places["text"][:1]:
        for i in reversed(layout.titles[1:]):
            if len({cells[i].strip() for cells in rows} - {""}) > 1:
                for before, cells in reversed(list(pairwise([[""] * width, *rows]))):
                    own = cells[text] if cells[text] != before[text] else ""
                    cells[text] = "\n".join(filter(str.strip, (cells[i], own)))
    columns = ([cell for cell in column if cell.strip()] for column in zip(*rows, strict=True))
    return Row(group[0].number, tuple("\n".join(dict.fromkeys(c)) for c in columns), group[0].sheet)
