"""The worker on uploads: stop, kill, faults, an absent store; nothing is lost and nothing is there twice."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, JudgeError, StoreError, StoreUnavailableError
from hyeoksin.store import Job, Store
from hyeoksin.web import uploads
from hyeoksin.web.worker import KIND, Worker
from stores import ENGINES, opened
from upload_cases import CSV, ended, folders, send
from web_client import Browser, FakeJudge, make_app, make_store, wait_for


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = make_store(tmp_path)
    opened.create_project("첫 차수", "2019", "officer")
    yield opened
    opened.close()


# --- the worker


class Slow(FakeJudge):
    """Judges one text, then waits until it may go on."""

    def __init__(self, failure: Exception | None = None) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()
        self.failure = failure

    def judge_all(self, documents: Iterable[Document], plan: str | None = None) -> Iterator[str | JudgeError]:
        for number, text in enumerate(super().judge_all(documents, plan)):
            yield text
            if number == 0:
                self.begun.set()
                assert self.go.wait(20)
                if self.failure is not None:
                    failure, self.failure = self.failure, None
                    raise failure


def queued(store: Store, folder: Path, raw: bytes = CSV.encode(), name: str = "과제.csv") -> Job:
    token, names = uploads.keep(folder, [(name, io.BytesIO(raw))], 1 << 20)
    return store.add_job(
        KIND, "officer", project=1, payload={"folder": token, "files": names, "kind": "task"}
    )


def test_a_stop_leaves_the_job_for_the_next_start(tmp_path: Path, store: Store) -> None:
    queued(store, tmp_path / "u")
    judge = Slow()
    worker = Worker(store, judge, tmp_path / "u", 1_000)
    worker.start()
    assert judge.begun.wait(20)
    worker.halt()
    judge.go.set()
    worker.join()
    assert (store.job(1).state, store.job(1).attempts, store.count(1)) == ("waiting", 0, 0)
    after = Worker(store, FakeJudge(), tmp_path / "u", 1_000)
    after.start()
    assert ended(store).result["new"] == 2
    after.halt()
    after.join()
    assert store.job(1).attempts == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_job_whose_rows_take_long_to_add_is_nobody_elses(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(engine, tmp_path) as store:
        store.create_project("첫 차수", "2019", "officer")
        queued(store, tmp_path / "u")
        add = store.add_items

        def slow(*args: Any, **named: Any) -> int:
            n_new = add(*args, **named)
            time.sleep(1.5)
            assert store.claim_job([KIND], silent=1.0) is None
            return n_new

        monkeypatch.setattr(store, "add_items", slow)
        worker = Worker(store, FakeJudge(), tmp_path / "u", 1_000, silent=1.0)
        worker.start()
        job = ended(store)
        worker.halt()
        worker.join()
    assert (job.state, job.attempts, job.result["new"]) == ("done", 1, 2)


def test_a_job_that_another_server_took_is_left_to_it(tmp_path: Path, store: Store) -> None:
    job = queued(store, tmp_path / "u")
    judge = Slow()
    worker = Worker(store, judge, tmp_path / "u", 1_000)
    worker.start()
    assert judge.begun.wait(20)
    assert store.claim_job([KIND], silent=-60) is not None
    judge.go.set()
    time.sleep(1)  # enough to end it wrongly
    worker.halt()
    worker.join()
    assert (store.job(1).state, store.job(1).attempts) == ("running", 2)
    assert folders(tmp_path / "u") == [job.payload["folder"]]


def test_an_error_that_will_not_pass_ends_the_upload_at_once(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_args: Any, **_named: Any) -> int:
        raise StoreError("저장소를 쓰지 못했습니다 (줄이 너무 깁니다).")

    queued(store, tmp_path / "u")
    monkeypatch.setattr(store, "add_items", never)
    worker = Worker(store, FakeJudge(), tmp_path / "u", 1_000, silent=0)
    worker.start()
    job = ended(store)
    worker.halt()
    worker.join()
    assert (job.state, job.attempts, "너무 깁니다" in job.message) == ("failed", 1, True)


def test_a_killed_server_loses_nothing(tmp_path: Path, store: Store) -> None:
    queued(store, tmp_path / "u")
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from hyeoksin.store import open_store
from hyeoksin.web.worker import Worker
from test_web_worker import Slow
judge = Slow()
Worker(open_store({str(tmp_path / "desk.db")!r}), judge, Path({str(tmp_path / "u")!r}), 1_000).start()
judge.begun.wait(60)
print("judging", flush=True)
judge.go.wait(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "judging\n"
        process.send_signal(signal.SIGKILL)
    assert (store.job(1).state, store.count(1)) == ("running", 0)
    worker = Worker(store, FakeJudge(), tmp_path / "u", 1_000, silent=0)
    worker.start()
    assert ended(store).state == "done"
    worker.halt()
    worker.join()
    assert store.count(1) == 2


def test_a_job_that_keeps_killing_servers_ends(tmp_path: Path, store: Store) -> None:
    queued(store, tmp_path / "u")
    for _ in range(3):
        store.claim_job([KIND], silent=0)
    worker = Worker(store, FakeJudge(), tmp_path / "u", 1_000, silent=0)
    worker.start()
    job = ended(store)
    worker.halt()
    worker.join()
    assert (job.state, "3번" in job.message, store.count(1)) == ("failed", True, 0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_fault_ends_its_job_and_no_other(tmp_path: Path, store: Store) -> None:
    queued(store, tmp_path / "u")
    queued(store, tmp_path / "u", name="둘째.csv")
    judge = Slow(ValueError("a fault of ours"))
    judge.go.set()
    worker = Worker(store, judge, tmp_path / "u", 1_000)
    worker.start()
    first, second = ended(store, 1), ended(store, 2)
    worker.halt()
    worker.join()
    assert (first.state, second.state, store.count(1)) == ("failed", "done", 2)


def test_a_failed_upload_can_be_tried_again_from_its_files(tmp_path: Path, store: Store) -> None:
    judge = Slow(InputError("모델이 없습니다."))
    judge.go.set()
    browser = Browser(make_app(tmp_path, store, judge), "officer")
    with browser.http:
        send(browser, ("과제.csv", CSV.encode()))
        assert ended(store, 1).message == "모델이 없습니다."
        assert "다시 시도" in browser.get("/jobs/1").text
        assert browser.post("/jobs/1/again").headers["location"] == "/jobs/2"
        assert ended(store, 2).result["new"] == 2
        assert browser.post("/jobs/1/again").headers["location"] == "/jobs/2"
    assert [job.id for job in store.jobs()] == [2, 1]
    assert browser.post("/jobs/2/again").status_code == 409
    assert 'href="/jobs/2"' in browser.get("/jobs/1").text


def test_a_store_that_is_gone_for_a_while_costs_no_upload(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued(store, tmp_path / "u")
    add, tries = store.add_items, []

    def unsteady(*args: Any, **named: Any) -> int:
        tries.append(1)
        if len(tries) == 1:
            raise StoreUnavailableError("저장소가 답하지 않습니다.")
        return add(*args, **named)

    monkeypatch.setattr(store, "add_items", unsteady)
    worker = Worker(store, FakeJudge(), tmp_path / "u", 1_000, silent=0)
    worker.start()
    job = ended(store)
    worker.halt()
    worker.join()
    assert (job.state, job.attempts, store.count(1)) == ("done", 2, 2)


@pytest.mark.parametrize("follow", [True, False])
def test_a_model_that_another_program_chose_answers_from_then_on(
    tmp_path: Path, store: Store, follow: bool
) -> None:
    judge = FakeJudge()
    worker = Worker(store, judge, tmp_path / "u", 1_000, follow=follow)
    store.add_model("새것@1", "/models/new", "admin", state="active")
    worker.start()
    queued(store, tmp_path / "u")
    worker.wake()
    ended(store)
    worker.halt()
    worker.join()
    assert judge.models == (["/models/new"] if follow else [])


def test_files_that_no_job_needs_are_swept(tmp_path: Path, store: Store) -> None:
    uploaded = tmp_path / "u"
    job = queued(store, uploaded)
    left, others = "0f" * 8, "1e" * 8  # the other one was sent to another store two days ago
    for name, days in ((left, 8), (others, 2), ("2025년 제출자료", 400), ("0" * 15, 400)):
        (uploaded / name / "0").mkdir(parents=True)
        os.utime(uploaded / name, (time.time() - days * 86_400,) * 2)
    store.finish_job(job.id, failed=True, message="x")
    worker = Worker(store, FakeJudge(), uploaded, 1_000)
    worker.start()
    wait_for(lambda: left not in folders(uploaded))
    worker.halt()
    worker.join()
    assert folders(uploaded) == sorted([job.payload["folder"], others, "2025년 제출자료", "0" * 15])
