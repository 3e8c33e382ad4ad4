"""The log of what an officer should know although nothing failed: a foreign encoding, a wrong suffix, a sheet left out."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident

__all__ = ["heard", "log", "note_encoding"]

log = logging.getLogger("hyeoksin.readers")


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


def note_encoding(path: Path, encoding: str) -> None:
    """Report an encoding that is not UTF-8: Korean that it misread would look like Korean."""
    if not encoding.startswith("utf-8"):
        log.info("%s: 인코딩은 %s 입니다.", path.name, encoding.upper())
