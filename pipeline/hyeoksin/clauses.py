"""The plan clause (programme, or else the item's own wording) that is nearest to a text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from hyeoksin.domain import Clause, Document
from hyeoksin.encoders import LexicalEncoder
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan

__all__ = ["ClauseIndex"]

_LEAST = 0.02  # below this cosine a text and a clause share next to nothing


class ClauseIndex:
    """The programmes (or else the wordings) below each leaf, as unit vectors."""

    def __init__(self, plan: Plan, encoder: LexicalEncoder, tokenizer: Tokenizer, limit: int) -> None:
        self._below: dict[str, list[tuple[str, str, int]]] = {leaf.code: [] for leaf in plan.leaves}
        texts: list[Document] = []
        for leaf in plan.leaves:
            clauses = [(n.code, n.title, " ".join((n.title, *n.aliases))) for n in plan.children(leaf.code)]
            for code, title, text in clauses or [(leaf.code, leaf.title, leaf.wording)]:
                self._below[leaf.code].append((code, title, len(texts)))
                texts.append(Document(id=code, title=text))
        vectors = encoder.matrix(encoder.encode_all(list(analyse(texts, tokenizer, limit))))
        self._vectors = (diags_array(1.0 / np.maximum(_lengths(vectors), 1e-9)) @ vectors).T.tocsr()

    def cosines(self, rows: csr_array) -> NDArray[np.float64]:
        """Return the (n documents x n clauses) cosines of the feature values."""
        products = np.asarray((rows @ self._vectors).todense(), dtype=np.float64)
        return products / np.maximum(_lengths(rows), 1e-9)[:, None]

    def nearest(self, cosines: NDArray[np.float64], leaf: str) -> Clause | None:
        """Return the clause of the leaf that is nearest to the text; None where none is near."""
        code, title, best = max(self._below[leaf], key=lambda option: cosines[option[2]])
        return Clause(code, title, round(float(cosines[best]), 4)) if cosines[best] >= _LEAST else None


def _lengths(rows: csr_array) -> NDArray[np.float64]:
    return np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), dtype=np.float64).ravel())
