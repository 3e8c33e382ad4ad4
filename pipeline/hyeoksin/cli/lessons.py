"""``hyeoksin learn`` and ``hyeoksin doubts``: decisions that teach."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyeoksin.cli.failed import list_failed
from hyeoksin.cli.options import STORE, StoreUrl, Texts
from hyeoksin.cli.outputs import check_form, refuse_file, refuse_inputs
from hyeoksin.cli.taught import (
    AnyRounds,
    By,
    TablePlan,
    Tables,
    Taught,
    check_source,
    from_rounds,
    from_tables,
    login,
)
from hyeoksin.commands import quoted
from hyeoksin.errors import RowError

if TYPE_CHECKING:
    from hyeoksin.lessons import Again, Doubt, Learned
    from hyeoksin.store import Store


def learn(
    project: AnyRounds = None,
    decisions: Tables = None,
    plan: TablePlan = None,
    texts: Texts = None,
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

    from hyeoksin.lessons import add_version, again_for, register_shipped
    from hyeoksin.lessons import use as use_model
    from hyeoksin.model import check_folder
    from hyeoksin.store import open_store

    check_source(project, decisions, plan, texts)
    if external is not None and not full:
        raise typer.BadParameter("--external 은 --full 과 함께 씁니다. --full 이 없으면 결정에서만 배웁니다.")
    if decisions and use:
        raise typer.BadParameter("--use 는 --project 와 함께 씁니다. 표에서 배운 모델은 --model 로 씁니다.")
    folder = output or Path("models") / f"{name}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    read = [*(decisions or ()), *([] if texts is None else [texts])]
    refuse_file(folder)
    refuse_inputs(folder, read)
    check_folder(folder)
    who, errors = login(by), list[RowError]()
    opened = None if decisions else open_store(store, create=False)
    if opened is not None:
        taught = from_rounds(opened, project or (), weight)
        _tell_left_out(opened, taught)
        register_shipped(opened, who)
    else:
        taught = from_tables(decisions or (), plan, texts, weight, who, errors)
    again = again_for(taught.base)
    learned = _learnt(taught, again, name, (corpus, external) if full else None)
    accepted = learned.report.judgement.accepted
    if opened is not None:
        model, _ = add_version(opened, learned, folder, who)
        _tell(learned, f"{model.id} ({folder})")
        step = f"쓰려면: hyeoksin models use {quoted(model.id)} --store {quoted(store)}"
    else:
        made = _written(learned, folder) if accepted else "새 모델 (적지 않음)"
        _tell(learned, made)
        asked = quoted(plan or taught.plan.id)
        step = f"쓰기: hyeoksin classify 파일 --model {quoted(folder)} --plan {asked} -o 결과.xlsx"
    _preview(taught, again, learned)
    if accepted and use and opened is not None:
        use_model(opened, model.id, who)
        step = f"이제 {model.id} 이 답합니다. 되돌리기: hyeoksin models rollback --store {quoted(store)}"
    if accepted:
        typer.echo(step)
    list_failed(errors, folder, read)
    if not accepted:
        raise typer.Exit(1)


def _written(learned: Learned, folder: Path) -> str:
    """Write the folder of a model that no store knows; return what it is called and where it is."""
    from hyeoksin.model import save_model

    card = {"model": learned.model.name, "lessons": learned.report.to_json()}
    return f"{save_model(learned.model, folder, card).id} ({folder})"


def _tell_left_out(store: Store, taught: Taught) -> None:
    """Learning starts anew each time: say which rounds of the plan teach nothing this time."""
    rounds = (one for one in store.projects() if one.plan_sha == taught.plan.sha256)
    left = [one.name for one in rounds if one.name not in taught.names and store.count(one.id, decided=True)]
    if left:
        typer.secho(
            f"알림: 같은 계획의 차수 {', '.join(left)} 의 결정은 이번에 배우지 않습니다. 함께 배우려면 --project 를 더 쓰세요.",
            fg=typer.colors.YELLOW,
            err=True,
        )


def _learnt(taught: Taught, again: Again | None, name: str, full: tuple[Path, Path | None] | None) -> Learned:
    from hyeoksin.lessons import learn
    from hyeoksin.morphemes import Tokenizer

    learner = partial(learn, tokenizer=Tokenizer())
    if full is not None:
        from hyeoksin.lessons.full import learn_in_full

        learner = partial(learn_in_full, corpus=full[0], external=full[1])
    return learner(
        taught.base,
        taught.plan,
        taught.lessons,
        against=taught.against,
        again=again,
        name=name,
        rounds=taught.names,
    )


def _tell(learned: Learned, what: str) -> None:
    judgement = learned.report.judgement
    colour = typer.colors.GREEN if judgement.accepted else typer.colors.RED
    typer.secho(f"{what}: {'받아들임' if judgement.accepted else '거절'}", fg=colour)
    for line in judgement.failed:
        typer.secho(f"  거절 까닭: {line}", fg=typer.colors.RED)
    for line in judgement.passed:
        typer.echo(f"  {line}")
    typer.echo(f"  카파: {learned.report.to_json()['카파']}")


def _preview(taught: Taught, again: Again | None, learned: Learned) -> None:
    from hyeoksin.lessons import preview
    from hyeoksin.morphemes import Tokenizer

    found = preview(taught.answering, learned.model, taught.plan, taught.items, Tokenizer(), again)
    typer.echo(f"미리 보기: {found.sentence}")
    for change in found.moved[:10]:
        typer.echo(
            f"  {change.document}: {change.old_code} {change.old_probability:.0%} -> "
            f"{change.new_code} {change.new_probability:.0%}"
        )
    if len(found.moved) > 10:
        typer.echo(f"  … 그 밖에 {len(found.moved) - 10:,}건")


def doubts(
    project: AnyRounds = None,
    decisions: Tables = None,
    plan: TablePlan = None,
    texts: Texts = None,
    store: StoreUrl = STORE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="표로 적을 파일 (.csv .tsv .xlsx).")
    ] = None,
    shown: Annotated[int, typer.Option(min=0, help="화면에 이만큼 보여 줍니다.")] = 20,
) -> None:
    """모델과 가까운 결정이 어긋난다고 하는 지난 결정을 다시 볼 차례대로 보여 줍니다 (아무것도 바꾸지 않음)."""
    from hyeoksin.lessons import again_for
    from hyeoksin.lessons import doubts as find_doubts
    from hyeoksin.morphemes import Tokenizer
    from hyeoksin.store import open_store

    check_source(project, decisions, plan, texts)
    check_form(output, (".csv", ".tsv", ".xlsx"))
    read = [*(decisions or ()), *([] if texts is None else [texts])]
    refuse_inputs(output, [*read, store])
    errors = list[RowError]()
    if decisions:
        taught = from_tables(decisions, plan, texts, 1.0, "", errors)
    else:
        taught = from_rounds(open_store(store, create=False), project or (), 1.0)
    lessons = taught.lessons
    found = find_doubts(taught.base, taught.plan, lessons, Tokenizer(), again_for(taught.base))
    typer.echo(f"결정 {len(lessons):,}건 가운데 다시 볼 것 {len(found):,}건")
    for doubt in found[:shown]:
        typer.echo(
            f"  {doubt.document}: {doubt.decided} -> {doubt.suggested}? ({doubt.probability:.0%}, 이웃 "
            f"{doubt.contradicting}/{len(doubt.neighbours)}건이 다름{doubt.by and f', {doubt.by}'}) {doubt.title}"
        )
    if output is not None:
        _write_doubts(found, output)
        typer.echo(f"{output} 에 적었습니다.")
    list_failed(errors, output, read)


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
