"""What lists and single things look like on the way out, and the query values that choose among them."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from hyeoksin.domain import Status
from hyeoksin.privacy import masked, masked_id
from hyeoksin.region import load_regions
from hyeoksin.store import Action, DecisionRow, Item, Order, Standing
from hyeoksin.web.api.limits import BIGGEST, MAX_ID, MAX_PAGE
from hyeoksin.web.api.records import Probability, RecordOut
from hyeoksin.web.api.texts import NO_NULL

__all__ = [
    "Choice",
    "DecisionOut",
    "DocumentOut",
    "ItemBrief",
    "ItemOut",
    "Number",
    "Page",
    "PageQuery",
    "brief",
    "decision_out",
]

T = TypeVar("T")
Number = Annotated[int, Path(ge=1, le=BIGGEST, description="번호")]
Word = Annotated[str, Field(max_length=MAX_ID, pattern=NO_NULL)]
_EMPTY_MEANS = ("code", "assigned_to")  # none of the plan, nobody
Kind = Literal["task", "proposal", "press", "news"]


class Page(BaseModel, Generic[T]):
    """목록의 한 쪽."""

    total: int = Field(description="거른 뒤의 모든 건수")
    offset: int
    limit: int
    items: list[T]


class PageQuery(BaseModel):
    """목록의 어디를 볼지."""

    model_config = ConfigDict(extra="forbid")

    offset: int = Field(default=0, ge=0, le=BIGGEST, description="건너뛸 건수")
    limit: int = Field(default=50, ge=1, le=MAX_PAGE, description="한 쪽의 건수")


class Choice(PageQuery):
    """문서 목록을 거르는 값. 빈 값은 거르지 않음."""

    document: Word | None = Field(default=None, description="부르는 쪽이 붙인 번호가 이것인 것")
    code: Word | None = Field(default=None, description="지금의 답이 이 코드인 것. 빈 글이면 계획 밖")
    under: Word | None = Field(default=None, description="지금의 답이 이 코드이거나 그 아래인 것")
    agency: Word | None = Field(default=None, description="주관기관 id")
    region: Word | None = Field(
        default=None, description="이 지역과 그 아래. 옛 이름과 줄임 이름도", examples=["대구광역시"]
    )
    kind: Kind | None = Field(default=None, description="글의 종류")
    status: Status | None = Field(default=None, description="판정")
    standing: Standing | None = Field(default=None, description="사람의 결정이 어디까지 왔는지")
    decided: bool | None = Field(default=None, description="결정이 끝난 것만, 또는 남은 것만")
    low: Probability | None = Field(default=None, description="확률이 이 이상")
    high: Probability | None = Field(default=None, description="확률이 이 이하")
    assigned_to: Word | None = Field(default=None, description="맡은 사람. 빈 글이면 아무도 맡지 않은 것")
    group: Word | None = Field(default=None, description="같은 글의 묶음")
    order: Order = Field(default="queue", description="차례: queue 는 사람의 1분이 가장 도움이 되는 것부터")

    def filters(self) -> dict[str, Any]:
        """Return the values as the store's filters, a region as documents are filed; of the empty ones those that mean something."""
        given = self.model_dump(exclude={"offset", "limit", "order"}, exclude_none=True)
        if self.region:
            given["region"] = load_regions().filed(self.region, "", ())
        return {name: value for name, value in given.items() if value != "" or name in _EMPTY_MEANS}


class DecisionOut(BaseModel):
    """원장의 한 줄: 지우거나 고치지 않습니다."""

    id: int
    round: int = Field(description="차수 번호")
    document: int = Field(description="문서 번호")
    action: Action = Field(
        description="accept 추천대로, pick 다른 항목, none 계획 밖, undecided 보류, undo 되돌림"
    )
    code: str | None
    agency: str | None
    by: str
    at: str = Field(description="언제 (ISO, UTC)")
    note: str
    model: str = Field(description="그때 추천한 모델")
    replaces: int | None = Field(description="갈음하거나 되돌린 결정")
    batch: str | None = Field(description="함께 한 결정의 묶음")
    final: bool = Field(description="두 사람의 판정이 갈린 것을 정한 결정인지")
    version: int = Field(description="이 결정 뒤 문서의 판 번호")
    hash: str = Field(description="앞 줄과 이어진 지문")


class DocumentOut(BaseModel):
    """저장된 글. 개인정보는 가려서 드립니다."""

    id: str
    title: str
    text: str
    source: str
    date: str | None
    region: str | None
    meta: dict[str, str]


class ItemBrief(BaseModel):
    """문서 하나, 목록에서."""

    id: int = Field(description="문서 번호")
    round: int = Field(description="차수 번호")
    document: str = Field(description="부르는 쪽이 붙인 번호")
    title: str = Field(description="제목 (없으면 본문의 앞)")
    kind: str
    group: str | None = Field(description="같은 글의 묶음")
    status: Status
    code: str | None = Field(description="추천 경로의 끝. 계획 밖이면 없음")
    answer: str | None = Field(description="지금의 답: 결정이 있으면 결정, 없으면 추천")
    probability: float
    off_plan: float
    lead: str | None = Field(description="가장 그럴듯한 주관기관 id")
    region: str
    standing: Standing = Field(description="open, undecided, half, disputed, decided")
    assigned_to: str | None
    version: int = Field(description="판 번호: 결정할 때 함께 보냄")
    model: str
    added_at: str


class ItemOut(ItemBrief):
    """문서 하나, 글과 판정과 결정까지."""

    content: DocumentOut
    record: RecordOut
    decision: DecisionOut | None = Field(description="지금 힘이 있는 결정")


def decision_out(row: DecisionRow) -> DecisionOut:
    """Return a ledger row as it goes out."""
    return DecisionOut(
        id=row.id,
        round=row.project,
        document=row.item,
        action=row.action,
        code=row.code,
        agency=row.agency,
        by=row.by,
        at=row.at,
        note=masked(row.note),
        model=row.model,
        replaces=row.replaces,
        batch=row.batch,
        final=row.final,
        version=row.version,
        hash=row.hash,
    )


def brief(item: Item, title: str, *, open_text: bool = False) -> dict[str, Any]:
    """Return the fields of :class:`ItemBrief`; ``title`` is what may be shown of it."""
    return {
        "id": item.id,
        "round": item.project,
        "document": item.document.id if open_text else masked_id(item.document.id),
        "title": title,
        "kind": masked(item.kind),
        "group": item.group,
        "status": item.status,
        "code": item.code,
        "answer": item.answer,
        "probability": item.probability,
        "off_plan": item.off_plan,
        "lead": item.lead,
        "region": masked(item.region),
        "standing": item.standing,
        "assigned_to": item.assigned_to,
        "version": item.version,
        "model": item.model,
        "added_at": item.added_at,
    }
