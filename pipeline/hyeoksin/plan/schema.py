"""The written form of a plan (YAML or table), and its checks with file and line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from hyeoksin.plan.nodes import LEVELS, Exclusion, Leads, Level, Node

__all__ = ["MESSAGES", "PlanForm", "mended", "problems"]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Code = Annotated[str, StringConstraints(pattern=r"^[^\s,;|]+$", strip_whitespace=True)]

MESSAGES = {
    "missing": "꼭 있어야 하는 항목이 없습니다",
    "extra_forbidden": "모르는 항목입니다 (이름을 확인하세요)",
    "string_too_short": "비어 있습니다",
    "string_type": '글자여야 합니다 (숫자 코드는 따옴표로 감싸세요: "1")',
    "string_pattern_mismatch": "코드에는 빈칸, 쉼표, 쌍반점을 쓸 수 없습니다",
    "literal_error": f"쓸 수 있는 값: {', '.join(LEVELS.values())} (또는 {', '.join(LEVELS)})",
    "int_parsing": "숫자여야 합니다",
    "int_type": "숫자여야 합니다",
    "int_from_float": "숫자여야 합니다",
    "bool_type": "true 또는 false 여야 합니다",
    "bool_parsing": "true 또는 false 여야 합니다",
    "list_type": "목록이어야 합니다 (각 줄을 '- '로 시작)",
    "too_short": "적어도 하나는 있어야 합니다",
    "model_type": "'이름: 값' 꼴이어야 합니다",
}

_LEVELS = {name: level for level, name in LEVELS.items()}


def _level(value: Any) -> Any:
    """Return the level that a Korean word names; anything else as it is."""
    return _LEVELS.get(value, value) if isinstance(value, str) else value


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, form: Any) -> Any:
        """Return the form without the entries that were left empty (``definition:``)."""
        if not isinstance(form, dict):
            return form
        return {
            name: value for name, value in form.items() if value is not None or name not in cls.model_fields
        }


class ExclusionForm(_Form):
    """``code`` may be left out: then the thing is outside the plan."""

    code: Code | None = None
    why: Text


class LeadsForm(_Form):
    """Agencies by any name that the agency list knows."""

    agencies: list[Text] = []
    open: bool = False


_DOWN = ("strategy", "task", "subtask", "programme")


def _levelled(nodes: Any) -> Any:
    """Return the written nodes, those that name no level on the one below their parent's (roots: strategy)."""
    if not isinstance(nodes, list):
        return nodes
    known = {str(node.get("code")): node for node in nodes if isinstance(node, dict)}

    def level(node: dict[str, Any], below: int = 0) -> Any:
        if "level" in node:
            return _level(node["level"])
        parent = known.get(str(node.get("parent"))) if node.get("parent") else None
        above = level(parent, below + 1) if parent is not None and below < len(known) else None
        return _DOWN[min(_DOWN.index(above) + 1, 3)] if above in _DOWN else _DOWN[0]

    return [
        {**node, "level": level(node)} if isinstance(node, dict) and "level" not in node else node
        for node in nodes
    ]


class NodeForm(_Form):
    """One node as written."""

    code: Code
    level: Annotated[Level, BeforeValidator(_level)]
    title: Text
    parent: Code | None = None
    aliases: list[Text] = []
    leads: LeadsForm = LeadsForm()
    priority: bool = False
    definition: str = ""
    includes: list[Text] = []
    excludes: list[ExclusionForm] = []

    def node(self) -> Node:
        """Return the frozen node."""
        return Node(
            code=self.code,
            level=self.level,
            title=self.title,
            parent=self.parent,
            aliases=tuple(self.aliases),
            leads=Leads(tuple(self.leads.agencies), self.leads.open),
            priority=self.priority,
            definition=self.definition.strip(),
            includes=tuple(self.includes),
            excludes=tuple(Exclusion(e.code, e.why) for e in self.excludes),
        )


def _year(value: int) -> int:
    """Return the year; 0 is a table that names none."""
    if value and not 1900 <= value <= 2999:
        raise PydanticCustomError("year", "연도는 네 자리로 적으세요 (예: 2026)")
    return value


class PlanForm(_Form):
    """A whole plan as written."""

    id: Code
    title: Text
    year: Annotated[int, AfterValidator(_year)]
    nodes: Annotated[list[NodeForm], BeforeValidator(_levelled), Field(min_length=1)]


def mended(form: Any, bad: Iterable[tuple[str | int, ...]]) -> list[Node]:
    """Return the nodes of a written plan without the fields at the locations ``bad``, so that the rest can be checked.

    There are none where the form is too broken for that.
    """
    written = form.get("nodes") if isinstance(form, dict) else None
    if not isinstance(written, list) or not all(isinstance(node, dict) for node in written):
        return []
    wrong = {location[1:3] for location in bad if location[0] == "nodes" and len(location) > 2}
    kept = [
        {"code": f"#{i}", "title": "?"}
        | {name: cell for name, cell in node.items() if (i, name) not in wrong}
        for i, node in enumerate(written)
    ]
    try:
        return [NodeForm.model_validate(node).node() for node in _levelled(kept)]
    except ValidationError:
        return []


_ORDER: dict[Level, int] = {"strategy": 0, "task": 1, "subtask": 2, "programme": 3, "principle": 9}


def problems(nodes: Sequence[Node], agencies: frozenset[str]) -> list[tuple[int, str]]:
    """Return (index of the node, what is wrong) for all that a schema cannot see.

    Args:
        nodes: nodes in document order.
        agencies: every agency name that may be printed as a lead.
    """
    found: list[tuple[int, str]] = []
    by_code: dict[str, int] = {}
    for i, node in enumerate(nodes):
        if node.code in by_code:
            found.append(
                (i, f"코드 '{node.code}' 가 두 번 나옵니다 (먼저: {nodes[by_code[node.code]].title})")
            )
        by_code.setdefault(node.code, i)
    for i, node in enumerate(nodes):
        for name in node.leads.agencies:
            if name not in agencies:
                hint = (
                    " (기관이 여럿이면 하나씩 나누어 적으세요. 표에서는 ';' 로 나눕니다)"
                    if "," in name
                    else ""
                )
                found.append(
                    (i, f"'{node.code}' 의 주관기관 '{name}' 을 기관 목록에서 찾을 수 없습니다{hint}")
                )
        for exclusion in node.excludes:
            if exclusion.code is not None and exclusion.code not in by_code:
                found.append((i, f"'{node.code}' 의 제외 항목이 없는 코드 '{exclusion.code}' 를 가리킵니다"))
        if node.parent is None:
            if node.level in ("task", "subtask", "programme"):
                found.append((i, f"'{node.code}' 에 상위코드(parent)가 없습니다"))
            continue
        if node.parent not in by_code:
            found.append((i, f"'{node.code}' 의 상위코드 '{node.parent}' 가 계획에 없습니다"))
        elif _ORDER[nodes[by_code[node.parent]].level] >= _ORDER[node.level]:
            found.append((i, f"'{node.code}' 의 상위코드 '{node.parent}' 는 더 높은 단계가 아닙니다"))
    if nodes and not any(node.level not in ("programme", "principle") for node in nodes):
        found.append((0, "분류할 수 있는 단계(strategy, task, subtask)가 하나도 없습니다"))
    return found
