"""``hyeoksin simulate``: replay an office's past year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyeoksin.cli.extras import need_for
from hyeoksin.cli.failed import list_failed, show_failed
from hyeoksin.cli.options import STORE, Model, PlanName, StoreUrl
from hyeoksin.cli.outputs import check_form, refuse_inputs

if TYPE_CHECKING:
    from hyeoksin.errors import RowError
    from hyeoksin.plan import Plan
    from hyeoksin.simulate import PastText, Year


def simulate(
    decisions: Annotated[
        Path | None, typer.Option(help="결정이 적힌 지난해의 글 (XLSX CSV JSONL …, 결정 열이 있어야 함).")
    ] = None,
    project: Annotated[
        list[str] | None,
        typer.Option(help="파일 대신 저장소의 이 차수들(이름이나 번호)의 결정으로 (--store)."),
    ] = None,
    store: StoreUrl = STORE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="보고서 파일 (.html .xlsx .json).")
    ] = None,
    records: Annotated[
        Path | None,
        typer.Option(
            help="같은 글을 그때의 모델로 분류한 결과 (classify -o 결과.jsonl). 없으면 지금 모델로 분류."
        ),
    ] = None,
    plan: PlanName = "2019",
    model: Model = None,
    code_column: Annotated[str | None, typer.Option(help="결정 열 이름 (기본: 추측).")] = None,
    seconds: Annotated[float, typer.Option(min=1.0, help="한 건을 결정하는 데 걸리는 초.")] = 30.0,
    hours: Annotated[str, typer.Option(help="회차마다 쓰는 시간, 쉼표로.")] = "0.5,1,2,4,8",
    precision: Annotated[str, typer.Option(help="약속하는 정밀도, 쉼표로.")] = "0.9,0.95,0.98",
    corpus: Annotated[
        Path, typer.Option(help="말뭉치 폴더: 모델이 배운 글이 섞였는지 봅니다 (없으면 보지 않음).")
    ] = Path("corpus"),
) -> None:
    """지난해의 글과 결정을 되풀이해, 얼마나 사람 없이 확정되고 맞았을지, 읽기가 얼마나 줄었을지 잽니다."""
    from hyeoksin.cli.screen import show_notes
    from hyeoksin.plan import load_plan
    from hyeoksin.simulate import answered, read_past, replay
    from hyeoksin.simulate.report import REPORTS, write_report

    check_form(output, REPORTS)
    if (decisions is None) == (not project):
        raise typer.BadParameter("--decisions 파일이나 --project 차수 가운데 하나를 주세요.")
    if project and (records, model, code_column) != (None, None, None):
        raise typer.BadParameter(
            "--records, --model, --code-column 은 --decisions 와 함께 씁니다. --project 는 저장소에 있는 답과 결정으로 합니다."
        )
    budgets, promises = _numbers(hours, 0.0, 200.0), _numbers(precision, 0.5, 1.0)
    refuse_inputs(output, [decisions, records, corpus, model, plan])
    need_for(output)
    errors: Sequence[RowError] = ()
    if decisions is None:
        loaded, texts, found = _ledger(store, project or [])
        notes = [
            "결정과 그때의 모델 답은 저장소에서 읽었습니다. 모델의 답을 보고 결정했다면 실제보다 좋게 나옵니다."
        ]
    else:
        show_notes()
        loaded = load_plan(plan)
        texts, errors = read_past(decisions, loaded, code_column)
        show_failed(errors)
        found = _records(records) if records is not None else list(_classified(texts, loaded, model))
        notes = _notes(texts, corpus, records)
    year = replay(
        answered(texts, found, loaded),
        loaded,
        found[0]["model"],
        seconds,
        budgets,
        promises,
        notes,
    )
    _show(year)
    if output is not None:
        write_report(year, output)
        typer.echo(f"{output} 에 적었습니다.")
    list_failed(errors, output, [path for path in (decisions, records) if path is not None])


def _ledger(store: str, names: Sequence[str]) -> tuple[Plan, list[PastText], list[Mapping[str, Any]]]:
    """Return the plan of some rounds, their decided texts by the moment of the decision, and what the model had said."""
    from dataclasses import replace

    from hyeoksin.cli.taught import rounds_of
    from hyeoksin.codes import NONE
    from hyeoksin.errors import InputError
    from hyeoksin.lessons import decided_items
    from hyeoksin.simulate import PastText
    from hyeoksin.store import open_store

    opened = open_store(store, create=False)
    chosen, plan = rounds_of(opened, names)
    texts: list[PastText] = []
    found: list[Mapping[str, Any]] = []
    for item in (item for one in chosen for item in decided_items(opened, one)):
        word = item.decision
        if word is None or word.action not in ("accept", "pick", "none"):
            continue
        record = opened.records(item.id).get(word.model, item.record)
        document = replace(item.document, id=str(item.id), date=word.at, region=item.region or None)
        code = word.code or NONE
        texts.append(PastText(document, code, frozenset({code}), item.kind))
        found.append({**record, "id": str(item.id)})
    if not texts:
        raise InputError(f"차수 {', '.join(names)} 에 결정이 없습니다. 먼저 결정하세요.")
    return plan, texts, found


def _numbers(cell: str, low: float, high: float) -> list[float]:
    try:
        numbers = [float(part) for part in cell.split(",") if part.strip()]
    except ValueError as error:
        raise typer.BadParameter(f"'{cell}': 숫자를 쉼표로 나누어 적으세요.") from error
    if not numbers or not all(low < number < high for number in numbers):
        raise typer.BadParameter(f"'{cell}': {low:g} 보다 크고 {high:g} 보다 작은 숫자를 적으세요.")
    return numbers


def _records(path: Path) -> list[Mapping[str, Any]]:
    import json

    from hyeoksin.errors import InputError

    found, number = [], 0
    try:
        for line in path.read_text(encoding="utf-8-sig").split("\n"):
            number += 1
            if line.strip():
                found.append(json.loads(line))
    except ValueError as error:
        place = f"{path.name} {number}번째 줄" if number else path.name
        raise InputError(
            f"{place}: 분류 결과(JSONL)가 아닙니다. 'hyeoksin classify -o 결과.jsonl' 로 만든 파일을 주세요."
        ) from error
    if not found or not all(isinstance(row, dict) and "candidates" in row for row in found):
        raise InputError(f"{path.name}: 'hyeoksin classify -o 결과.jsonl' 로 만든 파일을 주세요.")
    return found


def _classified(texts: Sequence[PastText], plan: Plan, model: Path | None) -> Iterator[dict[str, Any]]:
    from hyeoksin.classifier import load_classifier

    classifier = load_classifier(model, plan, others=False)
    for prediction in classifier.classify(text.document for text in texts):
        yield prediction.to_record()


def _notes(texts: Sequence[PastText], corpus: Path, records: Path | None) -> list[str]:
    from hyeoksin.simulate.overlap import n_trained_on

    if records is not None:
        return [f"모델의 답은 {records.name} 에서 읽었습니다."]
    if not corpus.is_dir():
        return ["모델이 이 글로 배웠다면 실제보다 좋게 나옵니다(말뭉치 폴더가 없어 확인하지 못함)."]
    n = n_trained_on(texts, corpus)
    if not n:
        return ["모델이 배운 글은 없습니다(말뭉치와 글의 지문을 견줌)."]
    return [
        f"주의: {n:,}건은 모델이 배운 글이어서 실제보다 좋게 나옵니다. 그때의 결과를 --records 로 주면 바로 나옵니다."
    ]


def _show(year: Year) -> None:
    from hyeoksin.simulate.tables import summary

    typer.echo(summary(year))
    typer.echo("정밀도  회차당   확정  맞은 비율 (95% 구간)       읽음   남음  남은 오류 (온 차례대로)")
    for row in year.budgets:
        right = row.right
        said = f"{right.value:.1%} ({right.low:.1%}-{right.high:.1%})" if right.value is not None else "-"
        typer.echo(
            f"{row.precision:5.1%} {row.hours:5g}시간 {row.settled.n_right:6,} {said:>22} "
            f"{row.n_read:8,} {row.n_left:6,} {row.errors_left:6,} ({row.errors_by_arrival:,})"
        )
    for saving in year.savings[:2]:
        name = "계획 안의 글" if saving.target == "in_plan" else "틀린 글"
        typer.echo(
            f"{name}의 95%를 찾기까지 {saving.n_read:,}/{saving.n:,}건 읽음: 절감 {saving.saved:.1%} "
            f"({saving.low:.1%}-{saving.high:.1%})"
        )
    for note in year.notes:
        typer.echo(f"- {note}")
