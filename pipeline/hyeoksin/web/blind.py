"""Two coders decide by themselves: which rows of the ledger may be read before both have spoken."""

from __future__ import annotations

from collections.abc import Iterable

from hyeoksin.store import DecisionRow, Store

__all__ = ["readable"]

_SPOKEN = ("decided", "disputed")


def readable(store: Store, rows: Iterable[DecisionRow], name: str, reviewer: bool) -> list[DecisionRow]:
    """Return the rows without the word of another coder on an item that still waits for the second.

    Args:
        store: where the rounds and items stand.
        rows: rows of the ledger.
        name: under which the reader's own decisions stand.
        reviewer: a reviewer reads everything.
    """
    if reviewer:
        return list(rows)
    given = list(rows)
    two = {project.id for project in store.projects() if project.coders == 2}
    others = {row.item for row in given if row.project in two and row.by != name}
    spoken = {item for item, standing in store.standings(others).items() if standing in _SPOKEN}
    return [row for row in given if row.project not in two or row.by == name or row.item in spoken]
