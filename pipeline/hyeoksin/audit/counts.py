"""Counts of texts per node, on every level and for every cut: DuckDB counts, the plan adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from hyeoksin.audit.result import CUTS, Cut, CutName, PlanNode
from hyeoksin.audit.table import Table
from hyeoksin.codes import NONE
from hyeoksin.plan import Plan

__all__ = ["REST", "Cell", "count", "plan_nodes"]

REST = "그 밖"
_MOST = 60  # values of a cut that are shown on their own


@dataclass(slots=True)
class Cell:
    """The texts of one value of a cut: how many, and per code how many are answered so and settled so."""

    texts: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)


def plan_nodes(plan: Plan) -> tuple[PlanNode, ...]:
    """Return the nodes above programme level, in the order of the plan."""
    shown = {node.code for leaf in plan.leaves for node in plan.path(leaf.code)}
    return tuple(
        PlanNode(node.code, node.title, node.level, node.parent, plan.leads_for(node.code).agencies)
        for node in plan.nodes
        if node.code in shown
    )


def count(table: Table, cut: CutName) -> tuple[Cut, Mapping[str, Cell]]:
    """Return the cut and its cells by value; a node counts all texts at or below it."""
    column = "''" if cut == "all" else cut
    found = table.rows(
        f"SELECT {column}, answer, status, ending, count(*) FROM records GROUP BY ALL"  # noqa: S608 - a name of CUTS  # nosec B608
    )
    cells: dict[str, Cell] = {}
    without = 0
    for value, answer, status, ending, n in found:
        if value is None:
            without += n
            continue
        _add(cells.setdefault(value, Cell()), table.plan, answer, status, ending, n)
    order = sorted(cells) if cut in ("year", "period") else sorted(cells, key=lambda v: (-cells[v].texts, v))
    gathered = order[_MOST - 1 :] if cut != "period" and len(order) > _MOST else []
    kept = (*order[: _MOST - 1], REST) if gathered else tuple(order)
    if gathered:
        rest = Cell()
        for value in gathered:
            cell = cells.pop(value)
            rest.texts += cell.texts
            rest.counted += cell.counted
            rest.settled += cell.settled
        cells[REST] = rest
    return (
        Cut(cut, CUTS[cut], kept, tuple(cells[value].texts for value in kept), without, len(gathered)),
        {value: cells[value] for value in kept},
    )


def _add(cell: Cell, plan: Plan, answer: str, status: str, ending: str | None, n: int) -> None:
    cell.texts += n
    codes = [NONE] if answer == NONE else [node.code for node in plan.path(answer)]
    for code in codes:
        cell.counted[code] += n
    if status == "off_plan" and answer == NONE:
        cell.settled[NONE] += n
    elif status == "settled" and ending is not None:
        for node in plan.path(ending):
            cell.settled[node.code] += n if node.code in codes else 0
