"""Findings about nodes and topics across regions, kinds and time: permutation tests within kinds of texts, with multiplicity.

Under the null hypothesis a node's texts of one kind fall on regions (or months) like all texts of that kind, so the counts
are multivariate hypergeometric and can be drawn without touching the texts. Kinds are kept apart because they come from
other places and times and have other mixes; kinds that are places or periods themselves (a file a year) have nothing to compare within
and are tested as one, which makes nothing surer than "likely". The statistic of a concentration is the largest standardised excess, that of a change the
largest standardised cumulated excess over time (CUSUM; Page 1954), so the search for the place is part of the test. p-values (of the draws,
or a bound where that is lower) are adjusted by Benjamini and Hochberg (1995) over all nodes, topics and cuts of a kind of finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

import numpy as np
from scipy.stats import false_discovery_control

from hyeoksin.audit.estimate import Corrected, below
from hyeoksin.audit.findings import N_TEXTS
from hyeoksin.audit.intervals import Z, wilson
from hyeoksin.audit.places import N_DRAWS, Counts, bound, counts_of
from hyeoksin.audit.result import CUTS, CutName, Finding, Interval, PlanNode
from hyeoksin.audit.rows import OFF_PLAN, shown
from hyeoksin.audit.table import Table
from hyeoksin.codes import NONE

__all__ = ["changes", "concentrations", "pattern_findings"]

_FEW = 10  # texts of a node, below which nothing is tested
_LEVEL = 0.05
_MOST = 12  # findings of a cut
_SIDE = 5.0  # texts expected on either side of a change
_LEAST = 5  # texts of a concentration
_SHOWN, _SURE = 1.2, 1.5  # times more (or less) than expected, at the near end of the interval
_CHANGED = 1.05  # times more (or less) than before, at the near end: of a node as large as "off-plan" a thousandth can be no chance
_SPLIT = 0.01  # p-value from which a stretch of time is cut once more


def pattern_findings(
    table: Table, cuts: Sequence[CutName], nodes: Sequence[PlanNode], corrected: Corrected | None, seed: int
) -> Iterator[Finding]:
    """Yield where nodes are concentrated or lacking, then when they changed; what is outside the plan and topics are looked at alike.

    Agencies are left out: they are recommended with an eye to the plan's printed leads, so that nodes gather there by themselves.
    Topics are not compared between kinds: what petitions are about is no finding about petitions.
    """
    rng = np.random.default_rng(seed)
    untried = ("all", "year", "agency")
    tried = [(cut, counts_of(table, cut, split=cut != "kind")) for cut in cuts if cut not in untried]
    codes = [*(code for code, _, _ in shown(nodes)), *table.themes]
    yield from concentrations(table, tried, codes, corrected, rng)
    yield from changes(table, counts_of(table, "period"), codes, rng)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a test found of a node (or topic): how many times what chance would give, and its p-value."""

    code: str
    ratio: Interval
    p_value: float

    @property
    def up(self) -> bool:
        """Whether there are more texts than expected."""
        return self.ratio.value > 1

    @property
    def times(self) -> float:
        """How many times more (or less) than expected there are at least."""
        return self.ratio.low if self.up else 1 / max(self.ratio.high, 1e-9)


_F = TypeVar("_F", bound=_Found)


@dataclass(frozen=True, slots=True)
class _Excess(_Found):
    """A node at the place where it stands out most, up or down; ``across_files`` as in Counts."""

    cut: CutName
    place: str
    n: int
    expected: float
    across_files: bool


def concentrations(
    table: Table,
    tried: Sequence[tuple[CutName, Counts]],
    codes: Sequence[str],
    corrected: Corrected | None,
    rng: np.random.Generator,
) -> Iterator[Finding]:
    """Yield the nodes that stand out in one place by more than chance, per cut the strongest ones; then those that lack in one."""
    found = [
        excess
        for cut, counts in tried
        for code in codes
        if code in counts.nodes and counts.nodes[code].sum() >= _FEW and len(counts.places) > 1
        if cut != "kind" or code not in table.themes
        for excess in _excesses(cut, counts, code, rng)
    ]
    sure = _adjusted(found)
    for up, (cut, _) in product((True, False), tried):
        here = [
            e for e in sure if (e.up, e.cut) == (up, cut) and e.times > _SHOWN and (e.n >= _LEAST or not up)
        ]
        kept = sorted(here, key=lambda e: (-e.times, e.code))[:_MOST]
        for excess in kept:
            also = _below(table, excess.code, [e.code for e in kept if e.place == excess.place])
            yield _concentration(table, excess, corrected, also)


def _adjusted(found: Sequence[_F]) -> list[_F]:
    """Return what is no chance among all that was tried, with the p-values adjusted for it."""
    adjusted = false_discovery_control([one.p_value for one in found]).tolist() if found else []
    return [replace(one, p_value=p) for one, p in zip(found, adjusted, strict=True) if p < _LEVEL]


