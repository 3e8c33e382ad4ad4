"""The desk: queue, one document, decisions, search, hours dial, assignment, agreement, export."""

from __future__ import annotations

from fastapi import APIRouter

from hyeoksin.web.desk import agreement, decisions, document, export, hours, queue, search

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
for part in (queue, document, decisions, hours, agreement, export, search):
    router.include_router(part.router)
