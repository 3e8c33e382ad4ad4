"""A decision sent from a page that was opened before somebody logged in again: nothing is saved, and nothing is lost."""

from __future__ import annotations

import re

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hyeoksin.errors import HyeoksinError
from hyeoksin.web.access import MAX_FILES, Visitor, store_of
from hyeoksin.web.desk.decisions import filters_of, plain_breaks
from hyeoksin.web.desk.document import Attempt, page
from hyeoksin.web.failures import answer
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.pages import is_htmx

__all__ = ["show_again"]

_DECIDE = re.compile(r"/items/([0-9]{1,17})/decide")


async def show_again(request: Request, error: Exception) -> Response:
    """Show the document again with what was typed and a fresh token; what is no decision gets the page of the error."""
    match = _DECIDE.fullmatch(request.url.path)
    user: Visitor | None = getattr(request.state, "visitor", None)
    if match is None or user is None or user.must_change or is_htmx(request):
        return answer(request, error)
    form = await request.form(max_files=MAX_FILES, max_fields=2_000)
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    attempt = Attempt(
        _("이 화면을 연 뒤에 로그인이 바뀌어 저장하지 않았습니다. 아래를 확인하고 다시 정하세요."),
        given.get("action", ""),
        typed=given.get("typed", ""),
        note=plain_breaks(given.get("note", "")),
        agency=given.get("agency", ""),
    )
    try:
        filters = filters_of(given.get("queue", ""))
        return await run_in_threadpool(
            page, request, store_of(request), user, int(match[1]), filters, attempt, 403
        )
    except HyeoksinError as fault:
        return answer(request, fault)
