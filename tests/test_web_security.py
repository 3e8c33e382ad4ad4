"""Log-in, headers, limits, logs, and hostile input at the pages."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hyeoksin.domain import Document
from hyeoksin.store import Store
from hyeoksin.web import access, passwords
from hyeoksin.web.pages import safe_path
from web_client import PASSWORD, Browser, make_app, make_store, record

NEW = "바다 건너 푸른 언덕 하나"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202e\u2066뒤집힘\u2069\x07 =cmd|' /C calc'!A0 {{7*7}} '\""


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
    assert Browser(app, "admin").post("/users/officer/unlock").status_code == 303
    assert Browser(app).login("officer", PASSWORD).status_code == 303
    assert [row.event for row in store.audit_log(by="officer")].count("login.failed") == 5


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
    assert Browser(app, "admin").post("/users/officer/active", {"active": "no"}).status_code == 303
    assert officer.get("/rounds").headers["location"].startswith("/login")
    assert Browser(app).login("officer", PASSWORD).status_code == 403


def test_the_last_admin_stays(app: Any, store: Store) -> None:
    store.change_user("newcomer", role="viewer")
    admin = Browser(app, "admin")
    assert admin.post("/users/admin/active", {"active": "no"}).status_code == 409
    assert admin.post("/users/admin/role", {"role": "viewer"}).status_code == 409
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
    assert browser.post("/password", {"old": "틀림", "new": NEW, "again": NEW}).status_code == 422


def test_hashes_are_argon2_and_one_time_passwords_differ() -> None:
    assert passwords.hashed(NEW).startswith("$argon2id$")
    ones = {passwords.one_time() for _ in range(50)}
    assert len(ones) == 50
    assert all(passwords.fault(one, "admin", "") is None for one in ones)


# --- what stands in logs


def test_no_secret_stands_in_logs_or_in_the_audit_log(
    app: Any, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        browser = Browser(app)
        browser.login("officer", "틀린 비밀번호 9")
        browser.login("officer", PASSWORD)
        session = next(c.value for c in browser.http.cookies.jar if c.name == "hyeoksin")
        token = browser.token()
        browser.post("/password", {"old": PASSWORD, "new": NEW, "again": NEW})
        shown = Browser(app, "admin").post("/users", {"name": "new.person", "role": "viewer"}).text
        one_time = re.search(r"<code>([a-z0-9-]{19})</code>", shown)
        browser.get("/nowhere")
        browser.http.post("/rounds", data={"csrf": token, "name": "x", "precision": "much"})
    assert one_time
    told = caplog.text + "".join(str(row) for row in store.audit_log(limit=1_000)) + str(store.users())
    hashes = [store.user(name).secret for name in ("officer", "new.person")]
    for secret in (
        "틀린 비밀번호 9",
        PASSWORD,
        NEW,
        session,
        access.token_hash(session),
        token,
        one_time[1],
        *hashes,
    ):
        assert secret
        assert secret not in told


# --- headers and pages


class Tags(HTMLParser):
    """Collects what a strict content policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.bad += [f"{tag} {name}" for name in names if name.startswith("on") or name in ("style", "hx-on")]
        self.bad += [f"{tag}: {v}" for v in names.values() if v and v.lower().startswith("javascript:")]
        if tag == "style":
            self.bad.append("style")
        if tag == "script":
            source = names.get("src") or ""
            (self.scripts if source.startswith("/static/") else self.bad).append(source)
        if tag == "link":
            assert (names.get("href") or "").startswith("/static/")


PAGES = (
    "/rounds", "/rounds/new", "/rounds/1", "/coverage", "/ledger", "/ledger/events", "/models", "/users", "/about", "/password",
    "/jobs/1", "/items/1", "/rounds/1/queue", "/nowhere",
)  # fmt: skip


def fill(store: Store) -> None:
    """Put hostile words wherever a person or a file can put some."""
    number = store.create_project(HOSTILE[:100], "2019", "officer").id
    document = Document(
        HOSTILE,
        title=HOSTILE,
        text=f"{HOSTILE} 010-1234-5678",
        source=HOSTILE,
        region=HOSTILE,
        meta={HOSTILE: HOSTILE},
    )
    store.add_items(number, [(document, record(document))])
    payload = {"folder": "x", "files": [f"0/{HOSTILE}"], "kind": "task"}
    job = store.add_job("upload", "officer", project=number, payload=payload)
    store.finish_job(
        job.id, result={"new": 1, "known": 0, "failed": [{"source": HOSTILE, "reason": HOSTILE}]}
    )
    store.decide([1], "undecided", by="officer", note=f"{HOSTILE} 900101-1234567")
    store.audit("upload", HOSTILE, subject=HOSTILE, detail={"name": HOSTILE})


def faults(path: str, status: int, text: str) -> list[str]:
    """Return what is wrong with a page that shows hostile words."""
    tags = Tags()
    tags.feed(text)
    found = [*tags.bad, *([] if tags.scripts else ["no script of ours"])]
    if status != (404 if path == "/nowhere" else 200):
        found.append(f"status {status}")
    for words in ("<script>alert", "<img src=x", "010-1234-5678", "900101-1234567", ">49<", " 49 "):
        if words in text:
            found.append(words)
    return found + re.findall("[\x00-\x08\x0e-\x1f\u202a-\u202e\u2066-\u2069]", text)


