"""``hyeoksin translate`` and ``hyeoksin plan impact``: results of one plan in another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyeoksin.cli.crosswalks import shipped_links
from hyeoksin.cli.failed import list_failed, show_failed
from hyeoksin.cli.options import Links, Model, Texts
from hyeoksin.cli.outputs import check_form, refuse_inputs

if TYPE_CHECKING:
    from hyeoksin.domain import Document
    from hyeoksin.errors import RowError
    from hyeoksin.plan import Plan
    from hyeoksin.plan.routes import Route
    from hyeoksin.results import Result
    from hyeoksin.translate import Judge, Translated

__all__ = ["impact", "links_table", "translate"]


def translate(
    results: Annotated[
        Path,
        typer.Argument(help="분류 결과나 결정 (.jsonl .parquet .csv .xlsx), batch 결과 폴더, 저장소(.db)."),
    ],
    old: Annotated[str, typer.Option("--from", help="결과의 계획.")],
    new: Annotated[str, typer.Option("--to", help="옮겨 읽을 계획 (2019 … 또는 계획 파일).")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="결과 파일 (.xlsx .csv .jsonl).")
    ] = None,
    texts: Texts = None,
    links: Links = None,
    model: Model = None,
) -> None:
    """한 계획의 결과를 다른 계획으로 옮겨 읽습니다. 대응표와 글을 함께 보고, 어긋나면 사람에게 넘깁니다."""
    from hyeoksin.translate import summary

    check_form(output, (".xlsx", ".csv", ".jsonl"))
    refuse_inputs(output, [results, texts, links, model, old, new])
    inputs = [path for path in (results, texts, links) if path is not None]
    before, after, rows, errors = _translated(results, old, new, texts, links, model)
    if output is not None:
        _write(rows, before, after, output)
    typer.echo(summary(rows, before, after))
    if any(row.how == "no text" or row.by_text is None for row in rows):
        typer.secho(
            "알림: 글이 없는 줄이 있습니다. 분류할 때 넣은 파일을 --texts 로 주면 글을 읽고 고릅니다.",
            err=True,
        )
    if output is not None:
        typer.echo(f"{output} 에 적었습니다.")
    list_failed(errors, output, inputs)


def impact(
    new: Annotated[str, typer.Argument(help="새 계획 (파일이나 2019 …).")],
    on: Annotated[
        Path,
        typer.Option("--on", help="지금까지의 결과 (.jsonl .parquet .csv .xlsx), batch 폴더, 저장소(.db)."),
    ],
    old: Annotated[str | None, typer.Option("--from", help="그 결과의 계획 (기본: 결과의 계획).")] = None,
    texts: Texts = None,
    links: Links = None,
    model: Model = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="표 (.xlsx .csv .json).")] = None,
) -> None:
    """새 계획으로 바꾸면 지금까지의 결과 가운데 몇 건이 어디로 가고 몇 건을 사람이 보아야 하는지 셉니다."""
    from hyeoksin.results import main_plan
    from hyeoksin.tabular import write_rows, written_whole
    from hyeoksin.translate import impact_rows

    check_form(output, (".xlsx", ".csv", ".json"))
    refuse_inputs(output, [on, texts, links, model, old, new])
    inputs = [path for path in (on, texts, links) if path is not None]
    before, after, rows, errors = _translated(on, old or main_plan(on), new, texts, links, model)
    header = ("옛 항목", "새 항목", "건수", "결정된 것", "사람이 볼 것")
    table = list(impact_rows(rows, before, after))
    if output is not None and output.suffix.lower() == ".json":
        with written_whole(output) as part:
            lines = [dict(zip(("from", "to", "n", "decided", "person"), row, strict=True)) for row in table]
            part.write_text(json.dumps(lines, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    elif output is not None:
        write_rows(output, header, table, sheet="바뀌는 것")
    for row in table[:20]:
        typer.echo(f"{row[0]} → {row[1]}: {row[2]:,}건 (결정된 것 {row[3]:,}, 사람이 볼 것 {row[4]:,})")
    if len(table) > 20:
        typer.echo(f"… 그 밖에 {len(table) - 20}가지")
    typer.echo(f"모두 {len(rows):,}건, 그 가운데 사람이 볼 것 {sum(row.person for row in rows):,}건.")
    if output is not None:
        typer.echo(f"{output} 에 적었습니다.")
    list_failed(errors, output, inputs)


def _translated(
    path: Path, old: str, new: str, texts: Path | None, links: Path | None, model: Path | None
) -> tuple[Plan, Plan, list[Translated], list[RowError]]:
    from hyeoksin.cli.screen import show_notes
    from hyeoksin.errors import InputError, RowError
    from hyeoksin.plan import load_plan
    from hyeoksin.results import read_results
    from hyeoksin.texts import read_texts, with_texts
    from hyeoksin.translate import translate as run

    show_notes()
    before, after = load_plan(old), load_plan(new)
    found: list[Result] = []
    errors: list[RowError] = []
    for item in read_results(path, before):
        if isinstance(item, RowError):
            errors.append(item)
        else:
            found.append(item)
    if not found:
        show_failed(errors)
        raise InputError(f"{path}: 계획 {before.id} 의 결과가 한 건도 없습니다. --from 을 확인하세요.")
    known = read_texts(texts, errors) if texts is not None else None
    found = list(with_texts(found, known))
    show_failed(errors)
    return before, after, list(run(found, links_table(before, after, links), _judge(after, model))), errors


def links_table(before: Plan, after: Plan, links: Path | None) -> Mapping[str, Route]:
    """Return where every node of ``before`` may go; says so where the links are guesses."""
    from hyeoksin.plan import BUILTIN_PLANS, load_crosswalk, load_plan
    from hyeoksin.plan.compare import links_between
    from hyeoksin.plan.routes import routes

    if links is None:
        crosswalk = shipped_links(before, after)
        lacking = f"{before.id} 과 {after.id} 의 대응표가 없어"
        remedy = "--links 로 줄 수 있습니다"
    else:
        plans = {name: load_plan(name) for name in BUILTIN_PLANS} | {p.id: p for p in (before, after)}
        crosswalk = load_crosswalk(plans, links)
        lacking = f"{links} 에 {before.id} 과 {after.id} 를 잇는 줄이 없어"
        remedy = "from_plan 과 to_plan 열을 확인하세요"
    found, guessed = links_between(before, after, crosswalk)
    if guessed:
        typer.secho(f"알림: {lacking} 제목과 글의 비슷함으로 추측했습니다 ({remedy}).", err=True)
    return routes(before, after, found)


def _judge(plan: Plan, model: Path | None) -> Judge:
    """Return what asks the target plan's model; it is loaded when the first text comes."""
    from hyeoksin.codes import NONE

    def ask(documents: Sequence[Document]) -> Iterator[Mapping[str, float]]:
        from hyeoksin.classifier import load_classifier

        if not loaded:
            loaded.append(load_classifier(model, plan, others=False))
            if not loaded[0].trained:
                typer.secho(
                    f"알림: 계획 '{plan.id}' 은 학습하지 않은 계획입니다. 글의 판단은 제목과 정의만으로 합니다.",
                    err=True,
                )
        for prediction in loaded[0].classify(documents):
            yield {score.code: score.probability for score in prediction.scores} | {NONE: prediction.off_plan}

    loaded: list[Any] = []
    return ask


def _write(rows: Iterable[Translated], old: Plan, new: Plan, path: Path) -> None:
    from hyeoksin.tabular import write_rows, written_whole
    from hyeoksin.translate import HEADER, record, table_row

    if path.suffix.lower() == ".jsonl":
        with written_whole(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(json.dumps(record(row, old, new), ensure_ascii=False) + "\n" for row in rows)
    else:
        write_rows(path, HEADER, (table_row(row, old, new) for row in rows), sheet=f"{old.id} {new.id}")
