"""What the officer's keys and buttons do: decide, undo, and on to the next document."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import Response

from hyeoksin.agency import LOCAL, load_agencies
from hyeoksin.errors import RefusedError, StaleDecisionError, StoreBusyError
from hyeoksin.store import Action, DecisionRow, Item, Store
from hyeoksin.web.access import Officer, StoreDep, Visitor
from hyeoksin.web.desk.choices import UnclearChoiceError, resolve
from hyeoksin.web.desk.document import Attempt, page, words_shown
from hyeoksin.web.desk.filters import QueueFilters, address
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import told as said
from hyeoksin.web.pages import notify, redirect

__all__ = ["filters_of", "next_path", "plain_breaks", "router"]

router = APIRouter(include_in_schema=False)
_ACTIONS: dict[str, Action] = {"accept": "accept", "pick": "pick", "none": "none", "undecided": "undecided"}
_NOTE_LIMIT = 2_000
_VISITED = ("disputed", "decided")  # people were there already, so nobody's turn is claimed
Text = Annotated[str, Form()]


@router.post("/items/{number}/decide")
def decide(
    request: Request,
    store: StoreDep,
    user: Officer,
    number: int,
    action: Text,
    version: Annotated[int, Form()],
    key: Text,
    typed: Text = "",
    agency: Text = "",
    agency_shown: Text = "",
    note: Text = "",
    versions: Text = "",
    together: Text = "",
    final: Text = "",
    queue: Text = "",
) -> Response:
    """Append a decision, then open the next document of the queue, or the search that found this one again.

    A stale, unclear or refused decision is shown again.

    ``action`` is ``accept``, ``pick`` (what was ``typed``), ``pick:CODE``, ``none``, ``undecided``, ``typed`` (Enter in
    a field: a pick where something was typed) or ``answer:AGENCY:CODE``: somebody's whole answer (either may be empty),
    whose agency counts unless another than ``agency_shown`` was chosen. ``versions`` holds ``item:version`` of the
    duplicate group.
    """
    filters = filters_of(queue)
    item = store.item(number)
    if final and not user.may("reviewer"):
        raise HTTPException(403, _("두 사람의 답이 다를 때 정하는 일은 '검토' 권한부터 할 수 있습니다."))
    action, lead = _parts(action, agency, agency_shown)
    attempt = Attempt("", action, typed=typed, note=plain_breaks(note), agency=agency)
    try:
        _check_fields(attempt.note, lead)
        done, code = _meant(store, item, attempt)
    except UnclearChoiceError as error:
        return page(request, store, user, number, filters, replace(attempt, problem=str(error)), 422)
    following = _following(store, number, filters)
    seen = {number: version} | (_versions(versions) if together else {})
    members = _members(store, user, item, seen, bool(final))
    try:
        rows = store.decide(
            members,
            done,
            by=user.name,
            code=code,
            agency=lead or None,
            note=attempt.note.strip(),
            expected_version={member: seen[member] for member in members},
            final=bool(final),
            key=key,
        )
    except (RefusedError, StaleDecisionError, StoreBusyError) as error:
        stale = error.item if isinstance(error, StaleDecisionError) else 0
        told = replace(attempt, problem=_told(error, number), action=done, code=code or "", stale=stale)
        status = 503 if isinstance(error, StoreBusyError) else 409
        return page(request, store, user, number, filters, told, status)
    if filters.q:
        return redirect(request, filters.list_path(item.project, f"done={rows[0].item}"))
    return redirect(request, next_path(store, user, item.project, filters, rows[0], following))


def plain_breaks(note: str) -> str:
    """Return a note with the line breaks that its field counts: a browser sends two characters for each."""
    return note.replace("\r\n", "\n").replace("\r", "\n")


def _parts(action: str, agency: str, shown: str) -> tuple[str, str]:
    """Return the action without the agency of a whole answer, and the agency that is meant."""
    name, _colon, rest = action.partition(":")
    if name != "answer":
        return action, agency
    theirs, _colon, code = rest.partition(":")
    return f"pick:{code}" if code else "none", theirs if agency in ("", shown) else agency


def _check_fields(note: str, agency: str) -> None:
    """Refuse a note that would have to be cut, and an agency that is none.

    Raises:
        UnclearChoiceError: one of them does not do.
    """
    if len(note) > _NOTE_LIMIT:
        raise UnclearChoiceError(
            _("메모가 {n}자입니다. {most}자까지 줄이세요. 아직 저장하지 않았습니다.").format(
                n=f"{len(note):,}", most=f"{_NOTE_LIMIT:,}"
            )
        )
    if agency and agency not in load_agencies().by_id and agency != LOCAL:
        raise UnclearChoiceError(
            _("주관기관 '{agency}' 이(가) 없습니다. 목록에서 고르세요.").format(agency=agency[:40])
        )


def _told(error: RefusedError | StaleDecisionError | StoreBusyError, number: int) -> str:
    if not isinstance(error, StaleDecisionError) or error.item != number or not error.by:
        return said(error)
    return _("{who} 님이 먼저 정했습니다. 다시 보고 정하세요.").format(who=error.by)


def _meant(store: Store, item: Item, attempt: Attempt) -> tuple[Action, str | None]:
    """Return the action and the code that a press of a button means.

    Raises:
        UnclearChoiceError: nothing, or no one thing, is meant.
    """
    typed = attempt.typed
    name, _colon, code = attempt.action.partition(":")
    if name == "typed":
        if not typed.strip():
            raise UnclearChoiceError(_("무엇으로 정할지 단추를 고르세요."))
        name = "pick"
    if name == "accept" and typed.strip():
        raise UnclearChoiceError(
            _(
                "'다른 항목' 칸에 적힌 것이 있습니다. 추천대로면 그 칸을 비우고, 그 항목이면 '이 항목으로'를 누르세요."
            )
        )
    if name == "undecided" and not attempt.note.strip():
        raise UnclearChoiceError(_("보류하는 까닭을 메모에 적으세요. 다음 사람이 이어서 볼 수 있습니다."))
    if name not in _ACTIONS:
        raise UnclearChoiceError(_("모르는 결정입니다. 단추를 고르세요."))
    if name == "pick":
        found = code or resolve(store.plan(item.project), typed)
        return ("accept" if found == item.code else "pick"), found
    if name == "accept" and item.code is None:
        name = "none"  # for all of a group, as the button says: the others' recommendations may be codes
    return _ACTIONS[name], item.code if name == "accept" else None


def _versions(text: str) -> dict[int, int]:
    """Return the versions of the group's members as the page showed them: ``12:3,15:1``."""
    pairs = (part.partition(":")[::2] for part in text.split(",") if part)
    return {int(a): int(b) for a, b in pairs if a.isdecimal() and b.isdecimal() and len(a + b) < 30}


