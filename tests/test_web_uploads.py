"""Uploads: kept on disk, read in a process of their own, judged in the background, taken up again after a fall."""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import web_client
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, JudgeError, StoreBusyError, StoreFullError, StoreUnavailableError
from hyeoksin.plan import load_plan
from hyeoksin.store import Store
from hyeoksin.web import uploads
from hyeoksin.web.intake import judged, read_files
from hyeoksin.web.worker import MAX_NOTES, plan_name
from upload_cases import CSV, DATA, LONG, ended, folders, send
from web_client import Browser, FakeJudge, make_app, make_store, wait_for


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = make_store(tmp_path)
    opened.create_project("첫 차수", "2019", "officer")
    yield opened
    opened.close()


# --- the whole way


def test_a_file_becomes_items_and_the_bad_row_is_listed(tmp_path: Path, store: Store) -> None:
    app = make_app(tmp_path, store)
    browser = Browser(app, "officer")
    with browser.http:
        answer = send(browser, ("과제.csv", CSV.encode()))
        assert (answer.status_code, answer.headers["location"]) == (303, "/jobs/1")
        job = ended(store)
        wait_for(lambda: not store.unindexed())  # nobody has to ask for it
    assert (job.state, job.result["new"], job.result["known"]) == ("done", 2, 0)
    assert [row["source"] for row in job.result["failed"]] == ["과제.csv#row=3"]
    items = store.items(1, order="id")
    assert [(i.document.title, i.kind, i.status) for i in items] == [
        ("섬 진료버스", "task", "review"),
        ("주민참여예산", "task", "review"),
    ]
    page = browser.get("/jobs/1").text
    assert "과제.csv#row=3" in page
    assert "과제.csv#row=3" in browser.get("/jobs/1/failed.csv").text
    assert browser.get("/jobs/1/progress").headers["hx-refresh"] == "true"
    assert folders(tmp_path / "uploads") == []
    assert [row.event for row in store.audit_log(by="officer")] == ["upload"]


def test_what_the_readers_note_stands_on_the_page_with_a_remedy_that_works_there(
    tmp_path: Path, store: Store
) -> None:
    browser = Browser(make_app(tmp_path, store), "officer")
    raw = "과제명,하는 일,날짜\n섬 진료버스,의사가 섬을 찾아갑니다,010-1234-5678\n".encode("cp949")
    with browser.http:
        send(browser, ("과제.csv", raw))
        job = ended(store)
    assert job.result["new"] == 1
    page = browser.get("/jobs/1").text
    assert "인코딩은 CP949 입니다" in page
    assert "쓰지 않은 열: 하는 일. 맞는 열의 머리글을 &#39;내용&#39; 으로 고쳐 올리세요." in page
    assert "날짜 1건을 읽지 못해" in page
    assert "010-1234" not in page
    assert "--text-column" not in page


def test_the_notes_of_a_file_are_capped(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store), "officer")
    with browser.http:
        send(browser, ("과제.csv", ("과제명,내용\n버스,진료\n" + "합계,\n" * 60).encode()))
        ended(store)
    page = browser.get("/jobs/1").text
    assert page.count("합계 줄은") == 50
    assert "60가지 가운데" in page


def test_foreign_encodings_hide_no_other_note(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for number in range(MAX_NOTES + 2):
            archive.writestr(f"부서{number:02}.txt", f"민원 {number}건을 하루에 처리합니다".encode("cp949"))
        archive.writestr("합계.csv", "과제명,내용\n버스,진료\n합계,\n")
    path = tmp_path / "모음.zip"
    path.write_bytes(raw.getvalue())
    notes = read_files([path], 100, lambda _: None).notes
    assert len(notes) == 2
    assert "합계 줄은" in notes[0]
    assert notes[1].endswith(f"부서04.txt 외 {MAX_NOTES - 3}개: 인코딩은 CP949 입니다.")


def test_a_file_that_cannot_be_read_at_all_is_not_called_done(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store), "officer")
    with browser.http:
        send(browser, ("과제.csv", "하는 일,누가\n진료,의사\n".encode()))
        ended(store)
    page = browser.get("/jobs/1").text
    assert "읽지 못함" in page
    assert "끝남" not in page
    assert "나머지 줄은 그대로" not in page
    assert "머리글을 &#39;과제명&#39;, &#39;내용&#39; 으로 고쳐 올리세요." in page
    assert "-column" not in page
    assert "읽지 못함" in browser.get("/rounds/1").text


def test_the_same_file_again_adds_nothing(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store), "officer")
    with browser.http:
        for number in (1, 2):
            send(browser, ("과제.csv", CSV.encode()))
            job = ended(store, number)
    assert (job.result["new"], job.result["known"]) == (0, 2)


