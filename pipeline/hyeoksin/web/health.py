"""``/healthz``: does the server answer, and does its store."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse

from hyeoksin.errors import StoreError
from hyeoksin.web.access import StoreDep

__all__ = ["router"]

router = APIRouter()


@router.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
def healthz(store: StoreDep) -> JSONResponse:
    """Answer 200 where the store answers, else 503; says nothing of what is inside."""
    try:
        store.active_model()
    except StoreError:
        return JSONResponse({"status": "store unavailable"}, 503)
    return JSONResponse({"status": "ok"})
