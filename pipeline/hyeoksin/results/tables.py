"""Results as tables: our own, the decided workbook, or any table of tasks with a column of codes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hyeoksin.codes import CODE_COLUMNS, NONE, key, said
from hyeoksin.decoding import readable
from hyeoksin.delimited import delimited_rows, overflow
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.plan import Plan
from hyeoksin.readers.columns import guessed, holds_answers
from hyeoksin.results.result import NO_CODE, Result, checked, code_of
from hyeoksin.sinks import KEPT, STATUS
from hyeoksin.tabular import Row, plain_cell, sheets
from hyeoksin.uncalculated import is_fault

__all__ = ["from_table"]

_STATUS = {name: status for status, name in STATUS.items()}
_STEPS = ("전략", "과제", "세부과제")


def from_table(path: Path, plan: Plan) -> Iterator[Result | RowError]:
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
                place = f"{readable(path.name)}#{sheet}row={row.number}"
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
        steps = _STEPS if holds_answers({*names}) else ()
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
    group = cells.get("묶음") or cells.get("중복묶음") or None
    if cell and decided:
        suggested = _suggested(cells, plan)
        told = Result(document, code_of(cell, plan), True, duplicate_group=group, suggested=suggested)
        return checked(told, plan, place, cell)
    if "판정" not in cells:
        if decided:
            return RowError(place, NO_CODE)
        code = code_of(cell, plan) if cell else _suggested(cells, plan) or NONE
        return checked(Result(document, code, status="review"), plan, place)
    status, steps = _STATUS.get(cells.get("판정", "")), _steps(cells)
    off = _number(cells.get("계획밖확률"))
    return checked(
        Result(
            document,
            code_of(steps[-1] if steps else None, plan),
            status=status,
            probability=_number(cells.get("확률")) if steps else off,
            notes=tuple(cells.get("알림", "").splitlines()),
            duplicate_group=group,
            regions=tuple(filter(None, cells.get("지역", "").split(", "))),
            model=cells.get("모델", ""),
        ),
        plan,
        place,
    )


def _steps(cells: Mapping[str, str]) -> list[str]:
    return [cells[name] for name in _STEPS if cells.get(name)]


def _suggested(cells: Mapping[str, str], plan: Plan) -> str | None:
    """Return what had been recommended beside a decision, in a result, the desk's workbook or an export of the store."""
    if "판정" in cells:
        return code_of(next(reversed(_steps(cells)), None), plan)
    if "추천코드" in cells:
        return code_of(cells["추천코드"], plan)
    if "추천판정" in cells:  # a workbook of an older version
        outside = (
            _STATUS.get(cells["추천판정"]) == "off_plan" or (_number(cells.get("계획밖확률")) or 0.0) > 0.5
        )
        return NONE if outside else code_of(cells.get("1순위추천"), plan)
    return None


def _number(cell: str | None) -> float | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return None
