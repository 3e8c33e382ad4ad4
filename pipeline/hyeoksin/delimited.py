"""Rows of CSV and TSV files, streamed; a row that is broken says so and the others go on."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hyeoksin.decoding import BAD_BYTE, broken_bytes, detect
from hyeoksin.errors import RowError

__all__ = ["MAX_LINE", "Row", "delimited_rows", "delimiter_of", "overflow", "records"]

MAX_RECORD_LINES = 1_000  # lines of a record, from which on it must have as many cells as the header
MAX_LINE = 10_000_000  # characters, of a longer record too
_UNCLOSED = '큰따옴표가 닫히지 않았거나 짝이 맞지 않습니다. 이 줄의 " 를 짝이 맞게 고치거나 엑셀에서 CSV로 다시 저장하세요.'


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its 1-based number as the office program shows it, its cells as text, and its sheet ("" for CSV)."""

    number: int
    cells: tuple[str, ...]
    sheet: str = ""


def delimited_rows(path: Path, encoding: str | None = None) -> Iterator[Row | RowError]:
    """Yield the rows of a CSV or TSV file, empty ones left out; memory does not grow with the file.

    Raises:
        InputError: the encoding is unknown, or the file is binary.
    """
    encoding = encoding or detect(path)
    delimiter = delimiter_of(path, encoding)
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        for number, line, found in records(iter(lambda: file.readline(MAX_LINE), ""), delimiter):
            source = f"{path.name}#row={number}"
            if isinstance(found, str):
                yield RowError(source, found + _in_an_editor(number, line))
            elif any(BAD_BYTE.search(cell) for cell in found):
                yield RowError(source, broken_bytes(found) + _in_an_editor(number, line))
            elif any(cell.strip() for cell in found):
                yield Row(number, tuple(found))


def _in_an_editor(number: int, line: int) -> str:
    """Say where a row begins in a text editor, where that is another number than in the office program."""
    return "" if number == line else f" (메모장에서는 {line:,}번째 줄)"


def overflow(cells: Sequence[str], n_headings: int) -> str | None:
    """Return why a row with more filled cells than there are headings cannot be used; None where it has not."""
    n_cells = max((n for n, cell in enumerate(cells, start=1) if cell.strip()), default=0)
    if n_cells <= n_headings:
        return None
    return (
        f"머리글은 {n_headings}칸인데 이 줄은 {n_cells}칸입니다. 쉼표(칸을 나누는 기호)가 든 칸은 큰따옴표로 묶고, "
        "이름 없는 열이면 머리글에 이름을 적으세요."
    )


def records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, int, list[str] | str]]:
    """Yield (its row, the number of its first line, cells or what is wrong) for every record.

    Rows count as in an office program: a cell over several lines makes no row of its own, an empty line is one. A quote
    that is never closed would swallow what follows: the record is given up at its first line, and reading goes on at the
    second. Lines in which no long record ended are not looked through for another.
    """
    csv.field_size_limit(MAX_LINE)
    back: deque[str] = deque()
    taken: list[str] = []
    row, number, width, lost, seen = 0, 1, 0, False, 0

    def feed() -> Iterator[str]:
        size = 0
        while line := back.popleft() if back else next(lines, ""):
            size = len(line) + (size if taken else 0)
            taken.append(line)
            is_long = len(taken) > MAX_RECORD_LINES
            if len(line) >= MAX_LINE or (is_long and (size > MAX_LINE or number + len(taken) <= seen)):
                raise csv.Error
            yield line

    reader = csv.reader(feed(), delimiter=delimiter, strict=True)
    while True:
        taken.clear()
        found: list[str] | str | None
        try:
            found = next(reader, None)
        except csv.Error:
            reader = csv.reader(feed(), delimiter=delimiter, strict=True)
            found = _lenient(taken[0], delimiter) if len(taken) == 1 else _UNCLOSED
        if found is None:
            return
        if isinstance(found, list) and len(taken) > MAX_RECORD_LINES and len(found) != width:
            found = _UNCLOSED
        width = width or len(found) * isinstance(found, list)
        if isinstance(found, list) and _swallowed(found, taken, delimiter, width):
            found = _UNCLOSED
        is_rest = lost and isinstance(found, list) and 0 < len(found) < width  # of a record that was given up
        row += not is_rest
        if isinstance(found, str):
            lost, seen = True, max(seen, number + len(taken))
            back.extendleft(reversed(taken[1:]))
            del taken[1:]
        elif lost and found and len(found) != width:  # of it too, or a row of its own with too many cells
            found = _UNCLOSED
        else:
            lost = lost and not found
        yield row, number, found
        number += len(taken)


def _lenient(line: str, delimiter: str) -> list[str] | str:
    """Read one line as spreadsheets do, which forgive a quote inside a cell."""
    if len(line) >= MAX_LINE:
        return f"한 줄이 {MAX_LINE:,}자를 넘습니다. 줄바꿈이 빠졌는지 확인하세요."
    return _UNCLOSED if line.count('"') % 2 else next(csv.reader([line], delimiter=delimiter))


def _swallowed(cells: list[str], taken: list[str], delimiter: str, width: int) -> bool:
    """Tell whether a record over several lines holds what look like rows of their own."""
    if len(taken) == 1 or len(cells) >= width:
        return False
    return any(line.count(delimiter) >= max(1, width - 1) for line in taken[1:])


def delimiter_of(path: Path, encoding: str) -> str:
    """Return the sign that stands equally often in the most lines: cells hold commas and semicolons of their own, no tabs."""
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        lines = re.sub(r'"[^"]*"', "", file.read(20_000)).splitlines()[:20]

    def agreeing(sign: str) -> int:
        counts = Counter(n for line in lines if (n := line.count(sign)))
        return max(counts.values(), default=0)

    return max("\t,;|", key=agreeing)
