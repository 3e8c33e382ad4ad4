"""Versions of the model: which one answers, its card, and going back to another with one button."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from hyeoksin.errors import ModelError, RefusedError
from hyeoksin.resources import model_id, resource
from hyeoksin.store import ModelRow, Project, Store
from hyeoksin.web.access import Admin, StoreDep, Viewer
from hyeoksin.web.cards import card
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import marked, told
from hyeoksin.web.pages import notify, redirect, render

__all__ = ["other_answers", "router"]

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
    folder = row.folder if row is not None else resource("model")
    if row is None and name != shipped:
        row = store.model(name)  # says that there is none
    values = {"name": name, "row": row, "states": STATES, "card": card(folder), "active": _active(store)}
    return render(request, "model.html", values)


@router.post("/models")
def register(
    request: Request, store: StoreDep, user: Admin, path: Annotated[str, Form(max_length=1_000)] = ""
) -> Response:
    """Register the model folder at ``path`` on the server as a candidate, after checking all its hashes."""
    from hyeoksin.lessons import register as add

    try:
        folder = Path(path.strip()).resolve()
        if not path.strip() or not folder.is_dir():
            raise ModelError(_("서버에 그런 폴더가 없습니다. 모델 폴더의 전체 경로를 적으세요."))
        row = add(store, folder, user.name)
    except (ModelError, RefusedError) as error:
        return _page(request, store, told(error), path)
    if row.state == "refused":
        notify(request, "done", _("모델을 등록했습니다. 시험에서 거절된 것이라 쓸 수 없습니다."))
    else:
        notify(request, "done", _("모델을 후보로 등록했습니다."))
    return redirect(request, "/models")


@router.post("/models/back")
def go_back(request: Request, store: StoreDep, user: Admin) -> Response:
    """Let the model answer again that answered before the present one."""
    from hyeoksin.lessons import roll_back

    row = roll_back(store, user.name)
    request.app.state.judge.use_model(str(row.folder))
    notify(request, "done", _("앞 모델 '{name}' 로 되돌렸습니다.").format(name=row.id))
    _tell_rounds(request, store, row)
    return redirect(request, "/models")


@router.post("/models/{name}/use")
def use(request: Request, store: StoreDep, user: Admin, name: str) -> Response:
    """Let a registered model (or the shipped one) answer from now on; the one before retires and can come back."""
    from hyeoksin import lessons

    if name == model_id(resource("model")):
        lessons.register_shipped(store, user.name)
    row = lessons.use(store, name, user.name)
    request.app.state.judge.use_model(str(row.folder))
    notify(request, "done", _("이제 이 모델이 답합니다. 앞 모델은 목록에서 다시 쓸 수 있습니다."))
    _tell_rounds(request, store, row)
    return redirect(request, "/models")


def _tell_rounds(request: Request, store: Store, row: ModelRow) -> None:
    """Say what the change of the model leaves as it was, and what the new one cannot judge."""
    from hyeoksin.lessons import stopped_rounds

    n_others = sum(n for one in store.projects() for n in other_answers(store, one).values())
    if n_others:
        word = _(
            "아직 정하지 않은 문서 {n}건은 다른 모델의 답 그대로입니다. 이 모델로 다시 판정하려면 서버에서 'hyeoksin models renew --project 차수' 를 하세요."
        )
        notify(request, "note", word.format(n=f"{n_others:,}"))
    rounds = stopped_rounds(store, row)
    if rounds:
        word = _("이 모델은 차수 {rounds} 의 계획을 다른 판으로 배워 그 차수의 글을 분류하지 못합니다.")
        notify(request, "note", word.format(rounds=", ".join(rounds)))


def other_answers(store: Store, project: Project) -> dict[str, int]:
    """Return how many undecided documents of an open round carry the answer of a model that answers no more, by model."""
    if project.closed:
        return {}
    active, models = _active(store), store.counts(project.id, "model", decided=False)
    return {name: n for name, n in models.items() if name and name.partition("+second@")[0] != active}


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
        "others": [(one, found) for one in store.projects() if (found := other_answers(store, one))],
        "problem": problem,
        "given": path,
    }
    return render(request, "models.html", values, 422 if problem else 200)
