"""What decisions add to a trained model: small changes to its last layers, held back towards what it knew before.

Vocabulary, idf, embedding and network stay frozen. Only the weights from words to leaves and to the gate move: to the
maximum of the posterior whose prior is a normal distribution around the shipped weights. With few decisions little moves;
a change folds back into an ordinary model folder, so nothing new stands between text and answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array

from hyeoksin.model import PlanHead
from hyeoksin.model.heads import off_log_odds, sigmoid, softmax

__all__ = ["Beside", "Hold", "Residual", "Signals", "allowed_leaves", "fit_residual", "with_residual"]

Floats = NDArray[np.float64]
_LEAST_TEXTS = 2  # that a feature must stand in: one text says nothing of the next


@dataclass(frozen=True, slots=True)
class Hold:
    """How strongly the weights are held back (precisions of the normal priors), measured in ``bench/offices.py``.

    :data:`TWICE` holds less where a second reading, which lets through part of what the weights say, stands beside.

    ``words``: of the weights of features; ``bias``: of the intercepts; ``steps``: of the optimiser at most.
    """

    words: float = 0.3
    bias: float = 1.0
    steps: int = 60


TWICE = Hold(words=0.1, bias=0.3)


@dataclass(frozen=True)
class Signals:
    """What the frozen parts say of n texts: sparse ``rows`` (n x features), and the plan's raw scores.

    ``leaf`` is (n x leaves), ``gate`` (n,), ``net`` (n x (leaves + 1)) log-probabilities or None without a network; ``bodies``
    are the normalised texts, for those who read them again.
    """

    rows: csr_array
    leaf: Floats
    gate: Floats
    net: Floats | None
    bodies: Sequence[str]

    def __len__(self) -> int:
        return len(self.gate)

    def take(self, index: NDArray[np.int64]) -> Signals:
        """Return the texts at ``index``."""
        net = None if self.net is None else self.net[index]
        bodies = [self.bodies[i] for i in index.tolist()]
        return Signals(self.rows[index], self.leaf[index], self.gate[index], net, bodies)


@dataclass(frozen=True)
class Beside:
    """What a second reading makes of the answers to n texts, both linear in log-odds and log-probabilities.

    The log-odds of belonging to the plan count ``slope`` (n,) times, and ``odds`` (n,) are added; the log-probabilities among
    the leaves count ``leaf`` (n,) times, and ``among`` (n x leaves) are added. 1 and 0 where a text is not read again.
    """

    slope: Floats
    odds: Floats
    leaf: Floats
    among: Floats

    def take(self, index: NDArray[np.int64]) -> Beside:
        """Return the texts at ``index``."""
        return Beside(self.slope[index], self.odds[index], self.leaf[index], self.among[index])


@dataclass(frozen=True)
class Residual:
    """Added weights: of the features ``columns`` (c,) to leaves (c x leaves) and gate (c,), and of the intercepts."""

    columns: NDArray[np.int64]
    leaf: Floats
    leaf_bias: Floats
    gate: Floats
    gate_bias: float

    def moved(self, signals: Signals) -> Signals:
        """Return the signals as they are with the added weights."""
        rows = signals.rows[:, self.columns]
        return replace(
            signals,
            leaf=signals.leaf + rows @ self.leaf + self.leaf_bias,
            gate=signals.gate + rows @ self.gate + self.gate_bias,
        )


def allowed_leaves(
    head: PlanHead, paths: Mapping[str, frozenset[str]], codes: Sequence[str]
) -> NDArray[np.bool_]:
    """Return the (n x (leaves + 1)) flags of what agrees with each code, a leaf or above; off-plan (``NONE``) is last.

    ``paths`` maps every leaf to the codes on its path, so a decision for a strategy agrees with all its leaves.
    """
    flags = np.zeros((len(codes), len(head.leaf.classes) + 1), dtype=bool)
    for i, code in enumerate(codes):
        flags[i, :-1] = [code in paths[leaf] for leaf in head.leaf.classes]
        flags[i, -1] = not flags[i, :-1].any()
    return flags


def fit_residual(
    head: PlanHead,
    signals: Signals,
    allowed: NDArray[np.bool_],
    weight: Floats,
    hold: Hold | None = None,
    beside: Beside | None = None,
) -> Residual:
    """Fit the added weights to (n x (leaves + 1)) ``allowed`` answers, each text counting ``weight`` (n,) times.

    ``beside``: what a second reading makes of the answers; None: the model alone answers. ``hold``: None for the measured one.
    """
    hold = hold or (Hold() if beside is None else TWICE)
    task = _Task(head, signals, allowed, weight, hold, beside)
    options = {"maxiter": hold.steps, "maxcor": 8}
    found = minimize(task.loss, np.zeros(task.size), jac=True, method="L-BFGS-B", options=options)
    leaf, leaf_bias, gate, gate_bias = task.parts(found.x)
    return Residual(task.columns, leaf, leaf_bias, gate, float(gate_bias[0]))


class _Task:
    """The penalised loss over one flat vector of added weights."""

    def __init__(
        self,
        head: PlanHead,
        signals: Signals,
        allowed: NDArray[np.bool_],
        weight: Floats,
        hold: Hold,
        beside: Beside | None = None,
    ) -> None:
        self.head, self.signals, self.allowed, self.weight = head, signals, allowed, weight
        n_texts = np.bincount(signals.rows.indices, minlength=signals.rows.shape[1])
        self.columns = np.flatnonzero(n_texts >= _LEAST_TEXTS).astype(np.int64)
        self.rows = signals.rows[:, self.columns].astype(np.float64).tocsr()
        self.turned = self.rows.T.tocsr()
        c, k = len(self.columns), signals.leaf.shape[1]
        self.shapes = ((c, k), (k,), (c,), (1,))
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        self.ends = np.cumsum([0, *sizes]).tolist()
        self.size = self.ends[-1]
        self.hold = np.repeat(np.array([hold.words, hold.bias, hold.words, hold.bias]), sizes)
        self.outside = 0.0 if signals.net is None else head.net_slope * off_log_odds(signals.net)
        self.among = 0.0 if signals.net is None else head.net_leaf * signals.net[:, :-1]
        alone = Beside(np.ones(1), np.zeros(1), np.ones(1), np.zeros((1, 1)))
        self.beside = alone if beside is None else beside

    def parts(self, flat: Floats) -> list[Floats]:
        """Return the weights of leaves, their intercepts, the gate's, and its intercept."""
        ends = zip(self.ends[:-1], self.ends[1:], self.shapes, strict=True)
        return [flat[a:b].reshape(shape) for a, b, shape in ends]

    def loss(self, flat: Floats) -> tuple[float, Floats]:
        """Return the penalised negative log-likelihood and its gradient."""
        head, beside, n = self.head, self.beside, np.arange(len(self.signals))
        leaf, leaf_bias, gate, gate_bias = self.parts(flat)
        logits = self.signals.leaf + self.rows @ leaf + leaf_bias
        peak = logits.argmax(axis=1)
        belongs = head.gate_slope * (self.signals.gate + self.rows @ gate + gate_bias)
        belongs = belongs + head.peak_slope * logits[n, peak] + head.gate_intercept + self.outside
        among = logits / head.leaf.temperature + self.among
        shares = softmax(beside.leaf[:, None] * among + beside.among)
        inside = sigmoid(beside.slope * belongs + beside.odds)
        joint = np.column_stack([shares * inside[:, None], 1.0 - inside]) * self.allowed
        right = np.maximum(joint.sum(axis=1), 1e-12)
        value = -(self.weight * np.log(right)).sum() + 0.5 * (self.hold * flat * flat).sum()
        posterior = joint[:, :-1] / right[:, None]  # of the leaves, knowing the decision
        belief = posterior.sum(axis=1)
        d_belongs = self.weight * (inside - belief) * beside.slope
        d_leaf = (self.weight * beside.leaf)[:, None] * (shares * belief[:, None] - posterior)
        d_leaf /= head.leaf.temperature
        d_leaf[n, peak] += head.peak_slope * d_belongs
        d_gate = head.gate_slope * d_belongs
        pieces = [self.turned @ d_leaf, d_leaf.sum(axis=0), self.turned @ d_gate, d_gate.sum(keepdims=True)]
        return float(value), np.concatenate([piece.ravel() for piece in pieces]) + self.hold * flat


def with_residual(head: PlanHead, residual: Residual) -> PlanHead:
    """Return the plan's head with the added weights folded in."""
    leaf, gate = head.leaf.weights, head.gate_weights.copy()
    leaf = np.vstack([leaf, np.zeros((len(gate) - len(leaf), leaf.shape[1]), np.float32)])
    leaf[residual.columns] += residual.leaf.astype(np.float32)
    gate[residual.columns] += residual.gate.astype(np.float32)
    bias = head.leaf.bias + residual.leaf_bias.astype(np.float32)
    return replace(
        head,
        leaf=replace(head.leaf, weights=leaf, bias=bias),
        gate_weights=gate,
        gate_bias=head.gate_bias + residual.gate_bias,
    )
