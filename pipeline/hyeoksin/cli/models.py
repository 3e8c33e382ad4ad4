"""``hyeoksin models``: the versions of the model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyeoksin.cli.options import STORE, StoreUrl
from hyeoksin.cli.taught import By, Rounds, login, rounds_of
from hyeoksin.commands import quoted

if TYPE_CHECKING:
    from hyeoksin.store import ModelRow, Store

app = typer.Typer(
    help="모델의 판: 등록, 목록, 바꾸기, 되돌리기.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def list_models(store: StoreUrl = STORE) -> None:
    """등록된 모델을 새것부터 보여 줍니다."""
    from hyeoksin.cli.screen import when
    from hyeoksin.store import open_store

    names = {"active": "쓰는 중", "candidate": "후보", "retired": "지난 것", "refused": "거절"}
    opened = open_store(store, create=False)
    active = opened.active_model()
    if active is not None and active.replaced:
        from hyeoksin.lessons import follow_shipped  # reads the model

        follow_shipped(opened)
    rows = opened.models()
    if not rows:
        typer.echo("등록된 모델이 없습니다. 함께 설치된 모델이 답합니다.")
    for row in rows:
        typer.echo(f"{row.id}  {names[row.state]}  {when(row.created_at)}  {row.path}")
        if row.report.get("까닭"):
            typer.echo(f"    {row.report['판정']}: {row.report['까닭']}")


@app.command("add")
def add_model(
    folder: Annotated[Path, typer.Argument(help="모델 폴더 (hyeoksin plan learn, train, learn 이 만든 것).")],
    store: StoreUrl = STORE,
    by: By = None,
) -> None:
    """모델 폴더를 읽어 보고 후보로 등록합니다. learn 이 거절한 것은 거절된 모델로 남습니다."""
    from hyeoksin.lessons import register
    from hyeoksin.store import open_store

    row = register(open_store(store, create=False), folder, login(by))
    told = f"hyeoksin models use {quoted(row.id)} --store {quoted(store)}"
    if row.state == "refused":
        typer.echo(
            f"{row.id} 을 거절된 모델로 등록했습니다. {row.report['까닭']} 그래도 쓰려면: {told} --force"
        )
    else:
        typer.echo(f"{row.id} 을 후보로 등록했습니다. 쓰려면: {told}")


@app.command("use")
def use_model(
    model: Annotated[str, typer.Argument(help="모델 (hyeoksin models list 의 이름@지문).")],
    store: StoreUrl = STORE,
    force: Annotated[bool, typer.Option("--force", help="거절된 모델이라도 씁니다.")] = False,
    by: By = None,
) -> None:
    """등록된 모델을 쓰는 모델로 바꿉니다."""
    from hyeoksin.lessons import use
    from hyeoksin.store import open_store

    opened = open_store(store, create=False)
    row = use(opened, model, login(by), force)
    typer.echo(f"이제 {row.id} 이 답합니다. {_followed(store)}")
    _tell_stopped(opened, row)


def _tell_stopped(store: Store, row: ModelRow) -> None:
    from hyeoksin.lessons import stopped_rounds

    rounds = stopped_rounds(store, row)
    if rounds:
        typer.secho(
            f"알림: {row.id} 은 차수 {', '.join(rounds)} 의 계획을 다른 판으로 배워 그 차수의 글을 분류하지 못합니다. 그 차수에 글을 더 "
            "넣거나 다시 판정하려면 'hyeoksin models use' 로 함께 설치된 모델이나 그 판을 배운 모델을 쓰세요.",
            fg=typer.colors.YELLOW,
            err=True,
        )


def _followed(store: str) -> str:
    return (
        "켜져 있는 서버는 몇 초 안에 따릅니다. 이미 올린 문서 가운데 정하지 않은 것은 "
        f"'hyeoksin models renew --project 차수 --store {quoted(store)}' 로 다시 판정합니다."
    )


@app.command("renew")
def renew_items(project: Rounds, store: StoreUrl = STORE) -> None:
    """차수에서 아직 정하지 않은 문서를 지금 쓰는 모델로 다시 판정합니다. 정한 것은 그대로입니다."""
    from tqdm import tqdm

    from hyeoksin.classifier import load_classifier
    from hyeoksin.lessons import active_path, follow_shipped, renew
    from hyeoksin.store import open_store

    opened = open_store(store, create=False)
    chosen, plan = rounds_of(opened, project)
    follow_shipped(opened)
    classifier = load_classifier(active_path(opened), plan)
    for one in chosen:
        n_judged = n_new = 0
        with tqdm(
            total=opened.count(one.id, decided=False),
            desc=one.name,
            unit="건",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
        ) as bar:
            for judged, renewed in renew(opened, one.id, classifier):
                n_judged, n_new = n_judged + judged, n_new + renewed
                bar.update(judged)
        typer.echo(
            f"{one.name}: 정하지 않은 {n_judged:,}건을 {classifier.id} 로 다시 판정했습니다 (새 답 {n_new:,}건)."
        )


@app.command("rollback")
def rollback(store: StoreUrl = STORE, by: By = None) -> None:
    """바로 앞에 쓰던 모델로 되돌립니다."""
    from hyeoksin.lessons import roll_back
    from hyeoksin.store import open_store

    opened = open_store(store, create=False)
    row = roll_back(opened, login(by))
    typer.echo(f"{row.id} 로 되돌렸습니다. {_followed(store)}")
    _tell_stopped(opened, row)
