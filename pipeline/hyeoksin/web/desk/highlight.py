"""Evidence in a text: spans cut into pieces that follow each other, however they overlap; escaping is the template's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

__all__ = ["Piece", "pieces"]

_STRONG, _MIDDLE = 0.5, 0.2  # of the heaviest span


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; ``strength`` is 0 (plain) to 3 (the heaviest evidence)."""

    text: str
    strength: int


def pieces(text: str, spans: Iterable[Mapping[str, Any]], offset: int = 0) -> tuple[Piece, ...]:
    """Cut ``text`` where evidence begins and ends; joined, the pieces are ``text``.

    Args:
        text: what is shown.
        spans: ``evidence`` of a record: ``start``, ``end``, ``weight``; they may overlap, and reach outside of the text.
        offset: where ``text`` begins in what the spans count in.
    """
    inside = [
        (max(span["start"] - offset, 0), min(span["end"] - offset, len(text)), float(span["weight"]))
        for span in spans
    ]
    inside = [span for span in inside if span[0] < span[1]]
    heaviest = max((weight for *_, weight in inside), default=0.0)
    cuts = sorted({0, len(text), *(edge for start, end, _ in inside for edge in (start, end))})
    found: list[Piece] = []
    for start, end in pairwise(cuts):
        weight = max((w for s, e, w in inside if s <= start and end <= e), default=None)
        strength = 0 if weight is None else _strength(weight, heaviest)
        if found and found[-1].strength == strength:
            found[-1] = Piece(found[-1].text + text[start:end], strength)
        else:
            found.append(Piece(text[start:end], strength))
    return tuple(found)


def _strength(weight: float, heaviest: float) -> int:
    if weight >= _STRONG * heaviest:
        return 3
    return 2 if weight >= _MIDDLE * heaviest else 1
