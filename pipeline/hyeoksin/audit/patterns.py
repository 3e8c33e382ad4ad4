"""Findings about nodes across regions, agencies, kinds and time: permutation tests within kinds of texts, with multiplicity.

Under the null hypothesis a node's texts of one kind fall on regions (agencies, months) like all texts of that kind, so the counts
are multivariate hypergeometric and can be drawn without touching the texts. Kinds are kept apart because they come from
other places and times and have other mixes; kinds that are places or periods themselves (a file a year) have nothing to compare within
and are tested as one, which makes nothing surer than "likely". The statistic of a concentration is the largest standardised excess, that of a change the
largest standardised cumulated excess over time (CUSUM; Page 1954), so the search for the place is part of the test. p-values are adjusted
by Benjamini and Hochberg (1995) over all nodes and cuts of a kind of finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, false_discovery_control

from hyeoksin.audit.estimate import Corrected, below
from hyeoksin.audit.findings import N_TEXTS
from hyeoksin.audit.intervals import Z
from hyeoksin.audit.places import N_DRAWS, Counts, Ints, counts_of
from hyeoksin.audit.result import CUTS, CutName, Finding, Interval, PlanNode, Sureness
from hyeoksin.audit.table import Table

__all__ = ["changes", "concentrations", "pattern_findings"]

_FEW = 10  # texts of a node, below which nothing is tested
_LEVEL = 0.05
_MOST = 12  # findings of a cut
_SIDE = 5.0  # texts expected on either side of a change
_LEAST = 5  # texts of a concentration
_SPLIT = 0.01  # p-value from which a stretch of time is cut once more


def pattern_findings(
    table: Table, cuts: Sequence[CutName], nodes: Sequence[PlanNode], corrected: Corrected | None, seed: int
) -> Iterator[Finding]:
    """Yield where nodes are concentrated, then when they changed."""
    rng = np.random.default_rng(seed)
    tried = [(cut, counts_of(table, cut, split=cut != "kind")) for cut in cuts if cut not in ("all", "year")]
    yield from concentrations(table, tried, nodes, corrected, rng)
    yield from changes(table, counts_of(table, "period"), nodes, rng)


@dataclass(frozen=True, slots=True)
class _Excess:
    """A node at the place where it stands out most; ``gini`` as seen and as expected by chance, ``across_files`` as in Counts."""

    cut: CutName
    code: str
    place: str
    n: int
    ratio: Interval
    p_value: float
    gini: tuple[float, float]
    across_files: bool


def concentrations(
    table: Table,
    tried: Sequence[tuple[CutName, Counts]],
    nodes: Sequence[PlanNode],
    corrected: Corrected | None,
    rng: np.random.Generator,
) -> Iterator[Finding]:
    """Yield the nodes that stand out in one place by more than chance, per cut the strongest ones."""
    codes = [node.code for node in nodes]
    found = [
        _excess(cut, counts, code, rng)
        for cut, counts in tried
        for code in codes
        if code in counts.nodes and counts.nodes[code].sum() >= _FEW and len(counts.places) > 1
    ]
    if not found:
        return
    adjusted = false_discovery_control([one.p_value for one in found])
    for cut, _ in tried:
        here = [(e, p) for e, p in zip(found, adjusted.tolist(), strict=True) if e.cut == cut and p < _LEVEL]
        here = [(e, p) for e, p in here if e.ratio.low > 1.2 and e.n >= _LEAST]
        for excess, p_value in sorted(here, key=lambda pair: (-pair[0].ratio.low, pair[0].code))[:_MOST]:
            yield _concentration(table, excess, p_value, corrected)


def _excess(cut: CutName, counts: Counts, code: str, rng: np.random.Generator) -> _Excess:
    seen, expected = counts.nodes[code].sum(axis=0), counts.expected(code)
    drawn = counts.drawn(code, rng)
    spread = np.maximum(drawn.std(axis=0), 0.5)
    score = (seen - expected) / spread
    best = int(score.argmax())
    by_chance = ((drawn - expected) / spread).max(axis=1)
    p_value = (1 + int((by_chance >= score[best] - 1e-9).sum())) / (N_DRAWS + 1)
    sizes = counts.texts.sum(axis=0)
    chance = float(np.mean([_gini(row, sizes) for row in drawn[:100]]))
    return _Excess(
        cut,
        code,
        counts.places[best],
        int(seen[best]),
        _ratio(int(seen[best]), float(expected[best])),
        p_value,
        (_gini(seen, sizes), chance),
        counts.across_files(code),
    )


def _ratio(n: int, expected: float) -> Interval:
    """Return seen against expected, with the exact Poisson interval of what was seen (Garwood 1936)."""
    low = float(chi2.ppf(0.025, 2 * n)) / 2 if n else 0.0
    high = float(chi2.ppf(0.975, 2 * n + 2)) / 2
    base = max(expected, 1e-9)
    return Interval(round(n / base, 4), round(low / base, 4), round(high / base, 4))


def _gini(counts: Ints, sizes: Ints) -> float:
    """Return the Gini coefficient of the node's share among places, each place weighing as many texts as it has."""
    kept = sizes > 0
    counts, sizes = counts[kept], sizes[kept]
    order = np.argsort(counts / sizes, kind="stable")
    x = np.append(0.0, np.cumsum(sizes[order]) / sizes.sum())
    y = np.append(0.0, np.cumsum(counts[order]) / max(int(counts.sum()), 1))
    return float(1.0 - ((x[1:] - x[:-1]) * (y[1:] + y[:-1])).sum())


