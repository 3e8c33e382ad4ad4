"""How many texts truly belong to a node: counting corrected for the classifier's errors, with intervals.

All estimators read what held-out texts say of the classifier (:class:`~hyeoksin.held_out.HeldOut`) and assume that texts of
one class look there as they look here, however different the mix of classes is (prior shift). Sources: adjusted counting
Forman 2008 ("Quantifying counts and costs via classification"); its probabilistic form Bella et al. 2010; EMQ Saerens,
Latinne and Decaestecker 2002; calibration by temperature and biases before it Alexandari, Kundaje and Shrikumar 2020.

The estimator of the audit is probabilistic adjusted counting over posteriors that were first moved to the mix that EMQ
finds: with f(x) the moved posterior, M its mean per true class on held-out texts and q its mean here, the shares solve
M p = q. EMQ makes f informative; M takes out what EMQ's trust in its posteriors would get wrong. What p may be off by is
known: with S_j the covariance of f within class j, N texts here and n_j held out, the covariance of q - M p is
sum_j (p_j / N + p_j^2 / n_j) S_j, and that of p follows by the inverse of M. The target is the share among these very N texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, nnls

from hyeoksin.audit.intervals import Z
from hyeoksin.audit.result import Interval
from hyeoksin.held_out import HeldOut
from hyeoksin.model.heads import softmax

__all__ = ["Calibration", "Correction", "Shares", "calibrate", "correction", "em", "moved"]

Floats = NDArray[np.float64]
_LEAST = 1e-7  # a probability
_SMOOTHING = 1.0  # texts that pull the biases to 0, so that a class with a handful of texts stays bounded
_STEPS, _STILL = 1_000, 1e-7  # of EMQ: at most so many, until no share moves by more


@dataclass(frozen=True)
class Calibration:
    """Temperature and biases that make probabilities calibrated on the held-out texts, whose mix is ``prior``."""

    slope: float
    biases: Floats
    prior: Floats

    def __call__(self, probabilities: Floats, gated: NDArray[np.bool_] | None = None) -> Floats:
        """Return (n x classes) calibrated probabilities.

        Rows that the first gate settled (``gated``) keep the gate's off-plan, which was calibrated on held-out texts of its own; it
        cannot tell the leaves apart, so the rest is shared as their mix has it.
        """
        fitted = softmax(self.slope * np.log(np.maximum(probabilities, _LEAST)) + self.biases)
        if gated is not None:
            leaves = self.prior[:-1] / self.prior[:-1].sum()
            off = probabilities[gated, -1:]
            fitted[gated] = np.hstack([(1.0 - off) * leaves, off])
        return fitted


@dataclass(frozen=True)
class Shares:
    """Estimated shares of the classes (they sum to 1; single ones may lie a little below 0) and their covariance."""

    values: Floats
    covariance: Floats

    @cached_property
    def _nearest(self) -> tuple[Floats, float]:
        """The nearest shares that lie in [0, 1] and sum to 1, and by what the variance must grow to reach them."""
        if self.values.min() >= 0:
            return self.values / self.values.sum(), 1.0
        spread = np.sqrt(np.maximum(np.diag(self.covariance), 1e-12))
        values, vectors = np.linalg.eigh(self.covariance / np.outer(spread, spread))
        kept = values > 1e-6 * values.max()
        whiten = (vectors[:, kept] / np.sqrt(values[kept])).T / spread
        rows = np.vstack([whiten, np.full(len(self.values), 1e4)])
        found, _ = nnls(rows, np.append(whiten @ self.values, 1e4), maxiter=1_000)
        found = found / found.sum()
        distance = float(((whiten @ (found - self.values)) ** 2).sum())
        return found, max(1.0, distance / int((self.values < 0).sum()))

    @property
    def projected(self) -> Floats:
        """The nearest shares that lie in [0, 1] and sum to 1, measured by the covariance."""
        return self._nearest[0]

    @property
    def misfit(self) -> float:
        """What the variance is multiplied by: above 1 where shares below 0 say that the assumption does not hold."""
        return self._nearest[1]

    def interval(self, classes: Sequence[int] | NDArray[np.bool_]) -> Interval:
        """Return the share of some classes together, with its 95 % interval.

        Below an estimate under 0, and above one over 1, the interval would close to nothing; it keeps one standard error, which
        bounds what Feldman and Cousins (1998) give from one standard error below 0 downwards.
        """
        chosen = np.zeros(len(self.values))
        chosen[classes] = 1.0
        middle, spread = self.contrast(chosen)
        value = float(chosen @ self.projected)
        low = max(min(middle - spread, 1.0 - spread / Z), 0.0)
        high = min(max(middle + spread, spread / Z), 1.0)
        return Interval(value, min(low, value), max(high, value))

    def contrast(self, weights: Floats) -> tuple[float, float]:
        """Return the weighted sum of the shares, and half the width of its 95 % interval."""
        variance = max(float(weights @ self.covariance @ weights), 0.0) * self.misfit
        return float(weights @ self.values), Z * float(np.sqrt(variance))


@dataclass(frozen=True)
class Correction:
    """Adjusted counting with one function f of a text: what f is on average per true class, and how it varies there.

    ``means`` is (classes of f x true classes), ``spreads`` (true classes x f x f), ``effective`` the held-out texts per class.
    """

    means: Floats
    spreads: Floats
    effective: Floats

    def __call__(self, average: Floats, n: float) -> Shares:
        """Return the shares among ``n`` texts whose f is ``average`` on average."""
        inverse = np.linalg.pinv(self.means, rcond=1e-6)
        values = inverse @ average
        share = np.clip(values, 0.0, 1.0)
        share = share / share.sum()
        weights = (share + 0.5 / n) / n + share**2 / self.effective
        noise = np.tensordot(weights, self.spreads, axes=1)
        return Shares(values, inverse @ noise @ inverse.T)


def calibrate(held: HeldOut) -> Calibration:
    """Fit temperature and biases (one a class) on the held-out texts by weighted likelihood."""
    logs = np.log(np.maximum(held.probabilities, _LEAST))
    n_classes = logs.shape[1]
    rows = np.arange(len(held))
    weight = held.weight / held.weight.mean()
    target = np.zeros_like(logs)
    target[rows, held.truth] = 1.0

    def loss(x: Floats) -> tuple[float, Floats]:
        p = softmax(x[0] * logs + x[1:])
        value = -float(weight @ np.log(np.maximum(p[rows, held.truth], 1e-300))) + _SMOOTHING * float(
            x[1:] @ x[1:]
        )
        slope = (p - target) * weight[:, None]
        return value, np.append(float((slope * logs).sum()), slope.sum(axis=0) + 2 * _SMOOTHING * x[1:])

    found = minimize(loss, np.append(1.0, np.zeros(n_classes)), jac=True, method="L-BFGS-B").x
    prior = np.bincount(held.truth, held.weight, n_classes) + 0.5
    return Calibration(float(found[0]), found[1:], prior / prior.sum())


def em(posteriors: Floats, prior: Floats) -> Floats:
    """Return the mix under which the (n x classes) posteriors, calibrated for ``prior``, are likeliest (EMQ)."""
    ratios = posteriors / prior
    share = prior
    for _ in range(_STEPS):
        moved_to = ratios * share
        moved_to /= moved_to.sum(axis=1, keepdims=True)
        new = moved_to.mean(axis=0)
        done = np.abs(new - share).max() < _STILL
        share = new
        if done:
            break
    return share


def moved(posteriors: Floats, prior: Floats, share: Floats) -> Floats:
    """Return posteriors moved from one mix of classes to another."""
    result = posteriors * (share / prior)
    result /= result.sum(axis=1, keepdims=True)
    return result


def correction(held: HeldOut, values: Floats) -> Correction:
    """Return the correction for a function of the texts whose held-out ``values`` are (n x classes)."""
    n_classes, width = len(held.classes), values.shape[1]
    means, spreads = np.zeros((width, n_classes)), np.zeros((n_classes, width, width))
    effective = np.ones(n_classes)
    for j in range(n_classes):
        here = held.truth == j
        if not here.any():
            means[min(j, width - 1), j] = 1.0  # never seen: believed as it is said
            continue
        weight = held.weight[here] / held.weight[here].sum()
        means[:, j] = weight @ values[here]
        effective[j] = 1.0 / float(weight @ weight)
        apart = values[here] - means[:, j]
        bias = max(1.0 - float(weight @ weight), 0.5 / effective[j])
        spreads[j] = (apart * weight[:, None]).T @ apart / bias
    return Correction(means, spreads, effective)
