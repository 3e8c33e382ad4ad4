"""Readers: a file in, documents out; a row that cannot be used comes out as a :class:`RowError` and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.lines import read_jsonl, read_text
from hyeoksin.readers.tables import read_table

__all__ = ["READERS", "Columns", "Item", "read"]

Item = Document | RowError
Reader = Callable[[Path, Columns], Iterator[Item]]

READERS: dict[str, Reader] = {
    ".csv": read_table,
    ".tsv": read_table,
    ".xlsx": read_table,
    ".xls": read_table,
    ".jsonl": read_jsonl,
    ".txt": read_text,
}


def read(path: Path, columns: Columns = Columns()) -> Iterator[Item]:  # noqa: B008 - frozen
    """Yield the documents of one file, by its suffix.

    Raises:
        InputError: there is no such file, no reader for its suffix, or the whole file cannot be read.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise InputError(f"{path.name}: 읽을 수 없는 형식 '{path.suffix}'. 읽는 형식: {known}.")
    try:
        if not path.is_file():
            raise InputError(f"{path}: 파일이 없습니다. 경로를 확인하세요.")
        yield from reader(path, columns)
    except OSError as error:
        raise InputError(f"{path}: 열 수 없습니다 ({error.strerror or error}).") from error
