"""The queue: documents of a round in the order in which a person's minute helps most, filtered, assigned."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import Response

from hyeoksin.agency import load_agencies
from hyeoksin.errors import RefusedError
from hyeoksin.privacy import masked
from hyeoksin.store import Item, Project, Store
from hyeoksin.triage import measured_pace
from hyeoksin.web.access import Officer, StoreDep, Viewer, Visitor
from hyeoksin.web.desk.choices import choices
from hyeoksin.web.desk.decisions import filters_of
from hyeoksin.web.desk.document import saved
from hyeoksin.web.desk.duration import told
from hyeoksin.web.desk.filters import NOBODY, OFF, ORDERS, PAGE, STANDINGS, STATUSES, QueueFilters, address
from hyeoksin.web.desk.words import word_of
from hyeoksin.web.jobs import KINDS
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.pages import notify, redirect, render
from hyeoksin.web.private import shown, shown_start

__all__ = ["PAGE", "asked_by", "filter_choices", "officers", "open_round", "pace_of", "router"]

router = APIRouter(include_in_schema=False)
_SNIPPET = 90
_LATEST = 200  # decisions that a pace is measured on
_PROGRAM = "api:"  # before the name of a key, where a program decided; no account may begin so


@router.get("/rounds/{project}/queue")
def show(request: Request, store: StoreDep, user: Viewer, project: int) -> Response:
    """List the documents that the filters find."""
    filters = QueueFilters.read(request.query_params)
    found = store.project(project)
    plan = store.plan(project)
    asked = asked_by(found, user, filters)
    n_found = store.count(project, **asked)
    n_pages = max(-(-n_found // PAGE), 1)
    page = min(filters.page, n_pages)
    items = store.items(project, order=filters.order, offset=(page - 1) * PAGE, limit=PAGE, **asked)
    standing = store.counts(project, "standing")
    people = officers(store) if user.may("officer") else []
    pace = pace_of(store, project, user)
    n_open = store.count(project, **asked | {"decided": False}) if pace else 0
    ended = "end" in request.query_params
    values = {
        "project": found,
        "plan": plan,
        "filters": filters,
        "query": filters.query(),
        "page": page,
        "n_pages": n_pages,
        "n_found": n_found,
        "first": (page - 1) * PAGE,
        "rows": [_row(user, item) for item in items],
        "agency_name": load_agencies().name_of,
        "word_of": lambda row: word_of(plan, row),
        "n_all": sum(standing.values()),
        "n_decided": standing.get("decided", 0),
        "counts": {
            "standing": standing | _put_off(store, found, user),
            "status": store.counts(project, "status", decided=False),
        },
        "pace": pace,
        "n_open": n_open,
        "time_left": told(n_open * pace / 3600) if pace and n_open else "",
        "officers": people,
        "assignees": sorted({*people, *filter(None, store.counts(project, "assigned_to"))}) if people else [],
        "ended": ended,
        "n_elsewhere": _n_elsewhere(store, project, filters, asked) if ended else 0,
        "done": saved(store, request, user),
        "key": secrets.token_hex(12),
        "statuses": STATUSES,
        "kinds": KINDS,
        "standings": STANDINGS,
        "orders": ORDERS,
        "OFF": OFF,
        "NOBODY": NOBODY,
        "choices": choices(plan),
        **filter_choices(store, project),
    }
    return render(request, "desk/queue.html", values)


def asked_by(project: Project, user: Visitor, filters: QueueFilters) -> dict[str, Any]:
    """Return what the filters find for this person: with two coders, each has a queue of their own."""
    return filters.asked(user.name if project.coders == 2 and user.may("officer") else None)


def _put_off(store: Store, project: Project, user: Visitor) -> dict[str, int]:
    """Return how many documents the list of those put off holds for this person, where it is a list of one's own."""
    asked = asked_by(project, user, QueueFilters(standing="undecided"))
    return {"undecided": store.count(project.id, **asked)} if "put_off_by" in asked else {}


def _n_elsewhere(store: Store, project: int, filters: QueueFilters, asked: Mapping[str, Any]) -> int:
    """Return how many documents nobody has put off or settled: where this person's turn is over, they are others'."""
    if filters.standing not in ("waiting", "any", "open", "half"):
        return 0
    return store.count(project, **{"standing": ("open", "half"), **asked})


