"""What decisions add to a trained model: small changes to its last layers, held back towards what it knew before.

Vocabulary, idf, embedding and hidden layer stay frozen. Only the weights that turn them into leaves and off-plan move: by
the maximum of the posterior whose prior is a normal distribution around the shipped weights. With few decisions little
moves; a change folds back into an ordinary model folder, so nothing new stands between text and answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array

from hyeoksin.model import Net, PlanHead
from hyeoksin.model.heads import off_log_odds, sigmoid

__all__ = ["Hold", "Residual", "Signals", "allowed_leaves", "fit_residual", "with_residual"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hold:
    """How strongly the weights are held back (precisions of the normal priors), measured in ``bench/lessons.py``.

    ``words``: of the lexical weights; ``meaning``: of the network's last layer; ``bias``: of the intercepts.
    """

    words: float = 1.0
    meaning: float = 1.0
    bias: float = 1.0
    steps: int = 60


@dataclass(frozen=True)
class Signals:
    """What the frozen parts say of n texts: sparse ``rows`` (n x features), and the plan's raw scores.

    ``leaf`` (n x leaves), ``gate`` (n,), ``net`` (n x (leaves + 1)) log-probabilities and ``hidden`` (n x h) activations;
    the last two are None where the model has no network.
    """

    rows: csr_array
    leaf: Floats
    gate: Floats
    net: Floats | None
    hidden: Floats | None

    def __len__(self) -> int:
        return len(self.gate)

    def take(self, index: NDArray[np.int64]) -> Signals:
        """Return the texts at ``index``."""
        return Signals(
            self.rows[index],
            self.leaf[index],
            self.gate[index],
            None if self.net is None else self.net[index],
            None if self.hidden is None else self.hidden[index],
        )


@dataclass(frozen=True)
class Residual:
    """Added weights: of the features ``columns`` to leaves and gate, of the hidden units to the network's outputs."""

    columns: NDArray[np.int64]
    leaf: Floats  # (columns x leaves)
    leaf_bias: Floats
    gate: Floats  # (columns,)
    gate_bias: float
    net: Floats | None  # (hidden x (leaves + 1))
    net_bias: Floats | None

    def moved(self, signals: Signals) -> Signals:
        """Return the signals as they are with the added weights."""
        rows = signals.rows[:, self.columns]
        net = signals.net
        if net is not None and self.net is not None and signals.hidden is not None:
            logits = net + signals.hidden @ self.net + self.net_bias
            net = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return replace(
            signals,
            leaf=signals.leaf + rows @ self.leaf + self.leaf_bias,
            gate=signals.gate + rows @ self.gate + self.gate_bias,
            net=net,
        )


def allowed_leaves(head: PlanHead, paths: dict[str, frozenset[str]], codes: Sequence[str]) -> NDArray[np.bool_]:
    """Return the (n x (leaves + 1)) flags of what agrees with each decided code; off-plan (``NONE``) is last.

    ``paths`` maps every leaf to the codes on its path, so a decision for a strategy agrees with all its leaves.
    """
    flags = np.zeros((len(codes), len(head.leaf.classes) + 1), dtype=bool)
    for i, code in enumerate(codes):
        flags[i, :-1] = [code in paths[leaf] for leaf in head.leaf.classes]
        flags[i, -1] = not flags[i, :-1].any()
    return flags


def fit_residual(
    head: PlanHead, signals: Signals, allowed: NDArray[np.bool_], weight: Floats, hold: Hold = Hold()  # noqa: B008 - frozen
) -> Residual:  # fmt: skip
    """Fit the added weights to (n x (leaves + 1)) ``allowed`` answers, each text counting ``weight`` (n,) times."""
    task = _Task(head, signals, allowed, weight, hold)
    found = minimize(
        task.loss, np.zeros(task.size), jac=True, method="L-BFGS-B", options={"maxiter": hold.steps, "maxcor": 8}
    )
    return task.residual(found.x)


