"""The figures of a replayed year: thresholds, hour budgets, nodes, and the reading that ranking saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from hyeoksin.codes import NONE
from hyeoksin.plan import Plan
from hyeoksin.simulate.past import Answered

__all__ = [
    "NodeRow",
    "Saving",
    "Share",
    "ThresholdRow",
    "node_rows",
    "savings",
    "share",
    "threshold_rows",
    "work_saved",
]

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
RECALL = 0.95
_FEW = 20  # texts of a node below which ranking it says nothing
_N_WORST = 3  # nodes that a threshold names
_RESAMPLES = 400


@dataclass(frozen=True, slots=True)
class Share:
    """A share of counts with its 95 % Clopper-Pearson interval; ``value`` is None where there is nothing to count."""

    n_right: int
    n: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """What settling everything at and above ``threshold`` would have done.

    ``suffering`` are the decided nodes that lose the largest share of their texts to a wrong answer, worst first, each
    with that share.
    """

    threshold: float
    settled: Share
    right: Share
    suffering: tuple[tuple[str, Share], ...]


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One decided node (or ``NONE``): how many texts, how many the model found, how right it is where it answers so."""

    code: str
    title: str
    n: int
    found: Share
    right: Share


@dataclass(frozen=True, slots=True)
class Saving:
    """Reading by rank until 95 % of ``target`` are found: how many of ``n`` texts, and the work saved over sampling.

    ``saved`` is WSS@95 (Cohen et al. 2006): the share not read minus the 5 % that may be missed, with a bootstrap
    interval. ``target`` is ``in_plan``, ``errors`` or a code.
    """

    target: str
    n_found: int
    n: int
    n_read: int
    saved: float
    low: float
    high: float


def share(n_right: int, n: int) -> Share:
    """Return a share with its two-sided 95 % Clopper-Pearson interval."""
    if n == 0:
        return Share(0, 0, None, 0.0, 1.0)
    found = binomtest(n_right, n).proportion_ci(method="exact")
    return Share(n_right, n, n_right / n, float(found.low), float(found.high))


def threshold_rows(rows: Sequence[Answered], thresholds: Sequence[float] = THRESHOLDS) -> list[ThresholdRow]:
    """Return one row per threshold."""
    found = []
    for threshold in thresholds:
        settled = [row for row in rows if row.probability >= threshold]
        losses = []
        for code in sorted({row.code for row in rows}):
            own = [row for row in rows if row.code == code]
            wrong = sum(not row.right for row in own if row.probability >= threshold)
            if wrong:
                losses.append((code, share(wrong, len(own))))
        losses.sort(key=lambda loss: (-loss[1].low, loss[0]))
        right = share(sum(row.right for row in settled), len(settled))
        found.append(ThresholdRow(threshold, share(len(settled), len(rows)), right, tuple(losses[:_N_WORST])))
    return found


def node_rows(rows: Sequence[Answered], plan: Plan) -> list[NodeRow]:
    """Return one row per decided code, the worst found first."""
    found = []
    for code in sorted({row.code for row in rows}):
        own = [row for row in rows if row.code == code]
        said = [row for row in rows if row.answer == code]
        found.append(
            NodeRow(
                code=code,
                title="계획 밖" if code == NONE else plan[code].title,
                n=len(own),
                found=share(sum(row.right for row in own), len(own)),
                right=share(sum(row.right for row in said), len(said)),
            )
        )
    return sorted(found, key=lambda row: (row.found.value if row.found.value is not None else 1.0, row.code))


def savings(rows: Sequence[Answered], plan: Plan) -> list[Saving]:
    """Return the reading saved for all in-plan texts, for the model's errors, and for each leaf with enough texts."""
    off = np.array([row.off_plan for row in rows])
    targets = [
        ("in_plan", np.array([row.code != NONE for row in rows]), 1.0 - off),
        ("errors", np.array([not row.right for row in rows]), 1.0 - np.array([r.probability for r in rows])),
    ]
    for column, leaf in enumerate(plan.leaves):
        chance = np.array([row.leaves[column] for row in rows])
        targets.append((leaf.code, np.array([row.code == leaf.code for row in rows]), chance))
    random = np.random.default_rng(0)
    return [
        _saving(target, wanted, rank, random)
        for target, wanted, rank in targets
        if _FEW <= int(wanted.sum()) < len(rows)
    ]


def _saving(
    target: str, wanted: NDArray[np.bool_], rank: NDArray[np.float64], random: np.random.Generator
) -> Saving:
    n_read, saved = work_saved(wanted, rank)
    draws = []
    for _ in range(_RESAMPLES):
        drawn = random.integers(len(wanted), size=len(wanted))
        if wanted[drawn].any():
            draws.append(work_saved(wanted[drawn], rank[drawn])[1])
    low, high = np.percentile(draws, [2.5, 97.5]).tolist()
    return Saving(target, int(wanted.sum()), len(wanted), n_read, saved, low, high)


def work_saved(wanted: NDArray[np.bool_], rank: NDArray[np.float64]) -> tuple[int, float]:
    """Return how many texts must be read by falling (n,) ``rank`` to find 95 % of the wanted ones, and WSS.

    Texts of equal rank are read together, so a rank that says nothing saves nothing.
    """
    order = np.argsort(-rank, kind="stable")
    needed = int(np.ceil(RECALL * wanted.sum() - 1e-9))
    last = int(np.argmax(np.cumsum(wanted[order]) >= needed))
    n_read = int((rank >= rank[order][last]).sum())
    return n_read, 1.0 - n_read / len(wanted) - (1.0 - RECALL)
