"""Hashed character n-grams of many texts at once, in NumPy: what the first gate and the duplicate finder read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["ngram_hashes"]

_MIX = np.uint32(0x85EBCA6B)  # the multiplier of MurmurHash3's finaliser
_SHIFT = np.uint32(13)


def ngram_hashes(texts: Sequence[str], size: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the hashes of all runs of ``size`` characters, text after text, and where each text's begin.

    **Shape:** (all n-grams,) and (n texts + 1,); a text shorter than ``size`` has none.
    """
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    letters = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    counts = np.maximum(lengths - size + 1, 0)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    if not offsets[-1]:
        return np.zeros(0, np.uint32), offsets
    n = len(letters) - size + 1
    hashes = np.full(n, size, np.uint32)
    for k in range(size):
        hashes ^= letters[k : k + n]
        hashes *= _MIX
        hashes ^= hashes >> _SHIFT
    ends = np.repeat(np.cumsum(lengths), lengths)[:n]
    whole = np.arange(n) + size <= ends  # not across the border of two texts
    return hashes[whole], offsets
