"""Two coders: how far they agree, about what they do not, and what a reviewer has to settle."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from hyeoksin.plan import Plan
from hyeoksin.store import DecisionRow, Store
from hyeoksin.triage import Coding, agreement
from hyeoksin.web.access import Reviewer, StoreDep, Visitor
from hyeoksin.web.desk.filters import QueueFilters
from hyeoksin.web.desk.words import word_of
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.pages import render
from hyeoksin.web.private import shown_document

__all__ = ["codings", "router"]

router = APIRouter(include_in_schema=False)
OFF = "-"
_SHOWN = 200


@router.get("/rounds/{project}/agreement")
def show(request: Request, store: StoreDep, user: Reviewer, project: int) -> Response:
    """Show the agreement of a round with two coders (reviewers only: coders decide without the other's word)."""
    found = store.project(project)
    if found.coders != 2:
        raise HTTPException(404, _("두 사람이 따로 정하는 차수에만 있는 화면입니다."))
    plan = store.plan(project)
    rows = store.coding(project)
    values = {
        "project": found,
        "agreement": agreement(codings(rows)),
        "OFF": OFF,
        "title_of": lambda code: f"{code} {plan[code].title}" if code in plan else _("계획 밖"),
        "disputed": _disputed(store, user, plan, rows),
        "n_disputed": store.count(project, standing="disputed"),
        "n_half": store.count(project, standing="half"),
        "query": QueueFilters(standing="disputed").query(),
    }
    return render(request, "desk/agreement.html", values)


def codings(rows: list[DecisionRow]) -> list[Coding]:
    """Return the coders' answers; what they put off is no answer."""
    return [
        Coding(row.item, row.by, row.code or OFF) for row in rows if row.action in ("accept", "pick", "none")
    ]


def _disputed(store: Store, user: Visitor, plan: Plan, rows: list[DecisionRow]) -> list[dict[str, Any]]:
    words: dict[int, list[DecisionRow]] = defaultdict(list)
    for row in rows:
        words[row.item].append(row)
    if not rows:
        return []
    found = []
    for item in store.items(rows[0].project, standing="disputed", limit=_SHOWN):
        document = shown_document(user, item.document)
        said = [(row.by, word_of(plan, row), row.note) for row in words[item.id]]
        title = document.title or document.text[:60] or document.id
        found.append({"item": item, "title": title, "said": said})
    return found
