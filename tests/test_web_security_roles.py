"""Every page's route x every kind of visitor, against the table in ``data/route_roles.csv``."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount

from hyeoksin.domain import Document
from hyeoksin.store import Store
from hyeoksin.web.app import ROUTERS
from web_client import Browser, make_app, make_store, record

TABLE = Path(__file__).parent / "data" / "route_roles.csv"
# who may, from the least on; "newcomer" has a first password that must be changed, whatever the role
RANKS = ("public", "newcomer", "viewer", "officer", "reviewer", "admin")
VISITORS = ("anonymous", "newcomer", "viewer", "officer", "reviewer", "admin")
VALUES = {"code": "en", "name": "nobody"}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def table() -> dict[tuple[str, str], str]:
    with TABLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {(row["method"], row["path"]): row["role"] for row in rows if not row["path"].startswith("/api/")}
    assert set(found.values()) <= set(RANKS)
    return found


def routes(owner: Any) -> Iterator[APIRoute]:
    for route in owner.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from routes(route.original_router)


def all_routes() -> set[tuple[str, str]]:
    return {
        (method, route.path) for router in ROUTERS for route in routes(router) for method in route.methods
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = make_store(tmp_path_factory.mktemp("roles"))
    number = opened.create_project("첫 차수", "2019", "officer").id
    document = Document("1", title="섬을 찾아가는 진료버스", text="이동 진료", source="과제.csv#row=2")
    opened.add_items(number, [(document, record(document))])
    opened.add_job(
        "upload", "officer", project=number, payload={"folder": "x", "files": ["0/a.csv"], "kind": "task"}
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Any:
    rates = {"login": "10000/minute", "upload": "10000/minute", "api": "1/minute"}
    return make_app(tmp_path_factory.mktemp("app"), store, rates=rates)


def path_of(template: str) -> str:
    return re.sub(r"{(\w+)(?::\w+)?}", lambda m: VALUES.get(m[1], "1"), template)


def outcome(answer: Any) -> str:
    """Return ``login``, ``password`` or ``forbidden`` where the visitor was sent away, else ``served``."""
    to = answer.headers.get("location", "")
    if answer.status_code == 303 and to.startswith("/login?"):
        return "login"
    if answer.status_code == 303 and to == "/password":
        return "password"
    assert answer.status_code < 500, answer.text
    return "forbidden" if answer.status_code == 403 else "served"


def expected(visitor: str, role: str) -> str:
    if role == "public":
        return "served"
    if visitor == "anonymous":
        return "login"
    if visitor == "newcomer" and role != "newcomer":
        return "password"
    return "served" if RANKS.index(visitor) >= RANKS.index(role) else "forbidden"


def send(browser: Browser, method: str, path: str, token: str) -> Any:
    return browser.http.request(method, path, data={"csrf": token} if method in UNSAFE else None)


def test_the_table_names_every_route_and_no_other() -> None:
    assert all_routes() == set(table())


def test_nothing_else_is_mounted(app: Any) -> None:
    mounts = [route.path for route in app.routes if isinstance(route, Mount)]
    assert mounts == ["/static", "/api/v1"]  # the interface has a table walk of its own
    assert len(app.routes) == len(mounts) + len(ROUTERS)


@pytest.mark.parametrize("visitor", VISITORS)
def test_every_route_for(app: Any, visitor: str) -> None:
    wrong = []
    for (method, template), role in sorted(table().items()):
        browser = Browser(app, None if visitor == "anonymous" else visitor)
        token = browser.token() if visitor != "anonymous" else "none"
        if template == "/login" and method == "POST":
            continue  # no session has a say there; its own tests hold it
        found = outcome(send(browser, method, path_of(template), token))
        if found != expected(visitor, role):
            wrong.append((method, template, role, found))
    assert wrong == []


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_no_change_without_the_forms_token(app: Any, token: str) -> None:
    browser = Browser(app, "admin")
    changing = [(m, path_of(p)) for m, p in sorted(table()) if m in UNSAFE]
    assert len(changing) > 15
    for method, path in changing:
        assert send(browser, method, path, token).status_code == 403, path
    assert browser.get("/rounds").status_code == 200


def test_another_sites_page_cannot_use_the_session(app: Any) -> None:
    browser = Browser(app, "admin")
    token = browser.token()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = browser.http.post("/rounds", data={"csrf": token, "name": "x"}, headers=headers)
        assert answer.status_code == 403
    fine = browser.http.post(
        "/rounds", data={"csrf": token, "name": "x"}, headers={"Origin": "http://testserver"}
    )
    assert fine.status_code == 303


def test_a_token_of_another_session_does_not_fit(app: Any) -> None:
    other = Browser(app, "admin").token()
    assert send(Browser(app, "admin"), "POST", "/rounds", other).status_code == 403
