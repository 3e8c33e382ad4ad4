"""The audit log, the model register, and background jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from hyeoksin.errors import NotStoredError, RefusedError
from hyeoksin.store import schema
from hyeoksin.store.engine import Base, alone, now
from hyeoksin.store.rows import AuditRow, Job, ModelRow, ModelState
from hyeoksin.store.work import AHEAD, later

__all__ = ["Register"]

_a, _m, _j = schema.audit_log, schema.models, schema.jobs


class Register(Base):
    """Events, models and jobs."""

    def audit(
        self, event: str, by: str, *, subject: str = "", detail: Mapping[str, Any] | None = None
    ) -> AuditRow:
        """Append an event (``login``, ``login.failed``, ``export`` …) to the audit log; never put a secret in it."""
        values = {"at": now(), "event": event, "by": by, "subject": subject, "detail": dict(detail or {})}
        with self._write() as connection:
            row = connection.execute(_a.insert().values(values).returning(_a)).mappings().one()
            return AuditRow(**row)

    def audit_log(
        self, *, event: str | None = None, by: str | None = None, before: int | None = None, limit: int = 100
    ) -> list[AuditRow]:
        """Return events, newest first; ``before`` pages to those with a smaller id."""
        query = sa.select(_a).order_by(_a.c.id.desc()).limit(limit)
        for column, value in ((_a.c.event, event), (_a.c.by, by)):
            if value is not None:
                query = query.where(column == value)
        if before is not None:
            query = query.where(_a.c.id < before)
        with self._read() as connection:
            return [AuditRow(**row) for row in connection.execute(query).mappings()]

    def add_model(
        self,
        name: str,
        path: str,
        by: str,
        *,
        report: Mapping[str, Any] | None = None,
        state: ModelState = "candidate",
    ) -> ModelRow:
        """Register a version of a model (``default@1a2b3c4d``).

        Raises:
            RefusedError: it is registered already.
        """
        at = now()
        values = {"id": name, "path": path, "state": state, "report": dict(report or {})}
        values |= {"created_at": at, "created_by": by, "changed_at": at}
        with self._write() as connection:
            if state == "active":
                _retire(connection, at)
            try:
                connection.execute(_m.insert().values(values))
            except IntegrityError as error:
                raise RefusedError("모델 '{name}' 은(는) 이미 등록되어 있습니다.", name=name) from error
            return _model(connection, name)

    def models(self) -> list[ModelRow]:
        """Return the registered models, newest first."""
        query = sa.select(_m).order_by(_m.c.created_at.desc(), _m.c.id)
        with self._read() as connection:
            return [ModelRow(**row) for row in connection.execute(query).mappings()]

    def model(self, name: str) -> ModelRow:
        """Return a registered model.

        Raises:
            NotStoredError: there is none of this name.
        """
        with self._read() as connection:
            return _model(connection, name)

    def active_model(self) -> ModelRow | None:
        """Return the model that answers, None where none was ever made active (the shipped one answers)."""
        with self._read() as connection:
            row = connection.execute(sa.select(_m).where(_m.c.state == "active")).mappings().first()
            return None if row is None else ModelRow(**row)

    def set_model_state(
        self, name: str, state: ModelState, *, report: Mapping[str, Any] | None = None
    ) -> ModelRow:
        """Change a model's state; making one ``active`` retires the one before (so a roll-back is one call)."""
        at = now()
        values: dict[str, Any] = {"state": state, "changed_at": at}
        if report is not None:
            values["report"] = dict(report)
        with self._write() as connection:
            if state == "active":
                _retire(connection, at)
            _model(connection, name)
            connection.execute(_m.update().where(_m.c.id == name).values(values))
            return _model(connection, name)

    def add_job(
        self,
        kind: str,
        by: str,
        *,
        project: int | None = None,
        total: int = 0,
        payload: Mapping[str, Any] | None = None,
    ) -> Job:
        """Queue work for :meth:`claim_job`."""
        values = {"kind": kind, "project": project, "total": total, "payload": dict(payload or {})}
        with self._write() as connection:
            return _queued(connection, by, values)

    def repeat_job(self, number: int, by: str) -> Job:
        """Queue a failed job once more; asked again, return the job that was queued the first time.

        Raises:
            NotStoredError: there is none with this number.
            RefusedError: it has not failed.
        """
        with self._write() as connection:
            connection.execute(sa.select(_j.c.id).where(_j.c.id == number).with_for_update())
            job = _job(connection, number)
            if job.state != "failed":
                raise RefusedError("멈춘 작업만 다시 할 수 있습니다.")
            if "again" in job.result:
                return _job(connection, job.result["again"])
            fresh = _queued(
                connection, by, {"kind": job.kind, "project": job.project, "total": 0, "payload": job.payload}
            )
            result = {**job.result, "again": fresh.id}
            connection.execute(_j.update().where(_j.c.id == number).values(result=result, updated_at=now()))
            return fresh

    def claim_job(self, kinds: Sequence[str], *, silent: float = 60) -> Job | None:
        """Take the oldest waiting job of some kinds, or a running one whose worker was silent for so many seconds.

        A worker shows that it lives through :meth:`progress_job`. ``Job.attempts`` tells a job that keeps killing them.
        """
        dead = sa.or_(_j.c.updated_at <= later(-silent), _j.c.updated_at > later(AHEAD))
        lost = sa.and_(_j.c.state == "running", dead)
        query = sa.select(_j.c.id).where(_j.c.kind.in_(list(kinds)), sa.or_(_j.c.state == "waiting", lost))
        with self._write() as connection:
            number = connection.scalar(query.order_by(_j.c.id).limit(1).with_for_update(skip_locked=True))
            if number is None:
                return None
            values = {"state": "running", "updated_at": now(), "attempts": _j.c.attempts + 1}
            connection.execute(_j.update().where(_j.c.id == number).values(values))
            return _job(connection, number)

    def progress_job(
        self,
        number: int,
        done: int,
        *,
        total: int | None = None,
        message: str | None = None,
        attempt: int | None = None,
    ) -> Job:
        """Say how far a job is, and that its worker lives; one that has ended stays as it is.

        With ``attempt`` (``Job.attempts`` as claimed), so does one that another worker has taken up since.
        """
        values: dict[str, Any] = {"done": done, "updated_at": now()}
        values |= {k: v for k, v in (("total", total), ("message", message)) if v is not None}
        return self._change_job(number, values, attempt)

    def finish_job(
        self,
        number: int,
        *,
        failed: bool = False,
        message: str = "",
        result: Mapping[str, Any] | None = None,
        attempt: int | None = None,
    ) -> Job:
        """End a job; ``attempt`` as for :meth:`progress_job`."""
        values = {"state": "failed" if failed else "done", "message": message, "updated_at": now()}
        return self._change_job(number, {**values, "result": dict(result or {})}, attempt)

    def return_job(self, number: int, attempt: int) -> Job:
        """Let a claimed job wait again as if nobody had begun it, where its worker ends in good order."""
        values = {"state": "waiting", "attempts": attempt - 1, "updated_at": now()}
        return self._change_job(number, values, attempt)

    def job(self, number: int) -> Job:
        """Return a job.

        Raises:
            NotStoredError: there is none with this number.
        """
        with self._read() as connection:
            return _job(connection, number)

    def jobs(self, project: int | None = None, *, state: str | None = None, limit: int = 50) -> list[Job]:
        """Return jobs, newest first."""
        query = sa.select(_j).order_by(_j.c.id.desc()).limit(limit)
        if project is not None:
            query = query.where(_j.c.project == project)
        if state is not None:
            query = query.where(_j.c.state == state)
        with self._read() as connection:
            return [Job(**row) for row in connection.execute(query).mappings()]

    def _change_job(self, number: int, values: Mapping[str, Any], attempt: int | None) -> Job:
        change = _j.update().where(_j.c.id == number, _j.c.state.in_(("waiting", "running")))
        if attempt is not None:
            change = change.where(_j.c.state == "running", _j.c.attempts == attempt)
        with self._write() as connection:
            connection.execute(change.values(dict(values)))
            return _job(connection, number)


def _retire(connection: Connection, at: str) -> None:
    alone(connection, "active model")
    connection.execute(_m.update().where(_m.c.state == "active").values(state="retired", changed_at=at))


def _model(connection: Connection, name: str) -> ModelRow:
    row = connection.execute(sa.select(_m).where(_m.c.id == name)).mappings().first()
    if row is None:
        raise NotStoredError("모델 '{name}' 이(가) 없습니다. 목록에서 고르세요.", name=name)
    return ModelRow(**row)


def _queued(connection: Connection, by: str, values: Mapping[str, Any]) -> Job:
    at = now()
    whole = {
        **values, "state": "waiting", "done": 0, "message": "", "result": {}, "created_by": by,
        "created_at": at, "updated_at": at, "attempts": 0,
    }  # fmt: skip
    row = connection.execute(_j.insert().values(whole).returning(_j)).mappings().one()
    return Job(**row)


def _job(connection: Connection, number: int) -> Job:
    row = connection.execute(sa.select(_j).where(_j.c.id == number)).mappings().first()
    if row is None:
        raise NotStoredError("작업 {number} 이(가) 없습니다.", number=number)
    return Job(**row)
