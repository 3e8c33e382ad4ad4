"""The one thread that works on uploads; what a restart interrupts is taken up again from the files on disk."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from hyeoksin.domain import Document
from hyeoksin.errors import (
    HyeoksinError,
    RowError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.plan.written import write_yaml
from hyeoksin.store import Job, Store
from hyeoksin.web import uploads
from hyeoksin.web.intake import judged, read_files
from hyeoksin.web.judge import Judge

__all__ = ["KIND", "SILENT", "Worker", "plan_name"]

KIND = "upload"
MAX_ATTEMPTS = 3
MAX_NOTES = 50  # sentences of the readers that are kept
SILENT = 30.0  # a job tells its progress much more often
_PASSING = (StoreBusyError, StoreFullError, StoreUnavailableError)  # the same call works a moment later
log = logging.getLogger("hyeoksin.web")


class _StoppedError(Exception):
    """The server ends, or another one has the job; it is taken up again, or goes on there."""


class Worker:
    """Takes uploads from the store's queue, one at a time.

    Args:
        store: the store.
        judge: what classifies.
        folder: where uploads stand.
        max_rows: most rows of one upload.
        silent: seconds after which a running job counts as left behind by a server that died.
        follow: judge by the store's active model, also where another program changes it (``hyeoksin models rollback``).
        added: hears the round that got documents.
    """

    def __init__(
        self,
        store: Store,
        judge: Judge,
        folder: Path,
        max_rows: int,
        silent: float = SILENT,
        follow: bool = True,
        added: Callable[[int], None] | None = None,
    ) -> None:
        self.store, self.judge, self.folder, self.max_rows = store, judge, folder, max_rows
        self._silent, self._follow, self._added = silent, follow, added
        self._wake = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Sweep what an earlier server left, before anybody can upload, and begin to work."""
        self._sweep()
        self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._live, name="uploads", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Tell the worker that there is something new."""
        self._wake.set()

    def halt(self) -> None:
        """Take nothing more up, and leave an unfinished job for the next start."""
        self._end.set()
        self._wake.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread is not None:
            self._thread.join()

    def _live(self) -> None:
        try:
            while not self._end.is_set():
                self._wake.clear()
                if not self._work():
                    self._wake.wait(2.0)
        finally:
            if not self._end.is_set():  # a fault that nobody foresaw must not end all uploads
                self._begin()

    def _work(self) -> bool:
        """Do one job; False where there is none (or no store)."""
        try:
            active = self.store.active_model() if self._follow else None
            if active is not None and str(active.folder) != self.judge.model:
                log.info("model %s", active.id)
                self.judge.use_model(str(active.folder))
            job = self.store.claim_job([KIND], silent=self._silent)
            if job is None:
                return False
            self._do(job)
        except StoreError as error:
            log.warning("uploads: %s", error)
            return False
        return True

    def _do(self, job: Job) -> None:
        if job.attempts > MAX_ATTEMPTS:
            self._fail(
                job, f"{MAX_ATTEMPTS}번 시작했지만 그때마다 서버가 멈췄습니다. 파일을 나누어 다시 올리세요."
            )
            return
        told = False
        try:
            with _Beat(self.store, job, self._end, self._silent) as beat:
                self._take_in(job, beat)
            told = True
        except _StoppedError:
            told = True
            self.store.return_job(job.id, job.attempts)
        except _PASSING:
            told = True  # the job stays running in the store, and is taken up when the store answers
            raise
        except HyeoksinError as error:
            told = True
            if self._end.is_set():  # a judge that stops with the server is no fault of the file
                self.store.return_job(job.id, job.attempts)
            else:
                self._fail(job, str(error))
        finally:
            if not told:
                self._fail(
                    job, "서버에 오류가 나서 멈췄습니다. 다시 시도하고, 되풀이되면 관리자에게 알리세요."
                )

    def _take_in(self, job: Job, beat: _Beat) -> None:
        """Read, judge and add the job's files.

        Raises:
            HyeoksinError: why it cannot be done.
        """
        number = job.project
        if number is None:
            raise HyeoksinError("차수를 모르는 작업입니다. 파일을 다시 올리세요.")
        paths = uploads.kept(self.folder, job.payload["folder"], job.payload["files"])
        rows = read_files(paths, self.max_rows, lambda n: beat(0, 0, f"{n:,}줄 읽는 중"))
        beat(0, len(rows.documents), "분류하는 중", now=True)
        plan = plan_name(self.store.plan(number), self.folder)
        broken: list[RowError] = []
        pairs = beat.through(judged(self.judge, rows.documents, plan, broken), len(rows.documents))
        rekinded: list[str] = []
        n_new = self.store.add_items(number, pairs, kind=job.payload["kind"], rekinded=rekinded)
        revised = self.store.revised(number, {document.id for document in rows.documents})
        failed = [{"source": row.source, "reason": row.reason} for row in (*rows.failed, *broken)]
        result = {
            "new": n_new,
            "known": len(rows.documents) - len(broken) - n_new,
            "rekinded": len(rekinded),
            "revised": list(revised)[:MAX_NOTES],
            "n_revised": len(revised),
            "failed": failed,
            "notes": rows.notes[:MAX_NOTES],
            "n_notes": len(rows.notes),
        }
        ended = self.store.finish_job(job.id, result=result, attempt=job.attempts)
        if ended.state == "done":  # else another server has the job, and needs the files
            uploads.remove(self.folder, job.payload["folder"])
        if n_new and self._added is not None:
            self._added(number)

    def _fail(self, job: Job, message: str) -> None:
        log.warning("upload %s failed", job.id)  # the message may quote a file's name or cells
        self.store.finish_job(job.id, failed=True, message=message, attempt=job.attempts)

    def _sweep(self) -> None:
        try:
            jobs = [
                j
                for state in ("waiting", "running", "failed")
                for j in self.store.jobs(state=state, limit=1000)
            ]
        except StoreError as error:
            log.warning("uploads: %s", error)
            return
        old = (datetime.now(UTC) - timedelta(days=uploads.KEPT_DAYS)).isoformat()
        wanted = [j for j in jobs if j.kind == KIND and (j.state != "failed" or j.updated_at > old)]
        uploads.sweep(self.folder, [j.payload["folder"] for j in wanted])


class _Beat:
    """Tells the store how far a job is, at most twice a second, and from a thread of its own that somebody works on it.

    Raises:
        _StoppedError: from each call once the server ends or another one has the job.
    """

    def __init__(self, store: Store, job: Job, end: threading.Event, silent: float) -> None:
        self._store, self._job, self._end = store, job, end
        self._pause = max(silent, 1.0) / 6
        self._last = 0.0
        self._said: dict[str, Any] = {"done": job.done}
        self._lost = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, name="beat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _live(self) -> None:
        """Say it again and again: adding many rows takes longer than a worker may be silent."""
        while not self._over.wait(self._pause):
            try:
                self._tell()
            except StoreBusyError:
                continue  # in a SQLite file the one who writes is mostly this job
            except StoreError as error:
                log.warning("uploads: %s", error)

    def _tell(self) -> None:
        job = self._store.progress_job(self._job.id, **self._said, attempt=self._job.attempts)
        self._lost = (job.state, job.attempts) != ("running", self._job.attempts)

    def __call__(self, done: int, total: int, message: str, *, now: bool = False) -> None:
        """Tell, if the last time is long enough ago."""
        if self._end.is_set():
            raise _StoppedError
        if now or time.monotonic() - self._last > 0.5:
            self._last = time.monotonic()
            self._said = {"done": done, "total": total, "message": message}
            self._tell()
        if self._lost:
            raise _StoppedError

    def through(
        self, pairs: Iterator[tuple[Document, dict[str, Any]]], total: int
    ) -> Iterator[tuple[Document, dict[str, Any]]]:
        """Yield the pairs, telling how many have gone by."""
        for done, pair in enumerate(pairs, start=1):
            yield pair
            self(done, total, "분류하는 중")


def plan_name(plan: Plan, folder: Path) -> str:
    """Return what ``load_plan`` takes for a stored plan: its id where it is a shipped one, else a file made from it."""
    if plan.id in BUILTIN_PLANS and load_plan(plan.id).sha256 == plan.sha256:
        return plan.id
    path = folder / "plans" / f"{plan.sha256}.yaml"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_yaml(plan, path)
    return str(path)
