"""Evidence: which words the model's own weights used, the plan clause they match, and what speaks for the rival.

A linear head's logit is a sum over feature occurrences, so each occurrence's part of the decision is known exactly; the
parts are added up per word.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hyeoksin.domain import Span
from hyeoksin.encoders import Encoded
from hyeoksin.features import Analysed

__all__ = ["Words", "spans", "speaking_words"]

Floats = NDArray[np.float64]
_N_SPANS = 5  # shown of a decision
_N_WORDS = 3  # named of a rival
_LEAST = 0.15  # of the best word's rank
_WORD = re.compile(r"[^\s]+")
_EDGE = re.compile(r"^[^\w]+|[^\w]+$")
_GAP = " "  # words with this between them are one span when both weigh enough; lines and cells never are
_LONGEST = 40
# How an officer reads, as against how a sum does: fitted to what coders underlined in public texts (bench/evidence.py)
_BESIDE = 0.7  # of what its neighbours add counts for a word too: a phrase speaks, not a word by itself
_NOUN = 2.0  # times as much counts a word with a noun in it
_FADE = 875  # characters after which nothing would count: what a text is about stands at its beginning


class Words:
    """The words of one text, and which of them each known occurrence begins and ends in."""

    def __init__(self, analysed: Analysed, encoded: Encoded) -> None:
        self.analysed = analysed
        self.bounds = [match.span() for match in _WORD.finditer(analysed.body)]
        self._share = encoded.share
        self._ends = [end for _, end in self.bounds]
        ends = np.array(self._ends, np.int32)
        first = np.searchsorted(ends, encoded.start, side="right")
        last = np.maximum(np.searchsorted(ends, encoded.end - 1, side="right"), first)
        self._edges = np.minimum(np.concatenate([first, last]), max(len(self.bounds) - 1, 0))

    def weighed(self, direction: NDArray[np.float32]) -> Floats:
        """Return what each word adds to a logit whose weights, per occurrence, are ``direction``.

        Half an occurrence's part goes to its first word, half to its last.
        """
        if not self.bounds:
            return np.zeros(0)
        half = np.asarray(self._share * direction, dtype=np.float64) / 2
        both = np.bincount(self._edges, np.concatenate([half, half]), minlength=len(self.bounds))
        return both.astype(np.float64)

    def ranked(self, weighed: Sequence[float]) -> list[float]:
        """Return how much a reader gains by each word that adds something (the others 0)."""
        nouns = {bisect_right(self._ends, m.start) for m in self.analysed.morphemes if m.key[-1] in "NL"}
        ranks = []  # plain numbers: a title has a handful of words, too few for arrays to pay
        padded = [0.0, *weighed, 0.0]
        for i, own in enumerate(weighed):
            rank = (own + _BESIDE * (padded[i] + padded[i + 2])) * (_NOUN if i in nouns else 1.0)
            ranks.append(rank * max(1.0 - self.bounds[i][0] / _FADE, 0.1) if own > 0 else 0.0)
        return ranks


def spans(words: Words, direction: NDArray[np.float32]) -> tuple[Span, ...]:
    """Return the words that speak most for the decision, neighbours joined, as true substrings of the document.

    Only words that speak for it are shown, the best phrases first; ``weight`` is the span's share of all positive evidence.
    """
    total = np.maximum(words.weighed(direction), 0.0)
    positive = float(total.sum())
    if positive <= 0:
        return ()
    weighed = total.tolist()
    ranks = words.ranked(weighed)
    best = sorted(ranks)[-2 * _N_SPANS :]
    cut = max(best[0], _LEAST * best[-1])
    joined: list[tuple[int, int, float, float]] = []
    for (start, end), weight, rank in zip(words.bounds, weighed, ranks, strict=True):
        if rank < cut:
            continue
        gap = words.analysed.body[joined[-1][1] : start] if joined else None
        if gap == _GAP and end - joined[-1][0] <= _LONGEST:
            begun, _, before, ranked = joined[-1]
            joined[-1] = (begun, end, before + weight, ranked + rank)
        else:
            joined.append((start, end, weight, rank))
    found: dict[str, Span] = {}
    for start, end, weight, _ in sorted(joined, key=lambda span: (-span[3], span[0])):
        span = _span(words.analysed, start, end, weight / positive)
        found.setdefault(span.text, span)  # the same words a second time say nothing new
    return tuple(found.values())[:_N_SPANS]


def _span(analysed: Analysed, start: int, end: int, weight: float) -> Span:
    inner = _EDGE.sub("", analysed.body[start:end])
    if inner:
        start += analysed.body[start:end].index(inner)
        end = start + len(inner)
    begin, stop = analysed.original(start, end)
    return Span(begin, stop, analysed.document.body[begin:stop], round(weight, 4))


def speaking_words(words: Words, direction: NDArray[np.float32]) -> Sequence[str]:
    """Return the words that speak most along ``direction``, cleaned of punctuation, best first."""
    weighed = words.weighed(direction).tolist()
    order = sorted(range(len(weighed)), key=lambda i: -weighed[i])[: 2 * _N_WORDS]
    body = words.analysed.body
    spoken = (body[slice(*words.bounds[i])] for i in order if weighed[i] > 0)
    found = dict.fromkeys(_EDGE.sub("", word) for word in spoken)
    return [word for word in found if word][:_N_WORDS]
