"""Sinks: predictions out to JSONL, CSV, XLSX or Parquet; a file appears whole or not at all."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from hyeoksin.decoding import readable
from hyeoksin.domain import Document, Prediction, Score
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.region import load_regions
from hyeoksin.tabular import first_row, write_rows, written_whole

__all__ = [
    "KEPT",
    "SINKS",
    "STATUS",
    "failed_line",
    "is_failed_list",
    "is_result",
    "json_line",
    "other_cells",
    "parquet_bytes",
    "table_row",
    "write",
    "write_failed",
]

KEPT = 700  # characters of a text in tables and Parquet: what the model reads of it, so that reading it again says the same
STATUS = {"settled": "확정 추천", "review": "사람 확인", "off_plan": "계획 밖"}
HEADER = (
    "번호", "출처", "제목", "내용", "판정", "전략", "과제", "세부과제", "확률", "1순위", "1순위 확률", "2순위", "2순위 확률",
    "계획 밖 확률", "주관기관", "기관 확률", "협조·시행 기관", "기관 근거", "근거", "계획 조항", "지역", "다른 계획", "알림", "묶음", "모델", "그 밖의 열",
)  # fmt: skip


_NUMBERS = ("확률", "1순위 확률", "2순위 확률", "계획 밖 확률", "기관 확률")
_PLACE = re.compile(
    r"(?P<file>.*?)#(?:sheet=(?P<sheet>.*?)(?:&|$))?(?:page=(?P<page>\d+)(?:&|$))?(?:table=(?P<table>\d+)(?:&|$))?"
    r"(?:column=\d+(?:&|$))?(?:row=(?P<row>\d+)|form=\d+)?"
)


def json_line(prediction: Prediction) -> str:
    """Return the JSON record on one line; of a document with a region column also the ``region`` that it is filed under."""
    record, document = prediction.to_record(), prediction.document
    if document.region:
        record["region"] = load_regions().filed(document.region, document.body, prediction.regions)
    return json.dumps(record, ensure_ascii=False)


def table_row(prediction: Prediction) -> tuple[str | float, ...]:
    """Return the prediction as one row under ``HEADER``."""
    steps = [f"{step.code} {step.title}" for step in prediction.path] + ["", "", ""]
    best = prediction.path[-1] if prediction.path else prediction.scores[0]
    lead = next((flag for flag in prediction.agencies if flag.role == "lead"), None)
    rest = [
        f"{flag.name}({'시행' if flag.role == 'executing' else '협조'})"
        for flag in prediction.agencies
        if flag is not lead
    ]
    others = [
        f"{other.plan}: {other.path[-1].code} {other.path[-1].title}"
        for other in prediction.others
        if other.path
    ]
    return (
        prediction.document.id,
        prediction.document.source,
        prediction.document.title,
        prediction.document.text[:KEPT],
        STATUS[prediction.status],
        *steps[:3],
        best.probability,
        *_candidates(prediction.scores),
        prediction.off_plan,
        lead.name if lead else "",
        lead.probability if lead else 0.0,
        ", ".join(rest),
        "; ".join(lead.reasons) if lead else "",
        ", ".join(span.text for span in prediction.evidence),
        f"{prediction.clause.code} {prediction.clause.title}" if prediction.clause else "",
        ", ".join(prediction.regions),
        "; ".join(others),
        "\n".join(prediction.notes),
        prediction.duplicate_group or "",
        prediction.model,
        other_cells(prediction.document),
    )


def other_cells(document: Document) -> str:
    """Return what else the document's row held, on one line: ``담당부서: 일자리경제과; 예산: 100``."""
    return "; ".join(f"{name}: {' '.join(cell.split())}" for name, cell in document.meta.items())


def _candidates(scores: Sequence[Score]) -> Iterator[str | float]:
    """Yield name and probability of the two best leaves; without names where all share evenly, since none is the best."""
    even = len(scores) > 1 and scores[0].probability == scores[-1].probability
    for place in (0, 1):
        named = place < len(scores) and not even
        yield f"{scores[place].code} {scores[place].title}" if named else ""
        yield scores[place].probability if place < len(scores) else 0.0


