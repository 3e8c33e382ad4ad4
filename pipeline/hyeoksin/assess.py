"""Run the classifier over coded texts and score it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hyeoksin.classifier import load_classifier
from hyeoksin.codes import NONE
from hyeoksin.domain import Prediction
from hyeoksin.errors import InputError, ModelError
from hyeoksin.evaluation import Coded, Scores, agency_scores, plan_scores
from hyeoksin.model import Model
from hyeoksin.plan import Plan, load_plan

__all__ = ["assess", "wrong"]

_SHOWN = 10  # lines with a wrong code that are told


def assess(
    coded: Sequence[Coded], model: str | Path | None = None, careful: bool = True
) -> tuple[dict[str, Scores], list[Prediction]]:
    """Return the scores per plan and for agencies, and the predictions (main plan 2019).

    Raises:
        ModelError: the model has not learnt a plan of the answers.
        InputError: an answer is no leaf of its plan; names the lines.
    """
    classifier = load_classifier(model, "2019", careful=careful)
    plans = [
        _answered(coded, plan_id, classifier.model) for plan_id in sorted({p for c in coded for p in c.codes})
    ]
    predictions = list(classifier.classify([c.document for c in coded]))
    scores: dict[str, Scores] = {}
    for plan in plans:
        plan_id = plan.id
        rows = [i for i, c in enumerate(coded) if plan_id in c.codes]
        answers = [_answer(predictions[i], plan_id) for i in rows]
        leaves = np.array(
            [[{s.code: s.probability for s in a.scores}[leaf.code] for leaf in plan.leaves] for a in answers]
        )
        scores[plan_id] = plan_scores(
            plan,
            leaves,
            np.array([a.off_plan for a in answers]),
            [coded[i].codes[plan_id] for i in rows],
            [coded[i].acceptable[plan_id] for i in rows],
        )
    scores["agency"] = agency_scores(predictions, coded)
    return scores, predictions


def _answered(coded: Sequence[Coded], plan_id: str, model: Model) -> Plan:
    """Return a plan of the answers, once model and answers fit it."""
    if plan_id not in model.plans:
        raise ModelError(f"모델 {model.id} 은 계획 {plan_id} 를 배우지 않았습니다.")
    plan = load_plan(plan_id)
    known = {leaf.code for leaf in plan.leaves} | {NONE}
    strange = [
        f"{one.document.source}: 계획 {plan_id} 의 맨 아래 항목이 아닌 코드: {', '.join(sorted(wrong))}"
        for one in coded
        if (wrong := one.acceptable.get(plan_id, frozenset()) - known)
    ]
    if strange:
        more = f"\n… 모두 {len(strange)}줄" if len(strange) > _SHOWN else ""
        raise InputError(
            "\n".join(strange[:_SHOWN]) + f"{more}\n맨 아래 항목의 코드나 NONE(계획 밖)으로 고치세요."
        )
    return plan


def _answer(prediction: Prediction, plan: str) -> Prediction:
    return prediction if prediction.plan == plan else next(o for o in prediction.others if o.plan == plan)


def wrong(coded: Sequence[Coded], predictions: Sequence[Prediction]) -> list[str]:
    """Return one line per text and plan whose answer no coder would accept, the surest mistakes first."""
    lines: list[tuple[float, str]] = []
    for text, prediction in zip(coded, predictions, strict=True):
        for plan, code in text.codes.items():
            answer = _answer(prediction, plan)
            said = answer.scores[0].code if answer.off_plan < 0.5 else NONE
            sure = answer.scores[0].probability if said != NONE else answer.off_plan
            if said not in text.acceptable[plan]:
                head = text.document.body.replace("\n", " / ")[:70]
                lines.append((sure, f"{text.document.id}  {plan}: {code} -> {said} ({sure:.2f})  {head}"))
    return [line for _, line in sorted(lines, reverse=True)]
