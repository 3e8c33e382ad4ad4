"""What may stand without a person: the largest sets whose lower ends keep the promise in every group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hyeoksin.triage.cases import WHOLE, Case, Stratum, strata_of
from hyeoksin.triage.order import Reading

__all__ = ["STEP", "most_errors", "settle"]

STEP = 0.005  # precisions are promised in steps of half a percent
_SLACK = 1e-9
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Group:
    """The readings that touch one group, the least sure first: how many of its texts each holds and how sure they are."""

    readings: NDArray[np.int64]
    n_texts: Floats
    sure: Floats  # sum of the lower ends of those texts


def settle(
    readings: Sequence[Reading], cases: Sequence[Case], low: Floats, per: Sequence[Stratum], precision: float
) -> Bools:
    """Return which readings may stand without a person, as (n readings,) flags.

    In the whole and in each region, kind, …, the mean lower end of what stands is at least ``precision``, and no text
    below ``2 * precision - 1`` stands (nobody settles a coin toss because others are sure). The sets are built from
    the strictest precision downwards, each holding the one before, so a lower precision never settles less.
    """
    least = np.array([min(low[i] for i in reading.members) for reading in readings])
    groups = _groups(readings, cases, low, least, per)
    standing = np.zeros(len(readings), dtype=bool)
    last = math.floor((1.0 - precision) / STEP + 1e-6)
    for step in range(1, last + 1):
        level = 1.0 - step * STEP
        standing = _widen(standing, least, groups, level)
    return standing


def _widen(kept: Bools, least: Floats, groups: Sequence[_Group], level: float) -> Bools:
    """Return ``kept`` and as many of the other readings as keep ``level`` in every group (the least sure leave first)."""
    standing = kept | (least >= 2.0 * level - 1.0)
    changed = True
    while changed:
        changed = False
        for group in groups:
            here = standing[group.readings]
            surplus = (group.sure - level * group.n_texts) * here
            short = -float(surplus.sum())
            if short <= _SLACK:
                continue
            may_leave = here & ~kept[group.readings]
            gain = np.cumsum(np.where(may_leave, -surplus, 0.0))
            end = int(np.argmax(gain >= short - _SLACK))
            leaving = group.readings[: end + 1][may_leave[: end + 1]]
            standing[leaving] = False
            changed = changed or leaving.size > 0
    return standing


def _groups(
    readings: Sequence[Reading], cases: Sequence[Case], low: Floats, least: Floats, per: Sequence[Stratum]
) -> list[_Group]:
    held: dict[tuple[str, str], dict[int, tuple[int, float]]] = {}
    for at in np.argsort(least, kind="stable").tolist():
        for i in readings[at].members:
            for name in (WHOLE, *strata_of(cases[i], per)):
                n, sure = held.setdefault(name, {}).get(at, (0, 0.0))
                held[name][at] = (n + cases[i].n_members, sure + cases[i].n_members * float(low[i]))
    return [
        _Group(
            np.array(list(of), dtype=np.int64),
            np.array([n for n, _ in of.values()], dtype=np.float64),
            np.array([sure for _, sure in of.values()]),
        )
        for of in held.values()
    ]


def most_errors(sure: Floats, n_members: Sequence[int], confidence: float) -> int:
    """Return the number of wrong texts that is not exceeded with ``confidence`` (Poisson binomial of the lower ends).

    The members of a group of duplicates are right or wrong together.
    """
    sizes = np.array(n_members, dtype=np.float64)
    mean, variance = float(((1.0 - sure) * sizes).sum()), float((sure * (1.0 - sure) * sizes**2).sum())
    far = (
        mean + 10.0 * variance**0.5 + 10.0 * float(sizes.max(initial=1.0))
    )  # beyond it there is nothing to count
    chance = np.zeros(int(min(sizes.sum(), far)) + 1)
    chance[0] = 1.0
    for probability, size in zip(sure.tolist(), n_members, strict=True):
        moved = np.zeros_like(chance)
        moved[size:] = chance[: max(len(chance) - size, 0)]
        chance = probability * chance + (1.0 - probability) * moved
    return int(np.argmax(np.cumsum(chance) >= confidence - _SLACK))
