"""The morpheme embedding in NumPy: a sentence-transformers folder read without torch.

A text's vector is the sum of its morphemes' vectors, each times its learnt weight, made unit length.
:class:`hyeoksin.encoders.bag.MorphemeBag` trains such a folder and gives the same vectors; a test holds them equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from scipy.sparse import csr_array

from hyeoksin.encoders.packed import unpacked
from hyeoksin.errors import ModelError
from hyeoksin.features import Analysed
from hyeoksin.resources import resource

__all__ = ["VOCABULARY", "WEIGHTS", "MorphemeEncoder", "load_morpheme_encoder"]

VOCABULARY = "vocabulary.txt"
WEIGHTS = "model.safetensors"


class MorphemeEncoder:
    """The weighted bag of morpheme vectors.

    Args:
        vocabulary: morpheme keys (``공개/N``), position = row.
        vectors: (n keys x dimension), weights already multiplied in.
        name: what ``--encoder`` says to get it again.
    """

    def __init__(
        self, vocabulary: Sequence[str], vectors: NDArray[np.float32], name: str = "morpheme"
    ) -> None:
        self.name = name
        self.vectors = vectors
        self._row = {key: i for i, key in enumerate(vocabulary)}

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    def encode(self, analysed: Sequence[Analysed]) -> NDArray[np.float32]:
        """Return the (n documents x dimension) unit vectors; no known morpheme gives zeros.

        Each row is summed by itself in the order of its morphemes, so it does not depend on its neighbours.
        """
        row = self._row
        known = [[row[m.key] for m in one.morphemes if m.key in row] for one in analysed]
        indptr = np.cumsum([0, *map(len, known)])
        indices = np.fromiter((i for rows in known for i in rows), dtype=np.int32, count=int(indptr[-1]))
        counts = csr_array(
            (np.ones(len(indices), np.float32), indices, indptr), shape=(len(known), len(self.vectors))
        )
        sums: NDArray[np.float32] = counts @ self.vectors
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        vectors: NDArray[np.float32] = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
        return vectors


def load_morpheme_encoder(folder: str | Path | None = None) -> MorphemeEncoder:
    """Load a folder written by sentence-transformers (default: the shipped one).

    Raises:
        ModelError: no such folder, or its parts do not fit together.
    """
    path = resource("morpheme") if folder is None else Path(folder).resolve()
    name = "morpheme" if folder is None else f"morpheme:{path}"
    try:
        vocabulary = (path / VOCABULARY).read_text(encoding="utf-8").split("\n")
        tensors = unpacked(load_file(path / WEIGHTS))
        vectors = tensors["vectors"] * tensors["weights"][:, None]
    except OSError as error:
        raise ModelError(f"{path}: 형태소 임베딩 폴더가 아닙니다 ({error.filename or error}).") from error
    except (KeyError, ValueError, SafetensorError) as error:
        raise ModelError(
            f"{path}: 형태소 임베딩의 내용이 온전하지 않습니다 ({error}). 다시 받으세요."
        ) from error
    if len(vocabulary) != len(vectors):
        raise ModelError(
            f"{path}: 어휘 {len(vocabulary)}개와 벡터 {len(vectors)}개의 수가 다릅니다. 다시 받으세요."
        )
    return MorphemeEncoder(vocabulary, vectors, name)
