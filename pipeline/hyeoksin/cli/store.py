"""``hyeoksin store``: check, back up, restore, migrate and export a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyeoksin.cli.options import STORE, StoreUrl
from hyeoksin.cli.outputs import check_form, refuse_existing

if TYPE_CHECKING:
    from hyeoksin.store import Item, Store

app = typer.Typer(
    help="저장소(차수, 문서, 결정 기록) 점검, 백업, 되살리기, 판 올리기, 내보내기.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_HEADER = (
    "번호", "제목", "내용", "출처", "날짜", "지역", "유형", "결정코드", "기관", "결정", "결정자", "결정시각", "메모",
    "추천코드", "확률", "모델",
)  # fmt: skip
_KEYS = (
    "id", "title", "text", "source", "date", "region", "kind", "code", "agency", "action", "by", "at", "note",
    "predicted", "probability", "model",
)  # fmt: skip


@app.command()
def check(store: StoreUrl = STORE) -> None:
    """파일, 결정 기록의 사슬, 문서의 상태가 온전한지 점검합니다 (온전하지 않으면 끝값 1)."""
    from hyeoksin.store import open_store

    with open_store(store, create=False) as opened:
        projects = opened.projects()  # first: one that is opened meanwhile is not checked
        found = opened.verify()
        fault = opened.integrity() or found.broken
        for project in reversed(projects):
            n_items, n_decided = opened.count(project.id), opened.count(project.id, decided=True)
            head = found.heads[project.id][:16] or "-"
            typer.echo(f"{project.name}: 문서 {n_items:,}, 결정됨 {n_decided:,}, 마지막 결정의 지문 {head}")
        if fault is not None:
            typer.secho(f"온전하지 않습니다: {fault}", fg=typer.colors.RED, err=True)
            raise typer.Exit(1)
        typer.echo(
            f"이상 없음: 결정 기록 {found.rows:,}줄. 지문을 따로 적어 두면 나중에 빠진 줄이 없음을 보일 수 있습니다."
        )


@app.command()
def backup(
    to: Annotated[
        Path, typer.Argument(help="새 파일: .db (SQLite), .jsonl 또는 .jsonl.gz (어느 쪽으로든 되살림).")
    ],
    store: StoreUrl = STORE,
) -> None:
    """쓰는 중에도 백업합니다. 파일은 온전하게 나타나거나 나타나지 않습니다."""
    from hyeoksin.store import open_store

    refuse_existing(to)
    with open_store(store, create=False) as opened:
        found = opened.backup(to)
    typer.echo(
        f"백업했습니다: {to} ({to.stat().st_size / 2**20:,.1f} MB, 결정 기록 {found.rows:,}줄, 사슬 이상 없음)"
    )


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="백업 파일 (.db, .jsonl, .jsonl.gz).")],
    store: StoreUrl = STORE,
) -> None:
    """빈 저장소에 백업을 되살립니다. SQLite와 PostgreSQL 사이에서도 됩니다. 모두 되살리거나 아무것도 하지 않습니다."""
    from hyeoksin.store import open_store
    from hyeoksin.store import restore as restored

    found = restored(source, store)
    typer.echo(f"되살렸습니다: {source} → {store} (결정 기록 {found.rows:,}줄, 사슬 이상 없음)")
    with open_store(store) as opened:
        _index(opened)
    typer.echo("로그인은 다시 해야 합니다.")


@app.command()
def migrate(store: StoreUrl = STORE) -> None:
    """앞 판의 hyeoksin이 만든 저장소를 이 판에 맞춥니다. 먼저 백업하세요."""
    from hyeoksin.store import open_store

    with open_store(store, create=False) as opened:
        steps = opened.migrated
        _index(opened)
    typer.echo(f"판을 올렸습니다: {', '.join(steps)}" if steps else "이미 이 판에 맞습니다.")


@app.command()
def export(
    output: Annotated[Path, typer.Argument(help="새 파일 (.jsonl .csv .xlsx).")],
    project: Annotated[str | None, typer.Option("--project", help="차수의 이름이나 번호.")] = None,
    store: StoreUrl = STORE,
    ledger: Annotated[
        bool,
        typer.Option(
            "--ledger", help="결정된 문서 대신 결정 기록의 모든 줄 (.jsonl; --project 가 없으면 모든 차수)."
        ),
    ] = False,
) -> None:
    """한 차수의 결정된 문서를 내보냅니다 (개인정보를 가리지 않습니다). `learn`, `simulate`, `drift` 의 `--decisions` 와 `translate` 가 읽는 꼴입니다."""
    from hyeoksin.cli.taught import rounds_of
    from hyeoksin.store import open_store
    from hyeoksin.tabular import write_rows, written_whole

    check_form(output, (".jsonl",) if ledger else (".jsonl", ".csv", ".tsv", ".xlsx"), "내보낼 파일의")
    if project is None and not ledger:
        raise typer.BadParameter("--project 로 차수의 이름이나 번호를 주세요.")
    refuse_existing(output)
    with open_store(store, create=False) as opened:
        number = None if project is None else rounds_of(opened, [project])[0][0].id
        rows = (
            _ledger(opened, number)
            if number is None or ledger
            else (_row(item) for item in opened.each(number, decided=True))
        )
        if output.suffix.lower() == ".jsonl":
            with written_whole(output) as part, part.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        else:
            write_rows(output, _HEADER, (tuple(row.values()) for row in rows), "결정")
    typer.echo(f"내보냈습니다: {output}")


def _index(opened: Store) -> None:
    """Make the search index of texts that are not in it."""
    if not opened.unindexed(limit=1):
        return
    from hyeoksin.indexing import fill_index
    from hyeoksin.morphemes import Tokenizer

    n_done = fill_index(opened, Tokenizer())
    typer.echo(f"검색 색인에 {n_done:,}건을 넣었습니다.")


def _row(item: Item) -> dict[str, Any]:
    from hyeoksin.codes import NONE

    decision = item.decision
    assert decision is not None  # noqa: S101 - only decided items come here
    document = item.document
    values = (
        document.id, document.title, document.text, document.source, document.date, item.region, item.kind,
        item.answer or NONE, decision.agency or item.lead, decision.action, decision.by, decision.at, decision.note,
        item.code or NONE, item.probability, item.model,
    )  # fmt: skip
    return dict(zip(_KEYS, values, strict=True))


def _ledger(opened: Store, project: int | None) -> Iterator[dict[str, Any]]:
    from dataclasses import asdict

    after = 0
    while rows := opened.decisions(project, after=after, limit=1000):
        names = opened.names(row.item for row in rows)
        for row in rows:
            yield asdict(row) | {"document": names[row.item].id, "document_title": names[row.item].title}
        after = rows[-1].id
