"""``hyeoksin keys``: made once, listed without the secret, revoked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.errors import NotStoredError, RefusedError
from hyeoksin.store import open_store
from hyeoksin.web.api.keys import key_hash


@pytest.fixture
def seoul(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of an office in Korea."""
    monkeypatch.setenv("TZ", "KST-9")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("seoul")
def test_a_key_from_making_to_revoking(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    assert isinstance(run("add", "보고 시스템", store=path, code=1).exception, NotStoredError)
    open_store(path).close()
    made = run("add", "보고 시스템", "--role", "officer", "--days", "30", store=path)
    key = made.stdout.split()[-1]
    store = open_store(path)
    found = store.api_key(key_hash(key))
    assert found is not None
    assert (found.name, found.role, found.expires_at is not None) == ("보고 시스템", "officer", True)
    listed = run("list", store=path).stdout
    made_at = datetime.fromisoformat(found.created_at) + timedelta(hours=9)
    assert f"보고 시스템  officer  만듦 {made_at:%Y-%m-%d %H:%M}  씀 아직" in listed
    assert key not in listed
    run("revoke", str(found.id), store=path)
    assert store.api_key(key_hash(key)) is None
    assert "없앰" in run("list", store=path).stdout
    assert [row.event for row in store.audit_log()][:2] == ["api key revoked", "api key"]
    store.close()
    assert isinstance(run("add", "x", "--role", "왕", store=path, code=1).exception, RefusedError)


def run(*args: str, store: Path, code: int = 0):  # type: ignore[no-untyped-def]
    result = CliRunner().invoke(app, ["keys", *args, "--store", str(store)])
    assert result.exit_code == code, result.output
    return result
