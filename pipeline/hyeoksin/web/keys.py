"""Keys of the REST interface, for administrators: make one (shown once), see when each was used, revoke."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from hyeoksin.errors import RefusedError
from hyeoksin.store import ROLES, ApiKey, Store
from hyeoksin.web.access import Admin, StoreDep
from hyeoksin.web.api.keys import Keyring, ending, key_hash, new_key
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import told
from hyeoksin.web.pages import notify, redirect, render

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_DAYS = {"30": 30, "365": 365, "": None}
Field = Annotated[str, Form(max_length=64)]


@router.get("/keys")
def keys(request: Request, store: StoreDep, user: Admin) -> Response:
    """List all keys."""
    return _page(request, store)


@router.post("/keys")
def add(
    request: Request,
    store: StoreDep,
    user: Admin,
    name: Field = "",
    role: Field = "viewer",
    days: Field = "365",
) -> Response:
    """Make a key, and show it once."""
    if not name.strip() or role not in ROLES or days not in _DAYS:
        return _page(
            request, store, problem=_("프로그램의 이름을 적고, 권한과 기간을 목록에서 고르세요."), status=422
        )
    key = new_key()
    try:
        made = store.add_api_key(name.strip(), role, key_hash(key), user.name, expires_at=ending(_DAYS[days]))
    except RefusedError as error:
        return _page(request, store, problem=told(error), status=409)
    store.audit("api key", user.name, subject=str(made.id), detail={"name": made.name, "role": role})
    return _page(request, store, fresh=(made.name, key))


@router.post("/keys/{number}/revoke")
def revoke(request: Request, store: StoreDep, user: Admin, number: int) -> Response:
    """End a key at once and for good."""
    store.revoke_api_key(number)
    keyring: Keyring = request.app.state.keyring
    keyring.forget()
    store.audit("api key revoked", user.name, subject=str(number))
    notify(request, "done", _("{n}번 키를 없앴습니다.").format(n=number))
    return redirect(request, "/keys")


def _standing(key: ApiKey, now: str) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "ended" if key.expires_at is not None and key.expires_at <= now else "works"


def _page(
    request: Request,
    store: Store,
    fresh: tuple[str, str] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    now = datetime.now(UTC).isoformat()
    rows = [(key, _standing(key, now)) for key in store.api_keys()]
    values: dict[str, Any] = {"rows": rows, "roles": ROLES, "fresh": fresh, "problem": problem}
    return render(request, "keys.html", values, status)
