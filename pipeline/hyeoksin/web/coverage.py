"""Coverage at a glance: how many documents of a round stand at each node of the plan and in each region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from hyeoksin.plan import Plan
from hyeoksin.store import Standing, Store
from hyeoksin.web.access import StoreDep, Viewer
from hyeoksin.web.pages import render

__all__ = ["NodeRow", "node_rows", "router"]

router = APIRouter(include_in_schema=False)
_LEVELS = ("decided", "settled", "review")
_AMONG: tuple[Standing, ...] = (
    "half",
    "disputed",
    "undecided",
)  # people are at it: the recommendation alone settles nothing


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node with the documents at it or below: decided by people, settled by the tool, and only guessed."""

    code: str
    title: str
    depth: int
    decided: int
    settled: int
    review: int

    @property
    def total(self) -> int:
        """All three together."""
        return self.decided + self.settled + self.review


def node_rows(plan: Plan, counts: Mapping[str, Mapping[str | None, int]]) -> list[NodeRow]:
    """Return the nodes that texts are classified into and those above them, in the plan's order.

    A node that leads to no leaf (a principle of the plan) stands among them where people decided for it.

    Args:
        plan: the round's plan.
        counts: for ``decided``, ``settled`` and ``review``, the documents per code in force.
    """
    sums: dict[str, Counter[str]] = {name: Counter() for name in _LEVELS}
    for name in _LEVELS:
        for code, n in counts[name].items():
            for node in plan.path(code) if code is not None and code in plan else ():
                sums[name][node.code] += n
    shown = {node.code for leaf in plan.leaves for node in plan.path(leaf.code)}
    apart = {code for of_level in sums.values() for code in of_level if plan.leaf_of(code) is None}
    return [
        NodeRow(
            node.code, node.title, len(plan.path(node.code)) - 1, *(sums[name][node.code] for name in _LEVELS)
        )
        for node in plan.nodes
        if node.code in shown | apart
    ]


def counted(store: Store, number: int, by: str, under: str | None = None) -> dict[str, dict[str | None, int]]:
    """Count a round's documents by a column, split by how sure they are."""
    review = Counter(store.counts(number, by, standing="open", status="review", under=under))
    return {
        "decided": store.counts(number, by, decided=True, under=under),
        "settled": store.counts(number, by, standing="open", status="settled", under=under),
        "review": review + Counter(store.counts(number, by, standing=_AMONG, under=under)),
    }


@router.get("/coverage")
def coverage(
    request: Request,
    store: StoreDep,
    user: Viewer,
    round: int | None = None,  # noqa: A002 - the query's name
) -> Response:
    """Show a round (the newest one by default) by node and by region."""
    rounds = store.projects()
    if not rounds:
        return render(request, "coverage.html", {"round": None, "rounds": rounds})
    found = store.project(round if round is not None else rounds[0].id)
    plan = store.plan(found.id)
    nodes = node_rows(plan, counted(store, found.id, "answer"))
    strategies = [plan[row.code] for row in nodes if row.depth == 0]
    regions: Counter[str | None] = Counter(store.counts(found.id, "region"))
    per = {node.code: store.counts(found.id, "region", under=node.code) for node in strategies}
    none_of_plan = {name: n for name, n in _off_plan(store, found.id).items() if n}
    values = {
        "round": found,
        "rounds": rounds,
        "plan": plan,
        "nodes": nodes,
        "off_plan": none_of_plan,
        "total": regions.total(),
        "strategies": strategies,
        "regions": regions.most_common(50),
        "n_regions": len(regions),
        "per": per,
    }
    return render(request, "coverage.html", values)


def _off_plan(store: Store, number: int) -> dict[str, int]:
    return {
        "decided": store.count(number, decided=True, code=""),
        "off_plan": store.count(number, standing="open", code="", status="off_plan"),
        "review": store.count(number, standing="open", code="", status="review")
        + store.count(number, standing=_AMONG, code=""),
    }
