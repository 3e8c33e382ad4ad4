"""Showing personal data: only for reviewers, only for some minutes, always on record."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from hyeoksin.web.access import Reviewer, StoreDep
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.pages import notify, redirect, safe_path

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Path = Annotated[str, Form(max_length=2_100)]


@router.post("/privacy/show")
def show(request: Request, store: StoreDep, user: Reviewer, next: Path = "/") -> Response:  # noqa: A002
    """Let this log-in see personal data for some minutes; the log keeps the page, but not what was searched for there."""
    minutes = request.app.state.settings.unmask_minutes
    page = safe_path(next).partition("?")[0]
    store.audit("privacy.shown", user.name, subject=page, detail={"minutes": minutes})
    request.app.state.unmasked.allow(user.session)
    notify(
        request,
        "note",
        _("{n}분 동안 개인정보가 보입니다. 보았다는 것이 기록에 남았습니다.").format(n=minutes),
    )
    return redirect(request, safe_path(next))


@router.post("/privacy/hide")
def hide(request: Request, store: StoreDep, user: Reviewer, next: Path = "/") -> Response:  # noqa: A002
    """Mask personal data again."""
    request.app.state.unmasked.end(user.session)
    store.audit("privacy.hidden", user.name)
    return redirect(request, safe_path(next))
