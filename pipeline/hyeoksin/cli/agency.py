"""``hyeoksin agency``: look agencies up, with their names over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hyeoksin.agency import Agencies

app = typer.Typer(help="기관 찾기: 이름, 연혁, 소관.", no_args_is_help=True, rich_markup_mode=None)

_KINDS = {
    "ministry": "부",
    "office": "처·실",
    "administration": "청",
    "commission": "위원회",
    "independent": "독립·대통령 소속 기관",
    "institution": "소속기관",
    "public_body": "공공기관",
    "local": "지방자치단체",
}


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
    from hyeoksin.normalise import normalise
    from hyeoksin.region import load_regions

    name, agencies = normalise(name), load_agencies()
    agency = agencies.by_id.get(name) or agencies.named(name, date)
    if agency is None:
        near = get_close_matches(name, sorted(agencies.names), n=5, cutoff=0.5)
        raise typer.BadParameter(
            f"'{name}'{'을' if _closed(name) else '를'} 모릅니다."
            + (f" 비슷한 이름: {', '.join(near)}." if near else "")
            + (" 지역은 기관이 아닙니다." if load_regions().find(name) else "")
            + " 기관 목록: hyeoksin agency list; "
            '글에 나온 기관과 지역: hyeoksin agency find "글"'
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
        names = _names(agencies, agency.id, date)
        none = f"기관 목록에는 그날의 {agency.name}{'이' if _closed(agency.name) else '가'} 없습니다"
        typer.echo(f"{date} 의 이름  {names or none}")
        if not names and agency.note:
            typer.echo(f"비고  {agency.note}")
    typer.echo(f"소관  {'; '.join(agency.duties)}")


def _names(agencies: Agencies, agency_id: str, date: str) -> str:
    """Return what the agency is called on the day; empty where there is none."""
    return ", ".join(a.name for a in agencies.at(agency_id, date) if a.valid(date))


def _closed(word: str) -> bool:
    """Whether the last syllable ends in a consonant (받침), so that 을 and 이 follow instead of 를 and 가."""
    return "가" <= word[-1:] <= "힣" and (ord(word[-1]) - ord("가")) % 28 > 0


@app.command("list")
def list_(
    date: Day = None,
    kind: Annotated[
        str | None,
        typer.Option(help=f"이 종류만: {', '.join(f'{kind}({word})' for kind, word in _KINDS.items())}."),
    ] = None,
) -> None:
    """그 날짜(기본: 오늘)에 있는 기관을 늘어놓습니다."""
    import datetime

    from hyeoksin.agency import load_agencies

    if kind not in (None, *_KINDS):
        known = ", ".join(f"{name}({word})" for name, word in _KINDS.items())
        raise typer.BadParameter(f"모르는 종류 '{kind}'. 쓸 수 있는 종류: {known}.")
    day = date or datetime.date.today().isoformat()
    found = [a for a in load_agencies().by_id.values() if a.valid(day) and kind in (None, a.kind)]
    for agency in found:
        typer.echo(f"{agency.id:12} {agency.kind:14} {agency.name}  {', '.join(agency.short)}")
    if not found:
        typer.echo(f"{day} 에는 그런 기관이 없습니다.")


@app.command()
def find(text: Annotated[str, typer.Argument(help="글.")], date: Day = None) -> None:
    """글에 나온 기관과 지역을 찾아, 기관은 그 날짜(기본: 오늘)의 이름과 함께 보여 줍니다."""
    import datetime

    from hyeoksin.agency import load_agencies
    from hyeoksin.normalise import normalise_aligned
    from hyeoksin.region import load_regions

    text, at = normalise_aligned(text)
    agencies, day = load_agencies(), date or datetime.date.today().isoformat()
    mentions, places = agencies.find(text, date), load_regions().find(text)
    for mention in mentions:
        name = agencies[mention.agency].name
        names = _names(agencies, mention.agency, day) or f"{day} 에는 없음"
        then = "" if names == name else f" → {names}"
        typer.echo(f"기관  {mention.text} ({at[mention.start]}-{at[mention.end]})  {name}{then}")
    for place in places:
        where = place.name or "알 수 없음: " + ", ".join(place.candidates)
        typer.echo(f"지역  {place.text} ({at[place.start]}-{at[place.end]})  {where}")
    if not mentions and not places:
        typer.echo("글에서 기관이나 지역을 찾지 못했습니다. 아는 기관: hyeoksin agency list")
