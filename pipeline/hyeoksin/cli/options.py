"""The options and arguments that several commands take, each told in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "STORE", "Corpus", "DateColumn", "IdColumn", "Links", "MainPlan", "Model", "PlanArgument", "PlanName", "RegionColumn", "Role", "StoreUrl",
    "TextColumn", "Texts", "TitleColumn",
]  # fmt: skip

TitleColumn = Annotated[str | None, typer.Option(help="제목 열 이름 (기본: 추측).")]
TextColumn = Annotated[str | None, typer.Option(help="내용 열 이름 (기본: 추측).")]
IdColumn = Annotated[str | None, typer.Option(help="번호 열 이름 (기본: 추측).")]
DateColumn = Annotated[str | None, typer.Option(help="날짜 열 이름 (기본: 추측).")]
RegionColumn = Annotated[str | None, typer.Option(help="지역 열 이름 (기본: 추측).")]

_PLAN = "2019, 2020, 2022, 2024 또는 자체 계획 파일(.yaml .csv .xlsx .ttl)."
PlanName = Annotated[str, typer.Option("--plan", help=_PLAN)]
MainPlan = Annotated[
    str | None,
    typer.Option(
        "--plan",
        help="2019, 2020, 2022, 2024 또는 자체 계획 파일 (기본: 결과를 분류한 계획, 글과 저장소면 2019).",
    ),
]
PlanArgument = Annotated[str, typer.Argument(help=_PLAN)]
Model = Annotated[Path | None, typer.Option("--model", help="모델 폴더 (기본: 함께 설치된 모델).")]
Careful = Annotated[
    bool,
    typer.Option(
        "--careful/--fast",
        help="모델이 망설이는 글을 다시 읽기 / 한 번만 읽기 (몇 배 빠르고 조금 덜 맞음).",
    ),
]
Links = Annotated[
    Path | None, typer.Option("--links", help="대응표 CSV (기본: 실린 대응표; 없으면 추측하고 그렇게 적음).")
]
Texts = Annotated[
    Path | None,
    typer.Option(
        "--texts", help="분류할 때 넣은 글 파일이나 폴더. 결과나 결정에 글이 없으면 번호(id)로 잇습니다."
    ),
]

STORE = "hyeoksin.db"
StoreUrl = Annotated[
    str,
    typer.Option(
        "--store", envvar="HYEOKSIN_STORE", help="저장소: SQLite 파일이나 postgresql+psycopg:// 주소."
    ),
]
Role = Annotated[
    str, typer.Option("--role", help="viewer(열람), officer(담당), reviewer(검토), admin(관리).")
]

Corpus = Annotated[Path, typer.Option("--corpus", help="말뭉치 폴더 (저장소의 corpus).")]
