"""What was decided on the same text, its duplicates, and texts nearly the same: shown as a suggestion, never applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hyeoksin.normalise import normalise
from hyeoksin.store import schema
from hyeoksin.store.rows import Suggestion, Why, decision_row

__all__ = ["revisions", "similarity", "suggestions"]

_RUN = 4
_REVISED = 0.2  # of texts under one number; of two texts of different matters at most .1 (1,000 written ones)
_COMPARED = 20  # texts of one number that one is compared with
_READ = 20_000  # characters; a longer text is compared by its beginning
_WHYS: tuple[Why, ...] = ("same", "group", "near")  # the surer first


def similarity(one: str, other: str) -> float:
    """Return the Jaccard similarity (0..1) of two texts' runs of four letters and digits."""
    return _shared(_runs(one), _runs(other))


def revisions(bodies: Mapping[int, str]) -> list[int]:
    """Return which of some items with one number have nearly the text of another of them."""
    runs = [(item, _runs(body)) for item, body in bodies.items()]
    found: set[int] = set()
    for place, (item, own) in enumerate(runs):
        for other, far in runs[max(place - _COMPARED, 0) : place]:
            if _shared(own, far) >= _REVISED:
                found |= {item, other}
    return sorted(found)


def _shared(first: set[str], second: set[str]) -> float:
    return len(first & second) / len(first | second) if first and second else 0.0


def _runs(text: str) -> set[str]:
    letters = "".join(filter(str.isalnum, normalise(text[:_READ]))).lower()
    return {letters[i : i + _RUN] for i in range(max(len(letters) - _RUN + 1, 1))} if letters else set()


def _followed() -> sa.Select[Any]:
    """Return the query for the decisions that some open items (``ids``) may follow, the surest and latest first.

    A text or group that stands there a thousand times is looked up once, and only its latest decision comes back.
    """
    i, like, d = schema.items, schema.likenesses, schema.decisions
    here = (
        sa.select(i.c.id, i.c.project, i.c.content, i.c.duplicates)
        .where(i.c.id.in_(sa.bindparam("ids", expanding=True)), i.c.standing != "decided")
        .cte("here")
    )
    there = i.alias("there")
    one = sa.literal(1.0).label("similarity")
    same = _newest(here, here.c.content, there, there.c.content == here.c.content)
    group = _newest(
        here, here.c.duplicates, there,
        sa.and_(there.c.project == here.c.project, there.c.duplicates == here.c.duplicates),
    )  # fmt: skip
    columns = (here.c.id.label("here"), same.c.decision, sa.literal(0).label("why"), one)
    queries = [
        sa.select(*columns).where(same.c.project == here.c.project, same.c.value == here.c.content),
        sa.select(here.c.id, group.c.decision, sa.literal(1), one).where(
            group.c.project == here.c.project, group.c.value == here.c.duplicates
        ),
    ]
    queries += [
        sa.select(here.c.id, there.c.decision, sa.literal(2), like.c.similarity).where(
            a == here.c.id, b == there.c.id, *_fits(here, there)
        )
        for a, b in ((like.c.item, like.c.other), (like.c.other, like.c.item))
    ]
    union = sa.union_all(*queries).subquery()
    query = sa.select(union.c.here, union.c.why, union.c.similarity, d)
    joined = query.join(d, d.c.id == union.c.decision)
    return joined.order_by(union.c.here, union.c.why, d.c.id.desc())


def _newest(
    here: sa.CTE, value: sa.ColumnElement[Any], there: sa.FromClause, alike: sa.ColumnElement[bool]
) -> sa.Subquery:
    """Return the latest decision beside each project and value of ``here``."""
    latest = sa.select(sa.func.max(there.c.decision)).where(alike, *_fits(here, there))
    found = latest.correlate(here).scalar_subquery().label("decision")
    return sa.select(here.c.project, value.label("value"), found).group_by(here.c.project, value).subquery()


def _fits(here: sa.CTE, there: sa.FromClause) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions for a decided item from which an open one may learn."""
    own, far = schema.projects.alias("own"), schema.projects.alias("far")
    return (
        own.c.id == here.c.project,
        far.c.id == there.c.project,
        there.c.standing == "decided",
        sa.or_(own.c.coders == 1, far.c.id != own.c.id),
        own.c.plan_sha == far.c.plan_sha,
    )


_FOLLOWED = _followed()


def suggestions(connection: Connection, ids: Sequence[int]) -> dict[int, Suggestion]:
    """Return the decision that each of some items (at most a few hundred) may follow, by item.

    An item that is decided gets none. A decision on the same text (in any round of the same plan) goes before one on
    its duplicate group, this before one on a text nearly the same; among equals the latest counts. Between two
    independent coders of one round nothing is passed on.
    """
    found: dict[int, Suggestion] = {}
    for row in connection.execute(_FOLLOWED, {"ids": ids}).mappings():
        if row["here"] not in found:
            decision = decision_row(row)
            found[row["here"]] = Suggestion(decision, row["item"], _WHYS[row["why"]], row["similarity"])
    return found
