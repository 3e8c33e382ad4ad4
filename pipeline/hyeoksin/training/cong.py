"""Morpheme vectors recovered from Kiwi's own language model (CoNg) through its public interface.

Kiwi hands out cosines, not vectors; but one call returns a whole row of the cosine matrix, whose rank is 256, so a few
hundred rows and one eigendecomposition give every vector back up to a rotation (Nyström's method), which no cosine can
tell from the original.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIMENSION", "Cong", "recover"]

DIMENSION = 256
_ANCHORS = 320  # more than the rank, so that the anchors span it
_FREQUENT = 10_000  # Kiwi numbers its morphemes by falling frequency


@dataclass(frozen=True)
class Cong:
    """The recovered table: row i of ``vectors`` (n x 256, unit length) belongs to Kiwi's morpheme i.

    ``forms`` and ``tags`` name the rows; rows that Kiwi gives no cosine for are zero and have no name.
    """

    vectors: NDArray[np.float32]
    forms: tuple[str, ...]
    tags: tuple[str, ...]


def recover(kiwi: Any, seed: int = 0) -> Cong:
    """Return the vectors of all morphemes that Kiwi's language model knows (1-2 minutes).

    Args:
        kiwi: a live ``kiwipiepy.Kiwi`` of model type ``cong`` (the default).
        seed: chooses the anchor rows.
    """
    everything = kiwi.most_similar_morphemes(_FREQUENT, top_n=10**6)
    n_rows = 1 + max(one.id for one in everything)
    named = {one.id: (one.form, str(one.tag)) for one in everything}
    rng = np.random.default_rng(seed)
    anchors = np.sort(rng.choice([i for i in named if i < _FREQUENT], _ANCHORS, replace=False))
    rows = np.zeros((_ANCHORS, n_rows), dtype=np.float64)
    for row, anchor in zip(rows, anchors, strict=True):
        found = kiwi.most_similar_morphemes(int(anchor), top_n=n_rows)
        row[[one.id for one in found]] = [one.score for one in found]
        row[anchor] = 1.0
    values, directions = np.linalg.eigh(rows[:, anchors])
    values, directions = values[-DIMENSION:], directions[:, -DIMENSION:]
    vectors = (rows.T @ (directions / np.sqrt(values))).astype(np.float32)
    names = [named.get(i, ("", "")) for i in range(n_rows)]
    vectors[[i for i, (form, _) in enumerate(names) if not form]] = 0.0
    return Cong(vectors, tuple(form for form, _ in names), tuple(tag for _, tag in names))
