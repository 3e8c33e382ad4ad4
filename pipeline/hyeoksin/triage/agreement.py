"""How far coders agree: Cohen's kappa, Krippendorff's alpha, and what they disagree about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Agreement", "Coding", "agreement", "cohen_kappa"]

_RESAMPLES = 1_000
Interval = tuple[float, float]


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
    pairs = list(zip(first, second, strict=True))
    if not pairs:
        return None
    left, right = Counter(first), Counter(second)
    chance = sum(n * right[code] for code, n in left.items()) / len(pairs) ** 2
    if chance == 1.0:
        return None
    seen = sum(a == b for a, b in pairs) / len(pairs)
    return (seen - chance) / (1.0 - chance)


def _counts(units: Sequence[Counter[Hashable]]) -> NDArray[np.float64]:
    codes = {code: i for i, code in enumerate(dict.fromkeys(code for unit in units for code in unit))}
    counts = np.zeros((len(units), len(codes)))
    for row, unit in enumerate(units):
        for code, n in unit.items():
            counts[row, codes[code]] = n
    return counts


def _alpha(counts: NDArray[np.float64]) -> float | None:
    """Return Krippendorff's alpha of (items x codes) counts (nominal; Krippendorff 2011): 1 - observed / expected disagreement.

    None where it is undefined. (The ``krippendorff`` package is GPL.)
    """
    if counts.size == 0:
        return None
    sizes = counts.sum(axis=1)
    n = sizes.sum()
    observed = float(((sizes**2 - (counts**2).sum(axis=1)) / (sizes - 1.0)).sum())
    expected = float(n**2 - (counts.sum(axis=0) ** 2).sum()) / (n - 1.0)
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
    units = [Counter[Hashable](given.values()) for given in rows]
    counts = _counts(units)
    random = np.random.default_rng(0)
    draws = random.integers(len(rows), size=(_RESAMPLES, len(rows))) if rows else np.zeros((0, 0), np.int64)
    alphas = [_alpha(counts[draw]) for draw in draws]
    kappas = [_mean_kappa([rows[i] for i in draw], coders) for draw in draws[:200]]
    return Agreement(
        n_items=len(rows),
        coders=coders,
        equal=sum(len(set(given.values())) == 1 for given in rows) / len(rows) if rows else None,
        kappa=_mean_kappa(rows, coders),
        kappa_interval=_interval(kappas),
        alpha=_alpha(counts),
        alpha_interval=_interval(alphas),
        disagreements=tuple((a, b, n) for (a, b), n in sorted(wrong.items(), key=lambda p: (-p[1], p[0]))),
        disputed=tuple(item for item, given in shared.items() if len(set(given.values())) > 1),
    )


def _unequal(codes: Sequence[str]) -> Iterable[tuple[str, str]]:
    return ((a, b) for i, a in enumerate(codes) for b in codes[i + 1 :] if a != b)


def _mean_kappa(rows: Sequence[dict[str, str]], coders: Sequence[str]) -> float | None:
    total, weight = 0.0, 0
    for i, first in enumerate(coders):
        for second in coders[i + 1 :]:
            both = [(given[first], given[second]) for given in rows if first in given and second in given]
            kappa = cohen_kappa([a for a, _ in both], [b for _, b in both])
            if kappa is not None:
                total, weight = total + kappa * len(both), weight + len(both)
    return total / weight if weight else None


def _interval(values: Sequence[float | None]) -> Interval | None:
    known = [value for value in values if value is not None]
    if len(known) < 2 or np.ptp(known) < 1e-12:
        return None
    low, high = np.percentile(known, [2.5, 97.5]).tolist()
    return low, high
