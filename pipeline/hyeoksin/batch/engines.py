"""Engines: run one function over many jobs, here or elsewhere. A new one is a function and a row in ``ENGINES``.

Jobs are drawn only as fast as results come back, so memory does not grow with their number. Results may come in any
order; every job gives exactly one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from hyeoksin.errors import HyeoksinError, InputError, MissingExtraError

__all__ = ["ENGINES", "Engine", "Resources", "dask", "local", "processes"]

J = TypeVar("J")
R = TypeVar("R")
_AHEAD = 2  # jobs waiting per worker
_PATIENCE = "20s"  # for a scheduler that does not answer
_CRASHES = 8  # times that workers may die without one job done in between


@dataclass(frozen=True, slots=True)
class Resources:
    """``workers``: processes (for ``local``: Kiwi's threads), None for one per core; ``scheduler``: Dask's address."""

    workers: int | None = None
    scheduler: str | None = None

    @property
    def count(self) -> int:
        """The number of workers meant."""
        return self.workers or os.cpu_count() or 1


Engine = Callable[[Callable[[Any], Any], Iterator[Any], Resources], Iterator[Any]]


def local(work: Callable[[J], R], jobs: Iterator[J], resources: Resources) -> Iterator[R]:  # noqa: ARG001 - the seam
    """Run in this process, one job after the other."""
    return map(work, jobs)


def processes(work: Callable[[J], R], jobs: Iterator[J], resources: Resources) -> Iterator[R]:
    """Run in worker processes of this machine; jobs of a worker that died are given to another.

    Workers are spawned, never forked: a child forked after Kiwi was built hangs.

    Raises:
        HyeoksinError: workers die again and again without finishing a job.
    """
    waiting: list[J] = []  # of a pool that broke
    crashes = 0
    while True:
        held, holder = multiprocessing.Pipe(duplex=False)  # its end tells the workers that of the pool
        pool = ProcessPoolExecutor(
            resources.count, multiprocessing.get_context("spawn"), _begin_worker, (held,)
        )
        pending: dict[Future[R], J] = {}
        try:
            while True:
                while len(pending) < _AHEAD * resources.count:
                    if not waiting:
                        waiting.extend(islice(jobs, 1))
                    if not waiting:
                        break
                    future = pool.submit(work, waiting[0])  # may find the pool broken: the job then stays
                    pending[future] = waiting.pop(0)
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    result = future.result()
                    del pending[future]
                    crashes = 0
                    yield result
        except BrokenProcessPool as error:
            waiting = [*pending.values(), *waiting]
            crashes += 1
            if crashes >= _CRASHES:
                raise HyeoksinError(
                    f"작업 프로세스가 {crashes}번 거듭 죽었습니다. 메모리가 모자라지 않은지 보고 --workers 를 줄이세요. "
                    "끝난 묶음은 남아 있으니 같은 명령으로 이어서 할 수 있습니다."
                ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            holder.close()
            held.close()


def _begin_worker(held: Connection) -> None:
    """Leave Ctrl-C to the driver, and end with the pool, or when the driver is gone, even killed.

    An orphan would wait for ever; so would Python at its end for a worker that was started while its pool broke.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        ends: list[Any] = [held] if parent is None else [held, parent.sentinel]
        connection.wait(ends)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def dask(work: Callable[[J], R], jobs: Iterator[J], resources: Resources) -> Iterator[R]:
    """Run on the Dask cluster at ``resources.scheduler``, or on one of this machine's processes.

    Raises:
        MissingExtraError: distributed is not installed.
        InputError: no scheduler answers at the address.
    """
    try:
        import dask as dask_config
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise MissingExtraError("distributed", "dask") from error
    if resources.scheduler is None:
        with (
            dask_config.config.set({"distributed.scheduler.allowed-failures": 100}),
            LocalCluster(n_workers=resources.count, threads_per_worker=1, dashboard_address=":0") as cluster,  # type: ignore[no-untyped-call]
            Client(cluster) as client,  # type: ignore[no-untyped-call]
        ):
            yield from _on_cluster(client, work, jobs)
        return
    try:
        client = Client(resources.scheduler, timeout=_PATIENCE)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise InputError(f"Dask 스케줄러 {resources.scheduler} 에 이어지지 않습니다 ({error}).") from error
    with client:
        yield from _on_cluster(client, work, jobs)


def _on_cluster(client: Any, work: Callable[[J], R], jobs: Iterator[J]) -> Iterator[R]:
    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    sys.stderr.write(f"Dask 상황판: {client.dashboard_link}\n")
    client.wait_for_workers(1)

    def submit(job: J) -> Any:
        return client.submit(work, job, pure=False)

    started = [submit(job) for job in islice(jobs, _AHEAD * _threads(client))]
    running: Any = as_completed(started, with_results=True)  # type: ignore[no-untyped-call]
    del started
    try:
        for future, result in running:
            future.release()
            room = _AHEAD * _threads(client) - running.count()
            for job in islice(jobs, max(room, 0 if running.count() else 1)):
                running.add(submit(job))
            yield result
    except KilledWorker as error:
        raise HyeoksinError(
            f"Dask 작업자가 거듭 죽었습니다 ({error}). 작업자마다 메모리가 1GB 넘게 있는지 보세요. "
            "끝난 묶음은 남아 있으니 같은 명령으로 이어서 할 수 있습니다."
        ) from error


def _threads(client: Any) -> int:
    """Return the worker threads of the cluster at this moment: it may grow and shrink."""
    return max(int(sum(client.nthreads().values())), 1)


ENGINES: dict[str, Engine] = {"local": local, "processes": processes, "dask": dask}
