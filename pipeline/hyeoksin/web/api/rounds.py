"""``/rounds`` and ``/documents``: what was handed in, how far the work is, and new texts from other programs."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from hyeoksin.errors import JudgeError
from hyeoksin.plan import Level, Plan
from hyeoksin.privacy import masked, masked_document, masked_record, masked_start
from hyeoksin.store import Item, Project, Store
from hyeoksin.web.api.classify import problem_of
from hyeoksin.web.api.keys import Caller, KeyFirst, Officer, Viewer
from hyeoksin.web.api.limits import MAX_ID, MAX_TEXTS
from hyeoksin.web.api.problems import Fault, ProblemError, responses
from hyeoksin.web.api.records import RecordOut
from hyeoksin.web.api.shapes import (
    Choice,
    DocumentOut,
    ItemBrief,
    ItemOut,
    Kind,
    Number,
    Page,
    brief,
    decision_out,
)
from hyeoksin.web.api.texts import Clean, TextIn, documents
from hyeoksin.web.intake import judged
from hyeoksin.web.judge import Judge
from hyeoksin.web.worker import plan_name

__all__ = ["AT_ONCE", "check_code", "item_out", "router", "stored"]

router = APIRouter(tags=["차수와 문서"], route_class=KeyFirst)
AT_ONCE = 4  # requests with new texts that are judged at a time: the pages need the other threads
_TITLE = 80  # characters of a text without title
_WAITING = 12  # requests with new texts that wait for their turn; each may hold 16 MB


class RoundOut(BaseModel):
    """제출 차수."""

    id: int
    name: str
    plan: str = Field(description="계획 id")
    plan_sha: str
    precision: float = Field(description="시간 계획에서 사람 없이 확정할 때 지킬 정밀도")
    coders: int = Field(description="문서마다 판정하는 사람 수 (1 또는 2)")
    created_at: str
    closed: bool = Field(description="마감했는지")


class NodeCount(BaseModel):
    """항목에 든 문서 수 (아래 항목까지)."""

    code: str
    level: Level
    title: str
    count: int


class CoverageOut(BaseModel):
    """차수가 계획을 얼마나 덮는지, 지금의 답으로."""

    round: int
    total: int
    off_plan: int
    by_status: dict[str, int] = Field(description="판정마다")
    by_standing: dict[str, int] = Field(description="사람의 결정이 어디까지 왔는지마다")
    by_region: dict[str, int]
    by_agency: dict[str, int] = Field(description="주관기관 id마다")
    by_kind: dict[str, int]
    nodes: list[NodeCount] = Field(description="계획의 모든 항목, 0건도")


class NewText(TextIn):
    """차수에 넣을 글."""

    id: Annotated[Clean, Field(min_length=1, max_length=MAX_ID)] = Field(
        description="부르는 쪽의 번호. 같은 번호와 같은 글을 다시 보내면 한 건으로 봄", examples=["2026-0001"]
    )


class NewTexts(BaseModel):
    """차수에 넣을 글들."""

    model_config = ConfigDict(extra="forbid", strict=True)

    documents: list[NewText] = Field(min_length=1, max_length=MAX_TEXTS)
    kind: Kind = Field(default="task", description="글의 종류")


class Added(BaseModel):
    """넣은 결과."""

    new: int = Field(description="새로 들어간 문서 수")
    known: int = Field(description="이미 있던 문서 수")


def stored(request: Request) -> Store:
    """Return the store."""
    store: Store = request.app.state.store
    return store


def check_code(code: str, plan: Plan, field: str, pointer: str = "") -> None:
    """Refuse a code that the plan does not have; ``field`` and ``pointer`` say where it stood in the request."""
    if code not in plan:
        detail = f"계획 {plan.id} 에 코드 '{code}' 가 없습니다. /plans/{plan.id}/nodes 에서 코드를 찾으세요."
        raise ProblemError("invalid", detail, [Fault(field=field, pointer=pointer, detail=detail)])


def _round_out(project: Project) -> RoundOut:
    return RoundOut(
        id=project.id,
        name=project.name,
        plan=project.plan,
        plan_sha=project.plan_sha,
        precision=project.precision,
        coders=project.coders,
        created_at=project.created_at,
        closed=project.closed,
    )


def item_out(item: Item, *, open_text: bool = False) -> ItemOut:
    """Return an item as it goes out; personal data is masked unless ``open_text``."""
    document = item.document if open_text else masked_document(item.document)
    record = dict(item.record) if open_text else masked_record(item.record, item.document.body)
    return ItemOut(
        **brief(item, document.title or document.text[:_TITLE], open_text=open_text),
        content=DocumentOut(
            id=document.id,
            title=document.title,
            text=document.text,
            source=document.source,
            date=document.date,
            region=document.region,
            meta=dict(document.meta),
        ),
        record=RecordOut.model_validate(record),
        decision=None if item.decision is None else decision_out(item.decision),
    )


@router.get("/rounds", summary="차수들")
def rounds(request: Request, caller: Viewer) -> list[RoundOut]:
    """모든 제출 차수, 새것부터입니다."""
    del caller
    return [_round_out(p) for p in stored(request).projects()]


@router.get("/rounds/{number}", summary="차수 하나", responses=responses("not-found"))
def one_round(number: Number, request: Request, caller: Viewer) -> RoundOut:
    """차수의 이름, 계획, 정밀도입니다."""
    del caller
    return _round_out(stored(request).project(number))


@router.get("/rounds/{number}/coverage", summary="계획을 덮는 정도", responses=responses("not-found"))
def coverage(number: Number, request: Request, caller: Viewer) -> CoverageOut:
    """지금의 답(결정이 있으면 결정, 없으면 추천)으로 항목, 지역, 기관마다 셉니다."""
    del caller
    store = stored(request)
    plan = store.plan(number)
    answers = store.counts(number, "answer")
    below = {node.code: 0 for node in plan.nodes}
    for code, count in answers.items():
        for node in plan.path(code) if code is not None else ():
            below[node.code] += count

    def named(column: str) -> dict[str, int]:
        found = Counter[str]()
        for value, count in store.counts(number, column).items():
            found[masked(value or "")] += count
        return dict(found)

    return CoverageOut(
        round=number,
        total=sum(answers.values()),
        off_plan=answers.get(None, 0),
        by_status=named("status"),
        by_standing=named("standing"),
        by_region=named("region"),
        by_agency=named("lead"),
        by_kind=named("kind"),
        nodes=[NodeCount(code=n.code, level=n.level, title=n.title, count=below[n.code]) for n in plan.nodes],
    )


@router.get("/rounds/{number}/documents", summary="문서 목록", responses=responses("not-found"))
def document_list(
    number: Number, request: Request, caller: Viewer, query: Annotated[Choice, Query()]
) -> Page[ItemBrief]:
    """거르고 차례를 정해 한 쪽씩 봅니다. 글 전체와 판정은 `/documents/{number}` 에 있습니다."""
    del caller
    store = stored(request)
    filters = query.filters()
    for field in ("code", "under"):
        if filters.get(field):
            check_code(filters[field], store.plan(number), f"?{field}")
    found = store.items(number, order=query.order, offset=query.offset, limit=query.limit, **filters)
    return Page[ItemBrief](
        total=store.count(number, **filters),
        offset=query.offset,
        limit=query.limit,
        items=[
            ItemBrief(**brief(item, masked(item.document.title) or masked_start(item.document.text, _TITLE)))
            for item in found
        ],
    )


@router.post(
    "/rounds/{number}/documents",
    summary="문서 넣기",
    status_code=201,
    responses=responses("malformed", "not-found", "refused", "too-large", "media-type", "timeout"),
)
async def add_documents(number: Number, body: NewTexts, request: Request, caller: Officer) -> Added:
    """글을 분류해 차수에 넣습니다. 모두 들어가거나 하나도 들어가지 않으며, 다시 보내도 두 번 들어가지 않습니다."""
    turns: CapacityLimiter = request.app.state.turns
    if turns.available_tokens < 1 and turns.statistics().tasks_waiting >= _WAITING:
        raise ProblemError(
            "busy",
            "문서를 넣는 요청이 많이 밀려 있습니다. 10초 뒤 다시 보내거나 앞 요청의 답을 받은 뒤 보내세요.",
            headers={"Retry-After": "10"},
        )
    return await to_thread.run_sync(_add, request, number, body, caller, limiter=turns)


def _add(request: Request, number: int, body: NewTexts, caller: Caller) -> Added:
    store, judge = stored(request), request.app.state.judge
    assert isinstance(judge, Judge)  # noqa: S101 - create_api put it there
    project = store.project(number)
    if project.closed:
        raise ProblemError("refused", f"'{project.name}' 차수는 마감되었습니다. 다시 연 뒤 넣으세요.")
    texts = documents(body.documents)
    plan = plan_name(store.plan(number), request.app.state.folder)
    try:
        n_new = store.add_items(number, judged(judge, texts, plan), kind=body.kind)
    except JudgeError as error:
        raise problem_of(error) from error
    store.audit(
        "api documents", caller.by, subject=str(number), detail={"n_texts": len(texts), "n_new": n_new}
    )
    return Added(new=n_new, known=len(texts) - n_new)


@router.get(
    "/documents/{number}",
    summary="문서 하나",
    responses={
        200: {"headers": {"ETag": {"schema": {"type": "string"}, "description": "판 번호"}}},
        **responses("not-found"),
    },
)
def one_document(number: Number, request: Request, response: Response, caller: Viewer) -> ItemOut:
    """글, 판정(JSON 레코드), 지금 힘이 있는 결정입니다. 개인정보(전화, 전자우편, 주민번호 …)는 가려서 드립니다."""
    del caller
    found = item_out(stored(request).item(number))
    response.headers["ETag"] = f'"{found.version}"'
    return found
