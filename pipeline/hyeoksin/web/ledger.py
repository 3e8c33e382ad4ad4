"""The ledger: every decision and every event, appended and never changed; anybody can check the chain."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response, StreamingResponse

from hyeoksin.domain import Document
from hyeoksin.store import DecisionRow, Store
from hyeoksin.tabular import safe_cell
from hyeoksin.web.access import Officer, Reviewer, StoreDep, Viewer, Visitor
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import marked
from hyeoksin.web.pages import render
from hyeoksin.web.private import shown, shown_document

__all__ = ["ACTIONS", "router"]

router = APIRouter(include_in_schema=False)
PAGE = 100
ACTIONS = {
    "accept": marked("추천대로"),
    "pick": marked("다른 항목"),
    "none": marked("계획 밖"),
    "undecided": marked("보류"),
    "undo": marked("되돌림"),
}
EVENTS = {
    "login": marked("로그인"),
    "login.failed": marked("틀린 비밀번호"),
    "logout": marked("로그아웃"),
    "password.changed": marked("비밀번호를 바꿈"),
    "password.reset": marked("새 비밀번호를 만듦"),
    "user.added": marked("사용자를 만듦"),
    "user.role": marked("권한을 바꿈"),
    "user.active": marked("사용자를 멈추거나 다시 쓰게 함"),
    "user.unlocked": marked("잠금을 풂"),
    "round.opened": marked("차수를 엶"),
    "round.closed": marked("차수를 닫음"),
    "round.reopened": marked("차수를 다시 엶"),
    "round.exported": marked("차수를 내보냄"),
    "queue.ordered": marked("대기열의 차례를 바꿈"),
    "upload": marked("파일을 올림"),
    "api documents": marked("프로그램이 글을 넣음"),
    "export": marked("결정 기록을 내려받음"),
    "ledger.verified": marked("결정 기록을 검사함"),
    "privacy.shown": marked("개인정보를 봄"),
    "privacy.hidden": marked("개인정보를 다시 가림"),
    "model.registered": marked("모델을 등록함"),
    "model.use": marked("모델을 바꿈"),
    "api key": marked("API 키를 만듦"),
    "api key revoked": marked("API 키를 없앰"),
}
_COLUMNS = (
    "번호", "차수", "차수 안 순서", "문서", "문서의 번호", "문서의 제목", "결정", "코드", "기관", "사람", "때(UTC)", "메모", "모델",
    "대신한 결정", "묶음", "최종", "해시",
)  # fmt: skip


@router.get("/ledger")
def decisions(
    request: Request,
    store: StoreDep,
    user: Viewer,
    round: int | None = None,  # noqa: A002 - the query's name
    by: str | None = None,
    after: int | None = None,
) -> Response:
    """Show decisions, newest first."""
    return render(request, "ledger.html", _values(store, user, round, by, after))


@router.post("/ledger/verify")
def verify(
    request: Request,
    store: StoreDep,
    user: Officer,
    round: Annotated[int | None, Form()] = None,  # noqa: A002 - the field's name
    by: Annotated[str, Form()] = "",
) -> Response:
    """Compute all hashes again, and say whether anything was changed."""
    verdict = store.verify(round)
    store.audit("ledger.verified", user.name, detail={"rows": verdict.rows, "sound": verdict.sound})
    return render(request, "ledger.html", _values(store, user, round, by) | {"verdict": verdict})


@router.get("/ledger.csv")
def as_csv(
    store: StoreDep,
    user: Officer,
    round: int | None = None,  # noqa: A002 - the query's name
    by: str | None = None,
) -> Response:
    """Return the decisions as CSV (BOM, no formulas, personal data masked), in the order in which they were made."""
    detail = {"what": "ledger"} | ({"by": by} if by else {})
    store.audit("export", user.name, subject="" if round is None else str(round), detail=detail)
    headers = {"Content-Disposition": 'attachment; filename="ledger.csv"'}
    return StreamingResponse(
        _lines(store, user, round, by), headers=headers, media_type="text/csv; charset=utf-8"
    )


@router.get("/ledger/events")
def events(
    request: Request, store: StoreDep, user: Reviewer, event: str | None = None, before: int | None = None
) -> Response:
    """Show the audit log, newest first."""
    rows = store.audit_log(event=event or None, before=before, limit=PAGE + 1)
    values = {
        "rows": rows[:PAGE],
        "event": event,
        "events": EVENTS,
        "more": rows[PAGE - 1].id if len(rows) > PAGE else None,
    }
    return render(request, "events.html", values)


def _values(
    store: Store, user: Visitor, number: int | None, by: str | None = None, after: int | None = None
) -> dict[str, Any]:
    rows = store.decisions(
        number, by=by or None, after=after, newest_first=True, limit=PAGE + 1, reader=user.reader
    )
    return {
        "rows": rows[:PAGE],
        "names": _names(store, rows, user),
        "more": rows[PAGE - 1].id if len(rows) > PAGE else None,
        "rounds": store.projects(),
        "number": number,
        "by": by or "",
        "actions": ACTIONS,
        "verdict": None,
    }


def _names(store: Store, rows: Sequence[DecisionRow], user: Visitor | None) -> dict[int, Document]:
    """Return number and title of what the rows decide, as this person may see them."""
    names = store.names(row.item for row in rows)
    return {item: shown_document(user, document) for item, document in names.items()}


def _lines(store: Store, user: Visitor, number: int | None, by: str | None) -> Iterator[str]:
    yield "\ufeff" + _line(_COLUMNS)
    last = 0
    while rows := store.decisions(number, by=by or None, after=last, limit=1_000, reader=user.reader):
        names = _names(store, rows, None)
        for row in rows:
            cells = (
                row.id, row.project, row.seq, row.item, names[row.item].id, names[row.item].title, _(ACTIONS[row.action]),
                row.code, row.agency, row.by, row.at, shown(None, row.note), row.model, row.replaces, row.batch,
                _("최종") if row.final else "", row.hash,
            )  # fmt: skip
            yield _line(["" if cell is None else safe_cell(str(cell)) for cell in cells])
        last = rows[-1].id


def _line(cells: Sequence[str]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow(cells)
    return file.getvalue()