def _excesses(cut: CutName, counts: Counts, code: str, rng: np.random.Generator) -> Iterator[_Excess]:
    """Yield the node at the place of its largest excess and at that of its largest lack, each with the p-value of having searched."""
    seen, expected = counts.nodes[code].sum(axis=0), counts.expected(code)
    drawn = counts.drawn(code, rng)
    spread = np.maximum(drawn.std(axis=0), 0.5)
    score, by_chance = (seen - expected) / spread, (drawn - expected) / spread
    sizes = counts.texts.sum(axis=0)
    for sign in (1, -1):
        best = int((sign * score).argmax())
        n_texts = int(sizes[best])
        extreme = (sign * by_chance).max(axis=1) >= sign * score[best] - 1e-9
        most = bound(expected, score[best] * spread, int(seen.sum()))
        yield _Excess(
            code,
            wilson(int(seen[best]), n_texts).times(n_texts / max(float(expected[best]), 1e-9)),
            min((1 + int(extreme.sum())) / (N_DRAWS + 1), most),
            cut,
            counts.places[best],
            int(seen[best]),
            float(expected[best]),
            counts.across_files(code),
        )


def _p(value: float) -> str:
    return f"p={value:.4f}" if value >= 0.0001 else "p<0.0001"


def _concentration(table: Table, excess: _Excess, corrected: Corrected | None, also: str) -> Finding:
    theme = table.themes.get(excess.code)  # found in the words: the classifier's errors make none
    caution = theme.caution if theme else ""
    caution += _caution(table, excess, None if theme else corrected)
    sure = excess.p_value < 0.01 and excess.times > _SURE and not caution
    base = "글 전체" if excess.across_files or excess.cut == "kind" else "같은 종류의 글"
    usual, only = f"{excess.expected:,.{int(excess.expected < 10)}f}건", "" if excess.up else "뿐"
    seen = f"{excess.n:,}건, {base}에서 기대한 {usual}의 {_times(excess.ratio.value)}배{only}입니다."
    if not excess.n:
        seen = f"한 건도 없습니다. {base}에서 기대한 것은 {usual}입니다."
    return Finding(
        "concentrated" if excess.up else "lacking",
        (excess.code,),
        f"{_named(table, excess.code)}: {CUTS[excess.cut]} '{excess.place}' 에 {seen}",
        "strong" if sure else "likely",
        f"순열 검정 {_p(excess.p_value)}(여러 검정 보정), 배수의 95% 구간 {excess.ratio.low:.1f}-{excess.ratio.high:.1f}."
        f"{caution}{also}",
        cut=excess.cut,
        value=excess.place,
        effect_name="기대에 대한 배수",
        effect=excess.ratio,
        p_value=round(excess.p_value, 6),
        n_texts=excess.n,
        texts=_texts(table, excess.code, f"{excess.cut} = $2", excess.place),
    )


def _named(table: Table, code: str) -> str:
    if code in table.themes:
        return table.themes[code].name
    return OFF_PLAN if code == NONE else f"{code} {table.plan[code].title}"


def _times(value: float) -> str:
    return f"{value:.1f}" if value >= 0.1 else f"{value:.2g}"


def _below(table: Table, code: str, told: Sequence[str]) -> str:
    """Return the words for a node of which others that are told lie below it: it may be their finding once more."""
    nodes = [c for c in told if c not in (code, NONE, *table.themes)]
    others = [c for c in nodes if code in {node.code for node in table.plan.path(c)}]
    return f" 아래 항목 {', '.join(others)} 에서 온 것일 수 있습니다." if others else ""


def _caution(table: Table, excess: _Excess, corrected: Corrected | None) -> str:
    """Return what keeps the finding from being sure, or nothing."""
    if excess.across_files:
        return _across(CUTS[excess.cut])
    if corrected is None:
        return ""
    cell = corrected.cells.get((excess.cut, excess.place))
    if cell is None:
        why = "글이 적은 곳이라 따로 추정하지 않아"
        if corrected.refused:
            why = "보정한 추정이 코딩한 표본과 어긋나 쓰지 않아"
        elif corrected.cells.keys() <= {("all", "")}:
            why = "이 모델의 오류를 잰 기록이 없어 나눈 칸은 추정하지 않아"
        return f" {why} 분류기의 오류인지는 확인하지 못했습니다."
    classes = below(table.plan, excess.code)
    here, whole = cell.interval(classes), corrected.cells["all", ""].interval(classes).value
    if here.low > whole if excess.up else here.high < whole:
        return ""
    return " 오류를 보정한 구간으로는 다른 곳과 갈라지지 않습니다."


def _across(title: str) -> str:
    return f" 파일이 곧 {title}인 글이라 파일을 합쳐 견주었으니, 파일이 달라서 생긴 차이일 수도 있습니다."


def _texts(table: Table, code: str, where: str, *values: object) -> tuple[int, ...]:
    theme = table.themes.get(code)
    some = list(theme.rows) if theme else [table.classes[i] for i in below(table.plan, code)]
    column, order = ("row", "list_position($1, row)") if theme else ("answer", "best_p DESC")
    found = table.rows(
        f"SELECT row FROM records WHERE list_contains($1, {column}) AND {where} ORDER BY {order}, row LIMIT {N_TEXTS}",  # noqa: S608 - ours
        some,
        *values,
    )
    return tuple(row[0] for row in found)


