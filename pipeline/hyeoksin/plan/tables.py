"""The same plan as a table (CSV or XLSX): one node a row, Korean headers, read and written without loss."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hyeoksin.agency import load_agencies
from hyeoksin.delimited import overflow
from hyeoksin.errors import PlanError
from hyeoksin.plan.nodes import LEVELS, Exclusion, Plan
from hyeoksin.plan.pages import Page, read_pages
from hyeoksin.tabular import Row, date_fault, plain_cell, safe_cell, write_rows
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
_KNOWN = {
    **{field: field for field in _COLUMNS.values()},
    **_COLUMNS,
    **{name: f"plan_{field}" for name, field in _OF_PLAN.items()},
}
_COLON = re.compile("[:：]")
_YES = frozenset({
    "예", "네", "y", "yes", "true", "1", "o", "ｏ", "ㅇ", "○", "◯", "●", "◎", "■", "v", "ｖ", "√", "✓", "✔", "☑", "등", "해당", "역점", "역점과제", "★", "☆", "◆", "◇", "▲", "△", "국정", "국정과제",
})  # fmt: skip
_NO = frozenset({
    "아니오", "아니요", "n", "no", "false", "0", "x", "ｘ", "×", "✕", "✗", "-", "–", "—", "□", "☐", "없음", "해당없음", "미해당",
})  # fmt: skip

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
        places: row of the header, then of each node, with its sheet where there are several.
        headings: heading of each field.
        faults: what is wrong with cells, by location.
    """

    form: dict[str, Any]
    places: tuple[str, ...]
    headings: Mapping[str, str]
    faults: Mapping[tuple[str | int, ...], str]

    def line_of(self, location: tuple[str | int, ...]) -> int:
        """Return the index among ``places`` of a location such as ("nodes", 3, "title")."""
        index = location[1] + 1 if len(location) > 1 and isinstance(location[1], int) else 0
        return index if index < len(self.places) else 0

    def place_of(self, location: tuple[str | int, ...], value: object) -> str:
        """Name the column of a location, and the cell where there is one."""
        heading = self.headings.get(str(location[2])) if len(location) > 2 else None
        if heading is None:
            return ".".join(map(str, location))
        return f"'{heading}' 열의 '{value}'" if isinstance(value, str) and value else f"'{heading}' 열"


def read_form(path: Path) -> TableForm:
    """Read a plan table.

    Where the columns of the plan itself are missing or empty, its id and title are the file's stem, its year the first
    number from 1900 to 2999 in the stem, else 0.

    Raises:
        PlanError: there is no header, a heading is unknown or doubled, or rows say different things of the plan.
    """
    pages = read_pages(path, _KNOWN)
    if not pages:
        raise PlanError(f"{path}: 머리글 줄이 없습니다. 쓸 머리글: {', '.join(_ALL)}")
    whole: dict[str, str] = {}
    nodes: list[dict[str, Any]] = []
    places = [pages[0].place(pages[0].header.number)]
    faults: dict[tuple[str | int, ...], str] = {}
    headings = {field: name for name, field in _COLUMNS.items()}
    for page in pages:
        fields = _fields(page, path)
        headings |= {field: cell for field, cell in zip(fields, page.header.cells, strict=True) if field}
        for row, merged in zip(page.rows, page.merged, strict=True):
            cells = {f: plain_cell(c) for f, c in zip(fields, row.cells, strict=False) if f and c}
            for name, field in _OF_PLAN.items():
                told = cells.pop(f"plan_{field}", None)
                if told is not None and whole.setdefault(field, told) != told:
                    raise PlanError(
                        f"{path}:{page.place(row.number)}: '{name}' 이 '{told}' 인데 위에서는 '{whole[field]}' 입니다. "
                        "파일 하나에 계획 하나만 적으세요."
                    )
            from_above = {fields[column] for column in merged if column < len(fields)}
            if not cells.keys() - from_above:
                continue
            found = {**_cell_faults(cells, from_above), **_row_fault(page, row)}
            faults |= {("nodes", len(nodes), field): what for field, what in found.items()}
            cells = {field: cell for field, cell in cells.items() if field not in found}
            nodes.append(_node(cells | ({"level": cells.get("level", "")} if "level" in fields else {})))
            places.append(page.place(row.number))
    return TableForm(_named(path) | whole | {"nodes": nodes}, tuple(places), headings, faults)


def _named(path: Path) -> dict[str, Any]:
    """Return what the file's name says of the plan; signs that no id may hold become ``_``."""
    stem = unicodedata.normalize("NFC", path.stem)
    digits = "".join(c if c.isdecimal() else " " for c in stem).split()
    year = next((int(d) for d in digits if len(d) == 4 and 1900 <= int(d) < 3000), 0)
    return {"id": re.sub(r"[\s,;|]", "_", stem), "title": stem, "year": year}


