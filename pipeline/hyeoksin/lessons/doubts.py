"""Past decisions that the model and the neighbours contradict: for a second look, never changed by themselves."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hyeoksin.codes import NONE
from hyeoksin.errors import MissingExtraError
from hyeoksin.lessons.again import Again, answered, beside_of
from hyeoksin.lessons.decided import Decided, at_leaves
from hyeoksin.lessons.learn import out_of_fold, paths_of, trained_head
from hyeoksin.lessons.residual import allowed_leaves
from hyeoksin.lessons.signals import signals_of
from hyeoksin.model import Model
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan

__all__ = ["Doubt", "doubts"]

_NEAR = 5
_LIKE = 0.5  # cosine below which a text is no neighbour


@dataclass(frozen=True, slots=True)
class Doubt:
    """A decision that looks wrong.

    ``quality`` is cleanlab's label quality (0 worst), from probabilities by a model that learnt from the other folds'
    decisions; ``suggested`` is what that model would say, with its probability. ``neighbours`` are the nearest other
    decisions (item, code, cosine), ``contradicting`` says how many of them were decided otherwise. ``flagged``:
    confident learning counts it among the errors.
    """

    item: int
    document: str
    title: str
    decided: str
    suggested: str
    probability: float
    quality: float
    flagged: bool
    neighbours: tuple[tuple[int, str, float], ...]
    contradicting: int
    by: str
    at: str
    note: str


def doubts(
    base: Model,
    plan: Plan,
    lessons: Sequence[Decided],
    tokenizer: Tokenizer,
    again: Again | None = None,
) -> list[Doubt]:
    """Return the doubtful decisions, the most doubtful first: those that cleanlab flags or most neighbours contradict.

    Decisions for a node above the leaves are compared through their likeliest leaf below it, those for a programme are
    decisions for the leaf above it.

    Raises:
        MissingExtraError: cleanlab is not installed.
        ModelError: the base model has not learnt the plan.
    """
    try:
        from cleanlab.filter import find_label_issues
        from cleanlab.rank import get_label_quality_scores
    except ModuleNotFoundError as error:
        raise MissingExtraError("cleanlab", "lessons") from error
    if not lessons:
        return []
    lessons = at_leaves(plan, lessons)
    head, paths = trained_head(base, plan), paths_of(plan)
    signals, vectors = signals_of(base, plan.id, [lesson.document for lesson in lessons], tokenizer)
    beside = beside_of(base, plan.id, signals, again)
    held = out_of_fold(head, signals, lessons, paths, beside)
    _, leaves, off = answered(base, plan.id, held, again)
    chances = np.column_stack([leaves, off])
    allowed = allowed_leaves(head, paths, [lesson.code for lesson in lessons])
    labels = np.where(allowed, chances, -1.0).argmax(axis=1)
    known = np.unique(labels)  # cleanlab wants every class to have a label
    narrow = chances[:, known] / chances[:, known].sum(axis=1, keepdims=True)
    places = np.searchsorted(known, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # classes with few decisions, by their number
        flagged = (
            find_label_issues(places, narrow, n_jobs=1) if len(known) > 1 else np.zeros(len(labels), bool)
        )
    quality = get_label_quality_scores(places, narrow) if len(known) > 1 else np.ones(len(labels))
    names = (*head.leaf.classes, NONE)
    near = _neighbours(vectors, lessons)
    found = []
    for i, lesson in enumerate(lessons):
        against = sum(code != lesson.code for _, code, _ in near[i])
        best = names[int(chances[i].argmax())]
        disagree = len(near[i]) >= 2 and against > len(near[i]) / 2
        if not allowed[i, chances[i].argmax()] and (flagged[i] or disagree):
            document = lesson.document
            found.append(
                Doubt(
                    item=lesson.item,
                    document=document.id,
                    title=(document.title or document.text.split("\n")[0])[:80],
                    decided=lesson.code,
                    suggested=best,
                    probability=round(float(chances[i].max()), 4),
                    quality=round(float(quality[i]), 4),
                    flagged=bool(flagged[i]),
                    neighbours=near[i],
                    contradicting=against,
                    by=lesson.by,
                    at=lesson.at,
                    note=lesson.note,
                )
            )
    return sorted(found, key=lambda doubt: (doubt.quality, doubt.item))


def _neighbours(
    vectors: NDArray[np.float32], lessons: Sequence[Decided]
) -> list[tuple[tuple[int, str, float], ...]]:
    """Return the nearest decisions of each text by cosine, itself and its duplicates left out."""
    found = []
    for i, lesson in enumerate(lessons):
        cosines = vectors @ vectors[i]
        near: list[tuple[int, str, float]] = []
        for j in np.argsort(-cosines, kind="stable")[: 4 * _NEAR].tolist():
            if cosines[j] < _LIKE or len(near) == _NEAR:
                break
            if j != i and lessons[j].family != lesson.family:
                near.append((lessons[j].item, lessons[j].code, round(float(cosines[j]), 3)))
        found.append(tuple(near))
    return found