def test_hostile_words_are_shown_as_words(app: Any, store: Store) -> None:
    fill(store)
    admin = Browser(app, "admin")
    answers = {path: admin.get(path) for path in PAGES}
    wrong = {path: faults(path, answer.status_code, answer.text) for path, answer in answers.items()}
    assert {path: found for path, found in wrong.items() if found} == {}
    assert "&lt;script&gt;alert(1)" in answers["/rounds/1"].text


@pytest.mark.parametrize(
    "path", ["/login", "/static/style.css", "/nowhere", "/healthz", "/rounds", "/api/v1/nothing"]
)
def test_every_answer_carries_the_headers(app: Any, path: str) -> None:
    answer = Browser(app).get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == ("public, max-age=3600" if "static" in path else "no-store")


def test_an_unforeseen_fault_shows_a_number_and_nothing_of_the_inside(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **named: object) -> None:
        raise ValueError("innermost words")

    app = make_app(tmp_path, store)
    browser = Browser(app, "admin")
    monkeypatch.setattr(store, "projects", broken)
    browser.http = TestClient(app, raise_server_exceptions=False, cookies=browser.http.cookies)
    answer = browser.get("/rounds")
    assert answer.status_code == 500
    assert "innermost" not in answer.text
    number = re.search(r"오류 번호 ([0-9a-f]{8})", answer.text)
    assert number
    assert number[1] in caplog.text
    assert "content-security-policy" in answer.headers


def test_an_unknown_host_is_refused(app: Any) -> None:
    assert Browser(app).get("/login", headers={"Host": "evil.example"}).status_code == 400


# --- limits of what is sent


def test_bodies_over_the_limit_are_refused_with_and_without_a_declared_length(
    tmp_path: Path, store: Store
) -> None:
    app = make_app(tmp_path, store, max_form_bytes=10_000)
    browser = Browser(app, "officer")
    token = browser.token()
    big = {"csrf": token, "name": "x" * 20_000}
    assert browser.http.post("/rounds", data=big).status_code == 413

    def chunks() -> Iterator[bytes]:
        yield f"csrf={token}&name=".encode()
        for _ in range(20):
            yield b"x" * 1_000

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.http.post("/rounds", content=chunks(), headers=headers).status_code == 413
    assert store.projects() == []


def test_nobody_is_asked_for_a_body_before_the_log_in(tmp_path: Path, store: Store) -> None:
    """An upload without a session is sent away before its body is read."""
    read = 0

    def chunks() -> Iterator[bytes]:
        nonlocal read
        for _ in range(50):
            read += 1
            yield b"x" * 10_000

    app = make_app(tmp_path, store)
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = Browser(app).http.post("/uploads/1", content=chunks(), headers=headers)
    assert answer.headers["location"].startswith("/login")
    assert not (tmp_path / "uploads").exists()


# --- personal data


def test_only_a_reviewer_may_see_personal_data_and_it_is_on_record(app: Any, store: Store) -> None:
    fill(store)
    officer, reviewer = Browser(app, "officer"), Browser(app, "reviewer")
    assert officer.post("/privacy/show").status_code == 403
    assert "900101-*******" not in reviewer.get("/ledger").text
    assert "******-*******" in reviewer.get("/ledger").text
    assert reviewer.post("/privacy/show", {"next": "/ledger"}).headers["location"] == "/ledger"
    assert "900101-1234567" in reviewer.get("/ledger").text
    assert "900101-1234567" not in Browser(app, "reviewer").get("/ledger").text  # another session
    assert "900101-1234567" not in officer.get("/ledger").text
    assert [row.event for row in store.audit_log(by="reviewer")] == ["privacy.shown"]
    reviewer.post("/privacy/hide")
    assert "900101-1234567" not in reviewer.get("/ledger").text


def test_csv_holds_no_formulas_and_no_personal_data(app: Any, store: Store) -> None:
    fill(store)
    store.decide([1], "undecided", by="officer", note="=HYPERLINK(1)")
    officer = Browser(app, "officer")
    ledger, failed = officer.get("/ledger.csv"), officer.get("/jobs/1/failed.csv")
    for answer in (ledger, failed):
        assert answer.content.startswith(b"\xef\xbb\xbf")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert not re.search(r"(^|,|\")[=+@]", answer.text), answer.text
    assert "'=HYPERLINK(1)" in ledger.text
    assert "900101-1234567" not in ledger.text


# --- what a server loads


def test_the_server_starts_without_machine_learning(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from hyeoksin.web import Settings, create_app
create_app(Settings(store={str(tmp_path / "a.db")!r}, uploads=Path({str(tmp_path)!r})))
print([m for m in ("kiwipiepy", "sklearn", "torch", "sentence_transformers", "scipy", "pandas") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
