"""Bars with intervals: lying down for names, standing up for ordered classes such as text lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from hyeoksin.pictures.canvas import WIDTH, Picture, axes_of, drawn, percent, tick
from hyeoksin.pictures.colours import INK, PALETTE
from hyeoksin.pictures.fonts import legible, text_width, wrapped

__all__ = ["Bar", "bars_with_intervals", "standing_bars"]

_LABEL_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a value, its interval where it has one, a plain count beside it (a hollow mark), a colour."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    counted: float | None = None
    colour: str = PALETTE[0]
    note: str = ""


@drawn
def bars_with_intervals(
    bars: Sequence[Bar],
    name: str = "",
    *,
    value_name: str = "",
    shares: bool = True,
    counted_name: str = "단순 집계",
) -> Picture:
    """Draw lying bars in the order given, the first on top.

    Args:
        bars: what to draw; values are shares (0..1) or, with ``shares=False``, counts.
        name: title, also read out.
        value_name: what the axis counts.
        shares: write values as percentages.
        counted_name: what the hollow marks are called.
    """
    size, room = 8.0, WIDTH * 72 * _LABEL_SHARE
    labels = [wrapped(bar.label, room, size) for bar in bars]
    n_lines = sum(max(1, label.count("\n") + 1) for label in labels)
    picture = Picture(name, 0.75 + 0.1 * len(bars) + 0.13 * n_lines + (0.25 if name else 0))
    axes = axes_of(picture, name)
    places = range(len(bars))
    axes.barh(
        places,
        [b.value for b in bars],
        color=[b.colour for b in bars],
        height=0.62,
        edgecolor=INK,
        linewidth=0.4,
    )
    for place, bar in zip(places, bars, strict=True):
        if bar.low is not None and bar.high is not None:
            axes.plot([bar.low, bar.high], [place, place], color=INK, linewidth=1.3, marker="|", markersize=6)
        if bar.counted is not None:
            _hollow(axes, bar.counted, place)
    axes.set_yticks(places, labels, fontsize=size)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: tick(v, shares)))
    _values_at_the_end(axes, bars, shares)
    axes.set_xlabel(legible(value_name))
    _explain(axes, bars, counted_name)
    picture.description = _in_words(bars, shares)
    return picture


def _hollow(axes: Axes, x: float, y: float) -> None:
    axes.plot(
        [x],
        [y],
        marker="D",
        markersize=4.2,
        markerfacecolor="white",
        markeredgecolor=INK,
        linestyle="none",
        clip_on=False,
    )


def _values_at_the_end(axes: Axes, bars: Sequence[Bar], shares: bool) -> None:
    """Write value and interval right of each bar, and leave room for it."""
    ends = [max(b.value, b.high or 0.0, b.counted or 0.0) for b in bars]
    texts = [
        value_in_words(b.value, b.low, b.high, shares) + (f" {legible(b.note)}" if b.note else "")
        for b in bars
    ]
    widest = max((text_width(text, 7.2) for text in texts), default=0.0)
    share = min(0.6, widest / (WIDTH * 72 * (1 - _LABEL_SHARE)))
    top = max(ends, default=0.0) or (1.0 if not shares else 0.01)
    end = top / (1 - share) * 1.02
    ticks = MaxNLocator(6, integer=not shares, steps=[1, 2, 2.5, 5, 10]).tick_values(0, end)
    axes.set_xticks([tick for tick in ticks if tick <= (min(end, 1) if shares else end)])
    axes.set_xlim(0, end)
    for place, (end, text) in enumerate(zip(ends, texts, strict=True)):
        axes.annotate(text, (end, place), (5, 0), textcoords="offset points", va="center", fontsize=7.2)


def _explain(axes: Axes, bars: Sequence[Bar], counted_name: str) -> None:
    marks = []
    if any(b.low is not None for b in bars):
        marks.append(Line2D([], [], color=INK, linewidth=1.3, marker="|", label="95% 구간"))
    if any(b.counted is not None for b in bars):
        hollow = {"marker": "D", "markersize": 4.2, "markerfacecolor": "white", "markeredgecolor": INK}
        marks.append(Line2D([], [], linestyle="none", label=legible(counted_name), **hollow))  # type: ignore[arg-type]
    if marks:
        axes.legend(handles=marks, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderpad=0)


@drawn
def standing_bars(
    bars: Sequence[Bar], name: str = "", *, value_name: str = "", class_name: str = "", shares: bool = True
) -> Picture:
    """Draw standing bars for ordered classes (text lengths, years); arguments as in ``bars_with_intervals``."""
    picture = Picture(name, 2.9)
    axes = axes_of(picture, name, "y")
    places = range(len(bars))
    axes.bar(
        places,
        [b.value for b in bars],
        color=[b.colour for b in bars],
        width=0.6,
        edgecolor=INK,
        linewidth=0.4,
    )
    for place, bar in zip(places, bars, strict=True):
        if bar.low is not None and bar.high is not None:
            axes.plot([place, place], [bar.low, bar.high], color=INK, linewidth=1.3, marker="_", markersize=7)
        if bar.counted is not None:
            _hollow(axes, place, bar.counted)
        top = max(bar.value, bar.high or 0.0, bar.counted or 0.0)
        axes.annotate(
            _written(bar.value, shares),
            (place, top),
            (0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=7.2,
        )
    room = WIDTH * 72 * 0.85 / max(len(bars), 1)
    labels = [
        wrapped(f"{b.label}", room, 8) + (f"\n{wrapped(b.note, room, 8, 1)}" if b.note else "") for b in bars
    ]
    axes.set_xticks(places, labels, fontsize=8)
    axes.set_ylim(bottom=0)
    axes.margins(y=0.15)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: tick(v, shares)))
    axes.set_ylabel(legible(value_name))
    axes.set_xlabel(legible(class_name))
    _explain(axes, bars, "단순 집계")
    picture.description = _in_words(bars, shares)
    return picture


def value_in_words(value: float, low: float | None, high: float | None, shares: bool = True) -> str:
    """Return ``12.3% (10.1%-14.9%)``, or the value alone where there is no interval."""
    if low is None or high is None:
        return _written(value, shares)
    return f"{_written(value, shares)} ({_written(low, shares)}-{_written(high, shares)})"


def _written(value: float, shares: bool) -> str:
    if shares:
        return percent(value)
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 or abs(value) >= 100 else f"{value:,.1f}"


def _in_words(bars: Sequence[Bar], shares: bool) -> str:
    return "; ".join(f"{legible(b.label)} {value_in_words(b.value, b.low, b.high, shares)}" for b in bars)
