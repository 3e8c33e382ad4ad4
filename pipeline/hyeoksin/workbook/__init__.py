"""The workbook that goes to the ministry: texts with recommendations and decisions, as XLSX, CSV, JSONL or HWPX."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from hyeoksin.errors import InputError
from hyeoksin.plan import Plan
from hyeoksin.tabular import written_whole
from hyeoksin.workbook.entries import COLUMNS, Entry, Verdict, cut
from hyeoksin.workbook.hangul import write_hangul
from hyeoksin.workbook.sheets import write_sheets

__all__ = ["WRITERS", "Entry", "Verdict", "write_workbook"]


def _csv(entries: Iterable[Entry], plan: Plan, path: Path) -> None:
    from hyeoksin.tabular import CELL_LIMIT, write_csv

    rows = (
        [cut(v, CELL_LIMIT) if isinstance(v, str) else v for v in (c.value(entry, plan) for c in COLUMNS)]
        for entry in entries
    )
    write_csv(path, [column.name for column in COLUMNS], rows)


def _jsonl(entries: Iterable[Entry], _plan: Plan, path: Path) -> None:
    with written_whole(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        for entry in entries:
            document = entry.document
            line = {
                **entry.record,
                **({"notes": notes} if (notes := entry.notes) else {}),
                "title": document.title,
                "text": document.text,
                "date": document.date,
                "region": document.region,
                "meta": dict(document.meta),
                "decision": asdict(entry.verdict) if entry.verdict else None,
                "final": {"outcome": entry.outcome, "code": entry.code, "agency": entry.lead or None},
            }
            file.write(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")


Writer = Callable[[Iterable[Entry], Plan, Path], None]
WRITERS: dict[str, Writer] = {".xlsx": write_sheets, ".csv": _csv, ".jsonl": _jsonl, ".hwpx": write_hangul}


def write_workbook(entries: Iterable[Entry], plan: Plan, path: Path) -> None:
    """Write all entries to ``path``, by its suffix; the file appears whole or not at all.

    CSV and JSONL are written as the entries come; XLSX and HWPX hold them all until the end.

    Raises:
        InputError: no writer for the suffix, or the file cannot be written.
        MissingExtraError: python-hwpx is not installed (HWPX only).
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError(f"{path}: 쓸 수 없는 형식 '{path.suffix}'. 쓰는 형식: {', '.join(WRITERS)}.")
    writer(entries, plan, path)
