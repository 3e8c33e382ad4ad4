"""The same plan as a table (CSV or XLSX): one node a row, Korean headers, read and written without loss."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hyeoksin.errors import PlanError
from hyeoksin.plan.nodes import LEVELS, Exclusion, Plan
from hyeoksin.tabular import Row, date_fault, plain_cell, read_rows, safe_cell, write_rows
from hyeoksin.uncalculated import is_fault

__all__ = ["SUFFIXES", "TEMPLATE", "TableForm", "read_form", "write_form"]

SUFFIXES = frozenset({".csv", ".tsv", ".xlsx"})
_COLUMNS = {
    "코드": "code",
    "단계": "level",
    "제목": "title",
    "상위코드": "parent",
    "별칭": "aliases",
    "주관기관": "leads",
    "기관등": "open",
    "역점": "priority",
    "정의": "definition",
    "포함": "includes",
    "제외": "excludes",
}
# of the whole plan, in the first node's row
_OF_PLAN = {"계획 id": "id", "계획 제목": "title", "연도": "year"}
_ALL = {**_COLUMNS, **_OF_PLAN}
_YES = {"예", "y", "yes", "true", "1", "o", "○", "역점"}

TEMPLATE = """\
# 기관의 자체 계획. 코드·제목·상위코드만 있어도 바로 분류할 수 있고, 정의와 포함을 적을수록 정확합니다.
# level: strategy(전략) > task(과제) > subtask(세부과제) > programme(사업). 단계를 다 쓰지 않아도 됩니다.
id: our-2026
title: 우리 기관 2026년 혁신 실행계획
year: 2026
nodes:
  - code: "가"
    level: strategy
    title: 주민이 먼저인 서비스
  - code: "가-1"
    level: task
    parent: "가"
    title: 먼저 알려 주는 행정
    leads: {agencies: [행정안전부]}
    definition: 주민이 묻기 전에 받을 수 있는 혜택과 기한을 알려 주는 일
    includes: [문자와 앱 알림, 자동 신청]
    excludes:
      - code: "가-2"
        why: 방문하여 돕는 일이면 가-2
  - code: "가-2"
    level: task
    parent: "가"
    title: 찾아가는 행정
    definition: 거동이 어려운 주민의 집과 마을로 찾아가 민원과 상담을 처리하는 일
