"""The hours dial: so much time, and what will then stand without a person, what a person sees, what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from hyeoksin.domain import UNTRAINED
from hyeoksin.errors import HyeoksinError
from hyeoksin.plan import Plan
from hyeoksin.store import CaseRow, Project, Store
from hyeoksin.triage import Case, HoursPlan, Judged, n_settled, plan_hours
from hyeoksin.web.access import Officer, StoreDep, Viewer, Visitor
from hyeoksin.web.desk.duration import read_hours, told
from hyeoksin.web.desk.filters import QueueFilters
from hyeoksin.web.desk.queue import asked_by, open_round, pace_of
from hyeoksin.web.jobs import KINDS
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import told as said
from hyeoksin.web.pages import notify, redirect, render
from hyeoksin.web.private import shown_document

__all__ = ["Dial", "judged", "router", "waiting"]

router = APIRouter(include_in_schema=False)
GUESS = 24.0  # seconds per decision until some were made: 300 documents in two hours
_FIRST = 15  # documents of the order that are shown
_CHECKS = 10  # settled documents to look at that are shown
_WEIGHTY = 3  # decisions that are named where they cost the trust in the model


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Why little stands without a person: of ``n_past`` decisions ``n_against`` are not what the model said.

    ``n_without`` would stand if nobody had decided anything; ``items`` are the decisions against its surest answers.
    """

    n_past: int
    n_against: int
    n_without: int
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dial:
    """Where the dial stands: hours, seconds per decision (None: as measured), and the promised precision."""

    hours: float = 2.0
    seconds: float | None = None
    precision: float = 0.95

    @classmethod
    def read(cls, hours: str, pace: str, precision: str, promised: float) -> Dial:
        """Return the dial as typed; what is empty stays at its default.

        Raises:
            HyeoksinError: a value that means nothing.
        """
        found = cls(precision=promised)
        return cls(
            read_hours(hours) if hours.strip() else found.hours,
            _number(pace, 1, 3_600, _("초")) if pace.strip() else None,
            _number(precision, 50.5, 99.9, "%") / 100 if precision.strip() else found.precision,
        )


def _number(typed: str, least: float, most: float, unit: str) -> float:
    try:
        number = float(typed.strip().rstrip("%초").replace(",", "."))
    except ValueError:
        number = -1.0
    if not least <= number <= most:
        raise HyeoksinError(
            _("'{typed}' 을(를) 쓸 수 없습니다. {least}에서 {most}{unit} 사이의 수를 적으세요.").format(
                typed=typed[:20], least=f"{least:g}", most=f"{most:g}", unit=unit
            )
        )
    return number


def waiting(rows: Iterable[CaseRow]) -> list[Case]:
    """Return what nobody has decided, as triage reads it: only what the export calls settled may stand without a person."""
    return [
        Case(
            row.id,
            row.probability,
            row.code,
            row.off_plan,
            row.status != "review",
            row.region or None,
            row.kind,
            row.group,
            held=row.standing != "open",
        )
        for row in rows
        if row.standing != "decided"
    ]


def judged(rows: Iterable[CaseRow], plan: Plan) -> list[Judged]:
    """Return what people decided; a duplicate group counts once."""
    return [
        Judged(row.probability, right, row.code, row.region or None, row.kind)
        for row, right in _decided(rows, plan)
    ]


def _decided(rows: Iterable[CaseRow], plan: Plan) -> Iterator[tuple[CaseRow, bool]]:
    """Yield each decision once, and whether the recommendation was right.

    It was where the decision is its code, or lies below it: a path that ends early says no more.
    """
    groups: set[tuple[str, str | None]] = set()
    for row in rows:
        if row.standing != "decided":
            continue
        if row.group is not None and (row.group, row.answer) in groups:
            continue
        groups.add((row.group or "", row.answer))
        above = {node.code for node in plan.path(row.answer)} if row.answer in plan and row.answer else set()
        yield row, row.answer == row.code or row.code in above


def _cases(store: Store, project: Project, user: Visitor) -> list[CaseRow]:
    """Return what is decided and what waits for this person: with two coders, what the queue of one's own holds."""
    waits = asked_by(project, user, QueueFilters())
    return [*store.cases(project.id, decided=True), *store.cases(project.id, **waits)]


def _planned(rows: Sequence[CaseRow], tree: Plan, dial: Dial, seconds: float) -> HoursPlan:
    return plan_hours(waiting(rows), seconds, dial.hours, dial.precision, past=judged(rows, tree))


