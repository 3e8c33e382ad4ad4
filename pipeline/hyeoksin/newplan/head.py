"""A head for a plan that hardly anybody has coded: wordings, decisions carried over from the plan before, a few new ones.

First the carried decisions, as soft labels, teach a small multinomial head over the views of :class:`Basis`; then the new
decisions correct it, held towards it. Constants were chosen by bringing 2019 as new to a 2024 office, and measured the
other way round (``bench/new_plan.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from hyeoksin.model import Head, PlanHead
from hyeoksin.model.heads import softmax
from hyeoksin.newplan.basis import Basis
from hyeoksin.newplan.softmax import fit_softmax
from hyeoksin.plan import Plan
from hyeoksin.training.calibrate import NEVER, with_thresholds

__all__ = ["Taught", "cold", "teach", "to_head"]

Floats = NDArray[np.float64]
_HOLD = 0.01  # of the carried stage
_CORRECT = 3.0  # pseudo-decisions that hold the corrected head towards the carried one
_LOGIT_STEP, _VIEW_STEP = 0.2, 0.25  # how far the correction may mix logits and move views
_COLD_SLOPE, _EVEN = 21.0, 0.15  # of bare wordings (hyeoksin.untrained)
_FOLDS = 5
_FEW = 5  # decisions a leaf below which nothing is corrected: fewer did harm (bench/new_plan.py)
_PROMISED = 0.95


@dataclass(frozen=True)
class Taught:
    """((k + 1) x (leaves + 1)) coefficients over the views, off-plan last, and how they are made probabilities.

    ``temperature`` and ``shift`` (of the log-odds of belonging to the plan) come from decisions that a fold had not seen;
    ``held_out`` are the (n x (leaves + 1)) logits of the decisions from those folds.
    """

    coefficients: Floats
    temperature: float = 1.0
    shift: float = 0.0
    held_out: Floats | None = None

    def shares(self, views: Floats) -> Floats:
        """Return the (n x (leaves + 1)) probabilities, off-plan last."""
        return self.calibrated(views @ self.coefficients[:-1] + self.coefficients[-1])

    def calibrated(self, logits: Floats) -> Floats:
        """Return the probabilities that (n x (leaves + 1)) logits stand for."""
        return _shares(logits, self.temperature, self.shift)


def _shares(logits: Floats, temperature: float, shift: float) -> Floats:
    moved = logits / temperature
    moved[:, -1] -= shift
    return softmax(moved)


def cold(n_leaves: int, scores: Floats, views: Floats) -> Floats:
    """Return coefficients that say what bare wordings say: those of a least-squares fit of the views to ``scores``.

    Args:
        n_leaves: leaves of the plan.
        scores: (n x leaves) likeness of a sample to the wordings.
        views: (n x k) views of the same texts.
    """
    full = np.column_stack([views, np.ones(len(views))])
    leaves, *_ = np.linalg.lstsq(full, _COLD_SLOPE * scores, rcond=None)
    found = np.zeros((full.shape[1], n_leaves + 1))
    found[:, :-1] = leaves
    found[-1, -1] = _COLD_SLOPE * _EVEN
    return found


def teach(
    start: Floats | None,
    carried: tuple[Floats, Floats] | None,
    decided: tuple[Floats, NDArray[np.int_]] | None,
    groups: NDArray[np.uint64] | None = None,
) -> Taught:
    """Return the head taught by what there is.

    Args:
        start: coefficients of bare wordings, where nothing is carried.
        carried: (n x k) views and (n x (leaves + 1)) soft labels of texts of the plan before.
        decided: (m x k) views and (m,) classes (the last one: off-plan) of new decisions.
        groups: of the m decided texts; no fold divides a group (None: each text is one of its own).
    """
    if carried is not None:
        base = fit_softmax(*carried, _HOLD)
    elif start is not None:
        base = start
    else:
        raise ValueError("neither carried decisions nor wordings to start from")
    if decided is None or len(decided[1]) < _FEW * (base.shape[1] - 1):
        return Taught(base)
    views, classes = decided
    corrected = _corrected(base, views, classes)
    held_out = np.zeros((len(classes), base.shape[1]))
    _, place = np.unique(np.arange(len(classes)) if groups is None else groups, return_inverse=True)
    fold = (np.random.default_rng(0).permutation(place.max() + 1) % _FOLDS)[place]
    for k in range(_FOLDS):
        learnt = _corrected(base, views[fold != k], classes[fold != k])
        held_out[fold == k] = views[fold == k] @ learnt[:-1] + learnt[-1]
    temperature, shift = _calibrated(held_out, classes)
    return Taught(corrected, temperature, shift, held_out)


def _corrected(base: Floats, views: Floats, classes: NDArray[np.int_]) -> Floats:
    """Return the base with logits mixed and views moved a little, as the decisions ask."""
    n_classes = base.shape[1]
    centred = base - base.mean(axis=1, keepdims=True)
    logits = views @ centred[:-1] + centred[-1]
    rows = np.hstack([_LOGIT_STEP * logits, _VIEW_STEP * views])
    start = np.zeros((rows.shape[1] + 1, n_classes))
    start[:n_classes] = np.eye(n_classes) / _LOGIT_STEP
    found = fit_softmax(rows, np.eye(n_classes)[classes], _CORRECT / len(classes), start)
    mixed: Floats = _LOGIT_STEP * centred @ found[:n_classes]
    mixed[:-1] += _VIEW_STEP * found[n_classes:-1]
    mixed[-1] += found[-1]
    return mixed


def _calibrated(logits: Floats, classes: NDArray[np.int_]) -> tuple[float, float]:
    """Return temperature and shift that fit held-out logits best, held towards 1 and 0 as by one decision in ten."""

    def loss(point: Floats) -> float:
        shares = _shares(logits.copy(), float(np.exp(point[0])), float(point[1]))
        surprise = -np.log(np.maximum(shares[np.arange(len(classes)), classes], 1e-9)).sum()
        return float(surprise + 2.0 * point[0] ** 2 + 0.5 * point[1] ** 2)

    found = minimize(loss, np.zeros(2), method="Nelder-Mead").x
    return float(np.exp(found[0])), float(found[1])


def to_head(
    plan: Plan, taught: Taught, basis: Basis, sample: Floats, accepted: Sequence[frozenset[str]] = ()
) -> PlanHead:
    """Return the head as a model folder holds it; only held-out decisions can let it settle anything.

    The folder's gate knows the highest leaf logit, not the sum over the leaves: their mean difference on the sample's
    views goes into the intercept. ``accepted`` holds the right codes of the decisions behind ``taught.held_out``.
    """
    weights, bias = basis.unfold(taught.coefficients)
    logits = (sample @ taught.coefficients[:-1] + taught.coefficients[-1])[:, :-1] / taught.temperature
    more = float((np.logaddexp.reduce(logits, axis=1) - logits.max(axis=1)).mean())
    slope = 1.0 / taught.temperature
    head = PlanHead(
        plan=plan.id,
        sha256=plan.sha256,
        leaf=Head(
            tuple(leaf.code for leaf in plan.leaves),
            np.ascontiguousarray(weights[:, :-1]),
            bias[:-1].astype(np.float32),
            taught.temperature,
        ),
        gate_weights=np.ascontiguousarray(-weights[:, -1]),
        gate_bias=-float(bias[-1]),
        gate_slope=slope,
        peak_slope=slope,
        gate_intercept=taught.shift + more,
        settle=NEVER,
        settle_off=NEVER,
    )
    if taught.held_out is None or not accepted:
        return head
    leaf, off = head.join(taught.held_out[:, :-1], -taught.held_out[:, -1])
    return with_thresholds(head, plan, leaf, off, accepted, _PROMISED)
