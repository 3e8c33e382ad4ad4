"""The judge: batches, a queue that ends, a process that may die."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import BusyError, JudgeError, SlowError
from hyeoksin.web.judge import Judge, JudgeSettings
from hyeoksin.web.judging import Child


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    made = Judge(JudgeSettings(waiting=60))
    made.start()
    yield made
    made.stop()


def texts(count: int) -> list[Document]:
    return [Document(id=str(n), title=f"마을 도서관 {n}") for n in range(count)]


def ids(records: list[str]) -> list[str]:
    return [json.loads(record)["id"] for record in records]


def test_texts_may_be_sent_before_the_model_is_there(judge: Judge) -> None:
    assert ids(judge.submit(texts(3)).result(60)) == ["0", "1", "2"]
    assert judge.state == "ready"


def test_a_thread_that_may_wait_gets_all(judge: Judge) -> None:
    assert ids([str(a) for a in judge.judge_all(texts(100))]) == [str(n) for n in range(100)]


def test_a_full_queue_sends_away(judge: Judge) -> None:
    futures = []
    with pytest.raises(BusyError, match="기다리는 글") as caught:
        futures.extend(judge.submit(texts(20)) for _ in range(50))
    assert caught.value.retry_after == 1
    assert [len(future.result(60)) for future in futures] == [20] * len(futures)
    assert len(judge.submit(texts(1)).result(30)) == 1


def test_who_does_not_wait_leaves_the_queue(judge: Judge) -> None:
    async def ask() -> None:
        await judge.judge(texts(20), timeout=0.001)

    judge.submit(texts(1)).result(60)  # the model is there
    with pytest.raises(SlowError, match="안에 끝내지 못했습니다"):
        asyncio.run(ask())
    assert len(judge.submit(texts(1)).result(30)) == 1


def test_a_killed_classifier_is_begun_again(judge: Judge) -> None:
    judge.submit(texts(1)).result(30)
    before = children()
    assert before
    for process in before:
        os.kill(process, signal.SIGKILL)
    first = judge.submit(texts(2))
    with pytest.raises(JudgeError, match="멈췄습니다"):
        first.result(60)
    assert ids(judge.submit(texts(2)).result(60)) == ["0", "1"]
    assert not children() & before


def test_a_classifier_that_cannot_be_begun_for_a_moment_is_begun_later(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_process: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    judge.submit(texts(1)).result(30)
    with monkeypatch.context() as patch:
        patch.setattr(SpawnProcess, "start", full)
        for process in children():
            os.kill(process, signal.SIGKILL)
        for _ in range(2):
            with pytest.raises(JudgeError):
                judge.submit(texts(1)).result(10)
        with pytest.raises(JudgeError, match="시작하지 못했습니다"):
            judge.submit(texts(1)).result(10)
    assert ids(judge.submit(texts(2)).result(60)) == ["0", "1"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_fault_is_answered_and_ends_no_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(
        _child: Child, _model: object, _plan: str, documents: list[Document], _patience: float
    ) -> list[str]:
        if documents[0].title == "탈":
            raise ValueError("a fault of ours")
        return ["{}"] * len(documents)

    monkeypatch.setattr(Child, "ask", ask)
    judge = Judge()
    judge.start()
    with pytest.raises(JudgeError, match="서버에 오류"):
        judge.submit([Document(id="1", title="탈")]).result(10)
    assert judge.submit(texts(2)).result(10) == ["{}", "{}"]
    judge.stop()


def test_texts_that_break_the_classifier_cost_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(
        _child: Child, _model: object, _plan: str, documents: list[Document], _patience: float
    ) -> list[str] | JudgeError:
        if any(d.title.endswith(("7", "전부")) for d in documents) or "전부" in last:
            return JudgeError("멈췄습니다.")
        return [d.id for d in documents]

    last: list[str] = []
    monkeypatch.setattr(Child, "ask", ask)
    judge = Judge()
    judge.start()
    answers = [str(answer) for answer in judge.judge_all(texts(20))]
    assert answers == ["멈췄습니다." if n in (7, 17) else str(n) for n in range(20)]
    with pytest.raises(JudgeError):
        list(judge.judge_all(texts(8)[7:] * 30))  # too many
    last.append("전부")
    with pytest.raises(JudgeError):
        next(judge.judge_all(texts(1)))  # it is not the text
    judge.stop()


def test_a_model_that_cannot_be_read_says_so_and_another_may_follow(tmp_path: Path) -> None:
    judge = Judge(JudgeSettings(model=str(tmp_path)))
    judge.start()
    with pytest.raises(JudgeError, match="모델"):
        judge.submit(texts(1)).result(60)
    assert judge.state == "failed"
    judge.use_model(None)
    assert len(judge.submit(texts(1)).result(60)) == 1
    assert judge.state == "ready"
    judge.stop()
    with pytest.raises(BusyError):
        judge.submit(texts(1))


def test_texts_that_a_crash_sent_back_are_told_too_when_it_stops() -> None:
    judge = Judge(JudgeSettings(processes=0))
    judge.start()
    future = judge.submit(texts(1))
    future.set_running_or_notify_cancel()  # as those of a batch are that a crash has put back into the queue
    judge.stop()
    with pytest.raises(BusyError, match="멈추는 중"):
        future.result(1)


def test_nothing_is_left_when_it_stops() -> None:
    before = children()
    judge = Judge()
    judge.start()
    waiting = judge.submit(texts(1))
    judge.stop()
    assert waiting.done()
    assert children() == before


def children() -> set[int]:
    found = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread may end while its file is read
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    end = time.monotonic() + 5
    while time.monotonic() < end and any(_state(pid) == "Z" for pid in found):
        found = {pid for pid in found if _state(pid)}
    return {pid for pid in found if b"spawn_main" in _command(pid)}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""
