"""Features of a document: named occurrences with their places, shared by training, scoring and evidence.

A feature's name says what it is: ``m:공개/N`` a morpheme, ``b:정보/N+공개/N`` two neighbouring morphemes, ``c:정보공``
characters within a word (``_`` marks the word's edge).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hyeoksin.domain import Document
from hyeoksin.morphemes import Morpheme, Tokenizer
from hyeoksin.normalise import normalise_aligned

__all__ = [
    "BLOCKS",
    "Analysed",
    "Occurrence",
    "analyse",
    "feature_names",
    "grams",
    "occurrences",
    "opening",
    "part",
    "words",
]

BLOCKS = ("morphemes", "characters")  # each block is weighted by TF-IDF and has unit length of its own
_SIZES = (2, 3, 4)
_WORD = re.compile(r"\S+")
_LONGEST = 40  # characters of a word
_HEAD = 120  # characters; a longer first line is no title, a shorter text is one
_OPENING = 60  # characters of a longer text without title that stand for one


@dataclass(frozen=True, slots=True)
class Analysed:
    """A document taken apart: its normalised, bounded body, the morphemes, and the way back to ``document.body``.

    ``head`` is where the title (or a first line that looks like one) ends; what stands before it counts twice.
    """

    document: Document
    body: str
    morphemes: tuple[Morpheme, ...]
    offsets: Sequence[int]
    head: int

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of ``body`` to a span of ``document.body``."""
        return self.offsets[start], self.offsets[end]


Occurrence = tuple[str, int, int]  # a feature's name, and where it starts and ends in ``Analysed.body``


def analyse(documents: Iterable[Document], tokenizer: Tokenizer, limit: int) -> Iterator[Analysed]:
    """Yield the analysed documents, in order.

    Only the first ``limit`` characters count: what a release is about stands there, and the time of a row is bounded.
    """
    prepared = []
    for document in documents:
        body, offsets = normalise_aligned(document.body[:limit])
        prepared.append((document, body, offsets))
    tokens = tokenizer.tokenize([body for _, body, _ in prepared])
    for (document, body, offsets), morphemes in zip(prepared, tokens, strict=True):
        head = body.find("\n")
        yield Analysed(document, body, tuple(morphemes), offsets, head if 0 < head <= _HEAD else 0)


def part(analysed: Analysed, start: int, end: int) -> Analysed:
    """Return the piece of the body between two places, with the morphemes that lie wholly in it."""
    kept = tuple(
        Morpheme(m.key, m.start - start, m.end - start)
        for m in analysed.morphemes
        if m.start >= start and m.end <= end
    )
    return Analysed(analysed.document, analysed.body[start:end], kept, analysed.offsets[start : end + 1], 0)


def opening(analysed: Analysed) -> Analysed:
    """Return the title alone, the very text where it is as short as a title, or the first 60 characters of another."""
    if not analysed.head and len(analysed.body) <= _HEAD:
        return analysed
    return part(analysed, 0, analysed.head or _OPENING)


def occurrences(analysed: Analysed, block: str) -> Iterator[Occurrence]:
    """Yield the feature occurrences of one block, those of the title a second time."""
    for occurrence in _morphemes(analysed.morphemes) if block == "morphemes" else _characters(analysed.body):
        yield occurrence
        if occurrence[2] <= analysed.head:
            yield occurrence


def feature_names(analysed: Analysed, block: str) -> list[str]:
    """Return the names alone: the ``analyzer`` of a scikit-learn vectoriser."""
    return [name for name, _, _ in occurrences(analysed, block)]


def _morphemes(morphemes: Sequence[Morpheme]) -> Iterator[Occurrence]:
    before: Morpheme | None = None
    for morpheme in morphemes:
        yield f"m:{morpheme.key}", morpheme.start, morpheme.end
        if before is not None:
            yield f"b:{before.key}+{morpheme.key}", before.start, morpheme.end
        before = morpheme


def words(body: str) -> Iterator[tuple[str, int]]:
    """Yield the words between white space, in lower case, with their places; of a very long one only its beginning."""
    for match in _WORD.finditer(body):
        yield match.group()[:_LONGEST].lower(), match.start()


def grams(word: str) -> Iterator[Occurrence]:
    """Yield the character features of one word, with places counted from its beginning."""
    padded = f"_{word}_"
    for size in _SIZES:
        for at in range(len(padded) - size + 1):
            yield f"c:{padded[at : at + size]}", max(at - 1, 0), min(at - 1 + size, len(word))


def _characters(body: str) -> Iterator[Occurrence]:
    for word, start in words(body):
        for name, begin, end in grams(word):
            yield name, start + begin, start + end
