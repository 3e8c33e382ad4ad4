"""The lexical encoder: analysed documents in, one sparse row of feature values each out.

The shipped encoder reads what scikit-learn's ``TfidfVectorizer`` learnt (vocabulary and idf) and computes the same
values in NumPy, so that neither scikit-learn nor its version stands in the default path; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hyeoksin.features import Analysed, grams, words
from hyeoksin.morphemes import Morpheme

__all__ = ["Encoded", "LexicalEncoder"]

Floats = NDArray[np.float32]
_CACHED = 100_000  # words
_BATCH = 1_000  # documents
_Places = NDArray[np.int32]  # (3 x n): column, start and end of each occurrence
_NOTHING: _Places = np.zeros((3, 0), np.int32)


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
        self._single = {name[2:]: i for name, i in self._column.items() if name.startswith("m:")}
        pairs = ((name[2:].partition("+"), i) for name, i in self._column.items() if name.startswith("b:"))
        self._pairs = {(first, second): i for (first, _, second), i in pairs}
        self._known_grams = lru_cache(maxsize=_CACHED)(partial(_grams, self._column))

    def __reduce__(self) -> tuple[type[LexicalEncoder], tuple[Sequence[str], Floats]]:
        return LexicalEncoder, (self.vocabulary, self.idf)  # the cache stays behind

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.vocabulary)

    def encode(self, analysed: Analysed) -> Encoded:
        """Return the known occurrences of one document."""
        return self.encode_all([analysed])[0]

    def encode_all(self, analysed: Sequence[Analysed]) -> list[Encoded]:
        """Return the known occurrences of each document; a document's answer does not depend on its neighbours."""
        found: list[Encoded] = []
        for start in range(0, len(analysed), _BATCH):
            batch = analysed[start : start + _BATCH]
            blocks = [[known(one) for one in batch] for known in (self._morphemes, self._characters)]
            shares = [self._shares(block) for block in blocks]
            for places, share in zip(zip(*blocks, strict=True), zip(*shares, strict=True), strict=True):
                index, begin, end = np.concatenate(places, axis=1)
                found.append(Encoded(index, begin, end, np.concatenate(share)))
        return found

    def _shares(self, places: Sequence[_Places]) -> list[Floats]:
        """Return per document the share of each occurrence, the block being of unit length."""
        sizes = [table.shape[1] for table in places]
        column = np.concatenate([table[0] for table in places])
        document = np.repeat(np.arange(len(places)), sizes)
        keys, inverse, counts = np.unique(
            document * self.n_features + column, return_inverse=True, return_counts=True
        )
        values = (1.0 + np.log(counts)) * self.idf[keys % self.n_features]
        owner = keys // self.n_features
        length = np.sqrt(np.bincount(owner, values * values, minlength=len(places)))
        share = (values / length[owner] / counts)[inverse].astype(np.float32)
        return np.split(share, np.cumsum(sizes)[:-1])

    def _morphemes(self, analysed: Analysed) -> _Places:
        """Return the places that ``occurrences`` would give, without making the names."""
        single, pairs, head = self._single, self._pairs, analysed.head
        known: list[tuple[int, int, int]] = []
        before: Morpheme | None = None
        for morpheme in analysed.morphemes:
            key, end = morpheme.key, morpheme.end
            twice = 1 + (end <= head)
            column = single.get(key)
            if column is not None:
                known += [(column, morpheme.start, end)] * twice
            if before is not None:
                column = pairs.get((before.key, key))
                if column is not None:
                    known += [(column, before.start, end)] * twice
            before = morpheme
        return _table(known)

    def _characters(self, analysed: Analysed) -> _Places:
        """Return what ``occurrences`` would, word by word through a cache: the words of a language repeat."""
        found = [(self._known_grams(word), place) for word, place in words(analysed.body)]
        if not found:
            return _NOTHING
        table = np.concatenate([known for known, _ in found], axis=1)
        table[1:] += np.repeat([place for _, place in found], [known.shape[1] for known, _ in found])
        return (
            np.concatenate([table, table[:, table[2] <= analysed.head]], axis=1) if analysed.head else table
        )

    def matrix(self, encoded: Sequence[Encoded]) -> csr_array:
        """Return the (n documents x n features) matrix; rows do not depend on each other."""
        if not encoded:
            return csr_array((0, self.n_features), dtype=np.float32)
        indptr = np.cumsum([0, *(len(one.index) for one in encoded)], dtype=np.int32)
        columns = np.concatenate([one.index for one in encoded])
        rows = csr_array(
            (np.concatenate([one.share for one in encoded]), columns, indptr),
            shape=(len(encoded), self.n_features),
        )
        rows.sum_duplicates()
        return rows


def _grams(column: Mapping[str, int], word: str) -> _Places:
    """Return the places of a word's known features; no method, which the cache would tie to its encoder for good."""
    return _table([(column[name], begin, end) for name, begin, end in grams(word) if name in column])


def _table(places: Sequence[tuple[int, int, int]]) -> _Places:
    return np.array(places, dtype=np.int32).reshape(-1, 3).T.copy()
