"""Records for the audit's tests: made from a plan, without any classifier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hyeoksin.domain import AgencyFlag, Document, Prediction, Score
from hyeoksin.gate import NOTE
from hyeoksin.plan import Plan
from hyeoksin.sinks import write

MODEL = "test@00000000"


def prediction(
    plan: Plan,
    number: int,
    leaves: dict[str, float],
    status: str = "review",
    *,
    date: str | None = "2024-03-02",
    region: str | None = "전라남도 목포시",
    agency: str = "행정안전부",
    source: str = "과제.xlsx",
    title: str = "",
    text: str = "",
) -> Prediction:
    """A prediction with the given leaf probabilities; what is left of 1 is off-plan."""
    off = 1.0 - sum(leaves.values())
    scores = sorted(
        (Score(leaf.code, leaf.title, leaves.get(leaf.code, 0.0)) for leaf in plan.leaves),
        key=lambda s: -s.probability,
    )
    path = tuple(Score(n.code, n.title, 0.9) for n in plan.path(scores[0].code)) if off < 0.5 else ()
    return Prediction(
        document=Document(
            id=f"t{number}",
            title=title or f"글 {number}",
            text=text,
            source=f"{source}#row={number}",
            date=date,
        ),
        plan=plan.id,
        status=status,  # type: ignore[arg-type]
        path=path,
        scores=tuple(scores),
        off_plan=off,
        agencies=(AgencyFlag("x", agency, "lead", 0.8),),
        evidence=(),
        clause=None,
        rival=None,
        regions=(region,) if region else (),
        model=MODEL,
        plan_sha=plan.sha256[:8],
    )


def gated(one: Prediction, off_plan: float) -> Prediction:
    """The same text as the first gate would settle it: no agency, and the rest shared evenly."""
    share = (1.0 - off_plan) / len(one.scores)
    scores = tuple(score._replace(probability=share) for score in one.scores)
    return replace(
        one, status="off_plan", path=(), scores=scores, off_plan=off_plan, agencies=(), notes=(NOTE,)
    )


def probabilities(
    truth: np.ndarray, n_classes: int, rng: np.random.Generator, sharp: float = 3.0
) -> np.ndarray:
    """What a noisy classifier says of texts whose true class is given: (n x classes)."""
    logits = rng.normal(size=(len(truth), n_classes))
    logits[np.arange(len(truth)), truth] += sharp
    p: np.ndarray = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return p


def drawn(plan: Plan, truth: np.ndarray, rng: np.random.Generator, **fields: str) -> list[Prediction]:
    """Predictions of that classifier for texts whose true class is given (the leaves, then none)."""
    return [
        prediction(
            plan, i, {leaf.code: float(v) for leaf, v in zip(plan.leaves, row, strict=False)}, **fields
        )
        for i, row in enumerate(probabilities(truth, len(plan.leaves) + 1, rng))
    ]


def saved(predictions: list[Prediction], path: Path) -> Path:
    """Write the predictions by the suffix of ``path``."""
    write(predictions, path)
    return path
