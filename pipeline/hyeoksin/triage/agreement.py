"""How far coders agree: Cohen's kappa, Krippendorff's alpha, and what they disagree about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Agreement", "Coding", "agreement", "cohen_kappa"]

_RESAMPLES = 1_000
Interval = tuple[float, float]
Floats = NDArray[np.float64]
_Pair = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]  # rows, and the codes of either coder


@dataclass(frozen=True, slots=True)
class Coding:
    """One coder's answer to one item (``code`` may be ``NONE``)."""

    item: Hashable
    coder: str
    code: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement over the items that at least two coders answered.

    ``kappa`` is the mean of Cohen's over the pairs of coders, each weighted by the items that both answered; None where
    a figure is not defined (no common items, or one code only). The intervals are 95 % bootstrap ones over items, None
    where all draws are alike (too few items, or no disagreement).
    ``disagreements`` counts unordered pairs of codes, the most frequent first.
    """

    n_items: int
    coders: tuple[str, ...]
    equal: float | None
    kappa: float | None
    kappa_interval: Interval | None
    alpha: float | None
    alpha_interval: Interval | None
    disagreements: tuple[tuple[str, str, int], ...]
    disputed: tuple[Hashable, ...]


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Return Cohen's kappa of two coders over the same items in the same order (Cohen 1960); None if undefined.

    Raises:
        ValueError: the two sequences differ in length.
    """
    pairs = Counter(zip(first, second, strict=True))
    numbers = {code: i for i, code in enumerate({code for pair in pairs for code in pair})}
    left, right = (np.array([numbers[pair[k]] for pair in pairs], dtype=np.intp) for k in (0, 1))
    return _kappa(left, right, np.array(list(pairs.values()), dtype=np.float64))


def _kappa(left: NDArray[np.intp], right: NDArray[np.intp], times: Floats) -> float | None:
    """Return Cohen's kappa of two coders whose pairs of (numbered) codes came up so many times."""
    n = times.sum()
    if n == 0.0:
        return None
    width = int(max(left.max(), right.max())) + 1
    chance = np.bincount(left, times, width) @ np.bincount(right, times, width) / n**2
    if chance == 1.0:
        return None
    return float((times[left == right].sum() / n - chance) / (1.0 - chance))


def _alpha(counts: Floats, times: Floats) -> float | None:
    """Return Krippendorff's alpha (nominal; Krippendorff 2011): 1 - observed / expected disagreement.

    ``counts`` says how often each code was given in each way of coding an item (ways x codes), ``times`` how many items
    were coded in each way. None where it is undefined. (The ``krippendorff`` package is GPL.)
    """
    sizes = counts.sum(axis=1)
    n = times @ sizes
    if n == 0.0:
        return None
    observed = float(times @ ((sizes**2 - (counts**2).sum(axis=1)) / (sizes - 1.0)))
    expected = float(n**2 - ((times @ counts) ** 2).sum()) / (n - 1.0)
    return None if expected == 0.0 else 1.0 - observed / expected


def agreement(codings: Iterable[Coding]) -> Agreement:
    """Compare what several coders answered; a later answer of a coder to the same item replaces the earlier one."""
    answers: dict[Hashable, dict[str, str]] = defaultdict(dict)
    for coding in codings:
        answers[coding.item][coding.coder] = coding.code
    shared = {item: given for item, given in answers.items() if len(given) > 1}
    rows = list(shared.values())
    coders = tuple(sorted({coder for given in rows for coder in given}))
    wrong: Counter[tuple[str, str]] = Counter()
    for given in rows:
        wrong.update(_unequal(sorted(given.values())))
    ways = sorted(Counter(tuple(sorted(given.items())) for given in rows).items())
    times = np.array([n for _, n in ways], dtype=np.float64)
    counts, pairs = _tables([dict(way) for way, _ in ways], coders)
    random = np.random.default_rng(0)
    draws = [
        random.multinomial(len(rows), times / len(rows)).astype(float) for _ in range(_RESAMPLES) if rows
    ]
    return Agreement(
        n_items=len(rows),
        coders=coders,
        equal=sum(len(set(given.values())) == 1 for given in rows) / len(rows) if rows else None,
        kappa=_mean_kappa(pairs, times),
        kappa_interval=_interval([_mean_kappa(pairs, draw) for draw in draws]),
        alpha=_alpha(counts, times),
        alpha_interval=_interval([_alpha(counts, draw) for draw in draws]),
        disagreements=tuple((a, b, n) for (a, b), n in sorted(wrong.items(), key=lambda p: (-p[1], p[0]))),
        disputed=tuple(item for item, given in shared.items() if len(set(given.values())) > 1),
    )


def _unequal(codes: Sequence[str]) -> Iterable[tuple[str, str]]:
    return ((a, b) for a, b in combinations(codes, 2) if a != b)


def _tables(ways: Sequence[dict[str, str]], coders: Sequence[str]) -> tuple[Floats, list[_Pair]]:
    """Return how often each code was given (ways x codes), and what each pair of coders said where both spoke."""
    numbers = {code: i for i, code in enumerate(sorted({code for way in ways for code in way.values()}))}
    counts = np.zeros((len(ways), len(numbers)))
    for row, way in enumerate(ways):
        for code in way.values():
            counts[row, numbers[code]] += 1.0
    pairs = []
    for first, second in combinations(coders, 2):
        both = [row for row, way in enumerate(ways) if first in way and second in way]
        left, right = ([numbers[ways[row][coder]] for row in both] for coder in (first, second))
        if both:
            pairs.append((np.array(both), np.array(left), np.array(right)))
    return counts, pairs


def _mean_kappa(pairs: Sequence[_Pair], times: Floats) -> float | None:
    total = weight = 0.0
    for both, left, right in pairs:
        here = times[both]
        kappa = _kappa(left, right, here)
        if kappa is not None:
            total, weight = total + kappa * float(here.sum()), weight + float(here.sum())
    return total / weight if weight else None


def _interval(values: Sequence[float | None]) -> Interval | None:
    known = [value for value in values if value is not None]
    if len(known) < 2 or np.ptp(known) < 1e-12:
        return None
    low, high = np.percentile(known, [2.5, 97.5]).tolist()
    return low, high
