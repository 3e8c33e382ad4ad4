"""Where the decisions come from that teach: rounds of a store, or tables that people corrected."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyeoksin.cli.decided import decided_of, told_in
from hyeoksin.cli.failed import show_failed
from hyeoksin.errors import InputError, RowError

if TYPE_CHECKING:
    from hyeoksin.domain import Document
    from hyeoksin.lessons import Decided
    from hyeoksin.model import Model
    from hyeoksin.plan import Plan
    from hyeoksin.store import Project, Store

__all__ = ["AnyRounds", "By", "Rounds", "TablePlan", "Tables", "Taught", "check_source", "from_rounds", "from_tables", "login", "rounds_of"]  # fmt: skip

By = Annotated[str | None, typer.Option("--by", help="누가 (기본: 로그인 이름).")]
_ROUNDS = typer.Option("--project", help="차수의 이름이나 번호 (여러 번 쓸 수 있음).")
Rounds = Annotated[list[str], _ROUNDS]
AnyRounds = Annotated[list[str] | None, _ROUNDS]
Tables = Annotated[
    list[Path] | None,
    typer.Option(
        "--decisions",
        help="차수 대신: 사람이 정한 코드 열('확정코드' …)이 있는 결과 표 (.xlsx .csv .jsonl; 여러 번 쓸 수 있음).",
    ),
]
TablePlan = Annotated[
    str | None, typer.Option("--plan", help="--decisions 의 계획: 2019, 2020, 2022, 2024 (기본: 2019).")
]


@dataclass(frozen=True)
class Taught:
    """Lessons of one plan, ``names`` of the rounds or tables that they come from, and all texts there.

    ``base`` is the model below all lessons; ``against`` the one that answers now, if it has learnt.
    """

    plan: Plan
    lessons: list[Decided]
    names: list[str]
    items: list[tuple[int, Document]]
    base: Model
    against: Model | None = None

    @property
    def answering(self) -> Model:
        """The model that answers now."""
        return self.against or self.base


def check_source(
    rounds: Sequence[str] | None, tables: Sequence[Path] | None, plan: str | None, texts: Path | None
) -> None:
    """Refuse both sources of decisions, or none, and what belongs to the other one.

    Raises:
        BadParameter: as said.
    """
    if bool(rounds) == bool(tables):
        raise typer.BadParameter(
            "결정이 있는 곳을 하나만 주세요: 저장소의 차수(--project) 또는 표(--decisions)."
        )
    if rounds and (plan is not None or texts is not None):
        raise typer.BadParameter(
            "--plan 과 --texts 는 --decisions 와 함께 씁니다. 차수는 제 계획과 글을 압니다."
        )


def from_rounds(store: Store, names: Sequence[str], weight: float) -> Taught:
    """Return what the decisions of rounds teach; corrections count ``weight`` times.

    Raises:
        InputError: there is no such round, or they have different plans.
        ModelError: the folder of a model is missing or damaged.
    """
    from hyeoksin.lessons import decided_items, learnt_items, lessons_of, root_of
    from hyeoksin.model import load_model

    chosen, plan = rounds_of(store, names)
    items = [item for project in chosen for item in store.items(project.id, order="id", limit=None)]
    decided = (item for project in chosen for item in decided_items(store, project))
    lessons = lessons_of(decided, weight, learnt_items(store, plan.id))
    folder, answering = root_of(store)
    return Taught(
        plan,
        lessons,
        [project.name for project in chosen],
        [(item.id, item.document) for item in items],
        load_model(folder),
        None if answering is None else load_model(answering.folder),
    )


def from_tables(
    tables: Sequence[Path],
    plan: str | None,
    texts: Path | None,
    weight: float,
    by: str,
    errors: list[RowError],
) -> Taught:
    """Return what the decisions in tables teach the shipped model; ``errors`` receives the rows that cannot be used.

    Raises:
        InputError: a table holds no decision, or no texts.
        PlanError: there is no such plan.
    """
    from hyeoksin.lessons import lessons_in
    from hyeoksin.model import load_model
    from hyeoksin.plan import load_plan
    from hyeoksin.resources import resource
    from hyeoksin.texts import read_texts

    loaded = load_plan(plan or "2019")
    known = read_texts(texts, errors) if texts is not None else None
    found = [told_in(path, loaded, known, errors) for path in tables]
    decided = [
        [result for result in decided_of(results, path, loaded, errors) if result.has_text]
        for path, results in zip(tables, found, strict=True)
    ]
    show_failed(errors)
    if not any(decided):
        raise InputError("결정한 줄에 글이 없습니다. 분류할 때 넣은 파일을 --texts 로 주세요.")
    last = max(path.stat().st_mtime for path in tables)
    lessons = lessons_in(decided, by, datetime.fromtimestamp(last, UTC).isoformat(timespec="seconds"), weight)
    items = [result.document for results in found for result in results if result.has_text]
    return Taught(
        loaded,
        lessons,
        [path.name for path in tables],
        list(enumerate(items, 1)),
        load_model(resource("model")),
    )


def login(by: str | None) -> str:
    """Return who acts: as told, else the login name, which a container's user may lack.

    Raises:
        BadParameter: nobody knows.
    """
    try:
        return by or getpass.getuser()
    except (ImportError, KeyError, OSError) as error:
        raise typer.BadParameter(
            "로그인 이름을 알 수 없습니다. --by 이름 으로 누가 하는지 적어 주세요."
        ) from error


def rounds_of(store: Store, names: Sequence[str]) -> tuple[list[Project], Plan]:
    """Return the rounds of these names (or numbers, where no round has that name) and their plan.

    Raises:
        InputError: there is no such round, or they have different plans.
    """
    rounds = store.projects()
    known = {str(one.id): one for one in rounds} | {one.name: one for one in rounds}
    missing = [name for name in names if name not in known]
    if missing:
        there = ", ".join(f"{one.name} ({one.id}번)" for one in rounds) or "없음"
        raise InputError(f"차수 '{missing[0]}' 이(가) 없습니다. 있는 차수: {there}.")
    chosen = [known[name] for name in names]
    if len({project.plan_sha for project in chosen}) > 1:
        raise InputError("차수마다 계획이 다릅니다. 같은 계획의 차수만 함께 주세요.")
    return chosen, store.plan(chosen[0].id)
