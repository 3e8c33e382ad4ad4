"""Load a plan from YAML or from a table, with every fault named by file and line."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError

from hyeoksin.agency import load_agencies
from hyeoksin.errors import PlanError
from hyeoksin.plan import tables
from hyeoksin.plan.nodes import Plan
from hyeoksin.plan.schema import MESSAGES, PlanForm, mended, problems
from hyeoksin.resources import resource

__all__ = ["BUILTIN_PLANS", "load_plan", "plan_from_text", "plan_from_yaml"]

BUILTIN_PLANS = ("2019", "2020", "2022", "2024")


def load_plan(name: str | Path) -> Plan:
    """Load a shipped plan by id (``2019``) or an office's own plan from a YAML, CSV, XLSX or SKOS file.

    Raises:
        PlanError: with one line per fault, each naming file and line (of a SKOS file: the number of the concept).
        MissingExtraError: a SKOS file, and rdflib is not installed.
    """
    if str(name) in BUILTIN_PLANS:
        return _builtin(str(name))
    path = Path(name)
    if not path.is_file():
        known = ", ".join(BUILTIN_PLANS)
        raise PlanError(
            f"계획 '{name}' 을 찾을 수 없습니다. 실린 계획: {known}; 또는 .yaml, .csv, .xlsx, .ttl, .jsonld 파일."
        )
    if path.suffix.lower() in tables.SUFFIXES:
        table = tables.read_form(path)
        return _checked(
            table.form, path, table.line_of, table.place_of, table.faults, table.places.__getitem__
        )
    if path.suffix.lower() in (".ttl", ".jsonld"):
        from hyeoksin.plan.skos import read_form

        form, line_of = read_form(path)
        return _checked(form, path, line_of)
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise PlanError(
            f"{path}: 계획으로 읽을 수 없는 형식입니다. 한글이나 워드의 표는 엑셀로 옮겨 .xlsx 나 .csv 로 저장하세요 "
            "(빈 서식: hyeoksin plan template 우리계획.xlsx)."
        )
    return plan_from_yaml(path)


@lru_cache(maxsize=len(BUILTIN_PLANS))
def _builtin(plan_id: str) -> Plan:
    return plan_from_yaml(resource("plans") / f"{plan_id}.yaml")


def plan_from_yaml(path: Path) -> Plan:
    """Load a plan from a YAML file (UTF-8, with or without BOM)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(f"{path}: UTF-8이 아닙니다. 메모장에서 'UTF-8'로 다시 저장하세요.") from error
    return plan_from_text(text, path)


def plan_from_text(text: str, path: Path) -> Plan:
    """Load a plan from YAML text; ``path`` is what its faults are reported under."""
    text = unicodedata.normalize("NFC", text)  # a Mac may write 행정안전부 in pieces
    try:
        form, root = _form(text, path)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        before = text.encode()[: getattr(error, "position", 0)]  # a forbidden character has no mark
        line = mark.line + 1 if mark else before.count(b"\n") + 1
        raise PlanError(f"{path}:{line}: YAML 문법이 틀렸습니다. {_remedy(text, line)}") from error
    return _checked(form, path, partial(_line_of, root))


_READ = frozenset(f"tag:yaml.org,2002:{name}" for name in ("timestamp", "int", "float"))


def _form(text: str, path: Path) -> tuple[Any, Any]:
    """Return what the YAML says, and its root node, which knows the lines.

    Raises:
        PlanError: a mapping says something twice (YAML would keep the last), or a value is an impossible date or number.
        yaml.YAMLError: no YAML.
    """
    loader = _FastLoader(text)
    root = loader.get_single_node()
    faults: dict[int, str] = {}
    seen: set[int] = set()
    ahead = [] if root is None else [root]
    while ahead:
        node = ahead.pop()
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            faults |= _repeated(node)
            ahead += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            ahead += node.value
        elif node.tag in _READ:
            try:
                loader.construct_object(node)
            except ValueError:
                faults[node.start_mark.line + 1] = (
                    f"'{node.value}' 은(는) 없는 날짜나 수입니다. 코드나 글이면 따옴표로 감싸세요: \"{node.value}\""
                )
    if faults:
        raise PlanError("\n".join(f"{path}:{line}: {faults[line]}" for line in sorted(faults)))
    return None if root is None else loader.construct_document(root), root


