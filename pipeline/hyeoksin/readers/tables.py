"""CSV, TSV and XLSX: one document a row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers.columns import Columns, Layout, document
from hyeoksin.tabular import read_rows

__all__ = ["read_table"]

_SEARCHED = 20  # rows at the top of a sheet in which the header may stand


def read_table(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per row of every sheet that has a header with a title or text column.

    Raises:
        InputError: no sheet has such a header; the message lists the columns found.
    """
    rows = read_rows(path)
    if not rows:
        raise InputError(f"{path.name}: 빈 파일입니다.")
    found = False
    for sheet, group in groupby(rows, key=lambda row: row.sheet):
        table = list(group)
        layouts = ((i, Layout.of(row.cells, columns)) for i, row in enumerate(table[:_SEARCHED]))
        start, layout = next(((i, it) for i, it in layouts if it is not None), (0, None))
        if layout is None:
            continue
        found = True
        place = f"{path.name}#sheet={sheet}&row=" if sheet and sheet != rows[0].sheet else f"{path.name}#row="
        for row in table[start + 1 :]:
            yield document(row.cells, layout, f"{place}{row.number}")
    if not found:
        seen = ", ".join(cell for cell in rows[0].cells if cell.strip())[:200]
        raise InputError(
            f"{path.name}: 제목이나 내용 열을 찾을 수 없습니다. 첫 줄: {seen}. "
            "--title-column, --text-column 으로 열 이름을 알려 주세요."
        )
