"""Learning from decisions: fit, compare out of fold, judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hyeoksin.classifier import check_plan
from hyeoksin.errors import InputError, ModelError
from hyeoksin.lessons.again import Again, answered, beside_of
from hyeoksin.lessons.decided import Decided, at_leaves, fold_of
from hyeoksin.lessons.entrance import Rules
from hyeoksin.lessons.report import Report, report_of, said_of
from hyeoksin.lessons.residual import (
    Beside,
    Signals,
    allowed_leaves,
    fit_residual,
    with_residual,
)
from hyeoksin.lessons.signals import signals_of
from hyeoksin.model import Model, PlanHead
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan

__all__ = ["N_FOLDS", "Learned", "learn", "out_of_fold", "paths_of", "trained_head"]

N_FOLDS = 5


@dataclass(frozen=True)
class Learned:
    """A new model, not yet written to disk, with its report."""

    model: Model
    report: Report


def trained_head(model: Model, plan: Plan) -> PlanHead:
    """Return the model's head for a plan.

    Raises:
        ModelError: the model has not learnt this plan, or another edition of it.
    """
    head = model.plans.get(plan.id)
    if head is None:
        raise ModelError(
            f"모델 {model.id} 은 계획 {plan.id} ({plan.sha256[:8]}) 을 배우지 않았습니다. "
            "'hyeoksin plan learn 계획 --decisions 표나저장소 -o 모델폴더' 로 그 계획을 배운 모델을 만드세요. 표의 결정은 그것으로 "
            "배운 것이고(더 정하면 앞의 표와 함께 주어 다시 만듦), learn 과 doubts 는 저장소의 차수(--project)에만 씁니다: 먼저 "
            "'hyeoksin models add 모델폴더' 와 'hyeoksin models use 모델' 로 그 모델을 쓰세요."
        )
    check_plan(model, plan)
    return head


def paths_of(plan: Plan) -> dict[str, frozenset[str]]:
    """Return the codes on the path of each leaf."""
    return {leaf.code: frozenset(node.code for node in plan.path(leaf.code)) for leaf in plan.leaves}


def out_of_fold(
    head: PlanHead,
    signals: Signals,
    lessons: Sequence[Decided],
    paths: dict[str, frozenset[str]],
    beside: Beside | None = None,
) -> Signals:
    """Return the signals of each lesson by a model that learnt from the other folds alone (``beside`` a second reading)."""
    allowed = allowed_leaves(head, paths, [lesson.code for lesson in lessons])
    weight = np.array([lesson.weight for lesson in lessons])
    fold = np.array([fold_of(lesson.family, N_FOLDS) for lesson in lessons])
    leaf, gate = signals.leaf.copy(), signals.gate.copy()
    for number in range(N_FOLDS):
        test, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if not len(test) or not len(rest):
            continue
        known = None if beside is None else beside.take(rest)
        residual = fit_residual(head, signals.take(rest), allowed[rest], weight[rest], beside=known)
        moved = residual.moved(signals.take(test))
        leaf[test], gate[test] = moved.leaf, moved.gate
    return replace(signals, leaf=leaf, gate=gate)


def learn(
    base: Model,
    plan: Plan,
    lessons: Sequence[Decided],
    tokenizer: Tokenizer,
    *,
    against: Model | None = None,
    again: Again | None = None,
    name: str | None = None,
    rounds: Sequence[str] = (),
    rules: Rules = Rules(),  # noqa: B008 - frozen
) -> Learned:
    """Fit the residual of all lessons, and judge it by what models without each lesson's fold would have said.

    Learning always starts at a model that learnt from no decisions (``base``). Where the model that answers now learnt
    from earlier ones, it comes as ``against``: only the lessons that it has not learnt compare the two, and what it learnt
    of other plans stays. With ``again`` the models answer as they do every day, reading twice.

    Raises:
        InputError: there is nothing to learn from.
        ModelError: the base model has not learnt the plan.
    """
    lessons = at_leaves(plan, lessons)
    if not lessons:
        raise InputError("배울 결정이 없습니다. 먼저 결정하세요.")
    head, paths = trained_head(base, plan), paths_of(plan)
    signals, _ = signals_of(base, plan.id, [lesson.document for lesson in lessons], tokenizer)
    beside = beside_of(base, plan.id, signals, again)
    held = out_of_fold(head, signals, lessons, paths, beside)
    allowed = allowed_leaves(head, paths, [lesson.code for lesson in lessons])
    weight = np.array([lesson.weight for lesson in lessons])
    changed = with_residual(head, fit_residual(head, signals, allowed, weight, beside=beside))
    others = against.plans if against is not None and _alike(base, against) else base.plans
    plans = {**others, plan.id: changed}
    new = replace(base, name=name or base.name, plans=plans, base=base.root, sha256="")
    rows = np.flatnonzero([not lesson.learnt for lesson in lessons])
    fresh = [lessons[i] for i in rows.tolist()]
    old, before, after = base, signals.take(rows), held.take(rows)
    if against is not None:
        old, before = against, signals_of(against, plan.id, [one.document for one in fresh], tokenizer)[0]
    trained_head(old, plan)
    said = (
        said_of(plan, *answered(old, plan.id, before, again)),
        said_of(plan, *answered(base, plan.id, after, again)),
    )
    return Learned(
        new, report_of(base, old, new, plan, lessons, fresh, said, tokenizer, again, rounds, rules)
    )


def _alike(one: Model, other: Model) -> bool:
    """Return whether the heads of one model can stand in the other: both read the same features."""
    same = list(one.encoder.vocabulary) == list(other.encoder.vocabulary) and one.limit == other.limit
    return same and np.array_equal(one.encoder.idf, other.encoder.idf)
