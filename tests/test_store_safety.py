"""Nothing lost: many deciders, a second tab, kill -9, a full disk, a database that is gone for a while."""

from __future__ import annotations

import errno
import io
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from hyeoksin.errors import (
    NotStoredError,
    RefusedError,
    StaleDecisionError,
    StoreBusyError,
    StoreFullError,
    StoreUnavailableError,
)
from hyeoksin.plan import BUILTIN_PLANS
from hyeoksin.store import Store, open_store, schema
from proxies import Proxy
from stores import ENGINES, SERVER, address_on, document, opened, record, round_of

FORK = multiprocessing.get_context("fork")
N_KILLS = 20


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with address_on(request.param, tmp_path) as made:
        yield made


def outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except StaleDecisionError:
        return "stale"
    return "saved"


def test_of_many_who_decide_at_once_one_is_first(url: str) -> None:
    with open_store(url, busy_seconds=60) as store, ThreadPoolExecutor(8) as pool:
        project = round_of(store, 6)
        numbers = [item.id for item in store.items(project.id)]
        calls = [
            lambda n=n, who=who: store.decide([n], "accept", by=f"officer{who}", expected_version=1)
            for n in numbers
            for who in range(5)
        ]
        random.Random(1).shuffle(calls)
        outcomes = list(pool.map(outcome, calls))
        assert sorted(outcomes) == ["saved"] * 6 + ["stale"] * 24
        assert store.verify().rows == 6
        assert store.verify().sound
        assert store.count(project.id, decided=True) == 6


def test_no_two_people_are_given_the_same_work(url: str) -> None:
    with open_store(url, busy_seconds=60) as store, ThreadPoolExecutor(6) as pool:
        project = round_of(store, 12)

        def work(who: int) -> list[int]:
            done = []
            while (item := store.claim_next(project.id, f"officer{who}")) is not None:
                store.decide([item.id], "accept", by=f"officer{who}", expected_version=item.version)
                done.append(item.id)
            return done

        shares = list(pool.map(work, range(6)))
        done = [number for share in shares for number in share]
        assert len(done) == len(set(done)) == 12
        assert store.verify().rows == 12


def test_two_servers_leave_one_administrator_one_active_model_and_fall_over_nothing(url: str) -> None:
    with (
        open_store(url, busy_seconds=60) as one,
        open_store(url, busy_seconds=60) as other,
        ThreadPoolExecutor(2) as pool,
    ):

        def both(call: Callable[[Store, int], Any]) -> None:
            barrier = Barrier(2)

            def run(store: Store, which: int) -> None:
                barrier.wait()
                with suppress(RefusedError):
                    call(store, which)

            list(pool.map(run, (one, other), (0, 1)))

        for name in ("a0", "a1"):
            one.add_user(name, "admin", "-")
            one.add_model(name, "x", "kim")
        for turn in range(12):
            both(lambda store, n: store.change_user(f"a{n}", role="viewer"))
            assert [user.role for user in one.users()].count("admin") == 1
            for name in ("a0", "a1"):
                one.change_user(name, role="admin")
            both(lambda store, n: store.set_model_state(f"a{n}", "active"))
            assert [model.state for model in one.models()].count("active") == 1
            both(lambda store, n, turn=turn: store.failed(f"login:{turn}", within=900))  # type: ignore[misc]
            failures = one.failures(f"login:{turn}")
            assert failures is not None
            assert failures.count == 2
        for plan in BUILTIN_PLANS:
            both(lambda store, n, plan=plan: store.create_project(f"{plan} {n}", plan, "kim"))  # type: ignore[misc]
        assert len(one.projects()) == 2 * len(BUILTIN_PLANS)


def test_a_second_tab_is_told_and_a_second_click_is_not_counted(url: str) -> None:
    with open_store(url) as store, open_store(url) as tab:
        project = round_of(store)
        seen = store.items(project.id)[0]
        first = store.decide([seen.id], "none", by="kim", expected_version=seen.version, key="click-1")
        assert tab.decide([seen.id], "none", by="kim", expected_version=seen.version, key="click-1") == first
        with pytest.raises(StaleDecisionError, match="kim 님이 먼저 결정했습니다") as told:
            tab.decide([seen.id], "accept", by="kim", expected_version=seen.version, key="click-2")
        assert (told.value.item, told.value.by) == (seen.id, "kim")
        with pytest.raises(RefusedError, match="같은 요청 번호"):
            tab.decide([seen.id + 1], "none", by="kim", key="click-1")
        with pytest.raises(RefusedError, match="같은 요청 번호"):
            tab.undo("kim", seen.id, key="click-1")
        assert len(store.history(seen.id)) == 1
        taken_back = store.undo("kim", seen.id, key="click-3")
        assert tab.undo("kim", seen.id, key="click-3") == taken_back
        other = store.items(project.id, order="id")[1]
        group = store.decide([other.id, seen.id], "none", by="kim", key="click-4")
        assert tab.decide([other.id], "none", by="kim", key="click-4") == group  # the other waits no more


