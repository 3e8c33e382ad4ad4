"""``POST /classify``: texts in, JSON records out; many of them as JSON Lines while they are made."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Literal

from fastapi import APIRouter, Header, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from hyeoksin.domain import Document
from hyeoksin.errors import BusyError, JudgeError, SlowError, UnknownPlanError
from hyeoksin.web.api.keys import KeyFirst, Viewer
from hyeoksin.web.api.limits import JSON_TEXTS
from hyeoksin.web.api.problems import ProblemError, responses
from hyeoksin.web.api.records import EXAMPLE_RECORD, RecordOut
from hyeoksin.web.api.texts import TextsIn, documents
from hyeoksin.web.judge import Judge

__all__ = ["JSON_LINES", "PlanId", "judged", "problem_of", "router"]

JSON_LINES = "application/jsonl"
_LINES = (JSON_LINES, "application/x-ndjson", "application/x-jsonlines")
PlanId = Literal["2019", "2020", "2022", "2024"]
router = APIRouter(tags=["분류"], route_class=KeyFirst)


class ClassifyIn(TextsIn):
    """분류할 글과 계획."""

    plan: PlanId = Field(default="2019", description="주로 볼 계획. 나머지 계획의 답은 `others` 에 들어감")


class ClassifyOut(BaseModel):
    """판정들, 보낸 차례대로."""

    records: list[RecordOut]


def problem_of(error: JudgeError) -> ProblemError:
    """Return the problem that tells why texts were not judged."""
    if isinstance(error, BusyError):
        return ProblemError("busy", str(error), headers={"Retry-After": str(error.retry_after)})
    if isinstance(error, SlowError):
        return ProblemError("timeout", str(error))
    if isinstance(error, UnknownPlanError):
        return ProblemError("refused", str(error))
    return ProblemError("busy", str(error), headers={"Retry-After": "30"})


async def judged(judge: Judge, texts: list[Document], plan: str) -> list[str]:
    """Return the JSON records of texts.

    Raises:
        ProblemError: they cannot be judged now.
    """
    try:
        if len(texts) <= judge.settings.batch:
            return await judge.judge(texts, plan)
        return [record async for record in judge.stream(texts, plan)]
    except JudgeError as error:
        raise problem_of(error) from error


def _wants_lines(accept: str, count: int) -> bool:
    """Tell whether the answer comes as JSON Lines.

    Raises:
        ProblemError: nothing that the caller accepts can be given.
    """
    accepted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    anything = bool(accepted & {"*/*", "application/*"})
    if accepted & set(_LINES):
        return True
    if (anything or "application/json" in accepted) and count <= JSON_TEXTS:
        return False
    if anything:
        return True
    if "application/json" in accepted:
        raise ProblemError(
            "not-acceptable",
            f"{JSON_TEXTS}건이 넘는 답은 JSON Lines 로만 드립니다. 헤더를 `Accept: {JSON_LINES}` 로 하거나 나누어 보내세요.",
        )
    raise ProblemError("not-acceptable", f"줄 수 있는 형식: application/json, {JSON_LINES}.")


@router.post(
    "/classify",
    summary="글을 분류",
    response_model=ClassifyOut,
    responses={
        200: {
            "description": "판정. 글이 많으면 한 줄에 하나씩(JSON Lines), 만들어지는 대로",
            "content": {
                "application/json": {"example": {"records": [EXAMPLE_RECORD]}},
                JSON_LINES: {
                    "schema": {"type": "string"},
                    "example": json.dumps(EXAMPLE_RECORD, ensure_ascii=False) + "\n",
                },
            },
        },
        **responses(
            "malformed",
            "unauthorized",
            "not-acceptable",
            "refused",
            "too-large",
            "media-type",
            "invalid",
            "rate-limit",
            "busy",
            "timeout",
        ),
    },
)
async def classify(
    body: ClassifyIn,
    request: Request,
    caller: Viewer,
    accept: str = Header(default="*/*", include_in_schema=False),
) -> Response:
    """글마다 전략 › 과제 › 세부과제와 확률, 근거, 주관기관을 추천합니다. 저장하지 않습니다.

    100건이 넘으면 JSON Lines 로 답합니다(`Accept: application/jsonl` 이면 언제나). 도중에 서버가 더 하지 못하면 마지막 줄이 문제 설명
    (`{"type": …, "status": …}`)입니다. 줄 수가 보낸 글 수보다 적으면 나머지를 다시 보내세요.
    """
    del caller
    judge: Judge = request.app.state.judge
    texts = documents(body.documents)
    if not _wants_lines(accept, len(texts)):
        records = await judged(judge, texts, body.plan)
        return Response('{"records":[' + ",".join(records) + "]}", media_type="application/json")
    stream = judge.stream(texts, body.plan)
    try:
        first = await anext(stream)  # a server that can do nothing says so by its status
    except JudgeError as error:
        raise problem_of(error) from error
    return StreamingResponse(_lines(first, stream), media_type=JSON_LINES)


async def _lines(first: str, records: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first + "\n"
    try:
        async for record in records:
            yield record + "\n"
    except JudgeError as error:
        yield json.dumps(problem_of(error).body(), ensure_ascii=False) + "\n"
