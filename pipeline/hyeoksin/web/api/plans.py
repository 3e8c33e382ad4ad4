"""``/plans``: the plans that the server knows, their nodes and what these correspond to in other plans."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from hyeoksin.plan import BUILTIN_PLANS, Level, Plan, load_crosswalk, load_plan
from hyeoksin.plan.crosswalk import Crosswalk, Relation
from hyeoksin.web.api.classify import PlanId
from hyeoksin.web.api.keys import Viewer
from hyeoksin.web.api.limits import MAX_ID
from hyeoksin.web.api.problems import ProblemError, responses

__all__ = ["router"]

router = APIRouter(prefix="/plans", tags=["계획"])
_Plan = Annotated[str, Path(max_length=MAX_ID, description="계획 id", examples=["2019"])]
_Code = Annotated[str, Path(max_length=MAX_ID, description="항목 코드", examples=["3-1"])]


class PlanOut(BaseModel):
    """계획."""

    id: str
    title: str
    year: int
    sha: str = Field(description="내용의 지문")
    n_nodes: int
    n_leaves: int = Field(description="글을 분류해 넣는 항목의 수")


class NodeOut(BaseModel):
    """계획의 항목."""

    code: str
    level: Level = Field(
        description="strategy 전략, task 과제, subtask 세부과제, programme 사업, principle 원칙"
    )
    title: str
    parent: str | None
    leaf: bool = Field(description="글을 분류해 넣는 항목인지")
    aliases: list[str]
    leads: list[str] = Field(description="계획에 적힌 주관기관")
    priority: bool = Field(description="역점 과제")
    definition: str
    includes: list[str]
    excludes: list[str]


class LinkOut(BaseModel):
    """다른 계획의 대응 항목 (SKOS)."""

    from_code: str
    relation: Relation = Field(
        description="exact 같음, close 비슷, broad 그쪽이 넓음, narrow 그쪽이 좁음, related 관련"
    )
    to_plan: str
    to_code: str
    to_title: str
    confidence: str
    reason: str


class LinkQuery(BaseModel):
    """어느 계획과의 대응을 볼지."""

    model_config = ConfigDict(extra="forbid")

    to: PlanId | None = Field(default=None, description="이 계획과의 대응만")


def _known(plan: str) -> Plan:
    if plan not in BUILTIN_PLANS:
        raise ProblemError("not-found", f"계획 '{plan}' 이 없습니다. 있는 계획: {', '.join(BUILTIN_PLANS)}.")
    return load_plan(plan)


def _plan_out(plan: Plan) -> PlanOut:
    return PlanOut(
        id=plan.id,
        title=plan.title,
        year=plan.year,
        sha=plan.sha256,
        n_nodes=len(plan.nodes),
        n_leaves=len(plan.leaves),
    )


def _node_out(plan: Plan, code: str) -> NodeOut:
    node = plan[code]
    return NodeOut(
        code=node.code,
        level=node.level,
        title=node.title,
        parent=node.parent,
        leaf=node in plan.leaves,
        aliases=list(node.aliases),
        leads=list(plan.leads_for(code).agencies),
        priority=node.priority,
        definition=node.definition,
        includes=list(node.includes),
        excludes=[excluded.why for excluded in node.excludes],
    )


@lru_cache(maxsize=1)
def _crosswalk() -> Crosswalk:
    return load_crosswalk({name: load_plan(name) for name in BUILTIN_PLANS})


def _links(plan: Plan, code: str, to: str | None) -> list[LinkOut]:
    return [
        LinkOut(
            from_code=link.from_code,
            relation=link.relation,
            to_plan=link.to_plan,
            to_code=link.to_code,
            to_title=load_plan(link.to_plan)[link.to_code].title,
            confidence=link.confidence,
            reason=link.reason,
        )
        for link in _crosswalk().of(plan.id, code, to)
    ]


@router.get("", summary="실린 계획")
def plans(caller: Viewer) -> list[PlanOut]:
    """실린 계획의 목록입니다. 차수(round)에서 쓰는 자체 계획은 `/rounds` 에 있습니다."""
    del caller
    return [_plan_out(load_plan(name)) for name in BUILTIN_PLANS]


@router.get("/{plan}", summary="계획 하나", responses=responses("not-found"))
def one_plan(plan: _Plan, caller: Viewer) -> PlanOut:
    """계획의 이름, 연도, 지문입니다."""
    del caller
    return _plan_out(_known(plan))


@router.get("/{plan}/nodes", summary="계획의 항목", responses=responses("not-found"))
def nodes(plan: _Plan, caller: Viewer) -> list[NodeOut]:
    """계획의 모든 항목, 계획에 적힌 차례대로입니다."""
    del caller
    known = _known(plan)
    return [_node_out(known, node.code) for node in known.nodes]


@router.get("/{plan}/nodes/{code}", summary="항목 하나", responses=responses("not-found"))
def node(plan: _Plan, code: _Code, caller: Viewer) -> NodeOut:
    """항목의 정의, 포함, 제외, 주관입니다."""
    del caller
    known = _known(plan)
    if code not in known:
        raise ProblemError(
            "not-found", f"계획 {plan} 에 코드 '{code}' 가 없습니다. /plans/{plan}/nodes 에서 고르세요."
        )
    return _node_out(known, code)


@router.get("/{plan}/links", summary="다른 계획과의 대응", responses=responses("not-found"))
def links(plan: _Plan, caller: Viewer, query: Annotated[LinkQuery, Query()]) -> list[LinkOut]:
    """항목마다 다른 해 계획의 어느 항목과 이어지는지, 까닭과 함께 드립니다."""
    del caller
    known = _known(plan)
    return [link for node in known.nodes for link in _links(known, node.code, query.to)]
