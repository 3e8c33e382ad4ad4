"""Bring a store's tables to this version with Alembic; a store made by a newer version is refused, not guessed at."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hyeoksin.errors import StoreDamagedError

__all__ = ["HEAD", "REVISIONS", "current", "migrate"]

REVISIONS = ("0001", "0002", "0003")  # in order; a test holds them equal to migrations/versions
HEAD = REVISIONS[-1]
_LOCK = 715_517_603  # of PostgreSQL: two servers that start at once migrate one after the other


def current(connection: Connection) -> str | None:
    """Return the revision of the tables, None for an empty database.

    Raises:
        StoreDamagedError: tables of another program, or of a newer version.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if not tables:
        return None
    found = None
    if "alembic_version" in tables:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if found is None and tables - {"alembic_version"}:
        raise StoreDamagedError(
            "다른 프로그램의 데이터베이스입니다. 비어 있는 파일이나 데이터베이스를 주세요."
        )
    if found is not None and found not in REVISIONS:
        raise StoreDamagedError(
            f"더 새 판의 hyeoksin이 만든 저장소입니다 (저장소 {found}, 이 프로그램 {HEAD}). hyeoksin을 새 판으로 올리세요."
        )
    return found


def migrate(connection: Connection, to: str = HEAD) -> list[str]:
    """Run the migrations that are missing, inside the caller's transaction; return the revisions that were run."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    before = current(connection)
    if before == to:
        return []
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    first = 0 if before is None else REVISIONS.index(before) + 1
    return list(REVISIONS[first : REVISIONS.index(to) + 1])
