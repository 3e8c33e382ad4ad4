"""A Sankey picture: how the nodes of one plan flow into the next (2019 -> 2020 -> 2022 -> 2024)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from hyeoksin.pictures.canvas import WIDTH, Picture, axes_of, drawn
from hyeoksin.pictures.colours import INK, on, strategy_colour
from hyeoksin.pictures.fonts import legible, wrapped
from hyeoksin.plan import Plan

__all__ = ["Flow", "sankey"]


@dataclass(frozen=True, slots=True)
class Flow:
    """So much (texts, or links) of a node goes to a node of another plan; ``None`` as a code is off-plan."""

    from_plan: str
    from_code: str | None
    to_plan: str
    to_code: str | None
    weight: float


@drawn
def sankey(
    flows: Sequence[Flow], name: str = "", *, plans: Sequence[Plan], height: float | None = None
) -> Picture:
    """Draw the plans as columns, their nodes as boxes, the flows between neighbouring columns as bands.

    Args:
        flows: what flows from a column to the next; others are not drawn.
        name: title, also read out.
        plans: the columns, from the left.
        height: inches; without it, room for every label of the fullest column.
    """
    order = [plan.id for plan in plans]
    steps = set(pairwise(order))
    flows = [f for f in flows if (f.from_plan, f.to_plan) in steps and f.weight > 0]
    sizes = _sizes(flows, plans)
    fullest = max((len(column) for column in sizes.values()), default=1)
    picture = Picture(name, height or 0.8 + 0.3 * fullest)
    axes = axes_of(picture, name, "")
    axes.axis("off")
    wide, high = WIDTH * 72 - 10, picture.get_figheight() * 72 - (40 if name else 20)
    axes.set(xlim=(-1, wide + 1), ylim=(high + 1, -16))
    box = min(150.0, wide * 0.72 / max(len(plans), 1))
    left = {p.id: n * (wide - box) / max(len(plans) - 1, 1) for n, p in enumerate(plans)}
    tops, scale = _placed(sizes, high)
    for plan in plans:
        title = f"{plan.year}년" if str(plan.year) in plan.title or plan.id == str(plan.year) else plan.title
        axes.text(left[plan.id] + box / 2, -8, legible(title), ha="center", va="center", fontsize=8.5)
    _bands(axes, flows, plans, left, box, tops, scale)
    for plan in plans:
        for code, size in sizes[plan.id].items():
            _box(axes, plan, code, left[plan.id], tops[plan.id, code], box, size * scale[plan.id])
    picture.description = _in_words(flows)
    return picture


Key = tuple[str, str | None]


def _sizes(flows: Sequence[Flow], plans: Sequence[Plan]) -> dict[str, dict[str | None, float]]:
    """Return, per plan, its codes in document order with what flows through them (the larger of in and out)."""
    into: dict[Key, float] = {}
    out: dict[Key, float] = {}
    for f in flows:
        out[f.from_plan, f.from_code] = out.get((f.from_plan, f.from_code), 0.0) + f.weight
        into[f.to_plan, f.to_code] = into.get((f.to_plan, f.to_code), 0.0) + f.weight
    found: dict[str, dict[str | None, float]] = {}
    for plan in plans:
        codes: list[str | None] = [node.code for node in plan.nodes]
        through = {c: max(into.get((plan.id, c), 0.0), out.get((plan.id, c), 0.0)) for c in [*codes, None]}
        found[plan.id] = {code: size for code, size in through.items() if size > 0}
    return found


def _placed(
    sizes: Mapping[str, Mapping[str | None, float]], high: float
) -> tuple[dict[Key, float], dict[str, float]]:
    """Return the top of every box and the points per unit: the same in every column, gaps fill what is left over."""
    room = {plan: high - 3.0 * (len(column) - 1) for plan, column in sizes.items()}
    unit = min((room[plan] / sum(column.values()) for plan, column in sizes.items() if column), default=1.0)
    tops: dict[Key, float] = {}
    for plan, column in sizes.items():
        gap = (high - unit * sum(column.values())) / max(len(column) - 1, 1)
        at = 0.0 if len(column) > 1 else gap / 2
        for code, size in column.items():
            tops[plan, code] = at
            at += size * unit + gap
    return tops, dict.fromkeys(sizes, unit)


def _bands(
    axes: Axes, flows: Sequence[Flow], plans: Sequence[Plan], left: Mapping[str, float], box: float,
    tops: Mapping[Key, float], scale: Mapping[str, float],
) -> None:  # fmt: skip
    by_id = {plan.id: plan for plan in plans}
    leaving, arriving = dict(tops), dict(tops)

    def place(end: Callable[[Flow], Key]) -> Callable[[Flow], float]:
        return lambda flow: tops[end(flow)]

    source: Callable[[Flow], Key] = lambda f: (f.from_plan, f.from_code)  # noqa: E731
    target: Callable[[Flow], Key] = lambda f: (f.to_plan, f.to_code)  # noqa: E731
    starts: dict[Flow, float] = {}
    for f in sorted(flows, key=lambda f: (place(source)(f), place(target)(f))):
        starts[f] = leaving[source(f)]
        leaving[source(f)] += f.weight * scale[f.from_plan]
    for f in sorted(flows, key=lambda f: (place(target)(f), place(source)(f))):
        thick = f.weight * scale[f.from_plan]
        y0, y1 = starts[f], arriving[target(f)]
        arriving[target(f)] += thick
        x0, x1 = left[f.from_plan] + box, left[f.to_plan]
        colour = strategy_colour(by_id[f.from_plan], f.from_code)
        axes.add_patch(PathPatch(_ribbon(x0, y0, x1, y1, thick), facecolor=colour, alpha=0.38, linewidth=0))


def _ribbon(x0: float, y0: float, x1: float, y1: float, thick: float) -> Path:
    middle = (x0 + x1) / 2
    points = [
        (x0, y0), (middle, y0), (middle, y1), (x1, y1), (x1, y1 + thick),
        (middle, y1 + thick), (middle, y0 + thick), (x0, y0 + thick), (x0, y0),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return Path(points, codes)


def _box(axes: Axes, plan: Plan, code: str | None, x: float, y: float, wide: float, high: float) -> None:
    colour = strategy_colour(plan, code)
    axes.add_patch(Rectangle((x, y), wide, high, facecolor=colour, edgecolor=INK, linewidth=0.4))
    title = "계획 밖" if code is None else f"{code} {plan[code].title}"
    size = 6.5
    n_lines = max(1, min(3, int(high / (size * 1.2))))
    text = wrapped(title, wide - 6, size, n_lines)
    ink = on(colour) if high >= size * 1.15 else INK
    axes.text(x + 3, y + high / 2, text, fontsize=size, va="center", color=ink, linespacing=1.1)


def _in_words(flows: Sequence[Flow]) -> str:
    told = sorted(flows, key=lambda f: -f.weight)[:12]
    return f"흐름 {len(flows)}개. " + "; ".join(
        f"{f.from_plan} {f.from_code or '계획 밖'} -> {f.to_plan} {f.to_code or '계획 밖'} {f.weight:,.4g}"
        for f in told
    )
