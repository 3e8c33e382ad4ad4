"""A browser for tests of the pages: cookies, form tokens, log-in."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from hyeoksin.domain import Document
from hyeoksin.errors import JudgeError
from hyeoksin.plan import load_plan
from hyeoksin.store import ROLES, Store, open_store
from hyeoksin.web import Settings, access, create_app, passwords
from hyeoksin.web.judge import Judge

PASSWORD = "긴 비밀번호 한 줄 7"


def make_store(folder: Path) -> Store:
    """Return a store with one account per role (named like the role) and ``newcomer``, who must change the password."""
    store = open_store(folder / "desk.db")
    secret = _secret()
    for role in ROLES:
        store.add_user(role, role, secret, must_change=False)
    store.add_user("newcomer", "admin", secret, must_change=True)
    return store


@cache
def _secret() -> str:
    return passwords.hashed(PASSWORD)


def make_app(folder: Path, store: Store, judge: Judge | None = None, **settings: Any) -> Any:
    given = {
        "store": "",
        "uploads": folder / "uploads",
        "hosts": ("testserver",),
        **settings,
    }
    return create_app(Settings(**given), store, judge or FakeJudge())


class Browser:
    """One person's browser; with a name it has a session already (a log-in costs an argon2 check)."""

    def __init__(self, app: Any, name: str | None = None) -> None:
        self.http = TestClient(app, follow_redirects=False)
        if name is not None:
            token = secrets.token_urlsafe(32)
            app.state.store.add_session(access.token_hash(token), name, seconds=600)
            self.http.cookies.set("hyeoksin", token, domain="testserver.local", path="/")

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


class FakeJudge(Judge):
    """Judges without a model: everything is 3-1, for review; ``seen`` counts texts, ``broken`` raises."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.models: list[str | None] = []

    def start(self) -> None:
        self._state = "ready"

    def stop(self) -> None:
        self._state = "stopped"

    def use_model(self, model: str | None) -> None:
        super().use_model(model)
        self.models.append(model)

    def judge_all(self, documents: Iterable[Document], plan: str | None = None) -> Iterator[str | JudgeError]:
        for document in documents:
            self.seen += 1
            yield json.dumps(record(document, plan or "2019"))


def record(document: Document, plan_id: str = "2019") -> dict[str, Any]:
    """Return a record as the classifier gives it."""
    plan = load_plan(plan_id)
    best, rival = plan.leaves[0], plan.leaves[1]
    path = [{"code": n.code, "title": n.title, "probability": 0.6} for n in plan.path(best.code)]
    rest = 0.4 / len(plan.leaves)
    return {
        "id": document.id,
        "source": document.source,
        "plan": plan.id,
        "status": "review",
        "path": path,
        "candidates": [
            {"code": n.code, "title": n.title, "probability": 0.6 if n is best else rest} for n in plan.leaves
        ],
        "off_plan": rest,
        "plan_sha": plan.sha256,
        "agencies": [],
        "evidence": [{"start": 0, "end": 2, "text": document.body[:2], "weight": 1.0}],
        "clause": None,
        "rival": {"code": rival.code, "title": rival.title, "probability": rest, "why": []},
        "regions": [],
        "others": {},
        "model": "fake@00000000",
    }


def wait_for(check: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Return the first true answer of ``check``."""
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, "too late"
        time.sleep(0.02)
    return found
