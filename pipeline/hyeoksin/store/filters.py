"""How items are found: the filters that every list, count and claim shares, their order, and the rows they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from hyeoksin.domain import Document
from hyeoksin.errors import RefusedError
from hyeoksin.store import schema
from hyeoksin.store.likeness import suggestions
from hyeoksin.store.projects import plan_of, project_of
from hyeoksin.store.rows import Item, Standing, Suggestion, decision_row

__all__ = ["OPEN", "Filters", "Order", "beyond", "full_items", "order_by", "place_of", "where"]

Order = Literal["queue", "doubt", "probability", "id", "recent", "title"]
Where = list[sa.ColumnElement[bool]]
_i = schema.items
_c, _d, _p, _t = schema.claims, schema.decisions, schema.predictions, schema.texts
_PREFIX = "decision_"
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_FULL = (  # built once: building a query costs more than running it
    sa.select(
        _i, _t.c.text, _t.c.meta, _p.c.record, *(column.label(_PREFIX + column.name) for column in _d.c)
    )
    .select_from(
        _i.join(_t, _t.c.item == _i.c.id)
        .join(_p, sa.and_(_p.c.item == _i.c.id, _p.c.model == _i.c.model))
        .outerjoin(_d, _d.c.id == _i.c.decision)
    )
    .where(_i.c.id.in_(_IDS))
)
_DECIDED = _i.c.standing == sa.literal_column("'decided'")
OPEN = _i.c.standing != sa.literal_column("'decided'")  # as the index's condition has it, not as a parameter
_ORDERS: dict[Order, tuple[sa.Column[Any], ...]] = {
    "queue": (_i.c.rank, _i.c.probability, _i.c.id),
    "doubt": (_i.c.probability, _i.c.id),
    "probability": (_i.c.probability, _i.c.id),
    "id": (_i.c.id,),
    "recent": (_i.c.decided_at, _i.c.id),
    "title": (_i.c.title, _i.c.id),
}
_NEWEST_FIRST = ("recent",)
_HELD = sa.select(_c.c.item, _c.c.user).where(_c.c.item.in_(_IDS), _c.c.until > sa.bindparam("at"))


@dataclass(frozen=True, slots=True)
class Filters:
    """What an officer filters on; None means any.

    ``code`` and ``under`` (the node or anything below it) look at the code in force (``Item.answer``); ``code=""`` means
    none of the plan. ``document`` is the document's own number. ``agency`` is the lead in force. ``region`` matches a region and all below it ("대구광역시" finds
    "대구광역시 중구"). ``low`` and ``high`` bound ``probability``. ``decided`` splits by ``standing``; ``undecided_by``
    leaves out what this coder has decided already (two coders). ``decided_by`` keeps what this user's word stands for,
    ``put_off_by`` what this coder or the round has put off.
    """

    code: str | None = None
    under: str | None = None
    agency: str | None = None
    region: str | None = None
    kind: str | None = None
    status: str | None = None
    decided: bool | None = None
    standing: Standing | Sequence[Standing] | None = None
    low: float | None = None
    high: float | None = None
    assigned_to: str | None = None
    group: str | None = None
    undecided_by: str | None = None
    decided_by: str | None = None
    put_off_by: str | None = None
    document: str | None = None


def where(connection: Connection, project: int, filters: Filters) -> Where:
    """Return the conditions of ``filters`` within a project.

    Raises:
        NotStoredError: no such project.
        RefusedError: the plan has no node ``under``.
    """
    found = project_of(connection, project)
    conditions: Where = [_i.c.project == project]
    for column, value in (
        (_i.c.kind, filters.kind),
        (_i.c.status, filters.status),
        (_i.c.answer_lead, filters.agency),
        (_i.c.duplicates, filters.group),
        (_i.c.document, filters.document),
    ):
        if value is not None:
            conditions.append(column == value)
    if filters.assigned_to is not None:
        conditions.append(
            _i.c.assigned_to == filters.assigned_to if filters.assigned_to else _i.c.assigned_to.is_(None)
        )
    if filters.code is not None:
        conditions.append(_i.c.answer == filters.code if filters.code else _i.c.answer.is_(None))
    if filters.under is not None:
        plan = plan_of(connection, found.plan_sha)
        if filters.under not in plan:
            raise RefusedError("계획 {plan} 에 코드 '{code}' 가 없습니다.", plan=plan.id, code=filters.under)
        below = [n.code for n in plan.nodes if any(a.code == filters.under for a in plan.path(n.code))]
        conditions.append(_i.c.answer.in_(below))
    if filters.region is not None:
        conditions.append(
            sa.or_(
                _i.c.region == filters.region, _i.c.region.startswith(filters.region + " ", autoescape=True)
            )
        )
    if filters.low is not None:
        conditions.append(_i.c.probability >= filters.low)
    if filters.high is not None:
        conditions.append(_i.c.probability <= filters.high)
    return conditions + _people(filters)


def _people(filters: Filters) -> Where:
    conditions: Where = []
    if filters.decided is not None:
        conditions.append(_DECIDED if filters.decided else OPEN)
    if filters.standing is not None:
        wanted = [filters.standing] if isinstance(filters.standing, str) else list(filters.standing)
        conditions.append(_i.c.standing.in_(wanted))
    if filters.undecided_by is not None:
        conditions.append(~_own_lane(filters.undecided_by).exists())
    d = schema.decisions
    if filters.put_off_by is not None:
        own = _own_lane(filters.put_off_by).join(d, d.c.id == schema.lanes.c.decision)
        conditions.append(sa.or_(_i.c.standing == "undecided", own.where(d.c.action == "undecided").exists()))
    if filters.decided_by is not None:
        conditions.append(
            sa.select(d.c.id).where(d.c.id == _i.c.decision, d.c.by == filters.decided_by).exists()
        )
    return conditions


def _own_lane(user: str) -> sa.Select[Any]:
    lanes = schema.lanes
    return sa.select(lanes.c.item).where(lanes.c.item == _i.c.id, lanes.c.lane == user)


def order_by(order: Order, backwards: bool = False) -> tuple[sa.ColumnElement[Any], ...]:
    """Return the columns to sort by; ``queue`` is the planned rank, then the least ``probability`` (``doubt``)."""
    down = (order in _NEWEST_FIRST) != backwards
    return tuple(_sorted(column, down) for column in _columns(order))


def _sorted(column: sa.Column[Any], down: bool) -> sa.ColumnElement[Any]:
    """Return the column to sort by; what is missing is the least (each database has its own mind on that)."""
    if not column.nullable:
        return column.desc() if down else column.asc()
    return column.desc().nulls_last() if down else column.asc().nulls_first()


def beyond(order: Order, place: Sequence[Any], backwards: bool = False) -> sa.ColumnElement[bool]:
    """Return the condition for what comes behind (``backwards``: before) the values of :func:`place_of`."""
    here = sa.tuple_(*place_of(order))
    return here < tuple(place) if (order in _NEWEST_FIRST) != backwards else here > tuple(place)


def place_of(order: Order) -> tuple[sa.ColumnElement[Any], ...]:
    """Return what tells where an item stands in an order; what was never decided is the oldest."""
    return tuple(sa.func.coalesce(c, "") if c.nullable else c for c in _columns(order))


def _columns(order: Order) -> tuple[sa.Column[Any], ...]:
    if order not in _ORDERS:
        raise RefusedError(
            "모르는 정렬 '{order}'. 쓸 수 있는 것: {known}", order=order, known=", ".join(_ORDERS)
        )
    return _ORDERS[order]


def full_items(connection: Connection, query: sa.Select[Any], at: str, *, suggest: bool = True) -> list[Item]:
    """Return the items whose ids ``query`` selects, in its order.

    Args:
        connection: to the store.
        query: selects the ids.
        at: the time at which claims are read.
        suggest: look for what each may follow; False where nobody is shown it.
    """
    ids = list(connection.scalars(query))
    if not ids:
        return []
    found: dict[int, RowMapping] = {}
    claimed: dict[int, str] = {}
    follow: dict[int, Suggestion] = {}
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        for row in connection.execute(_FULL, {"ids": some}).mappings():
            found[row["id"]] = row
        held = connection.execute(_HELD, {"ids": some, "at": at})
        claimed.update((row.item, row.user) for row in held)
        if suggest:
            follow |= suggestions(connection, some)
    return [_item(found[number], claimed.get(number), follow.get(number)) for number in ids]


def _item(row: RowMapping, claimed_by: str | None, suggestion: Suggestion | None) -> Item:
    document = Document(
        row["document"],
        row["text"],
        row["title"],
        row["source"],
        row["date"],
        row["document_region"],
        row["meta"],
    )
    same = {
        name: row[name]
        for name in Item.__dataclass_fields__
        if name in row and name not in ("document", "decision")
    }
    decision = None if row[_PREFIX + "id"] is None else decision_row(row, _PREFIX)
    return Item(
        document=document,
        group=row["duplicates"],
        claimed_by=claimed_by,
        decision=decision,
        suggestion=suggestion,
        **same,
    )
