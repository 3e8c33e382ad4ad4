"""What the browser (or a program at ``/api/``) is told when something goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from hyeoksin import errors
from hyeoksin.web.access import MAX_FILES, LoginNeeded, PasswordNeeded
from hyeoksin.web.faults import detail, numbered
from hyeoksin.web.headers import SECURITY_HEADERS
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import marked, told
from hyeoksin.web.pages import is_htmx, page_of, redirect, render

__all__ = ["API", "Failure", "answer", "failure_of", "install", "too_large"]

API = "/api/"

_STATUS: tuple[tuple[type[errors.HyeoksinError], int], ...] = (  # the first that fits
    (errors.NotStoredError, 404),
    (errors.StaleDecisionError, 409),
    (errors.RefusedError, 409),
    (errors.StoreFullError, 507),
    (errors.StoreDamagedError, 500),
    (errors.StoreError, 503),
    (errors.MissingExtraError, 501),
    (errors.HyeoksinError, 400),
)
_TITLES = {
    400: marked("요청을 처리할 수 없습니다"),
    401: marked("로그인이 필요합니다"),
    403: marked("권한이 없습니다"),
    404: marked("찾을 수 없습니다"),
    405: marked("할 수 없는 요청입니다"),
    409: marked("지금은 할 수 없습니다"),
    413: marked("너무 큽니다"),
    422: marked("보낸 값이 올바르지 않습니다"),
    429: marked("너무 잦은 요청입니다"),
    500: marked("오류가 났습니다"),
    501: marked("설치되지 않은 기능입니다"),
    503: marked("저장소가 답하지 않습니다"),
    507: marked("저장 공간이 모자랍니다"),
}
_HINTS = {
    400: marked("보낸 내용을 읽을 수 없습니다. 앞 화면을 새로 고친 뒤 다시 하세요."),
    404: marked("주소가 바뀌었거나 없는 화면입니다. 첫 화면에서 다시 찾아 주세요."),
    405: marked("이 주소로는 할 수 없는 일입니다. 첫 화면에서 다시 찾아 주세요."),
    413: marked("보낸 내용이 한도보다 큽니다. 파일을 나누어 올리세요."),
    500: marked(
        "하던 일은 저장되지 않았을 수 있습니다. 앞 화면에서 확인한 뒤 다시 하고, 되풀이되면 관리자에게 오류 번호 {id} 를 알리세요."
    ),
}
_FIELDS = {
    "name": marked("이름"),
    "precision": marked("정밀도"),
    "coders": marked("한 문서를 정하는 사람"),
    "password": marked("비밀번호"),
}  # of forms, as their labels name them


@dataclass(frozen=True, slots=True)
class Failure:
    """What is told: HTTP status, title, and message, in the request's language."""

    status: int
    title: str
    message: str


def failure_of(error: Exception) -> Failure:
    """Return what is told of an error."""
    if isinstance(error, RequestValidationError):
        return Failure(422, _(_TITLES[422]), " ".join(map(_fault, error.errors()[:5])))
    if isinstance(error, HTTPException):
        title = _(_TITLES.get(error.status_code, _TITLES[400]))
        return Failure(error.status_code, title, _said(error))
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return Failure(status, _(_TITLES[status]), told(error))
    return Failure(500, _(_TITLES[500]), _(_HINTS[500]).format(id=numbered(error)))


def _fault(error: Mapping[str, Any]) -> str:
    """Return what is wrong with one value of a form, after the name that the form gives it."""
    name = ".".join(map(str, error["loc"][1:]))
    return f"{_(_FIELDS.get(name, name))}: {detail(error, _)}"


def _said(error: HTTPException) -> str:
    """Return what the error says, in our words where the framework speaks its own English."""
    said = str(error.detail)
    if said.startswith("Too many files"):
        return _("파일이 너무 많습니다. 한 번에 {n}개까지 올리세요.").format(n=MAX_FILES)
    code = error.status_code
    theirs = code in _HINTS and (code in (400, 413) or said == HTTPStatus(code).phrase)
    return _(_HINTS[code]) if theirs else said


def too_large(request: Request) -> Response:
    """Return the answer to a request whose body is beyond the limit."""
    return answer(request, HTTPException(413))


def answer(request: Request, error: Exception) -> Response:
    """Return the page, the piece of one, or the problem details that tell of an error."""
    told = failure_of(error)
    headers = dict(getattr(error, "headers", None) or {})
    if told.status == 503:
        headers["Retry-After"] = "2"
    if told.status == 500:
        headers |= SECURITY_HEADERS  # the outermost handler stands outside of the middleware that adds them
    if request.url.path.startswith(API):
        body = {"type": "about:blank", "title": told.title, "status": told.status, "detail": told.message}
        return JSONResponse(body, told.status, headers, "application/problem+json")
    if _is_script(request):
        return PlainTextResponse(told.message, told.status, headers)
    if is_htmx(request):
        return render(request, "notice.html", {"kind": "error", "text": told.message}, told.status, headers)
    return render(request, "error.html", {"title": told.title, "message": told.message}, told.status, headers)


def _to_login(request: Request, error: Exception) -> Response:
    del error
    if request.url.path.startswith(API):
        return answer(request, HTTPException(401, _("로그인이 필요합니다.")))
    if _is_script(request):
        text = _("로그인이 끝나 올리지 못했습니다. 화면을 새로 고쳐 로그인한 뒤 다시 올리세요.")
        return answer(request, HTTPException(401, text))
    lost = "" if request.method in ("GET", "HEAD") or request.url.path == "/logout" else "&lost=1"
    return redirect(request, f"/login?next={quote(page_of(request), safe='')}{lost}")


def _to_password(request: Request, error: Exception) -> Response:
    del error
    if request.url.path.startswith(API) or _is_script(request):
        return answer(request, HTTPException(403, _("먼저 비밀번호를 바꾸세요.")))
    return redirect(request, "/password")


def _is_script(request: Request) -> bool:
    """Tell whether the page's own script sends files: it shows a sentence, and follows no way to another page."""
    return request.headers.get("x-upload") == "script"


def install(app: FastAPI) -> None:
    """Let the app answer every error with a page, a piece of one, or problem details (RFC 9457)."""
    for kind in (HTTPException, RequestValidationError, errors.HyeoksinError, Exception):
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(LoginNeeded, _to_login)
    app.add_exception_handler(PasswordNeeded, _to_password)
