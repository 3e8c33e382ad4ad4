"""A treemap of a plan: area is the share of texts, colour the strategy, and every tile says its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import squarify
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from hyeoksin.pictures.bars import value_in_words
from hyeoksin.pictures.canvas import WIDTH, Picture, axes_of, drawn
from hyeoksin.pictures.colours import OFF_PLAN, on, strategy_colour
from hyeoksin.pictures.fonts import legible, text_width, wrapped
from hyeoksin.plan import Plan

__all__ = ["Tile", "plan_tiles", "treemap"]

_PAD = 3.0  # points between a tile's edge and its text


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: a share (0..1), its interval, its colour, and the group that it lies in."""

    label: str
    value: float
    group: str
    colour: str
    low: float | None = None
    high: float | None = None


def plan_tiles(
    plan: Plan, shares: Mapping[str, tuple[float, float | None, float | None]], off_plan: float | None = None
) -> list[Tile]:
    """Return the tiles of the plan's leaves.

    Args:
        plan: the plan.
        shares: value, lower and upper end by code of leaf.
        off_plan: share of the texts outside the plan, to be shown as a grey tile.
    """
    tiles = [
        Tile(
            f"{leaf.code} {leaf.title}", shares[leaf.code][0], _root(plan, leaf.code),
            strategy_colour(plan, leaf.code), *shares[leaf.code][1:],
        )
        for leaf in plan.leaves
        if leaf.code in shares
    ]  # fmt: skip
    return tiles if off_plan is None else [*tiles, Tile("계획 밖", off_plan, "계획 밖", OFF_PLAN)]


def _root(plan: Plan, code: str) -> str:
    root = plan.path(code)[0]
    return f"{root.code} {root.title}"


@drawn
def treemap(tiles: Sequence[Tile], name: str = "", *, height: float = 4.4) -> Picture:
    """Draw the tiles, larger groups first; a tile too small for its text keeps the beginning of its label or nothing."""
    picture = Picture(name, height + (0.3 if name else 0))
    axes = axes_of(picture, name, "")
    wide, high = WIDTH * 72 - 10, height * 72 - 10
    axes.set(xlim=(0, wide), ylim=(high, 0))
    axes.axis("off")
    groups: dict[str, list[Tile]] = {}
    for tile in tiles:
        if tile.value > 0:
            groups.setdefault(tile.group, []).append(tile)
    for group, (x, y, dx, dy) in _laid(groups, 0.0, 0.0, wide, high):
        _head(axes, group, groups[group], x, y, dx)
        strip = 13.0 if dy > 40 and len(groups[group]) > 1 else 0.0
        inner = {str(number): [tile] for number, tile in enumerate(groups[group])}
        for number, (left, top, across, down) in _laid(inner, x, y + strip, dx, dy - strip):
            _tile(axes, groups[group][int(number)], left, top, across, down)
        axes.add_patch(Rectangle((x, y), dx, dy, fill=False, edgecolor="white", linewidth=2.5))
    picture.description = "; ".join(
        f"{legible(t.label)} {value_in_words(t.value, t.low, t.high)}"
        for t in sorted(tiles, key=lambda t: -t.value)
    )
    return picture


def _laid(
    groups: Mapping[str, Sequence[Tile]], x: float, y: float, wide: float, high: float
) -> list[tuple[str, tuple[float, float, float, float]]]:
    order = sorted(groups, key=lambda g: (-sum(t.value for t in groups[g]), g))
    sizes = squarify.normalize_sizes([sum(t.value for t in groups[g]) for g in order], wide, high)
    boxes = squarify.squarify(sizes, x, y, wide, high)
    return [(g, (b["x"], b["y"], b["dx"], b["dy"])) for g, b in zip(order, boxes, strict=True)]


def _head(axes: Axes, group: str, tiles: Sequence[Tile], x: float, y: float, wide: float) -> None:
    if len(tiles) > 1:
        axes.add_patch(Rectangle((x, y), wide, 13, facecolor=tiles[0].colour, linewidth=0))
        text = wrapped(group, wide - 2 * _PAD, 7.5, 1)
        axes.text(x + _PAD, y + 6.5, text, fontsize=7.5, va="center", color=on(tiles[0].colour))


def _tile(axes: Axes, tile: Tile, x: float, y: float, wide: float, high: float) -> None:
    axes.add_patch(Rectangle((x, y), wide, high, facecolor=tile.colour, edgecolor="white", linewidth=0.8))
    ink = on(tile.colour)
    for size in (8.0, 7.0, 6.0):
        value = value_in_words(tile.value, tile.low, tile.high)
        if text_width(value, size) > wide - 2 * _PAD:
            value = value.split(" (")[0]
        n_lines = int((high - 2 * _PAD) / (size * 1.25)) - 1
        if n_lines < 1 or wide < 3 * size + 2 * _PAD or text_width(value, size) > wide - 2 * _PAD:
            continue
        label = wrapped(tile.label, wide - 2 * _PAD, size, min(n_lines, 4))
        if label.endswith("…") and size > 6:
            continue
        axes.text(
            x + _PAD, y + _PAD, f"{label}\n{value}", fontsize=size, va="top", color=ink, linespacing=1.15
        )
        return