def _concentration(table: Table, excess: _Excess, p_value: float, corrected: Corrected | None) -> Finding:
    caution = _caution(table, excess, corrected)
    sureness: Sureness = "strong" if p_value < 0.01 and excess.ratio.low > 1.5 and not caution else "likely"
    if excess.cut == "agency":
        sureness = "weak"
    title = CUTS[excess.cut]
    return Finding(
        "concentrated",
        (excess.code,),
        f"{excess.code} {table.plan[excess.code].title}: {title} '{excess.place}' 에 {excess.n:,}건, "
        f"{'글 전체' if excess.across_files or excess.cut == 'kind' else '같은 종류의 글'}에서 기대한 것의 {excess.ratio.value:.1f}배입니다.",
        sureness,
        f"순열 검정 p={p_value:.4f}(여러 검정 보정), 배수의 95% 구간 {excess.ratio.low:.1f}-{excess.ratio.high:.1f}, "
        f"지니 {excess.gini[0]:.2f}(우연이면 {excess.gini[1]:.2f}).{caution}",
        cut=excess.cut,
        value=excess.place,
        effect_name="기대에 대한 배수",
        effect=excess.ratio,
        p_value=round(p_value, 6),
        n_texts=excess.n,
        texts=_texts(table, excess.code, f"{excess.cut} = ?", excess.place),
    )


def _caution(table: Table, excess: _Excess, corrected: Corrected | None) -> str:
    """Return what keeps the finding from being sure, or nothing."""
    if excess.cut == "agency":
        return " 기관은 계획의 주관기관을 참고해 추천한 것이라 항목과 저절로 이어집니다."
    if excess.across_files:
        return _across(CUTS[excess.cut])
    if corrected is None:
        return ""
    cell = corrected.cells.get((excess.cut, excess.place))
    if cell is None:
        return " 글이 적은 곳이라 따로 추정하지 않아 분류기의 오류인지는 확인하지 못했습니다."
    classes = below(table.plan, excess.code)
    if cell.interval(classes).low > corrected.cells["all", ""].interval(classes).value:
        return ""
    return " 오류를 보정한 구간으로는 다른 곳과 갈라지지 않습니다."


def _across(title: str) -> str:
    return f" 파일이 곧 {title}인 글이라 파일을 합쳐 견주었으니, 파일이 달라서 생긴 차이일 수도 있습니다."


def _texts(table: Table, code: str, where: str, *values: object) -> tuple[int, ...]:
    codes = [leaf.code for leaf in table.plan.leaves if code in {n.code for n in table.plan.path(leaf.code)}]
    found = table.rows(
        f"SELECT row FROM records WHERE answer IN ({', '.join('?' * len(codes))}) AND {where} "  # noqa: S608 - ours
        f"ORDER BY best_p DESC, row LIMIT {N_TEXTS}",
        *codes,
        *values,
    )
    return tuple(row[0] for row in found)


