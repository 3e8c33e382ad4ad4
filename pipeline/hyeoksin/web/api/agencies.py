"""``/agencies``: what agencies are called on a day."""

from __future__ import annotations

import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from hyeoksin.agency import Agency, load_agencies
from hyeoksin.normalise import normalise
from hyeoksin.web.api.keys import Viewer
from hyeoksin.web.api.limits import MAX_ID
from hyeoksin.web.api.problems import ProblemError, responses
from hyeoksin.web.api.texts import Day

__all__ = ["router"]

router = APIRouter(prefix="/agencies", tags=["기관"])


class AgencyDetail(BaseModel):
    """기관. 이름이 바뀌면 다른 기관으로 적고 앞뒤를 잇습니다."""

    id: str
    name: str
    short: list[str] = Field(description="줄임 이름")
    kind: str = Field(description="ministry, office, administration, commission …")
    parent: str | None
    valid_from: str | None = Field(description="이 이름을 쓰기 시작한 날")
    valid_to: str | None = Field(description="이 이름을 쓰지 않게 된 날 (없으면 지금도 씀)")
    predecessors: list[str]
    successors: list[str]
    duties: list[str] = Field(description="소관")


class DayQuery(BaseModel):
    """어느 날의 이름인지."""

    model_config = ConfigDict(extra="forbid")

    date: Day | None = Field(default=None, description="이날의 이름 (없으면 오늘)", examples=["2016-01-01"])

    @property
    def iso(self) -> str:
        """The day, today where none was given."""
        return (self.date or datetime.datetime.now(datetime.UTC).date()).isoformat()


class Named(DayQuery):
    """어느 날의 어떤 기관들을 볼지."""

    kind: Annotated[str, Field(max_length=MAX_ID)] | None = Field(default=None, description="기관의 종류")
    name: Annotated[str, Field(max_length=MAX_ID)] | None = Field(
        default=None, description="이름이나 줄임 이름에 이 글자가 든 것", examples=["행안부"]
    )


def _detail(agency: Agency) -> AgencyDetail:
    return AgencyDetail(
        id=agency.id,
        name=agency.name,
        short=list(agency.short),
        kind=agency.kind,
        parent=agency.parent,
        valid_from=agency.valid_from,
        valid_to=agency.valid_to,
        predecessors=list(agency.predecessors),
        successors=list(agency.successors),
        duties=list(agency.duties),
    )


@router.get("", summary="그날의 기관들")
def agencies(caller: Viewer, query: Annotated[Named, Query()]) -> list[AgencyDetail]:
    """그날 있던 기관을 이름 차례로 드립니다."""
    del caller
    found = (a for a in load_agencies().by_id.values() if a.valid(query.iso))
    if query.kind is not None:
        found = (a for a in found if a.kind == query.kind)
    if query.name is not None:
        part = normalise(query.name)  # a Mac decomposes Hangul
        found = (a for a in found if any(part in name for name in a.all_names))
    return sorted((_detail(a) for a in found), key=lambda a: a.name)


@router.get("/{agency}", summary="기관의 그날 이름", responses=responses("not-found"))
def agency_at(
    agency: Annotated[str, Path(max_length=MAX_ID, description="기관 id", examples=["mois"])],
    caller: Viewer,
    query: Annotated[DayQuery, Query()],
) -> list[AgencyDetail]:
    """그 기관이 그날 무엇이었는지 드립니다. 나뉘었으면 여럿이고, 그날의 이름이 기관 목록에 없으면 빈 목록입니다."""
    del caller
    known = load_agencies()
    if agency not in known.by_id:
        raise ProblemError("not-found", f"기관 '{agency}' 이(가) 없습니다. /agencies 에서 id를 찾으세요.")
    return [_detail(a) for a in known.at(agency, query.iso) if a.valid(query.iso)]
