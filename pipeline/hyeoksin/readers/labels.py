"""The labels of a form and the values beside or below them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hyeoksin.readers.columns import Columns, label_field

if TYPE_CHECKING:
    from hyeoksin.readers.tables import Table

__all__ = ["MIN_CONTENT", "first_column", "pairs_of"]

MIN_CONTENT = 40  # characters from which the value of an unknown label counts as content
_MAX_OWN_LABEL = 20  # characters of a label that only its place shows
_PLACES = tuple("시군구읍면동리도")  # how the places below a region end (전남, 신안군)
_DIGIT = re.compile(r"\d")


def pairs_of(table: Table, columns: Columns) -> Iterator[tuple[str, str]]:
    """Yield the labels of a form with their values, joined over rows and cells; a body without a label has an empty one."""
    label, values = "", list[str]()
    first = first_column(table)
    beside = {
        i for row in table.rows for i, c in enumerate(row.cells) if i > first and label_field(c, columns)
    }
    for row in table.rows:
        places = [i for i, cell in enumerate(row.cells) if cell.strip()]
        cells = [row.cells[i].strip() for i in places]
        fields = [label_field(cell, columns) for cell in cells]
        if fields == [None] and places == [first] and _is_body(cells[0], label, values, columns):
            yield label, "\n".join(values)
            label, values = "", []
        paired = fields[:1] not in ([None], ["text"]) and fields[1:2] == [None]
        for number, (place, cell) in enumerate(zip(places, cells, strict=True)):
            own = number == 0 and len(cells) > 1 and len(cell) <= _MAX_OWN_LABEL
            if (
                number
                and paired
                and number % 2 == 0
                and (place in beside or (len(cells) % 2 == 0 and fields[0] != "meta"))
            ):
                own = _may_be_label(cell) and not (fields[0] == "region" and cell.endswith(_PLACES))
            if own or fields[number] is not None:
                yield label, "\n".join(values)
                label, values = cell, []
            else:
                values.append(cell)
    yield label, "\n".join(values)


def _may_be_label(cell: str) -> bool:
    return len(cell) <= _MAX_OWN_LABEL and any(map(str.isalpha, cell)) and not _DIGIT.search(cell)


def first_column(table: Table) -> int:
    """Return the column in which a table begins."""
    return min((i for row in table.rows for i, cell in enumerate(row.cells) if cell.strip()), default=0)


def _is_body(cell: str, label: str, values: Sequence[str], columns: Columns) -> bool:
    """Tell whether a cell that is alone in its row, where labels stand, is no value of the label above it."""
    field = label_field(label, columns)
    if field in ("id", "date", "region"):
        return bool(values) or len(cell) >= MIN_CONTENT
    return bool(values) and field != "text" and len(cell) >= MIN_CONTENT
