"""JSONL (one document a line) and plain text (one document a file)."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers.columns import Columns, iso_date
from hyeoksin.tabular import decode

__all__ = ["documents_from_lines", "read_jsonl", "read_text"]

_KNOWN = ("id", "title", "text", "date", "source", "region")


def read_jsonl(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per line: objects with ``id``, ``text`` and, if they like, title, date, source, region."""
    with path.open("rb") as file:
        wide = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what PowerShell's ">" writes
        file.seek(0)
        lines = (
            iter(decode(file.read(), path)[0].split("\n")) if wide else (decode(raw, path)[0] for raw in file)
        )
        yield from documents_from_lines(lines, path.name, columns)


def documents_from_lines(lines: Iterable[str], name: str, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per non-empty JSON line."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        source = f"{name}#row={number}"
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
    return Document(
        id=_text(values["id"]) if values["id"] is not None else source,
        title=_text(values["title"] or ""),
        text=_text(values["text"] or ""),
        source=_text(values["source"] or source),
        date=iso_date(str(values["date"])) if values["date"] else None,
        region=_text(values["region"]) if values["region"] else None,
        meta={_text(k): _text(v) for k, v in row.items() if k not in names.values()},
    )


def _text(value: Any) -> str:
    """Return ``value`` as text that every encoding of Unicode holds: half of a cut-off emoji becomes U+FFFD."""
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_text(path: Path, columns: Columns) -> Iterator[Document | RowError]:  # noqa: ARG001 - a reader's signature
    """Yield the whole file as one document; its first line counts as the title where it looks like one."""
    text, _ = decode(path.read_bytes(), path)
    if "\0" in text:
        raise InputError(f"{path.name}: 글이 아니라 이진 파일입니다.")
    if not text.strip():
        raise InputError(f"{path.name}: 빈 파일입니다.")
    yield Document(id=path.stem, text=text.strip(), source=path.name)
