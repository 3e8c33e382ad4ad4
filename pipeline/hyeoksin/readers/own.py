"""What this package wrote among the texts of a folder or ZIP: results, decisions, reports, lists of skipped rows, batch folders."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import TypeVar

from hyeoksin.decoding import readable
from hyeoksin.delimited import MAX_LINE
from hyeoksin.domain import Document
from hyeoksin.errors import RowError
from hyeoksin.readers.kinds import BROKEN_ZIP
from hyeoksin.readers.notes import listed, log

__all__ = ["is_own_file", "is_own_row", "note_passed", "runs"]

_COLUMNS: tuple[set[str], ...] = (  # of our tables and Parquet, filled in the first row at the least
    {"판정", "계획 밖 확률", "모델"},  # classify
    {"추천 판정", "계획 밖 확률", "모델"},  # the desk's list of decisions
    {"유형", "결정코드", "추천코드", "모델"},  # store export
    {"옛 분류", "어떻게", "확률"},  # translate
    {"무엇", "이름", "p"},  # drift
)
# of the desk's list as a document, the first two always filled
_PAPER = {"최종 분류", "결정", "소제목", "주관기관", "결정자", "비고"}
_GROUPS = {"묶음", "출처"}  # all that the table of duplicates has besides number, title and text
_GROUP = re.compile(r"[0-9a-f]{16}")
_SAID = "결과는 추천이며 결정이 아닙니다."
_KEYS: tuple[set[str], ...] = (  # of our lines
    {"plan", "candidates", "off_plan"},  # classify
    {"file", "sheet", "row", "reason"},  # skipped rows
    {"plan", "from", "how", "by_text"},  # translate
    {"action", "by", "at", "predicted"},  # store export
    {"action", "by", "seq", "hash"},  # its ledger
    {"hyeoksin_store", "revision"},  # store backup
)
_REPORTS = {  # what those of audit, drift and simulate, and the desk's workbook begin with
    ".html": r"<title>(?:계획 반영 현황 감사 보고서: |두 기간의 변화</title>|지난해 되풀이: 계획 )",
    ".json": r'\A\{\s*"(?:manifest": \{|alarm": (?:true|false),\s*"n_old|plan": "[^"]*",\s*"model": "[^"]*",\s*"n")',
    ".xlsx": rf">(?:계획 반영 현황 감사|{_SAID})<",
}
_HEAD = 8_192  # bytes
_NEAR = 300  # characters
_OURS = "앞선 실행의 결과여서 입력으로 읽지 않습니다. 읽으려면 그 파일을 직접 주세요."
AnyPath = TypeVar("AnyPath", bound=PurePath)


def is_own_file(path: Path) -> bool:
    """Tell whether a file holds, as JSONL, our records or our list of rows that were skipped, or is a report of ours."""
    suffix = path.suffix.lower()
    try:
        if path.name.lower().endswith((".jsonl", ".jsonl.gz")):
            with (
                gzip.open(path, "rt", encoding="utf-8-sig")
                if suffix == ".gz"
                else path.open(encoding="utf-8-sig") as lines
            ):
                row = json.loads(lines.readline(MAX_LINE))
            return isinstance(row, dict) and any(keys <= row.keys() for keys in _KEYS)
        return suffix in _REPORTS and re.search(_REPORTS[suffix], _head(path)) is not None
    except (OSError, ValueError, LookupError, RecursionError, *BROKEN_ZIP):
        return False


def _head(path: Path) -> str:
    """Return the beginning of a file; of a workbook, of what it says of itself."""
    if path.suffix.lower() != ".xlsx":
        with path.open("rb") as file:
            return file.read(_HEAD).decode("utf-8", "ignore")
    with zipfile.ZipFile(path) as archive, archive.open("docProps/core.xml") as member:
        return member.read(_HEAD).decode("utf-8", "ignore")


def is_own_row(item: Document | RowError) -> bool:
    """Tell whether a document was read from a row of our tables or Parquet, or from the desk's list as a document."""
    if not isinstance(item, Document):
        return False
    columns = item.meta.keys()
    return (
        any(columns >= own for own in _COLUMNS)
        or {"최종 분류", "결정"} <= columns <= _PAPER
        or (columns == _GROUPS and _GROUP.fullmatch(item.meta["묶음"]) is not None)
        or _SAID in item.text[:_NEAR]
    )


def runs(files: Iterable[AnyPath]) -> frozenset[AnyPath]:
    """Return the folders among ``files`` that a batch run filled."""
    files = list(files)
    folders = {path.parent for path in files}
    own = {path.parent for path in files if path.name == "run.json"}
    return frozenset(path for path in own if {path / "records", path / "shards"} <= folders)


def note_passed(names: Sequence[str], why: str = _OURS) -> None:
    """Note, in one line, what was passed over and why."""
    if names:
        log.info("%s: %s", listed([*map(readable, names)]), why)
