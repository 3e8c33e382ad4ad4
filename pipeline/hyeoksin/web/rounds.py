"""Rounds (차수): list, open, look at, close; never delete."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from starlette.responses import Response

from hyeoksin.commands import quoted
from hyeoksin.errors import PlanError, RefusedError
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.store import Store
from hyeoksin.web.access import Officer, Reviewer, StoreDep, Viewer
from hyeoksin.web.desk.filters import STANDINGS, STATUSES
from hyeoksin.web.jobs import KINDS, seen
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import told
from hyeoksin.web.menu import round_links
from hyeoksin.web.models import other_answers
from hyeoksin.web.pages import notify, redirect, render
from hyeoksin.web.uploads import file_name
from hyeoksin.web.worker import KIND

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/rounds")
def rounds(request: Request, store: StoreDep, user: Viewer) -> Response:
    """List all rounds, newest first, with how far each is."""
    rows = [
        {
            "round": found,
            "n": store.count(found.id),
            "status": store.counts(found.id, "status", decided=False),
            "decided": store.count(found.id, decided=True),
        }
        for found in store.projects()
    ]
    return render(request, "rounds.html", {"rows": rows, "statuses": STATUSES})


@router.get("/rounds/new")
def new_round(request: Request, user: Officer) -> Response:
    """Show the form for a new round."""
    return _new(request, {})


@router.post("/rounds")
def open_round(
    request: Request,
    store: StoreDep,
    user: Officer,
    name: Annotated[str, Form(max_length=100)] = "",
    plan: Annotated[str, Form()] = "2019",
    precision: Annotated[int, Form(ge=51, le=99)] = 95,
    coders: Annotated[int, Form(ge=1, le=2)] = 1,
    own: UploadFile | None = None,
) -> Response:
    """Open a round for one of the shipped plans, or for the office's own in a file."""
    try:
        chosen = _own_plan(own, store) if own is not None and own.filename else plan
        if chosen == plan and plan not in BUILTIN_PLANS:
            raise RefusedError(_("계획은 목록에서 고르세요."))
        made = store.create_project(name, chosen, user.name, precision=precision / 100, coders=coders)
    except (RefusedError, PlanError) as error:
        given = {"name": name, "plan": plan, "precision": precision, "coders": coders, "problem": told(error)}
        return _new(request, given, 422)
    store.audit(
        "round.opened", user.name, subject=str(made.id), detail={"name": made.name, "plan": made.plan}
    )
    notify(request, "done", _("차수를 열었습니다. 이제 파일을 올리세요."))
    return redirect(request, f"/rounds/{made.id}")


@router.get("/rounds/{number}")
def one_round(request: Request, store: StoreDep, user: Viewer, number: int) -> Response:
    """Show one round: what stands in it, what is being read, and the form for files."""
    found = store.project(number)
    values = {
        "round": found,
        "plan": store.plan(number),
        "status": store.counts(number, "status", decided=False),
        "standing": store.counts(number, "standing"),
        "total": store.count(number),
        "others": other_answers(store, found),
        "renew": f"hyeoksin models renew --project {quoted(found.name)}",
        "jobs": [seen(job) for job in store.jobs(number, limit=20) if job.kind == KIND],
        "statuses": STATUSES,
        "standings": STANDINGS,
        "kinds": KINDS,
        "links": round_links(number),
        "limit": request.app.state.settings.max_upload_bytes >> 20,
    }
    return render(request, "round.html", values)


@router.post("/rounds/{number}/close")
def close_round(request: Request, store: StoreDep, user: Reviewer, number: int) -> Response:
    """Close a round: no more files and decisions."""
    store.close_project(number)
    store.audit("round.closed", user.name, subject=str(number))
    notify(request, "done", _("차수를 닫았습니다. 다시 열 수 있고, 아무것도 지우지 않았습니다."))
    return redirect(request, f"/rounds/{number}")


@router.post("/rounds/{number}/reopen")
def reopen_round(request: Request, store: StoreDep, user: Reviewer, number: int) -> Response:
    """Open a closed round again."""
    store.close_project(number, closed=False)
    store.audit("round.reopened", user.name, subject=str(number))
    notify(request, "done", _("차수를 다시 열었습니다."))
    return redirect(request, f"/rounds/{number}")


def _own_plan(file: UploadFile, store: Store) -> Plan:
    """Return the plan in an uploaded file (YAML or CSV: what our own parsers read).

    Raises:
        PlanError: another format, faults (with their lines), or another edition of the plan of a round.
    """
    name = file_name(file.filename or "")
    if Path(name).suffix.lower() not in (".yaml", ".yml", ".csv"):
        raise PlanError(
            _(
                "자체 계획은 YAML이나 CSV 파일로 올리세요. 엑셀 서식에 적었으면 엑셀에서 CSV로 저장하거나 'hyeoksin plan convert 우리계획.xlsx 우리계획.csv' 로 바꿉니다. 빈 서식: hyeoksin plan template 우리계획.csv"
            )
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(file.file.read())
        try:
            plan = load_plan(path)
        except PlanError as error:
            raise PlanError(str(error).replace(str(path), name)) from error
    if plan.id in BUILTIN_PLANS:
        raise PlanError(_("함께 실린 계획의 id('{id}')입니다. 다른 id를 쓰세요.").format(id=plan.id))
    others = [one for one in store.projects() if one.plan == plan.id and one.plan_sha != plan.sha256]
    if others:  # a model learns one edition of an id
        raise PlanError(
            _(
                "차수 '{round}' 이(가) 같은 id('{id}')의 다른 판을 씁니다. 고친 계획은 id를 바꾸어(YAML은 첫머리의 'id:', 표는 '계획 id' 열) 올리세요."
            ).format(round=others[0].name, id=plan.id)
        )
    return plan


def _new(request: Request, given: dict[str, Any], status: int = 200) -> Response:
    plans = [load_plan(name) for name in BUILTIN_PLANS]
    empty = {"name": "", "plan": plans[-1].id, "precision": 95, "coders": 1, "problem": None}
    return render(request, "round_new.html", {"plans": plans, **empty, **given}, status)
