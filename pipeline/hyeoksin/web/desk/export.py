"""Export: the round as a workbook, filtered as the queue is, with personal data masked unless a reviewer asks otherwise."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from hyeoksin.privacy import masked, masked_document, masked_record
from hyeoksin.store import Item, Standing, Store
from hyeoksin.web.access import StoreDep, Viewer
from hyeoksin.web.desk.choices import choices
from hyeoksin.web.desk.filters import OFF, QueueFilters
from hyeoksin.web.desk.queue import filter_choices
from hyeoksin.web.jobs import KINDS
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import marked
from hyeoksin.web.pages import render
from hyeoksin.web.uploads import file_name
from hyeoksin.workbook import WRITERS, Entry, Verdict, write_workbook
from hyeoksin.workbook.entries import AUTOMATIC, AUTOMATIC_OFF, OPEN, PUT_OFF, SPLIT

__all__ = ["FORMATS", "entries", "router"]

router = APIRouter(include_in_schema=False)
FORMATS = {
    "xlsx": marked("엑셀 (전략마다 한 시트, 요약과 범례)"),
    "csv": marked("CSV (엑셀에서 한글이 깨지지 않음)"),
    "jsonl": marked("JSONL (한 줄에 한 건, 모든 확률)"),
    "hwpx": marked("한글 HWPX (보고용 표)"),
}
_MOST = {"xlsx": 50_000, "hwpx": 1_000}  # rows that are held in memory, and that one still opens
_HANGUL = Lock()
_PAGE = 500
_MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "hwpx": "application/hwp+zip",
}


@router.get("/rounds/{project}/export")
def show(request: Request, store: StoreDep, user: Viewer, project: int) -> Response:
    """Show what may be exported, and how."""
    filters = QueueFilters.read({"standing": "any", **request.query_params})
    values = {
        "project": store.project(project),
        "filters": filters,
        "n_found": store.count(project, **filters.asked()),
        "unsettled": _unsettled(store, project),
        "formats": FORMATS,
        "choices": choices(store.plan(project)),
        "OFF": OFF,
        **filter_choices(store, project),
    }
    return render(request, "desk/export.html", values)


def _unsettled(store: Store, project: int) -> dict[str, int]:
    """Return how many documents without a decision get each of the outcomes that the file names."""
    verdicts = store.counts(project, "status", standing="open")
    among = store.counts(project, "standing", decided=False)
    put_off = store.items(project, standing="undecided", order="id", limit=None)
    # of two coders both may have put it off, without a last word
    n_put_off = sum(item.decision is not None for item in put_off)
    found = {
        AUTOMATIC: verdicts.get("settled", 0),
        AUTOMATIC_OFF: verdicts.get("off_plan", 0),
        SPLIT: among.get("disputed", 0),
        PUT_OFF: n_put_off,
        OPEN: verdicts.get("review", 0) + among.get("half", 0) + among.get("undecided", 0) - n_put_off,
    }
    return {outcome: n for outcome, n in found.items() if n}


@router.get("/rounds/{project}/export/file")
def download(
    request: Request, store: StoreDep, user: Viewer, project: int, form: str = "xlsx", open_data: str = ""
) -> Response:
    """Send the file; ``open_data`` leaves personal data as it is (reviewers only, and the audit log says so)."""
    if f".{form}" not in WRITERS:
        raise HTTPException(422, _("쓸 수 없는 형식입니다. 목록에서 고르세요."))
    if open_data and not user.may("reviewer"):
        raise HTTPException(403, _("개인정보를 가리지 않고 내보내는 일은 '검토' 권한부터 할 수 있습니다."))
    found = store.project(project)
    filters = QueueFilters.read({"standing": "any", **request.query_params})
    n_rows = store.count(project, **filters.asked())
    if n_rows > _MOST.get(form, n_rows):
        raise HTTPException(
            422,
            _(
                "{n}건은 이 형식에 너무 많습니다 ({most}건까지). 걸러서 받거나 다른 형식({others})으로 받으세요."
            ).format(
                n=f"{n_rows:,}",
                most=f"{_MOST[form]:,}",
                others="XLSX, CSV" if form == "hwpx" else "CSV, JSONL",
            ),
        )
    rows = entries(store, project, filters, hide=not open_data, whole=form == "jsonl")
    with ExitStack() as gone:  # the folder goes on any error, else when the answer has been sent
        folder = Path(gone.enter_context(tempfile.TemporaryDirectory(prefix="hyeoksin-export-")))
        path = folder / f"export.{form}"
        with _turn(form):
            write_workbook(rows, store.plan(project), path)
        sent = gone.pop_all()
    detail = {"format": form, "rows": n_rows, "masked": not open_data, "filters": filters.query()}
    store.audit("round.exported", user.name, subject=str(project), detail=detail)
    round_name = re.sub(
        r"[/\\]", "_", found.name[:40]
    )  # no folders: the name is short enough to keep its end
    name = file_name(f"{round_name}_{datetime.now(UTC).astimezone():%Y%m%d}.{form}")
    headers = {
        "Content-Disposition": f"attachment; filename=\"export.{form}\"; filename*=UTF-8''{quote(name)}"
    }
    return FileResponse(path, media_type=_MEDIA[form], headers=headers, background=BackgroundTask(sent.close))


@contextmanager
def _turn(form: str) -> Iterator[None]:
    """Let one HWPX be written at a time: it takes 300 MB for the most rows.

    Raises:
        HTTPException: another one is being written.
    """
    if form != "hwpx":
        yield
        return
    if not _HANGUL.acquire(blocking=False):
        text = _("다른 한글 문서를 만드는 중입니다. 30초 뒤에 다시 받거나 다른 형식으로 받으세요.")
        raise HTTPException(409, text)
    try:
        yield
    finally:
        _HANGUL.release()


def entries(store: Store, project: int, filters: QueueFilters, hide: bool, whole: bool) -> Iterator[Entry]:
    """Yield the items that the filters find at the beginning, by number.

    They are drawn in pages over the whole round, so that a decision in between moves none of them out of sight.

    Args:
        store: the store.
        project: the round's number.
        filters: what to take.
        hide: mask personal data.
        whole: all probabilities of the record; else only what a table shows.
    """
    wanted = {row.id for row in store.cases(project, **filters.asked())}
    revised = {number for alike in store.revised(project).values() for number in alike}
    offset = 0
    while wanted and (page := store.items(project, order="id", offset=offset, limit=_PAGE)):
        offset += len(page)
        for item in page:
            if item.id in wanted:
                yield _entry(item, hide, whole, item.id in revised)


def _shown_part(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record without the probabilities that no table shows: a tenth of its size."""
    others = {name: {"path": answer["path"][-1:]} for name, answer in record.get("others", {}).items()}
    return {**record, "candidates": record["candidates"][:2], "others": others}


def _entry(item: Item, hide: bool, whole: bool, revised: bool) -> Entry:
    kept = item.record if whole else _shown_part(item.record)
    row = item.decision
    verdict = None
    if row is not None and row.action != "undo":
        note = masked(row.note) if hide else row.note
        verdict = Verdict(row.action, row.code, row.agency, row.by, row.at, note)
        if row.action == "accept" and row.code is None:  # the recommendation was: outside the plan
            verdict = Verdict("none", None, row.agency, row.by, row.at, note)
    among: dict[Standing, Literal["open", "half", "disputed"]] = {"open": "open", "disputed": "disputed"}
    people = among.get(item.standing, "half")
    kind = KINDS.get(item.kind, item.kind)
    if not hide:
        return Entry(item.document, kept, verdict, item.group, people, kind, revised)
    document, record = masked_document(item.document), masked_record(kept, item.document.body)
    return Entry(document, record, verdict, item.group, people, masked(kind), revised)
