"""Inputs of any size as one stream of documents and row errors: files, folders, and large tables read piece by piece."""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from hyeoksin.delimited import Row, delimiter_of
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers import Columns, Item, read
from hyeoksin.readers.columns import Layout, document

__all__ = ["Source", "checksum", "items", "sources"]

_Reader = Callable[[Path, Columns], Iterator[Document | RowError]]
_WHOLE = 16 * 2**20  # bytes; a smaller table is read at once, by the reader of the other commands
_SEARCHED = 20  # rows at the top of a table in which the header may stand
_PIECE = 2**20  # bytes
_ROWS = 1_000  # rows of Parquet in memory at once


@dataclass(frozen=True, slots=True)
class Source:
    """One input file; ``name`` is how records call it: its path below the folder that was given, or its file name."""

    path: Path
    name: str


def sources(inputs: Iterable[Path]) -> list[Source]:
    """Return the files of all inputs: files as given, those of a folder by name; hidden ones are left out.

    Raises:
        InputError: an input does not exist.
    """
    found: list[Source] = []
    for path in inputs:
        if path.is_dir():
            below = sorted((p.relative_to(path).as_posix(), p) for p in path.rglob("*") if p.is_file())
            found += [
                Source(p, name) for name, p in below if not any(s.startswith(".") for s in name.split("/"))
            ]
        elif path.is_file():
            found.append(Source(path, path.name))
        else:
            raise InputError(f"{path}: 파일도 폴더도 아닙니다. 경로를 확인하세요.")
    return found


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def items(files: Iterable[Source], columns: Columns) -> Iterator[Item]:
    """Yield the documents and row errors of all files, in order; a file that cannot be read is one row error."""
    for source in files:
        empty = True
        try:
            for item in _reader(source.path)(source.path, columns):
                empty = False
                yield _named(item, source)
            if empty:
                yield RowError(
                    source.name, "읽을 글이 한 줄도 없습니다. 머리글 아래에 내용이 있는지 확인하세요."
                )
        except InputError as error:
            yield RowError(source.name, str(error))
        except OSError as error:
            yield RowError(source.name, f"열 수 없습니다 ({error.strerror or error}).")


def _reader(path: Path) -> _Reader:
    """Return what streams this file: for small tables, and what cannot be large, the reader of the other commands."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet
    return _csv if suffix in (".csv", ".tsv") and path.stat().st_size > _WHOLE else read


def _named(item: Item, source: Source) -> Item:
    """Return the item with the file's name below its folder in ``source``, and in an id that was made from it."""
    short = source.path.name
    if source.name == short or not item.source.startswith(short):
        return item
    place = source.name + item.source[len(short) :]
    if isinstance(item, RowError):
        return RowError(place, item.reason)
    return replace(item, source=place, id=place if item.id == item.source else item.id)


def _csv(path: Path, columns: Columns) -> Iterator[Item]:
    """Yield the rows of a table of any size; the answers are those of the reader that takes it whole."""
    encoding = _encoding(path)
    csv.field_size_limit(10_000_000)
    with path.open(encoding=encoding, newline="") as file:
        head = file.read(20_000)
        if "\0" in head:
            raise InputError(f"{path.name}: CSV가 아닙니다 (이진 자료가 들어 있음).")
        file.seek(0)
        delimiter = "\t" if path.suffix.lower() == ".tsv" else delimiter_of(head)
        yield from _table(_csv_rows(file, delimiter, path.name), path.name, columns)


def _csv_rows(file: Iterable[str], delimiter: str, name: str) -> Iterator[Row]:
    reader = csv.reader(file, delimiter=delimiter)
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(start, tuple(cells))
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{name}: {start}번째 줄부터 CSV 꼴이 깨졌습니다 ({error}).") from error


def _table(rows: Iterator[Row], name: str, columns: Columns) -> Iterator[Item]:
    head = list(islice(rows, _SEARCHED))
    layouts = ((i, Layout.of(row.cells, columns)) for i, row in enumerate(head))
    start, layout = next(((i, it) for i, it in layouts if it is not None), (0, None))
    if layout is None:
        raise _no_header(name, head[0].cells if head else ())
    for row in chain(head[start + 1 :], rows):
        yield document(row.cells, layout, f"{name}#row={row.number}")


def _no_header(name: str, cells: Sequence[str]) -> InputError:
    seen = ", ".join(cell for cell in cells if cell.strip())[:200]
    return InputError(
        f"{name}: 제목이나 내용 열을 찾을 수 없습니다. 첫 줄: {seen}. "
        "--title-column, --text-column 으로 열 이름을 알려 주세요."
    )


def _encoding(path: Path) -> str:
    """Return the encoding of a file by decoding all of it once: UTF-8, UTF-16 with BOM, or cp949."""
    with path.open("rb") as file:
        start = file.read(3)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8-sig", "cp949"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise InputError(
        f"{path.name}: 글자 인코딩을 알 수 없습니다 (UTF-8도 CP949도 아님). UTF-8로 다시 저장하세요."
    )


def _parquet(path: Path, columns: Columns) -> Iterator[Item]:
    """Yield the rows of a Parquet file, a row group's slice at a time."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    try:
        with pq.ParquetFile(path) as file:
            header = tuple(file.schema_arrow.names)
            layout = Layout.of(header, columns)
            if layout is None:
                raise _no_header(path.name, header)
            number = 0
            for batch in file.iter_batches(batch_size=_ROWS):
                for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    cells = tuple("" if value is None else str(value) for value in values)
                    yield document(cells, layout, f"{path.name}#row={number}")
    except pa.ArrowException as error:
        raise InputError(f"{path.name}: Parquet 파일이 깨졌습니다 ({str(error).splitlines()[0]}).") from error
