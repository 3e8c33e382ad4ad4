"""One document: the text with its evidence, what is recommended and why, what people said, and the form to decide."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hyeoksin.agency import load_agencies
from hyeoksin.domain import Document
from hyeoksin.plan import Plan
from hyeoksin.plan.nodes import LEVELS
from hyeoksin.sinks import KEPT
from hyeoksin.store import DecisionRow, Item, Project, Store
from hyeoksin.web.access import StoreDep, Viewer, Visitor
from hyeoksin.web.desk.choices import choices
from hyeoksin.web.desk.filters import STANDINGS, STATUSES, QueueFilters
from hyeoksin.web.desk.highlight import Piece, pieces
from hyeoksin.web.desk.words import ACTIONS, word_of
from hyeoksin.web.jobs import KINDS
from hyeoksin.web.pages import render
from hyeoksin.web.private import shown, shown_document, shown_record

__all__ = ["Attempt", "page", "router", "saved", "words_shown"]

router = APIRouter(include_in_schema=False)
_N_CANDIDATES = 6
_AT_ONCE = 500  # ledger rows that are read at once
_SPOKEN = ("decided", "disputed")  # of two coders: each sees the other's answer


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody wanted to decide and could not: shown again, nothing of it is lost.

    ``stale`` is the item that somebody else decided first (one of the duplicate group; 0: the reason is another).
    """

    problem: str
    action: str = ""
    code: str = ""
    typed: str = ""
    note: str = ""
    agency: str = ""
    stale: int = 0


@router.get("/items/{number}")
def show(request: Request, store: StoreDep, user: Viewer, number: int) -> Response:
    """Show one document."""
    return page(request, store, user, number, QueueFilters.read(request.query_params))


def page(
    request: Request,
    store: Store,
    user: Visitor,
    number: int,
    filters: QueueFilters,
    attempt: Attempt | None = None,
    status: int = 200,
) -> Response:
    """Return the page of one document; ``attempt`` is a decision that did not go through."""
    item = store.item(number)
    project, plan = store.project(item.project), store.plan(item.project)
    coder = user.name if project.coders == 2 else None
    record = shown_record(user, item.record, item.document)
    said = words_shown(store, project, item, user)
    own = said.get(coder or "") or item.decision
    before, after = _neighbours(store, item, filters, coder)
    seen = shown_document(user, item.document)
    masks = (seen.body, seen.meta) != (item.document.body, item.document.meta)
    values = {
        "item": item,
        "project": project,
        "plan": plan,
        "document": seen,
        "n_read": KEPT,
        "hidden": masks and user.may("reviewer") and not user.unmasked,
        **_text(seen, record),
        "record": record,
        "steps": _steps(plan, record["path"]),
        "candidates": record["candidates"][:_N_CANDIDATES],
        "clause": _clause(plan, record),
        "others": _others(record),
        "said": said,
        "own": own,
        "words": {row.id: word_of(plan, row) for row in said.values()},
        "group": [m for m in store.group_items(number) if m.id != item.id],
        "history": [r for r in store.history(number) if _may_see(project, item, user, r)],
        "word_of": lambda row: word_of(plan, row),
        "masked": lambda text: shown(user, text),
        "choices": choices(plan),
        "agencies": _agency_choices(record, item, {held.agency for held in (own, attempt) if held}),
        "agency_name": load_agencies().name_of,
        "filters": filters,
        "query": filters.query(),
        "before": before,
        "after": after,
        "n_waiting": store.count(project.id, **filters.asked(coder) | {"decided": False}),
        "done": saved(store, request, user),
        "attempt": attempt,
        "first": _first(store, project, user, attempt.stale) if attempt and attempt.stale else [],
        "key": secrets.token_hex(12),
        "kinds": KINDS,
        "standings": STANDINGS,
        "statuses": STATUSES,
        "actions": ACTIONS,
        "levels": LEVELS,
    }
    return render(request, "desk/document.html", values, status)


def _text(seen: Document, record: Mapping[str, Any]) -> dict[str, tuple[Piece, ...]]:
    offset = len(seen.title) + 1 if seen.title and seen.text else 0
    return {
        "title_pieces": pieces(seen.title, record["evidence"]),
        "text_pieces": pieces(seen.text, record["evidence"], offset),
    }


