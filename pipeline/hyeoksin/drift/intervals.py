"""95 % intervals of shares and of their differences, for many shares at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["newcombe", "wilson"]

Floats = NDArray[np.float64]
_Z = 1.959963984540054


def wilson(share: Floats, n: int) -> tuple[Floats, Floats]:
    """Return the ends of the interval of (k,) shares of ``n`` texts each (Wilson 1927)."""
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(np.maximum(share * (1 - share), 0.0) / n + _Z**2 / (4 * n * n))
    return np.clip(middle - half, 0.0, share), np.clip(middle + half, share, 1.0)


def newcombe(before: Floats, n_before: int, after: Floats, n_after: int) -> tuple[Floats, Floats]:
    """Return the ends of the interval of ``after - before`` from the two Wilson intervals (Newcombe 1998, method 10)."""
    low_before, high_before = wilson(before, n_before)
    low_after, high_after = wilson(after, n_after)
    gap = after - before
    return (
        gap - np.hypot(after - low_after, high_before - before),
        gap + np.hypot(high_after - after, before - low_before),
    )
