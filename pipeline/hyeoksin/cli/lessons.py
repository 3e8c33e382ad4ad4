"""``hyeoksin learn`` and ``hyeoksin doubts``: decisions that teach."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyeoksin.cli.options import STORE, StoreUrl
from hyeoksin.cli.outputs import check_form, refuse_file, refuse_inputs

if TYPE_CHECKING:
    from hyeoksin.lessons import Again, Decided, Doubt, Learned
    from hyeoksin.model import Model
    from hyeoksin.plan import Plan
    from hyeoksin.store import Project, Store

Rounds = Annotated[list[str], typer.Option("--project", help="차수의 이름이나 번호 (여러 번 쓸 수 있음).")]
By = Annotated[str | None, typer.Option("--by", help="누가 (기본: 로그인 이름).")]


def learn(
    project: Rounds,
    store: StoreUrl = STORE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="새 모델 폴더 (기본: models/이름-날짜시각).")
    ] = None,
    name: Annotated[str, typer.Option(help="새 모델의 이름 (기록에 남음).")] = "office",
    weight: Annotated[
        float, typer.Option(min=0.1, max=20.0, help="고친 결정이 그대로 받아들인 결정보다 몇 배로 세는가.")
    ] = 1.0,
    use: Annotated[
        bool, typer.Option("--use", help="시험을 지나면 바로 이 모델로 바꿉니다 (기본: 후보로만 등록).")
    ] = False,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="처음부터 다시 학습합니다 (--corpus, 오래 걸림). 기본은 끝 층만 고칩니다."
        ),
    ] = False,
    corpus: Annotated[Path, typer.Option(help="--full 에 쓰는 말뭉치 폴더.")] = Path("corpus"),
    external: Annotated[Path | None, typer.Option(help="--full 에 쓰는 공개 자료 폴더.")] = None,
    by: By = None,
) -> None:
    """결정에서 배워 새 모델을 만들고, 옛 모델과 견주어 받아들이거나 거절합니다. 거절하면 1로 끝납니다."""
    from datetime import datetime

    from hyeoksin.lessons import add_version, again_for, register_shipped, root_of
    from hyeoksin.lessons import use as use_model
    from hyeoksin.model import check_folder, load_model
    from hyeoksin.store import open_store

    if external is not None and not full:
        raise typer.BadParameter("--external 은 --full 과 함께 씁니다. --full 이 없으면 결정에서만 배웁니다.")
    folder = output or Path("models") / f"{name}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    refuse_file(folder)
    check_folder(folder)
    opened, who = open_store(store, create=False), login(by)
    chosen, plan, lessons = _lessons(opened, project, weight)
    _tell_left_out(opened, chosen, plan)
    register_shipped(opened, who)
    base = load_model(root_of(opened)[0])
    again = again_for(base)
    learned = _learnt(opened, base, again, chosen, plan, lessons, name, (corpus, external) if full else None)
    model, row = add_version(opened, learned, folder, who)
    accepted = learned.report.judgement.accepted
    colour = typer.colors.GREEN if accepted else typer.colors.RED
    typer.secho(f"{model.id} ({folder}): {'받아들임' if accepted else '거절'}", fg=colour)
    for line in learned.report.judgement.failed:
        typer.secho(f"  거절 까닭: {line}", fg=typer.colors.RED)
    for line in learned.report.judgement.passed:
        typer.echo(f"  {line}")
    typer.echo(f"  카파: {learned.report.to_json()['카파']}")
    _preview(opened, again, chosen, plan, learned)
    if not accepted:
        raise typer.Exit(1)
    if use:
        use_model(opened, row.id, who)
        typer.echo(f"이제 {row.id} 이 답합니다. 되돌리기: hyeoksin models rollback --store {store}")
    else:
        typer.echo(f"쓰려면: hyeoksin models use {row.id} --store {store}")


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


def _tell_left_out(store: Store, chosen: list[Project], plan: Plan) -> None:
    """Learning starts anew each time: say which rounds of the plan teach nothing this time."""
    taken = {project.id for project in chosen}
    rounds = (one for one in store.projects() if one.plan_sha == plan.sha256 and one.id not in taken)
    left = [one.name for one in rounds if store.count(one.id, decided=True)]
    if left:
        typer.secho(
            f"알림: 같은 계획의 차수 {', '.join(left)} 의 결정은 이번에 배우지 않습니다. 함께 배우려면 --project 를 더 쓰세요.",
            fg=typer.colors.YELLOW,
            err=True,
        )


def rounds_of(store: Store, names: Sequence[str]) -> tuple[list[Project], Plan]:
    """Return the rounds of these names (or numbers, where no round has that name) and their plan.

    Raises:
        InputError: there is no such round, or they have different plans.
    """
    from hyeoksin.errors import InputError

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


def _lessons(store: Store, names: Sequence[str], weight: float) -> tuple[list[Project], Plan, list[Decided]]:
    """Return the rounds, their plan, and all their lessons."""
    from hyeoksin.lessons import decided_items, lessons_of

    chosen, plan = rounds_of(store, names)
    items = (item for project in chosen for item in decided_items(store, project))
    return chosen, plan, lessons_of(items, weight)


def _learnt(
    store: Store,
    base: Model,
    again: Again | None,
    chosen: list[Project],
    plan: Plan,
    lessons: list[Decided],
    name: str,
    full: tuple[Path, Path | None] | None,
) -> Learned:
    from hyeoksin.lessons import learn, root_of
    from hyeoksin.model import load_model
    from hyeoksin.morphemes import Tokenizer

    _, answering = root_of(store)
    rounds = [project.name for project in chosen]
    against = None if answering is None else load_model(answering.folder)
    since = "" if answering is None else answering.created_at
    if full is not None:
        from hyeoksin.lessons.full import learn_in_full

        return learn_in_full(
            base, plan, lessons, *full, against=against, again=again, since=since, name=name, rounds=rounds
        )
    return learn(
        base, plan, lessons, Tokenizer(), against=against, again=again, since=since, name=name, rounds=rounds
    )


def _preview(store: Store, again: Again | None, chosen: list[Project], plan: Plan, learned: Learned) -> None:
    from hyeoksin.lessons import active_path, preview
    from hyeoksin.model import load_model
    from hyeoksin.morphemes import Tokenizer

    items = [
        (item.id, item.document)
        for project in chosen
        for item in store.items(project.id, order="id", limit=None)
    ]
    found = preview(load_model(active_path(store)), learned.model, plan, items, Tokenizer(), again)
    typer.echo(f"미리 보기: {found.sentence}")
    for change in found.moved[:10]:
        typer.echo(
            f"  {change.document}: {change.old_code} {change.old_probability:.0%} -> "
            f"{change.new_code} {change.new_probability:.0%}"
        )
    if len(found.moved) > 10:
        typer.echo(f"  … 그 밖에 {len(found.moved) - 10:,}건")


def doubts(
    project: Rounds,
    store: StoreUrl = STORE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="표로 적을 파일 (.csv .tsv .xlsx).")
    ] = None,
    shown: Annotated[int, typer.Option(min=0, help="화면에 이만큼 보여 줍니다.")] = 20,
) -> None:
    """모델과 가까운 결정이 어긋난다고 하는 지난 결정을 다시 볼 차례대로 보여 줍니다 (아무것도 바꾸지 않음)."""
    from hyeoksin.lessons import again_for, root_of
    from hyeoksin.lessons import doubts as find_doubts
    from hyeoksin.model import load_model
    from hyeoksin.morphemes import Tokenizer
    from hyeoksin.store import open_store

    check_form(output, (".csv", ".tsv", ".xlsx"))
    refuse_inputs(output, [store])
    opened = open_store(store, create=False)
    _, plan, lessons = _lessons(opened, project, 1.0)
    base = load_model(root_of(opened)[0])
    found = find_doubts(base, plan, lessons, Tokenizer(), again_for(base))
    typer.echo(f"결정 {len(lessons):,}건 가운데 다시 볼 것 {len(found):,}건")
    for doubt in found[:shown]:
        typer.echo(
            f"  {doubt.document}: {doubt.decided} -> {doubt.suggested}? ({doubt.probability:.0%}, 이웃 "
            f"{doubt.contradicting}/{len(doubt.neighbours)}건이 다름, {doubt.by}) {doubt.title}"
        )
    if output is not None:
        _write_doubts(found, output)
        typer.echo(f"{output} 에 적었습니다.")


def _write_doubts(found: list[Doubt], output: Path) -> None:
    from hyeoksin.tabular import write_rows

    header = ("문서", "제목", "결정", "모델", "모델 확률", "품질(0이 나쁨)", "다르게 정한 이웃", "이웃", "결정한 사람", "결정한 때", "메모")  # fmt: skip
    rows = (
        (
            d.document, d.title, d.decided, d.suggested, d.probability, d.quality, d.contradicting,
            ", ".join(f"{code} ({cosine:.2f})" for _, code, cosine in d.neighbours), d.by, d.at, d.note,
        )
        for d in found
    )  # fmt: skip
    write_rows(output, header, rows, sheet="다시 볼 결정")
