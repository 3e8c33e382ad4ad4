"""Which texts to look at next: those that promise most, and no two of a kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["doubt", "spread"]


def doubt(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 minus the gap between the two likeliest answers, of (n x classes) probabilities."""
    top = np.sort(shares, axis=1)[:, -2:]
    gap: NDArray[np.float64] = 1.0 - (top[:, 1] - top[:, 0])
    return gap


def spread(worth: NDArray[np.float64], vectors: NDArray[np.floating], n: int) -> list[int]:
    """Return up to ``n`` rows, one after the other: the most worth among what is unlike all that was taken.

    Args:
        worth: (rows,), not negative; 0 is never taken.
        vectors: (rows x dimension), of unit length or zero: a row loses its worth by its highest cosine to a taken one.
        n: how many.
    """
    likeness = np.zeros(len(worth))
    left = worth.astype(np.float64).copy()
    taken: list[int] = []
    while len(taken) < min(n, len(worth)):
        best = int(np.argmax(left * (1.0 - np.clip(likeness, 0.0, 1.0) * 0.999)))
        if left[best] <= 0.0:
            break
        taken.append(best)
        left[best] = 0.0
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return taken
