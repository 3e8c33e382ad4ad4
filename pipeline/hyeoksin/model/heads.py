"""Heads: weights that turn feature rows into calibrated probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["Head", "PlanHead", "off_log_odds", "sigmoid", "softmax"]

Floats = NDArray[np.float32]


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return row-wise probabilities."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return result


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + exp(-logits)) without overflow."""
    result: NDArray[np.float64] = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return result


@dataclass(frozen=True, slots=True)
class Head:
    """A linear softmax head over ``classes``.

    ``weights`` is (n features x n classes), ``bias`` (n classes,); a head may read the first features only; ``temperature`` divides the logits so that
    cross-validated probabilities are calibrated (Guo et al. 2017, "On Calibration of Modern Neural Networks").
    """

    classes: tuple[str, ...]
    weights: Floats
    bias: Floats
    temperature: float = 1.0

    def probabilities(self, rows: csr_array) -> NDArray[np.float64]:
        """Return (n documents x n classes) probabilities."""
        return softmax(self.logits(rows) / self.temperature)

    def logits(self, rows: csr_array) -> NDArray[np.float64]:
        """Return (n documents x n classes) raw scores."""
        known = rows if rows.shape[1] == len(self.weights) else rows[:, : len(self.weights)]
        return np.asarray(known @ self.weights, dtype=np.float64) + self.bias


@dataclass(frozen=True, slots=True)
class PlanHead:
    """What a model knows of one plan: which leaf, given that the text belongs to the plan, and whether it does.

    ``leaf`` holds one leaf against everything else, off-plan texts included, so its highest logit also says how much
    the text belongs to the plan at all. It does: with the gate's own logit (``gate_weights`` is (n features,)) it enters
    a logistic function with ``gate_slope``, ``peak_slope`` and ``gate_intercept`` (Platt 1999), fitted on
    cross-validated logits. Where the model has a network (:class:`~hyeoksin.model.net.Net`), its log-probabilities enter both:
    ``net_leaf`` times those of the leaves, and ``net_slope`` times its log-odds of off-plan. ``settle`` is the probability from which a leaf may stand without a person, and
    ``settle_off`` the same for off-plan, ``settle_above`` for the levels above the leaves; all keep the cross-validated precision that the model card names.
    """

    plan: str
    sha256: str
    leaf: Head
    gate_weights: Floats
    gate_bias: float
    gate_slope: float
    peak_slope: float
    gate_intercept: float
    settle: float
    settle_off: float
    net_leaf: float = 0.0
    net_slope: float = 0.0
    settle_above: Mapping[str, float] = field(default_factory=dict)

    def probabilities(
        self, rows: csr_array, net: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (n x leaves) probabilities and (n,) off-plan; together each row sums to 1.

        ``net`` holds the network's (n x (leaves + 1)) log-probabilities for this plan, if there are any.
        """
        return self.join(self.leaf.logits(rows), self.gate_logits(rows), net)

    def gate_logits(self, rows: csr_array) -> NDArray[np.float64]:
        """Return the (n,) raw scores of the gate."""
        return np.asarray(rows @ self.gate_weights, dtype=np.float64) + self.gate_bias

    def join(
        self, leaf: NDArray[np.float64], gate: NDArray[np.float64], net: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return calibrated probabilities from (n x leaves) and (n,) raw scores, and the network's if there are any."""
        among = leaf / self.leaf.temperature
        belongs = self.gate_slope * gate + self.peak_slope * leaf.max(axis=1) + self.gate_intercept
        if net is not None:
            among = among + self.net_leaf * net[:, :-1]
            belongs = belongs + self.net_slope * off_log_odds(net)
        inside = sigmoid(belongs)
        return softmax(among) * inside[:, None], 1.0 - inside


def off_log_odds(net: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (n,) log-odds of off-plan, bounded to +-9, from the network's (n x (leaves + 1)) log-probabilities."""
    off = net[:, -1]
    odds: NDArray[np.float64] = np.clip(off - np.log(-np.expm1(np.minimum(off, -1e-9))), -9.0, 9.0)
    return odds
