"""The connection: how SQLite and PostgreSQL are opened, how a transaction begins, and what its failures mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from hyeoksin.errors import (
    MissingExtraError,
    NotStoredError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)
from hyeoksin.store.kept import as_json

__all__ = ["Base", "address", "alone", "engine", "insert_into", "meaning", "no_store", "now"]

_BUSY_MS = 10_000
_PRAGMAS = (
    "foreign_keys = ON",
    "journal_mode = WAL",
    "synchronous = FULL",
    "temp_store = MEMORY",
    "cache_size = -32768",  # KiB a connection
    "mmap_size = 268435456",
)
_SNAPSHOT = {  # what SQLite does anyway: all queries of one read see the same moment
    "isolation_level": "REPEATABLE READ",
    "postgresql_readonly": True,
}
_FULL = ("database or disk is full", "SQLITE_FULL")
_BUSY = ("database is locked", "database table is locked")
_DAMAGED = ("file is not a database", "database disk image is malformed")
_GONE = ("unable to open database file", "disk I/O error", "attempt to write a readonly database")


def now() -> str:
    """Return the time as ISO UTC with milliseconds; such texts sort by time."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def address(url: str | Path) -> URL:
    """Return the database's URL; anything without ``://`` is the path of a SQLite file.

    Raises:
        StoreError: neither SQLite nor PostgreSQL.
    """
    if "://" not in str(url):
        return URL.create("sqlite+pysqlite", database=str(Path(url)))
    try:
        found = sa.make_url(str(url))
    except SQLAlchemyError as error:
        raise StoreError(
            "저장소 주소 '{url}' 을 읽을 수 없습니다. 보기: postgresql+psycopg://사용자@서버/이름", url=url
        ) from error
    if found.get_backend_name() == "postgresql":
        return found.set(drivername="postgresql+psycopg")
    if found.get_backend_name() == "sqlite":
        return found.set(drivername="sqlite+pysqlite")
    raise StoreError(
        "'{name}' 저장소는 쓸 수 없습니다. SQLite 파일 경로나 postgresql+psycopg://… 를 주세요.",
        name=found.get_backend_name(),
    )


def engine(url: URL, *, create: bool, busy_ms: int = _BUSY_MS) -> Engine:
    """Return the engine of ``url``; SQLite in WAL with full synchronisation, so that what was committed is on the disk.

    Raises:
        NotStoredError: the SQLite file does not exist and ``create`` is false.
        MissingExtraError: psycopg is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, create, busy_ms)
    try:
        made = sa.create_engine(
            url,
            json_serializer=as_json,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            connect_args={"connect_timeout": 5},
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError("psycopg", "postgres") from error

    @sa.event.listens_for(made, "connect")
    def _limits(raw: Any, _record: Any) -> None:
        with raw.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {busy_ms}")
            cursor.execute("SET idle_in_transaction_session_timeout = 60000")
        raw.commit()

    return made


def no_store(place: str) -> NotStoredError:
    """Return the error of a place where no store is."""
    return NotStoredError(
        "{file}: 저장소가 없습니다. 경로를 확인하세요. 처음이면 hyeoksin serve 를 한 번 켜서 만드세요.",
        file=place,
    )


def _sqlite(url: URL, create: bool, busy_ms: int) -> Engine:
    file = Path(url.database or "")
    if not url.database or url.database == ":memory:":
        raise StoreError("저장소는 파일이어야 합니다. 경로를 주세요.")
    if not create and not file.exists():
        raise no_store(str(file))
    if not file.parent.is_dir():
        raise NotStoredError("{file}: 폴더가 없습니다. 먼저 만드세요.", file=file.parent)
    with suppress(OSError):  # is there already, or told where it is opened
        file.touch(mode=0o600, exist_ok=False)  # what officers were sent is for nobody else on the computer
    made = sa.create_engine(
        url,
        json_serializer=as_json,
        hide_parameters=True,
        pool_size=10,
        max_overflow=20,
        connect_args={"timeout": busy_ms / 1000, "check_same_thread": False},
    )

    @sa.event.listens_for(made, "connect")
    def _pragmas(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # transactions begin below, not at the driver's guess
        for pragma in _PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {busy_ms if options.get('wait', True) else 0}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("write") else "BEGIN")

    return made


class Base:
    """What every part of the store stands on: one engine, a read and a write transaction."""

    def __init__(self, made: Engine) -> None:
        self._engine = made
        self.migrated: tuple[str, ...] = ()  # revisions that opening has run
        self._reader = made if self.on_sqlite else made.execution_options(**_SNAPSHOT)
        self._writer = made.execution_options(write=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the store is: the path of a SQLite file, else the address without a password."""
        if self.on_sqlite:
            return self._engine.url.database or ""
        return self._engine.url.render_as_string(hide_password=True)

    @property
    def on_sqlite(self) -> bool:
        """Whether the store is a SQLite file."""
        return self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Close all connections; the store may be used again, it then opens new ones."""
        self._engine.dispose()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with told(self.url), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def _write(self, *, wait: bool = True) -> Iterator[Connection]:
        """Open a transaction that is saved as a whole at its end, or not at all; ``wait`` for another writer of the file."""
        with told(self.url), self._writer.execution_options(wait=wait).begin() as connection:
            yield connection


def alone(connection: Connection, what: str) -> None:
    """Keep others from the same thing until the transaction ends (PostgreSQL; SQLite has one writer anyway)."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(what))))


