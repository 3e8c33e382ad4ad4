"""Errors as RFC 9457 problem details (``application/problem+json``), in Korean, with the place and the remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from hyeoksin.errors import (
    HyeoksinError,
    NotStoredError,
    RefusedError,
    StaleDecisionError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
)
from hyeoksin.web.api.limits import MAX_BYTES
from hyeoksin.web.faults import detail, numbered

__all__ = [
    "MEDIA_TYPE",
    "PROBLEMS",
    "Fault",
    "Problem",
    "ProblemError",
    "answer",
    "handle_problems",
    "responses",
    "too_large",
]

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status and its Korean title."""

    status: int
    title: str


PROBLEMS: dict[str, Kind] = {
    "malformed": Kind(400, "요청을 읽을 수 없음"),
    "unauthorized": Kind(401, "API 키가 없거나 쓸 수 없음"),
    "forbidden": Kind(403, "이 키의 역할로는 할 수 없음"),
    "not-found": Kind(404, "찾을 수 없음"),
    "method": Kind(405, "쓸 수 없는 메서드"),
    "not-acceptable": Kind(406, "줄 수 없는 형식"),
    "conflict": Kind(409, "다른 사람이 먼저 바꿈"),
    "refused": Kind(409, "규칙에 어긋나 하지 않음"),
    "too-large": Kind(413, "요청이 너무 큼"),
    "media-type": Kind(415, "읽을 수 없는 형식"),
    "invalid": Kind(422, "값이 규칙에 맞지 않음"),
    "rate-limit": Kind(429, "요청이 너무 잦음"),
    "internal": Kind(500, "서버 오류"),
    "busy": Kind(503, "지금은 받을 수 없음"),
    "timeout": Kind(504, "제시간에 끝내지 못함"),
    "full": Kind(507, "저장 공간이 모자람"),
}
_BY_STATUS = {kind.status: name for name, kind in reversed(PROBLEMS.items())}  # of two the first
_STORE: tuple[tuple[type[StoreError], str], ...] = (  # the first that fits
    (NotStoredError, "not-found"),
    (StaleDecisionError, "conflict"),
    (RefusedError, "refused"),
    (StoreFullError, "full"),
    (StoreDamagedError, "internal"),
    (StoreError, "busy"),
)


class Fault(BaseModel):
    """한 값의 잘못."""

    field: str = Field(description="값의 자리", examples=["documents[3].text"])
    pointer: str = Field(
        description="본문에서의 자리 (JSON Pointer), 주소의 값이면 빈 글", examples=["/documents/3/text"]
    )
    detail: str = Field(description="무엇이 잘못이고 어떻게 하면 되는지")


class Problem(BaseModel):
    """RFC 9457 문제 설명."""

    type: str = Field(description="문제의 종류 (설명서의 자리)", examples=["/api/v1/docs#problem-invalid"])
    title: str = Field(description="종류의 이름")
    status: int = Field(description="HTTP 상태")
    detail: str = Field(description="이번에 무엇이 잘못이고 어떻게 하면 되는지")
    errors: list[Fault] | None = Field(default=None, description="값마다의 잘못 (있을 때만)")


class ProblemError(HyeoksinError):
    """A problem to be told to the caller.

    Args:
        kind: a name in :data:`PROBLEMS`.
        detail: what is wrong this time and what to do, in Korean.
        faults: the values that are wrong.
        headers: further headers of the answer (``Retry-After``).
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Return the problem as RFC 9457 writes it."""
        kind = PROBLEMS[self.kind]
        problem: dict[str, Any] = {
            "type": f"/api/v1/docs#problem-{self.kind}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
        }
        if self.faults:
            problem["errors"] = [fault.model_dump() for fault in self.faults]
        return problem


def answer(problem: ProblemError) -> JSONResponse:
    """Return the HTTP answer that tells the problem."""
    return JSONResponse(
        problem.body(), PROBLEMS[problem.kind].status, headers=problem.headers, media_type=MEDIA_TYPE
    )


