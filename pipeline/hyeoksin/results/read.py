"""Any form of results, by the file's name: a folder, records, a table or a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hyeoksin.causes import missing
from hyeoksin.codes import NONE
from hyeoksin.decoding import readable
from hyeoksin.errors import InputError, RowError
from hyeoksin.plan import BUILTIN_PLANS, Plan
from hyeoksin.results.records import UnaskedError, from_lines, from_parquet, from_record, plan_of
from hyeoksin.results.result import Result, checked
from hyeoksin.results.tables import from_table

if TYPE_CHECKING:
    from hyeoksin.store import Project

__all__ = ["main_plan", "other_editions", "read_results", "refuse_unfinished"]

_STORES = (".db", ".sqlite", ".sqlite3")


def read_results(path: Path, plan: Plan) -> Iterator[Result | RowError]:
    """Yield the results for ``plan`` of a file (JSONL, Parquet, CSV, XLSX), a batch folder, or a store.

    A row that tells nothing of the plan, or a code that it does not have, comes out as a :class:`RowError`.

    Raises:
        InputError: there is nothing to read, the batch run did not end, no column holds a code, or (after the last row)
            the first gate kept part of the texts from this plan: what is left would tilt every share.
        MissingExtraError: pyarrow (Parquet) or SQLAlchemy (store) is not installed.
    """
    if path.is_dir():
        refuse_unfinished(path)
        parts = _parts(path)
        if not parts:
            raise InputError(f"{path}: 분류 결과(records/part-*.parquet 또는 .jsonl)가 없습니다.")
        for part in parts:
            yield from read_results(part, plan)
        return
    if not path.is_file():
        raise InputError(missing(path))
    readers: dict[str, Callable[[Path, Plan], Iterator[Result | RowError]]] = {
        ".jsonl": from_lines,
        ".parquet": from_parquet,
        **dict.fromkeys((".csv", ".tsv", ".xlsx"), from_table),
        **dict.fromkeys(_STORES, _from_store),
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path}: 결과로 읽을 수 없는 형식입니다. 쓰는 형식: {', '.join(readers)} 또는 batch 결과 폴더."
        )
    n_read = n_unasked = 0
    for item in reader(path, plan):
        n_read, n_unasked = n_read + isinstance(item, Result), n_unasked + isinstance(item, UnaskedError)
        yield item
    if n_read and n_unasked:
        raise InputError(
            f"{path}: 1차 거르기가 넘긴 글 {n_unasked:,}건에는 계획 {plan.id} 의 결과가 없어, 남은 글만으로는 비율이 치우칩니다. "
            f"hyeoksin batch --gate off 로, 또는 --plan {plan.id} 로 다시 분류하세요."
        )


def _parts(folder: Path) -> list[Path]:
    inside = folder / "records" if (folder / "records").is_dir() else folder
    parts = sorted(p for p in inside.iterdir() if p.suffix in (".jsonl", ".parquet") and p.name[0] != ".")
    return [part for part in parts if not part.name.endswith("failed.jsonl")]


def main_plan(path: Path) -> str:
    """Return the plan that results were made for, by the first record; 2019 where none tells (tables, stores, texts).

    Raises:
        InputError: it is an office's own, whose file has to be given.
    """
    files = _parts(path) if path.is_dir() else [path] if path.is_file() else []
    name = next(filter(None, map(plan_of, files)), "2019")
    if name not in BUILTIN_PLANS:
        raise InputError(
            f"{path}: 계획 '{name}' 로 분류한 결과입니다. --plan 에 그 계획의 파일을 주세요 (plan impact 에서는 --from)."
        )
    return name


def refuse_unfinished(path: Path) -> None:
    """Refuse the folder of a batch run that did not end: what stands there is a part of the texts, or of other ones.

    Raises:
        InputError: it is one.
    """
    begun = any((path / name).exists() for name in ("run.json", "run.lock", "shards"))
    if begun and not (path / "manifest.json").is_file():
        raise InputError(
            f"{path}: 끝나지 않은 분류입니다. 같은 hyeoksin batch 명령으로 끝까지 한 뒤 다시 하세요."
        )


def other_editions(projects: Sequence[Project], plan: Plan) -> str:
    """Return what to tell of the rounds of a store that were opened with another edition of a plan, "" if there are none."""
    others = [project for project in projects if project.plan == plan.id and project.plan_sha != plan.sha256]
    if not others:
        return ""
    editions = ", ".join(sorted({project.plan_sha[:8] for project in others}))
    return (
        f"차수 {', '.join(project.name for project in others)} 은(는) 계획 {plan.id} 의 다른 판({editions})으로 열었습니다 "
        f"(지금 계획: {plan.sha256[:8]}). 그 차수를 읽으려면 그때의 계획 파일을 주세요."
    )


def _from_store(path: Path, plan: Plan) -> Iterator[Result | RowError]:
    """Read the rounds of a store that were held under ``plan``: decisions where there are any, else recommendations."""
    from hyeoksin.store import open_store

    store = open_store(path, create=False)
    projects = store.projects()
    namesakes = [project for project in projects if project.plan == plan.id]
    rounds = [project for project in namesakes if project.plan_sha == plan.sha256]
    if not namesakes:
        held = ", ".join(sorted({project.plan for project in projects})) or "없음"
        raise InputError(f"{path}: 계획 {plan.id} 의 차수가 없습니다 (있는 계획: {held}).")
    if word := other_editions(projects, plan):
        if not rounds:
            raise InputError(f"{path}: {word}")
        yield RowError(path.name, word)
    for project in rounds:
        for item in store.items(project.id, limit=None):
            place = f"{readable(path.name)}#row={item.id}"
            row = {**item.record, "id": item.document.id}
            told = from_record(row, plan, place)
            if isinstance(told, RowError):
                yield told
                continue
            result = replace(told, document=item.document)
            if item.standing == "decided" and item.decision is not None:
                result = replace(result, code=item.decision.code or NONE, decided=True, suggested=told.code)
            yield checked(result, plan, place)
