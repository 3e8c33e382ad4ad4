"""How a decision is said on the pages."""

from __future__ import annotations

from hyeoksin.plan import Plan
from hyeoksin.store import DecisionRow
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import marked

__all__ = ["ACTIONS", "word_of"]

ACTIONS = {
    "accept": marked("추천대로"),
    "pick": marked("다른 항목으로"),
    "none": marked("계획 밖"),
    "undecided": marked("보류"),
    "undo": marked("되돌림"),
}


def word_of(plan: Plan, row: DecisionRow) -> str:
    """Return what a decision says: ``3-2 현장중심 서비스 확대``, or the action (in the request's language) without a node."""
    if row.code is None:
        return _(ACTIONS["none"] if row.action == "accept" else ACTIONS[row.action])
    return f"{row.code} {plan[row.code].title}" if row.code in plan else row.code
