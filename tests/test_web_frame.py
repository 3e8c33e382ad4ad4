from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hyeoksin.errors import StoreUnavailableError
from hyeoksin.store import Store
from web_client import PASSWORD, Browser, make_app, make_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = make_store(tmp_path)
    yield opened
    opened.close()


def test_login_leads_where_one_wanted_to_go(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store))
    sent = browser.get("/password?x=1")
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=%2Fpassword%3Fx%3D1")
    answer = browser.login("officer", PASSWORD, next="/password?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/password?x=1")
    assert "officer" in browser.get("/password").text


def test_health(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(make_app(tmp_path, store))
    assert browser.get("/healthz").json() == {"status": "ok"}
    assert browser.http.head("/healthz").status_code == 200  # how some monitors ask

    def gone() -> None:
        raise StoreUnavailableError("innermost words")

    monkeypatch.setattr(store, "active_model", gone)
    answer = browser.get("/healthz")
    assert (answer.status_code, "innermost" in answer.text) == (503, False)
