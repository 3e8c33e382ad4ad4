"""The nouns: frozen dataclasses that every other module passes along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

__all__ = [
    "UNTRAINED",
    "AgencyFlag",
    "Clause",
    "Document",
    "Prediction",
    "Rival",
    "Role",
    "Score",
    "Span",
    "Status",
]

Status = Literal["settled", "review", "off_plan"]
Role = Literal["lead", "support", "executing"]
UNTRAINED = (
    "학습하지 않은 계획: 항목의 제목과 정의에 얼마나 가까운지만 보았습니다. 사람이 확인하세요."  # a note
)


@dataclass(frozen=True, slots=True)
class Document:
    """One text to classify.

    ``date`` is ISO (``2024-03-29``) or None, ``source`` says where the text came from (``tasks.xlsx#row=12``), ``meta``
    carries the columns that the reader did not need.
    """

    id: str
    text: str = ""
    title: str = ""
    source: str = ""
    date: str | None = None
    region: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """Title and text as one string: evidence offsets count in it."""
        if self.title and self.text:
            return f"{self.title}\n{self.text}"
        return self.title or self.text


class Score(NamedTuple):
    """The calibrated probability of one node of a plan; a parent's is the sum of its leaves'."""

    code: str
    title: str
    probability: float


@dataclass(frozen=True, slots=True)
class AgencyFlag:
    """An agency that would likely lead, support or execute, and why."""

    id: str
    name: str
    role: Role
    probability: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of ``Document.body`` that moved the answer; ``weight`` is its share of the positive evidence (0..1)."""

    start: int
    end: int
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Clause:
    """The plan clause (programme or node) whose wording is nearest to the text; ``similarity`` is a cosine."""

    code: str
    title: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Rival:
    """The second-best leaf, the words that speak for it, and the plan's border rule between the two."""

    code: str
    title: str
    probability: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one plan says of one document.

    ``scores`` holds every leaf, best first; together with ``off_plan`` it sums to 1. ``path`` may stop above the leaf
    where the leaf is unsafe, and is empty for ``off_plan``. ``duplicate_group`` names the group of (nearly) equal texts
    that were judged together, where there is one.
    """

    document: Document
    plan: str
    status: Status
    path: tuple[Score, ...]
    scores: tuple[Score, ...]
    off_plan: float
    agencies: tuple[AgencyFlag, ...]
    evidence: tuple[Span, ...]
    clause: Clause | None
    rival: Rival | None
    regions: tuple[str, ...]
    model: str
    plan_sha: str
    notes: tuple[str, ...] = ()
    others: tuple[Prediction, ...] = ()
    duplicate_group: str | None = None

    def to_record(self) -> dict[str, Any]:
        """Return the JSON record: the stable interface that the command line, batch, REST and web speak."""
        record: dict[str, Any] = {
            "id": self.document.id,
            "source": self.document.source,
            **self._answer(),
            "agencies": [
                {
                    "id": flag.id,
                    "name": flag.name,
                    "role": flag.role,
                    "probability": flag.probability,
                    "reasons": list(flag.reasons),
                }
                for flag in self.agencies
            ],
            "evidence": [
                {"start": s.start, "end": s.end, "text": s.text, "weight": s.weight} for s in self.evidence
            ],
            "clause": None
            if self.clause is None
            else {
                "code": self.clause.code,
                "title": self.clause.title,
                "similarity": self.clause.similarity,
            },
            "rival": None
            if self.rival is None
            else {
                "code": self.rival.code,
                "title": self.rival.title,
                "probability": self.rival.probability,
                "why": list(self.rival.why),
            },
            "regions": list(self.regions),
            "others": {other.plan: other._answer() for other in self.others},
            "model": self.model,
        }
        if self.document.date is not None:
            record["date"] = self.document.date
        if self.document.meta:
            record["meta"] = dict(self.document.meta)
        if self.duplicate_group is not None:
            record["duplicate_group"] = self.duplicate_group
        if self.notes:
            record["notes"] = list(self.notes)
        return record

    def _answer(self) -> dict[str, Any]:
        return {
            "plan": self.plan,
            "status": self.status,
            "path": [{"code": p.code, "title": p.title, "probability": p.probability} for p in self.path],
            "candidates": [
                {"code": s.code, "title": s.title, "probability": s.probability} for s in self.scores
            ],
            "off_plan": self.off_plan,
            "plan_sha": self.plan_sha,
        }
