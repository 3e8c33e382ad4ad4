"""Rows of labelled texts as the corpus writes them (JSONL, CSV): every fault is told with file and line."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from hyeoksin.agency import load_agencies
from hyeoksin.codes import NONE
from hyeoksin.errors import InputError, RowError
from hyeoksin.plan import Plan
from hyeoksin.plan.schema import MESSAGES

__all__ = [
    "CODED",
    "LabelRow",
    "Labelled",
    "TextRow",
    "by_plan",
    "checked",
    "json_rows",
    "read_text",
    "table_rows",
]

CODED = ("2019", "2024")  # plans whose codes a table carries
_MESSAGES = MESSAGES | {"list_type": "목록([…])이어야 합니다", "dict_type": "'이름: 값' 꼴이어야 합니다"}


def _known(codes: dict[str, list[str]], info: ValidationInfo) -> dict[str, list[str]]:
    plans: Mapping[str, Plan] = info.context or {}
    for plan, given in codes.items():
        if plan not in plans:
            raise PydanticCustomError("told", f"모르는 계획 '{plan}' (아는 계획: {', '.join(plans)})")
        unknown = {*given} - {leaf.code for leaf in plans[plan].leaves}
        if info.field_name == "ok":
            unknown -= {NONE}
        if unknown:
            told = ", ".join(code or "(빈칸)" for code in sorted(unknown))
            raise PydanticCustomError("told", f"계획 {plan} 에 없는 코드: {told}")
    return codes


def _named(name: str) -> str | None:
    """Return the id that stands for the agency of that name on the reference day."""
    agencies = load_agencies()
    agency = agencies.named(name)
    if name and agency is None:
        raise PydanticCustomError("told", f"모르는 기관: {name}")
    return agencies.reference(agency.id) if agency else None


def _listed(number: str) -> str | None:
    if number and number not in load_agencies().by_id:
        raise PydanticCustomError("told", f"모르는 기관: {number}")
    return number or None


Codes = Annotated[dict[str, list[str]], AfterValidator(_known)]
Named = Annotated[str, AfterValidator(_named)]


class Labelled(BaseModel):
    """What a row says: the codes of each plan, best first (none: outside), further acceptable ones, and the lead by its name."""

    labels: Codes = {}
    ok: Codes = {}
    lead: Named | None = None


class LabelRow(Labelled):
    """A row that gives the lead by its id."""

    lead: Annotated[str, AfterValidator(_listed)] | None = None


class TextRow(Labelled):
    """A row of the written corpus."""

    id: str
    title: str
    text: str
    family: str
    kind: str
    labels: Codes
    support: list[Named] = []
    region: str | None = None
    date: str | None = None


Form = TypeVar("Form", bound=BaseModel)


def checked(form: type[Form], row: object, place: str, plans: Mapping[str, Plan]) -> Form:
    """Return the row as ``form``.

    Raises:
        RowError: at ``place``, with all that is wrong: what is missing or no text, an unknown plan, code or agency.
    """
    try:
        return form.model_validate(row, context=plans)
    except ValidationError as error:
        raise RowError(place, "; ".join(map(_told, error.errors()))) from error


def _told(fault: Any) -> str:
    what = _MESSAGES.get(fault["type"], fault["msg"])
    where = ".".join(map(str, fault["loc"]))
    return what if fault["type"] == "told" or not where else f"{where}: {what}"


def by_plan(row: Mapping[str, str], plans: Iterable[str]) -> dict[str, Any]:
    """Return what a table says in its columns ``planX`` and ``okX`` as a row of the written corpus says it."""
    codes = {plan: row[f"plan{plan}"] for plan in plans}
    return {
        "labels": {plan: [] if code == NONE else [code] for plan, code in codes.items()},
        "ok": {plan: [code for code in row[f"ok{plan}"].split(",") if code] for plan in codes},
    }


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: UTF-8이 아닙니다. 'UTF-8'로 다시 저장하세요.") from error


def json_rows(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield line number and row of a JSONL file.

    Raises:
        InputError: it is not UTF-8, or a line is no JSON.
    """
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise RowError(f"{path}:{number}", f"JSON 줄이 아닙니다 ({error}).") from error
            yield number, row


def table_rows(path: Path, columns: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and row of a CSV file that has at least ``columns``.

    Raises:
        InputError: it is not UTF-8, lacks a column, or a row has more or fewer cells than the heading.
    """
    reader = csv.DictReader(read_text(path).splitlines(keepends=True), strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise RowError(
            f"{path}:{reader.line_num + 1}", f"CSV 줄이 아닙니다. 따옴표를 확인하세요 ({error})."
        ) from error
    if lacking := [name for name in columns if name not in (reader.fieldnames or ())]:
        raise RowError(f"{path}:1", f"열이 없습니다: {', '.join(lacking)}")
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise RowError(f"{path}:{number}", "칸의 수가 머리글과 다릅니다.")
        yield number, row
