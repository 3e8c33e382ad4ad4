"""A plan and its nodes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Literal

__all__ = ["LEVELS", "Exclusion", "Leads", "Level", "Node", "Plan"]

Level = Literal["strategy", "task", "subtask", "programme", "principle"]
LEVELS: dict[Level, str] = {
    "strategy": "전략",
    "task": "과제",
    "subtask": "세부과제",
    "programme": "사업",
    "principle": "원칙",
}


@dataclass(frozen=True, slots=True)
class Leads:
    """Lead agencies as printed; ``open`` where the plan adds 등 ("and others")."""

    agencies: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What does not belong to a node: ``why``, and the code of the neighbour it belongs to (None: outside the plan)."""

    code: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Node:
    """One entry of a plan. Codes are strings (``3-1``); ``priority`` is the plan's 역점 mark."""

    code: str
    level: Level
    title: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    leads: Leads = Leads()
    priority: bool = False
    definition: str = ""
    includes: tuple[str, ...] = ()
    excludes: tuple[Exclusion, ...] = ()

    @property
    def wording(self) -> str:
        """Everything that says what belongs here, as one text."""
        return " ".join((self.title, *self.aliases, self.definition, *self.includes))


@dataclass(frozen=True)
class Plan:
    """A plan: its nodes in document order.

    Leaves are the deepest nodes above programme level: what texts are classified into.
    """

    id: str
    title: str
    year: int
    nodes: tuple[Node, ...]
    source: str = field(default="", compare=False)

    def __getitem__(self, code: str) -> Node:
        return self._by_code[code]

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    @cached_property
    def _by_code(self) -> dict[str, Node]:
        return {node.code: node for node in self.nodes}

    def __hash__(self) -> int:
        return hash(self.sha256)

    @cached_property
    def sha256(self) -> str:
        """Hash of the content: stands in every model and every prediction."""
        content = [self.id, self.title, self.year, [asdict(node) for node in self.nodes]]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """The nodes that texts are classified into, in document order."""
        placed = [n for n in self.nodes if n.level not in ("programme", "principle")]
        parents = {n.parent for n in placed}
        return tuple(n for n in placed if n.code not in parents)

    def children(self, code: str) -> Iterator[Node]:
        """Yield the direct children of a node."""
        return (node for node in self.nodes if node.parent == code)

    def wording(self, code: str) -> str:
        """Return everything that says what belongs at a node, the titles of its children too."""
        return " ".join((self[code].wording, *(child.title for child in self.children(code))))

    def branches(self, code: str | None) -> tuple[Node, ...]:
        """Return the children of a node (None: the roots) that lead to leaves or are leaves."""
        return self._branches.get(code, ())

    @cached_property
    def _branches(self) -> dict[str | None, tuple[Node, ...]]:
        found: dict[str | None, tuple[Node, ...]] = {}
        leading = {node.code for leaf in self.leaves for node in self.path(leaf.code)}
        for node in self.nodes:
            if node.code in leading:
                found[node.parent] = (*found.get(node.parent, ()), node)
        return found

    def path(self, code: str) -> tuple[Node, ...]:
        """Return the nodes from the root down to ``code``."""
        return self._paths[code]

    @cached_property
    def _paths(self) -> dict[str, tuple[Node, ...]]:
        found: dict[str, tuple[Node, ...]] = {}
        for node in self.nodes:
            steps = [node]
            while steps[-1].parent is not None:
                steps.append(self[steps[-1].parent])
            found[node.code] = tuple(reversed(steps))
        return found

    def leaf_of(self, code: str) -> str | None:
        """Return the leaf above (or at) ``code``, None where ``code`` stands above the leaves."""
        leaves = {leaf.code for leaf in self.leaves}
        return next((node.code for node in reversed(self.path(code)) if node.code in leaves), None)

    def leads_for(self, code: str) -> Leads:
        """Return the printed leads of the node; for a leaf without any, those of its programmes; else its parents'."""
        if self[code].leads.agencies:
            return self[code].leads
        below = dict.fromkeys(a for child in self.children(code) for a in self.leads_for_own(child.code))
        if below:
            return Leads(tuple(below), open=True)
        above = [node.leads for node in self.path(code)[:-1] if node.leads.agencies]
        return above[-1] if above else Leads()

    def leads_for_own(self, code: str) -> tuple[str, ...]:
        """Return the agencies printed at the node itself or at a node below it."""
        own = self[code].leads.agencies
        return own or tuple(a for child in self.children(code) for a in self.leads_for_own(child.code))
