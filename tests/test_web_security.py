"""Headers, limits, logs, and hostile input at the pages."""

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
from hyeoksin.web import access
from web_client import PASSWORD, Browser, make_app, make_store, record

NEW = "바다 건너 푸른 언덕 하나"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202e\u2066뒤집힘\u2069\x07 =cmd|' /C calc'!A0 {{7123*7}} '\""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = make_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def app(tmp_path: Path, store: Store) -> Any:
    return make_app(tmp_path, store)


# --- what stands in logs


def test_no_secret_stands_in_logs_or_in_the_audit_log(
    app: Any, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        browser = Browser(app)
        browser.login("officer", "틀린 비밀번호 9")
        browser.login("비밀번호를 아이디에", "")
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
    assert [row.by for row in store.audit_log(event="login.failed")] == ["", "officer"]
    for secret in (
        "틀린 비밀번호 9",
        "비밀번호를 아이디에",
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
    for words in ("<script>alert", "<img src=x", "010-1234-5678", "900101-1234567", "49861"):
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


@pytest.mark.parametrize(
    ("fields", "korean", "english"),
    [
        (
            {"name": "가" * 101},
            "이름: 100자를 넘습니다. 줄여서 보내세요.",
            "Name: has more than 100 characters",
        ),
        ({"precision": "100"}, "정밀도: 99 이하여야 합니다.", "Precision: must be 99 or less."),
        ({"coders": "둘"}, "한 문서를 정하는 사람: 정수여야 합니다.", "must be a whole number."),
    ],
)
def test_a_value_beyond_its_limits_is_told_in_the_language_of_the_page(
    tmp_path: Path, store: Store, fields: dict[str, str], korean: str, english: str
) -> None:
    browser = Browser(make_app(tmp_path, store, max_form_bytes=10_000), "officer")
    told = browser.post("/rounds", {"name": "새 차수", **fields})
    assert (told.status_code, korean in told.text) == (422, True)
    browser.get("/language/en")
    assert english in browser.post("/rounds", {"name": "새 차수", **fields}).text
    large = browser.post("/rounds", {"name": "x" * 20_000})
    assert (large.status_code, "over the limit" in large.text) == (413, True)


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


def test_personal_data_is_masked_again_when_the_minutes_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(access.time, "monotonic", lambda: now[0])
    sessions = access.Unmasked(15)
    sessions.allow("a")
    assert (sessions.holds("a"), sessions.holds("b")) == (True, False)
    now[0] += 15 * 60 - 1
    assert sessions.holds("a")
    now[0] += 1
    assert not sessions.holds("a")


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
