"""Days as offices write them: in a text, in a cell, and in a column whose cells show together which part is what."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["cell_date", "iso_date", "ordered"]

T = TypeVar("T")
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d{2})(?:(\d{2})(\d{2})|\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})(?!\d))", re.ASCII
)
_SHORT_DATE = re.compile(r"\W*(\d{2})\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})(?!\d)", re.ASCII)
# 05/03/24: an apostrophe before it would show which is the year
_EITHER_DATE = re.compile(r"[^\w'‘’]*(?:0\d|1[0-2])\s*/\s*\d{1,2}\s*/\s*\d{2}(?!\d)", re.ASCII)
_MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec"
_ENGLISH = re.compile(
    rf"(?:[a-z]{{3}}, )?(\d{{1,2}}) ({'|'.join(re.findall('...', _MONTHS))}) (\d{{4}})\b", re.ASCII | re.I
)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_SERIALS = range(36_526, 55_154)  # the days of 2000 to 2050 as Excel counts them
_SERIAL_START = datetime.date(1899, 12, 30)
_SLASHED = re.compile(r"[^\w'‘’]*(\d{1,2})\s*/\s*(\d{1,2})\s*/\s*(\d{4}|\d{2})(?!\d)", re.ASCII)
_HELD = 1_000  # rows that wait for one that shows the order


def iso_date(cell: str) -> str | None:
    """Return the ISO date that a cell such as ``2024. 3. 29.(금)`` holds; None where the day is missing or no such day."""
    match = _DATE.search(cell)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None


def cell_date(cell: str) -> str | None:
    """Return the ISO date of a cell of a date column, where ``19.3.5.`` and Excel's day numbers are dates too.

    Years of two digits are 2000 to 2069 and 1970 to 1999; numbers count as days from 36526 (2000) to 55153 (2050).
    ``05/03/24`` may as well be a day of 2024 that an American Excel wrote, and is no date.

    >>> [cell_date(cell) for cell in ("2019-03-05", "19.3.5.", "43529", "05/03/24", "작년 봄")]
    ['2019-03-05', '2019-03-05', '2019-03-05', None, None]
    """
    cell = cell.strip()
    if _SERIAL.fullmatch(cell):
        day = int(float(cell))
        return (_SERIAL_START + datetime.timedelta(day)).isoformat() if day in _SERIALS else None
    if match := _ENGLISH.match(cell):  # as feeds and mails write it
        return _day(match[3], str(_MONTHS.index(match[2].lower()) // 3 + 1), match[1])
    match = None if _EITHER_DATE.match(cell) else _SHORT_DATE.match(cell)
    return iso_date(cell) if match is None else _day(*match.groups())


def _day(year: str, month: str, day: str) -> str | None:
    """Return the ISO date of a year of two or four digits, a month and a day; None where there is no such day."""
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 70 else 1900)
    return iso_date(f"{full}-{int(month):02}-{int(day):02}")


def ordered(rows: Iterable[T], day: Callable[[T], str], put: Callable[[T, str], T]) -> Iterator[T]:
    """Yield the rows of a table; dates with slashes, as ``day`` finds them, are ``put`` back as ISO where their order is known.

    ``05/03/24`` alone may be a day of 2005 or 2024; ``12/25/24`` or ``24/03/05`` in the same column tells. Rows wait
    for such a cell, as long as they are few; once cells contradict each other, those that follow stay as they are.
    """
    orders: set[str] | None = None  # those that all cells so far allow; None before the first
    held: list[T] = []

    def read(row: T) -> T:
        date = _days(day(row)).get(next(iter(orders))) if orders and len(orders) == 1 else None
        return row if date is None else put(row, date)

    for row in rows:
        days = set(_days(day(row)))
        orders = orders if not days else days if orders is None else orders & days
        held.append(row)
        if orders is None or len(orders) < 2 or len(held) == _HELD:
            yield from map(read, held)
            orders = set() if len(held) == _HELD else orders
            held = []
    yield from held


def _days(cell: str) -> dict[str, str]:
    """Return the days that a cell with slashes may mean, as ISO dates by the order of its parts."""
    match = _SLASHED.match(cell)
    if match is None:
        return {}
    first, second, last = match.groups()
    told = {"ymd": (first, second, last)} if len(first) == len(last) == 2 else {}
    if len(last) == 4 or int(first) <= 12:
        told |= {"mdy": (last, first, second), "dmy": (last, second, first)}
    found = {order: _day(*parts) for order, parts in told.items()}
    return {order: date for order, date in found.items() if date is not None}
