"""What this package wrote among the texts of a folder or ZIP: results, lists of skipped rows and batch folders are no texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import TypeVar

from hyeoksin.delimited import MAX_LINE
from hyeoksin.domain import Document
from hyeoksin.errors import RowError
from hyeoksin.readers.notes import log

__all__ = ["is_own_lines", "is_own_row", "note_passed", "runs"]

_COLUMNS = frozenset({"판정", "계획 밖 확률", "모델"})  # of our tables and Parquet, filled in every row
_KEYS = (frozenset({"plan", "candidates", "off_plan"}), frozenset({"file", "sheet", "row", "reason"}))
_SHOWN = 5
AnyPath = TypeVar("AnyPath", bound=PurePath)


def is_own_lines(path: Path) -> bool:
    """Tell whether a file holds our records, or our list of rows that were skipped, as JSONL."""
    if path.suffix.lower() != ".jsonl":
        return False
    try:
        with path.open(encoding="utf-8-sig") as file:
            row = json.loads(file.readline(MAX_LINE))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(row, dict) and any(keys <= row.keys() for keys in _KEYS)


def is_own_row(item: Document | RowError) -> bool:
    """Tell whether a document was read from a row of our tables or Parquet."""
    return isinstance(item, Document) and item.meta.keys() >= _COLUMNS


def runs(files: Iterable[AnyPath]) -> frozenset[AnyPath]:
    """Return the folders among ``files`` that a batch run filled."""
    files = list(files)
    folders = {path.parent for path in files}
    own = {path.parent for path in files if path.name == "run.json"}
    return frozenset(path for path in own if {path / "records", path / "shards"} <= folders)


def note_passed(names: Sequence[str]) -> None:
    """Note, in one line, what was passed over."""
    if names:
        rest = f" 외 {len(names) - _SHOWN:,}개" if len(names) > _SHOWN else ""
        log.info(
            "%s: 앞선 실행의 결과여서 입력으로 읽지 않습니다. 읽으려면 그 파일을 직접 주세요.",
            ", ".join(names[:_SHOWN]) + rest,
        )
