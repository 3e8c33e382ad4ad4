"""Lists, or forms, that stand side by side in one table."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from hyeoksin.delimited import Row
from hyeoksin.readers.columns import Columns, Layout, label_field
from hyeoksin.readers.labels import first_column
from hyeoksin.readers.merged import Merge

if TYPE_CHECKING:
    from hyeoksin.readers.tables import Table

__all__ = ["beginnings", "forms_beside", "lists_beside"]

_GUIDES = re.compile(r"\s*(?:[※☞]|(?:작성|기재|입력)\s?(?:요령|방법|예시?|안내)|유의\s?사항|설명|비고)")


def beginnings(layout: Layout) -> list[int]:
    """Return the columns in which the first name of a header stands, if that is a number's or title's: once in one list."""
    names = layout.header
    first = next((i for i, name in enumerate(names) if name), 0)
    if label_field(names[first]) not in ("id", "title") or sum(map(bool, names)) < 4:
        return [first]
    return [i for i, name in enumerate(names) if name == names[first]]


def lists_beside(table: Table, start: int, layout: Layout) -> list[Table]:
    """Return the lists of a table whose header in row ``start`` begins again with its first two names.

    Nothing where it is one list: tasks as they were beside what they shall be (당초, 변경) have the same titles.
    """
    names, begins = layout.header, beginnings(layout)
    found: list[Table] = []
    for left, right in pairwise([*begins, len(names)] if len(begins) > 1 else ()):
        again = [name for name in names[left:right] if name][:2] == [n for n in names if n][:2]
        if not again:
            return []
        end = None if right == len(names) else right
        rows = (Row(row.number, row.cells[left:end], row.sheet) for row in table.rows[start:])
        merges = (m for m in table.merges if m.left >= left and (end is None or m.left < end))
        found.append(
            replace(
                table,
                rows=tuple(row for row in rows if any(map(str.strip, row.cells))),
                place="&".join(filter(None, (table.place, f"column={left + 1}" if found else ""))),
                merges=tuple(Merge(m.top, m.left - left, m.bottom, m.right - left) for m in merges),
            )
        )
    return found if len(set(map(_titles, found))) > 1 else []


def _titles(table: Table) -> tuple[str, ...]:
    header, *rows = table.rows
    place = next((i for i, name in enumerate(header.cells) if label_field(name) == "title"), 0)
    return tuple(_cell(row, place).strip() for row in rows)


def forms_beside(form: Table, columns: Columns) -> list[Table]:
    """Return the forms whose values stand beside each other, behind labels that they share (구분, 사례 1, 사례 2)."""
    first = first_column(form)
    found = [{i for i, cell in enumerate(row.cells) if i > first and cell.strip()} for row in form.rows]
    kinds = [label_field(_cell(row, first), columns) for row in form.rows]
    start = next((n for n, kind in enumerate(kinds) if kind == "title" and len(found[n]) > 1), None)
    if start is None or ("text", found[start]) not in zip(kinds, found, strict=True):
        return [form]
    values = [row.cells[i] for row, places in zip(form.rows, found, strict=True) for i in places]
    if not set[int]().union(*found) <= found[start] or set() in found[start:]:
        return [form]
    above = [_cell(form.rows[n], i) for n in range(start) for i in found[start]]
    titles = {form.rows[start].cells[i].strip() for i in found[start]}
    if any(label_field(value, columns) for value in values) or any(map(_GUIDES.match, (*above, *values))):
        return [form]  # a column beside the values that says how to fill them in is no form
    if len(titles) == 1:
        return [form]  # one task as it was and as it shall be: 현행, 개선
    left = {(m.top, i): m.left for m in form.merges if m.left > first for i in range(m.left, m.right + 1)}
    rows = [form.rows[start], *(row for n, row in enumerate(form.rows) if n != start and found[n])]
    return [
        replace(
            form,
            rows=tuple(Row(r.number, (_cell(r, first), _cell(r, left.get((r.number, i), i)))) for r in rows),
            merges=(),
        )
        for i in sorted(found[start])
    ]


def _cell(row: Row, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""