def responses(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI descriptions of the problems that an endpoint may answer with."""
    described: dict[int | str, dict[str, Any]] = {}
    for name in kinds:
        kind = PROBLEMS[name]
        titles = [described[kind.status]["description"]] if kind.status in described else []
        described[kind.status] = {
            "description": ", ".join([*titles, kind.title]),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return described


# --- faults found by pydantic, in Korean

_PLACES = {"body": "", "query": "?", "path": "주소의 ", "header": "헤더 "}


def _fault(error: Mapping[str, Any]) -> Fault:
    """Return one of pydantic's findings as a fault in Korean."""
    where, *steps = error["loc"]
    if where != "body":
        del steps[1:]  # behind the parameter's name pydantic names the branch of its union
    named = ""
    for step in steps:
        named += f"[{step}]" if isinstance(step, int) else f".{step}" if named else str(step)
    pointer = (
        "".join(f"/{str(s).replace('~', '~0').replace('/', '~1')}" for s in steps) if where == "body" else ""
    )
    return Fault(field=(_PLACES.get(str(where), "") + named) or "본문", pointer=pointer, detail=detail(error))


def _invalid(error: RequestValidationError) -> ProblemError:
    """Return the problem of a request whose values break the rules."""
    found = error.errors()
    broken = next((e for e in found if e["type"] == "json_invalid"), None)
    if broken is not None:
        place = broken["loc"][-1]
        return ProblemError(
            "malformed", f"본문이 JSON이 아닙니다: {place}번째 글자 근처. UTF-8로 적은 JSON을 보내세요."
        )
    found = [e for e in found if e["type"] != "none_required"]  # the branch for a parameter that is left out
    faults = [_fault(e) for e in found[:50]]
    more = f" (앞의 50개만 적음, 모두 {len(found)}개)" if len(found) > 50 else ""
    first = faults[0]
    return ProblemError("invalid", f"{first.field}: {first.detail}{more}", faults)


_DETAILS = {
    404: "이런 주소가 없습니다. 쓸 수 있는 주소는 /api/v1/docs 에 있습니다.",
    405: "이 주소에는 쓸 수 없는 메서드입니다. 쓸 수 있는 것은 Allow 헤더에 있습니다.",
    400: "요청을 읽을 수 없습니다. 본문이 UTF-8로 적은 JSON인지 확인하세요.",
    413: f"본문이 {MAX_BYTES >> 20} MiB를 넘습니다. 글을 나누어 보내세요 (한 번에 1,000건까지).",
}


def too_large(request: Request) -> JSONResponse:
    """Return the answer to a body beyond the limit."""
    return answer(ProblemError("too-large", _DETAILS[413]))


def handle_problems(app: FastAPI) -> None:
    """Make the application answer every error as a problem."""

    @app.exception_handler(ProblemError)
    async def _told(_: Request, error: ProblemError) -> JSONResponse:
        return answer(error)

    @app.exception_handler(StoreError)
    async def _store(_: Request, error: StoreError) -> JSONResponse:
        kind = next(name for known, name in _STORE if isinstance(error, known))
        headers = {"Retry-After": "2"} if kind == "busy" else None
        return answer(ProblemError(kind, str(error), headers=headers))

    @app.exception_handler(RequestValidationError)
    async def _rules(_: Request, error: RequestValidationError) -> JSONResponse:
        return answer(_invalid(error))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        kind = _BY_STATUS.get(error.status_code)
        if kind is None:
            kind = "malformed" if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else "internal"
        detail = _DETAILS.get(error.status_code, PROBLEMS[kind].title + ".")
        headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
        return answer(ProblemError(kind, detail, headers=headers))

    @app.exception_handler(Exception)
    async def _unforeseen(_: Request, error: Exception) -> JSONResponse:
        detail = f"서버에 오류가 났습니다. 다시 보내고, 되풀이되면 관리자에게 오류 번호 {numbered(error)} 를 알리세요."
        return answer(ProblemError("internal", detail))


def _allowed(request: Request) -> str:
    """Return the methods of all routes of an address (Starlette names those of the first alone)."""
    fitting = (r for r in request.app.routes if r.matches(request.scope)[0] is not Match.NONE)
    return ", ".join(
        sorted({method for route in fitting for method in getattr(route, "methods", None) or ()})
    )
