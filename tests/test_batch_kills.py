"""Runs that are killed with SIGKILL again and again, driver and workers, and end in the bytes of an undisturbed run."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path

import pytest

from hyeoksin.batch.engines import _begin_worker
from hyeoksin.corpus import Example

SCRIPT = Path(__file__).parent / "batch_runs.py"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and /proc")


def start(*args: str | Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *map(str, args)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def tree(folder: Path) -> dict[str, bytes]:
    """All bytes of an output folder but the timings and the lock, which holds nothing."""
    found = {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name not in ("manifest.json", "run.lock")
    }
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["timings"]
    return found | {"manifest.json": json.dumps(manifest).encode()}


def children(pid: int) -> list[int]:
    """The worker processes of a driver, whichever of its threads began them."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread or a worker that ends meanwhile
            for child in path.read_text().split():
                if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


def kill_a_worker(process: subprocess.Popen[bytes], chance: random.Random) -> None:
    """Kill a worker of a running driver, as soon as there is one."""
    while process.poll() is None:
        if found := children(process.pid):
            with suppress(ProcessLookupError):  # it ended by itself: another comes
                os.kill(chance.choice(found), signal.SIGKILL)
                return
        time.sleep(0.01)
    raise AssertionError("the run has ended")


def gone(pids: list[int], within: float = 60.0) -> bool:
    """Whether all processes end; zombies that nobody has waited for count as ended."""

    def alive(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    end = time.monotonic() + within
    while time.monotonic() < end:
        if not any(map(alive, pids)):
            return True
        time.sleep(0.05)
    return False


def kill_driver(args: tuple[str | Path, ...], chance: random.Random) -> bool:
    """Start a run and kill it at its start or some shards later; whether it was still running."""
    folder = Path(args[1])
    before = n_shards(folder)
    process = start(*args)
    if chance.random() < 0.25:
        time.sleep(chance.uniform(0.0, 0.8))
    else:
        target = before + chance.randint(1, 4)
        while n_shards(folder) < target and process.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.03))
    running = process.poll() is None
    workers = children(process.pid)
    process.kill()
    process.communicate()
    assert gone(workers), "workers outlive their driver"
    return running


def n_shards(folder: Path) -> int:
    return len(list((folder / "shards").glob("*.json")))


def finish(args: tuple[str | Path, ...]) -> None:
    process = start(*args)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, written: list[Example]) -> Path:
    """600 rows, some of them copies, some broken."""
    path = tmp_path_factory.mktemp("in") / "글.jsonl"
    documents = [e.document for e in written[:400]]
    documents += documents[:200:2]
    lines = [json.dumps({"id": f"{i}", "title": d.title, "text": d.text}) for i, d in enumerate(documents)]
    lines[5::60] = ["{", "[]", '{"id": 1}', '{"text": 3}', "{}", "x", "{", "{", "{"][: len(lines[5::60])]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, many: Path) -> dict[str, bytes]:
    """What an undisturbed run writes, whatever its engine."""
    folder = tmp_path_factory.mktemp("whole")
    finish((many, folder, "local", "1", "light"))
    return tree(folder)


@pytest.mark.parametrize(("engine", "workers", "n_kills"), [("local", "1", 12), ("processes", "2", 4)])
def test_killed_driver_resumes_to_the_same_bytes(
    tmp_path: Path, many: Path, whole: dict[str, bytes], engine: str, workers: str, n_kills: int
) -> None:
    chance = random.Random(engine)
    killed = [
        kill_driver((many, tmp_path / "killed", engine, workers, "light"), chance) for _ in range(n_kills)
    ]
    assert sum(killed) >= n_kills - 1
    finish((many, tmp_path / "killed", engine, workers, "light"))
    assert tree(tmp_path / "killed") == whole


@pytest.mark.parametrize(("engine", "n_kills"), [("processes", 4), ("dask", 2)])
def test_killed_workers_lose_nothing(
    tmp_path: Path, many: Path, whole: dict[str, bytes], engine: str, n_kills: int
) -> None:
    chance = random.Random(2)
    process = start(many, tmp_path / "killed", engine, "2", "light")
    for _ in range(n_kills):
        _until_shards(tmp_path / "killed", n_shards(tmp_path / "killed") + chance.randint(1, 5))
        kill_a_worker(process, chance)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()
    assert tree(tmp_path / "killed") == whole


def test_a_worker_ends_with_its_pool() -> None:
    """One that is started while its pool breaks is never told to end; Python would wait for it at the driver's end."""
    held, holder = multiprocessing.Pipe(duplex=False)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin_worker, (held,)) as pool:
        assert pool.submit(os.getpid).result(timeout=60) != os.getpid()
        waiting = pool.submit(time.sleep, 300)
        holder.close()
        with pytest.raises(BrokenProcessPool):
            waiting.result(timeout=60)


def test_real_classifier_killed_and_resumed(tmp_path: Path, many: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(many.read_text(encoding="utf-8").splitlines()[:80]), encoding="utf-8")
    finish((few, tmp_path / "whole", "local", "1", "real"))
    args = (few, tmp_path / "killed", "processes", "1", "real")
    process = start(*args)
    _until_shards(tmp_path / "killed", 2)
    kill_a_worker(process, random.Random(3))  # another takes its place
    _until_shards(tmp_path / "killed", 5)
    assert process.poll() is None
    process.kill()
    process.communicate()
    finish(args)
    assert tree(tmp_path / "killed") == tree(tmp_path / "whole")


def _until_shards(folder: Path, n: int) -> None:
    end = time.monotonic() + 180
    while n_shards(folder) < n:
        assert time.monotonic() < end
        time.sleep(0.02)
