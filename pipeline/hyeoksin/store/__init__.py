"""The store: rounds, documents, predictions, decisions, people and jobs, in SQLite (default) or PostgreSQL.

``open_store`` gives a :class:`Store`. Everything that goes in or out is a frozen dataclass (``rows``); every write is
one transaction, saved when the method returns; every failure is a :class:`~hyeoksin.errors.StoreError` with a Korean
message, after which the same call may be made again (a decision with the same ``key`` is never saved twice). A store
may be shared by threads; a forked or spawned process opens its own.
"""

from __future__ import annotations

from pathlib import Path

from hyeoksin.errors import MissingExtraError, StoreError

try:
    import sqlalchemy  # noqa: F401 - only to name the extra where it is missing
except ModuleNotFoundError as error:
    raise MissingExtraError("sqlalchemy", "web") from error

from hyeoksin.store.adding import Row, content_of
from hyeoksin.store.backup import Backup, restore
from hyeoksin.store.engine import address, engine, no_store
from hyeoksin.store.filters import Filters, Order
from hyeoksin.store.items import Items
from hyeoksin.store.ledger import Ledger
from hyeoksin.store.migrate import current, migrate
from hyeoksin.store.people import People
from hyeoksin.store.projects import Projects
from hyeoksin.store.register import Register
from hyeoksin.store.rows import (
    ROLES,
    SHIPPED,
    Action,
    ApiKey,
    AuditRow,
    CaseRow,
    DecisionRow,
    Failures,
    Hit,
    Item,
    Job,
    JobState,
    ModelRow,
    ModelState,
    Project,
    Session,
    Standing,
    Suggestion,
    User,
    UserRole,
    Verdict,
    Why,
)
from hyeoksin.store.search import Search, Tokenise
from hyeoksin.store.work import Work

__all__ = [
    "ROLES",
    "SHIPPED",
    "Action",
    "ApiKey",
    "AuditRow",
    "CaseRow",
    "DecisionRow",
    "Failures",
    "Filters",
    "Hit",
    "Item",
    "Job",
    "JobState",
    "ModelRow",
    "ModelState",
    "Order",
    "Project",
    "Row",
    "Session",
    "Standing",
    "Store",
    "Suggestion",
    "Tokenise",
    "User",
    "UserRole",
    "Verdict",
    "Why",
    "content_of",
    "open_store",
    "restore",
]


class Store(Projects, Items, Ledger, Work, Search, People, Register, Backup):
    """An open store; see its parts for the methods."""


def open_store(url: str | Path, create: bool = True, *, busy_seconds: float = 10) -> Store:
    """Open a store and bring its tables to this version.

    Args:
        url: the path of a SQLite file, or ``postgresql+psycopg://user@host/name``.
        create: make the file, or the tables of an empty database, where there is none.
        busy_seconds: how long a write waits for another program before it fails.

    Raises:
        NotStoredError: no such store and ``create`` is false, or no such folder.
        StoreDamagedError: no store of ours, damaged, or made by a newer version.
        StoreUnavailableError: the database does not answer.
        MissingExtraError: SQLAlchemy or psycopg is not installed.
    """
    made = engine(address(url), create=create, busy_ms=int(busy_seconds * 1000))
    store = Store(made)
    try:
        with store._write() as connection:
            if not create and current(connection) is None:
                raise no_store(store.url)
            store.migrated = tuple(migrate(connection))
    except StoreError:
        store.close()
        raise
    return store
