"""The report's pictures, drawn from the audit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hyeoksin.audit.report.wording import leaf_codes, note_on_cut, share_of
from hyeoksin.audit.result import Audit, Cut, NodeRow
from hyeoksin.codes import NONE
from hyeoksin.pictures import (
    OFF_PLAN,
    Bar,
    Cell,
    Change,
    Curve,
    Picture,
    Point,
    Tile,
    bars_with_intervals,
    heat_map,
    lines,
    node_colours,
    percent,
    svg,
    treemap,
)

__all__ = ["Shown", "figures"]

_LEAST_TEXTS = 20  # of a column that is drawn
_MOST_COLUMNS = 18
_MOST_LINES = 7
_MOST_BARS = 30
_INTERVALS = " 가는 선은 95% 구간, 마름모는 분류기의 답을 그대로 센 비중입니다."


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of the report: where it stands, its SVG, its caption."""

    section: str
    name: str
    picture: str
    caption: str


def figures(audit: Audit) -> Iterator[Shown]:
    """Yield the pictures, section by section: ``whole``, then ``cut-<name>`` for every cut, then ``time``."""
    colours = node_colours(audit.nodes)
    yield from _whole(audit, colours)
    for cut in audit.cuts:
        if cut.name != "all" and cut.values:
            yield from _cut(audit, cut, colours)
    if audit.periods:
        yield from _time(audit, colours)


def _shown(section: str, picture: Picture, caption: str) -> Shown:
    return Shown(section, picture.name, svg(picture), caption)


def _bar(row: NodeRow, colour: str, label: str = "") -> Bar:
    value, low, high = share_of(row)
    counted = row.share if row.estimate is not None else None
    return Bar(label or f"{row.code} {row.title}", value, low, high, counted=counted, colour=colour)


def _whole(audit: Audit, colours: dict[str, str]) -> Iterator[Shown]:
    rows = {row.code: row for row in audit.cells()}
    leaves = [rows[node.code] for node in audit.nodes if node.code in leaf_codes(audit)]
    roots = {node.code: _root(audit, node.code) for node in audit.nodes}
    tiles = [
        Tile(f"{r.code} {r.title}", share_of(r)[0], roots[r.code], colours[r.code], *share_of(r)[1:])
        for r in leaves
    ]
    inside = sum(tile.value for tile in tiles)
    corrected = any(row.estimate is not None for row in leaves)
    marks = _INTERVALS if corrected else ""
    tops = [_bar(rows[node.code], colours[node.code]) for node in audit.nodes if node.parent is None]
    if NONE in rows:
        tops.append(_bar(rows[NONE], OFF_PLAN, "계획 밖"))
    yield _shown(
        "whole",
        bars_with_intervals(tops, "전략별 비중", value_name="모든 글 가운데 비중"),
        "전략마다 모든 글 가운데 차지하는 비중." + marks,
    )
    if inside > 0:
        yield _shown(
            "whole",
            treemap(tiles, "계획 안 글의 나뉨"),
            f"넓이는 글의 비중입니다. 계획 밖을 뺀 {percent(inside)}만 그렸습니다. 색은 전략입니다."
            + (" 괄호는 95% 구간입니다." if corrected else ""),
        )
    yield _shown(
        "whole",
        bars_with_intervals(
            [_bar(r, colours[r.code]) for r in leaves], "항목별 비중", value_name="모든 글 가운데 비중"
        ),
        "글이 들어가는 가장 아래 항목마다의 비중. 색은 전략입니다." + marks,
    )


def _root(audit: Audit, code: str) -> str:
    by_code = {node.code: node for node in audit.nodes}
    node = by_code[code]
    while node.parent is not None:
        node = by_code[node.parent]
    return f"{node.code} {node.title}"


def _columns(cut: Cut) -> list[str]:
    """Return the values to draw: those with enough texts (all, if none has), at most so many, in the cut's order."""
    size = dict(zip(cut.values, cut.texts, strict=True))
    kept = [value for value in cut.values if size[value] >= _LEAST_TEXTS] or list(cut.values)
    if len(kept) > _MOST_COLUMNS:
        largest = set(sorted(kept, key=lambda value: -size[value])[:_MOST_COLUMNS])
        kept = [value for value in kept if value in largest]
    return kept


