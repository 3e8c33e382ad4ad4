"""How much of each node flows into the next plan's, as the crosswalk tells it: what the Sankey picture draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from hyeoksin.plan.compare import links_between
from hyeoksin.plan.crosswalk import Crosswalk, Relation
from hyeoksin.plan.nodes import Plan
from hyeoksin.plan.routes import routes

__all__ = ["flows"]

_SHARE: dict[Relation, float] = {"exact": 4.0, "close": 4.0, "broad": 4.0, "narrow": 2.0, "related": 1.0}


def flows(
    plans: Sequence[Plan], crosswalk: Crosswalk, leaves: bool = False
) -> Iterator[tuple[str, str, str, str, float]]:
    """Yield plan, node, next plan, its node and the weight, between neighbouring plans.

    Every leaf weighs the same and is shared out among the leaves that its own links name, whole counterparts four times
    as much as related ones; sums are told per task (the strategy where a plan has no tasks), or per leaf with ``leaves``.
    The weights of a step sum to 1, so that each step is drawn equally high; a leaf without links flows nowhere.
    """
    for old, new in pairwise(plans):
        table = routes(old, new, links_between(old, new, crosswalk)[0])
        weights: dict[tuple[str, str], float] = {}
        for leaf in old.leaves:
            route = table[leaf.code]
            total = sum(_SHARE[link.relation] for link in route.targets.values())
            for code, link in route.targets.items():
                ends = (leaf.code, code) if leaves else (_task(old, leaf.code), _task(new, code))
                weights[ends] = weights.get(ends, 0.0) + _SHARE[link.relation] / total
        everything = sum(weights.values())
        for (before, after), weight in weights.items():
            yield old.id, before, new.id, after, weight / everything


def _task(plan: Plan, code: str) -> str:
    path = plan.path(code)
    return next((node.code for node in path if node.level == "task"), path[0].code)
