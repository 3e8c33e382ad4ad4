"""The lexical encoder: analysed documents in, one sparse row of feature values each out.

The shipped encoder reads what scikit-learn's ``TfidfVectorizer`` learnt (vocabulary and idf) and computes the same
values in NumPy, so that neither scikit-learn nor its version stands in the default path; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hyeoksin.features import BLOCKS, Analysed, grams, occurrences, words

__all__ = ["Encoded", "LexicalEncoder"]

Floats = NDArray[np.float32]
_CACHED = 100_000  # words


@dataclass(frozen=True, slots=True)
class Encoded:
    """One document's known occurrences: feature index, place in the body, and its share of the feature's value.

    All arrays have one entry per occurrence; the shares of a feature's occurrences sum to the feature's value.
    """

    index: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    share: Floats


class LexicalEncoder:
    """TF-IDF over morphemes, morpheme pairs and characters within words, each block of unit length.

    Args:
        vocabulary: feature names, position = column.
        idf: inverse document frequency of each.
    """

    def __init__(self, vocabulary: Sequence[str], idf: Floats) -> None:
        self.vocabulary = vocabulary
        self.idf = idf
        self._column = {name: i for i, name in enumerate(vocabulary)}
        self._known_grams = lru_cache(maxsize=_CACHED)(self._look_up)

    def __reduce__(self) -> tuple[type[LexicalEncoder], tuple[Sequence[str], Floats]]:
        return LexicalEncoder, (self.vocabulary, self.idf)  # the cache stays behind

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.vocabulary)

    def encode(self, analysed: Analysed) -> Encoded:
        """Return the known occurrences of one document."""
        parts = [self._block(analysed, block) for block in BLOCKS]
        return Encoded(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _block(
        self, analysed: Analysed, block: str
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], Floats]:
        known = self._morphemes(analysed) if block == "morphemes" else self._characters(analysed)
        table = np.array(known, dtype=np.int32).reshape(-1, 3)
        features, inverse, counts = np.unique(table[:, 0], return_inverse=True, return_counts=True)
        values = (1.0 + np.log(counts)) * self.idf[features]
        length = np.sqrt((values * values).sum())
        share = (values / (length or 1.0) / counts)[inverse].astype(np.float32)
        return table[:, 0], table[:, 1], table[:, 2], share

    def _morphemes(self, analysed: Analysed) -> list[tuple[int, int, int]]:
        column = self._column
        found = occurrences(analysed, "morphemes")
        return [(column[name], start, end) for name, start, end in found if name in column]

    def _characters(self, analysed: Analysed) -> list[tuple[int, int, int]]:
        """Return what ``occurrences`` would, word by word through a cache: the words of a language repeat."""
        known: list[tuple[int, int, int]] = []
        for word, start in words(analysed.body):
            here = [(column, start + begin, start + end) for column, begin, end in self._known_grams(word)]
            known += here
            known += [one for one in here if one[2] <= analysed.head]
        return known

    def _look_up(self, word: str) -> tuple[tuple[int, int, int], ...]:
        column = self._column
        return tuple((column[name], begin, end) for name, begin, end in grams(word) if name in column)

    def matrix(self, encoded: Sequence[Encoded]) -> csr_array:
        """Return the (n documents x n features) matrix; rows do not depend on each other."""
        rows = list(_rows(encoded))
        indptr = np.cumsum([0, *(len(columns) for columns, _ in rows)], dtype=np.int32)
        columns = np.concatenate([c for c, _ in rows]).astype(np.int32) if rows else np.zeros(0, np.int32)
        values = np.concatenate([v for _, v in rows]) if rows else np.zeros(0, np.float32)
        return csr_array((values, columns, indptr), shape=(len(rows), self.n_features))


def _rows(encoded: Sequence[Encoded]) -> Iterator[tuple[NDArray[np.int32], Floats]]:
    for one in encoded:
        columns, inverse = np.unique(one.index, return_inverse=True)
        yield columns, np.bincount(inverse, one.share, minlength=len(columns)).astype(np.float32)