def insert_into(connection: Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insert that can say what happens to a row that is there already (``on_conflict_do_…``)."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn the database library's errors into ours, with a Korean message that says what to do."""
    try:
        yield
    except DBAPIError as error:
        raise meaning(error, url) from error
    except OverflowError as error:
        raise NotStoredError("그런 번호는 없습니다. 목록에서 다시 고르세요.") from error
    except PoolTimeoutError as error:
        raise StoreBusyError(
            "동시에 쓰는 사람이 너무 많습니다. 잠시 뒤 다시 하세요. 저장되지 않았습니다."
        ) from error
    except SQLAlchemyError as error:
        raise StoreError(
            "{url}: 저장소를 쓰지 못했습니다 ({text}). 저장되지 않았습니다.", url=url, text=error
        ) from error


def meaning(error: DBAPIError | sqlite3.Error, url: str) -> StoreError:
    """Return what the failure of a database at ``url`` is to a person."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    text, state = str(cause), getattr(cause, "sqlstate", None) or ""
    if state == "53100" or any(mark in text for mark in _FULL):
        return StoreFullError(
            "{url}: 디스크에 자리가 없습니다. 자리를 만든 뒤 다시 하세요. 저장되지 않았습니다.", url=url
        )
    if state in ("55P03", "40001", "40P01", "53300") or any(mark in text for mark in _BUSY):
        return StoreBusyError(
            "{url}: 다른 프로그램이 저장소를 쓰고 있습니다. 잠시 뒤 다시 하세요. 저장되지 않았습니다.",
            url=url,
        )
    if state == "22003":
        return NotStoredError("그런 번호는 없습니다. 목록에서 다시 고르세요.")
    if any(mark in text for mark in _DAMAGED):
        return StoreDamagedError(
            "{url}: 저장소 파일이 아니거나 깨졌습니다. 백업에서 되살리세요 (hyeoksin store restore).", url=url
        )
    if any(mark in text for mark in _GONE):
        return StoreUnavailableError(
            "{url}: 저장소 파일을 쓸 수 없습니다 ({text}). 경로와 권한을 확인하세요.", url=url, text=text
        )
    lost = state.startswith(("08", "57")) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    if lost or (type(cause).__name__ == "OperationalError" and not state and "://" in url):
        return StoreUnavailableError(
            "{url}: 데이터베이스가 답하지 않습니다. 저장되었는지 알 수 없으니, 다시 연결되면 그대로 다시 하세요.",
            url=url,
        )
    return StoreError(
        "{url}: 저장소를 쓰지 못했습니다 ({text}). 저장되지 않았습니다.",
        url=url,
        text=text.splitlines()[0] if text else error,
    )