def _cut(audit: Audit, cut: Cut, colours: dict[str, str]) -> Iterator[Shown]:
    shown = _columns(cut)
    leaves = [node for node in audit.nodes if node.code in leaf_codes(audit)]
    kept, codes = set(shown), {node.code for node in leaves}
    rows = [row for row in audit.rows if row.cut == cut.name and row.value in kept]
    section = f"cut-{cut.name}"
    cells = [Cell(row.code, row.value, *share_of(row)) for row in rows if row.code in codes]
    size = dict(zip(cut.values, cut.texts, strict=True))
    left_out = note_on_cut(cut.values, shown, _LEAST_TEXTS)
    lined = " 칸 아래의 가는 선은 95% 구간입니다." if any(cell.low is not None for cell in cells) else ""
    yield _shown(
        section,
        heat_map(
            cells,
            f"{cut.title}별 항목의 비중",
            rows=[(node.code, f"{node.code} {node.title}") for node in leaves],
            columns=[(value, value) for value in shown],
            colours=[colours[node.code] for node in leaves],
        ),
        f"{cut.title}마다 그곳의 글 가운데 항목이 차지하는 비중(%). 진할수록 큽니다." + lined + left_out,
    )
    outside = [
        _bar(row, OFF_PLAN, f"{row.value} ({size[row.value]:,}건)") for row in rows if row.code == NONE
    ][:_MOST_BARS]
    if len(outside) > 1:
        marks = _INTERVALS if any(bar.low is not None for bar in outside) else ""
        yield _shown(
            section,
            bars_with_intervals(
                outside, f"{cut.title}별 계획 밖의 비중", value_name="그곳의 글 가운데 계획 밖"
            ),
            f"{cut.title}마다 계획의 어느 항목에도 들지 않는 글의 비중." + marks + left_out,
        )


def _time(audit: Audit, colours: dict[str, str]) -> Iterator[Shown]:
    periods = _unbroken(sorted({r.period for r in audit.periods if r.texts >= _LEAST_TEXTS}))
    if len(periods) < 2:
        return
    roots = [node.code for node in audit.nodes if node.parent is None]
    yield _shown(
        "time",
        lines(
            _curves(audit, roots, colours), "전략의 흐름", periods=periods, value_name="그때의 글 가운데 비중",
            changes=_changes(audit, roots, periods),
        ),
        "때마다 전략의 비중. 띠와 세로선은 95% 구간, 점선은 비중이 달라진 때입니다."
        f" 글이 {_LEAST_TEXTS}건보다 적은 때는 비웠습니다.",
    )  # fmt: skip
    moved = [code for f in audit.findings if f.kind == "trend" for code in f.codes if code not in roots]
    told = [code for code in dict.fromkeys(moved) if code in colours][:_MOST_LINES]
    if told:
        yield _shown(
            "time",
            lines(
                _curves(audit, told, colours), "비중이 달라진 항목", periods=periods,
                value_name="그때의 글 가운데 비중", changes=_changes(audit, told, periods),
            ),
            "흐름이 달라진 것으로 본 항목입니다. 까닭과 확실함은 ‘살펴볼 것’에 있습니다.",
        )  # fmt: skip


def _curves(audit: Audit, codes: Sequence[str], colours: dict[str, str]) -> list[Curve]:
    titles = {node.code: node.title for node in audit.nodes}
    found = []
    for code in codes:
        points = tuple(
            Point(row.period, row.share)
            if row.estimate is None
            else Point(row.period, row.estimate.value, row.estimate.low, row.estimate.high)
            for row in sorted(audit.periods, key=lambda row: row.period)
            if row.code == code and row.texts >= _LEAST_TEXTS
        )
        found.append(Curve(f"{code} {titles[code]}", points, colours[code]))
    return [curve for curve in found if curve.points]


def _unbroken(periods: Sequence[str]) -> list[str]:
    """Return all periods (2024, 2024-Q1 or 2024-03) from the first to the last, so that gaps show as gaps."""
    if not periods:
        return []
    parts = 4 if "Q" in periods[0] else 12 if "-" in periods[0] else 1
    ends = [period.replace("Q", "").split("-") for period in (periods[0], periods[-1])]
    first, last = (int(end[0]) * parts + (int(end[1]) - 1 if parts > 1 else 0) for end in ends)
    marks = {1: "{}", 4: "{}-Q{}", 12: "{}-{:02d}"}
    return [marks[parts].format(n // parts, n % parts + 1) for n in range(first, last + 1)]


def _changes(audit: Audit, codes: Sequence[str], periods: Sequence[str]) -> list[Change]:
    """Return one mark for each period in which lines change, with their codes."""
    at: dict[str, list[str]] = {}
    for finding in audit.findings:
        if finding.kind == "trend" and finding.value in periods:
            at.setdefault(finding.value, []).extend(code for code in finding.codes if code in codes)
    return [
        Change(names[0], period, ", ".join(dict.fromkeys(names)))
        for period, names in sorted(at.items())
        if names and period != periods[0]
    ]
