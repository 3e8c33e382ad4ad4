"""From a template and values to an answer: escaping always on, the visitor, language, form token and notices at hand."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from hyeoksin import __version__
from hyeoksin.web.access import ROLE_NAMES, Visitor
from hyeoksin.web.languages import LANGUAGES, current, gettext, ngettext
from hyeoksin.web.menu import MENU
from hyeoksin.web.private import harmless, shown, shown_start

__all__ = ["Notices", "environment", "is_htmx", "notify", "page_of", "redirect", "render", "safe_path"]

Kind = Literal["done", "note", "error"]
_ITEM = re.compile(r"^(/items/[0-9]+)/(?:decide|undo)$")
_HTMX_CONFIG = '{"includeIndicatorCSS": false, "history": false, "defaultTimeout": 60000}'


class Notices:
    """Messages that the next page of a session shows once; kept in memory, at most 20 a session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: defaultdict[str, list[tuple[Kind, str]]] = defaultdict(list)

    def add(self, session: str, kind: Kind, text: str) -> None:
        """Keep a message for the session."""
        with self._lock:
            self._kept[session] = [*self._kept[session][-19:], (kind, text)]

    def take(self, session: str) -> list[tuple[Kind, str]]:
        """Return the session's messages, and forget them."""
        with self._lock:
            return self._kept.pop(session, [])


def environment() -> Environment:
    """Return the Jinja environment: autoescape for every template, undefined names are errors, no control marks."""
    env = Environment(
        loader=PackageLoader("hyeoksin.web"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals |= {
        "languages": LANGUAGES,
        "role_names": ROLE_NAMES,
        "menu": MENU,
        "version": __version__,
        "htmx_config": _HTMX_CONFIG,
    }
    env.filters |= {"percent": _percent, "private": _private, "start": _start, "moment": _moment}
    return env


@pass_context
def _private(context: Context, text: str) -> str:
    return shown(context["user"], text)


@pass_context
def _start(context: Context, text: str, length: int) -> str:
    return shown_start(context["user"], text, length)


def _moment(at: str | None) -> Markup:
    """Return an ISO time in UTC as a local one, to the minute, on one line."""
    told = datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M") if at else ""
    return Markup('<span class="nowrap">{}</span>').format(told) if told else Markup()


def _finalize(value: Any) -> Any:
    """Take from everything that a template shows what tricks the eye."""
    if isinstance(value, Markup):
        return Markup(harmless(value))  # noqa: S704 - it was markup before  # nosec B704
    return harmless(value) if isinstance(value, str) else value


def _percent(share: float) -> str:
    return f"{share:.0%}"


def render(
    request: Request,
    template: str,
    values: Mapping[str, Any] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return a page; the template also sees ``user`` (or None), ``csrf``, ``language``, ``path``, ``here`` (:func:`page_of`), ``notices``."""
    user: Visitor | None = getattr(request.state, "visitor", None)
    notices = [] if user is None or is_htmx(request) else request.app.state.notices.take(user.session)
    context = {
        "user": user,
        "csrf": user.csrf if user else "",
        "language": current(),
        "path": request.url.path,
        "query": request.url.query,
        "here": page_of(request),
        "notices": notices,
        **(values or {}),
    }
    text = request.app.state.templates.get_template(template).render(context)
    return HTMLResponse(text, status, dict(headers or {}))


def notify(request: Request, kind: Kind, text: str, session: str | None = None) -> None:
    """Let the next page of the visitor (or of another session) show a message."""
    request.app.state.notices.add(session or request.state.visitor.session, kind, text)


def is_htmx(request: Request) -> bool:
    """Tell whether htmx asks for a piece of a page."""
    return request.headers.get("hx-request") == "true"


def page_of(request: Request) -> str:
    """Return the page that somebody is on: the one asked for, or the one whose form or script asks."""
    path, query = request.url.path, request.url.query
    if request.method != "GET" or is_htmx(request):
        host, slash, came = request.headers.get("referer", "").partition("//")[2].partition("/")
        if slash and host == request.headers.get("host"):
            path, _mark, query = (slash + came).partition("?")
        elif not _ITEM.match(path):
            return "/"
    path = _ITEM.sub(r"\1", path)  # what a form is sent to shows no page
    return f"{path}?{query}" if query else path


def redirect(request: Request, path: str) -> Response:
    """Send the browser to another page of ours after a form; htmx is told by its own header."""
    if is_htmx(request):
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def safe_path(asked: str | None, otherwise: str = "/") -> str:
    """Return ``asked`` where it is a path of this server, else ``otherwise``: no address of another site."""
    if asked is None or not re.fullmatch(r"/(?!/)[^\x00-\x20\\]*", asked):
        return otherwise
    return asked
