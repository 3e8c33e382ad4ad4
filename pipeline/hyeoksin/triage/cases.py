"""The nouns of triage: a text that waits, and a text that a person has judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["WHOLE", "Case", "Id", "Judged", "Stratum", "strata_of"]

Id = str | int
Stratum = Literal["region", "kind", "code"]
WHOLE: tuple[str, str] = ("all", "")  # the group of all texts


@dataclass(frozen=True, slots=True)
class Case:
    """A text without a decision.

    ``probability`` is the calibrated one of the best answer, which is ``code`` (None: outside the plan). Cases of one
    ``group`` of (nearly) equal texts are read once; ``n_members`` says how many texts a case stands for where the caller
    passes one case for a whole group. ``seconds`` is the reading time where it is known better than the common pace.
    ``may_stand``: False where the model leaves it to a person (``review``), however probable its answer: no validation
    found a probability that keeps the promise there, or none that low. ``held``: people put it off or differ about it.
    Neither of both stands without a person.
    """

    id: Id
    probability: float
    code: str | None = None
    off_plan: float = 0.0
    may_stand: bool = True
    region: str | None = None
    kind: str | None = None
    group: str | None = None
    n_members: int = 1
    seconds: float | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A text that a person has judged: the probability that the model gave its answer, and whether it was accepted.

    A decision on a whole group of duplicates is one of these, not one for each member.
    """

    probability: float
    right: bool
    code: str | None = None
    region: str | None = None
    kind: str | None = None


def strata_of(row: Case | Judged, per: Sequence[Stratum]) -> tuple[tuple[Stratum, str], ...]:
    """Return the groups that a row belongs to, one for each of ``per``; what is unknown is a group named ``""``."""
    return tuple((by, getattr(row, by) or "") for by in per)
