"""Cells of an XLSX whose value is missing: Excel's errors (``#REF!``), and formulas saved without a result.

calamine gives both as empty, so that they cannot be told from cells that nobody filled.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import IO

__all__ = ["UNCALCULATED", "is_fault", "missing_values"]

UNCALCULATED = "#수식!"  # stands for a formula without a result, as "#REF!" does for an error
_ERRORS = frozenset({
    "#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA", "#FIELD!",
    "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", UNCALCULATED,
})  # fmt: skip
_CHUNK = 1 << 20  # bytes
_MAX_HELD = 1 << 26  # bytes of one row
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^>]*>")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_CELL = re.compile(rb"<(?:\w+:)?c\s")
_CELL_END = re.compile(rb"</(?:\w+:)?c>")
_ROW_END = re.compile(rb".*</(?:\w+:)?row>", re.S)
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_SUSPECTS = (
    b't="e"',
    b"t='e'",
    b"<f",
    b":f",
)  # an error or a formula holds one; sought without a pattern, for speed
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]+)<")
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def is_fault(cell: str) -> bool:
    """Tell whether a cell holds one of Excel's errors, or :data:`UNCALCULATED`, in place of its value."""
    return cell[:1] == "#" and cell.strip() in _ERRORS


def missing_values(file: IO[bytes]) -> dict[str, dict[tuple[int, int], str]]:
    """Return by sheet the cells without a value, as error or :data:`UNCALCULATED`, by row from 1 and column from 0.

    Of what is no XLSX, or broken, nothing is told: whether it can be read is for calamine to say.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            return {
                sheet: cells
                for sheet, member in _members(archive).items()
                if (cells := dict(_cells(archive, member)))
            }
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
        KeyError,
    ):
        return {}


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the members that hold the sheets, by the sheets' names."""
    if "xl/workbook.xml" not in archive.namelist():
        return {}
    targets = {
        found.get("Id"): found.get("Target", "")
        for found in map(_attributes, _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")))
    }
    members = {}
    for found in map(_attributes, _SHEET.findall(archive.read("xl/workbook.xml"))):
        relation = next((value for name, value in found.items() if name.endswith(":id")), None)
        target = targets.get(relation, "")
        members[found.get("name", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    return members


def _attributes(tag: bytes) -> Mapping[str, str]:
    return {
        name.decode(): html.unescape((one or other).decode("utf-8"))
        for name, one, other in _ATTRIBUTE.findall(tag)
    }


def _cells(archive: zipfile.ZipFile, member: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield place and mark of every cell of a sheet that has no value, reading whole rows at a time."""
    with archive.open(member) as file:
        held = b""
        while chunk := file.read(_CHUNK):
            held += chunk
            whole = _ROW_END.match(held)
            if whole is not None:
                yield from _marked(whole.group())
                held = held[whole.end() :]
            elif len(held) > _MAX_HELD:
                return


def _marked(rows: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    if not _is_suspect(rows):
        return
    for part in _CELL.split(rows)[1:]:
        if not _is_suspect(part):
            continue
        tag, _, rest = part.partition(b">")
        end = _CELL_END.search(rest)
        content = rest[: end.start()] if end else rest
        found = _attributes(tag)
        value = _VALUE.search(content)
        if found.get("t") == "e":
            mark = value.group(1).decode("utf-8", "replace").strip() if value else UNCALCULATED
        elif found.get("t") != "str" and value is None and _FORMULA.search(content):
            mark = UNCALCULATED  # a result that is an empty text is declared as text
        else:
            continue
        if place := _PLACE.fullmatch(found.get("r", "")):
            yield (int(place[2]), _column(place[1])), mark if is_fault(mark) else UNCALCULATED


def _is_suspect(xml: bytes) -> bool:
    return any(sign in xml for sign in _SUSPECTS)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1
