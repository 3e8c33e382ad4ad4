"""Shards: a slice of the input stream, its content key, and the folder in which each is written whole or not at all.

::

    run.json                 the settings that decide the bytes
    run.lock                 held by the one driver that writes here
    records/part-000000.parquet (or .jsonl)
    shards/000000.json       written last: the shard's key, its counts, the hash of its records, the rows that failed
    failed.jsonl             at the end of a run
    manifest.json            at the end of a run
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from hyeoksin.domain import Document
from hyeoksin.duplicates import Entry
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.sinks import failed_line

__all__ = ["Done", "Folder", "Mark", "Shard", "cut"]

FORMAT = "hyeoksin-batch/2"
_LOCK = "run.lock"
_PARTS = ("records", "shards")
_ENDS = ("manifest.json", "failed.jsonl")  # what a finished run leaves


@dataclass(frozen=True, slots=True)
class Shard:
    """A slice of the stream: ``key`` names its content together with the spec that judges it."""

    number: int
    key: str
    entries: tuple[Entry, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """A judged shard: the bytes of its records, and how many of each kind (``settled``, ``review``, ``off_plan`` ...)."""

    number: int
    records: bytes
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands in ``shards/``: a shard whose mark is there, with this key and these records, is finished."""

    key: str
    rows: int
    sha256: str
    counts: Mapping[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()


def cut(stream: Iterable[Entry | RowError], size: int, fingerprint: str) -> Iterator[Shard]:
    """Cut the stream into shards of ``size`` rows, those that failed included."""
    number, entries, failed = 0, list[Entry](), list[str]()
    for item in stream:
        if isinstance(item, RowError):
            failed.append(failed_line(item))
        else:
            entries.append(item)
        if len(entries) + len(failed) == size:
            yield _shard(number, entries, failed, fingerprint)
            number, entries, failed = number + 1, [], []
    if entries or failed:
        yield _shard(number, entries, failed, fingerprint)


def _shard(number: int, entries: list[Entry], failed: list[str], fingerprint: str) -> Shard:
    digest = hashlib.sha256(fingerprint.encode())
    for entry in entries:
        for document in (entry.document, entry.stand_in):
            fields = None if document is None else _fields(document)
            digest.update(json.dumps([entry.group, fields], ensure_ascii=False).encode())
    digest.update(json.dumps(failed, ensure_ascii=False).encode())
    return Shard(number, digest.hexdigest(), tuple(entries), tuple(failed))


def _fields(d: Document) -> tuple[str | dict[str, str] | None, ...]:
    return (d.id, d.text, d.title, d.source, d.date, d.region, dict(d.meta))


class Folder:
    """The output folder of one run.

    Args:
        path: the folder.
        suffix: of the record files, ``.parquet`` or ``.jsonl``.
    """

    def __init__(self, path: Path, suffix: str) -> None:
        self.path = path
        self.suffix = suffix

    def settings(self) -> dict[str, Any]:
        """Return the settings of the run whose output stands here; empty for a new or empty folder.

        Raises:
            InputError: the folder holds something else.
        """
        try:
            known: dict[str, Any] = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            if self.path.exists() and not all(map(_is_left, self.path.iterdir())):
                raise InputError(f"{self.path}: 빈 폴더가 아닙니다. 새 폴더를 주세요.") from None
            return {}
        except (ValueError, OSError) as error:
            raise InputError(
                f"{self.path}/run.json: 읽을 수 없습니다 ({error}). 새 폴더를 주세요."
            ) from error
        return known

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other driver out; the operating system opens the lock when its holder ends, even killed.

        Raises:
            InputError: another driver writes here.
            MissingExtraError: filelock is not installed.
        """
        try:
            from filelock import FileLock, Timeout
        except ModuleNotFoundError as error:
            raise MissingExtraError("filelock", "batch") from error
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"{self.path}: 다른 hyeoksin batch 가 이 폴더에 쓰고 있습니다. 끝나기를 기다리거나 다른 폴더를 주세요."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def start(self, settings: Mapping[str, Any]) -> None:
        """Write down the settings of the run: first, since a run cannot go on from a folder that does not have them."""
        for left in self.path.rglob("*.tmp"):  # of a run that was killed
            left.unlink()
        self.write_json("run.json", settings)
        for name in _PARTS:
            (self.path / name).mkdir(parents=True, exist_ok=True)
            self._numbered(name)

    def clear(self, first: int = 0) -> None:
        """Remove the shards from number ``first`` on, their marks before their records, and what a finished run left."""
        numbered = [*self._numbered("shards"), *self._numbered("records")]
        self._reopen()
        shutil.rmtree(self.duplicates, ignore_errors=True)  # of a run that was killed
        for number, path in numbered:
            if number >= first:
                path.unlink()

    def _reopen(self) -> None:
        """Remove what says that the run is finished: with other records it would be wrong."""
        for name in _ENDS:
            (self.path / name).unlink(missing_ok=True)

    def _numbered(self, name: str) -> list[tuple[int, Path]]:
        """Return the files of ``records`` or ``shards`` with the numbers of their shards.

        Raises:
            InputError: there is another, perhaps a copy: whoever reads the folder would count its rows twice.
        """
        paths = sorted((self.path / name).glob("*.json" if name == "shards" else "part-*"))
        found = [(path.stem.removeprefix("part-"), path) for path in paths if path.suffix != ".tmp"]
        strange = next((path for number, path in found if not number.isdecimal()), None)
        if strange is not None:
            raise InputError(
                f"{strange}: hyeoksin batch 가 만든 파일이 아닙니다. 다른 폴더로 옮기거나 지운 뒤 같은 명령으로 다시 하세요."
            )
        return [(int(number), path) for number, path in found]

    @property
    def duplicates(self) -> Path:
        """The folder for what grouping keeps while a run goes on."""
        return self.path / "duplicates"

    def part(self, number: int) -> Path:
        """Return the path of a shard's records."""
        return self.path / "records" / f"part-{number:06d}{self.suffix}"

    def mark(self, number: int) -> Mark | None:
        """Return the mark of a shard; None where it is not finished."""
        try:
            row = json.loads((self.path / "shards" / f"{number:06d}.json").read_text(encoding="utf-8"))
            return Mark(row["key"], row["rows"], row["sha256"], row["counts"], tuple(row["failed"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def finished(self, shard: Shard) -> Mark | None:
        """Return the mark if this very shard was judged and its records stand there unharmed."""
        mark = self.mark(shard.number)
        if mark is None or mark.key != shard.key:
            return None
        with suppress(FileNotFoundError):
            if hashlib.sha256(self.part(shard.number).read_bytes()).hexdigest() == mark.sha256:
                return mark
        return None

    def commit(self, done: Done, key: str, failed: tuple[str, ...]) -> Mark:
        """Write a shard: its records first, then the mark that makes it count."""
        mark = Mark(
            key, sum(done.counts.values()), hashlib.sha256(done.records).hexdigest(), done.counts, failed
        )
        self._reopen()
        (self.path / "shards" / f"{done.number:06d}.json").unlink(missing_ok=True)
        _write(self.part(done.number), done.records)
        self.write_json(f"shards/{done.number:06d}.json", asdict(mark))
        return mark

    def write_failed(self, n_shards: int) -> None:
        """Join the rows that failed into ``failed.jsonl``, in the order of the input."""
        path = self.path / "failed.jsonl"
        with _whole(path, "w", encoding="utf-8", newline="\n") as file:
            for number in range(n_shards):
                mark = self.mark(number)
                file.writelines(f"{line}\n" for line in (mark.failed if mark else ()))

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON file whole or not at all."""
        text = json.dumps(content, ensure_ascii=False, indent=1)
        _write(self.path / name, f"{text}\n".encode())

    def count(self, number: int) -> int:
        """Return the number of records that a part really holds."""
        if self.suffix == ".jsonl":
            with self.part(number).open("rb") as file:
                return sum(1 for _ in file)
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self.part(number)).num_rows)


def _is_left(path: Path) -> bool:
    """Tell whether a run that came to nothing left this: the lock, half a file, or an empty folder of ours."""
    empty = path.name in _PARTS and path.is_dir() and not any(path.iterdir())
    return empty or path.name == _LOCK or path.name.endswith(".tmp")


def _write(path: Path, raw: bytes) -> None:
    """Write a file whole or not at all, and see it on the disk before going on."""
    with _whole(path, "wb") as file:
        file.write(raw)
    if os.name == "posix":  # the name itself must survive a power cut too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def _whole(path: Path, mode: str, **how: str) -> Iterator[IO[Any]]:
    """Give a file beside ``path`` that replaces it once all is on the disk.

    Raises:
        OSError: it cannot be written; the error names ``path``.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with temporary.open(mode, **how) as file:  # type: ignore[call-overload]
            yield file
            _flush(file)
        temporary.replace(path)
    except OSError as error:  # a failed write or fsync does not say where
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
