"""A heat map of nodes by regions (or years, kinds, agencies), with the interval of every cell where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.colors import Normalize, to_hex
from matplotlib.patches import Rectangle

from hyeoksin.pictures.bars import value_in_words
from hyeoksin.pictures.canvas import WIDTH, Picture, axes_of, drawn
from hyeoksin.pictures.colours import HEAT, on
from hyeoksin.pictures.fonts import legible, text_width, wrapped

__all__ = ["Cell", "heat_map"]

_MISSING = "#ffffff"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a share (0..1) and its interval; a cell that is not there is drawn empty with a dash."""

    row: str
    column: str
    value: float
    low: float | None = None
    high: float | None = None


@drawn
def heat_map(
    cells: Sequence[Cell],
    name: str = "",
    *,
    rows: Sequence[tuple[str, str]],
    columns: Sequence[tuple[str, str]],
    colours: Sequence[str] = (),
) -> Picture:
    """Draw shares by row and column; darker is more.

    A thin line at the foot of a cell runs from the lower to the upper end of its interval, on a scale from 0 (left edge)
    to the largest upper end of the picture (right edge).

    Args:
        cells: what is known; the last of two cells at the same place counts.
        name: title, also read out.
        rows: key and label of each row, from the top.
        columns: key and label of each column.
        colours: one per row, for a strip beside its label.
    """
    size = 7.5
    labels = [wrapped(label, WIDTH * 72 * 0.3, size) for _, label in rows]
    heads, upright, head = _heads([label for _, label in columns])
    picture = Picture(name, 0.45 + head + 0.235 * len(rows) + (0.3 if name else 0))
    axes = axes_of(picture, name, "")
    known = {(cell.row, cell.column): cell for cell in cells}
    top = max((cell.value for cell in cells), default=0.0) or 1.0
    reach = max((cell.high or cell.value for cell in cells), default=0.0) or 1.0
    for y, (row, _) in enumerate(rows):
        for x, (column, _) in enumerate(columns):
            _cell(axes, x, y, known.get((row, column)), Normalize(0, top), reach, len(columns))
        if colours:
            axes.add_patch(
                Rectangle(
                    (-0.5 - 0.012 * len(columns), y - 0.5), 0.012 * len(columns), 1, color=colours[y], lw=0
                )
            )
    axes.set_xlim(-0.5 - (0.014 * len(columns) if colours else 0), len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), labels, fontsize=size, linespacing=1.0)
    axes.set_xticks(range(len(columns)), heads, fontsize=8.0, rotation=90 if upright else 0)
    axes.tick_params(length=0, labelbottom=False, labeltop=True)
    axes.spines[:].set_visible(False)
    picture.description = _in_words(cells, dict(rows), dict(columns))
    return picture


def _heads(labels: Sequence[str]) -> tuple[list[str], bool, float]:
    """Return the labels above the columns, whether they stand upright, and the inches they take."""
    size = 8.0
    flat = [wrapped(label, WIDTH * 72 * 0.64 / max(len(labels), 1) - 4, size, 2) for label in labels]
    words = [word for label in labels for word in legible(label).split()]
    broken = any(text_width(word, size) > WIDTH * 72 * 0.64 / len(labels) - 4 for word in words)
    if not broken and not any(label.endswith("…") for label in flat):
        return flat, False, 0.4 if any("\n" in label for label in flat) else 0.2
    upright = [wrapped(label, 120, size, 1) for label in labels]
    return upright, True, max(text_width(label, size) for label in upright) / 72


def _cell(
    axes: Axes, x: int, y: int, cell: Cell | None, scale: Normalize, reach: float, n_columns: int
) -> None:
    fill = _MISSING if cell is None else to_hex(HEAT(scale(cell.value)))
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=fill, edgecolor="white", linewidth=0.8))
    ink = on(fill)
    size = 7.2 if n_columns <= 12 else 6.2
    text = "-" if cell is None else _short(cell.value)
    axes.text(x, y - 0.08, text, ha="center", va="center", fontsize=size, color=ink)
    if cell is not None and cell.low is not None and cell.high is not None:
        ends = [x - 0.44 + 0.88 * end / reach for end in (cell.low, cell.high)]
        axes.plot(ends, [y + 0.36, y + 0.36], color=ink, linewidth=1.1, solid_capstyle="butt")


def _short(value: float) -> str:
    shown = 100 * value
    return "0" if shown == 0 else f"{shown:.1f}" if shown < 9.95 else f"{shown:.0f}"


def _in_words(cells: Sequence[Cell], rows: dict[str, str], columns: dict[str, str]) -> str:
    highest = sorted(cells, key=lambda cell: -cell.value)[:5]
    told = (
        f"{columns.get(c.column, c.column)} {rows.get(c.row, c.row)} {value_in_words(c.value, c.low, c.high)}"
        for c in highest
    )
    return f"{len(rows)}행 {len(columns)}열. 가장 큰 값: " + "; ".join(map(legible, told))
