"""Where a node of one plan may go in another: its links carried down (or up) to the leaves that texts are sorted into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hyeoksin.plan.crosswalk import Link, Relation
from hyeoksin.plan.nodes import Plan

__all__ = ["Route", "routes"]

_STRENGTH: dict[Relation, int] = {"exact": 4, "close": 4, "broad": 3, "narrow": 2, "related": 1}


@dataclass(frozen=True, slots=True)
class Route:
    """The leaves that a node may become, each with its strongest link; ``inherited``: read from a node above or below.

    ``only`` is the leaf that it becomes where the links leave no choice: one ``exact``, ``close`` or ``broad`` target
    and none that takes a part of it away.
    """

    targets: Mapping[str, Link]
    inherited: bool = False

    @property
    def only(self) -> str | None:
        """The one leaf that the whole node goes to, if there is one."""
        if self.inherited:
            return None
        whole = [code for code, link in self.targets.items() if link.relation in ("exact", "close", "broad")]
        parts = any(link.relation == "narrow" for link in self.targets.values())
        return whole[0] if len(whole) == 1 and not parts else None


def routes(old: Plan, new: Plan, links: Iterable[Link]) -> dict[str, Route]:
    """Return the route of every node of ``old`` that texts may stand at.

    A node without links of its own takes those of the nodes below it, else of the node above it; the reasons then say so.
    """
    own: dict[str, dict[str, Link]] = {}
    for link in links:
        if (link.from_plan, link.to_plan) == (old.id, new.id):
            for leaf, carried in _to_leaves(link, new):
                _keep(own.setdefault(link.from_code, {}), leaf, carried)
    found: dict[str, Route] = {}
    placed = [node for node in old.nodes if node.level != "principle"]
    for node in sorted(placed, key=lambda node: len(old.path(node.code))):  # parents before their children
        if own.get(node.code):
            found[node.code] = Route(own[node.code])
            continue
        below: dict[str, Link] = {}
        for child in placed:
            if node.code in {above.code for above in old.path(child.code)[:-1]}:
                for leaf, link in own.get(child.code, {}).items():
                    _keep(below, leaf, link)
        if not below and node.parent is not None and node.parent in found:
            below = dict(found[node.parent].targets)
        found[node.code] = Route(below, inherited=True)
    told = {code: _told(code, route, old) if route.inherited else route for code, route in found.items()}
    return {node.code: told[node.code] for node in placed}


def _told(code: str, route: Route, plan: Plan) -> Route:
    """Return the inherited route of a node with reasons that name the node which each link is of."""

    def kin(other: str) -> str:
        if other in {above.code for above in plan.path(code)}:
            return "상위"
        return "하위" if code in {above.code for above in plan.path(other)} else "이웃"

    targets = {
        leaf: replace(link, reason=f"{kin(link.from_code)} 항목 {link.from_code}에서 옴: {link.reason}")
        for leaf, link in route.targets.items()
    }
    return replace(route, targets=targets)


def _to_leaves(link: Link, new: Plan) -> Iterable[tuple[str, Link]]:
    """Yield the leaves that a link speaks of: below a broader node only some may be meant."""
    leaf = new.leaf_of(link.to_code)
    if leaf is not None:
        yield leaf, link
        return
    for node in new.leaves:
        if link.to_code in {above.code for above in new.path(node.code)}:
            weaker: Relation = "related" if link.relation == "related" else "narrow"
            yield node.code, replace(link, relation=weaker, to_code=node.code)


def _keep(targets: dict[str, Link], leaf: str, link: Link) -> None:
    """Keep the stronger of two links to the same leaf."""
    if leaf not in targets or _STRENGTH[link.relation] > _STRENGTH[targets[leaf].relation]:
        targets[leaf] = link
