"""A browser for tests of the pages: cookies, form tokens, log-in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from hyeoksin.store import Store, open_store
from hyeoksin.web import Settings, create_app, passwords

PASSWORD = "긴 비밀번호 한 줄 7"
ROLES = ("viewer", "officer", "reviewer", "admin")


def make_store(folder: Path) -> Store:
    """Return a store with one account per role (named like the role) and ``newcomer``, who must change the password."""
    store = open_store(folder / "desk.db")
    secret = passwords.hashed(PASSWORD)
    for role in ROLES:
        store.add_user(role, role, secret, must_change=False)
    store.add_user("newcomer", "admin", secret, must_change=True)
    return store


def make_app(folder: Path, store: Store, **settings: Any) -> Any:
    given = {
        "store": "",
        "uploads": folder / "uploads",
        "hosts": ("testserver",),
        **settings,
    }
    return create_app(Settings(**given), store)


class Browser:
    """One person's browser."""

    def __init__(self, app: Any, name: str | None = None) -> None:
        self.http = TestClient(app, follow_redirects=False)
        if name is not None:
            answer = self.login(name, PASSWORD)
            assert answer.status_code == 303, answer.text

    def login(self, name: str, password: str, **fields: str) -> Any:
        token = field(self.get("/login").text, "csrf")
        return self.http.post("/login", data={"csrf": token, "name": name, "password": password, **fields})

    def get(self, path: str, **options: Any) -> Any:
        return self.http.get(path, **options)

    def token(self) -> str:
        return field(self.get("/password").text, "csrf")

    def post(self, path: str, data: Mapping[str, Any] | None = None, **options: Any) -> Any:
        return self.http.post(path, data={"csrf": self.token(), **(data or {})}, **options)


def field(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]
