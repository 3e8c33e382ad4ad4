"""Who asks, and may they: sessions, roles and the check against forged forms, as FastAPI dependencies.

A route says ``user: Officer`` and gets a :class:`Visitor` who has at least that role; the same dependency checks the
form's token on every request that changes something, so no route can forget it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from hyeoksin.store import ROLES, Store
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import marked

__all__ = [
    "MAX_FILES",
    "ROLE_NAMES",
    "Admin",
    "LoginNeeded",
    "Officer",
    "OldFormError",
    "PasswordNeeded",
    "Reviewer",
    "StoreDep",
    "Unmasked",
    "Viewer",
    "Visitor",
    "anonymous_token",
    "check_form",
    "check_origin",
    "cookie_name",
    "csrf_token",
    "require",
    "store_of",
    "token_hash",
    "visitor",
]

ROLE_NAMES = {
    "viewer": marked("열람"),
    "officer": marked("담당"),
    "reviewer": marked("검토"),
    "admin": marked("관리"),
}
MAX_FILES = 50  # of one form
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """A logged-in person: name, role, the token of their forms.

    ``must_change``: nothing goes before a new password; ``unmasked``: sees personal data for the time being.
    """

    name: str
    role: str
    csrf: str
    session: str
    must_change: bool = False
    unmasked: bool = False

    def may(self, role: str) -> bool:
        """Tell whether the person has at least this role."""
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def reader(self) -> str | None:
        """As whom the person reads the ledger: a reviewer (None) reads everything."""
        return None if self.may("reviewer") else self.name


class Unmasked:
    """The sessions that may see personal data for some minutes; kept in memory, so a restart masks everything again."""

    def __init__(self, minutes: int) -> None:
        self._seconds = minutes * 60
        self._until: dict[str, float] = {}

    def allow(self, session: str) -> None:
        """Let the session see personal data from now on for the agreed minutes."""
        now = time.monotonic()
        self._until = {key: end for key, end in self._until.items() if end > now} | {
            session: now + self._seconds
        }

    def end(self, session: str) -> None:
        """Mask again."""
        self._until.pop(session, None)

    def holds(self, session: str) -> bool:
        """Tell whether the session sees personal data."""
        return self._until.get(session, 0.0) > time.monotonic()


class LoginNeeded(Exception):  # noqa: N818 - no error but a way
    """Nobody is logged in; the page of the log-in comes next."""


class OldFormError(HTTPException):
    """A form of our own page carries the token of a session that has ended."""

    def __init__(self) -> None:
        super().__init__(
            403,
            _(
                "양식을 연 뒤에 로그인이 바뀌어 아무것도 저장하지 않았습니다. 화면을 새로 고친 뒤 다시 하세요."
            ),
        )


class PasswordNeeded(Exception):  # noqa: N818 - no error but a way
    """The first password must be changed before anything else."""


def store_of(request: Request) -> Store:
    """Return the app's store."""
    store: Store = request.app.state.store
    return store


StoreDep = Annotated[Store, Depends(store_of)]


def cookie_name(request: Request) -> str:
    """Return the name of the session cookie; behind TLS the browser itself holds it to this host."""
    return "__Host-hyeoksin" if request.url.scheme == "https" else "hyeoksin"


def token_hash(token: str) -> str:
    """Return what the store keeps of a session token."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """Return the token that the forms of a session carry."""
    return hmac.new(session_token.encode(), b"hyeoksin form", hashlib.sha256).hexdigest()


def anonymous_token(request: Request) -> str:
    """Return the value of the form cookie of somebody who is not logged in (a new one where there is none)."""
    return request.cookies.get("hyeoksin_form") or secrets.token_urlsafe(24)


def visitor(request: Request) -> Visitor | None:
    """Return who asks, by the session cookie; None without a valid session."""
    known: Visitor | None = getattr(request.state, "visitor", None)
    if known is not None:
        return known
    token = request.cookies.get(cookie_name(request))
    if not token:
        return None
    store, key = store_of(request), token_hash(token)
    session = store.session(key)
    if session is None:
        return None
    user = store.user(session.user)
    unmasked = request.app.state.unmasked.holds(key)
    found = Visitor(user.name, user.role, csrf_token(token), key, user.must_change, unmasked)
    request.state.visitor = found
    return found


def check_origin(request: Request) -> None:
    """Refuse a request that another site's page sends.

    Raises:
        HTTPException: 403.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    if foreign or site not in ("same-origin", "none"):
        raise HTTPException(403, _("다른 누리집에서 보낸 요청이라 받지 않았습니다. 이 화면에서 다시 하세요."))


async def check_form(request: Request, expected: str) -> None:
    """Refuse a state-changing request without the token, in the header ``X-CSRF-Token`` or the form field ``csrf``.

    Raises:
        HTTPException: 403; :class:`OldFormError` where the token is another one.
    """
    check_origin(request)
    given = request.headers.get("x-csrf-token")
    if given is None:
        field = (await request.form(max_files=MAX_FILES, max_fields=2_000)).get("csrf")
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise OldFormError


async def _checked(request: Request, rank: int, changing: bool) -> Visitor:
    """Return who asks, of at least this rank.

    Raises:
        LoginNeeded, PasswordNeeded: something goes before.
        HTTPException: 403, the role or the form's token does not do.
    """
    found = await run_in_threadpool(visitor, request)
    if found is None:
        raise LoginNeeded
    if request.method not in _SAFE:
        await check_form(request, found.csrf)
    if found.must_change and changing:
        raise PasswordNeeded
    if ROLES.index(found.role) < rank:
        role = _(ROLE_NAMES[ROLES[rank]])
        raise HTTPException(403, _("이 일은 '{role}' 권한부터 할 수 있습니다.").format(role=role))
    return found


def require(role: str, changing: bool = True) -> Callable[[Request], AsyncIterator[Visitor]]:
    """Return the dependency that lets people with at least this role pass.

    Args:
        role: one of ``ROLES``.
        changing: people who must change their password are sent to do so first.
    """
    rank = ROLES.index(role)

    async def allowed(request: Request) -> AsyncIterator[Visitor]:
        try:
            yield await _checked(request, rank, changing)
        finally:
            await request.close()  # files of the form

    return allowed


Viewer = Annotated[Visitor, Depends(require("viewer"))]
Officer = Annotated[Visitor, Depends(require("officer"))]
Reviewer = Annotated[Visitor, Depends(require("reviewer"))]
Admin = Annotated[Visitor, Depends(require("admin"))]
