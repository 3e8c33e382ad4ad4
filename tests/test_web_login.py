"""Logging in and out, lock-out, and passwords."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hyeoksin.store import Store
from hyeoksin.web import access, passwords
from hyeoksin.web.pages import safe_path
from web_client import PASSWORD, Browser, field, make_app, make_store

NEW = "바다 건너 푸른 언덕 하나"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = make_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def app(tmp_path: Path, store: Store) -> Any:
    return make_app(tmp_path, store)


# --- log-in


def test_a_wrong_password_and_an_unknown_name_sound_the_same(app: Any) -> None:
    browser = Browser(app)
    answers = [browser.login(name, "틀린 비밀번호") for name in ("officer", "nobody")]
    assert [a.status_code for a in answers] == [403, 403]
    texts = [re.sub(r'value="[^"]*"', "", a.text) for a in answers]
    assert texts[0] == texts[1]


def test_five_failures_lock_the_account_until_an_admin_opens_it(app: Any, store: Store) -> None:
    browser = Browser(app)
    for _ in range(5):
        assert "맞지 않습니다" in browser.login("officer", "틀린 비밀번호").text
    locked = browser.login("officer", PASSWORD)
    assert (locked.status_code, "잠갔습니다" in locked.text) == (403, True)
    assert browser.login("viewer", PASSWORD).status_code == 303
    admin = Browser(app, "admin")
    page = admin.get("/users").text
    assert (page.count("잠김 (15분 남음)"), page.count('action="/users/unlock"')) == (1, 1)
    assert admin.post("/users/unlock", {"name": "officer"}).status_code == 303
    page = admin.get("/users").text
    assert ("잠김" in page, "/users/unlock" in page) == (False, False)
    assert Browser(app).login("officer", PASSWORD).status_code == 303
    assert [row.event for row in store.audit_log(by="officer")].count("login.failed") == 5


def test_of_many_passwords_at_once_five_are_tried(tmp_path: Path, app: Any, store: Store) -> None:
    browsers = [Browser(app) for _ in range(8)]
    tokens = [field(browser.get("/login").text, "csrf") for browser in browsers]

    def log_in(k: int) -> str:
        form = {"csrf": tokens[k], "name": "officer", "password": "틀린 비밀번호"}
        answer: str = browsers[k].http.post("/login", data=form).text
        return answer

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(log_in, range(8)))
    assert sum("맞지 않습니다" in answer for answer in answers) == 5
    # the others came while the five were looked at, or a moment later
    assert sum("한꺼번에" in answer or "잠갔습니다" in answer for answer in answers) == 3


def test_the_lock_ends_by_itself(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store, lock_after=1, lock_minutes=0))
    assert browser.login("officer", "틀린 비밀번호").status_code == 403
    assert browser.login("officer", PASSWORD).status_code == 303


def test_too_many_log_ins_from_one_address_must_wait(tmp_path: Path, store: Store) -> None:
    browser = Browser(
        make_app(tmp_path, store, rates={"login": "2/minute", "upload": "1/hour", "api": "1/minute"})
    )
    for name in ("a", "b"):
        assert browser.login(name, "x").status_code == 403
    answer = browser.login("officer", PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 61


def test_log_in_needs_the_form_of_this_browser(app: Any) -> None:
    browser = Browser(app)
    browser.get("/login")
    for token in ("", "x"):
        answer = browser.http.post("/login", data={"csrf": token, "name": "officer", "password": PASSWORD})
        assert answer.status_code == 403
    evil = browser.http.post("/login", data={"name": "officer"}, headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403


def test_the_session_cookie_is_out_of_reach(app: Any, store: Store) -> None:
    answer = Browser(app).login("officer", PASSWORD)
    (cookie,) = [c for c in answer.headers.get_list("set-cookie") if c.startswith("hyeoksin=")]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    token = cookie.removeprefix("hyeoksin=").split(";")[0]
    assert store.session(token) is None  # the store knows the hash alone
    assert store.session(access.token_hash(token)) is not None


def test_behind_tls_cookies_are_secure_and_bound_to_the_host(app: Any) -> None:
    browser = Browser(app)
    browser.http = TestClient(app, base_url="https://testserver", follow_redirects=False)
    answer = browser.login("officer", PASSWORD)
    cookies = answer.headers.get_list("set-cookie")
    (session,) = [c for c in cookies if c.startswith("__Host-hyeoksin=")]
    assert "Secure" in session
    assert "Domain" not in session
    assert "Strict-Transport-Security" in answer.headers
    assert browser.get("/rounds").status_code == 200
    (ended,) = browser.post("/logout").headers.get_list("set-cookie")
    assert ended.startswith('__Host-hyeoksin=""; ')
    assert "; Secure" in ended  # else a browser lets it stand


def test_a_log_in_makes_a_new_session_and_log_out_ends_it_in_the_store(app: Any, store: Store) -> None:
    browser = Browser(app)
    browser.http.cookies.set("hyeoksin", "gesetzt", domain="testserver.local", path="/")
    browser.login("officer", PASSWORD)
    token = next(c.value for c in browser.http.cookies.jar if c.name == "hyeoksin" and c.value != "gesetzt")
    assert token
    assert store.session(access.token_hash("gesetzt")) is None
    browser.http.cookies.delete("hyeoksin", domain="testserver.local", path="/")
    browser.http.cookies.set("hyeoksin", token, domain="testserver.local", path="/")
    assert browser.get("/rounds").status_code == 200
    assert browser.post("/logout").status_code == 303
    assert store.session(access.token_hash(token)) is None


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\/evil",
        "javascript:alert(1)",
        "/\n/evil",
        "",
        None,
    ],
)
def test_log_in_never_leads_to_another_site(asked: str | None) -> None:
    assert safe_path(asked) == "/"
    assert safe_path("/rounds/1?x=1") == "/rounds/1?x=1"


def test_a_locked_out_account_loses_its_sessions(app: Any) -> None:
    officer = Browser(app, "officer")
    assert officer.get("/rounds").status_code == 200
    assert Browser(app, "admin").post("/users/active", {"name": "officer", "active": "no"}).status_code == 303
    assert officer.get("/rounds").headers["location"].startswith("/login")
    assert Browser(app).login("officer", PASSWORD).status_code == 403


def test_the_last_admin_stays(app: Any, store: Store) -> None:
    store.change_user("newcomer", role="viewer")
    admin = Browser(app, "admin")
    assert admin.post("/users/active", {"name": "admin", "active": "no"}).status_code == 409
    assert admin.post("/users/role", {"name": "admin", "role": "viewer"}).status_code == 409
    assert store.user("admin").active


# --- passwords


def test_the_first_password_must_be_changed_and_then_all_other_sessions_end(app: Any) -> None:
    first, second = Browser(app, "newcomer"), Browser(app, "newcomer")
    assert first.get("/rounds").headers["location"] == "/password"
    answer = first.post("/password", {"old": PASSWORD, "new": NEW, "again": NEW})
    assert answer.status_code == 303, answer.text
    assert first.get("/rounds").status_code == 200
    assert second.get("/rounds").headers["location"].startswith("/login")
    assert Browser(app).login("newcomer", PASSWORD).status_code == 403
    assert Browser(app).login("newcomer", NEW).status_code == 303


@pytest.mark.parametrize(
    ("new", "again"),
    [("짧다", "짧다"), (PASSWORD, PASSWORD), (NEW, NEW + "!"), ("password1234!", "password1234!"), ("aaaaaaaaaaaa", "aaaaaaaaaaaa"), ("newcomer와 나 하나", "newcomer와 나 하나"), ("가" * 201, "가" * 201)],
)  # fmt: skip
def test_weak_passwords_are_refused(app: Any, store: Store, new: str, again: str) -> None:
    browser = Browser(app, "newcomer")
    answer = browser.post("/password", {"old": PASSWORD, "new": new, "again": again})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert store.user("newcomer").must_change


def test_changing_needs_the_old_password(app: Any) -> None:
    browser = Browser(app, "officer")
    answer = browser.post("/password", {"old": "틀림", "new": NEW, "again": NEW})
    assert (answer.status_code, "지금 비밀번호가 맞지" in answer.text, "아이디" in answer.text) == (
        422,
        True,
        False,
    )


def test_hashes_are_argon2_and_one_time_passwords_differ() -> None:
    assert passwords.hashed(NEW).startswith("$argon2id$")
    ones = {passwords.one_time() for _ in range(50)}
    assert len(ones) == 50
    assert all(passwords.fault(one, "admin", "") is None for one in ones)


# --- what is sent after the session has ended


@pytest.mark.parametrize(
    ("path", "referer", "back"),
    [
        ("/items/60/decide", "http://testserver/items/60?node=3-2&done=7", "/items/60?node=3-2&done=7"),
        ("/items/60/decide", "http://testserver/items/60/decide", "/items/60"),
        ("/items/60/decide", "https://else.where/rounds", "/items/60"),
        ("/items/60/undo", "", "/items/60"),
        ("/rounds/1/next", "http://testserver/rounds/1/queue?order=title", "/rounds/1/queue?order=title"),
        ("/rounds/1/next", "", "/"),
    ],
)
def test_a_form_sent_without_a_log_in_comes_back_and_says_so(
    app: Any, path: str, referer: str, back: str
) -> None:
    browser = Browser(app)
    answer = browser.http.post(path, data={}, headers={"referer": referer})
    assert answer.status_code == 303
    page = browser.get(answer.headers["location"]).text
    assert "저장되지 않았습니다" in page
    assert html.unescape(field(page, "next")) == back
    plain = browser.get(browser.get("/items/60").headers["location"]).text
    assert "저장되지 않았습니다" not in plain


def test_a_long_list_comes_back_after_the_log_in(app: Any) -> None:
    path = "/rounds/1/queue?region=" + "%EB%8C%80" * 60
    assert Browser(app).login("officer", PASSWORD, next=path).headers["location"] == path


@pytest.mark.parametrize(
    ("name", "status", "said"), [(None, 401, "로그인이 끝나"), ("newcomer", 403, "비밀번호")]
)
def test_the_upload_script_is_told_in_a_sentence(app: Any, name: str | None, status: int, said: str) -> None:
    browser = Browser(app, name)
    headers = {"X-Upload": "script"}
    if name:
        headers["X-CSRF-Token"] = browser.token()
    answer = browser.http.post("/uploads/1", files={"files": ("a.csv", b"x")}, headers=headers)
    assert answer.status_code == status
    assert said in answer.text
    assert not answer.text.startswith("<")
