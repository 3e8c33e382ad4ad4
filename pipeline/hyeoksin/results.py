"""Results read back: records as ``classify`` and ``batch`` write them, decided tables, or a store, one text at a time."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hyeoksin.codes import CODE_COLUMNS, NONE, code_in, key, said, turned
from hyeoksin.decoding import BAD_BYTE, broken_bytes, detect
from hyeoksin.delimited import delimited_rows, overflow
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.gate import MARK
from hyeoksin.plan import Plan
from hyeoksin.readers.columns import guessed
from hyeoksin.readers.notes import log
from hyeoksin.sinks import KEPT, STATUS
from hyeoksin.tabular import Row, plain_cell, sheets
from hyeoksin.uncalculated import is_fault

__all__ = ["Result", "read_results"]

_STATUS = {name: status for status, name in STATUS.items()}
_STEPS = ("전략", "과제", "세부과제")
_STORES = (".db", ".sqlite", ".sqlite3")
_DECISIVE = ("accept", "pick", "none")
_NO_CODE = "코드가 비어 있습니다. 코드나 '계획 밖'을 적으세요."


@dataclass(frozen=True, slots=True)
class Result:
    """What stands of one text in one plan: ``code`` (``NONE``: outside the plan), decided by a person or recommended.

    ``probability`` is the recommendation's, of the code or of being off-plan; None where it is not told. ``shares``
    holds the probabilities of the leaves and of ``NONE``, where the input tells them. ``notes`` and ``duplicate_group`` are
    those of the record. ``regions`` are the places that the classifier found, its region column
    included.
    """

    document: Document
    code: str
    decided: bool = False
    status: str | None = None
    probability: float | None = None
    shares: Mapping[str, float] | None = None
    notes: tuple[str, ...] = ()
    duplicate_group: str | None = None
    regions: tuple[str, ...] = ()

    @property
    def gated(self) -> bool:
        """Whether the first gate settled the text: the probabilities are its own."""
        return any(note.startswith(MARK) for note in self.notes)

    @property
    def is_cut(self) -> bool:
        """Whether the text is one of which our tables and Parquet keep the beginning only."""
        return len(self.document.text) == KEPT

    @property
    def has_text(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.document.body.strip())


def read_results(path: Path, plan: Plan) -> Iterator[Result | RowError]:
    """Yield the results for ``plan`` of a file (JSONL, Parquet, CSV, XLSX), a batch folder, or a store.

    A row that tells nothing of the plan, or a code that it does not have, comes out as a :class:`RowError`.

    Raises:
        InputError: there is nothing to read, no column that holds a code, or (after the last row) the first gate kept part
            of the texts from this plan: what is left would tilt every share.
        MissingExtraError: pyarrow (Parquet) or SQLAlchemy (store) is not installed.
    """
    if path.is_dir():
        inside = path / "records" if (path / "records").is_dir() else path
        parts = sorted(p for p in inside.iterdir() if p.suffix in (".jsonl", ".parquet") and p.name[0] != ".")
        parts = [part for part in parts if not part.name.endswith("failed.jsonl")]
        if not parts:
            raise InputError(f"{path}: 분류 결과(records/part-*.parquet 또는 .jsonl)가 없습니다.")
        for part in parts:
            yield from read_results(part, plan)
        return
    if not path.is_file():
        raise InputError(f"{path}: 파일이 없습니다. 경로를 확인하세요.")
    readers: dict[str, Callable[[Path, Plan], Iterator[Result | RowError]]] = {
        ".jsonl": _from_lines,
        ".parquet": _from_parquet,
        **dict.fromkeys((".csv", ".tsv", ".xlsx"), _from_table),
        **dict.fromkeys(_STORES, _from_store),
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path}: 결과로 읽을 수 없는 형식입니다. 쓰는 형식: {', '.join(readers)} 또는 batch 결과 폴더."
        )
    n_read = n_unasked = 0
    for item in reader(path, plan):
        n_read, n_unasked = n_read + isinstance(item, Result), n_unasked + isinstance(item, _UnaskedError)
        yield item
    if n_read and n_unasked:
        raise InputError(
            f"{path}: 1차 거르기가 넘긴 글 {n_unasked:,}건에는 계획 {plan.id} 의 결과가 없어, 남은 글만으로는 비율이 치우칩니다. "
            f"hyeoksin batch --gate off 로, 또는 --plan {plan.id} 로 다시 분류하세요."
        )


class _UnaskedError(RowError):
    """The first gate settled the row, so that nobody asked the model of the other plans."""


def _from_lines(path: Path, plan: Plan) -> Iterator[Result | RowError]:
    with path.open(encoding=detect(path), errors="surrogateescape") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                place = f"{path.name}#row={number}"
                if BAD_BYTE.search(line):
                    yield RowError(place, broken_bytes([line]))
                    continue
                try:
                    row = json.loads(line)
                    yield (
                        _from_record(row, plan, place)
                        if isinstance(row, dict)
                        else RowError(place, "JSON 객체({…})가 아닙니다.")
                    )
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    yield RowError(place, f"분류 결과의 줄이 아닙니다 ({error}).")


def _from_record(row: Mapping[str, Any], plan: Plan, place: str) -> Result | RowError:
    """Read a record; a person's decision in it (``decision``, ``final`` or a bare ``code``) comes before the model's."""
    document = Document(
        id=str(row.get("id") or place),
        title=str(row.get("title") or ""),
        text=str(row.get("text") or ""),
        source=str(row.get("source") or place),
        date=row.get("date") or None,
        region=row.get("region") or None,
        meta={str(name): str(value) for name, value in (row.get("meta") or {}).items()},
    )
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
            return RowError(place, _NO_CODE)
        _note_edition(row, plan, place)
        return _checked(Result(document, _code(cell, plan), decided=decided), plan, place, cell)
    answer = row if row["plan"] == plan.id else row.get("others", {}).get(plan.id)
    gated = any(str(note).startswith(MARK) for note in row.get("notes") or ())
    if answer is None:
        kind = _UnaskedError if gated else RowError
        return kind(place, f"이 줄에는 계획 {plan.id} 의 결과가 없습니다 (계획 {row['plan']}).")
    _note_edition(answer, plan, place)
    end = answer["path"][-1] if answer["path"] else None
    shares = {c["code"]: float(c["probability"]) for c in answer["candidates"]}
    shares[NONE] = float(answer["off_plan"])
    return _checked(
        Result(
            document,
            end["code"] if end else NONE,
            status=answer["status"],
            probability=float(end["probability"]) if end else shares[NONE],
            shares=shares,
            notes=tuple(map(str, row.get("notes") or ())),
            duplicate_group=row.get("duplicate_group"),
            regions=tuple(map(str, row.get("regions") or ())),
        ),
        plan,
        place,
    )


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


def _code(cell: str | None, plan: Plan) -> str:
    """Return the code of a cell; an empty one is ``NONE``."""
    return code_in(cell, plan) if cell else NONE


def _checked(result: Result, plan: Plan, place: str, cell: str = "") -> Result | RowError:
    """Return the result if the plan has its code, read in ``cell``."""
    fault = turned(cell, plan)
    if fault is not None:
        return RowError(place, fault)
    if result.code != NONE and result.code not in plan:
        return RowError(place, f"계획 {plan.id} 에 코드 '{result.code}' 가 없습니다. 계획을 확인하세요.")
    return result


def _from_parquet(path: Path, plan: Plan) -> Iterator[Result | RowError]:
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
                    yield _from_record(json.loads(row["record"]) | told, plan, f"{path.name}#row={number}")
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path.name}: {number}번째 줄 뒤에서 깨졌습니다 ({error}). 다시 만드세요."
        ) from error


def _from_table(path: Path, plan: Plan) -> Iterator[Result | RowError]:
    """Read our own tables (classify, the decided workbook) or any table of tasks with a code column."""
    found = False
    pages: Iterable[Iterable[Row | RowError]]
    if path.suffix.lower() == ".xlsx":
        pages = (page.rows for page in sheets(path, stripped=False))
    else:
        pages = [delimited_rows(path)]
    for page in pages:
        header: _Header | None = None
        for row in page:
            if isinstance(row, RowError):
                yield row
            elif header is None:
                header = _Header.of(row.cells)
                found = found or header is not None
            else:
                sheet = f"sheet={row.sheet}&" if row.sheet else ""
                place = f"{path.name}#{sheet}row={row.number}"
                shifted = None if row.sheet else overflow(row.cells, len(header.names))
                yield RowError(place, shifted) if shifted else _from_row(row.cells, header, plan, place)
    if not found:
        raise InputError(
            f"{path.name}: 머리글을 찾을 수 없습니다. 번호(id)나 제목, 내용 열과 코드(code, 최종 분류, 결정 코드, 확정 코드, 판정) 열이 "
            "있어야 합니다. 열 이름을 그렇게 고치세요."
        )


@dataclass(frozen=True, slots=True)
class _Header:
    """The headings of a table as :func:`key` gives them, and the columns of id, title and text, found as the readers do."""

    names: tuple[str, ...]
    places: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, cells: Sequence[str]) -> _Header | None:
        cells = [plain_cell(unicodedata.normalize("NFC", cell.strip())) for cell in cells]
        names = tuple(map(key, cells))
        if not {"판정", *CODE_COLUMNS} & {*names}:
            return None
        steps = _STEPS if _STEPS[0] in names else ()  # in our tables they are recommendations, no titles
        places = guessed(["" if name in steps else c for name, c in zip(names, cells, strict=True)])
        return cls(names, places) if any(places[field] for field in ("id", "title", "text")) else None


def _from_row(cells: Sequence[str], header: _Header, plan: Plan, place: str) -> Result | RowError:
    """Read a row of a table; a decision comes before the recommendation beside it."""
    full = [plain_cell(cell) for cell in (*cells, *[""] * (len(header.names) - len(cells)))]
    read = ["" if is_fault(cell) else cell for cell in full]
    composed = (unicodedata.normalize("NFC", cell.strip()) for cell in full)
    named = dict(zip(header.names, composed, strict=False))
    number, title = (
        next((read[i].strip() for i in header.places[field] if read[i].strip()), "")
        for field in ("id", "title")
    )
    texts = [read[i] for i in header.places["text"] if read[i].strip()]
    document = Document(
        id=number or place,
        title=title,
        # a beginning that we kept may end in a blank, and its length tells that it is one
        text="\n".join(texts if [len(text) for text in texts] == [KEPT] else map(str.strip, texts)),
        source=named.get("출처") or named.get("source") or place,
    )
    return _told(document, named, plan, place)


def _told(document: Document, cells: Mapping[str, str], plan: Plan, place: str) -> Result | RowError:
    """Return what the cells of a row, by the :func:`key` of their headings, tell of its document."""
    cell, decided = said(cells) or ("", False)
    if cell and decided:
        return _checked(Result(document, _code(cell, plan), decided=True), plan, place, cell)
    if "판정" not in cells:
        if decided:
            return RowError(place, _NO_CODE)
        cell = cell or cells.get("1순위추천", "")  # a recommendation that nobody has looked at
        return _checked(Result(document, _code(cell, plan), status="review"), plan, place)
    status = _STATUS.get(cells.get("판정", ""))
    steps = [cells[name] for name in _STEPS if cells.get(name)]
    off = _number(cells.get("계획밖확률"))
    return _checked(
        Result(
            document,
            _code(steps[-1] if steps else None, plan),
            status=status,
            probability=_number(cells.get("확률")) if steps else off,
            notes=tuple(cells.get("알림", "").splitlines()),
            duplicate_group=cells.get("묶음") or None,
            regions=tuple(filter(None, cells.get("지역", "").split(", "))),
        ),
        plan,
        place,
    )


def _number(cell: str | None) -> float | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return None


def _from_store(path: Path, plan: Plan) -> Iterator[Result | RowError]:
    """Read the rounds of a store that were held under ``plan``: decisions where there are any, else recommendations."""
    from hyeoksin.store import open_store

    store = open_store(path, create=False)
    projects = store.projects()
    namesakes = [project for project in projects if project.plan == plan.id]
    rounds = [project for project in namesakes if project.plan_sha == plan.sha256]
    others = [project for project in namesakes if project.plan_sha != plan.sha256]
    if not namesakes:
        held = ", ".join(sorted({project.plan for project in projects})) or "없음"
        raise InputError(f"{path}: 계획 {plan.id} 의 회차가 없습니다 (있는 계획: {held}).")
    if others:
        editions = ", ".join(sorted({project.plan_sha[:8] for project in others}))
        word = (
            f"차수 {', '.join(project.name for project in others)} 은(는) 계획 {plan.id} 의 다른 판({editions})으로 열었습니다 "
            f"(지금 계획: {plan.sha256[:8]}). 그 차수를 읽으려면 그때의 계획 파일을 주세요."
        )
        if not rounds:
            raise InputError(f"{path}: {word}")
        yield RowError(path.name, word)
    for project in rounds:
        for item in store.items(project.id, limit=None):
            place = f"{path.name}#row={item.id}"
            row = {**item.record, "id": item.document.id}
            told = _from_record(row, plan, place)
            if isinstance(told, RowError):
                yield told
                continue
            result = replace(told, document=item.document)
            if item.standing == "decided" and item.decision is not None:
                result = replace(result, code=item.decision.code or NONE, decided=True)
            yield _checked(result, plan, place)
