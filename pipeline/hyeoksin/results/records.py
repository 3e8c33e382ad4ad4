"""Results as records: JSON lines and Parquet, as ``classify`` and ``batch`` write them, and bare decisions in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hyeoksin.codes import NONE, key, said
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.gate import MARK
from hyeoksin.plan import BUILTIN_PLANS, Plan
from hyeoksin.readers.dates import cell_date
from hyeoksin.readers.lines import json_lines
from hyeoksin.readers.notes import log
from hyeoksin.results.result import NO_CODE, Result, checked, code_of
from hyeoksin.tabular import plain_cell

__all__ = ["UnaskedError", "first_line", "from_lines", "from_parquet", "from_record", "plan_of"]

_DECISIVE = ("accept", "pick", "none")


class UnaskedError(RowError):
    """The first gate settled the row, so that nobody asked the model of the other plans."""


def plan_of(path: Path) -> str:
    """Return the plan that the first record of a file was made for, "" where there is none: faults are told where it is read."""
    first = {".jsonl": first_line, ".parquet": _first_of_parquet}.get(path.suffix.lower())
    try:
        row = json.loads(first(path)) if first is not None else {}
        told = "candidates" in row or ("code" in row and row["plan"] in BUILTIN_PLANS)
        return str(row["plan"]) if told else ""
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, ModuleNotFoundError):
        return ""


def first_line(path: Path) -> str:
    """Return the first line that is not blank, "" where there is none."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return next((line for line in file if line.strip()), "")


def _first_of_parquet(path: Path) -> str:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        batch: Any = next(file.iter_batches(1, columns=["record"]), {})
        return str(batch["record"][0])


def from_lines(path: Path, plan: Plan) -> Iterator[Result | RowError]:
    """Yield the results of a JSONL file, a line that cannot be read as a :class:`RowError`."""
    for place, row in json_lines(path):
        if isinstance(row, RowError):
            yield row
        elif not isinstance(row, dict):
            yield RowError(place, "JSON 객체({…})가 아닙니다.")
        else:
            try:
                yield from_record(row, plan, place)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                yield RowError(place, f"분류 결과의 줄이 아닙니다 ({error}).")


def from_record(row: Mapping[str, Any], plan: Plan, place: str) -> Result | RowError:
    """Read a record; a person's decision in it comes before the model's.

    That is ``decision`` and ``final``, a column of codes as tables have them (확정코드), or a bare ``code``.
    """
    document = _document(row, place)
    group, answer = row.get("duplicate_group"), _answer(row, plan)
    suggested = _end(answer) if answer else row.get("predicted")  # the store's export
    cell, decided = said(_code_cells(row)) or ("", False)
    if cell and decided:
        told = Result(document, code_of(cell, plan), True, duplicate_group=group, suggested=suggested)
        return checked(told, plan, place, cell)
    decision = row.get("decision")
    final = row.get("final") if decision and decision.get("action") in _DECISIVE else None
    if "candidates" not in row or final is not None:
        code = (final or row).get("code")
        if "candidates" not in row and "code" not in row:
            return RowError(place, "결과(candidates)도 결정(code)도 없습니다.")
        if row.get("plan") not in (None, plan.id):
            return RowError(place, f"계획 {row.get('plan')} 의 결정입니다 (찾는 계획: {plan.id}).")
        decided = row["from"]["decided"] and not row["person"] if "how" in row else True  # translated before
        if "how" in row and code is None:
            return RowError(place, "계획을 옮길 때 정하지 못한 줄입니다. 글을 --texts 로 주고 다시 옮기세요.")
        action = decision.get("action") if decision else row.get("action")  # accept: outside, as recommended
        cell = _cell(code)
        if not cell and action not in _DECISIVE:
            return RowError(place, NO_CODE)
        _note_edition(row, plan, place)
        told = Result(document, code_of(cell, plan), decided, duplicate_group=group, suggested=suggested)
        return checked(told, plan, place, cell)
    return _recommended(row, answer, document, plan, place)


def _document(row: Mapping[str, Any], place: str) -> Document:
    return Document(
        id=str(row.get("id") or place),
        title=str(row.get("title") or ""),
        text=str(row.get("text") or ""),
        source=str(row.get("source") or place),
        date=cell_date(str(row["date"])) if row.get("date") else None,
        region=row.get("region") or None,
        meta={str(name): str(value) for name, value in (row.get("meta") or {}).items()},
    )


def _recommended(
    row: Mapping[str, Any], answer: Mapping[str, Any] | None, document: Document, plan: Plan, place: str
) -> Result | RowError:
    """Return what the model answers for the plan in a record that nobody decided."""
    gated = any(str(note).startswith(MARK) for note in row.get("notes") or ())
    if answer is None:
        kind = UnaskedError if gated else RowError
        return kind(place, f"이 줄에는 계획 {plan.id} 의 결과가 없습니다 (계획 {row['plan']}).")
    _note_edition(answer, plan, place)
    end = answer["path"][-1] if answer["path"] else {}
    shares = {c["code"]: float(c["probability"]) for c in answer["candidates"]}
    shares[NONE] = float(answer["off_plan"])
    return checked(
        Result(
            document,
            _end(answer),
            status=answer["status"],
            probability=float(end["probability"]) if end else shares[NONE],
            shares=shares,
            notes=tuple(map(str, row.get("notes") or ())),
            duplicate_group=row.get("duplicate_group"),
            regions=tuple(map(str, row.get("regions") or ())),
            model=str(row.get("model") or ""),
        ),
        plan,
        place,
    )


def _answer(row: Mapping[str, Any], plan: Plan) -> Mapping[str, Any] | None:
    """Return the part of a record that answers for a plan."""
    if "candidates" not in row:
        return None
    found: Mapping[str, Any] | None = row if row["plan"] == plan.id else row.get("others", {}).get(plan.id)
    return found


def _end(answer: Mapping[str, Any]) -> str:
    return str(answer["path"][-1]["code"]) if answer["path"] else NONE


def _code_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells that may be a table's column of codes: a record's own names, all in ASCII, are read as such."""
    named = ((name, value) for name, value in row.items() if not name.isascii())
    return {key(name): plain_cell(value) for name, value in named if isinstance(value, str)}


def _note_edition(answer: Mapping[str, Any], plan: Plan, place: str) -> None:
    """Note, in the same words for a whole file, that an answer is of another edition of the plan."""
    sha = answer.get("plan_sha")
    if sha and answer.get("plan") == plan.id and not plan.sha256.startswith(str(sha)):
        log.info(
            "%s: 계획 %s 의 다른 판(%s)의 결과나 결정이 있습니다 (지금 계획: %s). 코드의 뜻이 그대로인지 확인하세요.",
            place.partition("#")[0], plan.id, sha, plan.sha256[:8],
        )  # fmt: skip


def _cell(value: object) -> str:
    return plain_cell("" if value is None else str(value)).strip()


def from_parquet(path: Path, plan: Plan) -> Iterator[Result | RowError]:
    """Yield the results of a Parquet file of ours.

    Raises:
        InputError: the file is not ours, or damaged.
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
            if "record" not in file.schema_arrow.names:
                raise InputError(f"{path.name}: 'record' 열이 없습니다. hyeoksin이 적은 Parquet이 아닙니다.")
            for batch in file.iter_batches(1_000):
                for row in batch.to_pylist():
                    number += 1
                    told = {"title": row.get("제목"), "text": row.get("내용")}
                    yield from_record(json.loads(row["record"]) | told, plan, f"{path.name}#row={number}")
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path.name}: {number}번째 줄 뒤에서 깨졌습니다 ({error}). 다시 만드세요."
        ) from error
