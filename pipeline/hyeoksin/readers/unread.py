"""What of a table was not read although nothing failed, told once a table: missing columns, unreadable dates and cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from hyeoksin.domain import Document
from hyeoksin.errors import RowError
from hyeoksin.readers.columns import REMEDIES, Layout, label_field
from hyeoksin.readers.notes import beginning, log
from hyeoksin.uncalculated import is_fault

__all__ = ["is_known", "note_lone", "noted", "noted_dates"]

_MAX_EXAMPLE = 30  # characters
_DATES = "{place}: '{name}' 열의 날짜 {n}건을 읽지 못해 비워 두었습니다 (보기: '{cell}'). 2024-03-29 처럼 적어 주세요."
_FAULTS = (
    "{place}: '{name}' 열의 칸 {n}개는 엑셀 오류나 계산되지 않은 수식이라 읽지 못했습니다 (보기: {source}: {cell}). 엑셀에서 고치고 다시 "
    "계산(F9)한 뒤 저장하세요."
)
_COLUMNS = {"title": "제목", "text": "내용"}


def noted(
    items: Iterable[Document | RowError], layout: Layout, place: str, goes_on: bool = False
) -> Iterator[Document | RowError]:
    """Yield the items of a table; then note a missing title or text column, and dates and cells that could not be read."""
    words = tuple(name for field in _COLUMNS for name in layout.names(field))
    items = _counted(items, words, lambda _, cell: is_fault(cell), _FAULTS, place)
    day = next(iter(layout.names("date")), None)
    if day is not None:
        items = noted_dates(items, (day,), place)
    missing = next((field for field in _COLUMNS if not layout.places[field]), None)
    if missing is None or goes_on:
        yield from items
        return
    unknown = [name for name in layout.header if name and name != day and not is_known(name)]
    left: list[str] = []
    for item in items:
        if isinstance(item, Document):
            left += [n for n in unknown if n not in left and any(map(str.isalpha, item.meta.get(n, "")))]
        yield item
    note_lone({field: layout.names(field) for field in _COLUMNS}, left, place)


def note_lone(names: Mapping[str, Collection[str]], left: Collection[str], place: str) -> None:
    """Note that titles or texts were not found, where columns are ``left`` over; ``names`` are the columns read, by field."""
    missing = next((field for field in _COLUMNS if not names[field]), None)
    if missing and left:
        read = ", ".join(f"'{name}'" for field in _COLUMNS for name in names[field])
        log.info(
            "%s: %s 열을 찾지 못해 %s만 읽습니다. 쓰지 않은 열: %s. %s",
            place, _COLUMNS[missing], read, ", ".join(left), REMEDIES[missing],
        )  # fmt: skip


def noted_dates(
    items: Iterable[Document | RowError], columns: Iterable[str], place: str
) -> Iterator[Document | RowError]:
    """Yield the items; then note how many dates stayed in ``meta`` because they could not be read.

    ``columns`` are those of dates; they may become more while the items come.
    """
    return _counted(items, columns, lambda item, cell: item.date is None and bool(cell), _DATES, place)


def _counted(
    items: Iterable[Document | RowError],
    columns: Iterable[str],
    is_unread: Callable[[Document, str], bool],
    note: str,
    place: str,
) -> Iterator[Document | RowError]:
    """Yield the items; then note by column how many of its cells in ``meta`` were not read, with the first of them."""
    first: dict[str, Document] = {}
    unread: Counter[str] = Counter()
    for item in items:
        if isinstance(item, Document):
            found = [name for name in columns if is_unread(item, item.meta.get(name, ""))]
            unread.update(found)
            first |= {name: item for name in found if name not in first}
        yield item
    for name, n in unread.items():
        cell = beginning(" ".join(first[name].meta[name].split()), _MAX_EXAMPLE)
        log.info("%s", note.format(place=place, name=name, n=n, source=first[name].source, cell=cell))


@lru_cache(maxsize=1_000)
def is_known(name: str) -> bool:
    """Tell whether a column is known as something else than a title or text."""
    fields = {label_field(name), label_field(name.split(" ")[-1])}
    return not fields.isdisjoint(("id", "date", "region", "meta"))