@dataclass(frozen=True, slots=True)
class _Change(_Found):
    """A place in time from which a node's share is another: ``at`` is the position of the first period after it.

    ``before`` and ``after`` are the node's texts on either side; where one is 0, ``ratio`` is no more than a bound.
    """

    at: int
    before: int
    after: int


def changes(
    table: Table, counts: Counts, codes: Sequence[str], rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield the nodes whose share changed over time, the strongest first, with every change point that a test holds up."""
    if len(counts.places) < 4:
        return
    known = [code for code in codes if code in counts.nodes and counts.nodes[code].sum() >= _FEW]
    tested = _adjusted([change for code in known if (change := _change(counts, code, rng)) is not None])
    sure = [change for change in tested if change.times > _CHANGED]
    for change in sorted(sure, key=lambda change: -change.times):
        points = sorted(_points(counts, 0, len(counts.places), change, rng))
        others = [counts.places[at] for at in points if at != change.at]
        also = f" 그 밖의 변화 시점: {', '.join(others)}." if others else ""
        told = _below(table, change.code, [c.code for c in sure if c.up == change.up])
        yield _changed(table, counts, change, also, told)


def _changed(table: Table, counts: Counts, change: _Change, also: str, told: str) -> Finding:
    code, when = change.code, counts.places[change.at]
    across = counts.across_files(code)
    caution = (table.themes[code].caution if code in table.themes else "") + (
        _across("시기") if across else ""
    )
    measured = bool(change.before and change.after)
    ends = f", 배수의 95% 구간 {change.ratio.low:.1f}-{change.ratio.high:.1f}" if measured else ""
    return Finding(
        "trend",
        (code,),
        f"{_named(table, code)}: {_told(change, when)}{also}",
        "strong" if change.p_value < 0.01 and change.times > 1.25 and not caution else "likely",
        f"누적합 순열 검정 {_p(change.p_value)}(여러 검정 보정{'' if across else ', 글 종류 안에서 비교'}){ends}."
        f"{caution}{told}",
        effect_name="변화 뒤 / 앞 (기대에 대한 배수의 비)" if measured else "",
        effect=change.ratio if measured else None,
        p_value=round(change.p_value, 6),
        value=when,
        n_texts=int(counts.nodes[code].sum()),
        texts=_texts(table, code, "period >= $2" if change.up else "period < $2", when),
    )


def _told(change: _Change, when: str) -> str:
    """Return the change in words; a ratio to nothing is none."""
    if not change.before:
        return f"{when} 앞에는 없던 글이 그 뒤 {change.after:,}건 있습니다."
    if not change.after:
        return f"{when} 앞에 {change.before:,}건 있던 글이 그 뒤 사라졌습니다."
    return f"{when} 부터 비중이 그 앞의 {_times(change.ratio.value)}배로 {'늘었습니다' if change.up else '줄었습니다'}."


def _change(counts: Counts, code: str, rng: np.random.Generator) -> _Change | None:
    """Return the likeliest change point of a node with its p-value; None where there is nothing to compare."""
    seen, expected = counts.nodes[code].sum(axis=0), counts.expected(code)
    drawn = np.cumsum(counts.drawn(code, rng) - expected, axis=1)[:, :-1]
    spread = drawn.std(axis=0)
    so_far = np.cumsum(expected)[:-1]
    open_places = (spread > 1e-9) & (so_far >= _SIDE) & (expected.sum() - so_far >= _SIDE)
    if not open_places.any():
        return None
    scale = np.where(open_places, spread, np.inf)
    score = np.abs(np.cumsum(seen - expected)[:-1]) / scale
    best = int(score.argmax())
    by_chance = (np.abs(drawn) / scale).max(axis=1)
    p_value = (1 + int((by_chance >= score[best] - 1e-9).sum())) / (N_DRAWS + 1)
    far = score[best] * spread[open_places]
    p_value = min(p_value, sum(bound(so_far[open_places], apart, int(seen.sum())) for apart in (far, -far)))
    at = best + 1
    before, after = int(seen[:at].sum()), int(seen[at:].sum())
    base = max(float(expected[:at].sum()), 1e-9), max(float(expected[at:].sum()), 1e-9)
    middle = float(np.log((after + 0.5) / base[1]) - np.log((before + 0.5) / base[0]))
    half = Z * float(np.sqrt(1 / (after + 0.5) + 1 / (before + 0.5)))
    low, value, high = np.exp([middle - half, middle, middle + half]).round(4).tolist()
    return _Change(code, Interval(value, low, high), p_value, at, before, after)


def _points(
    counts: Counts, start: int, stop: int, change: _Change, rng: np.random.Generator
) -> Iterator[int]:
    """Yield the change points between two periods: the one given, and those that the two sides hold by themselves."""
    at = start + change.at
    yield at
    for low, high in ((start, at), (at, stop)):
        part = counts.within(low, high)
        if high - low >= 4 and part.nodes[change.code].sum() >= _FEW:
            inner = _change(part, change.code, rng)
            if inner is not None and inner.p_value < _SPLIT:
                yield from _points(counts, low, high, inner, rng)
