"""What the morpheme embedding learns from: titles with their bodies, and the vocabulary that stands in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hyeoksin.domain import Document
from hyeoksin.external import public_texts, sources
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer, content_key
from hyeoksin.training.cong import DIMENSION, Cong

__all__ = ["Pair", "Vocabulary", "read_pairs", "start_vectors", "title_body_pairs", "vocabulary"]

_MASK = "[기관]"


@dataclass(frozen=True, slots=True)
class Pair:
    """The morpheme keys of a title and of its body."""

    title: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """Morpheme keys, the most frequent first, and the inverse document frequency of each."""

    keys: tuple[str, ...]
    idf: NDArray[np.float32]


def title_body_pairs(listing: Path, folder: Path) -> Iterator[Document]:
    """Yield the public texts that have a title and a body; press releases with their ministry's name masked.

    Raises:
        InputError: a file of a public source is missing.
    """
    for entry in sources(listing).values():
        masked = dict(entry) | {"fields": entry.get("masked_fields", entry["fields"])}
        for document in public_texts(masked, folder):
            if document.title and document.text:
                yield Document(
                    id=f"{document.source}:{document.id}",
                    title=document.title.replace(_MASK, " "),
                    text=document.text.replace(_MASK, " "),
                )


def read_pairs(documents: Sequence[Document], tokenizer: Tokenizer, limit: int) -> list[Pair]:
    """Return title and body as morpheme keys, of the first ``limit`` characters each."""
    sides = []
    for texts in ([d.title for d in documents], [d.text for d in documents]):
        parts = (Document(id=str(i), text=text) for i, text in enumerate(texts))
        sides.append([tuple(m.key for m in one.morphemes) for one in analyse(parts, tokenizer, limit)])
    return [Pair(title, body) for title, body in zip(*sides, strict=True)]


def vocabulary(texts: Iterable[Iterable[str]], min_count: int, max_keys: int) -> Vocabulary:
    """Return the keys that stand in at least ``min_count`` texts, at most ``max_keys``."""
    counts: Counter[str] = Counter()
    n_texts = 0
    for text in texts:
        n_texts += 1
        counts.update(set(text))
    kept = sorted(((-n, key) for key, n in counts.items() if n >= min_count))[:max_keys]
    idf = np.log(n_texts / np.array([-n for n, _ in kept], dtype=np.float32))
    return Vocabulary(tuple(key for _, key in kept), np.maximum(idf, 0.5).astype(np.float32))


def start_vectors(keys: Sequence[str], cong: Cong, seed: int = 0) -> NDArray[np.float32]:
    """Return (n keys x 256) unit vectors: CoNg's own for what Kiwi knows, else the mean of the word's parts.

    Of several tags in a key's word class the most frequent one counts; a key without any part known to CoNg gets a short
    random vector.
    """
    known: dict[str, NDArray[np.float32]] = {}
    for form, tag, vector in zip(cong.forms, cong.tags, cong.vectors, strict=True):
        key = content_key(form, tag)
        if key is not None:
            known.setdefault(key, vector)
    missing = [key for key in keys if key not in known]
    plain = Tokenizer(workers=1, words=())  # without the domain's words, to see their parts
    for key, parts in zip(missing, plain.tokenize(key.rpartition("/")[0] for key in missing), strict=True):
        vectors = [known[part.key] for part in parts if part.key in known]
        if vectors:
            known[key] = np.sum(vectors, axis=0)
    table = np.random.default_rng(seed).normal(0.0, 0.02, (len(keys), DIMENSION)).astype(np.float32)
    for row, key in enumerate(keys):
        if key in known:
            table[row] = known[key] / np.linalg.norm(known[key])
    return table
