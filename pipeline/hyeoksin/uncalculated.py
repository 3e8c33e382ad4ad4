"""Cells whose value is missing: Excel's errors (``#REF!``), and formulas saved without a result.

Of an XLSX or ODS calamine gives both as empty (or 0), so that they cannot be told from cells that nobody filled; a CSV
holds the formula. XLS and XLSB are not looked into: their errors are empty cells.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO
from xml.etree import ElementTree

__all__ = ["UNCALCULATED", "is_fault", "missing_values", "without_formula"]

UNCALCULATED = "#수식!"  # stands for a formula without a result, as "#REF!" does for an error
_ERRORS = frozenset({
    "#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA", "#FIELD!",
    "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", UNCALCULATED,
})  # fmt: skip
_BROKEN = (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError)  # fmt: skip
_CHUNK = 1 << 20  # bytes
_SUSPECT = re.compile(  # an error, or a formula that no value follows
    rb"""t=["']e["']|(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^<>]*)?/>)(?!\s*<(?:\w+:)?v>[^<])"""
)
_SUSPECT_ODS = re.compile(rb"""value-type=["']error|<(?![^<>]*value-type=)[^<>]*:formula=""")
_REPEATED = 1_000  # equal rows or cells of an ODS that are told one by one
_FORMULA = re.compile(  # what no text begins with: a call, a cell, a sheet, or the first part of a sum or a joined text
    r"""=\s*[-+(]*(?:[A-Z][A-Z\d.]*\(|\$?[A-Z]{1,3}\$?\d{1,7}\s*(?:$|[-+*/^&=<>:,)%])|'[^']+'!|\w+!\$?[A-Z]|"[^"]*"\s*&"""
    r"""|\d[\d.]*\s*[-+*/^&]\s*[\d$A-Z(])"""
)
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def is_fault(cell: str) -> bool:
    """Tell whether a cell holds one of Excel's errors, or :data:`UNCALCULATED`, in place of its value."""
    return cell[:1] == "#" and cell.strip() in _ERRORS


def without_formula(cell: str) -> str:
    """Return a cell of a CSV, or :data:`UNCALCULATED` in place of a formula: what it comes to stands nowhere.

    >>> [without_formula(cell) for cell in ('=A1&"x"', "=> 추진", "'=A1")]
    ['#수식!', '=> 추진', "'=A1"]
    """
    return UNCALCULATED if cell[:1] == "=" and _FORMULA.match(cell) else cell


def missing_values(file: IO[bytes]) -> dict[str, dict[tuple[int, int], str]]:
    """Return by sheet the cells without a value, as error or :data:`UNCALCULATED`, by row from 1 and column from 0.

    Of what is neither XLSX nor ODS, or broken, nothing is told: whether it can be read is for calamine to say.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                return _ods_values(archive)
            return {
                sheet: cells
                for sheet, member in _members(archive).items()
                if _is_suspect(archive, member, _SUSPECT) and (cells := dict(_cells(archive, member)))
            }
    except _BROKEN:
        return {}


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the members that hold the sheets, by the sheets' names."""
    targets: dict[str | None, str] = {}
    for element in _elements(archive, "xl/_rels/workbook.xml.rels"):
        targets[element.get("Id")] = element.get("Target", "")
    members = {}
    for element in _elements(archive, "xl/workbook.xml"):
        if _name(element) == "sheet":
            relation = next((value for name, value in element.items() if name.endswith("}id")), None)
            members[element.get("name", "")] = posixpath.join("/xl", targets.get(relation, ""))[1:]
    return members


def _elements(archive: zipfile.ZipFile, member: str) -> Iterator[ElementTree.Element]:
    """Yield the elements as they end; ElementTree opens nothing outside, and expat bounds what entities grow to."""
    with archive.open(member) as file:
        for _, element in ElementTree.iterparse(file):  # noqa: S314  # nosec B314 - see the docstring
            yield element


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _is_suspect(archive: zipfile.ZipFile, member: str, suspect: re.Pattern[bytes]) -> bool:
    """Tell whether a sheet may hold a cell without its value; most hold none, and need not be parsed."""
    with archive.open(member) as file:
        held = b""
        while chunk := file.read(_CHUNK):
            held += chunk
            whole = held.rfind(b"row>") + 4  # whole rows, so that no cell is cut in two
            if whole > 4:
                if suspect.search(held, 0, whole):
                    return True
                held = held[whole:]
    return suspect.search(held) is not None


def _cells(archive: zipfile.ZipFile, member: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield place and mark of every cell of a sheet that has no value."""
    for element in _elements(archive, member):
        name = _name(element)
        if name == "c" and (mark := _mark(element)) and (at := _PLACE.fullmatch(element.get("r", ""))):
            yield (int(at[2]), _column(at[1])), mark
        elif name == "row":
            element.clear()


def _mark(cell: ElementTree.Element) -> str | None:
    value = (cell.findtext("{*}v") or "").strip()
    if cell.get("t") == "e":
        return value if is_fault(value) else UNCALCULATED
    if cell.get("t") not in ("str", "inlineStr") and not value and cell.find("{*}f") is not None:
        return UNCALCULATED  # a result that is an empty text is declared as text
    return None


def _ods_values(archive: zipfile.ZipFile) -> dict[str, dict[tuple[int, int], str]]:
    found: dict[str, dict[tuple[int, int], str]] = {}
    if not _is_suspect(archive, "content.xml", _SUSPECT_ODS):
        return found
    rows: list[tuple[int, int, str]] = []  # of the table that is open: row, column, mark
    number = 1
    for element in _elements(archive, "content.xml"):
        if _name(element) == "table-row":
            n_rows, column = _times(element, "rows"), 0
            for cell in element:
                mark, n_columns = _ods_mark(cell), _times(cell, "columns")
                if mark:
                    rows += [
                        (number + down, column + right, mark)
                        for down in range(min(n_rows, _REPEATED))
                        for right in range(min(n_columns, _REPEATED))
                    ]
                column += n_columns
            number += n_rows
            element.clear()
        elif _name(element) == "table":
            if rows:
                found[_attribute(element, "name")] = {(row, column): mark for row, column, mark in rows}
            rows, number = [], 1
    return found


def _ods_mark(cell: ElementTree.Element) -> str | None:
    kinds = {value for name, value in cell.items() if name.endswith("}value-type")}
    if "error" in kinds:  # LibreOffice's own codes (Err:502) are none of Excel's
        shown = "".join(cell.itertext()).strip()
        return shown if is_fault(shown) else UNCALCULATED
    return UNCALCULATED if not kinds and _attribute(cell, "formula") else None


def _times(element: ElementTree.Element, what: str) -> int:
    return int(_attribute(element, f"number-{what}-repeated") or 1)


def _attribute(element: ElementTree.Element, name: str) -> str:
    return next((value for key, value in element.items() if key.endswith(f"}}{name}")), "")


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1
