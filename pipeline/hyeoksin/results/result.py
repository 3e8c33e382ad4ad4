"""What one line of results tells of its text in one plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hyeoksin.codes import NONE, code_in, turned
from hyeoksin.domain import Document
from hyeoksin.errors import RowError
from hyeoksin.gate import MARK
from hyeoksin.plan import Plan
from hyeoksin.sinks import KEPT

__all__ = ["NO_CODE", "Result", "checked", "code_of"]

NO_CODE = "코드가 비어 있습니다. 코드나 '계획 밖'을 적으세요."


@dataclass(frozen=True, slots=True)
class Result:
    """What stands of one text in one plan: ``code`` (``NONE``: outside the plan), decided by a person or recommended.

    ``probability`` is the recommendation's, of the code or of being off-plan; None where it is not told. ``shares``
    holds the probabilities of the leaves and of ``NONE``, where the input tells them. ``notes`` and ``duplicate_group`` are
    those of the record. ``regions`` are the places that the classifier found, its region column
    included; ``model`` is the model that answered, where the input names it. ``suggested`` is what had been recommended
    beside a decision, where the input tells it.
    """

    document: Document
    code: str
    decided: bool = False
    status: str | None = None
    probability: float | None = None
    shares: Mapping[str, float] | None = None
    notes: tuple[str, ...] = ()
    duplicate_group: str | None = None
    regions: tuple[str, ...] = ()
    model: str = ""
    suggested: str | None = None

    @property
    def gated(self) -> bool:
        """Whether the first gate settled the text: the probabilities are its own."""
        return any(note.startswith(MARK) for note in self.notes)

    @property
    def is_cut(self) -> bool:
        """Whether the text is one of which our tables and Parquet keep the beginning only."""
        return len(self.document.text) == KEPT

    @property
    def has_text(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.document.body.strip())


def code_of(cell: str | None, plan: Plan) -> str:
    """Return the code of a cell; an empty one is ``NONE``."""
    return code_in(cell, plan) if cell else NONE


def checked(result: Result, plan: Plan, place: str, cell: str = "") -> Result | RowError:
    """Return the result if the plan has its code, read in ``cell``."""
    fault = turned(cell, plan)
    if fault is not None:
        return RowError(place, fault)
    if result.code != NONE and result.code not in plan:
        return RowError(place, f"계획 {plan.id} 에 코드 '{result.code}' 가 없습니다. 계획을 확인하세요.")
    return result
