"""Lines with bands: time lines with change points, learning and simulation curves, and the reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from hyeoksin.pictures.bars import value_in_words
from hyeoksin.pictures.canvas import WIDTH, Picture, axes_of, drawn, percent, tick
from hyeoksin.pictures.colours import INK, MUTED, PALETTE
from hyeoksin.pictures.fonts import legible, text_width, wrapped

__all__ = ["Bin", "Change", "Curve", "Point", "curves", "lines", "reliability"]

_DASHES = ("-", (0, (5, 1.6)), (0, (1.4, 1.4)), (0, (6, 1.5, 1.2, 1.5)))
_MARKS = ("o", "s", "^", "D", "v", "P", "X")


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line: ``x`` is a number (curves) or the key of a period (time lines)."""

    x: float | str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line; without a colour it takes the next of the palette."""

    label: str
    points: tuple[Point, ...]
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change point of a line: the first period after it, and what to write there."""

    curve: str
    x: float | str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of the reliability diagram: mean stated probability, share found right, its interval, how many."""

    stated: float
    found: float
    low: float | None = None
    high: float | None = None
    n: int = 0


@drawn
def lines(
    series: Sequence[Curve],
    name: str = "",
    *,
    periods: Sequence[str],
    changes: Sequence[Change] = (),
    value_name: str = "",
    shares: bool = True,
) -> Picture:
    """Draw values over periods (years, quarters) with bands for intervals and dotted uprights at change points.

    A period without a point breaks the line. Lines are told apart by colour, dash, mark and by their names at the end.
    """
    places = {period: float(number) for number, period in enumerate(periods)}
    picture = Picture(name, 3.2)
    axes = axes_of(picture, name, "y")
    for number, curve in enumerate(series):
        points = {places[str(p.x)]: p for p in curve.points if str(p.x) in places}
        _line(axes, curve, number, _unbroken(points))
    for change in changes:
        place = places[str(change.x)] - 0.5
        axes.axvline(place, color=MUTED, linewidth=1, linestyle=":")
        axes.annotate(
            legible(change.note or "변화"), (place, 1), (2, -1), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=7, color=MUTED, va="top",
        )  # fmt: skip
    widest = max((text_width(legible(period), 8.5) for period in periods), default=1.0) + 8
    step = max(1, -(-len(periods) // max(1, int(WIDTH * 72 * 0.6 / widest))))
    axes.set_xticks(list(places.values())[::step], [legible(p) for p in periods][::step])
    axes.set_xlim(-0.3, max(len(periods) - 0.7, 0.3))
    _finish(picture, axes, series, value_name, shares)
    return picture


@drawn
def curves(
    series: Sequence[Curve],
    name: str = "",
    *,
    x_name: str = "",
    value_name: str = "",
    shares: bool = False,
    x_shares: bool = False,
    from_zero: bool = True,
) -> Picture:
    """Draw values over a number (decisions made, hours spent) with bands for intervals."""
    picture = Picture(name, 3.2)
    axes = axes_of(picture, name, "y")
    for number, curve in enumerate(series):
        _line(
            axes, curve, number, [[(float(p.x), p) for p in sorted(curve.points, key=lambda p: float(p.x))]]
        )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: tick(v, x_shares)))
    axes.set_xlabel(legible(x_name))
    _finish(picture, axes, series, value_name, shares, from_zero)
    return picture


def _unbroken(points: dict[float, Point]) -> list[list[tuple[float, Point]]]:
    runs: list[list[tuple[float, Point]]] = []
    for place in sorted(points):
        if not runs or place - runs[-1][-1][0] > 1:
            runs.append([])
        runs[-1].append((place, points[place]))
    return runs


def _line(axes: Axes, curve: Curve, number: int, runs: Sequence[Sequence[tuple[float, Point]]]) -> None:
    colour = curve.colour or PALETTE[number % len(PALETTE)]
    for run in runs:
        xs = [x for x, _ in run]
        axes.plot(
            xs, [p.value for _, p in run], color=colour, linestyle=_DASHES[number % len(_DASHES)],
            marker=_MARKS[number % len(_MARKS)], markersize=4, markeredgecolor="white", markeredgewidth=0.5,
        )  # fmt: skip
        held = [(x, p.low, p.high) for x, p in run if p.low is not None and p.high is not None]
        if len(held) > 1:
            axes.fill_between(*zip(*held, strict=True), color=colour, alpha=0.16, linewidth=0)  # type: ignore[arg-type]
        for x, low, high in held:
            axes.plot([x, x], [low, high], color=colour, linewidth=0.8, marker="_", markersize=4)


def _finish(
    picture: Picture,
    axes: Axes,
    series: Sequence[Curve],
    value_name: str,
    shares: bool,
    from_zero: bool = True,
) -> None:
    if from_zero:
        axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: tick(v, shares)))
    axes.set_ylabel(legible(value_name))
    _names_at_the_end(axes, series)
    picture.description = "; ".join(
        f"{legible(c.label)}: " + ", ".join(f"{legible(str(p.x))} {_value(p, shares)}" for p in c.points)
        for c in series
    )


def _value(point: Point, shares: bool) -> str:
    if shares:
        return value_in_words(point.value, point.low, point.high)
    if point.low is None or point.high is None:
        return f"{point.value:.4g}"
    return f"{point.value:.4g} ({point.low:.4g}-{point.high:.4g})"


def _names_at_the_end(axes: Axes, series: Sequence[Curve]) -> None:
    """Write each name right of the end of its line, pushed apart so that none covers another."""
    size, room = 7.5, WIDTH * 72 * 0.26
    ends = sorted(
        ((c.points[-1].value, n, c) for n, c in enumerate(series) if c.points), key=lambda e: (e[0], e[1])
    )
    low, high = axes.get_ylim()
    texts = [wrapped(c.label, room, size) for _, _, c in ends]
    gap = (high - low) * 0.055
    at = low
    for text, (value, number, curve) in zip(texts, ends, strict=True):
        half = gap * (text.count("\n") + 1) / 2
        place = max(value, at + half)
        at = place + half
        colour = curve.colour or PALETTE[number % len(PALETTE)]
        y = (place - low) / (high - low)
        axes.annotate(
            text, (1.045, y), (5, 0), xycoords="axes fraction", textcoords="offset points", va="center",
            fontsize=size, linespacing=1.1,
        )  # fmt: skip
        axes.plot(
            [1.01, 1.045], [y, y], transform=axes.transAxes, clip_on=False, color=colour, linewidth=1.6,
            linestyle=_DASHES[number % len(_DASHES)],
        )  # fmt: skip


@drawn
def reliability(bins: Sequence[Bin], name: str = "", *, colour: str = PALETTE[0]) -> Picture:
    """Draw stated probability against the share found right; on the dotted diagonal both are equal."""
    picture = Picture(name, 3.6, 4.4)
    axes = axes_of(picture, name, "y")
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle=":", linewidth=1)
    largest = max((b.n for b in bins), default=0) or 1
    for b in bins:
        if b.low is not None and b.high is not None:
            axes.plot([b.stated, b.stated], [b.low, b.high], color=INK, linewidth=1, marker="_", markersize=5)
        axes.scatter(
            [b.stated], [b.found], s=18 + 90 * b.n / largest, color=colour, edgecolor="white", zorder=3
        )
        if b.n:
            axes.annotate(
                f"{b.n:,}",
                (b.stated, b.found),
                (7, -9),
                textcoords="offset points",
                fontsize=6.8,
                color=MUTED,
            )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda v, _: tick(v, shares=True)))
    axes.set(xlim=(-0.02, 1.04), ylim=(-0.02, 1.04), xlabel="말한 확률", ylabel="맞은 비율", aspect="equal")
    picture.description = "; ".join(
        f"말한 확률 {percent(b.stated)} 맞은 비율 {value_in_words(b.found, b.low, b.high)} {b.n:,}건"
        for b in bins
    )
    return picture