def _repeated(node: yaml.MappingNode) -> dict[int, str]:
    """Return the first key that stands twice in a mapping, by its line."""
    keys: set[tuple[str, str]] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and (key.tag, key.value) in keys:
            what = (
                f"'{key.value}' 이(가) 한 항목에 두 번 나옵니다. 새 항목이면 그 첫 줄을 '- ' 로 시작하세요."
            )
            return {key.start_mark.line + 1: what}
        keys.add((key.tag, str(key.value)))
    return {}


def _remedy(text: str, line: int) -> str:
    """Say what to look at where YAML cannot be read."""
    row = text.split("\n")[line - 1] if line <= text.count("\n") + 1 else ""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return "줄 앞에 탭이 있습니다. 탭을 지우고 빈칸으로 들여 쓰세요."
    return (
        "이 줄과 윗줄의 들여쓰기(빈칸), 짝이 맞지 않는 따옴표나 괄호, ':' 뒤의 빈칸을 확인하세요. "
        "글이 [ { * & ! @ % 로 시작하거나 글 안에 ': ' 이 있으면 따옴표로 감싸세요."
    )


_FastLoader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _place(location: tuple[str | int, ...], value: object) -> str:
    del value
    return ".".join(map(str, location)) or "파일 전체"


def _checked(
    form: Any,
    path: Path,
    line_of: Callable[[tuple[str | int, ...]], int],
    place_of: Callable[[tuple[str | int, ...], object], str] = _place,
    known: Mapping[tuple[str | int, ...], str] = MappingProxyType({}),
    line_name: Callable[[int], str] = str,
) -> Plan:
    """Validate the written form, and tell all faults at once.

    Args:
        form: as written.
        path: what faults are reported under.
        line_of: finds the line of a location such as ("nodes", 3, "title").
        place_of: names a location and its value in the words of the file.
        known: faults that the file's reader found, by location.
        line_name: how a line that ``line_of`` found is told.
    """
    faults = [(line_of(location), what) for location, what in known.items()]
    bad = set(known)
    plan_form = None
    try:
        plan_form = PlanForm.model_validate(form)
        nodes = [node.node() for node in plan_form.nodes]
    except ValidationError as error:
        for fault in error.errors():
            bad.add(fault["loc"])
            if fault["loc"] not in known:
                what = MESSAGES.get(fault["type"], fault["msg"])
                faults.append((line_of(fault["loc"]), f"{place_of(fault['loc'], fault['input'])}: {what}"))
        nodes = mended(form, bad)
    unsure = {location[1] for location in bad if location[2:] in (("code",), ("parent",))}
    faults += [
        (line_of(("nodes", i, "code")), what)
        for i, what in problems(nodes, load_agencies().names)
        if i not in unsure
    ]
    if plan_form is None or faults:
        raise PlanError(
            "\n".join(f"{path}:{line_name(line)}: {what}" for line, what in sorted(faults, key=itemgetter(0)))
        )
    return Plan(plan_form.id, plan_form.title, plan_form.year, tuple(nodes), source=str(path))


def _line_of(at: Any, location: tuple[str | int, ...]) -> int:
    """Return the 1-based line of ``location`` below the YAML node ``at`` (of its nearest existing ancestor)."""
    line = 1
    for part in location:
        if isinstance(at, yaml.SequenceNode) and isinstance(part, int) and part < len(at.value):
            at = at.value[part]
        elif isinstance(at, yaml.MappingNode):
            found = [(key, value) for key, value in at.value if key.value == str(part)]
            if not found:
                break
            key, at = found[-1]  # a merged one (<<) stands before
            line = key.start_mark.line + 1
            continue
        else:
            break
        line = at.start_mark.line + 1
    return int(line)
