"""What pages, exports and the REST interface show of personal data that stands in odd places."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from api_client import KEYS, api, headers
from desk_cases import Office, record
from hyeoksin import privacy
from hyeoksin.domain import Document
from hyeoksin.errors import RefusedError
from hyeoksin.web.api.keys import key_hash
from upload_cases import ended, send
from web_client import Browser, FakeJudge, make_app, make_store


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("privacy"))
    made.store.add_api_key("보기", "viewer", key_hash(KEYS["viewer"]), "admin")
    yield made
    made.store.close()


@contextmanager
def unmasked(browser: Browser) -> Iterator[None]:
    """Personal data shown within the block, as the button on a page does."""
    browser.post("/privacy/show", {"next": "/"})
    yield
    browser.post("/privacy/hide", {"next": "/"})


def untitled(number: int, before: int) -> tuple[Document, dict[str, Any]]:
    text = "가" * before + "900101-1234567 로 조회해 주세요"
    return Document(str(number), text), record(number, duplicate_group="g")


def test_a_text_is_masked_before_it_is_cut(office: Office, tmp_path: Path) -> None:
    desk = office.open(rows=[untitled(1, 27), untitled(2, 67)])
    page = desk.browser("viewer").get(f"/items/{desk.items[1].id}").text
    assert "가******-******</a>" in page
    client = api(FakeJudge(), office.store, tmp_path)
    listed = client.get(f"/rounds/{desk.project.id}/documents", headers=headers()).json()["items"]
    assert listed[1]["title"].endswith("가******-******")


def test_what_a_column_gives_with_a_number_in_it_stands_nowhere_open(office: Office, tmp_path: Path) -> None:
    document = Document(
        "민원 010-1234-5678",
        "진료버스를 늘려 주세요.",
        region="담당 010-9999-8888",
        meta={"kind": "전화 010-7777-6666"},
    )
    desk = office.open(rows=[(document, record(1, id=document.id))])
    item = f"/items/{desk.items[0].id}"
    pages = [f"{desk.path}/{name}" for name in ("queue", "export", "hours", "search?q=버스")]
    files = [f"{desk.path}/export/file?form={form}" for form in ("csv", "jsonl")]
    for path in (*pages, *files, item, f"/coverage?round={desk.project.id}"):
        answer = desk.browser("viewer").get(path)
        assert answer.status_code == 200
        assert "1234-5678" not in answer.text, path
        assert "9999-8888" not in answer.text, path
        assert "7777-6666" not in answer.text, path
    client = api(FakeJudge(), office.store, tmp_path)
    for path in (f"/rounds/{desk.project.id}/coverage", f"/rounds/{desk.project.id}/documents"):
        answer = client.get(path, headers=headers()).text
        assert ("담당 ***-****-****" in answer, "전화 ***-****-****" in answer) == (True, True)
        assert ("9999-8888" in answer, "7777-6666" in answer) == (False, False)


def test_the_heading_of_a_column_is_masked_too(office: Office, tmp_path: Path) -> None:
    document = Document("1", "진료버스를 늘려 주세요.", meta={"비고(문의 010-1234-5678)": "가"})
    desk = office.open(rows=[(document, record(1))])
    item = f"/items/{desk.items[0].id}"
    client = api(FakeJudge(), office.store, tmp_path)
    told = client.get(f"/documents/{desk.items[0].id}", headers=headers()).json()
    assert told["content"]["meta"] == {"비고(문의 ***-****-****)": "가"}
    for path in (item, f"{desk.path}/export/file?form=jsonl"):
        assert "비고(문의 ***-****-****)" in desk.browser("viewer").get(path).text
    reviewer = desk.browser("reviewer")
    assert "개인정보 보기" in reviewer.get(item).text
    with unmasked(reviewer):
        assert "비고(문의 010-1234-5678)" in reviewer.get(item).text


def test_a_refusal_names_no_number_with_personal_data_in_it(office: Office, tmp_path: Path) -> None:
    office.store.add_api_key("담당", "officer", key_hash(KEYS["officer"]), "admin")
    document = Document("민원 010-1234-5678", "진료버스를 늘려 주세요.")
    desk = office.open(rows=[(document, record(1, id=document.id))])
    number = desk.items[0].id
    client = api(FakeJudge(), office.store, tmp_path)
    body, key = {"action": "none", "version": 1}, headers("officer")
    assert client.post(f"/documents/{number}/decisions", json=body, headers=key).status_code == 201
    for version in (99, 1):
        told = client.post(f"/documents/{number}/decisions", json=body | {"version": version}, headers=key)
        assert "문서 민원 ***-****-****: " in told.json()["detail"]
    refused = desk.browser().post(f"/items/{number}/decide", {**body, "version": 99, "key": "x" * 8})
    assert refused.status_code == 409
    assert "1234-5678" not in refused.text
    other = record(1, id=document.id, source="010-1234-5678 민원.xlsx", plan_sha="0" * 8)
    with pytest.raises(RefusedError, match=r"\*\*\*-\*\*\*\*-\*\*\*\* 민원.xlsx: 다른 계획"):
        desk.store.predict(desk.project.id, [(number, other)])


def test_the_ledger_as_a_file_is_always_masked(office: Office) -> None:
    desk = office.open(n=1)
    desk.store.decide([desk.items[0].id], "none", by="officer", note="문의 010-1234-5678")
    reviewer = desk.browser("reviewer")
    with unmasked(reviewer):
        assert "010-1234-5678" in reviewer.get(f"/ledger?round={desk.project.id}").text
        assert "문의 ***-****-****" in reviewer.get(f"/ledger.csv?round={desk.project.id}").text


def test_rows_that_failed_are_masked_in_a_file_whoever_asks(office: Office) -> None:
    desk = office.open(n=1)
    payload = {"folder": "x", "files": ["0/가.csv"], "kind": "task"}
    job = desk.store.add_job("upload", "officer", project=desk.project.id, payload=payload)
    claimed = desk.store.claim_job(["upload"])
    assert claimed is not None
    failed = [{"source": "가.csv#row=2", "reason": "날짜 '010-1234-5678'"}]
    result = {"new": 0, "known": 1, "failed": failed}
    desk.store.finish_job(job.id, result=result, attempt=claimed.attempts)
    reviewer = desk.browser("reviewer")
    with unmasked(reviewer):
        assert "010-1234-5678" in reviewer.get(f"/jobs/{job.id}").text
        assert "날짜 '***-****-****'" in reviewer.get(f"/jobs/{job.id}/failed.csv").text


def test_who_sees_personal_data_is_told_so_on_every_page(office: Office) -> None:
    desk = office.open(n=1)
    item, told = f"/items/{desk.items[0].id}", "개인정보가 보임"
    reviewer = desk.browser("reviewer")
    assert told not in reviewer.get("/rounds").text
    assert "인쇄한 사람" not in reviewer.get("/rounds").text
    assert "개인정보 보기" in reviewer.get(item).text
    assert "개인정보 보기" not in desk.browser("officer").get(item).text
    reviewer.post("/privacy/show", {"next": item})
    for path in ("/rounds", item):
        page = reviewer.get(path).text
        assert told in page
        assert "인쇄한 사람: reviewer" in page
        assert f'name="next" value="{path}"' in page
    assert "개인정보 보기" not in reviewer.get(item).text
    reviewer.post("/privacy/hide", {"next": "/"})


def test_one_is_back_at_a_document_that_a_search_found_and_the_log_keeps_no_search_words(
    office: Office,
) -> None:
    desk = office.open(n=1)
    item = f"/items/{desk.items[0].id}"
    reviewer = desk.browser("reviewer")
    asked = urlencode({"q": "홍길동 " * 50, "page": "2"})
    button = re.search(r'name="next" value="([^"]*)"', reviewer.get(f"{item}?{asked}").text)
    assert button is not None
    there = html.unescape(button[1])
    answer = reviewer.post("/privacy/show", {"next": there})
    assert answer.headers["location"] == there
    assert dict(parse_qsl(there.partition("?")[2])) == {"q": ("홍길동 " * 50).strip(), "page": "2"}
    shown = [row for row in office.store.audit_log() if row.event == "privacy.shown"]
    assert item in {row.subject for row in shown}
    assert not any("?" in row.subject for row in shown)
    reviewer.post("/privacy/hide", {"next": "/"})


def test_why_an_upload_stopped_is_masked_and_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = make_store(tmp_path)
    store.create_project("차수", "2019", "admin")
    app = make_app(tmp_path, store, max_rows=2)
    officer = Browser(app, "officer")
    rows = "".join(f"{n},제목 {n}\n" for n in range(5))
    with caplog.at_level(logging.INFO), officer.http:
        send(officer, ("민원 010-1234-5678.csv", f"번호,제목\n{rows}".encode()))
        assert "010-1234-5678" in ended(store).message
    page = Browser(app, "viewer").get("/jobs/1").text
    assert "민원 ***-****-****.csv: 줄이" in page
    assert "1234-5678" not in page + caplog.text


def test_the_queue_masks_the_beginning_of_long_texts_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = office.open(rows=[(Document("1", "긴 글 010-1234-5678 " * 10_000, "제목"), record(1))])
    lengths = []
    real = privacy.normalise_aligned
    monkeypatch.setattr(privacy, "normalise_aligned", lambda text: (lengths.append(len(text)), real(text))[1])
    assert "긴 글 ***-****-****" in desk.browser().get(f"{desk.path}/queue").text
    assert 1_000 < max(lengths) < 2_000
