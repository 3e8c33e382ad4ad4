"""API keys: made by an administrator, shown once, kept as a hash; each has a role and may end or be revoked."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hyeoksin.errors import StoreError
from hyeoksin.store import ROLES, Store
from hyeoksin.web.access import ROLE_NAMES
from hyeoksin.web.api.problems import ProblemError
from hyeoksin.web.throttle import Throttle

__all__ = [
    "Admin",
    "Caller",
    "KeyFirst",
    "Keyring",
    "Officer",
    "Reviewer",
    "Viewer",
    "caller_of",
    "ending",
    "key_hash",
    "new_key",
    "require",
]

_SHAPE = re.compile(r"hyeoksin_[A-Za-z0-9_-]{43}")
_REMEMBERED = 2.0  # seconds that a key is not looked up again: a revoked one works no longer than that
_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="`Authorization: Bearer hyeoksin_…`")
_header = APIKeyHeader(
    name="X-API-Key", auto_error=False, scheme_name="header", description="`X-API-Key: hyeoksin_…`"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that asks: the key's number, its name and its role."""

    key: int
    name: str
    role: str

    @property
    def by(self) -> str:
        """The name under which its decisions stand in the ledger."""
        return f"api:{self.name}"

    def may(self, role: str) -> bool:
        """Tell whether the key has at least this role."""
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def reader(self) -> str | None:
        """As whom it reads the ledger: a reviewer (None) reads everything."""
        return None if self.may("reviewer") else self.by


def new_key() -> str:
    """Return a new key: 256 random bits behind a mark that secret scanners can look for."""
    return f"hyeoksin_{secrets.token_urlsafe(32)}"


def ending(days: int | None) -> str | None:
    """Return the time (ISO UTC) after so many days, None for no end."""
    return None if days is None else f"{(datetime.now(UTC) + timedelta(days=days)):%Y-%m-%dT%H:%M:%S.000Z}"


def key_hash(key: str) -> str:
    """Return what the store keeps of a key; a fast hash is enough for 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


def caller_of(store: Store, secret: str) -> Caller | None:
    """Return who owns the key with this hash, and note (once a minute; not while another writes to the SQLite file) that it was used."""
    key = store.api_key(secret)
    if key is None:
        return None
    minute_ago = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    if key.used_at is None or key.used_at < minute_ago:
        with suppress(StoreError):  # the answer does not hang on it
            store.used_api_key(key.id)
    return Caller(key.id, key.name, key.role)


class Keyring:
    """Finds callers by their key, and remembers them for a moment.

    Args:
        find: returns the caller of a key's hash, None where the key is unknown, ended or revoked.
    """

    def __init__(self, find: Callable[[str], Caller | None]) -> None:
        self._find = find
        self._known: dict[str, tuple[float, Caller]] = {}

    async def caller(self, key: str) -> Caller | None:
        """Return who owns the key."""
        if not _SHAPE.fullmatch(key):
            return None
        secret = key_hash(key)
        now = time.monotonic()
        until, known = self._known.get(secret, (0.0, None))
        if known is not None and now < until:
            return known
        found = await run_in_threadpool(self._find, secret)
        if found is not None:
            if len(self._known) > 1_000:
                self._known.clear()
            self._known[secret] = (now + _REMEMBERED, found)
        return found

    def forget(self) -> None:
        """Look every key up again at its next use."""
        self._known.clear()


async def _known(request: Request) -> Caller:
    """Return who asks, by the key in the headers.

    Raises:
        ProblemError: no key, or none that works.
    """
    scheme, _space, bearer = request.headers.get("authorization", "").partition(" ")
    given = request.headers.get("x-api-key") or (bearer.strip() if scheme.lower() == "bearer" else "")
    keyring: Keyring = request.app.state.keyring
    caller = await keyring.caller(given) if given else None
    if caller is None:
        raise ProblemError(
            "unauthorized",
            "쓸 수 없는 API 키입니다. 관리자에게 새 키를 받으세요."
            if given
            else "API 키가 없습니다. 헤더에 `Authorization: Bearer 키` 를 넣으세요.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return caller


class KeyFirst(APIRoute):
    """A route whose body is read only for who has a key, and only as JSON: FastAPI parses it before its dependencies."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        answer = super().get_route_handler()
        if self.body_field is None:
            return answer

        async def checked(request: Request) -> Response:
            await _known(request)
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            empty = (
                request.headers.get("content-length", "0") == "0"
                and "transfer-encoding" not in request.headers
            )
            if not (empty or re.fullmatch(r"application/(.+\+)?json", kind)):
                raise ProblemError(
                    "media-type",
                    "본문은 JSON으로 보내고, 헤더에 `Content-Type: application/json` 을 넣으세요.",
                )
            return await answer(request)

        return checked


def require(role: str) -> Callable[..., Awaitable[Caller]]:
    """Return the dependency that lets keys with at least this role pass, as often as their rate allows."""

    async def allowed(
        request: Request,
        bearer: Annotated[object, Security(_bearer)],  # these two stand here for the description
        header: Annotated[str | None, Security(_header)],
    ) -> Caller:
        caller = await _known(request)
        throttle: Throttle = request.app.state.throttle
        seconds = throttle.wait("api", f"key {caller.key}")
        if seconds:
            raise ProblemError(
                "rate-limit",
                f"이 키의 한도를 넘었습니다. {seconds}초 뒤 다시 보내세요.",
                headers={"Retry-After": str(seconds)},
            )
        if not caller.may(role):
            raise ProblemError(
                "forbidden",
                f"이 일은 '{ROLE_NAMES[role]}' 역할의 키부터 할 수 있습니다. 이 키의 역할: {ROLE_NAMES[caller.role]}.",
            )
        return caller

    return allowed


Viewer = Annotated[Caller, Depends(require("viewer"))]
Officer = Annotated[Caller, Depends(require("officer"))]
Reviewer = Annotated[Caller, Depends(require("reviewer"))]
Admin = Annotated[Caller, Depends(require("admin"))]
