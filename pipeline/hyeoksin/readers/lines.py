"""JSON (one document an object, or a line) and plain text (one document a file)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from hyeoksin.decoding import BAD_BYTE, broken_bytes, detect, readable
from hyeoksin.delimited import MAX_LINE
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers.columns import Columns, guessed, region_of
from hyeoksin.readers.dates import cell_date, ordered
from hyeoksin.readers.forms import Content, documents
from hyeoksin.readers.limits import MAX_TEXT
from hyeoksin.readers.markup import shown
from hyeoksin.readers.notes import beginning, log, note_encoding
from hyeoksin.readers.unread import is_known, note_lone, noted_dates

__all__ = [
    "documents_from_json",
    "documents_from_lines",
    "json_lines",
    "read_json",
    "read_jsonl",
    "read_text",
]

_KNOWN = ("id", "title", "text", "date", "source", "region")
_BLANK = re.compile(r"[ \t\r\n]*")


def read_jsonl(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per line: objects whose fields are ``id``, ``title``, ``text`` …, or are named as a table's columns are."""
    encoding = detect(path)
    note_encoding(path, encoding)
    yield from _documents(json_lines(path, encoding), path.name, columns)


def json_lines(path: Path, encoding: str | None = None) -> Iterator[tuple[str, Any]]:
    """Yield the source and the value of every JSON line of a file that is not empty, an error in place of one that is none."""
    with path.open(encoding=encoding or detect(path), errors="surrogateescape", newline="\n") as file:
        yield from _parsed(iter(lambda: file.readline(MAX_LINE), ""), readable(path.name))


