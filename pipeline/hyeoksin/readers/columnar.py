"""Parquet: one document a row, by row group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers.columns import REMEDIES, Columns, Layout, not_there
from hyeoksin.readers.notes import beginning
from hyeoksin.readers.tables import row_documents
from hyeoksin.tabular import Row, cell_text

__all__ = ["read_parquet"]

_BATCH = 1_000  # rows


def read_parquet(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield one document per row of a Parquet file, read in batches.

    Raises:
        InputError: the file is broken, or has no title or text column.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            layout = Layout.of(file.schema_arrow.names, columns)
            if layout is None:
                seen = beginning(", ".join(file.schema_arrow.names), 200)
                reason = not_there(file.schema_arrow.names, columns) or (
                    f"제목이나 내용 열을 찾을 수 없습니다. 열: {seen}. {REMEDIES['both']}"
                )
                raise InputError(f"{path.name}: {reason}")
            rows = (
                tuple(cell_text(cell) for cell in cells)
                for batch in file.iter_batches(_BATCH)
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True)
            )
            numbered = (Row(n, cells) for n, cells in enumerate(rows, start=1))
            for item in row_documents(numbered, layout, f"{path.name}#row="):
                number += 1
                yield item
    except (pa.ArrowException, OSError, ValueError, UnicodeDecodeError) as error:
        where = f" {number + 1}번째 줄부터" if number else ""
        raise InputError(
            f"{path.name}:{where} Parquet 파일이 깨졌습니다 ({error}). 다시 만드세요."
        ) from error