@dataclass(frozen=True, slots=True)
class _Change:
    """A place in time from which a node's share is another: ``at`` is the position of the first period after it.

    ``before`` and ``after`` are the node's texts on either side; where one is 0, ``ratio`` is no more than a bound.
    """

    at: int
    before: int
    after: int
    ratio: Interval
    p_value: float


def changes(
    table: Table, counts: Counts, nodes: Sequence[PlanNode], rng: np.random.Generator
) -> Iterator[Finding]:
    """Yield the nodes whose share changed over time, with every change point that a test holds up."""
    if len(counts.places) < 4:
        return
    tried = []
    for node in nodes:
        if node.code in counts.nodes and counts.nodes[node.code].sum() >= _FEW:
            change = _change(counts, node.code, rng)
            if change is not None:
                tried.append((node, change))
    if not tried:
        return
    adjusted = false_discovery_control([change.p_value for _, change in tried])
    for (node, change), p_value in zip(tried, adjusted.tolist(), strict=True):
        if p_value >= _LEVEL:
            continue
        points = sorted(_points(counts, node.code, 0, len(counts.places), change, rng))
        when = counts.places[change.at]
        up = change.ratio.value > 1
        others = [counts.places[at] for at in points if at != change.at]
        also = f" 그 밖의 변화 시점: {', '.join(others)}." if others else ""
        across = counts.across_files(node.code)
        strong = p_value < 0.01 and (change.ratio.low > 1.25 or change.ratio.high < 0.8) and not across
        measured = bool(change.before and change.after)
        ends = f", 배수의 95% 구간 {change.ratio.low:.1f}-{change.ratio.high:.1f}" if measured else ""
        yield Finding(
            "trend",
            (node.code,),
            f"{node.code} {node.title}: {_told(change, when)}{also}",
            "strong" if strong else "likely",
            f"누적합 순열 검정 p={p_value:.4f}(여러 검정 보정{'' if across else ', 글 종류 안에서 비교'}){ends}."
            f"{_across('시기') if across else ''}",
            effect_name="변화 뒤 / 앞 (기대에 대한 배수의 비)" if measured else "",
            effect=change.ratio if measured else None,
            p_value=round(p_value, 6),
            value=when,
            n_texts=int(counts.nodes[node.code].sum()),
            texts=_texts(table, node.code, "period >= ?" if up else "period < ?", when),
        )


def _told(change: _Change, when: str) -> str:
    """Return the change in words; a ratio to nothing is none."""
    if not change.before:
        return f"{when} 앞에는 없던 글이 그 뒤 {change.after:,}건 있습니다."
    if not change.after:
        return f"{when} 앞에 {change.before:,}건 있던 글이 그 뒤 사라졌습니다."
    up, times = change.ratio.value > 1, change.ratio.value
    said = f"{times:.1f}" if times >= 0.1 else f"{times:.2g}"
    return f"{when} 부터 비중이 그 앞의 {said}배로 {'늘었습니다' if up else '줄었습니다'}."


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
    at = best + 1
    before, after = int(seen[:at].sum()), int(seen[at:].sum())
    base = max(float(expected[:at].sum()), 1e-9), max(float(expected[at:].sum()), 1e-9)
    middle = float(np.log((after + 0.5) / base[1]) - np.log((before + 0.5) / base[0]))
    half = Z * float(np.sqrt(1 / (after + 0.5) + 1 / (before + 0.5)))
    low, value, high = np.exp([middle - half, middle, middle + half]).round(4).tolist()
    return _Change(at, before, after, Interval(value, low, high), p_value)


def _points(
    counts: Counts, code: str, start: int, stop: int, change: _Change, rng: np.random.Generator
) -> Iterator[int]:
    """Yield the change points between two periods: the one given, and those that the two sides hold by themselves."""
    at = start + change.at
    yield at
    for low, high in ((start, at), (at, stop)):
        part = counts.within(low, high)
        if high - low >= 4 and part.nodes[code].sum() >= _FEW:
            inner = _change(part, code, rng)
            if inner is not None and inner.p_value < _SPLIT:
                yield from _points(counts, code, low, high, inner, rng)
