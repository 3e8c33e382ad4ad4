"""Readers: a file, folder or ZIP in, documents out; a row or file that cannot be used comes out as a :class:`RowError`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from hyeoksin.causes import cause
from hyeoksin.decoding import readable
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.normalise import is_blank
from hyeoksin.readers.archives import Budget, folder_items, gzip_items, placed, zip_items
from hyeoksin.readers.columnar import read_parquet
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.hangul import read_hangul
from hyeoksin.readers.kinds import kind_of
from hyeoksin.readers.limits import MAX_TEXT
from hyeoksin.readers.lines import read_json, read_jsonl, read_text
from hyeoksin.readers.mail import mail_items
from hyeoksin.readers.notes import log
from hyeoksin.readers.pdf import read_pdf
from hyeoksin.readers.spreadsheets import read_delimited, read_workbook
from hyeoksin.readers.web import read_html
from hyeoksin.readers.word import read_docx

__all__ = ["READERS", "Columns", "Item", "checked", "read", "read_told"]

Item = Document | RowError
Reader = Callable[[Path, Columns], Iterator[Item]]


def _read_mail(path: Path, columns: Columns) -> Iterator[Item]:
    """Yield the documents of a mail; its attachments are read in the process that reads it."""

    def inner(file: Path, level: int) -> Iterator[Item]:
        return _read(file, columns, level, None, frozenset(READERS))

    return mail_items(path, columns, inner, 0)


READERS: dict[str, Reader] = {
    ".csv": read_delimited,
    ".docx": read_docx,
    ".eml": _read_mail,
    ".html": read_html,
    ".hwp": read_hangul,
    ".hwpx": read_hangul,
    ".json": read_json,
    ".jsonl": read_jsonl,
    ".ods": read_workbook,
    ".parquet": read_parquet,
    ".pdf": read_pdf,
    ".tsv": read_delimited,
    ".txt": read_text,
    ".xls": read_workbook,
    ".xlsb": read_workbook,
    ".xlsx": read_workbook,
}
_ALIASES = {
    ".htm": ".html", ".md": ".txt", ".mht": ".eml", ".mhtml": ".eml", ".ndjson": ".jsonl", ".tab": ".tsv", ".xlsm": ".xlsx",
}  # fmt: skip
_OWN = frozenset(
    {".csv", ".jsonl", ".tsv", ".txt"}
)  # parsed by ourselves, without native code: no process of its own


def read(
    path: Path,
    columns: Columns = Columns(),  # noqa: B008 - frozen
    isolated: bool = False,
    left: Collection[Path] = frozenset(),
) -> Iterator[Item]:
    """Yield the documents of a file, by its content and suffix, or of all files in a folder, ZIP or gzip file.

    ``isolated``: our own parsers (CSV, JSONL, text) run in the process for foreign formats too, under its limits.
    ``left``: files of a folder (resolved) that are not read.

    Raises:
        InputError: there is no such file, no reader for it, or the whole file cannot be read.
        MissingExtraError: the library for its format is not installed; the message names the install command.
    """
    yield from _read(path, columns, 0, None, frozenset() if isolated else _OWN, left)


def read_told(
    path: Path,
    columns: Columns,
    place: PurePosixPath = PurePosixPath(),  # noqa: B008 - frozen
    isolated: bool = False,
    left: Collection[Path] = frozenset(),
    passed: list[str] | None = None,
) -> Iterator[Item]:
    """Yield what :func:`read` yields, its sources below ``place``; what cannot be read at all is one row error.

    Our own results in a folder or ZIP are passed over with a note; ``passed``: so is ``path`` itself, which is named there.
    """
    here = frozenset[str]() if isolated else _OWN

    def inner(file: Path, _: int) -> Iterator[Item]:
        return _read(file, columns, 0, None, here, left, results=False)

    yield from placed(inner, path, 0, place, passed)


def _read(
    path: Path,
    columns: Columns,
    depth: int,
    budget: Budget | None,
    here: frozenset[str],
    left: Collection[Path] = frozenset(),
    results: bool = True,
) -> Iterator[Item]:
    def inner(file: Path, level: int) -> Iterator[Item]:
        return _read(file, columns, level, budget, here, results=results)

    try:
        if path.is_dir():
            yield from folder_items(path, inner, depth, left, results)
            return
        if not path.is_file():
            raise InputError(f"{path}: 파일이 없습니다. 경로를 확인하세요.")
        kind = kind_of(path)
        suffix = _ALIASES.get(path.suffix.lower(), path.suffix.lower())
        if kind != suffix:
            told = f"이름은 {path.suffix} 이지만" if suffix else "확장자가 없지만"
            log.info("%s: %s 내용은 %s 입니다.", path.name, told, kind)
        if kind == ".zip":
            budget = budget or Budget()
            items = zip_items(path, inner, depth, budget, results)
        elif kind == ".gz":
            budget = budget or Budget()
            items = gzip_items(path, inner, depth, budget)
        elif kind == ".eml" and kind in here:
            items = mail_items(path, columns, inner, depth)
        elif kind in here:
            items = READERS[kind](path, columns)
        else:
            from hyeoksin.readers.isolation import read_isolated

            items = read_isolated(kind, path, columns)
        for item in items:
            yield checked(_readable(item))
    except OSError as error:
        raise InputError(f"{path}: 열 수 없습니다 ({cause(error)}).") from error


def _readable(item: Item) -> Item:
    """Return the item as a sink can write it: a file's name is not UTF-8 everywhere."""
    source = readable(item.source)
    if source == item.source:
        return item
    if isinstance(item, RowError):
        return RowError(source, item.reason)
    return replace(item, source=source, id=readable(item.id))


def checked(item: Item) -> Item:
    """Return the item, or an error in place of a document that is too long or without a sign that can be seen."""
    if isinstance(item, RowError):
        return item
    if len(item.text) + len(item.title) > MAX_TEXT:
        return RowError(item.source, f"글이 {MAX_TEXT:,}자를 넘습니다. 나누어 넣으세요.")
    if is_blank(item.title) and is_blank(item.text):
        return RowError(
            item.source,
            "제목과 내용에 보이는 글자가 없습니다(폭이 없는 빈칸뿐). 내용을 채우거나 줄을 지우세요.",
        )
    return item
