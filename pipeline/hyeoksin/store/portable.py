"""The portable backup: JSON Lines (gzip where the name ends in ``.gz``), from any engine to any engine.

A head with the revision of the tables, one line a row, and an end with the number of lines and their SHA-256, without
which the file counts as cut off. Log-ins, claims and failure counters are no part of it; neither is the search index,
which is made again from the texts.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hyeoksin.errors import RefusedError, StoreDamagedError
from hyeoksin.store.engine import now
from hyeoksin.store.kept import as_json
from hyeoksin.store.migrate import HEAD, REVISIONS, current, migrate

__all__ = ["check", "dump", "load"]

_KEPT = (  # parents before children
    "plans", "projects", "items", "texts", "predictions", "decisions", "lanes", "likenesses", "users", "api_keys", "audit_log",
    "models", "jobs",
)  # fmt: skip
_COUNTED = ("projects", "items", "decisions", "api_keys", "audit_log", "jobs")
_CHUNK = 500


def dump(connection: Connection, path: Path, *, packed: bool) -> None:
    """Write all rows of a store, as they stand in the transaction of ``connection``."""
    digest, n_lines = hashlib.sha256(), 0
    with path.open("wb") as raw, _packed(raw, packed) as file:
        tables = _tables(connection)
        head = {
            "hyeoksin_store": 1,
            "revision": current(connection),
            "made_at": now(),
            "tables": list(tables),
        }
        file.write(_line(head))
        for name, table in tables.items():
            query = sa.select(table).order_by(*table.primary_key.columns)
            rows = connection.execute(query, execution_options={"yield_per": _CHUNK})
            for row in rows.mappings():
                line = _line([name, dict(row)])
                digest.update(line)
                n_lines += 1
                file.write(line)
        file.write(_line({"lines": n_lines, "sha256": digest.hexdigest()}))


def check(path: Path, name: Path) -> str:
    """Read a backup through and return the revision of its tables; ``name`` is what faults are told under.

    Raises:
        StoreDamagedError: no backup, cut off, changed, or of a newer version.
    """
    digest, n_lines, end = hashlib.sha256(), 0, b""
    with _text(path, name) as file:
        head = _head(file.readline(), name)
        for line in file:
            if end:
                digest.update(end)
                n_lines += 1
            end = line
    try:
        told = json.loads(end)
    except ValueError:
        told = None
    if told != {"lines": n_lines, "sha256": digest.hexdigest()}:
        raise StoreDamagedError(f"{name}: 백업이 잘렸거나 바뀌었습니다. 다른 백업을 쓰세요.")
    return head


def load(connection: Connection, path: Path, name: Path) -> None:
    """Fill an empty store with a backup and bring it to this version.

    Raises:
        RefusedError: the store is not empty, or has the tables of another version.
        StoreDamagedError: see :func:`check`.
    """
    revision = check(path, name)
    there = current(connection)
    if there is not None and _filled(connection):
        raise RefusedError("비어 있지 않은 저장소에는 되살릴 수 없습니다. 새 이름을 주세요.")
    if there not in (None, revision):
        raise RefusedError(
            f"이 저장소에는 다른 판의 표({there})가 이미 있어 백업({revision})을 되살릴 수 없습니다. 아직 없는 파일의 이름이나 "
            "표가 없는 데이터베이스를 주세요."
        )
    migrate(connection, revision)
    tables = _tables(connection)
    waiting: list[dict[str, Any]] = []
    at = ""
    with _text(path, name) as file:
        file.readline()
        for line in file:
            value = json.loads(line)
            table, row = value if isinstance(value, list) else ("", {})
            if table != at or len(waiting) >= _CHUNK:
                if waiting:
                    connection.execute(tables[at].insert(), waiting)
                at, waiting = table, []
            waiting.append({**row, "indexed": False} if "indexed" in row else row)
    _count_on(connection)
    migrate(connection)


@contextmanager
def _packed(raw: IO[bytes], packed: bool) -> Iterator[IO[bytes]]:
    if not packed:
        yield raw
        return
    with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as file:
        yield cast(IO[bytes], file)


@contextmanager
def _text(path: Path, name: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        try:
            yield cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise StoreDamagedError(f"{name}: 백업이 잘렸거나 바뀌었습니다. 다른 백업을 쓰세요.") from error


def _line(value: Any) -> bytes:
    return as_json(value).encode() + b"\n"


def _head(line: bytes, name: Path) -> str:
    try:
        head = json.loads(line)
        known = (
            head["hyeoksin_store"] == 1
            and set(head["tables"]) <= set(_KEPT)
            and head["revision"] in REVISIONS
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamagedError(f"{name}: hyeoksin 백업이 아닙니다. 파일을 확인하세요.") from error
    if not known:
        raise StoreDamagedError(
            f"{name}: 더 새 판의 hyeoksin이 만든 백업입니다 (백업 {head['revision']}, 이 프로그램 {HEAD}). 새 판으로 올리세요."
        )
    return str(head["revision"])


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL's counters go on after the numbers that were given by hand; SQLite's do so by themselves."""
    if connection.dialect.name == "postgresql":
        for name in _COUNTED:
            counter = sa.text(f"SELECT setval('{name}_id_seq', max(id)) FROM {name} HAVING max(id) > 0")  # noqa: S608 - our own names  # nosec B608
            connection.execute(counter)


def _filled(connection: Connection) -> bool:
    tables = _tables(connection).values()
    return any(connection.execute(sa.select(sa.literal(1)).select_from(t).limit(1)).first() for t in tables)


def _tables(connection: Connection) -> dict[str, sa.Table]:
    """Return the tables that a backup holds, as they are in this database (which may be of an earlier version)."""
    there = set(sa.inspect(connection).get_table_names())
    found = sa.MetaData()
    found.reflect(connection, only=[name for name in _KEPT if name in there])
    return {name: found.tables[name] for name in _KEPT if name in found.tables}
