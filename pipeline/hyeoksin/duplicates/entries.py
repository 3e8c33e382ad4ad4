"""From groups to what is judged: each document with its group and the one text that stands for it."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from hyeoksin.agency import load_agencies
from hyeoksin.domain import Document
from hyeoksin.duplicates.index import Groups, Index
from hyeoksin.errors import RowError
from hyeoksin.normalise import normalise
from hyeoksin.region import load_regions

__all__ = ["Entry", "answer_key", "group", "grouped"]

_BATCH = 1_000
Item = Document | RowError


@dataclass(frozen=True, slots=True)
class Entry:
    """A document to judge; with (near) duplicates also the group's name and the text that is judged for all of it.

    A member of another place, or of a time when agencies had other names, has no ``stand_in``: it is judged by itself.
    """

    document: Document
    group: str | None = None
    stand_in: Document | None = None

    @property
    def judged(self) -> Document:
        """The text whose answer the document gets."""
        return self.stand_in or self.document

    @property
    def copied(self) -> str | None:
        """What the record notes where the answer is another text's, else None."""
        if answer_key(self.judged) == answer_key(self.document):
            return None
        return f"거의 같은 글 묶음: 대표 글 '{self.judged.id}' 의 판정을 옮겼습니다."


def answer_key(document: Document) -> tuple[str, str, str | None, str | None]:
    """Return all of a document that its answer depends on."""
    return document.title, document.text, document.date, document.region


def grouped(stream: Callable[[], Iterator[Item]], folder: Path) -> Iterator[Entry | RowError]:
    """Yield the stream's documents with their groups; ``stream`` is called three times and must give the same each time.

    ``folder`` takes about 1 KB a text while this runs. Row errors pass through.
    """
    index = Index(folder)
    for batch in _batches(item for item in stream() if isinstance(item, Document)):
        index.add([document.body for document in batch])
    groups = index.groups()
    store = _StandIns(folder / "stand_ins.sqlite")
    for row, document in enumerate(item for item in stream() if isinstance(item, Document)):
        found = groups.find(row)
        if found is not None and found[1]:
            store.offer(found[0], document)
    row = -1
    for item in stream():
        if isinstance(item, RowError):
            yield item
            continue
        row += 1
        yield _entry(item, row, groups, store)
    store.close()


def group(documents: Sequence[Document]) -> list[Entry]:
    """Return the entries of documents that are all in memory."""
    with tempfile.TemporaryDirectory() as folder:
        return [e for e in grouped(lambda: iter(documents), Path(folder)) if isinstance(e, Entry)]


def _entry(document: Document, row: int, groups: Groups, store: _StandIns) -> Entry:
    found = groups.find(row)
    if found is None:
        return Entry(document)
    judged = store.get(found[0])
    return Entry(document, found[0], judged if _same_setting(judged, document) else None)


def _same_setting(one: Document, other: Document) -> bool:
    """Return whether place and time, which decide who leads and who executes, are the same."""
    if one.date != other.date and not (
        one.date and other.date and load_agencies().same_names(one.date, other.date)
    ):
        return False
    if (one.body, one.region) == (other.body, other.region):
        return True
    places = load_regions().of
    return places(normalise(one.body), one.region) == places(normalise(other.body), other.region)


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    rest = iter(documents)
    while batch := list(islice(rest, _BATCH)):
        yield batch


class _StandIns:
    """The text that stands for each group, on disk: of the equal ones, the first in the order of their content."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self.connection = sqlite3.connect(path)
        self.connection.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE stand_in (name TEXT PRIMARY KEY, document TEXT) WITHOUT ROWID"
        )

    def offer(self, name: str, document: Document) -> None:
        fields = {k: v for k, v in asdict(document).items() if k != "meta"}
        self.connection.execute(
            "INSERT INTO stand_in VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document "
            "WHERE excluded.document < document",
            (name, json.dumps(fields)),
        )

    def get(self, name: str) -> Document:
        (text,) = self.connection.execute("SELECT document FROM stand_in WHERE name = ?", (name,)).fetchone()
        return Document(**json.loads(text))

    def close(self) -> None:
        self.connection.close()
