"""Findings about nodes across regions, agencies, kinds and time: permutation tests within kinds of texts, with multiplicity.

Under the null hypothesis a node's texts of one kind fall on regions (agencies, months) like all texts of that kind, so the counts
are multivariate hypergeometric and can be drawn without touching the texts. Kinds are kept apart because they come from
other places and times and have other mixes. The statistic of a concentration is the largest standardised excess, that of a change the
largest standardised cumulated excess over time (CUSUM; Page 1954), so the search for the place is part of the test. p-values are adjusted
by Benjamini and Hochberg (1995) over all nodes and cuts of a kind of finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, false_discovery_control

from hyeoksin.audit.estimate import Corrected, below
from hyeoksin.audit.findings import N_TEXTS
from hyeoksin.audit.intervals import Z
from hyeoksin.audit.result import CUTS, CutName, Finding, Interval, PlanNode, Sureness
from hyeoksin.audit.table import Table
from hyeoksin.codes import NONE

__all__ = ["Counts", "changes", "concentrations", "pattern_findings"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_DRAWS = 2_000
_FEW = 10  # texts of a node, below which nothing is tested
_LEVEL = 0.05
_MOST = 12  # findings of a cut
_SIDE = 5.0  # texts expected on either side of a change
_LEAST = 5  # texts of a concentration
_SPLIT = 0.01  # p-value from which a stretch of time is cut once more


@dataclass(frozen=True)
class Counts:
    """Texts by kind and place (or period): ``texts`` (kinds x places), and per code ``nodes[code]`` of the same shape."""

    places: tuple[str, ...]
    texts: Ints
    nodes: Mapping[str, Ints]

    def within(self, start: int, stop: int) -> Counts:
        """Return the counts of some of the places."""
        return Counts(
            self.places[start:stop],
            self.texts[:, start:stop],
            {code: counts[:, start:stop] for code, counts in self.nodes.items()},
        )

    def expected(self, code: str) -> Floats:
        """Return the (places,) texts of the node that the kinds of texts lead one to expect."""
        of_kind = self.nodes[code].sum(axis=1)
        share = self.texts / np.maximum(self.texts.sum(axis=1, keepdims=True), 1)
        expected: Floats = of_kind @ share
        return expected

    def drawn(self, code: str, rng: np.random.Generator) -> Ints:
        """Return (draws x places) counts of the node under the null hypothesis."""
        total = np.zeros((_DRAWS, len(self.places)), np.int64)
        for texts, n in zip(self.texts, self.nodes[code].sum(axis=1), strict=True):
            if n:
                total += rng.multivariate_hypergeometric(texts, int(n), _DRAWS, method="marginals")
        return total


def pattern_findings(
    table: Table, cuts: Sequence[CutName], nodes: Sequence[PlanNode], corrected: Corrected | None, seed: int
) -> Iterator[Finding]:
    """Yield where nodes are concentrated, then when they changed."""
    rng = np.random.default_rng(seed)
    tried = [(cut, counts_of(table, cut, split=cut != "kind")) for cut in cuts if cut not in ("all", "year")]
    yield from concentrations(table, tried, nodes, corrected, rng)
    yield from changes(table, counts_of(table, "period"), nodes, rng)


def counts_of(table: Table, cut: CutName, split: bool = True) -> Counts:
    """Return the counts of a cut (``split``: by kind of text)."""
    kind = "coalesce(kind, '')" if split else "''"
    found = table.rows(
        f"SELECT {kind}, {cut}, answer, count(*) FROM records WHERE {cut} IS NOT NULL GROUP BY ALL ORDER BY ALL"  # noqa: S608
    )
    kinds = {k: i for i, k in enumerate(sorted({row[0] for row in found}))}
    places = {p: i for i, p in enumerate(sorted({row[1] for row in found}))}
    texts = np.zeros((len(kinds), len(places)), np.int64)
    nodes: dict[str, Ints] = {}
    for k, place, answer, n in found:
        texts[kinds[k], places[place]] += n
        for code in [NONE] if answer == NONE else [node.code for node in table.plan.path(answer)]:
            nodes.setdefault(code, np.zeros_like(texts))[kinds[k], places[place]] += n
    return Counts(tuple(places), texts, nodes)


@dataclass(frozen=True, slots=True)
class _Excess:
    """A node at the place where it stands out most; ``gini`` as seen and as expected by chance."""

    cut: CutName
    code: str
    place: str
    n: int
    ratio: Interval
    p_value: float
    gini: tuple[float, float]


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
    p_value = (1 + int((by_chance >= score[best] - 1e-9).sum())) / (_DRAWS + 1)
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
    sureness: Sureness = "strong" if p_value < 0.01 and excess.ratio.low > 1.5 else "likely"
    caution = ""
    if excess.cut == "agency":
        sureness = "weak"
        caution = " 기관은 계획의 주관기관을 참고해 추천한 것이라 항목과 저절로 이어집니다."
    elif sureness == "strong" and corrected is not None and not _holds(table, excess, corrected):
        sureness = "likely"
        caution = " 오류를 보정한 구간으로는 다른 곳과 갈라지지 않습니다."
    title = CUTS[excess.cut]
    return Finding(
        "concentrated",
        (excess.code,),
        f"{excess.code} {table.plan[excess.code].title}: {title} '{excess.place}' 에 {excess.n:,}건, "
        f"같은 종류의 글에서 기대한 것의 {excess.ratio.value:.1f}배입니다.",
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


def _holds(table: Table, excess: _Excess, corrected: Corrected) -> bool:
    """Return whether the corrected share of the place lies above that of all texts."""
    cell = corrected.cells.get((excess.cut, excess.place))
    if cell is None:
        return True
    classes = below(table.plan, excess.code)
    return cell.interval(classes).low > corrected.cells["all", ""].interval(classes).value


def _texts(table: Table, code: str, where: str, *values: object) -> tuple[str, ...]:
    codes = [leaf.code for leaf in table.plan.leaves if code in {n.code for n in table.plan.path(leaf.code)}]
    found = table.rows(
        f"SELECT id FROM records WHERE answer IN ({', '.join('?' * len(codes))}) AND {where} "  # noqa: S608 - ours
        f"ORDER BY best_p DESC, row LIMIT {N_TEXTS}",
        *codes,
        *values,
    )
    return tuple(row[0] for row in found)


@dataclass(frozen=True, slots=True)
class _Change:
    """A place in time from which a node's share is another: ``at`` is the position of the first period after it."""

    at: int
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
        strong = p_value < 0.01 and (change.ratio.low > 1.25 or change.ratio.high < 0.8)
        yield Finding(
            "trend",
            (node.code,),
            f"{node.code} {node.title}: {when} 부터 비중이 그 앞의 {change.ratio.value:.1f}배로 {'늘었습니다' if up else '줄었습니다'}.{also}",
            "strong" if strong else "likely",
            f"누적합 순열 검정 p={p_value:.4f}(여러 검정 보정, 글 종류 안에서 비교), 배수의 95% 구간 "
            f"{change.ratio.low:.1f}-{change.ratio.high:.1f}.",
            effect_name="변화 뒤 / 앞 (기대에 대한 배수의 비)",
            effect=change.ratio,
            p_value=round(p_value, 6),
            value=when,
            n_texts=int(counts.nodes[node.code].sum()),
            texts=_texts(table, node.code, "period >= ?" if up else "period < ?", when),
        )


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
    p_value = (1 + int((by_chance >= score[best] - 1e-9).sum())) / (_DRAWS + 1)
    at = best + 1
    before, after = int(seen[:at].sum()), int(seen[at:].sum())
    base = max(float(expected[:at].sum()), 1e-9), max(float(expected[at:].sum()), 1e-9)
    middle = float(np.log((after + 0.5) / base[1]) - np.log((before + 0.5) / base[0]))
    half = Z * float(np.sqrt(1 / (after + 0.5) + 1 / (before + 0.5)))
    low, value, high = np.exp([middle - half, middle, middle + half]).round(4).tolist()
    return _Change(at, Interval(value, low, high), p_value)


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
