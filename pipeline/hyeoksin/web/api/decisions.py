"""Decisions: read the ledger, append to it, take back. Nothing is ever changed or removed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hyeoksin.agency import load_agencies
from hyeoksin.store import Item
from hyeoksin.web.api.keys import Caller, KeyFirst, Officer, Viewer
from hyeoksin.web.api.limits import BIGGEST, MAX_ID, MAX_NOTE, MAX_PAGE
from hyeoksin.web.api.problems import Fault, ProblemError, responses
from hyeoksin.web.api.rounds import check_code, stored
from hyeoksin.web.api.shapes import DecisionOut, Number, decision_out
from hyeoksin.web.api.texts import Clean, Whole

__all__ = ["router"]

router = APIRouter(tags=["결정"], route_class=KeyFirst)
_Word = Annotated[str, Field(min_length=8, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")]
_Key = Annotated[
    _Word | None,
    Header(
        alias="Idempotency-Key",
        description="부르는 쪽이 정한 요청 번호. 같은 번호로 다시 보내면 두 번 적지 않고 처음의 답을 드림. 내용이 다르면 409",
    ),
]


class DecisionIn(BaseModel):
    """결정. `version` 은 문서를 읽을 때 받은 판 번호."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [{"action": "pick", "code": "3-1", "version": 1, "note": "이동 진료는 이 항목"}],
            "if": {"properties": {"action": {"const": "pick"}}},
            "then": {"required": ["code"], "properties": {"code": {"type": "string"}}},
            "else": {
                "if": {"properties": {"action": {"enum": ["none", "undecided"]}}},
                "then": {"properties": {"code": {"type": "null"}}},
            },
        },
    )

    action: Literal["accept", "pick", "none", "undecided"] = Field(
        description="accept 추천대로, pick 다른 항목(code), none 계획 밖, undecided 보류"
    )
    version: Whole = Field(ge=0, le=BIGGEST, description="본 판 번호. 그 사이 바뀌었으면 409")
    code: Annotated[Clean, Field(min_length=1, max_length=MAX_ID)] | None = Field(
        default=None, description="pick 이면 있어야 함. accept 이면 추천 경로의 코드만"
    )
    agency: Annotated[Clean, Field(min_length=1, max_length=MAX_ID)] | None = Field(
        default=None, description="주관기관 id. 없으면 추천 그대로"
    )
    note: Clean = Field(default="", max_length=MAX_NOTE, description="까닭")
    final: bool = Field(default=False, description="두 사람의 판정이 갈린 것을 정함 (검토 역할부터)")

    @model_validator(mode="after")
    def _picked(self) -> DecisionIn:
        if self.action == "pick" and self.code is None:
            raise ValueError("pick 에는 코드(code)가 있어야 합니다.")
        if self.action in ("none", "undecided") and self.code is not None:
            raise ValueError(
                f"{self.action} 에는 코드(code)를 적지 않습니다. 항목을 고르면 pick 으로 보내세요."
            )
        return self


class UndoIn(BaseModel):
    """되돌림."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Whole = Field(ge=0, le=BIGGEST, description="본 판 번호. 그 사이 바뀌었으면 409")
    note: Clean = Field(default="", max_length=MAX_NOTE, description="까닭")
    final: bool = Field(default=False, description="갈린 판정을 정한 것(final)을 되돌림 (검토 역할부터)")


class LedgerPage(BaseModel):
    """원장의 한 쪽, 적힌 차례대로."""

    items: list[DecisionOut]
    next: int | None = Field(description="이어 보려면 `after` 에 넣을 값. 없으면 끝")
    hidden: int = Field(
        description="이 쪽에서 아직 볼 수 없어 뺀 결정 수. 둘 다 판정하면 보이게 되지만 `after` 로는 다시 오지 않으니, 0이 아니었으면 이 쪽을 나중에 다시 읽음"
    )


class LedgerQuery(BaseModel):
    """원장의 어디를 볼지."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(default=0, ge=0, le=BIGGEST, description="이 id 다음부터")
    limit: int = Field(default=100, ge=1, le=MAX_PAGE)


