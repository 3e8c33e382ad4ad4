"""Tables by the lines drawn around their cells."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hyeoksin.readers.limits import MAX_COLUMNS

__all__ = ["Box", "Segment", "ruled_tables"]

Segment = tuple[float, float, float, float]  # x and y of both ends, in points

_NEAR = 3.0  # points within which lines are one line and ends meet
_MAX_LINES = 1_500  # in one direction on a page
_MAX_CELLS = 20_000  # on a page


@dataclass(frozen=True, slots=True)
class Box:
    """A cell: its place in the grid and its left, bottom, right and top in points."""

    row: int
    column: int
    n_rows: int
    n_columns: int
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Rule:
    """A line across or down: where it stands, and from where to where it reaches."""

    at: float
    start: float
    end: float


def ruled_tables(segments: Sequence[Segment]) -> Iterator[list[Box]]:
    """Yield the cells of every grid of at least two rows and two columns, from the top of the page down."""
    across = _rules((y0, x0, x1) for x0, y0, x1, y1 in segments if abs(y0 - y1) <= _NEAR < abs(x0 - x1))
    down = _rules((x0, y0, y1) for x0, y0, x1, y1 in segments if abs(x0 - x1) <= _NEAR < abs(y0 - y1))
    if max(len(across), len(down)) > _MAX_LINES:
        return
    for rows, columns in sorted(_grids(across, down), key=lambda grid: -max(r.at for r in grid[0])):
        boxes = _boxes(rows, columns)
        if boxes:
            yield boxes


def _rules(lines: Iterator[tuple[float, float, float]]) -> list[_Rule]:
    """Return lines of one direction, touching ones in one place joined."""
    out: list[_Rule] = []
    for at, start, end in sorted((at, min(a, b), max(a, b)) for at, a, b in lines):
        last = out[-1] if out else None
        if last and abs(last.at - at) <= _NEAR and start <= last.end + _NEAR and end >= last.start - _NEAR:
            out[-1] = _Rule(last.at, min(last.start, start), max(last.end, end))
        else:
            out.append(_Rule(at, start, end))
    return out


def _grids(across: list[_Rule], down: list[_Rule]) -> Iterator[tuple[list[_Rule], list[_Rule]]]:
    """Yield the groups of lines that cross or touch each other."""
    left_across, left_down = set(range(len(across))), set(range(len(down)))
    while left_across:
        rows, columns = {left_across.pop()}, set[int]()
        fresh = set(rows)
        while fresh:
            met = {c for c in left_down if any(_meet(across[r], down[c]) for r in fresh)}
            left_down -= met
            columns |= met
            fresh = {r for r in left_across if any(_meet(across[r], down[c]) for c in met)}
            left_across -= fresh
            rows |= fresh
        yield [across[r] for r in rows], [down[c] for c in columns]


def _meet(row: _Rule, column: _Rule) -> bool:
    return (
        row.start - _NEAR <= column.at <= row.end + _NEAR
        and column.start - _NEAR <= row.at <= column.end + _NEAR
    )


def _boxes(rows: list[_Rule], columns: list[_Rule]) -> list[Box]:
    """Return the cells of one grid; where a line is missing between two cells they are one."""
    ys, xs = _places(rows)[::-1], _places(columns)
    n_rows, n_columns = len(ys) - 1, len(xs) - 1
    if n_rows < 2 or not 2 <= n_columns <= MAX_COLUMNS or n_rows * n_columns > _MAX_CELLS:
        return []
    right = _walls(columns, xs, [(ys[r] + ys[r + 1]) / 2 for r in range(n_rows)])
    below = _walls(rows, ys, [(xs[c] + xs[c + 1]) / 2 for c in range(n_columns)])
    taken: set[tuple[int, int]] = set()
    out: list[Box] = []
    for r in range(n_rows):
        for c in range(n_columns):
            if (r, c) in taken:
                continue
            c2 = c + 1
            while c2 < n_columns and (c2, r) not in right and (r, c2) not in taken:
                c2 += 1
            r2 = r + 1
            while r2 < n_rows and (r2, c) not in below:
                r2 += 1
            taken |= {(i, j) for i in range(r, r2) for j in range(c, c2)}
            out.append(Box(r, c, r2 - r, c2 - c, (xs[c], ys[r2], xs[c2], ys[r])))
    return out


def _places(rules: list[_Rule]) -> list[float]:
    """Return where the lines stand, near ones taken for one, rising."""
    out: list[float] = []
    for rule in sorted(rules, key=lambda it: it.at):
        if not out or rule.at - out[-1] > _NEAR:
            out.append(rule.at)
    return out


def _walls(rules: list[_Rule], places: list[float], middles: list[float]) -> set[tuple[int, int]]:
    """Return (index of the place, index of the middle) wherever a line stands between two cells."""
    rising = sorted(places)
    out: set[tuple[int, int]] = set()
    for rule in rules:
        near = bisect_left(rising, rule.at - _NEAR)
        if near < len(rising):
            place = places.index(rising[near])
            out |= {(place, n) for n, middle in enumerate(middles) if rule.start <= middle <= rule.end}
    return out
