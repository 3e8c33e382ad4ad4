"""Uploads and how far each is: sent, kept on disk, then worked on in the background."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.responses import PlainTextResponse, Response

from hyeoksin.errors import RefusedError, StoreError, StoreUnavailableError
from hyeoksin.store import Job
from hyeoksin.tabular import safe_cell
from hyeoksin.web import uploads
from hyeoksin.web.access import MAX_FILES, Officer, StoreDep, Viewer, Visitor
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import marked
from hyeoksin.web.pages import notify, redirect, render
from hyeoksin.web.private import shown
from hyeoksin.web.settings import Settings
from hyeoksin.web.worker import KIND

__all__ = ["KINDS", "router", "seen"]

router = APIRouter(include_in_schema=False)
KINDS = {
    "task": marked("지방정부 과제"),
    "proposal": marked("국민 제안"),
    "press": marked("보도자료"),
    "news": marked("뉴스"),
}
STATES = {
    "waiting": marked("차례를 기다림"),
    "running": marked("하는 중"),
    "done": marked("끝남"),
    "failed": marked("멈춤"),
}
_SHOWN_ROWS = 100


@dataclass(frozen=True, slots=True)
class Sent:
    """What the upload form carried."""

    files: tuple[tuple[str, BinaryIO], ...]
    kind: str


async def sent(request: Request, user: Officer) -> Sent:
    """Return the files of the form; who asks, and the token, are checked before anything of it is believed."""
    form = await request.form(max_files=MAX_FILES, max_fields=20)
    files = [value for value in form.getlist("files") if isinstance(value, UploadFile) and value.filename]
    kind = form.get("kind")
    return Sent(tuple((f.filename or "", f.file) for f in files), kind if isinstance(kind, str) else "task")


@router.post("/uploads/{number}")
def upload(
    request: Request, store: StoreDep, user: Officer, number: int, given: Annotated[Sent, Depends(sent)]
) -> Response:
    """Keep the files, queue the work, and show how far it is."""
    settings: Settings = request.app.state.settings
    wait = request.app.state.throttle.wait("upload", user.name)
    if wait:
        text = _("너무 자주 올렸습니다. {n}초 뒤에 다시 하세요.").format(n=wait)
        raise HTTPException(429, text, {"Retry-After": str(wait)})
    if store.project(number).closed:
        raise RefusedError(_("닫힌 차수입니다. 검토자에게 다시 열어 달라고 하세요."))
    if given.kind not in KINDS:
        raise HTTPException(422, _("글의 종류를 목록에서 고르세요."))
    token, names = uploads.keep(settings.uploads, given.files, settings.max_upload_bytes)
    payload = {"folder": token, "files": names, "kind": given.kind}
    try:
        job = store.add_job(KIND, user.name, project=number, payload=payload)
    except StoreUnavailableError:  # the job may stand there all the same, and needs its files
        raise
    except StoreError:
        uploads.remove(settings.uploads, token)
        raise
    store.audit("upload", user.name, subject=str(number), detail={"job": job.id, "n_files": len(names)})
    request.app.state.worker.wake()
    if request.headers.get("x-upload") == "script":
        return PlainTextResponse(f"/jobs/{job.id}")
    return redirect(request, f"/jobs/{job.id}")


@router.get("/jobs/{number}")
def job_page(request: Request, store: StoreDep, user: Viewer, number: int) -> Response:
    """Show how far an upload is; the page renews itself until it ends."""
    return render(request, "job.html", _values(store.job(number), user))


@router.get("/jobs/{number}/progress")
def job_progress(request: Request, store: StoreDep, user: Viewer, number: int) -> Response:
    """Return the part of the page that changes; once the job ended, htmx loads the whole page again."""
    job = store.job(number)
    answer = render(request, "job_progress.html", _values(job, user))
    if job.state in ("done", "failed"):
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.get("/jobs/{number}/failed.csv")
def failed_rows(store: StoreDep, user: Officer, number: int) -> Response:
    """Return the rows that could not be used, as CSV for a spreadsheet (BOM, no formulas, personal data masked)."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["자리", "까닭"])
    for row in _upload(store.job(number)).result.get("failed", []):
        writer.writerow([safe_cell(shown(None, row[name])) for name in ("source", "reason")])
    headers = {"Content-Disposition": f'attachment; filename="failed-{number}.csv"'}
    return Response("\ufeff" + file.getvalue(), headers=headers, media_type="text/csv; charset=utf-8")


@router.post("/jobs/{number}/again")
def again(request: Request, store: StoreDep, user: Officer, number: int) -> Response:
    """Try an upload once more from the files that were kept."""
    job = _upload(store.job(number))
    if job.state == "failed" and "again" not in job.result:
        uploads.kept(request.app.state.settings.uploads, job.payload["folder"], job.payload["files"])
        notify(request, "done", _("다시 시작했습니다."))
    fresh = store.repeat_job(number, user.name)
    request.app.state.worker.wake()
    return redirect(request, f"/jobs/{fresh.id}")


def _upload(job: Job) -> Job:
    if job.kind != KIND:
        raise HTTPException(404)
    return job


def seen(job: Job) -> dict[str, Any]:
    """Return what the pages show of an upload."""
    names = [name.partition("/")[2] for name in job.payload["files"]]
    result = job.result
    unread = job.state == "done" and bool(result.get("failed")) and not result["new"] + result["known"]
    return {
        "job": job,
        "state": marked("읽지 못함") if unread else STATES[job.state],
        "colour": "bad" if unread else {"done": "good", "failed": "bad"}.get(job.state, "warn"),
        "unread": unread,
        "names": names,
        "kind": KINDS.get(job.payload["kind"], ""),
    }


def _values(job: Job, user: Visitor) -> dict[str, Any]:
    failed = _upload(job).result.get("failed", [])
    return {
        **seen(job),
        "failed": failed[:_SHOWN_ROWS],
        "n_failed": len(failed),
        "notes": job.result.get("notes", []),
        "n_notes": job.result.get("n_notes", 0),
        "revised": [(one, shown(user, one)) for one in job.result.get("revised", [])],
        "n_revised": job.result.get("n_revised", 0),
        "ended": job.state in ("done", "failed"),
    }
