"""``hyeoksin agency``: look agencies up, with their names over time."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="기관 찾기: 이름, 연혁, 소관.", no_args_is_help=True, rich_markup_mode=None)


def _day(value: str | None) -> str | None:
    import datetime

    try:
        return value and datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        raise typer.BadParameter(f"'{value}' 은 날짜가 아닙니다. 2024-03-29 처럼 적으세요.") from None


Day = Annotated[str | None, typer.Option("--date", callback=_day, help="이 날짜의 이름으로 (YYYY-MM-DD).")]


@app.command()
def show(name: Annotated[str, typer.Argument(help="기관 이름, 줄임말 또는 id.")], date: Day = None) -> None:
    """한 기관의 이름, 기간, 앞뒤 기관, 소관 업무를 보여 줍니다."""
    from difflib import get_close_matches

    from hyeoksin.agency import load_agencies

    agencies = load_agencies()
    agency = agencies.by_id.get(name) or agencies.named(name, date)
    if agency is None:
        near = get_close_matches(name, sorted(agencies.names), n=5, cutoff=0.5)
        raise typer.BadParameter(
            f"'{name}' 을 모릅니다." + (f" 비슷한 이름: {', '.join(near)}" if near else "")
        )
    typer.echo(f"{agency.name} ({agency.id})  {', '.join(agency.short)}")
    typer.echo(
        f"기간  {agency.valid_from or '?'} ~ {agency.valid_to or '현재'}"
        + ("  (날짜 확인 필요)" if agency.confidence == "low" else "")
    )
    for label, ids in (("앞", agency.predecessors), ("뒤", agency.successors)):
        if ids:
            typer.echo(f"{label}    {', '.join(agencies[i].name for i in ids)}")
    if date:
        typer.echo(f"{date} 의 이름  {', '.join(a.name for a in agencies.at(agency.id, date))}")
    typer.echo(f"소관  {'; '.join(agency.duties)}")


@app.command("list")
def list_(
    date: Day = None,
    kind: Annotated[
        str | None, typer.Option(help="이 종류만: ministry, office, administration, commission …")
    ] = None,
) -> None:
    """그 날짜(기본: 오늘)에 있는 기관을 늘어놓습니다."""
    import datetime

    from hyeoksin.agency import load_agencies

    day = date or datetime.date.today().isoformat()
    for agency in load_agencies().by_id.values():
        if agency.valid(day) and kind in (None, agency.kind):
            typer.echo(f"{agency.id:12} {agency.kind:14} {agency.name}  {', '.join(agency.short)}")


@app.command()
def find(text: Annotated[str, typer.Argument(help="글.")], date: Day = None) -> None:
    """글에 나온 기관과 지역을 찾아 보여 줍니다."""
    from hyeoksin.agency import load_agencies
    from hyeoksin.region import load_regions

    for mention in load_agencies().find(text, date):
        typer.echo(
            f"기관  {mention.text} ({mention.start}-{mention.end})  {load_agencies()[mention.agency].name}"
        )
    for place in load_regions().find(text):
        where = place.name or "알 수 없음: " + ", ".join(place.candidates)
        typer.echo(f"지역  {place.text} ({place.start}-{place.end})  {where}")
