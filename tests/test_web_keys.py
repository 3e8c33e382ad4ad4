"""The page of API keys, and the description of the interface, in the whole app."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import anyio
import pytest

from hyeoksin.store import Store
from hyeoksin.web.api import keys
from web_client import Browser, make_app, make_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = make_store(tmp_path)
    yield opened
    opened.close()


def test_a_key_made_on_the_page_works_until_it_is_revoked(tmp_path: Path, store: Store) -> None:
    app = make_app(tmp_path, store)
    admin, program = Browser(app, "admin"), Browser(app)
    made = admin.post("/keys", {"name": "보고 시스템", "role": "officer", "days": "30"})
    (key,) = re.findall(r"hyeoksin_[\w-]{43}", made.text)
    assert key not in admin.get("/keys").text
    call = {"Authorization": f"Bearer {key}"}
    assert program.get("/api/v1/rounds", headers=call).json() == []
    assert admin.post("/keys/1/revoke").status_code == 303
    assert program.get("/api/v1/rounds", headers=call).status_code == 401
    assert "없앰" in admin.get("/keys").text
    assert [row.event for row in store.audit_log()][:2] == ["api key revoked", "api key"]


@pytest.mark.parametrize("wrong", [{"name": " "}, {"name": "x", "role": "왕"}, {"name": "x", "days": "9999"}])
def test_a_key_that_cannot_be_made(tmp_path: Path, store: Store, wrong: dict[str, str]) -> None:
    admin = Browser(make_app(tmp_path, store), "admin")
    answer = admin.post("/keys", {"role": "viewer", "days": "30", **wrong})
    assert answer.status_code == 422
    assert 'id="problem"' in answer.text
    assert store.api_keys() == []


def test_only_administrators_make_keys(tmp_path: Path, store: Store) -> None:
    reviewer = Browser(make_app(tmp_path, store), "reviewer")
    assert reviewer.get("/keys").status_code == 403
    assert reviewer.post("/keys", {"name": "x"}).status_code == 403


def test_a_session_is_no_key(tmp_path: Path, store: Store) -> None:
    assert Browser(make_app(tmp_path, store), "admin").get("/api/v1/rounds").status_code == 401


def test_the_description_is_one_page_without_script(tmp_path: Path, store: Store) -> None:
    answer = Browser(make_app(tmp_path, store)).get("/api/v1/docs")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert 'style="' not in answer.text
    ids = re.findall(r' id="([^"]+)"', answer.text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', answer.text)) <= set(ids)
    assert not re.findall(r'(?:href|src)="https?:', answer.text)
    for path in ("/classify", "/rounds/{number}/documents", "/documents/{number}/undo"):
        assert f"/api/v1{path}" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_a_key_that_another_program_revoked_works_two_seconds_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, owners = [100.0], [keys.Caller(1, "a", "viewer")]
    monkeypatch.setattr(keys, "time", SimpleNamespace(monotonic=lambda: now[0]))
    ring = keys.Keyring(lambda _: owners[0] if owners else None)
    key = keys.new_key()
    assert anyio.run(ring.caller, key) == owners[0]
    owners.clear()
    assert anyio.run(ring.caller, key) is not None
    now[0] += 2
    assert anyio.run(ring.caller, key) is None