def _steps(plan: Plan, path: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**step, "level": LEVELS[plan[step["code"]].level] if step["code"] in plan else ""} for step in path
    ]


def _clause(plan: Plan, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the wordings of the best leaf below the recommended node and of its rival, side by side."""
    end = record["path"][-1]["code"] if record["path"] else None
    clause, rival = record.get("clause"), record.get("rival")
    known = (plan[one["code"]] for one in record["candidates"] if one["code"] in plan)
    leaf = next((node for node in known if end in {n.code for n in plan.path(node.code)}), None)
    return {
        "clause": clause,
        "mine": leaf or (plan[end] if end is not None and end in plan else None),
        "rival": rival,
        "theirs": plan[rival["code"]] if rival and rival["code"] in plan else None,
    }


def _others(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"plan": name, **answer} for name, answer in record.get("others", {}).items()]


def _may_see(project: Project, item: Item, user: Visitor, row: DecisionRow) -> bool:
    """With two coders, nobody sees the other's word before both have spoken (reviewers do)."""
    if project.coders == 1 or item.standing in _SPOKEN or user.may("reviewer"):
        return True
    return row.by == user.name


def words_shown(store: Store, project: Project, item: Item, user: Visitor) -> dict[str, DecisionRow]:
    """Return the decisions in force that this person may see, by lane (``""``: the round's own)."""
    return {
        lane: row for lane, row in store.coders_say(item.id).items() if _may_see(project, item, user, row)
    }


def _first(store: Store, project: Project, user: Visitor, number: int) -> list[DecisionRow]:
    """Return what was decided on an item before somebody could."""
    return list(words_shown(store, project, store.item(number), user).values())


def _neighbours(
    store: Store, item: Item, filters: QueueFilters, coder: str | None
) -> tuple[str | None, str | None]:
    """Return the paths of the documents before and after this one in the filtered queue, or where it stood there.

    One that a search found stands in no list.
    """
    if filters.q:
        return None, None
    numbers = store.neighbours(item.id, order=filters.order, **filters.asked(coder))
    before, after = (
        None if number is None else f"/items/{number}?{filters.query(at=max(filters.at + step, 1))}"
        for number, step in zip(numbers, (-1, 1), strict=True)
    )
    return before, after


def saved(store: Store, request: Request, user: Visitor) -> dict[str, Any] | None:
    """Return the decision that this person just made, so that it can be taken back."""
    asked = request.query_params.get("done", "")
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 18):
        return None
    last = next(iter(store.decisions(item=int(asked), by=user.name, newest_first=True, limit=1)), None)
    if last is None or last.action == "undo":
        return None
    item = store.item(last.item)
    plan = store.plan(last.project)
    is_over = not last.final and item.standing in _SPOKEN and store.project(last.project).coders == 2
    return {
        "row": last,
        "item": item,
        "word": word_of(plan, last),
        "n": _n_together(store, last),
        "may_undo": not is_over,
    }


def _n_together(store: Store, last: DecisionRow) -> int:
    """Return how many documents a decision was made on at once; its rows stand in the ledger one after the other."""
    n = 1
    for back in (True, False):
        place, more = last.id, last.batch is not None
        while more:
            rows = store.decisions(last.project, by=last.by, newest_first=back, after=place, limit=_AT_ONCE)
            same = list(takewhile(lambda row: row.batch == last.batch, rows))
            n, more = n + len(same), len(same) == _AT_ONCE
            place = same[-1].id if same else place
    return n


def _agency_choices(
    record: Mapping[str, Any], item: Item, held: Collection[str | None]
) -> dict[str, list[tuple[str, str]]]:
    """Return the agencies to choose from: the recommended ones, then all that are held or existed on the document's day."""
    likely = [(flag["id"], flag["name"]) for flag in record["agencies"]]
    date = item.document.date or item.added_at[:10]
    taken = {key for key, _ in likely}
    known = [a for a in load_agencies().by_id.values() if a.id in held or a.valid(date)]
    rest = [(a.id, a.name) for a in known if a.id not in taken]
    return {"likely": likely, "all": sorted(rest, key=lambda pair: pair[1])}