def _row(user: Visitor, item: Item) -> dict[str, Any]:
    document = item.document
    text = shown_start(user, document.text, 4 * _SNIPPET)
    title = shown(user, document.title) or text[:_SNIPPET] or shown(user, document.id)
    rest = text if document.title else text[_SNIPPET:]
    snippet = " ".join(rest[: 3 * _SNIPPET].split())
    return {
        "item": item,
        "title": title,
        "snippet": snippet[:_SNIPPET] + ("…" if len(snippet) > _SNIPPET else ""),
        "step": item.record["path"][-1] if item.record["path"] else None,
        "region": shown(user, item.region),
    }


def filter_choices(store: Store, project: int) -> dict[str, Any]:
    """Return what may be chosen as region, kind, agency: what there is in the round, the most frequent first.

    A cell with somebody's number in it is nothing to choose: its value would stand open in the form.
    """
    regions = store.counts(project, "region")
    whole: dict[str, int] = {}
    for region, n in regions.items():
        for name in {region or "", (region or "").split(" ")[0]} - {""}:
            whole[name] = whole.get(name, 0) + n
    kinds = {name: n for name, n in store.counts(project, "kind").items() if name and masked(name) == name}
    leads = store.counts(project, "lead")
    return {
        "regions": sorted((name, n) for name, n in whole.items() if masked(name) == name),
        "kinds_here": sorted(kinds.items(), key=lambda pair: -pair[1]),
        "leads": sorted(
            ((lead, load_agencies().name_of(lead), n) for lead, n in leads.items() if lead),
            key=lambda row: -row[2],
        ),
    }


def officers(store: Store) -> list[str]:
    """Return the names of the active people who may decide."""
    return [one.name for one in store.users() if one.active and one.role != "viewer"]


def pace_of(store: Store, project: int, user: Visitor) -> float | None:
    """Return the measured seconds per decision: this person's, else the people's of the round; None where too few are."""
    own = store.decisions(project, by=user.name, newest_first=True, limit=_LATEST)
    pace = measured_pace(row.at for row in own if row.action != "undo")
    if pace is not None:
        return pace
    people = {row.by for row in store.decisions(project, newest_first=True, limit=_LATEST)} - {user.name}
    paces = [
        measured_pace(row.at for row in store.decisions(project, by=name, newest_first=True, limit=_LATEST))
        for name in sorted(people)
        if not name.startswith(_PROGRAM)
    ]
    known = [one for one in paces if one is not None]
    return sum(known) / len(known) if known else None


@router.post("/rounds/{project}/assign")
def assign(
    request: Request,
    store: StoreDep,
    user: Officer,
    project: int,
    to: Annotated[str, Form()],
    items: Annotated[list[int] | None, Form()] = None,
    whole: Annotated[str, Form()] = "",
    queue: Annotated[str, Form()] = "",
) -> Response:
    """Give the ticked documents (``whole``: all that the filters find) to a person, to nobody, or evenly to all."""
    filters = filters_of(queue)
    found = open_round(store, project)
    people = officers(store)
    if to not in (*people, NOBODY, "*"):
        raise HTTPException(422, _("누구에게 맡길지 목록에서 고르세요."))
    cases = store.cases(project, **(asked_by(found, user, filters) if whole else {}))
    ticked = set(items or [])
    numbers = [row.id for row in cases if whole or row.id in ticked]
    if not numbers:
        notify(
            request,
            "error",
            _("맡길 문서를 고르지 않았습니다. 표의 첫 칸에서 고르거나 '거른 것 모두'를 고르세요."),
        )
        return redirect(request, address(f"/rounds/{project}/queue", filters.query()))
    shares = [numbers[k :: len(people)] for k in range(len(people))] if to == "*" else [numbers]
    for name, share in zip(people if to == "*" else [to], shares, strict=True):
        store.assign(share, None if name == NOBODY else name)
    notify(request, "done", _("{n}건을 맡겼습니다.").format(n=len(numbers)))
    return redirect(request, address(f"/rounds/{project}/queue", filters.query()))


def open_round(store: Store, number: int) -> Project:
    """Return a round whose queue may be changed.

    Raises:
        RefusedError: it is closed.
    """
    found = store.project(number)
    if found.closed:
        raise RefusedError(_("닫힌 차수입니다. 검토자에게 다시 열어 달라고 하세요."))
    return found
