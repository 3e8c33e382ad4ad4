"""Accounts, for administrators: add, change the role, give a new one-time password, lock. None is ever deleted."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from hyeoksin.errors import RefusedError
from hyeoksin.store import ROLES, Store, UserRole
from hyeoksin.web.access import Admin, StoreDep
from hyeoksin.web.accounts import minutes_locked, new_account, new_password, unlock
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import told
from hyeoksin.web.pages import notify, redirect, render

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Form(max_length=64)]
Whose = Annotated[str, Form()]  # of an account that is there: its name may be older than the rules for names


@router.get("/users")
def users(request: Request, store: StoreDep, user: Admin) -> Response:
    """List all accounts."""
    return _page(request, store)


@router.post("/users")
def add(request: Request, store: StoreDep, user: Admin, name: Name = "", role: Name = "officer") -> Response:
    """Add an account, and show its one-time password once."""
    try:
        password = new_account(store, name, _role(role), user.name)
    except RefusedError as error:
        return _page(request, store, problem=told(error), status=409)
    return _page(request, store, fresh=(name, password))


@router.post("/users/role")
def change_role(request: Request, store: StoreDep, user: Admin, name: Whose, role: Name = "") -> Response:
    """Give an account another role; its sessions end."""
    store.change_user(name, role=_role(role))
    store.audit("user.role", user.name, subject=name, detail={"role": role})
    notify(request, "done", _("'{name}' 의 권한을 바꾸었습니다.").format(name=name))
    return redirect(request, "/users")


@router.post("/users/reset")
def reset(request: Request, store: StoreDep, user: Admin, name: Whose) -> Response:
    """Give an account a new one-time password, and show it once."""
    return _page(request, store, fresh=(name, new_password(store, name, user.name)))


@router.post("/users/unlock")
def end_lock(request: Request, store: StoreDep, user: Admin, name: Whose) -> Response:
    """Let an account try again that too many wrong passwords have locked."""
    unlock(store, name, user.name)
    notify(request, "done", _("'{name}' 의 잠금을 풀었습니다.").format(name=name))
    return redirect(request, "/users")


@router.post("/users/active")
def change_active(request: Request, store: StoreDep, user: Admin, name: Whose, active: Name = "") -> Response:
    """Stop an account, or let it in again; what it decided stays."""
    changed = store.change_user(name, active=active == "yes")
    store.audit("user.active", user.name, subject=name, detail={"active": changed.active})
    text = (
        _("'{name}' 을(를) 다시 쓰게 했습니다.")
        if changed.active
        else _("'{name}' 을(를) 쓰지 못하게 했습니다.")
    )
    notify(request, "done", text.format(name=name))
    return redirect(request, "/users")


def _role(given: str) -> UserRole:
    if given not in ROLES:
        raise RefusedError(_("권한을 목록에서 고르세요."))
    return given


def _page(
    request: Request,
    store: Store,
    fresh: tuple[str, str] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    rows, rules = store.users(), request.app.state.settings
    values: dict[str, Any] = {
        "rows": rows,
        "locked": {
            row.name: minutes_locked(store, row.name, rules.lock_after, rules.lock_minutes) for row in rows
        },
        "roles": ROLES,
        "fresh": fresh,
        "problem": problem,
    }
    return render(request, "users.html", values, status)
