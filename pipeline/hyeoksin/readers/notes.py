"""The log of what an officer should know although nothing failed: a foreign encoding, a wrong suffix, a sheet left out."""

import logging
from pathlib import Path

__all__ = ["log", "note_encoding"]

log = logging.getLogger("hyeoksin.readers")


def note_encoding(path: Path, encoding: str) -> None:
    """Report an encoding that is not UTF-8: Korean that it misread would look like Korean."""
    if not encoding.startswith("utf-8"):
        log.info("%s: 인코딩은 %s 입니다.", path.name, encoding.upper())
