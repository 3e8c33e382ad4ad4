"""What was decided on the same text, its duplicates, and texts nearly the same: shown as a suggestion, never applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hyeoksin.normalise import normalise
from hyeoksin.store import schema
from hyeoksin.store.rows import Suggestion, Why, decision_row

__all__ = ["similarity", "suggestions"]

_RUN = 4
_READ = 20_000  # characters; a longer text is compared by its beginning
_WHYS: tuple[Why, ...] = ("same", "group", "near")  # the surer first


def similarity(one: str, other: str) -> float:
    """Return the Jaccard similarity (0..1) of two texts' runs of four letters and digits."""
    first, second = _runs(one), _runs(other)
    return len(first & second) / len(first | second) if first and second else 0.0


def _runs(text: str) -> set[str]:
    letters = "".join(filter(str.isalnum, normalise(text[:_READ]))).lower()
    return {letters[i : i + _RUN] for i in range(max(len(letters) - _RUN + 1, 1))} if letters else set()


def _followed() -> sa.Select[Any]:
    """Return the query for the decided items beside some open ones (``ids``), the surest and latest first."""
    here, there = schema.items.alias("here"), schema.items.alias("there")
    own, far = schema.projects.alias("own"), schema.projects.alias("far")
    like, d = schema.likenesses, schema.decisions
    one = sa.literal(1.0).label("similarity")
    open_here = sa.and_(here.c.id.in_(sa.bindparam("ids", expanding=True)), here.c.standing != "decided")
    fits = sa.and_(
        there.c.standing == "decided",
        there.c.id != here.c.id,
        sa.or_(own.c.coders == 1, far.c.id != own.c.id),
        own.c.plan_sha == far.c.plan_sha,
    )
    columns = (here.c.id.label("here"), there.c.decision, there.c.id.label("there"))
    rounds = (own.c.id == here.c.project, far.c.id == there.c.project, open_here, fits)
    same = sa.select(*columns, sa.literal(0).label("why"), one).where(there.c.content == here.c.content)
    group = sa.select(*columns, sa.literal(1), one).where(
        there.c.project == here.c.project, there.c.duplicates == here.c.duplicates
    )
    near = [
        sa.select(*columns, sa.literal(2), like.c.similarity).where(a == here.c.id, b == there.c.id)
        for a, b in ((like.c.item, like.c.other), (like.c.other, like.c.item))
    ]
    union = sa.union_all(*(query.where(*rounds) for query in (same, group, *near))).subquery()
    query = sa.select(union.c.here, union.c.there, union.c.why, union.c.similarity, d)
    joined = query.join(d, d.c.id == union.c.decision)
    return joined.order_by(union.c.here, union.c.why, d.c.id.desc())


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
            found[row["here"]] = Suggestion(decision, row["there"], _WHYS[row["why"]], row["similarity"])
    return found