def _cell_faults(cells: Mapping[str, str], from_above: Collection[str]) -> dict[str, str]:
    """Return what is wrong with the cells of a row, by field; ``from_above`` are those of a merged cell."""
    names = {field: name for name, field in _COLUMNS.items()}
    found = {}
    for field, cell in cells.items():
        name = names[field]
        if is_fault(cell):
            found[field] = (
                f"엑셀 오류나 계산되지 않은 수식입니다 ('{cell}'). 엑셀에서 값으로 고쳐 저장하세요."
            )
        elif field in ("code", "parent") and (fault := date_fault(name, cell)):
            found[field] = fault
        elif field == "code" and field in from_above:
            found[field] = (
                f"코드 칸이 윗줄과 합쳐져 있습니다 ('{cell}'). 셀 병합을 풀고 줄마다 코드를 적으세요."
            )
        elif field in ("open", "priority") and not {"".join(cell.split()).lower()} <= _YES | _NO:
            found[field] = f"'{name}' 열의 '{cell}': 모르는 표시입니다. 맞으면 '예', 아니면 빈칸으로 두세요."
    return found


def _row_fault(page: Page, row: Row) -> dict[str, str]:
    """Return what is wrong with a CSV row of more cells than headings; a sheet may hold notes at its side."""
    shifted = None if row.sheet else overflow(row.cells, len(page.header.cells))
    return {"row": shifted} if shifted else {}


def _fields(page: Page, path: Path) -> list[str]:
    """Return the field of each column, "" where it has no heading."""
    names = page.header.cells
    fields = [_KNOWN.get(name, "") for name in names]
    faults = []
    for i, (name, field) in enumerate(zip(names, fields, strict=True)):
        if name and not field:
            near = get_close_matches(name, _KNOWN, n=1, cutoff=0.5)
            hint = f"'{near[0]}' 인가요? " if near else ""
            faults.append(f"모르는 머리글 '{name}'. {hint}쓸 수 있는 머리글: {', '.join(_ALL)}")
        elif field and field in fields[:i]:
            faults.append(f"머리글 '{name}' 이 두 번 나옵니다. 열 하나만 남기거나 이름을 고치세요.")
    if "title" not in fields:
        faults.append("'제목' 머리글이 없습니다. 제목 열을 두거나, 계획의 표가 아니면 이 시트를 지우세요.")
    if faults:
        raise PlanError("\n".join(f"{path}:{page.place(page.header.number)}: {what}" for what in faults))
    return fields


def _node(cells: dict[str, str]) -> dict[str, Any]:
    node: dict[str, Any] = {
        key: cells[key] for key in ("code", "level", "title", "parent", "definition") if key in cells
    }
    node["aliases"] = _split(cells.get("aliases", ""))
    node["includes"] = _split(cells.get("includes", ""))
    node["leads"] = {
        "agencies": [name for part in _split(cells.get("leads", "")) for name in _agencies(part)],
        "open": _is_marked(cells.get("open", "")),
    }
    node["priority"] = _is_marked(cells.get("priority", ""))
    node["excludes"] = [_exclusion(part) for part in _split(cells.get("excludes", ""))]
    return node


def _is_marked(cell: str) -> bool:
    return "".join(cell.split()).lower() in _YES


def _agencies(part: str) -> list[str]:
    """Return the agencies of one entry: it is cut at its commas where that gives known names only."""
    names = [name.strip() for name in part.split(",")]
    known = load_agencies().names
    return names if part not in known and known.issuperset(names) else [part]


def _exclusion(part: str) -> dict[str, str]:
    code, *rest = _COLON.split(part, maxsplit=1)
    if not rest or " " in code.strip():
        return {"why": part}
    return {"code": code.strip(), "why": rest[0].strip()} if code.strip() else {"why": rest[0].strip()}


def _split(cell: str) -> list[str]:
    parts = re.findall(r"(?:\\.|[^;\n])+", cell)
    plain = (re.sub(r"\\([\\;n])", lambda m: "\n" if m[1] == "n" else m[1], part) for part in parts)
    return [part.strip() for part in plain if part.strip()]


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(re.sub(r"[\\;]", r"\\\g<0>", part).replace("\n", "\\n") for part in parts)


def _written(exclusion: Exclusion) -> str:
    """Return ``code: why``; an empty code where there is none and a colon in ``why`` would make one."""
    if exclusion.code or _COLON.search(exclusion.why):
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
