"""The log of what an officer should know although nothing failed: a foreign encoding, a wrong suffix, a sheet left out."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from threading import get_ident
from typing import TypeVar

__all__ = ["beginning", "encodings_last", "heard", "listed", "log", "named", "note_encoding"]

T = TypeVar("T")
log = logging.getLogger("hyeoksin.readers")
# what may be an address, or groups of a number, up to a cut: all but Korean and commas
_OPEN = re.compile(r"[!-+\--~\s·‐‑‒–—―−○●\uff01-\uff0b\uff0d-\uff5e\u00ad\u200b-\u200d\ufeff]*$")
_ENCODING = re.compile(r"(?P<file>.+): 인코딩은 (?P<encoding>\S+) 입니다\.", re.DOTALL)
_SHOWN = 5  # files that one note names
_names: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("_names", default=())


class _Named(logging.Filter):
    """Writes the folders and archives that a file stands in before its name: readers know the name alone."""

    def filter(self, record: logging.LogRecord) -> bool:
        told = record.getMessage()
        for file, name in reversed(_names.get()):
            told = re.sub(rf"(?<![\w/.-]){re.escape(file)}(?=[:#/])", name.replace("\\", r"\\"), told)
        record.msg, record.args = told, ()
        return True


log.addFilter(_Named())


def named(items: Iterator[T], file: str, name: str) -> Iterator[T]:
    """Yield the items; what is noted of ``file`` while they are made is noted of ``name``."""
    while True:
        token = _names.set((*_names.get(), (file, name)))
        try:
            item = next(items)
        except StopIteration:
            return
        finally:
            _names.reset(token)
        yield item


class _Ear(logging.Handler):
    def __init__(self, notes: dict[str, None]) -> None:
        super().__init__()
        self._thread, self._notes = get_ident(), notes

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._notes[record.getMessage()] = None


@contextmanager
def heard() -> Iterator[dict[str, None]]:
    """Collect what is noted in this thread within the block: the keys, each sentence once, in order."""
    notes: dict[str, None] = {}
    ear, level = _Ear(notes), log.level
    log.addHandler(ear)
    log.setLevel(logging.INFO)
    try:
        yield notes
    finally:
        log.setLevel(level)
        log.removeHandler(ear)


def beginning(text: str, length: int) -> str:
    """Return the first ``length`` letters of cells that a message names.

    What may be half a number or address at the cut is left out: nobody who masks personal data would know it.

    >>> beginning("문의 010-1234-5678", 12), beginning("문의 010-1234-5678", 20)
    ('문의…', '문의 010-1234-5678')
    """
    if len(text) <= length:
        return text
    return _OPEN.sub("", text[:length]).rstrip(",") + "…"


def listed(names: Sequence[str]) -> str:
    """Return the first few of many files' names, and how many there are besides."""
    rest = f" 외 {len(names) - _SHOWN:,}개" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + rest


def note_encoding(path: Path, encoding: str) -> None:
    """Report an encoding that is not UTF-8: Korean that it misread would look like Korean."""
    if not encoding.startswith("utf-8"):
        log.info("%s: 인코딩은 %s 입니다.", path.name, encoding.upper())


def encodings_last(notes: Iterable[str]) -> list[str]:
    """Return the notes with those of :func:`note_encoding` behind all others, one for all files of an encoding.

    >>> encodings_last(["1.txt: 인코딩은 CP949 입니다.", "2.txt: 인코딩은 CP949 입니다.", "3.xlsx: 숨긴 시트"])
    ['3.xlsx: 숨긴 시트', '1.txt, 2.txt: 인코딩은 CP949 입니다.']
    """
    others: list[str] = []
    files: dict[str, list[str]] = {}
    for note in notes:
        match = _ENCODING.fullmatch(note)
        if match is None:
            others.append(note)
        else:
            files.setdefault(match["encoding"], []).append(match["file"])
    for encoding, names in files.items():
        others.append(f"{listed(names)}: 인코딩은 {encoding} 입니다.")
    return others