"""


@dataclass(frozen=True, slots=True)
class TableForm:
    """The written form of a plan table, and where its parts stand.

    Args:
        form: as a YAML file would hold it.
        header: row number of the header.
        numbers: row number of each node.
        headings: heading of each field.
        faults: what is wrong with cells, by location.
    """

    form: dict[str, Any]
    header: int
    numbers: tuple[int, ...]
    headings: Mapping[str, str]
    faults: Mapping[tuple[str | int, ...], str]

    def line_of(self, location: tuple[str | int, ...]) -> int:
        """Return the row number of a location such as ("nodes", 3, "title")."""
        index = location[1] if len(location) > 1 else 0
        return self.numbers[index] if isinstance(index, int) and index < len(self.numbers) else self.header

    def place_of(self, location: tuple[str | int, ...], value: object) -> str:
        """Name the column of a location, and the cell where there is one."""
        heading = self.headings.get(str(location[2])) if len(location) > 2 else None
        if heading is None:
            return ".".join(map(str, location))
        return f"'{heading}' 열의 '{value}'" if isinstance(value, str) and value else f"'{heading}' 열"


def read_form(path: Path) -> TableForm:
    """Read a plan table.

    Where the columns of the plan itself are missing or empty, its id and title are the file's stem, its year the first
    four-digit number in the stem, else 0.

    Raises:
        PlanError: there is no header, a heading is unknown, or rows say different things of the plan.
    """
    rows = read_rows(path)
    header = next((row for row in rows if "제목" in row.cells or "title" in row.cells), None)
    if header is None:
        raise PlanError(f"{path}: 머리글 줄이 없습니다. 쓸 머리글: {', '.join(_ALL)}")
    fields = _fields(header, path)
    whole: dict[str, str] = {}
    nodes: list[dict[str, Any]] = []
    numbers: list[int] = []
    faults: dict[tuple[str | int, ...], str] = {}
    for row in rows[rows.index(header) + 1 :]:
        cells = {f: plain_cell(v.strip()) for f, v in zip(fields, row.cells, strict=False) if f and v.strip()}
        for name, field in _OF_PLAN.items():
            told = cells.pop(f"plan_{field}", None)
            if told is not None and whole.setdefault(field, told) != told:
                raise PlanError(
                    f"{path}:{row.number}: '{name}' 이 '{told}' 인데 위에서는 '{whole[field]}' 입니다. 파일 하나에 계획 하나만 적으세요."
                )
        if cells:
            for field in [field for field, cell in cells.items() if is_fault(cell)]:
                what = f"엑셀 오류나 계산되지 않은 수식입니다 ('{cells.pop(field)}'). 엑셀에서 값으로 고쳐 저장하세요."
                faults["nodes", len(nodes), field] = what
            faults |= _dates(cells, len(nodes))
            nodes.append(_node(cells | ({"level": cells.get("level", "")} if "level" in fields else {})))
            numbers.append(row.number)
    digits = "".join(c if c.isdigit() else " " for c in path.stem).split()
    year = next((int(d) for d in digits if len(d) == 4), 0)
    named = {"id": path.stem.replace(" ", "_"), "title": path.stem, "year": year}
    headings = {field: name for name, field in _COLUMNS.items()}
    headings |= {field: cell.strip() for field, cell in zip(fields, header.cells, strict=True) if field}
    return TableForm(named | whole | {"nodes": nodes}, header.number, tuple(numbers), headings, faults)


def _dates(cells: Mapping[str, str], index: int) -> dict[tuple[str | int, ...], str]:
    """Return the faults of a row whose codes a spreadsheet turned into dates."""
    told = {
        ("nodes", index, field): date_fault(name, cells.get(field, ""))
        for field, name in (("code", "코드"), ("parent", "상위코드"))
    }
    return {place: fault for place, fault in told.items() if fault is not None}


def _fields(header: Row, path: Path) -> list[str]:
    """Return the field of each column, "" where it has no heading."""
    names = [cell.strip() for cell in header.cells]
    known = {field: field for field in _COLUMNS.values()} | _COLUMNS
    known |= {name: f"plan_{field}" for name, field in _OF_PLAN.items()}
    faults = []
    for name in names:
        if name and name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"'{near[0]}' 인가요? " if near else ""
            faults.append(
                f"{path}:{header.number}: 모르는 머리글 '{name}'. {hint}쓸 수 있는 머리글: {', '.join(_ALL)}"
            )
    if faults:
        raise PlanError("\n".join(faults))
    return [known.get(name, "") for name in names]


def _node(cells: dict[str, str]) -> dict[str, Any]:
    node: dict[str, Any] = {
        key: cells[key] for key in ("code", "level", "title", "parent", "definition") if key in cells
    }
    node["aliases"] = _split(cells.get("aliases", ""))
    node["includes"] = _split(cells.get("includes", ""))
    node["leads"] = {
        "agencies": _split(cells.get("leads", "")),
        "open": cells.get("open", "").lower() in _YES,
    }
    node["priority"] = cells.get("priority", "").lower() in _YES
    node["excludes"] = [_exclusion(part) for part in _split(cells.get("excludes", ""))]
    return node


def _exclusion(part: str) -> dict[str, str]:
    code, colon, why = part.partition(":")
    if not colon or " " in code.strip():
        return {"why": part}
    return {"code": code.strip(), "why": why.strip()} if code.strip() else {"why": why.strip()}


def _split(cell: str) -> list[str]:
    parts = re.findall(r"(?:\\.|[^;\n])+", cell)
    plain = (re.sub(r"\\([\\;n])", lambda m: "\n" if m[1] == "n" else m[1], part) for part in parts)
    return [part.strip() for part in plain if part.strip()]


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(re.sub(r"[\\;]", r"\\\g<0>", part).replace("\n", "\\n") for part in parts)


def _written(exclusion: Exclusion) -> str:
    """Return ``code: why``; an empty code where there is none and a colon in ``why`` would make one."""
    if exclusion.code or ":" in exclusion.why:
        return f"{exclusion.code or ''}: {exclusion.why}"
    return exclusion.why


def write_form(plan: Plan, path: Path) -> None:
    """Write ``plan`` as a CSV (UTF-8 with BOM, for Excel) or XLSX table."""
    whole = (plan.id, plan.title, str(plan.year))
    rows: list[Sequence[str]] = [
        (
            node.code,
            LEVELS[node.level],
            node.title,
            node.parent or "",
            _joined(node.aliases),
            _joined(node.leads.agencies),
            "예" if node.leads.open else "",
            "예" if node.priority else "",
            node.definition,
            _joined(node.includes),
            _joined(map(_written, node.excludes)),
            *(whole if i == 0 else ("", "", "")),
        )
        for i, node in enumerate(plan.nodes)
    ]
    if (
        path.suffix.lower() == ".xlsx"
    ):  # written as it stands, but read as a CSV that Excel saved may be: '+1 is +1
        rows = [[safe_cell(cell) if cell.startswith("'") else cell for cell in row] for row in rows]
    write_rows(path, list(_ALL), rows, sheet=plan.id)
