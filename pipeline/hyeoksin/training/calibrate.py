"""Calibration on held-out logits: temperature, Platt scaling, and thresholds that keep a promised precision."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from sklearn.linear_model import LogisticRegression

from hyeoksin.codes import NONE
from hyeoksin.model import PlanHead
from hyeoksin.plan import Plan

__all__ = ["NEVER", "fit_gate", "fit_mixture", "fit_temperature", "safe_threshold", "with_thresholds"]

NEVER = 1.01  # a threshold that no probability reaches
_HUNDREDTHS = np.round(np.linspace(0.5, 0.99, 50), 2)  # a path goes nowhere below one half


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
    """Return the lowest threshold, in hundredths from one half, at and above which ``promised`` is kept; 1.01 (never settle) where none does.

    MAPIE's Learn Then Test (Angelopoulos et al. 2021) with the Bonferroni-Holm correction over the fifty thresholds: with
    ``confidence`` the precision of future texts is ``promised``, so that a handful of lucky rows proves nothing.
    """
    from mapie.risk_control import BinaryClassificationController

    seen = (probability.min() <= _HUNDREDTHS) & (probability.max() >= _HUNDREDTHS)
    if not seen.any():
        return NEVER
    controller = BinaryClassificationController(
        lambda column: np.column_stack([1.0 - column[:, 0], column[:, 0]]),
        "precision",
        promised,
        confidence_level=confidence,
        list_predict_params=_HUNDREDTHS[seen],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that no threshold holds is an answer, not a fault
        controller.calibrate(probability[:, None], right.astype(int))
    return float(min(controller.valid_predict_params, default=NEVER))


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
        settle_off=safe_threshold(off, np.array([NONE in ok for ok in accepted]), promised),
        settle_above=above,
    )