def test_corrected_rows_and_another_kind_are_told(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store), "officer")
    with browser.http:
        send(browser, ("과제.csv", CSV.encode()))
        ended(store, 1)
        assert "번호가 같고" not in browser.get("/jobs/1").text
        send(browser, ("과제2.csv", CSV.replace("진료합니다", "달마다 진료합니다").encode()), kind="proposal")
        job = ended(store, 2)
    assert (job.result["new"], job.result["known"]) == (1, 1)
    page = browser.get("/jobs/2").text
    assert "<dt>종류가 바뀐 문서</dt><dd>1 → 국민 제안</dd>" in page
    assert '<dd>1: <a href="/rounds/1/search?q=1">1</a></dd>' in page
    assert store.counts(1, "kind") == {"task": 1, "proposal": 2}


def test_office_files_and_archives_are_read_by_their_content(tmp_path: Path, store: Store) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("안/과제.csv", CSV)
    browser = Browser(make_app(tmp_path, store), "officer")
    with browser.http:
        send(
            browser,
            ("a.bin", (DATA / "tasks.xlsx").read_bytes()),
            ("b.zip", packed.getvalue()),
            ("c.xlsx", b"PK\x03\x04broken"),
        )
        job = ended(store)
    sources = {item.document.source.split("#")[0] for item in store.items(1, limit=None)}
    assert sources == {"a.bin", "b.zip/안/과제.csv"}
    assert "c.xlsx" in {row["source"] for row in job.result["failed"]}


def test_what_no_database_keeps_is_replaced(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store), "officer")
    raw = '{"id": "1", "title": "가\\u0000나\\ud800", "text": "=cmd() 다", "meta": {}}\n'.encode()
    with browser.http:
        send(browser, ("a.jsonl", raw))
        ended(store)
    (item,) = store.items(1)
    assert item.document.title == "가\ufffd나\ufffd"
    assert item.document.text == "=cmd() 다"


@pytest.mark.parametrize("script", [False, True])
def test_an_upload_without_files_is_told_so(tmp_path: Path, store: Store, script: bool) -> None:
    browser = Browser(make_app(tmp_path, store), "officer")
    headers = {"X-Upload": "script", "X-CSRF-Token": browser.token()} if script else {}
    answer = browser.post("/uploads/1", {"kind": "task"}, headers=headers)
    assert answer.status_code == 400
    assert "파일을 고르지 않았습니다" in answer.text
    assert answer.headers["content-type"].startswith("text/plain" if script else "text/html")


def test_a_closed_round_takes_no_files(tmp_path: Path, store: Store) -> None:
    store.close_project(1)
    browser = Browser(make_app(tmp_path, store), "officer")
    assert send(browser, ("a.csv", CSV.encode())).status_code == 409
    assert folders(tmp_path / "uploads") == []


def test_uploads_have_limits(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store, max_upload_bytes=20_000), "officer")
    refused = send(browser, ("a.csv", b"x" * 30_000))
    assert refused.status_code == 413
    assert "<h1>너무 큽니다</h1>" in refused.text
    assert "나누어 올리세요" in refused.text
    script = browser.http.post("/uploads/1", content=b"x" * 30_000, headers={"X-Upload": "script"})
    assert (script.status_code, script.text[:1]) == (413, "보")
    many = send(browser, *((f"{n}.csv", b"x") for n in range(51)))
    assert (many.status_code, "한 번에 50개까지" in many.text) == (400, True)
    with pytest.raises(InputError, match="한도"):
        uploads.keep(tmp_path / "u", [("a", io.BytesIO(b"123")), ("b", io.BytesIO(b"456"))], 5)
    assert folders(tmp_path / "u") == []
    limited = Browser(
        make_app(tmp_path, store, rates={"login": "9/minute", "upload": "1/hour", "api": "1/minute"}),
        "officer",
    )
    assert [send(limited, ("a.csv", CSV.encode())).status_code for _ in range(2)] == [303, 429]


# --- names and disks


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\과제.xlsx", "과제.xlsx"),
        ("..", "파일"),
        ("", "파일"),
        ("a\x00b\u202ecod.exe", "a_b_cod.exe"),
        (".hidden", "hidden"),
        ("<img src=x>.csv", "_img src=x_.csv"),
    ],
)
def test_file_names_stay_in_their_folder(given: str, kept: str) -> None:
    assert uploads.file_name(given) == kept


def test_what_was_sent_is_for_the_eyes_of_the_owner_alone(tmp_path: Path, store: Store) -> None:
    token, _ = uploads.keep(tmp_path / "u", [("a", io.BytesIO(b"1"))], 10)
    for place in (tmp_path / "u" / token, *tmp_path.glob("*.db*")):
        assert place.stat().st_mode & 0o077 == 0, place


def test_long_names_keep_their_suffix() -> None:
    name = uploads.file_name("가" * 300 + ".hwpx")
    assert name.endswith(".hwpx")
    assert len(name.encode()) <= 150
    assert len(uploads.file_name("." * 500 + "나" * 500).encode()) <= 150


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(uploads.os, "fsync", full)
    browser = Browser(make_app(tmp_path, store), "officer")
    answer = send(browser, ("a.csv", CSV.encode()))
    assert (answer.status_code, "자리가 없습니다" in answer.text) == (507, True)
    assert folders(tmp_path / "uploads") == []
    assert store.jobs() == []
    with pytest.raises(StoreFullError):
        uploads.keep(tmp_path / "u", [("a", io.BytesIO(b"1"))], 10)


