"""Encoders: analysed documents in, feature values out.

``lexical`` gives sparse rows that every model has; a dense encoder gives columns that a head may read beside them. What
``--encoder`` may say stands in :data:`ENCODERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from hyeoksin.domain import Document
from hyeoksin.encoders.hub import SentenceEncoder
from hyeoksin.encoders.lexical import Encoded, LexicalEncoder
from hyeoksin.encoders.morpheme import MorphemeEncoder, load_morpheme_encoder
from hyeoksin.errors import ModelError
from hyeoksin.features import Analysed, opening
from hyeoksin.morphemes import Morpheme

__all__ = [
    "ENCODERS",
    "DenseEncoder",
    "Encoded",
    "LexicalEncoder",
    "MorphemeEncoder",
    "SentenceEncoder",
    "beside",
    "dense_encoder",
    "load_morpheme_encoder",
    "probe",
    "views",
]


class DenseEncoder(Protocol):
    """Analysed documents in, one dense vector of unit length each out."""

    @property
    def name(self) -> str:
        """What ``--encoder`` says to get it again."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode(self, analysed: Sequence[Analysed]) -> NDArray[np.float32]:
        """Return the (n documents x dimension) vectors; a text that it knows nothing of gives zeros."""


ENCODERS: dict[str, Callable[[str], DenseEncoder | None]] = {
    "lexical": lambda _: None,  # the sparse rows alone
    "morpheme": lambda folder: load_morpheme_encoder(folder or None),
    "sentence-transformers": SentenceEncoder,
}


def dense_encoder(name: str) -> DenseEncoder | None:
    """Return the dense encoder that ``name`` stands for: ``KIND`` or ``KIND:NAME_OR_FOLDER``; none for ``lexical``.

    Raises:
        ModelError: an unknown kind, or a model that is not on this computer.
        MissingExtraError: sentence-transformers is not installed.
    """
    kind, _, rest = name.partition(":")
    if kind not in ENCODERS:
        raise ModelError(
            f"모르는 인코더 '{name}'. 쓸 수 있는 것: {', '.join(ENCODERS)} (뒤에 :이름 또는 :폴더)."
        )
    return ENCODERS[kind](rest)


def beside(rows: csr_array, vectors: NDArray[np.float32]) -> csr_array:
    """Return the sparse rows with the dense vectors as further columns: (n documents x (n features + dimension))."""
    return csr_array(hstack([rows, csr_array(vectors)], format="csr"))


def views(dense: DenseEncoder, analysed: Sequence[Analysed]) -> NDArray[np.float32]:
    """Return the (n documents x 2 dimension) vectors of the whole text and, beside it, of its title or opening."""
    whole = dense.encode(analysed)
    openings = [opening(one) for one in analysed]
    other = [i for i, one in enumerate(analysed) if openings[i] is not one]
    first = whole.copy()
    first[other] = dense.encode([openings[i] for i in other])
    return np.hstack([whole, first])


def probe(dense: DenseEncoder) -> NDArray[np.float32]:
    """Return the (2 dimension,) vectors of one fixed text: what tells whether an encoder is the one trained with."""
    words = ("주민", "행정", "서비스", "개선")
    starts = [0, 3, 6, 10]
    morphemes = tuple(Morpheme(f"{w}/N", s, s + len(w)) for w, s in zip(words, starts, strict=True))
    body = " ".join(words)
    text = Analysed(Document(id="probe", text=body), body, morphemes, range(len(body) + 1), 0)
    vectors: NDArray[np.float32] = views(dense, [text])[0]
    return vectors