class _Task:
    """The penalised loss over one flat vector of added weights."""

    def __init__(
        self, head: PlanHead, signals: Signals, allowed: NDArray[np.bool_], weight: Floats, hold: Hold
    ) -> None:
        self.head, self.signals, self.allowed, self.weight = head, signals, allowed, weight
        self.columns = np.unique(signals.rows.indices).astype(np.int64)
        self.rows = signals.rows[:, self.columns].astype(np.float64).tocsr()
        self.turned = self.rows.T.tocsr()
        k, c = signals.leaf.shape[1], len(self.columns)
        h = 0 if signals.hidden is None or signals.net is None else signals.hidden.shape[1]
        self.shapes = [(c, k), (k,), (c,), (1,), (h, k + 1 if h else 0), (k + 1 if h else 0,)]
        sizes = [int(np.prod(shape)) for shape in self.shapes]
        self.ends = np.cumsum([0, *sizes])
        self.size = int(self.ends[-1])
        holds = (hold.words, hold.bias, hold.words, hold.bias, hold.meaning, hold.bias)
        self.hold = np.repeat(np.array(holds), sizes)

    def parts(self, flat: Floats) -> list[Floats]:
        return [
            flat[a:b].reshape(shape)
            for a, b, shape in zip(self.ends[:-1], self.ends[1:], self.shapes, strict=True)
        ]

    def residual(self, flat: Floats) -> Residual:
        leaf, leaf_bias, gate, gate_bias, net, net_bias = self.parts(flat)
        has_net = net.size > 0
        return Residual(
            self.columns, leaf, leaf_bias, gate, float(gate_bias[0]),
            net if has_net else None, net_bias if has_net else None,
        )  # fmt: skip

    def loss(self, flat: Floats) -> tuple[float, Floats]:
        """Return the penalised negative log-likelihood and its gradient."""
        head, now = self.head, self._moved(flat)
        n = np.arange(len(now))
        among = now.leaf / head.leaf.temperature
        peak = now.leaf.argmax(axis=1)
        belongs = head.gate_slope * now.gate + head.peak_slope * now.leaf[n, peak] + head.gate_intercept
        if now.net is not None:
            odds = off_log_odds(now.net)
            among = among + head.net_leaf * now.net[:, :-1]
            belongs = belongs + head.net_slope * odds
        shares = _softmax(among)
        inside = sigmoid(belongs)
        joint = np.column_stack([shares * inside[:, None], 1.0 - inside])
        right = np.maximum((joint * self.allowed).sum(axis=1), 1e-12)
        value = -(self.weight * np.log(right)).sum() + 0.5 * (self.hold * flat * flat).sum()
        posterior = joint * self.allowed / right[:, None]
        belief = posterior[:, :-1].sum(axis=1)  # of being inside, knowing the decision
        d_among = self.weight[:, None] * (shares * belief[:, None] - posterior[:, :-1])
        d_belongs = self.weight * (inside - belief)
        d_leaf = d_among / head.leaf.temperature
        d_leaf[n, peak] += head.peak_slope * d_belongs
        d_gate = head.gate_slope * d_belongs
        pieces = [self.turned @ d_leaf, d_leaf.sum(axis=0), self.turned @ d_gate, d_gate.sum(keepdims=True)]
        pieces += self._net_gradient(now, odds, d_among, d_belongs) if now.net is not None else [_NONE, _NONE]
        return float(value), np.concatenate([p.ravel() for p in pieces]) + self.hold * flat

    def _moved(self, flat: Floats) -> Signals:
        leaf, leaf_bias, gate, gate_bias, net, net_bias = self.parts(flat)
        before = self.signals
        log = before.net
        if log is not None and before.hidden is not None:
            log = log + before.hidden @ net + net_bias
            log = log - np.logaddexp.reduce(log, axis=1, keepdims=True)
        return replace(
            before,
            leaf=before.leaf + self.rows @ leaf + leaf_bias,
            gate=before.gate + self.rows @ gate + gate_bias,
            net=log,
        )

    def _net_gradient(
        self, now: Signals, odds: Floats, d_among: Floats, d_belongs: Floats
    ) -> list[Floats]:
        """Return the gradients of the network's last layer; log-odds that are clipped no longer pull."""
        assert now.net is not None  # noqa: S101 - told by the caller, for mypy
        assert now.hidden is not None  # noqa: S101
        d_odds = self.head.net_slope * d_belongs * (np.abs(odds) < 9.0)
        leaves = _softmax(now.net[:, :-1])  # d odds / d logit = 1 for off-plan, minus the share among the leaves
        d_logits = np.column_stack([self.head.net_leaf * d_among - d_odds[:, None] * leaves, d_odds])
        return [now.hidden.T @ d_logits, d_logits.sum(axis=0)]


_NONE: Floats = np.zeros(0)


def _softmax(logits: Floats) -> Floats:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return result


def with_residual(head: PlanHead, net: Net | None, residual: Residual) -> tuple[PlanHead, Net | None]:
    """Fold the added weights into the plan's head and the network's outputs for it."""
    leaf, gate = head.leaf.weights.copy(), head.gate_weights.copy()
    leaf[residual.columns] += residual.leaf.astype(np.float32)
    gate[residual.columns] += residual.gate.astype(np.float32)
    changed = replace(
        head,
        leaf=replace(head.leaf, weights=leaf, bias=head.leaf.bias + residual.leaf_bias.astype(np.float32)),
        gate_weights=gate,
        gate_bias=head.gate_bias + residual.gate_bias,
    )
    if net is None or residual.net is None or residual.net_bias is None:
        return changed, net
    plan = head.plan
    return changed, replace(
        net,
        outputs={**net.outputs, plan: net.outputs[plan] + residual.net.astype(np.float32)},
        biases={**net.biases, plan: net.biases[plan] + residual.net_bias.astype(np.float32)},
    )