def _contradiction(rows: Sequence[CaseRow], tree: Plan, plan: HoursPlan) -> Contradiction | None:
    """Return what the decisions contradict, where they more than halve what stands without a person."""
    said = list(_decided(rows, tree))
    against = sorted((row for row, right in said if not right), key=lambda row: (-row.probability, row.id))
    if not against or 2 * len(plan.settled) >= len(plan.probabilities):  # more never stand
        return None
    n_without = n_settled(waiting(rows), plan.precision)
    if 2 * len(plan.settled) >= n_without:
        return None
    weighty = tuple(row.id for row in against[:_WEIGHTY])
    return Contradiction(len(said), len(against), n_without, weighty)


@router.get("/rounds/{project}/hours")
def show(
    request: Request,
    store: StoreDep,
    user: Viewer,
    project: int,
    hours: str = "",
    pace: str = "",
    precision: str = "",
    checks: str = "",
) -> Response:
    """Show the dial and what follows from it; ``checks=all`` lists every settled document to look at."""
    found = store.project(project)
    measured = pace_of(store, project, user)
    problem = None
    try:
        dial = Dial.read(hours, pace, precision, found.precision)
    except HyeoksinError as error:
        dial, problem = Dial(precision=found.precision), said(error)
    seconds = dial.seconds or measured or GUESS
    rows, tree = _cases(store, found, user), store.plan(project)
    plan = None if problem else _planned(rows, tree, dial, seconds)
    against = _contradiction(rows, tree, plan) if plan else None
    most = None if checks == "all" else _CHECKS
    values: dict[str, Any] = {
        "project": found,
        "dial": dial,
        "typed": {
            "hours": hours or told(dial.hours),
            "pace": pace,
            "precision": precision or f"{dial.precision:.1%}".replace(".0%", "%"),
        },
        "seconds": seconds,
        "measured": measured,
        "problem": problem,
        "hours": plan,
        "against": against,
        "weighty": [_named(store, user, number) for number in against.items] if against else [],
        "n_review": sum(not (case.may_stand or case.held) for case in waiting(rows)),
        "untrained": _untrained(store, rows),
        "kinds": KINDS,
        "written": told,
        "first": _first(store, user, plan) if plan else [],
        "checks": [_named(store, user, number) for number in plan.checks[:most]] if plan else [],
        "all_checks": urlencode({"hours": hours, "pace": pace, "precision": precision, "checks": "all"}),
        "n_decided": store.count(project, decided=True),
    }
    return render(request, "desk/hours.html", values, 422 if problem else 200)


def _untrained(store: Store, rows: Iterable[CaseRow]) -> bool:
    """Tell whether no model was trained on the plan of what waits, as its records note."""
    waits = next((row.id for row in rows if row.standing != "decided"), None)
    return waits is not None and UNTRAINED in store.item(waits).record.get("notes", ())


def _first(store: Store, user: Visitor, plan: HoursPlan) -> list[dict[str, Any]]:
    """Return the first readings of the order: the document, how many it stands for, and its chance of being right."""
    return [
        {**_named(store, user, reading[0]), "n": len(reading), "right": plan.probabilities[reading[0]]}
        for reading in plan.readings[:_FIRST]
    ]


def _named(store: Store, user: Visitor, number: str | int) -> dict[str, Any]:
    item = store.item(int(number))
    document = shown_document(user, item.document)
    return {"item": item, "title": document.title or document.text[:60] or document.id}


@router.post("/rounds/{project}/hours")
def line_up(
    request: Request,
    store: StoreDep,
    user: Officer,
    project: int,
    hours: Annotated[str, Form()] = "",
    pace: Annotated[str, Form()] = "",
    precision: Annotated[str, Form()] = "",
) -> Response:
    """Put the queue of the round into the planned order; what waits for the other coder alone comes last."""
    found = open_round(store, project)
    dial = Dial.read(hours, pace, precision, found.precision)
    seconds = dial.seconds or pace_of(store, project, user) or GUESS
    plan = _planned(_cases(store, found, user), store.plan(project), dial, seconds)
    checks = dict.fromkeys(plan.checks)
    rest = [number for number in plan.settled if number not in checks]
    store.set_queue(project, map(int, (*plan.queue, *checks, *plan.left, *rest)))
    store.audit(
        "queue.ordered",
        user.name,
        subject=str(project),
        detail={"hours": dial.hours, "precision": dial.precision},
    )
    told = _("대기열을 이 차례로 세웠습니다. 주어진 시간에 볼 것은 처음 {n}건입니다.")
    if checks:
        told = f"{told} {_('그 가운데 마지막 {k}건은 사람 없이 확정되는 글을 확인하는 것입니다.')}"
    notify(request, "done", told.format(n=len(plan.queue) + len(checks), k=len(checks)))
    return redirect(request, f"/rounds/{project}/queue")
