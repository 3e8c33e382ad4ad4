"""Evidence: which words the model's own weights used, the plan clause they match, and what speaks for the rival.

A linear head's logit is a sum over feature occurrences, so each occurrence's part of the decision is known exactly; the
parts are added up per word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hyeoksin.domain import Span
from hyeoksin.encoders import Encoded
from hyeoksin.features import Analysed

__all__ = ["Words", "spans", "speaking_words"]

_WORD = re.compile(r"[^\s]+")
_EDGE = re.compile(r"^[^\w]+|[^\w]+$")
_GAP = 1  # words with one character (a space) between them are one span when both weigh enough
_LONGEST = 40


class Words:
    """The words of one text, and which of them each known occurrence begins and ends in."""

    def __init__(self, analysed: Analysed, encoded: Encoded) -> None:
        self.analysed = analysed
        self.bounds = [match.span() for match in _WORD.finditer(analysed.body)]
        self._share = encoded.share
        ends = np.array([end for _, end in self.bounds])
        last_word = max(len(self.bounds) - 1, 0)
        first = np.searchsorted(ends, encoded.start, side="right")
        last = np.maximum(np.searchsorted(ends, encoded.end - 1, side="right"), first)
        self._edges = np.minimum(np.concatenate([first, last]), last_word)

    def weighed(self, direction: NDArray[np.float32]) -> list[float]:
        """Return what each word adds to a logit whose weights, per occurrence, are ``direction``.

        Half an occurrence's part goes to its first word, half to its last.
        """
        if not self.bounds:
            return []
        half = np.asarray(self._share * direction, dtype=np.float64) / 2
        both = np.concatenate([half, half])
        found: list[float] = np.bincount(self._edges, both, minlength=len(self.bounds)).tolist()
        return found


def spans(words: Words, direction: NDArray[np.float32], n_spans: int = 5) -> tuple[Span, ...]:
    """Return the words that speak most for the decision, neighbours joined, as true substrings of the document.

    ``weight`` is the span's share of all positive evidence.
    """
    weighed = words.weighed(direction)
    positive = sum(w for w in weighed if w > 0)
    if positive <= 0:
        return ()
    cut = max(sorted(weighed, reverse=True)[: 2 * n_spans][-1], 0.02 * positive)
    joined: list[tuple[int, int, float]] = []
    for (start, end), weight in zip(words.bounds, weighed, strict=True):
        if weight < cut or weight <= 0:
            continue
        if joined and start - joined[-1][1] <= _GAP and end - joined[-1][0] <= _LONGEST:
            joined[-1] = (joined[-1][0], end, joined[-1][2] + weight)
        else:
            joined.append((start, end, weight))
    found: dict[str, Span] = {}
    for start, end, weight in sorted(joined, key=lambda span: (-span[2], span[0])):
        span = _span(words.analysed, start, end, weight / positive)
        found.setdefault(span.text, span)  # the same words a second time say nothing new
    return tuple(found.values())[:n_spans]


def _span(analysed: Analysed, start: int, end: int, weight: float) -> Span:
    inner = _EDGE.sub("", analysed.body[start:end])
    if inner:
        start += analysed.body[start:end].index(inner)
        end = start + len(inner)
    begin, stop = analysed.original(start, end)
    return Span(begin, stop, analysed.document.body[begin:stop], round(weight, 4))


def speaking_words(words: Words, direction: NDArray[np.float32], n_words: int = 3) -> Sequence[str]:
    """Return the words that speak most along ``direction``, cleaned of punctuation, best first."""
    weighed = words.weighed(direction)
    order = sorted(range(len(weighed)), key=lambda i: (-weighed[i], i))[: 2 * n_words]
    body = words.analysed.body
    spoken = (body[slice(*words.bounds[i])] for i in order if weighed[i] > 0)
    found = dict.fromkeys(_EDGE.sub("", word) for word in spoken)
    return [word for word in found if word][:n_words]
