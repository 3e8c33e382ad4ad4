"""Permutation tests of two samples: the same texts dealt out again, many times at once.

P-values are (1 + dealings at least as extreme) / (1 + dealings), so they are never 0 and never too small (Phipson and
Smyth 2010, "Permutation p-values should never be zero").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["Dealings"]

Floats = NDArray[np.float64]


class Dealings:
    """Which texts are "new": in truth (row 0) and in ``n_dealings`` random dealings of the same sizes."""

    def __init__(self, n_old: int, n_new: int, n_dealings: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.n_old, self.n_new = n_old, n_new
        self._new = np.zeros((n_dealings + 1, n_old + n_new), np.float32)
        self._new[0, n_old:] = 1.0
        for row in self._new[1:]:
            row[rng.permutation(len(row))[:n_new]] = 1.0

    def means(self, values: NDArray[np.floating] | csr_array) -> tuple[Floats, Floats]:
        """Return the mean of the (n x k) values in the old and in the new part, per dealing: twice (dealings + 1 x k)."""
        total = np.asarray(values.sum(axis=0), dtype=np.float64).ravel()
        new = np.asarray(self._new @ values, dtype=np.float64)
        return (total - new) / self.n_old, new / self.n_new

    def p_value(self, statistic: Floats) -> float:
        """Return the p-value of the truth among the dealings, of (dealings + 1,) statistics where more is worse."""
        truth = statistic[0] * (1 - 1e-9)  # equal up to rounding counts as equal
        return float((statistic >= truth).sum() / len(statistic))

    def adjusted(self, statistics: Floats) -> Floats:
        """Return p-values of many statistics that hold together, against the highest of each dealing (Westfall and Young 1993)."""
        highest = np.sort(statistics.max(axis=1))
        below = np.searchsorted(highest, statistics[0] * (1 - 1e-9), side="left")
        adjusted: Floats = (len(highest) - below) / len(highest)
        return adjusted
