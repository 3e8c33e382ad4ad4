"""Intervals of shares (Wilson 1927), also of weighted ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hyeoksin.audit.result import Interval

__all__ = ["Z", "weighted", "wilson"]

Z = 1.959963984540054  # of a 95 % interval


def wilson(hits: float, n: float) -> Interval:
    """Return ``hits`` of ``n`` as a share with its 95 % interval."""
    share = hits / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * float(np.sqrt(share * (1 - share) / n + Z**2 / (4 * n * n)))
    return Interval(
        round(share, 6),
        round(min(max(middle - half, 0.0), share), 6),
        round(max(min(middle + half, 1.0), share), 6),
    )


def weighted(hits: NDArray[np.float64], weight: NDArray[np.float64]) -> Interval:
    """Return a weighted share, with the interval at the effective number of texts (Kish 1965)."""
    share = float(weight @ hits / weight.sum())
    n = float(weight.sum() ** 2 / (weight @ weight))
    return wilson(share * n, n)
