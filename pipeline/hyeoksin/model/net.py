"""A small network over dense vectors, beside the linear heads: it sees which words mean alike, they see which words stand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["Net", "product"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Net:
    """One hidden layer shared by all plans; per plan one output a leaf and, last, one for off-plan.

    ``hidden`` is (d x h), ``hidden_bias`` (h,), ``outputs`` maps a plan to (h x (leaves + 1)), ``biases`` to
    (leaves + 1,). ``probe`` (d,) is the vector that the encoder gave to a fixed text when the network was trained: another
    encoder is found out by it.
    """

    hidden: Floats
    hidden_bias: Floats
    outputs: Mapping[str, Floats]
    biases: Mapping[str, Floats]
    probe: Floats

    def log_probabilities(self, vectors: Floats) -> dict[str, NDArray[np.float64]]:
        """Return per plan the (n x (leaves + 1)) log-probabilities of (n x d) vectors, off-plan in the last column."""
        hidden = np.maximum(product(vectors, self.hidden) + self.hidden_bias, 0.0)
        found = {}
        for plan, weights in self.outputs.items():
            logits = (product(hidden, weights) + self.biases[plan]).astype(np.float64)
            found[plan] = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return found


def product(rows: Floats, weights: Floats) -> Floats:
    """Return ``rows @ weights`` row by row, as SciPy multiplies sparse rows: BLAS rounds a row by its neighbours."""
    n_rows, width = rows.shape
    columns = np.tile(np.arange(width, dtype=np.int32), n_rows)
    starts = np.arange(n_rows + 1, dtype=np.int32) * width
    product: Floats = csr_array((rows.ravel(), columns, starts), shape=rows.shape) @ weights
    return product
