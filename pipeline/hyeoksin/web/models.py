"""Versions of the model: which one answers, its card, and going back to another with one button."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from hyeoksin.errors import ModelError, RefusedError
from hyeoksin.resources import resource
from hyeoksin.store import ModelRow, Store
from hyeoksin.web.access import Admin, StoreDep, Viewer
from hyeoksin.web.cards import card, model_id
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import marked
from hyeoksin.web.pages import notify, redirect, render

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
STATES = {
    "candidate": marked("후보"),
    "active": marked("쓰는 중"),
    "retired": marked("물러남"),
    "refused": marked("거절됨"),
}


@router.get("/models")
def models(request: Request, store: StoreDep, user: Viewer) -> Response:
    """List the registered models and the shipped one."""
    return _page(request, store)


@router.get("/models/{name}")
def one_model(request: Request, store: StoreDep, user: Viewer, name: str) -> Response:
    """Show a model: state, the gate's report, and its card."""
    shipped = model_id(resource("model"))
    known = {row.id: row for row in store.models()}
    row = known.get(name)
    folder = Path(row.path) if row is not None else resource("model")
    if row is None and name != shipped:
        row = store.model(name)  # says that there is none
    values = {"name": name, "row": row, "states": STATES, "card": card(folder), "active": _active(store)}
    return render(request, "model.html", values)


@router.post("/models")
def register(
    request: Request, store: StoreDep, user: Admin, path: Annotated[str, Form(max_length=1_000)] = ""
) -> Response:
    """Register the model folder at ``path`` on the server as a candidate, after checking all its hashes."""
    from hyeoksin.model import load_model

    try:
        folder = Path(path.strip()).resolve()
        if not path.strip() or not folder.is_dir():
            raise ModelError(_("서버에 그런 폴더가 없습니다. 모델 폴더의 전체 경로를 적으세요."))
        name = load_model(folder).id
        store.add_model(name, str(folder), user.name)
    except (ModelError, RefusedError) as error:
        return _page(request, store, str(error), path)
    store.audit("model.registered", user.name, subject=name)
    notify(request, "done", _("모델을 후보로 등록했습니다."))
    return redirect(request, "/models")


@router.post("/models/{name}/use")
def use(request: Request, store: StoreDep, user: Admin, name: str) -> Response:
    """Let a registered model (or the shipped one) answer from now on; the one before retires and can come back."""
    shipped = resource("model")
    if name == model_id(shipped) and name not in {row.id for row in store.models()}:
        store.add_model(name, str(shipped), user.name)
    row = store.model(name)
    if row.state == "refused":
        raise RefusedError(_("관문이 거절한 모델입니다. 까닭을 보고 다시 학습하세요."))
    if model_id(Path(row.path)) != name:
        raise ModelError(_("폴더의 모델이 등록할 때와 다릅니다. 새로 등록하세요."))
    store.set_model_state(name, "active")
    request.app.state.judge.use_model(row.path)
    store.audit("model.used", user.name, subject=name)
    notify(request, "done", _("이제 이 모델이 답합니다. 앞 모델은 목록에서 다시 쓸 수 있습니다."))
    return redirect(request, "/models")


def _active(store: Store) -> str:
    """Return the id of the model that answers."""
    row = store.active_model()
    return row.id if row is not None else model_id(resource("model"))


def _page(request: Request, store: Store, problem: str | None = None, path: str = "") -> Response:
    rows: list[ModelRow] = store.models()
    values = {
        "rows": rows,
        "shipped": model_id(resource("model")),
        "active": _active(store),
        "states": STATES,
        "problem": problem,
        "given": path,
    }
    return render(request, "models.html", values, 422 if problem else 200)
