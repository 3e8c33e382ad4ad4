"""What a head for a new plan looks at: few linear views of a text, so that few decisions are enough to weigh them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hyeoksin.model import PlanHead

__all__ = ["Basis", "make_basis"]

Floats = NDArray[np.float64]
_AXES = 64  # of the embedding


@dataclass(frozen=True)
class Basis:
    """(n features + dimension) columns in, k standardised views out: ``X @ weights + offset``.

    The views are the likeness to each leaf's wording by words and by the embedding, the old plan's head where there is
    one, and, last, the main axes of the embedding. All are linear, so any head over them is one over the columns.
    """

    weights: NDArray[np.float32]
    offset: Floats
    n_axes: int

    def views(self, rows: csr_array) -> Floats:
        """Return the (n x k) views."""
        return np.asarray(rows @ self.weights, dtype=np.float64) + self.offset

    def unfold(self, coefficients: Floats) -> tuple[NDArray[np.float32], Floats]:
        """Return weights over the columns, and biases, that do what ((k + 1) x classes) coefficients do over the views."""
        bias = self.offset @ coefficients[:-1] + coefficients[-1]
        return (self.weights @ coefficients[:-1].astype(np.float32)), bias


def make_basis(
    wording: NDArray[np.float32], n_features: int, sample: csr_array, old: PlanHead | None
) -> Basis:
    """Return the basis, standardised on a sample of texts.

    Args:
        wording: (columns x leaves) weights of :func:`hyeoksin.untrained.wording_head`.
        n_features: how many of the columns are lexical.
        sample: (n x columns) rows of texts, labelled or not.
        old: the head of the plan before, whose linear part becomes a view too.
    """
    lexical, dense = wording.copy(), wording.copy()
    lexical[n_features:], dense[:n_features] = 0.0, 0.0
    parts = [lexical, dense]
    if old is not None:
        both = np.column_stack([old.leaf.weights, old.gate_weights])
        extended = np.zeros((len(wording), both.shape[1]), np.float32)
        extended[: len(both)] = both
        parts.append(extended)
    vectors = np.asarray(sample[:, n_features:].todense(), dtype=np.float64)
    _, _, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    axes = axes[:_AXES]
    embedded = np.zeros((len(wording), len(axes)), np.float32)
    embedded[n_features:] = axes.T
    parts.append(embedded)
    weights = np.hstack(parts)
    seen = np.asarray(sample @ weights, dtype=np.float64)
    spread = np.maximum(seen.std(axis=0), 1e-3)  # what never differs tells nothing
    spread[-len(axes) :] = spread[-len(axes) :].mean()  # the axes keep their sizes among themselves
    return Basis(weights / spread.astype(np.float32), -seen.mean(axis=0) / spread, len(axes))