def write_on(url: str, project: int, pipe: int, seed: int) -> None:
    """Write until killed; say what was saved, after it was."""
    draw = random.Random(seed)
    with open_store(url, busy_seconds=30) as store:
        numbers = [item.id for item in store.items(project, limit=None)]
        for step in range(100_000):
            saved: dict[str, Any]
            turn = draw.random()
            if turn < 0.2:
                name = f"{seed}-{step}"
                rows = [(document(i, meta={"file": name}), record()) for i in range(5)]
                moved = [(type(d)(f"{name}-{d.id}", d.text, d.title), r) for d, r in rows]
                store.add_items(project, moved)
                saved = {"file": name}
            elif turn < 0.4:
                with suppress(RefusedError):
                    store.undo("kim", draw.choice(numbers))
                saved = {}
            else:
                some = draw.sample(numbers, draw.choice([1, 1, 3]))
                made = store.decide(some, draw.choice(["accept", "none"]), by="kim")
                saved = {"rows": [[row.id, row.hash] for row in made]}
            os.write(pipe, json.dumps(saved).encode() + b"\n")


def heard(pipe: int, content: bytes) -> list[dict[str, Any]]:
    """Return the whole lines that a killed writer left in the pipe, after the ``content`` that was read already."""
    while part := os.read(pipe, 65_536):
        content += part
    return [json.loads(line) for line in content.split(b"\n")[:-1]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_what_was_acknowledged_outlives_kill_9(url: str) -> None:
    with open_store(url) as store:
        project = round_of(store, 12).id
    draw = random.Random(7)
    files: set[str] = set()
    rows: dict[int, str] = {}
    for turn in range(N_KILLS):
        reading, writing = os.pipe()
        child = FORK.Process(target=write_on, args=(url, project, writing, turn))
        child.start()
        os.close(writing)
        first = os.read(reading, 1)  # it writes now
        time.sleep(draw.uniform(0, 0.25))
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        assert first == b"{"
        said = heard(reading, first)
        os.close(reading)
        files |= {line["file"] for line in said if "file" in line}
        rows |= {n: hashed for line in said for n, hashed in line.get("rows", [])}
    assert len(rows) > N_KILLS / 2
    assert files
    with open_store(url) as store:
        stored = {row.id: row.hash for row in store.decisions(project, limit=None)}
        assert rows.items() <= stored.items()
        assert store.verify().sound
        assert store.integrity() is None
        names = [item.document.id for item in store.each(project) if "-" in item.document.id]
        whole = {name.rpartition("-")[0] for name in names}
        assert files <= whole
        assert len(names) == 5 * len(whole)  # a file is there whole, or not at all


def decide_often(store: Store, number: int) -> None:
    for _ in range(200):
        store.decide([number], "none", by="kim", note="가" * 2000)


def test_a_full_sqlite_file_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    with opened("sqlite", tmp_path) as store:
        project = round_of(store, 3)
        (first, *_) = store.items(project.id)
        store.decide([first.id], "none", by="kim")
        full = True

        @sa.event.listens_for(store._engine, "begin")
        def _limit(connection: sa.Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages if full else 1_000_000}")

        rows = [(document(i, meta={"long": "가" * 3000}), record()) for i in range(100, 140)]
        with pytest.raises(StoreFullError, match="디스크에 자리가 없습니다"):
            store.add_items(project.id, rows)
        with pytest.raises(StoreFullError, match="디스크에 자리가 없습니다"):
            decide_often(store, first.id)
        assert store.count(project.id) == 3
        assert store.verify().sound
        n_rows = store.verify().rows
        full = False
        assert store.add_items(project.id, rows) == 40
        store.decide([first.id], "accept", by="kim")
        assert store.verify().rows == n_rows + 1
        assert store.integrity() is None


class FullDisk(io.BytesIO):
    """A file that takes nothing."""

    def write(self, _content: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_temporary_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened("sqlite", tmp_path) as store:
        project = round_of(store)
        monkeypatch.setattr(
            "hyeoksin.store.items.tempfile.TemporaryFile",
            lambda mode, encoding: io.TextIOWrapper(io.BufferedRandom(FullDisk()), encoding=encoding),
        )
        with pytest.raises(StoreFullError, match="디스크에 자리가 없습니다"):
            store.add_items(project.id, [(document(9), record())])
        assert store.count(project.id) == 3


def test_a_full_postgresql_disk_is_told_and_the_retry_works(tmp_path: Path) -> None:
    with opened("postgresql", tmp_path) as store:
        project = round_of(store)
        (first, *_) = store.items(project.id)
        with store._write() as connection:  # the server's own answer, without filling its disk
            connection.exec_driver_sql(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER full_disk BEFORE INSERT ON lanes FOR EACH ROW EXECUTE FUNCTION full_disk()"
            )
        with pytest.raises(StoreFullError, match="디스크에 자리가 없습니다"):
            store.decide([first.id], "none", by="kim", key="click")
        assert store.verify().rows == 0
        with store._write() as connection:
            connection.exec_driver_sql("DROP TRIGGER full_disk ON lanes")
        assert len(store.decide([first.id], "none", by="kim", key="click")) == 1
        assert store.verify().sound


def test_a_locked_store_is_told_and_the_retry_works(url: str) -> None:
    with open_store(url, busy_seconds=0.3) as store, open_store(url) as other:
        project = round_of(store)
        (first, *_) = store.items(project.id)
        with other._write() as holding:
            holding.execute(sa.select(schema.projects.c.id).with_for_update())
            with pytest.raises(StoreBusyError, match="잠시 뒤 다시 하세요"):
                store.decide([first.id], "none", by="kim", key="click")
            assert store.item(first.id).standing == "open"  # reading goes on
        assert len(store.decide([first.id], "none", by="kim", key="click")) == 1
        assert store.verify().rows == 1


def test_a_file_locked_by_another_program_is_told(tmp_path: Path) -> None:
    with opened("sqlite", tmp_path) as store:
        project = round_of(store)
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusyError, match="다른 프로그램이"):
            open_store(tmp_path / "store.db", busy_seconds=0.2).decide([1], "none", by="kim")
        other.execute("ROLLBACK")
    with open_store(tmp_path / "store.db", busy_seconds=0.2) as store:
        assert store.project(project.id) == project


@pytest.fixture
def line(tmp_path: Path) -> Iterator[tuple[Proxy, str, str]]:
    """A line to PostgreSQL that can be cut: the proxy, the address through it, and the one beside it."""
    with address_on("postgresql", tmp_path) as direct:
        server = sa.make_url(SERVER)
        proxy = Proxy(server.host or "127.0.0.1", server.port or 5432)
        through = sa.make_url(direct).set(port=proxy.port, host="127.0.0.1")
        yield proxy, through.render_as_string(hide_password=False), direct
        proxy.close()


def test_a_database_that_is_gone_is_told_and_the_retry_works(line: tuple[Proxy, str, str]) -> None:
    proxy, through, _ = line
    with open_store(through) as store:
        project = round_of(store)
        first, second, _ = store.items(project.id)
        kept = store.decide([first.id], "none", by="kim")
        proxy.cut()
        for _ in range(3):
            with pytest.raises(StoreUnavailableError, match="데이터베이스가 답하지 않습니다"):
                store.decide([second.id], "none", by="kim", key="click")
            with pytest.raises(StoreUnavailableError, match="데이터베이스가 답하지 않습니다"):
                store.items(project.id)
        with pytest.raises(StoreUnavailableError, match="데이터베이스가 답하지 않습니다"):
            open_store(through)
        proxy.mend()
        again = store.decide([second.id], "none", by="kim", key="click")
        assert store.decisions() == kept + again
        assert store.verify().sound


def test_an_answer_that_is_lost_is_not_counted_twice(line: tuple[Proxy, str, str]) -> None:
    proxy, through, direct = line
    with open_store(through) as store, open_store(direct) as beside:
        project = round_of(store)
        (first, *_) = store.items(project.id)
        proxy.lose_answer_to = b"COMMIT\x00"  # not that of READ COMMITTED
        with pytest.raises(StoreUnavailableError, match="그대로 다시 하세요"):
            store.decide([first.id], "none", by="kim", expected_version=1, key="click")
        saved = beside.decisions()
        assert len(saved) == 1  # it had arrived
        assert store.decide([first.id], "none", by="kim", expected_version=1, key="click") == saved
        assert beside.decisions() == saved


def backend(store: Store) -> int:
    """Return the process of the server that answers the store."""
    with store._read() as connection:
        return int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


def test_connections_that_the_server_ended_are_opened_again(tmp_path: Path) -> None:
    with address_on("postgresql", tmp_path) as url, open_store(url) as store, open_store(url) as other:
        project = round_of(store)
        (first, *_) = store.items(project.id)
        ended = backend(store)
        with other._write() as connection:
            assert connection.execute(
                sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": ended}
            ).scalar_one()
        time.sleep(0.1)
        assert store.item(first.id) == first
        assert backend(store) != ended


def ended_in_the_middle(store: Store) -> None:
    with store._write() as connection:
        connection.execute(sa.text("UPDATE items SET kind = 'lost'"))
        connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_a_transaction_that_the_server_ended_saves_nothing(tmp_path: Path) -> None:
    with opened("postgresql", tmp_path) as store:
        project = round_of(store)
        (first, *_) = store.items(project.id)
        with pytest.raises(StoreUnavailableError):
            ended_in_the_middle(store)
        assert store.item(first.id) == first


def test_a_number_beyond_all_numbers_is_not_stored(url: str) -> None:
    with open_store(url) as store, pytest.raises(NotStoredError):
        store.item(10**30)
