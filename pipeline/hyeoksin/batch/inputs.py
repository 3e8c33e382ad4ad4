"""The input files of a run, and their content as one stream of documents and row errors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from hyeoksin.decoding import readable
from hyeoksin.errors import InputError
from hyeoksin.readers import Columns, Item, read_told
from hyeoksin.readers.archives import folder_files
from hyeoksin.readers.notes import named
from hyeoksin.readers.own import note_passed

__all__ = ["Source", "fingerprint", "items", "sources"]


@dataclass(frozen=True, slots=True)
class Source:
    """One input file; ``place`` are the folders from the one that was given on, empty for a file that was ``given`` itself."""

    path: Path
    place: PurePosixPath
    given: bool = False

    @property
    def name(self) -> str:
        """How records call the file."""
        return readable(str(self.place / self.path.name))


def sources(inputs: Iterable[Path]) -> list[Source]:
    """Return the files of all inputs: files as given, those of a folder by name; one that comes twice once, with a note.

    Raises:
        InputError: an input does not exist.
    """
    found: list[Source] = []
    for path in inputs:
        if path.is_dir():
            found += [Source(*file) for file in folder_files(path)]
        elif path.is_file():
            found.append(Source(path, PurePosixPath(), given=True))
        else:
            raise InputError(f"{path}: 파일도 폴더도 아닙니다. 경로를 확인하세요.")
    once: dict[Path, Source] = {}
    for source in found:
        place = source.path.resolve()
        if place not in once or source.given > once[place].given:
            once[place] = source
    kept = {id(source) for source in once.values()}
    again = [str(source.path) for source in found if id(source) not in kept]
    note_passed(again, "여러 번 들어 있어 한 번만 읽습니다.")
    return list(once.values())


def fingerprint(source: Source) -> dict[str, Any]:
    """Return name, bytes and SHA-256 of a file, read piece by piece; None for both where it cannot be opened."""
    n_bytes, sha256 = None, None
    with suppress(OSError), source.path.open("rb") as file:  # its rows failed already, for the same cause
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        n_bytes = file.tell()
    return {"name": source.name, "bytes": n_bytes, "sha256": sha256}


def items(files: Iterable[Source], columns: Columns) -> Iterator[Item]:
    """Yield the documents and row errors of all files, in order; a file that cannot be read is one row error.

    Our own results in a folder are passed over with a note.
    """
    passed: list[str] = []
    for source in files:
        if source.given:
            yield from named(read_told(source.path, columns), source.path.name, readable(str(source.path)))
        else:
            yield from read_told(source.path, columns, source.place, passed=passed)
    note_passed(passed)
