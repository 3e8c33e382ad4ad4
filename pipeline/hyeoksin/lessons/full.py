"""The long way: everything trained again, the decisions among the examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hyeoksin.codes import NONE
from hyeoksin.corpus import Example
from hyeoksin.external import REAL_WEIGHT
from hyeoksin.lessons.again import Again, answered
from hyeoksin.lessons.decided import Decided, at_leaves
from hyeoksin.lessons.entrance import Rules
from hyeoksin.lessons.learn import Learned, trained_head
from hyeoksin.lessons.report import report_of, said_of
from hyeoksin.lessons.signals import signals_of
from hyeoksin.model import Model
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.training.fit import Settings
from hyeoksin.training.recipe import gather
from hyeoksin.training.train import train

__all__ = ["as_examples", "learn_in_full"]


def as_examples(plan: Plan, lessons: Sequence[Decided]) -> list[Example]:
    """Return the lessons (leaves or ``NONE``) as examples of one plan."""
    return [
        Example(
            document=lesson.document,
            labels={plan.id: () if lesson.code == NONE else (lesson.code,)},
            family=f"decided:{lesson.family}",
            kind="decided",
            origin="real",
            weight=REAL_WEIGHT * lesson.weight,
        )
        for lesson in lessons
    ]


def learn_in_full(
    base: Model,
    plan: Plan,
    lessons: Sequence[Decided],
    corpus: Path,
    external: Path | None,
    *,
    against: Model | None = None,
    again: Again | None = None,
    name: str,
    rounds: Sequence[str] = (),
    rules: Rules = Rules(),  # noqa: B008 - frozen
) -> Learned:
    """Train on the corpus, the public texts if they are given, and the lessons; judge by cross-validated answers.

    A decision above the leaves teaches no leaf and is left out.

    ``against`` and ``again``: as in :func:`hyeoksin.lessons.learn`. Without the public texts that the shipped model learnt from, the new one knows less, and the gate will say so.

    Raises:
        ModelError: the base model has not learnt the plan.
    """
    trained_head(base, plan)  # refuses what it has not learnt, before the long work
    plans = {known: load_plan(known) for known in BUILTIN_PLANS} | {plan.id: plan}
    leaves = {NONE, *(leaf.code for leaf in plan.leaves)}
    kept = [lesson for lesson in at_leaves(plan, lessons) if lesson.code in leaves]
    examples = as_examples(plan, kept)
    before = gather(corpus, external, plans)
    trained = train([*before, *examples], plans, Settings(name=name, encoder=base.dense))
    tokenizer = Tokenizer()
    places = [i for i, lesson in enumerate(kept) if not lesson.learnt]
    fresh, rows = [kept[i] for i in places], np.array(places, dtype=np.intp) + len(before)
    old = against or base
    trained_head(old, plan)
    signals, _ = signals_of(old, plan.id, [lesson.document for lesson in fresh], tokenizer)
    said = (
        said_of(plan, *answered(old, plan.id, signals, again)),
        said_of(
            plan, trained.model.plans[plan.id], trained.leaves[plan.id][rows], trained.off[plan.id][rows]
        ),
    )
    report = report_of(base, old, trained.model, plan, kept, fresh, said, tokenizer, again, rounds, rules)
    return Learned(trained.model, report)
