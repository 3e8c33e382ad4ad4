"""Multinomial logistic regression on soft labels, held towards given coefficients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

__all__ = ["fit_softmax"]

Floats = NDArray[np.float64]


def fit_softmax(rows: Floats, shares: Floats, hold: float, start: Floats | None = None) -> Floats:
    """Return the ((d + 1) x k) coefficients, the last row being the bias.

    Args:
        rows: (n x d) features.
        shares: (n x k) soft labels, each row summing to 1.
        hold: weight of half the squared distance to ``start`` beside the mean loss; the bias is all but free.
        start: coefficients to stay near to; zeros without them.
    """
    n, d = rows.shape
    k = shares.shape[1]
    begin = np.zeros((d + 1, k)) if start is None else start
    full = np.column_stack([rows, np.ones(n)])
    held = np.full((d + 1, 1), hold)
    held[-1] *= 1e-3

    def loss(flat: Floats) -> tuple[float, Floats]:
        moved = flat.reshape(d + 1, k) - begin
        logits = full @ (moved + begin)
        log_sums = np.logaddexp.reduce(logits, axis=1, keepdims=True)
        value = -(shares * (logits - log_sums)).sum() / n + 0.5 * (held * moved**2).sum()
        slope = full.T @ (np.exp(logits - log_sums) - shares) / n + held * moved
        return float(value), slope.ravel()

    found = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    coefficients: Floats = found.x.reshape(d + 1, k)
    return coefficients
