"""``hyeoksin audit``, ``hyeoksin audit-sample`` and ``hyeoksin audit-read``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hyeoksin.cli.extras import need, need_for
from hyeoksin.cli.failed import list_failed
from hyeoksin.cli.options import MainPlan, Model
from hyeoksin.cli.outputs import check_form, refuse_existing, refuse_inputs

Source = Annotated[
    Path,
    typer.Argument(
        metavar="입력",
        help="hyeoksin batch 의 결과 폴더, 분류 결과(.parquet .jsonl), 분류 책상의 저장소(.db), 또는 분류할 글.",
    ),
]
_BY = ["region,year,agency,kind"]
Seed = Annotated[int, typer.Option("--seed", help="무작위의 씨앗.")]


def audit(
    source: Source,
    plan: MainPlan = None,
    by: Annotated[
        list[str],
        typer.Option(
            "--by", help="나누어 볼 것: region, district, year, agency, kind (쉼표로, 또는 여러 번)."
        ),
    ] = _BY,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="감사 결과 (기본: 감사.json). 형식은 확장자로.")
    ] = None,
    coded: Annotated[
        Path | None,
        typer.Option("--coded", help="사람이 코딩한 표본 (audit-sample 로 뽑은 것). 추정의 바탕이 됩니다."),
    ] = None,
    topics: Annotated[
        int, typer.Option("--topics", min=0, help="빠진 주제를 찾을 때 읽을 글 수 (0: 찾지 않음).")
    ] = 4_000,
    model: Model = None,
    seed: Seed = 0,
) -> None:
    """분류 결과가 계획의 어디를 얼마나 덮는지, 무엇이 비고 무엇이 빠졌는지 감사합니다."""
    from hyeoksin.audit import CUTS, OUTPUTS, is_audit, write_audit
    from hyeoksin.audit import audit as run
    from hyeoksin.cli.screen import show_notes

    known = [name for name in CUTS if name not in ("all", "period")]
    names: list[Any] = [name.strip() for name in ",".join(by).split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(
            f"--by 에 모르는 이름: {', '.join(unknown)}. 쓸 수 있는 것: {', '.join(known)}."
        )
    place = output or Path("감사.json")
    check_form(place, OUTPUTS)
    if not is_audit(place):  # a former audit in the folder of the results is no input
        refuse_inputs(place, [source, coded, model, plan])
    need("audit", "duckdb")
    need_for(place)
    show_notes()
    found = run(source, plan, names, model, seed, topics, coded)
    write_audit(found, place)
    for note in found.notes:
        typer.echo(f"알림: {note}", err=True)
    themes = f"{len(found.topics)}가지"
    if found.topics_unsought:
        themes = "살펴보지 않음"
        typer.echo(f"알림: 빠진 주제는 살펴보지 않았습니다. {found.topics_unsought}", err=True)
    typer.echo(
        f"글 {found.n_texts:,}건을 계획 {found.manifest.plan} 으로 감사해 {place} 에 적었습니다 "
        f"(살펴볼 점 {len(found.findings)}가지, 빠진 주제 {themes}).",
        err=True,
    )
    list_failed(_lines(found.failed), place, [source])


def _lines(failed: Sequence[Mapping[str, Any]]) -> list[str]:
    return [json.dumps(row, ensure_ascii=False) for row in failed]


def audit_sample(
    source: Source,
    output: Annotated[Path, typer.Option("--output", "-o", help="코딩할 표 (.xlsx).")],
    plan: MainPlan = None,
    margin: Annotated[
        float, typer.Option("--margin", min=0.005, max=0.2, help="바라는 95% 구간의 반폭 (0.03 = ±3%p).")
    ] = 0.03,
    coders: Annotated[int, typer.Option("--coders", min=1, max=2, help="코더 수 (1 또는 2).")] = 1,
    texts: Annotated[
        Path | None, typer.Option(help="분류할 때 넣은 글 파일이나 폴더: 긴 글을 끝까지 적음 (번호로 이음).")
    ] = None,
    model: Model = None,
    seed: Seed = 0,
) -> None:
    """사람이 분류할 표본을 층마다 뽑아 코딩 표(XLSX)로 냅니다."""
    from hyeoksin.audit import draw_sample
    from hyeoksin.cli.screen import show_notes

    check_form(output, (".xlsx",))
    refuse_inputs(output, [source, texts, model, plan])
    refuse_existing(output)
    need("audit", "duckdb")
    show_notes()
    n = draw_sample(source, output, plan, margin, coders, model, seed, texts)
    columns = "'코더1' 열을" if coders == 1 else "'코더1', '코더2' 열을 두 사람이 따로"
    typer.echo(
        f"글 {n:,}건을 {output} 에 적었습니다. {columns} 목록에서 골라 채운 뒤 hyeoksin audit-read 로 읽으세요.",
        err=True,
    )


def audit_read(
    sheet: Annotated[Path, typer.Argument(metavar="표본.xlsx", help="코딩한 표.")],
    source: Annotated[Path, typer.Option("--from", help="표본을 뽑은 입력 (뽑을 때와 같은 것).")],
    plan: MainPlan = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="표본으로 바로잡은 감사 결과도 적습니다.")
    ] = None,
    model: Model = None,
    seed: Seed = 0,
) -> None:
    """코딩한 표본을 읽어 코더의 일치도와 분류의 정밀도·재현율을 보여 줍니다."""
    from hyeoksin.audit import OUTPUTS, write_audit
    from hyeoksin.audit import audit as run
    from hyeoksin.cli.screen import print_sample

    check_form(output, OUTPUTS)
    refuse_inputs(output, [sheet, source, model, plan])
    need("audit", "duckdb")
    need_for(output)
    found = run(source, plan, model=model, seed=seed, topic_texts=0 if output is None else 4_000, coded=sheet)
    print_sample(found)
    if output is not None:
        write_audit(found, output)
        list_failed(_lines(found.failed), output, [source])