def _jsonl(predictions: Iterable[Prediction], path: Path) -> None:
    with written_whole(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        for prediction in predictions:
            file.write(json_line(prediction) + "\n")


def _table(predictions: Iterable[Prediction], path: Path) -> None:
    write_rows(path, HEADER, map(table_row, predictions), sheet="분류 추천")


def parquet_bytes(predictions: Iterable[Prediction]) -> bytes:
    """Return a Parquet file: the columns of ``HEADER`` and ``record``, the JSON record.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    names = (*HEADER, "record")
    columns: dict[str, list[str | float]] = {name: [] for name in names}
    for prediction in predictions:
        for name, value in zip(HEADER, table_row(prediction), strict=True):
            columns[name].append(value)
        columns["record"].append(json_line(prediction))
    kinds = [(name, pa.float64() if name in _NUMBERS else pa.string()) for name in names]
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns, schema=pa.schema(kinds)), buffer, compression="zstd")
    return buffer.getvalue()


def _parquet(predictions: Iterable[Prediction], path: Path) -> None:
    raw = parquet_bytes(predictions)
    with written_whole(path) as part:
        part.write_bytes(raw)


Sink = Callable[[Iterable[Prediction], Path], None]
SINKS: dict[str, Sink] = {".jsonl": _jsonl, ".csv": _table, ".xlsx": _table, ".parquet": _parquet}


def write(predictions: Iterable[Prediction], path: Path) -> None:
    """Write all predictions to ``path``, by its suffix.

    Raises:
        InputError: no sink for the suffix, or the file cannot be written.
    """
    sink = SINKS.get(path.suffix.lower())
    if sink is None:
        raise InputError(f"{path}: 쓸 수 없는 형식 '{path.suffix}'. 쓰는 형식: {', '.join(SINKS)}.")
    sink(predictions, path)


def is_result(path: Path) -> bool:
    """Tell whether :func:`write` wrote a file.

    Raises:
        MissingExtraError: pyarrow, for Parquet, is not installed.
    """
    suffix = path.suffix.lower()
    try:
        if suffix == ".jsonl":
            return {"plan", "candidates", "off_plan"} <= _first_keys(path)
        if suffix == ".parquet":
            return _are_ours(_parquet_names(path), (*HEADER, "record"))
        return suffix in SINKS and _are_ours(first_row(path), HEADER)
    except (InputError, ValueError):
        return False


def is_failed_list(path: Path) -> bool:
    """Tell whether :func:`write_failed` wrote a file."""
    try:
        return {"file", "sheet", "row", "reason"} <= _first_keys(path)
    except (OSError, ValueError):
        return False


def _are_ours(names: Sequence[str], ours: Sequence[str]) -> bool:
    """Tell whether columns are those of a result, of an earlier version too; a column that people added makes it theirs."""
    return {"판정", "계획 밖 확률", "모델"} <= set(names) <= set(ours)


def _parquet_names(path: Path) -> tuple[str, ...]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingExtraError("pyarrow", "parquet") from error
    try:
        return tuple(pq.read_schema(path).names)
    except pa.ArrowInvalid:
        return ()


def _first_keys(path: Path) -> set[str]:
    """Return the keys of the first line of a JSONL file."""
    with path.open(encoding="utf-8-sig") as file:
        row = json.loads(file.readline())
    return set(row) if isinstance(row, dict) else set()


def write_failed(errors: Iterable[RowError | str], path: Path) -> None:
    """Write the rows that could not be used, or their lines, as JSONL: file, sheet, page and table where there are any, row, reason."""
    with written_whole(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{one if isinstance(one, str) else failed_line(one)}\n" for one in errors)


def failed_line(error: RowError) -> str:
    """Return the JSON line of a row that could not be used."""
    match = _PLACE.fullmatch(error.source)
    place = match.groupdict() if match else {"file": error.source}
    numbers = {name: int(place[name]) for name in ("page", "table") if place.get(name)}
    row = int(place["row"]) if place.get("row") else None
    file = readable(place["file"])
    line = {"file": file, "sheet": place.get("sheet"), **numbers, "row": row, "reason": error.reason}
    return json.dumps(line, ensure_ascii=False)
