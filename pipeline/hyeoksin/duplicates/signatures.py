"""A text's fingerprints: a hash of its normalised words, and a MinHash signature of its letters."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyeoksin.errors import MissingExtraError
from hyeoksin.ngrams import ngram_hashes
from hyeoksin.normalise import normalise

__all__ = ["N_HASHES", "content_hash", "letters", "signatures"]

N_HASHES = 128  # Jaccard similarity is then known to +-0.04 (one standard error, at 0.6)
_SHINGLE = 4  # characters
_SEED = 1
_READ = 20_000  # characters; a longer text is compared by its beginning


def content_hash(text: str) -> int:
    """Return 64 bits of the SHA-256 of the normalised text, white space squeezed (10^7 texts: one chance in 10^5 to clash)."""
    squeezed = " ".join(normalise(text).split())
    return int.from_bytes(hashlib.sha256(squeezed.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def letters(text: str) -> str:
    """Return what two issues of one text share: its letters and digits alone, in lower case."""
    return "".join(filter(str.isalnum, normalise(text[:_READ]))).lower()


def signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    """Return the MinHash signatures (n texts x ``N_HASHES``) of what :func:`letters` gave, by its runs of four (Broder 1997).

    Raises:
        MissingExtraError: rensa is not installed.
    """
    hashes, offsets = ngram_hashes(texts, _SHINGLE)
    matrix = _minhash().digest_matrix_from_flat_token_hashes(
        hashes.astype(np.uint64), offsets.astype(np.uint64), N_HASHES, _SEED
    )
    return np.array(matrix.to_rows(), np.uint32).reshape(len(texts), N_HASHES)


def _minhash() -> Any:
    try:
        from rensa import RMinHash
    except ModuleNotFoundError as error:
        raise MissingExtraError("rensa", "batch") from error
    return RMinHash