@router.get("/rounds/{number}/decisions", summary="차수의 원장", responses=responses("not-found"))
def ledger(
    number: Number, request: Request, caller: Viewer, query: Annotated[LedgerQuery, Query()]
) -> LedgerPage:
    """차수의 모든 결정과 되돌림입니다. 두 사람이 판정하는 차수에서는 둘 다 판정하기 전의 남의 결정을 검토 역할부터 봅니다. 주기적으로 `after` 를 이어 부르면 새로 적힌 것만 받습니다. 뺀 결정이 있는 쪽(`hidden`)은 나중에 다시 읽으세요."""
    store = stored(request)
    store.project(number)
    rows = store.decisions(project=number, after=query.after, limit=query.limit + 1)
    page = rows[: query.limit]
    ids = {row.id for row in page}
    seen = store.decisions(project=number, after=query.after, limit=query.limit, reader=caller.reader)
    shown = [decision_out(row) for row in seen if row.id in ids]
    following = page[-1].id if len(rows) > query.limit else None
    return LedgerPage(items=shown, next=following, hidden=len(page) - len(shown))


@router.get("/documents/{number}/decisions", summary="문서의 결정들", responses=responses("not-found"))
def history(number: Number, request: Request, caller: Viewer) -> list[DecisionOut]:
    """문서의 결정과 되돌림, 오래된 것부터입니다."""
    store = stored(request)
    store.item(number)
    rows = store.decisions(item=number, limit=None, reader=caller.reader)
    return [decision_out(row) for row in rows]


@router.post(
    "/documents/{number}/decisions",
    summary="결정하기",
    status_code=201,
    responses=responses("malformed", "not-found", "conflict", "too-large", "media-type"),
)
def decide(
    number: Number, body: DecisionIn, request: Request, caller: Officer, key: _Key = None
) -> DecisionOut:
    """결정을 원장에 적습니다. 다른 사람이 먼저 결정했으면 409로 답하니 문서를 다시 읽고 결정하세요."""
    store = stored(request)
    _check(body, caller)
    if body.code is not None:
        item = store.item(number)
        check_code(body.code, store.plan(item.project), "code", "/code")
        if body.action == "accept" and body.version == item.version:  # else the store answers first
            _check_accepted(body.code, item)
    rows = store.decide(
        [number],
        body.action,
        by=caller.by,
        code=body.code,
        agency=body.agency,
        note=body.note,
        expected_version=body.version,
        final=body.final,
        key=_own(key, caller),
    )
    return decision_out(rows[0])


@router.post(
    "/documents/{number}/undo",
    summary="결정 되돌리기",
    status_code=201,
    responses=responses("malformed", "not-found", "conflict", "too-large", "media-type"),
)
def undo(number: Number, body: UndoIn, request: Request, caller: Officer, key: _Key = None) -> DecisionOut:
    """지금 힘이 있는 결정을 되돌립니다. 되돌림도 원장의 새 줄이며, 그 앞의 결정이 다시 힘을 얻습니다."""
    _check_final(body, caller)
    rows = stored(request).undo(
        caller.by,
        number,
        note=body.note,
        final=body.final,
        expected_version=body.version,
        key=_own(key, caller),
    )
    return decision_out(rows[0])


def _check_final(body: DecisionIn | UndoIn, caller: Caller) -> None:
    if body.final and not caller.may("reviewer"):
        raise ProblemError("forbidden", "갈린 판정을 정하는 일(final)은 '검토' 역할의 키부터 할 수 있습니다.")


def _check_accepted(code: str, item: Item) -> None:
    path = [step["code"] for step in item.record["path"]]
    if code not in path:
        told = f"추천은 {' > '.join(path)} 입니다" if path else "추천은 계획 밖입니다"
        detail = f"{told}. '{code}' 로 정하려면 pick 으로 보내세요."
        raise ProblemError("invalid", detail, [Fault(field="code", pointer="/code", detail=detail)])


def _check(body: DecisionIn, caller: Caller) -> None:
    _check_final(body, caller)
    if body.agency is not None and body.agency not in load_agencies().by_id and body.agency != "local":
        detail = f"기관 '{body.agency}' 이(가) 없습니다. /agencies 에서 id를 찾으세요."
        raise ProblemError("invalid", detail, [Fault(field="agency", pointer="/agency", detail=detail)])


def _own(key: str | None, caller: Caller) -> str | None:
    """Return the request's number as it stands in the store: two programs may use the same one."""
    return None if key is None else f"api:{caller.key}:{key}"
