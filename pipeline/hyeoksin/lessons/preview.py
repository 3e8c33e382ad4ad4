"""Which stored items a new model would answer differently, before anything is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hyeoksin.answers import Answer, answer
from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.lessons.again import Again, answered
from hyeoksin.lessons.learn import trained_head
from hyeoksin.lessons.signals import rescored, signals_of
from hyeoksin.model import Model
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan

__all__ = ["Change", "Preview", "preview"]

_STATUS = {"settled": "확정 추천", "review": "사람 확인", "off_plan": "계획 밖"}


@dataclass(frozen=True, slots=True)
class Change:
    """One item whose code or status would change (codes: the end of the path, or ``NONE``)."""

    item: int
    document: str
    old_code: str
    new_code: str
    old_status: str
    new_status: str
    old_probability: float
    new_probability: float


@dataclass(frozen=True)
class Preview:
    """What would change among ``n`` items; ``moved`` have another code, ``restated`` the same code but another status."""

    n: int
    moved: tuple[Change, ...]
    restated: tuple[Change, ...]
    by_status: tuple[
        tuple[str, str, int], ...
    ]  # old and new status, and how many items of moved and restated

    @property
    def sentence(self) -> str:
        """What officers read: how many of how many move, and between which statuses."""
        ways = ", ".join(f"{_STATUS[a]} -> {_STATUS[b]} {n}건" for a, b, n in self.by_status if a != b)
        return f"{self.n:,}건 가운데 {len(self.moved):,}건의 분류가 바뀝니다" + (
            f"; {ways}." if ways else "."
        )


def preview(
    base: Model,
    new: Model,
    plan: Plan,
    items: Sequence[tuple[int, Document]],
    tokenizer: Tokenizer,
    again: Again | None = None,
) -> Preview:
    """Answer the items (number, document) by both models; they share everything but the last layers' weights.

    With ``again`` they answer as they do every day, reading twice.

    Raises:
        ModelError: a model has not learnt the plan.
    """
    documents = [document for _, document in items]
    for model in (base, new):
        trained_head(model, plan)
    before = signals_of(base, plan.id, documents, tokenizer)[0]
    after = rescored(base, new, plan.id, before) or signals_of(new, plan.id, documents, tokenizer)[0]
    answers = [
        answer(plan, *answered(model, plan.id, signals, again))
        for model, signals in ((base, before), (new, after))
    ]
    changes = [
        Change(
            item,
            document.id,
            _end(old),
            _end(late),
            old.status,
            late.status,
            _probability(old),
            _probability(late),
        )
        for (item, document), old, late in zip(items, *answers, strict=True)
        if (_end(old), old.status) != (_end(late), late.status)
    ]
    counts = Counter((change.old_status, change.new_status) for change in changes)
    return Preview(
        n=len(items),
        moved=tuple(change for change in changes if change.old_code != change.new_code),
        restated=tuple(change for change in changes if change.old_code == change.new_code),
        by_status=tuple((a, b, n) for (a, b), n in sorted(counts.items(), key=lambda c: (-c[1], c[0]))),
    )


def _end(one: Answer) -> str:
    return one.path[-1].code if one.path else NONE


def _probability(one: Answer) -> float:
    return one.path[-1].probability if one.path else one.off_plan
