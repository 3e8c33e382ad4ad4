"""One classifier for the whole server, in a process of its own; texts that wait are judged together.

Twenty programs that send a text each are answered by one batch instead of twenty: Kiwi works best on lists. A long list
is cut into slices that queue again and again, so that a single text waits for a slice at most. The process of the pages
never loads a model: a text that crashes the classifier costs that text its answer and nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from threading import Condition, Thread, current_thread
from typing import Literal

from hyeoksin.domain import Document
from hyeoksin.errors import BusyError, JudgeError, SlowError
from hyeoksin.web.judging import Child

__all__ = ["Judge", "JudgeSettings", "State"]

_FIRST = Document(id="0", title="첫 글")  # what every classifier that works can judge
_MAX_BROKEN = 20  # texts of one list; each may cost a minute
_FAULT = "서버에 오류가 나서 분류하지 못했습니다. 다시 보내고, 되풀이되면 관리자에게 알리세요."
State = Literal["starting", "ready", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """How the server classifies.

    Args:
        model: a model folder; None: the shipped one.
        plan: the plan that is warmed at the start.
        processes: classifiers side by side; each takes about 0.8 GB.
        workers: Kiwi's threads in each (-1: one per core).
        batch: texts judged together at most.
        linger: seconds that the first text of a batch waits for others.
        waiting: texts that may wait before the next are sent away.
        patience: seconds after which a classifier that does not answer is ended.
    """

    model: str | None = None
    plan: str = "2019"
    processes: int = 1
    workers: int = -1
    batch: int = 6
    linger: float = 0.001
    waiting: int = 400
    patience: float = 60.0


@dataclass(slots=True, eq=False)
class _Job:
    """Texts of one caller that are judged at once; ``alone`` after a batch with them crashed."""

    documents: Sequence[Document]
    plan: str
    future: Future[list[str]] = field(default_factory=Future)
    alone: bool = False


class Judge:
    """Texts in, JSON records out, from any thread; :meth:`start` it before, :meth:`stop` it after."""

    def __init__(self, settings: JudgeSettings | None = None) -> None:
        self.settings = settings or JudgeSettings()
        self._model = self.settings.model
        self._waiting: deque[_Job] = deque()
        self._n_waiting = 0
        self._changed = Condition()
        self._state: State = "stopped"
        self._threads: list[Thread] = []

    @property
    def state(self) -> State:
        """Whether texts can be judged now."""
        return self._state

    @property
    def model(self) -> str | None:
        """The model folder that new texts are judged by (None: the shipped one)."""
        return self._model

    def start(self) -> None:
        """Begin to load the model; texts may be sent at once and wait for it."""
        self._state = "starting"
        self._threads = [self._begun(f"judge-{n}") for n in range(self.settings.processes)]

    def stop(self) -> None:
        """End the classifiers; texts that wait are sent away."""
        with self._changed:
            self._state = "stopped"
            left = list(self._waiting)
            self._waiting.clear()
            self._n_waiting = 0
            self._changed.notify_all()
        for job in left:
            if job.future.running() or job.future.set_running_or_notify_cancel():
                job.future.set_exception(BusyError("서버가 멈추는 중입니다. 잠시 뒤 다시 보내세요.", 10))
        for thread in self._threads:
            thread.join()

    def use_model(self, model: str | None) -> None:
        """Judge by another model folder from the next batch on."""
        self._model = model

    def submit(self, documents: Sequence[Document], plan: str | None = None) -> Future[list[str]]:
        """Queue at most ``settings.batch`` texts; the result is one JSON record (text) each, in order.

        Raises:
            BusyError: too many texts wait, or the server stops.
        """
        job = _Job(documents, plan or self.settings.plan)
        with self._changed:
            if self._state == "stopped":
                raise BusyError("분류기가 멈춰 있습니다. 잠시 뒤 다시 보내세요.", 10)
            if self._n_waiting + len(documents) > self.settings.waiting:
                raise BusyError(
                    f"기다리는 글이 많습니다({self._n_waiting}건). 1초 뒤 다시 보내거나 한꺼번에 덜 보내세요.",
                    1,
                )
            self._waiting.append(job)
            self._n_waiting += len(documents)
            self._changed.notify()
        return job.future

    async def judge(
        self, documents: Sequence[Document], plan: str | None = None, timeout: float = 30.0
    ) -> list[str]:
        """Return the JSON records of a few texts (at most ``settings.batch``).

        Raises:
            BusyError: too many texts wait.
            SlowError: no answer within ``timeout`` seconds; texts that still wait are withdrawn.
            JudgeError: these texts cannot be judged.
        """
        future = self.submit(documents, plan)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), timeout)
        except TimeoutError:
            if self._state == "starting":
                raise BusyError("모델을 읽는 중입니다. 10초 뒤 다시 보내세요.", 10) from None
            raise SlowError(f"{timeout:.0f}초 안에 끝내지 못했습니다. 잠시 뒤 다시 보내세요.") from None

    async def stream(
        self, documents: Sequence[Document], plan: str | None = None, timeout: float = 30.0
    ) -> AsyncIterator[str]:
        """Yield the JSON records of many texts, slice by slice; each slice has ``timeout`` seconds.

        Raises:
            SlowError: a slice was not judged, or found no place in the queue, in time.
            JudgeError: as :meth:`judge`.
        """
        for start in range(0, len(documents), self.settings.batch):
            piece = documents[start : start + self.settings.batch]
            end = time.monotonic() + timeout
            while True:
                try:
                    records = await self.judge(piece, plan, max(end - time.monotonic(), 0.1))
                except BusyError:
                    if self._state == "stopped" or time.monotonic() > end:
                        raise
                    await asyncio.sleep(0.05)
                else:
                    break
            for record in records:
                yield record

    def judge_all(self, documents: Iterable[Document], plan: str | None = None) -> Iterator[str | JudgeError]:
        """Yield the JSON record of each text, for a thread that may wait (an upload); order is kept.

        In place of the record of a text that breaks the classifier stands why.

        Raises:
            BusyError: the server stops.
            JudgeError: the classifier judges no text at all, or breaks at too many.
        """
        rest, n_broken = iter(documents), 0
        while piece := list(islice(rest, self.settings.batch)):
            for answer in self._each(piece, plan):
                n_broken += isinstance(answer, JudgeError)
                if isinstance(answer, JudgeError) and n_broken > _MAX_BROKEN:
                    raise answer
                yield answer

    def _each(self, piece: Sequence[Document], plan: str | None) -> Iterable[str | JudgeError]:
        try:
            return self._patient(piece, plan).result()
        except BusyError:
            raise
        except JudgeError:
            return (self._alone(document, plan) for document in piece)

    def _alone(self, document: Document, plan: str | None) -> str | JudgeError:
        try:
            return self._patient([document], plan).result()[0]
        except BusyError:
            raise
        except JudgeError as error:
            self._patient([_FIRST], plan).result()  # raises where the text is not at fault
            return error

    def _patient(self, documents: Sequence[Document], plan: str | None) -> Future[list[str]]:
        while True:
            try:
                return self.submit(documents, plan)
            except BusyError:
                if self._state == "stopped":
                    raise
                time.sleep(0.05)

    # --- one thread per process

    def _begun(self, name: str) -> Thread:
        thread = Thread(target=self._serve, name=name, daemon=True)
        thread.start()
        return thread

    def _serve(self) -> None:
        child = Child(self.settings.workers)
        try:
            self._note(child.ask(self._model, self.settings.plan, [_FIRST], 300.0))
            while jobs := self._take():
                self._answer(child, jobs)
        finally:
            child.close()
            with self._changed:
                if self._state != "stopped":  # a fault that nobody foresaw must not end all answers
                    self._threads.append(self._begun(current_thread().name))

    def _note(self, answer: list[str] | JudgeError) -> None:
        """Keep whether the model works: after a better one is put in its place, it does."""
        with self._changed:
            if self._state == "starting" and isinstance(answer, JudgeError):
                self._state = "failed"
            elif self._state != "stopped" and not isinstance(answer, JudgeError):
                self._state = "ready"

    def _answer(self, child: Child, jobs: Sequence[_Job]) -> None:
        documents = [document for job in jobs for document in job.documents]
        answer: list[str] | JudgeError = JudgeError(_FAULT)
        try:
            answer = child.ask(self._model, jobs[0].plan, documents, self.settings.patience)
        finally:
            self._tell(jobs, answer)

    def _tell(self, jobs: Sequence[_Job], answer: list[str] | JudgeError) -> None:
        self._note(answer)
        if isinstance(answer, JudgeError):
            if len(jobs) > 1:
                with self._changed:
                    self._waiting.extendleft(
                        _Job(j.documents, j.plan, j.future, True) for j in reversed(jobs)
                    )
                    self._n_waiting += sum(len(j.documents) for j in jobs)
            else:
                jobs[0].future.set_exception(answer)
            return
        rest = iter(answer)
        for job in jobs:
            job.future.set_result(list(islice(rest, len(job.documents))))

    def _take(self) -> list[_Job]:
        """Return the jobs of the next batch, all of one plan; none when the judge stops."""
        with self._changed:
            while not self._waiting:
                if self._state == "stopped":
                    return []
                self._changed.wait()
            if self._n_waiting < self.settings.batch and self.settings.linger:
                self._changed.wait_for(lambda: self._n_waiting >= self.settings.batch, self.settings.linger)
            jobs: list[_Job] = []
            n_taken = 0
            kept: deque[_Job] = deque()
            while self._waiting:
                job = self._waiting.popleft()
                fits = n_taken + len(job.documents) <= self.settings.batch
                same = not jobs or (job.plan == jobs[0].plan and not job.alone and not jobs[0].alone)
                if jobs and not (fits and same):
                    kept.append(job)
                    continue
                self._n_waiting -= len(job.documents)
                if job.future.running() or job.future.set_running_or_notify_cancel():
                    jobs.append(job)
                    n_taken += len(job.documents)
            self._waiting = kept
        return jobs or self._take()
