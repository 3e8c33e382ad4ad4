"""Log in, log out, change the password, choose the language."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from hyeoksin.errors import NotStoredError
from hyeoksin.store import Store, User
from hyeoksin.web import passwords
from hyeoksin.web.access import (
    StoreDep,
    Viewer,
    Visitor,
    anonymous_token,
    check_origin,
    cookie_name,
    require,
    token_hash,
    visitor,
)
from hyeoksin.web.accounts import minutes_locked
from hyeoksin.web.languages import COOKIE, LANGUAGES
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.pages import notify, render, safe_path
from hyeoksin.web.settings import Settings

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form(max_length=300)]
Path = Annotated[str, Form(max_length=8_000)]


@router.get("/")
def first_page(user: Viewer) -> Response:
    """Go to the rounds."""
    return RedirectResponse("/rounds", 303)


@router.get("/login")
def login_page(request: Request, next: str = "/", lost: str = "") -> Response:  # noqa: A002 - the query's name
    """Show the form; somebody who is logged in goes on. ``lost``: what was sent without a log-in was not saved."""
    if visitor(request) is not None:
        return RedirectResponse(safe_path(next), 303)
    problem = _(
        "로그인이 끝나 방금 한 일은 저장되지 않았습니다. 로그인하면 그 화면으로 돌아가니 다시 하세요."
    )
    return _form(request, safe_path(next), problem=problem if lost else None)


@router.post("/login")
def login(
    request: Request,
    store: StoreDep,
    name: Text = "",
    password: Text = "",
    next: Path = "/",  # noqa: A002 - the field's name
    csrf: Text = "",
) -> Response:
    """Check name and password; five failures in a row lock the account for a while."""
    check_origin(request)
    known = request.cookies.get("hyeoksin_form", "")
    if not known or not hmac.compare_digest(known.encode(), csrf.encode()):
        return _form(
            request, safe_path(next), name, _("양식의 유효 기간이 지났습니다. 다시 적어 주세요."), 403
        )
    address = request.client.host if request.client else ""
    wait = request.app.state.throttle.wait("login", address)
    if wait:
        text = _("로그인 시도가 너무 잦습니다. {n}초 뒤에 다시 하세요.").format(n=wait)
        return _form(request, safe_path(next), name, text, 429, {"Retry-After": str(wait)})
    settings: Settings = request.app.state.settings
    wrong = _("아이디나 비밀번호가 맞지 않습니다.")
    problem = _checked(store, settings, name.strip(), password, address, wrong)
    if problem:
        return _form(request, safe_path(next), name, problem, 403)
    answer = RedirectResponse(safe_path(next), 303)
    _start(request, answer, store, settings, name.strip())
    return answer


@router.post("/logout")
def logout(
    request: Request, store: StoreDep, user: Annotated[Visitor, Depends(require("viewer", changing=False))]
) -> Response:
    """End the session, here and in the store."""
    store.end_session(user.session)
    store.audit("logout", user.name)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True)
    return answer


@router.get("/password")
def password_page(
    request: Request, user: Annotated[Visitor, Depends(require("viewer", changing=False))]
) -> Response:
    """Show the form for a new password."""
    return render(request, "password.html", {"problem": None})


@router.post("/password")
def change_password(
    request: Request,
    store: StoreDep,
    user: Annotated[Visitor, Depends(require("viewer", changing=False))],
    old: Text = "",
    new: Text = "",
    again: Text = "",
) -> Response:
    """Keep the new password, end all other sessions of the account, and go on with a fresh one."""
    settings: Settings = request.app.state.settings
    address = request.client.host if request.client else ""
    problem = _checked(store, settings, user.name, old, address, _("지금 비밀번호가 맞지 않습니다."))
    if problem is None and new != again:
        problem = _("새 비밀번호 두 개가 서로 다릅니다. 같은 것을 두 번 적으세요.")
    problem = problem or passwords.fault(new, user.name, old)
    if problem:
        return render(request, "password.html", {"problem": problem}, 422)
    store.change_user(user.name, secret=passwords.hashed(new), must_change=False)  # ends all sessions
    store.audit("password.changed", user.name)
    answer = RedirectResponse("/", 303)
    session = _start(request, answer, store, settings, user.name)
    notify(request, "done", _("비밀번호를 바꾸었습니다. 다른 곳의 로그인은 모두 끝났습니다."), session)
    return answer


@router.get("/language/{code}")
def language(code: str, next: str = "/") -> Response:  # noqa: A002 - the query's name
    """Keep the chosen language for a year."""
    if code not in LANGUAGES:
        raise HTTPException(404)
    answer = RedirectResponse(safe_path(next), 303)
    answer.set_cookie(COOKIE, code, max_age=365 * 86_400, samesite="lax", path="/")
    return answer


def _form(
    request: Request,
    next_path: str,
    name: str = "",
    problem: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    token = anonymous_token(request)
    values = {"next": next_path, "name": name, "problem": problem, "form_token": token}
    answer = render(request, "login.html", values, status, headers)
    secure = request.url.scheme == "https"
    answer.set_cookie("hyeoksin_form", token, httponly=True, secure=secure, samesite="strict", path="/")
    return answer


def _checked(
    store: Store, settings: Settings, name: str, password: str, address: str, wrong: str
) -> str | None:
    """Return why the name and password do not open the account (``wrong``: they do not fit), or None; failures are counted."""
    key = f"login:{name[:64]}"
    if minutes := minutes_locked(store, name[:64], settings.lock_after, settings.lock_minutes):
        return _locked(minutes)
    # counted before the password is looked at: of many at once, no more are tried than of one after another
    count = store.failed(key, within=settings.lock_minutes * 60).count
    if count > settings.lock_after:
        return _("로그인이 한꺼번에 너무 많이 왔습니다. 잠시 뒤에 다시 하세요.")
    account = _account(store, name)
    if not passwords.verify(password, account.secret if account is not None and account.active else None):
        who = "" if account is None else name  # what is no account may be a password in the wrong field
        store.audit("login.failed", who, detail={"address": address, "count": count})
        return wrong
    store.clear_failures(key)
    return None


def _locked(minutes: int) -> str:
    return _("여러 번 틀려 계정을 잠갔습니다. {n}분 뒤에 다시 하거나 관리자에게 알리세요.").format(n=minutes)


def _account(store: Store, name: str) -> User | None:
    try:
        return store.user(name)
    except NotStoredError:
        return None


def _start(request: Request, answer: Response, store: Store, settings: Settings, name: str) -> str:
    """Open a session: a random token for the browser, its hash for the store and the caller."""
    token = secrets.token_urlsafe(32)
    store.add_session(token_hash(token), name, seconds=settings.session_hours * 3600)
    store.logged_in(name)
    store.audit("login", name)
    secure = request.url.scheme == "https"
    answer.set_cookie(
        cookie_name(request),
        token,
        max_age=settings.session_hours * 3600,
        httponly=True,
        secure=secure,
        samesite="lax",
        path="/",
    )
    return token_hash(token)
