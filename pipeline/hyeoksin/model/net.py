"""A small network over dense vectors, beside the linear heads: it sees which words mean alike, they see which words stand there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Net"]

Floats = NDArray[np.float32]
_BLOCK = 64  # rows; products of one fixed shape, so that a row's answer does not depend on its neighbours


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
        hidden = np.maximum(_product(vectors, self.hidden) + self.hidden_bias, 0.0)
        found = {}
        for plan, weights in self.outputs.items():
            logits = (_product(hidden, weights) + self.biases[plan]).astype(np.float64)
            found[plan] = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return found


def _product(rows: Floats, weights: Floats) -> Floats:
    """Return ``rows @ weights``, computed in blocks of 64 rows: BLAS rounds differently for other shapes."""
    n_rows = len(rows)
    padded = np.zeros((-(-n_rows // _BLOCK) * _BLOCK, rows.shape[1]), np.float32)
    padded[:n_rows] = rows
    result = np.empty((len(padded), weights.shape[1]), np.float32)
    for start in range(0, len(padded), _BLOCK):
        np.matmul(padded[start : start + _BLOCK], weights, out=result[start : start + _BLOCK])
    return result[:n_rows]
