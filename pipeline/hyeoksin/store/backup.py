"""Backup and restore: a SQLite file by its own online copy, any store as a portable file."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, IntegrityError

from hyeoksin.errors import (
    InputError,
    RefusedError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)
from hyeoksin.store import schema
from hyeoksin.store.chain import verdict
from hyeoksin.store.engine import Base, address, engine, meaning
from hyeoksin.store.migrate import migrate
from hyeoksin.store.portable import dump, load
from hyeoksin.store.rows import Verdict
from hyeoksin.tabular import written_whole

__all__ = ["Backup", "restore"]

_FLEETING = (schema.sessions, schema.claims, schema.failures)
_MAGIC = b"SQLite format 3\x00"


class Backup(Base):
    """Copies of the whole store."""

    def backup(self, to: Path) -> Verdict:
        """Write a copy, for its owner's eyes, while others go on working; it appears whole, checked and on the disk, or not at all.

        Args:
            to: ``.db`` for a SQLite file (of a SQLite store), ``.jsonl`` or ``.jsonl.gz`` for a portable one.

        Returns:
            What checking the copy's ledger found.

        Raises:
            RefusedError: a ``.db`` copy of a PostgreSQL store, or an unknown suffix.
            InputError: the place cannot be written.
            StoreDamagedError: the store itself is not sound.
        """
        if to.name.endswith((".jsonl", ".jsonl.gz")):
            with written_whole(to) as part, self._read() as connection:
                part.chmod(0o600)
                dump(connection, part, packed=to.suffix == ".gz")
                found = verdict(connection)
        elif to.suffix in (".db", ".sqlite", ".sqlite3") and self.on_sqlite:
            with written_whole(to) as part, _nothing_beside(part):
                part.chmod(0o600)
                _copy(Path(self._engine.url.database or ""), part)
                with _opened(part) as connection:
                    found = verdict(connection)
        else:
            raise RefusedError(
                f"{to}: 백업 이름은 .jsonl 이나 .jsonl.gz 로 끝나야 합니다 (SQLite 저장소는 .db 도)."
            )
        _synced(to)
        if not found.sound:
            raise StoreDamagedError(f"{to}: 백업했지만 저장소가 온전하지 않습니다. {found.broken}")
        return found

    def integrity(self) -> str | None:
        """Return the first fault that the database itself finds in its file, None if it is sound (or no file)."""
        if not self.on_sqlite:
            return None
        with self._read() as connection:
            found = connection.execute(sa.text("PRAGMA integrity_check(1)")).scalar()
            if found != "ok":
                return str(found)
            lost = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
            return None if lost is None else f"표 {lost[0]}, 줄 {lost[1]}: 가리키는 {lost[2]} 줄이 없습니다"


def restore(source: Path, url: str | Path) -> Verdict:
    """Fill an empty store from a backup of any engine and any earlier version; all of it, or nothing.

    Args:
        source: a copy as :meth:`Backup.backup` writes it, or a SQLite store's file.
        url: where the store shall be; it must be empty.

    Raises:
        RefusedError: there are rows already.
        StoreDamagedError: the backup is cut off, was changed, is of a newer version, or its ledger is not sound.
        InputError: the backup cannot be read.
    """
    if not source.is_file():
        raise InputError(f"{source}: 백업 파일이 없습니다. 경로를 확인하세요.")
    with source.open("rb") as file:
        is_database = file.read(len(_MAGIC)) == _MAGIC
    if not is_database:
        return _restored(source, url, source)
    with tempfile.TemporaryDirectory() as folder:
        copy, lines = Path(folder, "copy.db"), Path(folder, "copy.jsonl")
        _copy(source, copy)
        with _opened(copy) as connection:
            dump(connection, lines, packed=False)
        return _restored(lines, url, source)


def _restored(lines: Path, url: str | Path, name: Path) -> Verdict:
    where = address(url)
    with _gone_unless_done(where.database if where.get_backend_name() == "sqlite" else None):
        target = Base(engine(where, create=True))
        try:
            with target._write() as connection:
                load(connection, lines, name)
                found = verdict(connection)
                if not found.sound:
                    raise StoreDamagedError(f"{name}: 백업의 결정 기록이 온전하지 않습니다. {found.broken}")
            return found
        except StoreError as error:
            if isinstance(error.__cause__, IntegrityError | DataError):
                raise StoreDamagedError(
                    f"{name}: 백업의 줄들이 서로 맞지 않습니다. 다른 백업을 쓰세요."
                ) from error
            raise
        finally:
            target.close()


@contextmanager
def _gone_unless_done(database: str | None) -> Iterator[None]:
    """Remove a SQLite file that was made for a restore that failed."""
    if database is None or Path(database).exists():
        yield
        return
    done = False
    try:
        yield
        done = True
    finally:
        if not done:
            with _nothing_beside(Path(database)):
                Path(database).unlink(missing_ok=True)


@contextmanager
def _nothing_beside(database: Path) -> Iterator[None]:
    """Remove at the end what SQLite keeps beside a file that nobody has open any more."""
    try:
        yield
    finally:
        for suffix in ("-wal", "-shm", "-journal"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)


def _copy(source: Path, to: Path) -> None:
    """Copy a SQLite file.

    Raises:
        StoreDamagedError: the source is not sound.
        StoreError: it is locked, or the copy cannot be written.
    """
    try:
        with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(to)) as here:
            there.execute(
                "SELECT 1 FROM sqlite_master"
            ).fetchone()  # on a locked file the copy would wait for ever
            there.backup(
                here
            )  # in one step, which blocks no one in WAL: steps begin anew after each foreign commit
            fault = here.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as error:
        found = meaning(error, str(source))
        if isinstance(found, StoreFullError):
            raise meaning(error, str(to.parent)) from error
        if isinstance(found, StoreBusyError | StoreUnavailableError):
            raise found from error
        fault = error
    if fault != "ok":
        raise StoreDamagedError(f"{source}: 저장소 파일이 깨졌습니다 ({fault}). 다른 백업을 쓰세요.")


@contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    """Give a connection to a copy, brought to this version, with what must not live on taken out."""
    copy = Base(engine(address(path), create=False))
    try:
        with copy._write() as connection:
            migrate(connection)
            for table in _FLEETING:
                connection.execute(table.delete())
        with copy._read() as connection:
            yield connection
    finally:
        copy.close()


def _synced(path: Path) -> None:
    with path.open("rb") as file, suppress(OSError):
        os.fsync(file.fileno())
