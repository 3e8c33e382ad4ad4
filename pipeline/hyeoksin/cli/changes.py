"""``hyeoksin plan diff``: what changed between two plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["diff"]

PlanName = Annotated[str, typer.Argument(help="2019, 2020, 2022, 2024 또는 계획 파일(.yaml .csv .xlsx).")]


def diff(
    old: PlanName,
    new: PlanName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="결과 파일 (.xlsx .csv .json).")
    ] = None,
) -> None:
    """두 계획 사이에 이어진 것, 나뉜 것, 합쳐진 것, 없어진 것, 새로 생긴 것, 주관기관이 바뀐 것을 보여 줍니다."""
    from hyeoksin.plan import BUILTIN_PLANS, compare, load_crosswalk, load_plan
    from hyeoksin.plan.compare import FATES, HEADER
    from hyeoksin.tabular import write_rows, written_whole

    if output is not None and output.suffix.lower() not in (".xlsx", ".csv", ".tsv", ".json"):
        raise typer.BadParameter(f"--output 의 형식은 .xlsx, .csv, .json 입니다 (지금: '{output.suffix}').")
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    found = compare(load_plan(old), load_plan(new), load_crosswalk(plans))
    if found.guessed:
        typer.secho(
            "알림: 두 계획의 대응표가 없어 코드, 제목, 글의 비슷함으로 추측했습니다. 사람이 확인하세요.",
            err=True,
        )
    if output is not None and output.suffix.lower() == ".json":
        with written_whole(output) as part:
            text = json.dumps(found.to_json(), ensure_ascii=False, indent=1)
            part.write_text(text + "\n", encoding="utf-8")
    elif output is not None:
        write_rows(output, HEADER, found.rows(), sheet=f"{found.old.id} {found.new.id}")
    else:
        for change in found.changes:
            typer.echo(f"{FATES[change.fate]}  {change.code} {change.title}")
            plan = found.old if change.fate == "came" else found.new
            for link in change.links:
                typer.echo(f"    {link.relation:8}{link.to_code} {plan[link.to_code].title}  ({link.reason})")
            if change.lead_changed:
                typer.echo(
                    f"    주관기관: 빠짐 {', '.join(change.lead_lost) or '없음'}, "
                    f"새로 {', '.join(change.lead_gained) or '없음'}"
                )
    counts = ", ".join(f"{FATES[fate]} {n}" for fate, n in found.counts().items() if n)
    moved = sum(change.lead_changed for change in found.changes)
    typer.echo(f"{found.old.id} → {found.new.id}: {counts}; 주관기관이 바뀐 것 {moved}")
    if output is not None:
        typer.echo(f"{output} 에 적었습니다.")
