"""The options that name the columns of a table, of every command that reads tables."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["DateColumn", "IdColumn", "RegionColumn", "TextColumn", "TitleColumn"]

TitleColumn = Annotated[str | None, typer.Option(help="제목 열 이름 (기본: 추측).")]
TextColumn = Annotated[str | None, typer.Option(help="내용 열 이름 (기본: 추측).")]
IdColumn = Annotated[str | None, typer.Option(help="번호 열 이름 (기본: 추측).")]
DateColumn = Annotated[str | None, typer.Option(help="날짜 열 이름 (기본: 추측).")]
RegionColumn = Annotated[str | None, typer.Option(help="지역 열 이름 (기본: 추측).")]
