"""Backup and restore, within an engine and across both; a cut or changed backup restores nothing."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RefusedError, StoreBusyError, StoreDamagedError, StoreFullError
from hyeoksin.store import Store, open_store, restore
from stores import ENGINES, PLAN, address_on, document, opened, record, round_of


def filled(store: Store) -> dict[str, Any]:
    """Put something into every table; return what a restored store must give back."""
    project = round_of(store, 4)
    pair = round_of(store, 2, coders=2, name="둘이서")
    first, second, *_ = store.items(project.id, order="id")
    store.decide([first.id, second.id], "pick", by="kim", code="8-1", note='한글, "따옴표"\n줄 🙂')
    store.undo("kim", first.id)
    one, other = store.items(pair.id, order="id")
    store.decide([one.id], "pick", by="kim", code="3-1")
    store.decide([one.id], "none", by="lee")
    store.decide([one.id], "pick", by="park", code="4-1", final=True)
    store.add_user("kim", "officer", "hash", display="김")
    store.add_session("token", "kim", seconds=900)
    store.add_api_key("key", "viewer", "secret", "kim")
    store.audit("login", "kim", detail={"ip": "::1"})
    store.add_model("m@1", "models/1", "kim", report={"kappa": 0.7}, state="active")
    store.add_job("upload", "kim", project=project.id, payload={"a": [1, None, "가"]})
    store.claim_next(project.id, "kim")
    store.predict(pair.id, [(other.id, record("4-1", model="m@2"))])
    return shown(store)


def shown(store: Store) -> dict[str, Any]:
    """Return all that a store tells, but for claims and log-ins, which no backup carries."""
    projects = store.projects()
    return {
        "projects": projects,
        "plans": [store.plan(p.id) for p in projects],
        "items": [[unclaimed(item) for item in store.items(p.id, order="id", limit=None)] for p in projects],
        "ledger": store.decisions(limit=None),
        "lanes": [store.coders_say(item.id) for p in projects for item in store.items(p.id)],
        "records": [store.records(item.id) for p in projects for item in store.items(p.id, order="id")],
        "people": (store.users(), store.api_keys(), store.audit_log()),
        "register": (store.models(), store.jobs()),
        "verdict": store.verify(),
    }


def unclaimed(item: Any) -> dict[str, Any]:
    return {name: getattr(item, name) for name in type(item).__dataclass_fields__ if name != "claimed_by"}


def readers_beside_the_owner(folder: Path) -> list[str]:
    """Return the files of a folder that others on the computer may read."""
    return [path.name for path in folder.iterdir() if path.is_file() and path.stat().st_mode & 0o077]


@pytest.mark.parametrize(
    ("source", "suffix", "to"),
    [
        ("sqlite", ".db", "sqlite"), ("sqlite", ".db", "postgresql"), ("sqlite", ".jsonl", "postgresql"),
        ("postgresql", ".jsonl.gz", "sqlite"), ("postgresql", ".jsonl", "postgresql"), ("postgresql", ".db", "sqlite"),
    ],
)  # fmt: skip
def test_a_restored_store_tells_the_same(source: str, suffix: str, to: str, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    copy = tmp_path / f"copy{suffix}"
    with opened(source, tmp_path) as store:
        told = filled(store)
        if suffix == ".db" and source == "postgresql":
            with pytest.raises(RefusedError, match="jsonl"):
                store.backup(copy)
            return
        assert store.backup(copy) == told["verdict"]
        assert readers_beside_the_owner(tmp_path) == []
    with address_on(to, tmp_path / "to") as url:
        assert restore(copy, url) == told["verdict"]
        with open_store(url, create=False) as again:
            assert shown(again) == told
            assert again.session("token") is None
            assert all(item.claimed_by is None for item in again.items(1))
            later = again.decide([again.items(1)[0].id], "none", by="lee")[0]  # the counters go on
            assert later.id > max(row.id for row in told["ledger"])
            assert again.add_items(1, [(document(77), record())]) == 1
            assert again.verify().sound
        with pytest.raises(RefusedError, match="비어 있지 않은"):
            restore(copy, url)


def test_a_backup_ends_while_somebody_writes_without_a_pause(tmp_path: Path) -> None:
    with opened("sqlite", tmp_path) as store:
        with store._write() as connection:
            connection.exec_driver_sql("CREATE TABLE much AS SELECT randomblob(40000000) AS b")
        over = threading.Event()

        def write() -> None:
            with closing(sqlite3.connect(store.url, timeout=10)) as other:
                other.execute("PRAGMA synchronous = OFF")  # to write as often as it goes
                other.execute("CREATE TABLE more (n)")
                while not over.is_set():
                    with other:
                        other.execute("INSERT INTO more VALUES (1)")

        writer, backup = (
            threading.Thread(target=write),
            threading.Thread(target=store.backup, args=(tmp_path / "copy.db",), daemon=True),
        )
        writer.start()
        backup.start()
        backup.join(8)
        ended = not backup.is_alive()
        over.set()
        writer.join()
        backup.join()
    assert ended


def test_a_backup_is_made_while_others_decide(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with opened("sqlite", tmp_path) as store, ThreadPoolExecutor(1) as pool:
        project = round_of(store, 40)
        numbers = [item.id for item in store.items(project.id, limit=None)]
        writing = pool.submit(lambda: [store.decide([n], "accept", by="kim") for n in numbers])
        found = [store.backup(tmp_path / f"{i}.db") for i in range(4)]
        writing.result()
        assert all(verdict.sound for verdict in found)
        assert [verdict.rows for verdict in found] == sorted(verdict.rows for verdict in found)


@pytest.mark.parametrize("to", ENGINES)
def test_a_cut_or_changed_backup_restores_nothing(to: str, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    copy, bad = tmp_path / "copy.jsonl", tmp_path / "bad.jsonl"
    with opened("sqlite", tmp_path) as store:
        filled(store)
        store.backup(copy)
    whole = copy.read_bytes()
    lines = whole.splitlines(keepends=True)
    changed = [line.replace(b"8-1", b"3-1") for line in lines]
    for broken in (
        b"".join(lines[:-1]),
        whole[: len(whole) // 2],
        b"".join(lines[:5] + lines[6:]),
        b"".join(changed),
        b"".join([lines[0], b'["cats",{}]\n', lines[-1]]),
        b"".join([lines[0], b'["users",{"name":"x"}]\n', lines[-1]]),
        b"{}\n",
        b"",
        gzip.compress(whole)[:-300],
        lines[0].replace(b'"0003"', b'"9999"') + b"".join(lines[1:]),
    ):
        bad.write_bytes(broken)
        with address_on(to, tmp_path / "to") as url:
            with pytest.raises(StoreDamagedError):
                restore(bad, url)
            assert list((tmp_path / "to").iterdir()) == []
            with open_store(url) as fresh:
                assert fresh.projects() == []
            for file in (tmp_path / "to").iterdir():
                file.unlink()


def forged(copy: Path, rows: list[bytes]) -> None:
    """Write the rows under the head of a backup, with an end that fits them."""
    head = copy.read_bytes().splitlines(keepends=True)[0]
    end = {"lines": len(rows), "sha256": hashlib.sha256(b"".join(rows)).hexdigest()}
    copy.write_bytes(head + b"".join(rows) + json.dumps(end).encode())


def test_a_forged_backup_is_not_restored_even_with_a_right_sum(tmp_path: Path) -> None:
    copy, new = tmp_path / "copy.jsonl", tmp_path / "again.db"
    with opened("sqlite", tmp_path) as store:
        filled(store)
        store.backup(copy)
    rows = copy.read_bytes().splitlines(keepends=True)[1:-1]
    forged(copy, [line.replace("한글".encode(), "거짓".encode()) for line in rows])
    with pytest.raises(StoreDamagedError, match="쓰인 뒤에 바뀌었습니다"):
        restore(copy, new)
    forged(copy, [line for line in rows if not line.startswith(b'["items",{"id":1,')])
    with pytest.raises(StoreDamagedError, match="서로 맞지 않습니다"):
        restore(copy, new)
    last = max(i for i, line in enumerate(rows) if line.startswith(b'["decisions"'))
    forged(copy, [line.replace(b'"n_rows":5', b'"n_rows":9') for i, line in enumerate(rows) if i != last])
    with pytest.raises(StoreDamagedError):
        restore(copy, new)
    assert not new.exists()


def test_backups_of_the_first_version_are_restored(tmp_path: Path) -> None:
    from test_store_migrate import older

    older(str(tmp_path / "old.db"))
    for to in ENGINES:
        (tmp_path / to).mkdir()
        with address_on(to, tmp_path / to) as url:
            assert restore(tmp_path / "old.db", url).rows == 2
            with open_store(url) as store:
                assert store.items(1, order="id")[0].answer == "1-1"
    with open_store(tmp_path / "old.db") as store:
        assert store.migrated == ("0002", "0003")


def test_odd_letters_survive(tmp_path: Path) -> None:
    odd = "\x00 \ud800 \u2028 \x1f 🙂 \ufffe"
    for kind in ENGINES:
        with opened(kind, tmp_path) as store:
            project = store.create_project("1", PLAN, "kim")
            rows = [(Document(odd, odd, odd, odd, meta={odd: odd}), record(notes=[odd]))]
            assert store.add_items(project.id, rows) == 1
            assert store.add_items(project.id, rows) == 0
            (item,) = store.items(project.id)
            assert item.document.title == "\ufffd \ufffd \u2028 \x1f 🙂 \ufffe"
            assert len(item.document.body) == len(odd) * 2 + 1
            store.decide([item.id], "none", by=odd, note=odd, key=odd)
            assert store.decide([item.id], "none", by=odd, note=odd, key=odd) == store.decisions()
            assert store.verify().sound
            copy = tmp_path / f"{kind}.jsonl"
            store.backup(copy)
            assert restore(copy, tmp_path / f"{kind}-again.db") == store.verify()


def test_what_cannot_be_read_or_written(tmp_path: Path) -> None:
    with opened("sqlite", tmp_path) as store:
        with pytest.raises(RefusedError, match="jsonl"):
            store.backup(tmp_path / "copy.zip")
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match="쓸 수 없습니다"):
            store.backup(tmp_path / "file" / "copy.jsonl")
        assert store.integrity() is None
    with pytest.raises(InputError, match="백업 파일이 없습니다"):
        restore(tmp_path / "none.jsonl", tmp_path / "new.db")


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "full").mkdir()

    def connect(path: Path) -> sqlite3.Connection:
        made = open_sqlite(path)
        if path != tmp_path / "store.db":
            made.execute("PRAGMA max_page_count = 8")
        return made

    open_sqlite = sqlite3.connect
    with opened("sqlite", tmp_path) as store:
        round_of(store, 50)
        monkeypatch.setattr("hyeoksin.store.backup.sqlite3.connect", connect)
        with pytest.raises(StoreFullError, match="full: 디스크에 자리가 없습니다"):
            store.backup(tmp_path / "full" / "copy.db")
        with pytest.raises(StoreFullError, match="디스크에 자리가 없습니다"):
            restore(tmp_path / "store.db", tmp_path / "full" / "new.db")
    assert list((tmp_path / "full").iterdir()) == []


def test_a_locked_file_is_no_broken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened("sqlite", tmp_path) as store:
        round_of(store)
    open_sqlite = sqlite3.connect
    with closing(open_sqlite(tmp_path / "store.db")) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(
            "hyeoksin.store.backup.sqlite3.connect", lambda path: open_sqlite(path, timeout=0.1)
        )
        with pytest.raises(StoreBusyError, match="다른 프로그램이"):
            restore(tmp_path / "store.db", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    with opened("sqlite", tmp_path) as store:
        round_of(store, 50)  # closing moves all of it from the log into the file
    file = tmp_path / "store.db"
    content = bytearray(file.read_bytes())
    for page in range(8, len(content) // 4096, 3):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    file.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        restore(file, tmp_path / "new.db")


def test_opening_a_store_leaves_the_time_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    open_store(file).close()
    os.utime(file, (1_000_000_000, 1_000_000_000))
    with open_store(file) as store:
        assert store.verify().sound
    assert file.stat().st_mtime == 1_000_000_000
