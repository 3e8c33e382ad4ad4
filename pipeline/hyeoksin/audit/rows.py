"""The rows of an audit: counts and corrected shares of every node in every cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hyeoksin.audit.counts import Cell
from hyeoksin.audit.estimate import Corrected, below
from hyeoksin.audit.intervals import wilson
from hyeoksin.audit.prevalence import Shares
from hyeoksin.audit.result import Cut, Estimate, Interval, NodeRow, Period, PlanNode, TextRow
from hyeoksin.audit.sheet import SampleText
from hyeoksin.audit.table import Table
from hyeoksin.codes import NONE
from hyeoksin.plan import Plan
from hyeoksin.privacy import masked, masked_id, masked_start

__all__ = [
    "OFF_PLAN",
    "Counted",
    "node_rows",
    "other_estimates",
    "period_rows",
    "sample_texts",
    "shown",
    "text_rows",
]

Counted = tuple[Cut, Mapping[str, Cell]]
OFF_PLAN = "계획 밖"
_EXCERPT = 200  # characters


def shown(nodes: Sequence[PlanNode]) -> list[tuple[str, str, str]]:
    """Return code, title and level of everything that has a row: the nodes, then what is outside the plan."""
    return [(node.code, node.title, node.level) for node in nodes] + [(NONE, OFF_PLAN, "off_plan")]


def node_rows(
    counted: Counted, nodes: Sequence[PlanNode], plan: Plan, corrected: Corrected | None
) -> Iterator[NodeRow]:
    """Yield a row per cell and node."""
    cut, cells = counted
    for value, cell in cells.items():
        shares = corrected.cells.get((cut.name, value)) if corrected is not None else None
        for code, title, level in shown(nodes):
            yield NodeRow(
                cut=cut.name,
                value=value,
                code=code,
                title=title,
                level=level,
                texts=cell.texts,
                counted=cell.counted[code],
                settled=cell.settled[code],
                share=round(cell.counted[code] / cell.texts, 6),
                estimate=_interval(shares, plan, code),
            )


def period_rows(
    counted: Counted, nodes: Sequence[PlanNode], plan: Plan, corrected: Corrected | None
) -> Iterator[Period]:
    """Yield a row per period and node."""
    for row in node_rows(counted, nodes, plan, corrected):
        yield Period(row.code, row.value, row.texts, row.counted, row.share, row.estimate)


def other_estimates(
    whole: Cell, nodes: Sequence[PlanNode], plan: Plan, corrected: Corrected | None, coded: bool
) -> tuple[Estimate, ...]:
    """Return what other methods say of all texts, for comparison: counting, EMQ, and beside a coded sample the model's correction."""
    if corrected is None:
        return ()
    model = corrected.lens.correction(corrected.average, whole.texts)
    found = []
    for code, _, _ in shown(nodes):
        classes = below(plan, code)
        emq = float(corrected.lens.share[classes].sum())
        found.append(Estimate(code, "센 것(이항 구간)", wilson(whole.counted[code], whole.texts)))
        found.append(Estimate(code, "EMQ(구간 없음)", Interval(emq, emq, emq).times(1)))
        if coded:
            found.append(Estimate(code, "확률 보정 세기", _interval(model, plan, code) or Interval(0, 0, 1)))
    return tuple(found)


def sample_texts(table: Table, rows: NDArray[np.int_], strata: NDArray[np.int_]) -> tuple[SampleText, ...]:
    """Return the drawn texts, in the order of the input."""
    found = table.rows(
        "SELECT r.row, r.id, r.source, t.title, t.body FROM records r JOIN texts t "
        "ON r.filename = t.filename AND r.place = t.place WHERE list_contains(?, r.row) ORDER BY r.row",
        rows.tolist(),
    )
    return tuple(
        SampleText(row[0], row[1], int(strata[row[0]]), row[2] or "", row[3] or "", row[4] or "")
        for row in found
    )


def _interval(shares: Shares | None, plan: Plan, code: str) -> Interval | None:
    if shares is None:
        return None
    return shares.interval(below(plan, code)).times(1)


def text_rows(table: Table, rows: Sequence[int]) -> tuple[TextRow, ...]:
    """Return the texts of these rows of the table, in the order of the input, with personal data masked."""
    if not rows:
        return ()
    found = table.rows(
        "SELECT r.row, r.id, r.source, t.title, t.body, r.best, r.best_p, r.off, r.region, r.year, r.agency, r.kind "
        "FROM records r JOIN texts t ON r.filename = t.filename AND r.place = t.place "
        "WHERE list_contains(?, r.row) ORDER BY r.row",
        sorted(set(rows)),
    )
    return tuple(
        TextRow(
            row,
            masked_id(name),
            masked(source),
            masked(title or ""),
            masked_start(body or "", _EXCERPT),
            *rest,
        )
        for row, name, source, title, body, *rest in found
    )
