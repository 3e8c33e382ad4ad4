"""``hyeoksin audit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def audit(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="입력", help="hyeoksin batch 의 결과 폴더, 분류 결과(.parquet .jsonl), 또는 분류할 글."
        ),
    ],
    plan: Annotated[str, typer.Option("--plan", help="2019, 2020, 2022, 2024 또는 자체 계획 파일.")] = "2019",
    by: Annotated[
        str, typer.Option("--by", help="나누어 볼 것: region, district, year, agency, kind (쉼표로).")
    ] = "region,year,agency,kind",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="감사 결과 (기본: 감사.json). 형식은 확장자로.")
    ] = None,
    model: Annotated[Path | None, typer.Option("--model", help="모델 폴더 (기본: 함께 설치된 모델).")] = None,
    seed: Annotated[int, typer.Option("--seed", help="무작위의 씨앗.")] = 0,
) -> None:
    """분류 결과가 계획의 어디를 얼마나 덮는지 셉니다."""
    from hyeoksin.audit import CUTS, OUTPUTS, write_audit
    from hyeoksin.audit import audit as run

    known = [name for name in CUTS if name != "all"]
    names: list[Any] = [name.strip() for name in by.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(
            f"--by 에 모르는 이름: {', '.join(unknown)}. 쓸 수 있는 것: {', '.join(known)}."
        )
    place = output or Path("감사.json")
    if place.suffix.lower() not in OUTPUTS:
        raise typer.BadParameter(f"--output 의 형식은 {', '.join(OUTPUTS)} 입니다.")
    found = run(source, plan, names, model, seed)
    write_audit(found, place)
    typer.echo(
        f"글 {found.n_texts:,}건을 계획 {found.manifest.plan} 으로 감사해 {place} 에 적었습니다.", err=True
    )
