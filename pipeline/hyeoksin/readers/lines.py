"""JSONL (one document a line) and plain text (one document a file)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hyeoksin.decoding import BAD_BYTE, broken_bytes, detect
from hyeoksin.delimited import MAX_LINE
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers.columns import Columns, cell_date
from hyeoksin.readers.forms import Content, documents
from hyeoksin.readers.limits import MAX_TEXT
from hyeoksin.readers.notes import note_encoding
from hyeoksin.readers.tables import noted_dates

__all__ = ["documents_from_lines", "read_jsonl", "read_text"]

_KNOWN = ("id", "title", "text", "date", "source", "region")


def read_jsonl(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per line: objects with ``id``, ``text`` and, if they like, title, date, source, region."""
    encoding = detect(path)
    note_encoding(path, encoding)
    with path.open(encoding=encoding, errors="surrogateescape", newline="\n") as file:
        yield from documents_from_lines(iter(lambda: file.readline(MAX_LINE), ""), path.name, columns)


def documents_from_lines(lines: Iterable[str], name: str, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per non-empty JSON line."""
    return noted_dates(_documents(lines, name, columns), columns.date or "date", name)


def _documents(lines: Iterable[str], name: str, columns: Columns) -> Iterator[Document | RowError]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        source = f"{name}#row={number}"
        if BAD_BYTE.search(line):
            yield RowError(source, broken_bytes([line]))
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            yield RowError(source, 'JSON이 아닙니다. 한 줄에 {"id": …, "text": …} 하나를 적으세요.')
            continue
        yield _document(row, source, columns)


def _document(row: Any, source: str, columns: Columns) -> Document | RowError:
    if not isinstance(row, dict):
        return RowError(source, "JSON 객체({…})가 아닙니다.")
    names = {field: getattr(columns, field, None) or field for field in _KNOWN}
    values = {field: row.get(name) for field, name in names.items()}
    wrong = [names[f] for f in ("title", "text") if not isinstance(values[f], (str, type(None)))]
    if wrong:
        return RowError(source, f"'{wrong[0]}' 은 글자(문자열)여야 합니다.")
    if not (values["text"] or "").strip() and not (values["title"] or "").strip():
        return RowError(source, f"'{names['text']}' 가 없거나 비어 있습니다.")
    date = cell_date(str(values["date"])) if values["date"] else None
    used = set(names.values()) - ({names["date"]} if values["date"] and date is None else set())
    return Document(
        id=_text(values["id"]) if values["id"] is not None else source,
        title=_text(values["title"] or ""),
        text=_text(values["text"] or ""),
        source=_text(values["source"] or source),
        date=date,
        region=_text(values["region"]) if values["region"] else None,
        meta={_text(k): _text(v) for k, v in row.items() if k not in used},
    )


def _text(value: Any) -> str:
    """Return ``value`` as text that every encoding of Unicode holds: half of a cut-off emoji becomes U+FFFD."""
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_text(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield the whole file as one document; a press release gives its title, date and issuing body."""
    if path.stat().st_size > 4 * MAX_TEXT:
        raise InputError(f"{path.name}: {MAX_TEXT:,}자를 넘는 글입니다. 나누어 넣으세요.")
    encoding = detect(path)
    note_encoding(path, encoding)
    text = path.read_bytes().decode(encoding, "surrogateescape")
    broken = BAD_BYTE.search(text)
    if broken:
        number = text.count("\n", 0, broken.start()) + 1
        yield RowError(f"{path.name}#row={number}", broken_bytes([text.split("\n")[number - 1]]))
        return
    if not text.strip():
        raise InputError(f"{path.name}: 빈 파일입니다.")
    yield from documents(Content((text,), text), path, columns)
