"""The decisions of a round as lessons: each text once, with what people decided and what the model had said."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.store import Item, Project, Store

__all__ = ["Decided", "decided_items", "fold_of", "lessons_of"]


@dataclass(frozen=True, slots=True)
class Decided:
    """A text with the decision in force: ``code`` (any node of the plan, or ``NONE``).

    ``suggested`` is the end of the path that the model gave (``NONE``: off-plan); ``family`` keeps equal and nearly equal
    texts on one side of every split; ``weight`` is what the text counts in training.
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

    @property
    def corrected(self) -> bool:
        """Whether the person chose something else than the model."""
        return self.code != self.suggested


def decided_items(store: Store, project: Project) -> Iterable[Item]:
    """Return the items of a round with a decision in force, by number."""
    return store.each(project.id, decided=True)


def lessons_of(items: Iterable[Item], correction_weight: float = 1.0) -> list[Decided]:
    """Return one lesson for each decided text, in the order of the decisions.

    The members of a duplicate group that were decided alike are one lesson, not many; undecided ones are none.
    """
    items = list(items)
    families = _families(items)
    found: dict[tuple[str, str], Decided] = {}
    decided = [(item.decision, item) for item in items if item.decision is not None]
    for word, item in sorted(decided, key=lambda pair: (pair[0].at, pair[1].id)):
        if word.action in ("undecided", "undo"):
            continue
        code, suggested = word.code or NONE, item.code or NONE
        family = families[item.content]
        weight = correction_weight if code != suggested else 1.0
        lesson = Decided(item.id, item.document, code, suggested, family, word.by, word.at, word.note, weight)
        found.setdefault((family, code), lesson)
    return list(found.values())


def _families(items: Iterable[Item]) -> dict[str, str]:
    """Return content -> family: a text that several rounds hold links the duplicate groups that it is in."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    contents = dict.fromkeys(item.content for item in items)
    for item in items:
        one, other = sorted((top(item.content), top(item.group or item.content)))
        above[other] = one
    return {content: top(content) for content in contents}


def fold_of(family: str, n_folds: int) -> int:
    """Return the fold of a family, by its hash: the same in every run."""
    return int(hashlib.sha256(family.encode("utf-8")).hexdigest()[:8], 16) % n_folds
