"""How far people are with many items at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

import sqlalchemy as sa

from hyeoksin.store import schema
from hyeoksin.store.engine import Base
from hyeoksin.store.rows import Standing

__all__ = ["Standings"]

_i = schema.items
_CHUNK = 500


class Standings(Base):
    """The standing of items by their numbers."""

    def standings(self, items: Collection[int]) -> dict[int, Standing]:
        """Return the standing of each item; a number that is no item's is left out."""
        numbers = sorted(items)
        found: dict[int, Standing] = {}
        with self._read() as connection:
            for start in range(0, len(numbers), _CHUNK):
                query = sa.select(_i.c.id, _i.c.standing).where(_i.c.id.in_(numbers[start : start + _CHUNK]))
                for number, standing in connection.execute(query):
                    found[number] = cast(Standing, standing)
        return found
