"""Decisions, of a round or in tables, as lessons: each text once, with what people decided and what the model had said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.plan import Plan
from hyeoksin.results import Result
from hyeoksin.store import DecisionRow, Item, Project, Store, content_of

__all__ = ["Decided", "at_leaves", "decided_items", "fold_of", "lessons_in", "lessons_of"]


@dataclass(frozen=True, slots=True)
class Decided:
    """A text with the decision in force: ``code`` (any node of the plan, or ``NONE``).

    ``suggested`` is the end of the path that the model gave (``NONE``: off-plan); ``family`` keeps equal and nearly equal
    texts on one side of every split; ``weight`` is what the text counts in training; ``learnt`` tells whether the model that
    answers now has learnt it.
    """

    item: int
    document: Document
    code: str
    suggested: str
    family: str
    by: str
    at: str
    note: str
    weight: float
    learnt: bool = False

    @property
    def corrected(self) -> bool:
        """Whether the person chose something else than the model."""
        return self.code != self.suggested


def decided_items(store: Store, project: Project) -> Iterable[Item]:
    """Return the items of a round with a decision in force, by number."""
    return store.each(project.id, decided=True)


def lessons_of(
    items: Iterable[Item], correction_weight: float = 1.0, learnt: Iterable[Item] = ()
) -> list[Decided]:
    """Return one lesson for each decided text, in the order of the decisions.

    The members of a duplicate group that were decided alike are one lesson, not many; undecided ones are none. One of the
    family of an item that the model that answers has ``learnt`` is learnt too.
    """
    items, learnt = list(items), list(learnt)
    families = _families((item.content, item.group) for item in [*items, *learnt])
    known = {families[item.content] for _, item in _told(learnt)}
    found: dict[tuple[str, str], Decided] = {}
    for word, item in sorted(_told(items), key=lambda pair: (pair[0].at, pair[1].id)):
        code, suggested = word.code or NONE, item.code or NONE
        family = families[item.content]
        weight = correction_weight if code != suggested else 1.0
        lesson = Decided(
            item.id,
            item.document,
            code,
            suggested,
            family,
            word.by,
            word.at,
            word.note,
            weight,
            family in known,
        )
        found.setdefault((family, code), lesson)
    return list(found.values())


def _told(items: Iterable[Item]) -> Iterator[tuple[DecisionRow, Item]]:
    """Yield the items with a decision that says where the text belongs, after it."""
    for item in items:
        if item.decision is not None and item.decision.action not in ("undecided", "undo"):
            yield item.decision, item


def lessons_in(
    tables: Iterable[Sequence[Result]], by: str, at: str, correction_weight: float = 1.0
) -> list[Decided]:
    """Return one lesson for each decided text of tables, as :func:`lessons_of` does for a store's.

    Args:
        tables: the decided results of each table; groups of duplicates are its own.
        by: who decided.
        at: when (ISO), which a table does not tell.
        correction_weight: what a decision counts that is not what had been recommended.
    """
    rows = [
        (result, content_of(result.document), result.duplicate_group and f"{number} {result.duplicate_group}")
        for number, results in enumerate(tables)
        for result in results
    ]
    families = _families((content, group) for _, content, group in rows)
    found: dict[tuple[str, str], Decided] = {}
    for number, (result, content, _) in enumerate(rows, 1):
        suggested = result.code if result.suggested is None else result.suggested
        weight = correction_weight if result.code != suggested else 1.0
        family = families[content]
        lesson = Decided(number, result.document, result.code, suggested, family, by, at, "", weight)
        found.setdefault((family, result.code), lesson)
    return list(found.values())


def at_leaves(plan: Plan, lessons: Iterable[Decided]) -> list[Decided]:
    """Return the lessons with a decision for a programme as one for the leaf above it, each text once a code.

    A decision for a principle, which has no leaves, says nothing of where the text belongs and is left out.
    """
    found: dict[tuple[str, str], Decided] = {}
    above = {node.code for leaf in plan.leaves for node in plan.path(leaf.code)}
    for lesson in lessons:
        leaf = plan.leaf_of(lesson.code) if lesson.code in plan else None
        if leaf is None and lesson.code in plan and lesson.code not in above:
            continue
        if leaf not in (None, lesson.code):
            weight = 1.0 if leaf == lesson.suggested else lesson.weight
            lesson = replace(lesson, code=leaf, weight=weight)
        found.setdefault((lesson.family, lesson.code), lesson)
    return list(found.values())


def _families(texts: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Return content -> family of texts (content, duplicate group): one in several groups links them."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    texts = list(texts)
    for content, group in texts:
        one, other = sorted((top(content), top(group or content)))
        above[other] = one
    return {content: top(content) for content, _ in texts}


def fold_of(family: str, n_folds: int) -> int:
    """Return the fold of a family, by its hash: the same in every run."""
    return int(hashlib.sha256(family.encode("utf-8")).hexdigest()[:8], 16) % n_folds
