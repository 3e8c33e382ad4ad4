"""The plan's nodes as an officer picks them: listed in order, found by code or by words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hyeoksin.errors import HyeoksinError
from hyeoksin.normalise import normalise
from hyeoksin.plan import Plan
from hyeoksin.plan.nodes import LEVELS
from hyeoksin.web.languages import gettext as _

__all__ = ["Choice", "UnclearChoiceError", "choices", "resolve"]


class UnclearChoiceError(HyeoksinError):
    """What was typed names no node, or several."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One node to pick; ``depth`` is 0 for a root, ``words`` what a search looks at beside code and title."""

    code: str
    title: str
    level: str
    depth: int
    words: str

    @property
    def label(self) -> str:
        """What stands in the list and in the field."""
        return f"{self.code} {self.title}"


def choices(plan: Plan) -> tuple[Choice, ...]:
    """Return the nodes down to the leaves, each below its parent."""
    found: list[Choice] = []

    def down(parent: str | None, depth: int) -> None:
        for node in plan.branches(parent):
            words = normalise(" ".join((*node.aliases, *node.includes, node.definition))).lower()
            found.append(Choice(node.code, node.title, LEVELS[node.level], depth, words))
            down(node.code, depth + 1)

    down(None, 0)
    return tuple(found)


def resolve(plan: Plan, typed: str) -> str:
    """Return the code that ``typed`` means: a code, ``code title`` as listed, or words that one node alone has.

    Behind a code stands its title or the beginning of it: in "1 인 가구" the 1 is no code.

    Raises:
        UnclearChoiceError: with the nodes that come near.
    """
    text = " ".join(normalise(typed).split())
    if not text:
        raise UnclearChoiceError(_("고른 항목이 없습니다. 코드나 낱말을 적고 목록에서 고르세요."))
    first, _space, rest = text.lower().partition(" ")
    for node in plan.nodes:
        code = node.code.lower()
        if code == text.lower() or (code == first and _squeezed(node.title).startswith(rest)):
            return node.code
    words = re.findall(r"\w+", text.lower())
    listed = choices(plan)
    exact = [choice for choice in listed if _squeezed(choice.title) == text.lower()]
    near = exact or [c for c in listed if words and all(w in normalise(c.label).lower() for w in words)]
    near = near or [c for c in listed if words and all(w in c.words for w in words)]
    if len(near) == 1:
        return near[0].code
    if not near:
        raise UnclearChoiceError(
            _("'{text}' 에 맞는 항목이 계획 {plan} 에 없습니다. 코드나 제목의 낱말을 적으세요.").format(
                text=text, plan=plan.id
            )
        )
    shown = ", ".join(choice.label for choice in near[:5]) + (" …" if len(near) > 5 else "")
    raise UnclearChoiceError(
        _("'{text}' 에 맞는 항목이 여럿입니다: {shown}. 그 가운데 하나의 코드를 적으세요.").format(
            text=text, shown=shown
        )
    )


def _squeezed(title: str) -> str:
    return " ".join(normalise(title).lower().split())