def _members(store: Store, user: Visitor, item: Item, seen: dict[int, int], final: bool) -> list[int]:
    """Return the item and those of its duplicates that the page showed and that wait for this person."""
    if len(seen) == 1:
        return [item.id]
    project = store.project(item.project)
    settled = ("decided",) if project.coders == 1 or final else ("decided", "disputed")
    waiting = [
        other.id
        for other in store.group_items(item.id)
        if other.id in seen and other.id != item.id and other.standing not in settled
        and (project.coders == 1 or user.name not in words_shown(store, project, other, user))
    ]  # fmt: skip
    return [item.id, *waiting]


def filters_of(queue: str) -> QueueFilters:
    """Return the filters that a form carries along as a query string."""
    return QueueFilters.read(dict(parse_qsl(queue[:2_000])))


def _following(store: Store, number: int, filters: QueueFilters) -> int | None:
    """Return what comes behind a document in a list of decided ones, which it does not leave."""
    if filters.standing != "decided":
        return None
    return store.neighbours(number, order=filters.order, **filters.asked())[1]


def next_path(
    store: Store,
    user: Visitor,
    project: int,
    filters: QueueFilters,
    done: DecisionRow | None = None,
    following: int | None = None,
) -> str:
    """Claim the next document of the filtered queue for this person; return its path, or the queue's where none waits.

    ``following`` comes next in a list of decided documents after the decision ``done``. That one is saved: where the
    store is busy with somebody else's file, nothing is claimed, and the queue says so.
    """
    coders = store.project(project).coders
    asked = filters.asked(user.name if coders == 2 else None)
    skipped = done.item if done else None
    told = [f"done={done.item}"] if done else []
    if filters.standing == "decided" and done:
        number = following
    elif filters.standing in _VISITED:
        found = store.items(project, order=filters.order, limit=2, **asked)
        number = next((one.id for one in found if one.id != skipped), None)
    else:
        try:
            item = store.claim_next(project, user.name, after=skipped, order=filters.order, **asked)
        except StoreBusyError:
            if done is None:
                raise
            return address(f"/rounds/{project}/queue", filters.query(page=1, at=1), *told)
        number = None if item is None else item.id
    if number is None:
        return address(f"/rounds/{project}/queue", filters.query(page=1, at=1), *told, "end=1")
    return address(f"/items/{number}", filters.query(), *told)


@router.post("/items/{number}/undo")
def undo(
    request: Request,
    store: StoreDep,
    user: Officer,
    number: int,
    key: Text,
    version: Annotated[int | None, Form()] = None,
    final: Text = "",
    queue: Text = "",
) -> Response:
    """Take back the decision in force (a group decision as a whole) and show the document again."""
    if final and not user.may("reviewer"):
        raise HTTPException(403, _("두 사람의 답이 다를 때 정하는 일은 '검토' 권한부터 할 수 있습니다."))
    filters = filters_of(queue)
    try:
        rows = store.undo(user.name, number, batch=True, final=bool(final), expected_version=version, key=key)
    except StaleDecisionError as error:
        return page(
            request,
            store,
            user,
            number,
            filters,
            Attempt(_told(error, number), "undo", stale=error.item),
            409,
        )
    notify(
        request,
        "done",
        _("되돌렸습니다. 다시 정하세요.") if len(rows) == 1 else _("묶음의 결정을 모두 되돌렸습니다."),
    )
    return redirect(request, address(f"/items/{number}", filters.query()))


@router.post("/rounds/{project}/next")
def take_next(request: Request, store: StoreDep, user: Officer, project: int, queue: Text = "") -> Response:
    """Open the next document that nobody else holds."""
    filters = filters_of(queue)
    return redirect(request, next_path(store, user, project, filters))