def documents_from_lines(lines: Iterable[str], name: str, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per non-empty JSON line; then note a missing title or text, and the dates that could not be read."""
    return _documents(_parsed(lines, name), name, columns)


def read_json(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per object of a JSON file, as :func:`documents_from_json` does.

    Raises:
        InputError: it is no JSON.
    """
    encoding = detect(path)
    note_encoding(path, encoding)
    yield from documents_from_json(path.read_bytes().decode(encoding, "surrogateescape"), path.name, columns)


def documents_from_json(text: str, name: str, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per object of an array, wherever it stands in the JSON, or of objects one after the other.

    Other systems wrap an array in objects that tell of it (``{"response": {"items": [...]}}``); rows count its elements.

    Raises:
        InputError: it is no JSON.
    """
    rows: list[Any] = []
    at = _end_of_blanks(text, 0)
    try:
        while at < len(text):
            value, end = json.JSONDecoder().raw_decode(text, at)
            value = _turned(value, columns)
            found = _rows(value, columns, about="description") or _rows(value, columns)
            rows += found or (value if isinstance(value, list) else [value])
            at = _end_of_blanks(text, end)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name}: JSON이 {error.lineno}번째 줄 {error.colno}번째 글자에서 깨졌습니다. 받다가 끊긴 파일이면 다시 받고, "
            "아니면 원래 프로그램에서 다시 저장하세요."
        ) from error
    except RecursionError as error:
        raise InputError(f"{name}: JSON이 너무 여러 겹입니다. 글의 배열만 남겨 다시 저장하세요.") from error
    placed = ((f"{name}#row={number}", row) for number, row in enumerate(rows, start=1))
    if BAD_BYTE.search(text):
        placed = ((source, _unbroken(row, source)) for source, row in placed)
    yield from _documents(placed, name, columns)


def _turned(value: Any, columns: Columns) -> Any:
    """Return rows where the value is a table by columns as pandas writes it: ``{"제목": {"0": ...}}``, ``{"columns": ..., "data": ...}``."""
    if not isinstance(value, dict):
        return value
    rows: list[dict[str, Any]] = []
    names, data = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(data, list) and all(_is_row(row, names) for row in data):
        rows = [dict(zip(map(str, names), row, strict=True)) for row in data]
    elif value and all(isinstance(column, dict) for column in value.values()):
        first = next(iter(value.values()))
        if all(column.keys() == first.keys() for column in value.values()):
            rows = [{name: column[key] for name, column in value.items()} for key in first]
    return rows if any(_tells(row, columns, "title", "text") for row in rows) else value


def _is_row(row: Any, names: Sequence[Any]) -> bool:
    return isinstance(row, list) and len(row) == len(names)


def _end_of_blanks(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _rows(value: Any, columns: Columns, about: str = "") -> list[Any]:
    """Return what stands for texts in a value: an object with a text, all of an array that holds one with a title or text.

    ``about``: a name under which feeds and catalogues say what they are, which is no text of an object that stands alone.
    """
    if isinstance(value, list):
        if any(isinstance(row, dict) and _tells(row, columns, "title", "text") for row in value):
            return value
        held = value
    else:
        held = list(value.values()) if isinstance(value, dict) else []
        if held and _tells({name: one for name, one in value.items() if name != about}, columns, "text"):
            return [value]
    return [row for inner in held for row in _rows(inner, columns, about)]


def _tells(row: Mapping[str, Any], columns: Columns, *fields: str) -> bool:
    names = [name for field in fields for name in _names_of(field, row, columns)]
    return any(isinstance(row.get(name), str) and _filled(row[name]) for name in names)


def _unbroken(row: Any, source: str) -> Any:
    """Return the row, or an error in place of one with bytes that do not decode."""
    line = json.dumps(row, ensure_ascii=False)
    return RowError(source, broken_bytes([line])) if BAD_BYTE.search(line) else row


@dataclass(frozen=True, slots=True)
class _Seen:
    """The names under which fields were found so far, and those of texts that nothing was made of (as ordered sets)."""

    names: Mapping[str, dict[str, None]] = field(default_factory=lambda: {name: {} for name in _KNOWN})
    left: dict[str, None] = field(default_factory=dict)
    odd: dict[str, str] = field(
        default_factory=dict
    )  # names of texts with values that are none, where they stand first


def _documents(rows: Iterable[tuple[str, Any]], name: str, columns: Columns) -> Iterator[Document | RowError]:
    """Yield the document of every (source, row); a row that is an error already stays so."""
    seen = _Seen()

    def day(placed: tuple[str, Any]) -> str:
        row = placed[1]
        return str(row.get(_names_of("date", row, columns)[0])) if isinstance(row, dict) else ""

    def put(placed: tuple[str, Any], date: str) -> tuple[str, Any]:
        source, row = placed
        return source, {**row, _names_of("date", row, columns)[0]: date}

    items = (
        row if isinstance(row, RowError) else _document(row, source, columns, seen)
        for source, row in ordered(rows, day, put)
    )
    yield from noted_dates(items, seen.names["date"], name)
    note_lone(seen.names, seen.left, name)
    for key, source in seen.odd.items():
        log.info(
            "%s: '%s' 값은 글자(문자열)가 아니라서 제목만 읽었습니다 (보기: %s). 글자로 바꿔 넣으세요.",
            name,
            key,
            source,
        )


def _parsed(lines: Iterable[str], name: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        source = f"{name}#row={number}"
        if BAD_BYTE.search(line):
            yield source, RowError(source, broken_bytes([line]))
            continue
        try:
            yield source, json.loads(line)
        except (ValueError, RecursionError):
            yield source, RowError(source, 'JSON이 아닙니다. 한 줄에 {"id": …, "text": …} 하나를 적으세요.')


def _document(row: Any, source: str, columns: Columns, seen: _Seen) -> Document | RowError:
    if not isinstance(row, dict):
        return RowError(source, "JSON 객체({…})가 아닙니다.")
    names = {known: _names_of(known, row, columns) for known in _KNOWN}
    row = {**row, **{name: "\n".join(row[name]) for name in names["text"] if _is_lines(row.get(name))}}
    wrong = [n for f in ("title", "text") for n in names[f] if not isinstance(row.get(n), (str, type(None)))]
    if wrong:
        return RowError(source, f"'{wrong[0]}' 은 글자(문자열)여야 합니다.")
    values: dict[str, Any] = {known: row.get(found[0]) for known, found in names.items()}
    values["region"] = region_of([_text(row.get(name) or "") for name in names["region"]])
    values["title"] = shown(_text(values["title"] or ""))
    values["text"] = shown(_text("\n".join(row.get(name) or "" for name in names["text"])))
    if not values["text"].strip() and not values["title"].strip():
        seen_names = beginning(_text(", ".join(row)), 200) or "없음"
        return RowError(source, f"'{names['text'][0]}' 가 없거나 비어 있습니다. 있는 이름: {seen_names}.")
    date = cell_date(str(values["date"])) if values["date"] else None
    used = {name for found in names.values() for name in found}
    used.update(name for name in _KNOWN if not _filled(row.get(name)))
    for known, found in names.items():
        seen.names[known].update((_text(name), None) for name in found if row.get(name))
    seen.left.update((_text(n), None) for n, v in row.items() if n not in used and _is_wording(n, v))
    if not values["text"].strip():
        seen.odd.update((_text(n), source) for n in _odd(row, columns) if _text(n) not in seen.odd)
    if values["date"] and date is None:
        used.remove(names["date"][0])
    return Document(
        id=_text(values["id"]) if values["id"] is not None else source,
        title=values["title"],
        text=values["text"],
        source=_text(values["source"] or source),
        date=date,
        region=values["region"],
        meta={_text(k): _as_json(v) for k, v in row.items() if k not in used and _filled(v)},
    )


def _names_of(known: str, row: Mapping[str, Any], columns: Columns) -> tuple[str, ...]:
    """Return the names of a field: as told, else our own where it is filled, else guessed as a table's (nested values never, but lines)."""
    told = getattr(columns, known, None)
    if told or _filled(row.get(known)):
        return (told or known,)
    kinds = (str,) if known in ("title", "text") else (str, int, float)
    guesses = _guesses(tuple(row), columns).get(known, ())
    found = tuple(
        name
        for name in guesses
        if (isinstance(row[name], kinds) and _filled(row[name])) or (known == "text" and _is_lines(row[name]))
    )
    return (found if known in ("text", "region") else found[:1]) or (known,)


def _is_lines(value: Any) -> bool:
    """Tell whether a value is a text line by line."""
    return isinstance(value, list) and any(map(_filled, value)) and all(isinstance(v, str) for v in value)


def _odd(row: Mapping[str, Any], columns: Columns) -> list[str]:
    """Return the names of texts whose values are none."""
    names = _guesses(tuple(row), columns).get("text", ())
    return [name for name in names if _filled(row[name]) and not isinstance(row[name], str)]


@lru_cache(maxsize=100)
def _guesses(keys: tuple[str, ...], columns: Columns) -> dict[str, tuple[str, ...]]:
    """Return the names of a JSON object that look like those of fields, and were told for no other field."""
    free = tuple(key for key in keys if key not in astuple(columns))
    return {known: tuple(free[i] for i in places) for known, places in guessed(free).items()}


def _filled(value: Any) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def _is_wording(name: str, value: Any) -> bool:
    """Tell whether a value that nothing was made of may be a title or a text."""
    return isinstance(value, str) and any(map(str.isalpha, value)) and not is_known(name)


def _as_json(value: Any) -> str:
    """Return a value beside the fields as text: what is no string as JSON writes it."""
    return _text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


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
