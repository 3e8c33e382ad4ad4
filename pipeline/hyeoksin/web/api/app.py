"""The application that is mounted at ``/api/v1``: its own errors, its own description, keys instead of cookies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anyio import CapacityLimiter
from fastapi import APIRouter, FastAPI

from hyeoksin import __version__
from hyeoksin.store import Store
from hyeoksin.web.api import agencies, classify, decisions, docs, models, plans, rounds
from hyeoksin.web.api.keys import Keyring
from hyeoksin.web.api.limits import MAX_BYTES
from hyeoksin.web.api.problems import Problem, handle_problems, responses, too_large
from hyeoksin.web.headers import BodyLimit
from hyeoksin.web.judge import Judge
from hyeoksin.web.throttle import Throttle

__all__ = ["PREFIX", "ROUTERS", "create_api"]

PREFIX = "/api/v1"
ROUTERS: tuple[APIRouter, ...] = (
    classify.router,
    rounds.router,
    decisions.router,
    plans.router,
    agencies.router,
    models.router,
)
_ALWAYS = responses("unauthorized", "forbidden", "invalid", "rate-limit", "busy")
_ABOUT = """\
글을 정부혁신 계획의 전략 › 과제 › 세부과제로 분류하고, 사람의 결정을 쌓습니다. **결과는 추천이며 결정이 아닙니다.**

- 모든 요청에 API 키가 있어야 합니다: `Authorization: Bearer hyeoksin_…` (또는 `X-API-Key`).
- 잘못은 RFC 9457 문제 설명(`application/problem+json`)으로 답합니다. `errors` 에 어느 값이 잘못인지 있습니다.
- 429와 503에는 `Retry-After` (초)가 있습니다. 그만큼 기다린 뒤 같은 요청을 다시 보내면 됩니다.
"""


def create_api(judge: Judge, store: Store, keyring: Keyring, throttle: Throttle, folder: Path) -> FastAPI:
    """Return the interface.

    Args:
        judge: classifies; started and stopped by the caller.
        store: where rounds, documents and decisions stand.
        keyring: finds callers.
        throttle: has a limit named ``api``.
        folder: for plans of rounds that are no shipped ones, as files.
    """
    app = FastAPI(
        title="hyeoksin",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        separate_input_output_schemas=False,
    )
    app.state.judge = judge
    app.state.store = store
    app.state.folder = folder
    app.state.keyring = keyring
    app.state.throttle = throttle
    app.state.turns = CapacityLimiter(rounds.AT_ONCE)
    for router in ROUTERS:
        app.include_router(router, responses=_ALWAYS)
    app.include_router(docs.router)
    app.add_middleware(BodyLimit, limits={"": MAX_BYTES}, refuse=too_large)
    handle_problems(app)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Put the problem's schema into the description, and take out FastAPI's own."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            parts = schema.setdefault("components", {}).setdefault("schemas", {})
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts.update(problem.pop("$defs", {}))
            parts["Problem"] = problem
            for name in ("HTTPValidationError", "ValidationError"):
                parts.pop(name, None)
            for operations in schema["paths"].values():
                for operation in operations.values():
                    for parameter in operation.get("parameters", ()):
                        parameter["schema"] = _not_null(parameter["schema"])
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to change its description


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value in an address or header: it may be left out, but nobody can write null there."""
    kinds: list[dict[str, Any]] = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {key: value for key, value in schema.items() if key != "anyOf"} | kinds[0]
