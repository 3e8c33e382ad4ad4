"""The first gate: hashed character n-grams let what is clearly off-plan go before any morphological analysis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hyeoksin.domain import Document, Prediction, Score
from hyeoksin.plan import Plan

__all__ = ["Gate", "Mode", "load_gate"]

Mode = Literal["off", "safe", "fast"]
NOTE = "1차 거르기만 읽었습니다 (글자 조각만 보고 계획 밖이 분명하다고 판단)."


@dataclass(frozen=True)
class Gate:
    sha256: str
    card: Mapping[str, Any]

    def dropped(self, bodies: Sequence[str], mode: Mode) -> dict[int, float]:
        return {}

    def prediction(self, document: Document, plan: Plan, model: str, off_plan: float) -> Prediction:
        off_plan = round(off_plan, 6)
        share = round((1.0 - off_plan) / len(plan.leaves), 6)
        return Prediction(document, plan.id, "off_plan", (), tuple(Score(n.code, n.title, share) for n in plan.leaves), off_plan, (), (), None, None, (), model, plan.sha256[:8], (NOTE,))


def load_gate(folder: Path, plan: Plan) -> Gate | None:
    return None
