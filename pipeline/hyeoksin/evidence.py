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

__all__ = ["occurrence_weights", "spans", "speaking_words", "words"]

_WORD = re.compile(r"[^\s]+")
_EDGE = re.compile(r"^[^\w]+|[^\w]+$")
_GAP = 1  # words with one character (a space) between them are one span when both weigh enough
_LONGEST = 40


def occurrence_weights(encoded: Encoded, direction: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what each occurrence adds to a logit whose weights, per occurrence, are ``direction``."""
    return np.asarray(encoded.share * direction, dtype=np.float64)


def words(
    analysed: Analysed, encoded: Encoded, direction: NDArray[np.float32]
) -> list[tuple[int, int, float]]:
    """Return (start, end, weight) of every word of the body.

    Half an occurrence's weight goes to its first word, half to its last.
    """
    bounds = [(m.start(), m.end()) for m in _WORD.finditer(analysed.body)]
    if not bounds:
        return []
    ends = np.array([end for _, end in bounds])
    first = np.searchsorted(ends, encoded.start, side="right")
    last = np.maximum(np.searchsorted(ends, encoded.end - 1, side="right"), first)
    weights = occurrence_weights(encoded, direction)
    n_words = len(bounds)
    total = np.bincount(np.minimum(first, n_words - 1), weights / 2, minlength=n_words)
    total += np.bincount(np.minimum(last, n_words - 1), weights / 2, minlength=n_words)
    return [(start, end, float(w)) for (start, end), w in zip(bounds, total, strict=True)]


def spans(
    analysed: Analysed, encoded: Encoded, direction: NDArray[np.float32], n_spans: int = 5
) -> tuple[Span, ...]:
    """Return the words that speak most for the decision, neighbours joined, as true substrings of the document.

    ``weight`` is the span's share of all positive evidence.
    """
    weighed = words(analysed, encoded, direction)
    positive = sum(w for *_, w in weighed if w > 0)
    if positive <= 0:
        return ()
    cut = max(sorted((w for *_, w in weighed), reverse=True)[: 2 * n_spans][-1], 0.02 * positive)
    joined: list[tuple[int, int, float]] = []
    for start, end, weight in (word for word in weighed if word[2] >= cut and word[2] > 0):
        if joined and start - joined[-1][1] <= _GAP and end - joined[-1][0] <= _LONGEST:
            joined[-1] = (joined[-1][0], end, joined[-1][2] + weight)
        else:
            joined.append((start, end, weight))
    found: dict[str, Span] = {}
    for start, end, weight in sorted(joined, key=lambda span: (-span[2], span[0])):
        span = _span(analysed, start, end, weight / positive)
        found.setdefault(span.text, span)  # the same words a second time say nothing new
    return tuple(found.values())[:n_spans]


def _span(analysed: Analysed, start: int, end: int, weight: float) -> Span:
    inner = _EDGE.sub("", analysed.body[start:end])
    if inner:
        start += analysed.body[start:end].index(inner)
        end = start + len(inner)
    begin, stop = analysed.original(start, end)
    return Span(begin, stop, analysed.document.body[begin:stop], round(weight, 4))


def speaking_words(
    analysed: Analysed, encoded: Encoded, direction: NDArray[np.float32], n_words: int = 3
) -> Sequence[str]:
    """Return the words that speak most along ``direction``, cleaned of punctuation, best first."""
    weighed = sorted(words(analysed, encoded, direction), key=lambda word: (-word[2], word[0]))
    found = dict.fromkeys(
        _EDGE.sub("", analysed.body[start:end]) for start, end, weight in weighed[: 2 * n_words] if weight > 0
    )
    return [word for word in found if word][:n_words]
