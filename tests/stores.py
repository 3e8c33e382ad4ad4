"""Shared by the tests of the store: the two engines, a small round, and records as a classifier would give them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hyeoksin.domain import Document
from hyeoksin.plan import Plan, load_plan
from hyeoksin.store import Project, Store, open_store

SERVER = os.environ.get("HYEOKSIN_TEST_POSTGRES", "postgresql+psycopg://127.0.0.1:5432/test")
ENGINES = ("sqlite", "postgresql")
PLAN: Plan = load_plan("2019")


@contextmanager
def address_on(engine: str, folder: Path) -> Iterator[str]:
    """Yield the address of an empty database: a file, or a schema of its own that is dropped afterwards.

    Where no PostgreSQL answers, the test is skipped and says so; under CI it fails.
    """
    if engine == "sqlite":
        yield str(folder / "store.db")
        return
    import psycopg

    plain = SERVER.replace("+psycopg", "")
    try:
        connection = psycopg.connect(plain, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        reason = f"NO POSTGRESQL AT {SERVER}: half of the store's contract is not tested ({error})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    schema = f"t_{uuid.uuid4().hex[:12]}"
    with connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        try:
            yield f"{SERVER}?options=-csearch_path%3D{schema}%20-csynchronous_commit%3Doff"
        finally:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")


@contextmanager
def opened(engine: str, folder: Path) -> Iterator[Store]:
    """Yield a new, empty store."""
    with address_on(engine, folder) as url, open_store(url) as store:
        yield store


def record(
    code: str | None = "3-1",
    *,
    probability: float = 0.8,
    status: str = "review",
    model: str = "m@1",
    **more: Any,
) -> dict[str, Any]:
    """Return a record as the classifier gives it; ``code`` None is none of the plan."""
    path = [] if code is None else PLAN.path(code)
    return {
        "id": "1", "source": "tasks.xlsx#row=2", "plan": "2019", "status": status,
        "path": [{"code": n.code, "title": n.title, "probability": probability} for n in path],
        "candidates": [], "off_plan": 1 - probability if path else probability, "plan_sha": PLAN.sha256[:8],
        "agencies": [{"id": "mohw", "name": "보건복지부", "role": "lead", "probability": 0.7, "reasons": []}],
        "evidence": [], "clause": None, "rival": None, "regions": ["대구광역시 중구"], "others": {}, "model": model,
        **more,
    }  # fmt: skip


def document(number: int, **more: Any) -> Document:
    """Return a short text of its own for each number."""
    return Document(
        str(number), f"{number}번 마을의 이동 진료버스를 운영한다.", f"이동 진료 {number}", **more
    )


def round_of(store: Store, n_items: int = 3, *, coders: int = 1, name: str = "2026 상반기") -> Project:
    """Open a round with some items; the first has the least probability."""
    project = store.create_project(name, PLAN, "admin", coders=coders)
    rows = [(document(i), record(probability=0.5 + 0.4 * i / max(n_items, 1))) for i in range(n_items)]
    assert store.add_items(project.id, rows) == n_items
    return project
