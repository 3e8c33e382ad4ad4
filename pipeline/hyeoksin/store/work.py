"""Who works on what: assignment, claims that expire, so that no two people do the same work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hyeoksin.store import schema
from hyeoksin.store.engine import Base, now
from hyeoksin.store.filters import OPEN, Filters, Order, full_items, order_by, where
from hyeoksin.store.projects import lock_project
from hyeoksin.store.rows import Item

__all__ = ["AHEAD", "Work", "later"]

AHEAD = 3_600.0  # seconds; what lies further ahead than it can was written before the clock was set back

_CHUNK = 1_000  # PostgreSQL takes 65,535 values at most
_i, _c, _d, _l, _u = schema.items, schema.claims, schema.decisions, schema.lanes, schema.users


def later(seconds: float) -> str:
    """Return the time so many seconds from now, as :func:`~hyeoksin.store.engine.now` writes it."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Work(Base):
    """Assignment and claims."""

    def assign(self, item_ids: Sequence[int], user: str | None) -> int:
        """Give items to a user (None: to no one); return how many there were."""
        numbers = sorted(
            set(item_ids)
        )  # in one order, so that two who assign the same wait and do not lock up
        n_assigned = 0
        with self._write() as connection:
            for start in range(0, len(numbers), _CHUNK):
                some = _i.update().where(_i.c.id.in_(numbers[start : start + _CHUNK]))
                n_assigned += connection.execute(some.values(assigned_to=user)).rowcount
        return n_assigned

    def claim_next(
        self,
        project: int,
        user: str,
        *,
        seconds: float = 600,
        after: int | None = None,
        order: Order = "queue",
        **filters: Any,
    ) -> Item | None:
        """Take the next item of the queue for a user: not decided, not another's, and held by no one else.

        What is assigned to a locked account is nobody's; with two coders, what the one it is assigned to has answered
        waits for anybody else.
        The claim ends when the user decides or ``seconds`` have passed; asking again returns the same
        item while it is open. With two coders, two people may hold an item at once, and each gets it once; of what
        was put off (``put_off_by``) each gets what he or she has not answered.

        Args:
            project: the round's number.
            user: the user's name.
            seconds: how long the claim lasts.
            after: skip this item (the one on the screen): the next one.
            order: what "next" means, as for :meth:`~hyeoksin.store.items.Items.items`.
            filters: the fields of :class:`~hyeoksin.store.filters.Filters`.

        Returns:
            The item, None where nothing is left for this user.
        """
        at = now()
        with self._write() as connection:
            found, _, _ = lock_project(connection, project)
            ended = sa.or_(_c.c.until <= at, _c.c.until > later(seconds + AHEAD))
            connection.execute(_c.delete().where(_c.c.project == project, ended))
            standing = filters.pop("standing", None) or ("open", "half")
            conditions = [*where(connection, project, Filters(**filters)), OPEN]
            wanted = [standing] if isinstance(standing, str) else list(standing)
            put_off = filters.get("put_off_by") is not None
            if not put_off:  # no index of its own: the queue's gives the order
                conditions.append((_i.c.standing + "").in_(wanted))
            gone = sa.select(_u.c.name).where(_u.c.name == _i.c.assigned_to, ~_u.c.active).exists()
            free = [_i.c.assigned_to.is_(None), _i.c.assigned_to == user, gone]
            if found.coders == 2:
                free.append(
                    sa.select(_l.c.item).where(_l.c.item == _i.c.id, _l.c.lane == _i.c.assigned_to).exists()
                )
            conditions.append(sa.or_(*free))
            others = sa.select(sa.func.count()).where(_c.c.item == _i.c.id, _c.c.user != user)
            if found.coders == 1:
                conditions.append(
                    ~sa.select(_c.c.item).where(_c.c.item == _i.c.id, _c.c.user != user).exists()
                )
            else:
                lanes = _l.join(_d, _d.c.id == _l.c.decision)
                here = [_l.c.item == _i.c.id, *([_d.c.action != "undecided"] if put_off else [])]
                mine = sa.select(_l.c.item).select_from(lanes).where(*here, _l.c.lane == user)
                made = sa.select(sa.func.count()).select_from(lanes).where(*here, _l.c.lane != user)
                conditions.append(~mine.exists())
                conditions.append(others.scalar_subquery() + made.scalar_subquery() < found.coders)
            if after is not None:
                conditions.append(_i.c.id != after)
            mine_now = sa.select(_c.c.item).where(_c.c.project == project, _c.c.user == user)
            held = list(connection.scalars(mine_now))
            query = sa.select(_i.c.id).where(*conditions).order_by(*order_by(order)).limit(1)
            number = connection.scalar(query.where(_i.c.id.in_(held))) if held else None
            number = number or connection.scalar(query)
            if number is None:
                return None
            connection.execute(_c.delete().where(_c.c.item == number, _c.c.user == user))
            connection.execute(
                _c.insert().values(item=number, user=user, project=project, until=later(seconds))
            )
            return full_items(connection, sa.select(_i.c.id).where(_i.c.id == number), at)[0]
