"""Calibration on held-out logits: temperature, Platt scaling, and thresholds that keep a promised precision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from hyeoksin.model import PlanHead
from hyeoksin.plan import Plan

__all__ = ["NEVER", "fit_gate", "fit_mixture", "fit_temperature", "safe_threshold", "with_thresholds"]

NEVER = 1.01  # a threshold that no probability reaches


def fit_temperature(logits: NDArray[np.float64], target: NDArray[np.int_]) -> float:
    """Return the temperature that minimises the negative log-likelihood of ``target`` (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        return _surprise(logits / np.exp(log_temperature), target)

    return float(np.exp(minimize_scalar(loss, bounds=(-5.0, 3.0), method="bounded").x))


def fit_mixture(
    logits: NDArray[np.float64], net: NDArray[np.float64], target: NDArray[np.int_]
) -> tuple[float, float]:
    """Return the temperature of the (n x leaves) logits and the weight of the network's log-probabilities beside them."""

    def loss(logs: NDArray[np.float64]) -> float:
        return _surprise(logits / np.exp(logs[0]) + np.exp(logs[1]) * net, target)

    temperature, weight = np.exp(minimize(loss, np.array([0.0, -1.0]), method="Nelder-Mead").x)
    return float(temperature), float(weight)


def _surprise(logits: NDArray[np.float64], target: NDArray[np.int_]) -> float:
    """Return the mean negative log-likelihood."""
    normaliser = np.logaddexp.reduce(logits, axis=1)
    return float((normaliser - logits[np.arange(len(target)), target]).mean())


def fit_gate(
    logits: NDArray[np.float64], inside: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[list[float], float]:
    """Return the slopes of (n, k) logits and the intercept of Platt scaling (Platt 1999)."""
    model = LogisticRegression(C=1e6).fit(logits, inside, sample_weight=weight)
    return [float(slope) for slope in model.coef_[0]], float(model.intercept_[0])


def safe_threshold(
    probability: NDArray[np.float64], right: NDArray[np.bool_], promised: float, confidence: float = 0.9
) -> float:
    """Return the lowest threshold at and above which precision is ``promised``.

    The lower Clopper-Pearson bound (one-sided, at ``confidence``) of the precision above the threshold must lie within 0.01
    of the promise, so that a handful of lucky rows proves nothing; where no threshold keeps it, 1.01: never settle.
    """
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum(right[order])
    shown = np.arange(1, len(order) + 1)
    lower = np.nan_to_num(beta.ppf(1.0 - confidence, hits, shown - hits + 1))
    last_of_equals = np.append(np.diff(probability[order]) != 0, True)
    good = np.flatnonzero((hits / shown >= promised) & (lower >= promised - 0.01) & last_of_equals)
    return float(probability[order[good[-1]]]) if len(good) else NEVER


def with_thresholds(
    head: PlanHead,
    plan: Plan,
    leaf: NDArray[np.float64],
    off: NDArray[np.float64],
    accepted: Sequence[Collection[str]],
    promised: float,
) -> PlanHead:
    """Return the head with the thresholds that keep the promise on held-out texts: leaf, each level above, and off-plan.

    ``leaf`` is (n x leaves), ``off`` (n,); ``accepted`` holds the codes (or ``NONE``) that are right for each text.
    """
    paths = [[node.code for node in plan.path(node.code)] for node in plan.leaves]
    above: dict[str, float] = {}
    for depth in range(min(map(len, paths)) - 1):
        names = sorted({path[depth] for path in paths})
        below = np.array([[path[depth] == name for name in names] for path in paths], dtype=np.float64)
        sums = leaf @ below
        ancestors = [{path[depth] for path in paths if path[-1] in codes} for codes in accepted]
        right = np.array([names[b] in ok for b, ok in zip(sums.argmax(axis=1), ancestors, strict=True)])
        above[plan[names[0]].level] = safe_threshold(sums.max(axis=1), right, promised)
    best = [paths[b][-1] for b in leaf.argmax(axis=1)]
    return replace(
        head,
        settle=safe_threshold(
            leaf.max(axis=1), np.array([b in ok for b, ok in zip(best, accepted, strict=True)]), promised
        ),
        settle_off=safe_threshold(off, np.array(["NONE" in ok for ok in accepted]), promised),
        settle_above=above,
    )
