"""What the person who starts the server decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Settings"]

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one server.

    Args:
        store: path of the SQLite file, or a ``postgresql+psycopg://`` URL.
        uploads: folder for uploaded files; files stay there until their rows stand in the store.
        model: model folder; None is the shipped one.
        hosts: host names that the server answers to (``*``: any).
        max_upload_bytes: largest upload; ``max_rows``: most rows of one.
        max_form_bytes: largest request that is no upload (the interface for programs has a limit of its own).
        session_hours: a login ends after so many hours, whatever happens.
        lock_after: wrong passwords in a row that lock an account for ``lock_minutes``.
        unmask_minutes: how long a reviewer who asked for it sees personal data.
        rates: per name of a limit, its value in the notation of the ``limits`` library.
    """

    store: str
    uploads: Path
    model: Path | None = None
    hosts: tuple[str, ...] = LOCAL_HOSTS
    max_upload_bytes: int = 100 << 20
    max_rows: int = 100_000
    max_form_bytes: int = 1 << 20
    session_hours: int = 12
    lock_after: int = 5
    lock_minutes: int = 15
    unmask_minutes: int = 15
    rates: dict[str, str] = field(
        default_factory=lambda: {"login": "20/minute", "upload": "60/hour", "api": "30000/minute"}
    )