@pytest.mark.parametrize("kept", [False, True])
def test_a_store_that_refuses_the_job_leaves_no_files(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    def refuse(*_args: Any, **_named: Any) -> None:
        raise StoreUnavailableError("답하지 않습니다.") if kept else StoreBusyError("바쁩니다.")

    monkeypatch.setattr(store, "add_job", refuse)
    assert send(Browser(make_app(tmp_path, store), "officer"), ("a.csv", CSV.encode())).status_code == 503
    assert len(folders(tmp_path / "uploads")) == kept  # what may have arrived keeps its files


# --- reading and judging


def test_reading_has_a_limit_of_rows_and_of_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("제목\n" + "하나\n" * 500, encoding="utf-8")
    told: list[int] = []
    assert len(read_files([path], 500, told.append).documents) == 500
    assert told == [200, 400]
    with pytest.raises(InputError, match="줄이 10개를 넘습니다"):
        read_files([path], 10, told.append)
    with pytest.raises(InputError, match="안에 다 읽지 못해"):
        read_files([path], 1_000, told.append, seconds=-1)


def test_our_own_parsers_run_in_the_process_for_foreign_formats_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV, encoding="utf-8")
    opened: list[str] = []
    plain = builtins.open

    def spy(file: Any, *args: Any, **named: Any) -> Any:
        opened.append(str(file))
        return plain(file, *args, **named)

    monkeypatch.setattr(builtins, "open", spy)
    assert len(read_files([path], 10, lambda n: None).documents) == 2
    assert not [name for name in opened if name.endswith("a.csv")]


def test_a_name_longer_than_an_index_holds_is_cut_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"번호,제목,지역\n{'가' * 501},하나,{'나' * 600}\n{'다' * 500},둘,\n", encoding="utf-8")
    rows = read_files([path], 10, lambda n: None)
    assert [(len(d.id), len(d.region or "")) for d in rows.documents] == [(500, 500), (500, 0)]
    assert ["500자를 넘는" in note for note in rows.notes] == [True]


def test_equal_and_nearly_equal_texts_are_judged_once() -> None:
    judge = FakeJudge()
    texts = [LONG, "전혀 다른 이야기", LONG, LONG + " 다시"]
    documents = [Document(str(n), text=text, source=f"a#row={n}") for n, text in enumerate(texts)]
    pairs = list(judged(judge, documents, "2019"))
    assert [d.id for d, _ in pairs] == ["0", "1", "2", "3"]
    assert [r["id"] for _, r in pairs] == ["0", "1", "2", "3"]
    assert [r["source"] for _, r in pairs] == [f"a#row={n}" for n in range(4)]
    groups = [r.get("duplicate_group") for _, r in pairs]
    assert groups[0] == groups[2] == groups[3] is not None
    assert groups[1] is None
    assert judge.seen == 2
    for document, record in pairs:
        for span in record["evidence"]:
            assert document.body[span["start"] : span["end"]] == span["text"]
    assert sum("대표 글" in "".join(r.get("notes", [])) for _, r in pairs) == 1


def test_a_near_copy_keeps_its_own_date_and_cells() -> None:
    class Dated(FakeJudge):
        def judge_all(self, documents: Iterable[Document], plan: str | None = None) -> Iterator[str]:
            for d in documents:
                yield json.dumps(web_client.record(d) | {"date": d.date, "meta": dict(d.meta)})

    one = Document("1", LONG, date="2024-03-01", meta={"부서": "가"})
    other = Document("2", LONG + " 다시", date="2024-03-20", meta={"부서": "나"})
    for document, found in judged(Dated(), [one, other], "2019"):
        assert (found["date"], found["meta"]) == (document.date, dict(document.meta))
        assert "duplicate_group" in found


def test_a_text_that_breaks_the_classifier_is_a_row_that_failed(tmp_path: Path, store: Store) -> None:
    class Breaks(FakeJudge):
        def judge_all(
            self, documents: Iterable[Document], plan: str | None = None
        ) -> Iterator[str | JudgeError]:
            for document in documents:
                if "진료버스" in document.body:
                    yield JudgeError("분류기가 멈췄습니다.")
                else:
                    yield from super().judge_all([document], plan)

    browser = Browser(make_app(tmp_path, store, Breaks()), "officer")
    with browser.http:
        send(browser, ("과제.csv", CSV.encode()))
        job = ended(store)
    assert (job.state, job.result["new"], job.result["known"]) == ("done", 1, 0)
    assert [row["reason"] for row in job.result["failed"]][-1] == "분류기가 멈췄습니다."
    with pytest.raises(JudgeError):
        list(judged(Breaks(), [Document("1", "진료버스")], "2019"))


def test_an_own_plan_is_judged_by_a_file_that_says_the_same(tmp_path: Path) -> None:
    from dataclasses import replace

    shipped = load_plan("2019")
    assert plan_name(shipped, tmp_path) == "2019"
    own = replace(shipped, id="town")
    again = load_plan(Path(plan_name(own, tmp_path)))
    assert again.sha256 == own.sha256
