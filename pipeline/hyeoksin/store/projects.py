"""Rounds (projects) and the plan that each was opened with: the plan is kept whole, so a later edition changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from hyeoksin.errors import NotStoredError, RefusedError, StoreDamagedError
from hyeoksin.plan import Exclusion, Leads, Node, Plan, load_plan
from hyeoksin.store import schema
from hyeoksin.store.engine import Base, insert_into, now
from hyeoksin.store.rows import Project

__all__ = ["Projects", "lock_project", "plan_of", "project_of"]

_projects = schema.projects
_PLANS: dict[str, Plan] = {}  # by the hash of their content, so one is as good in any store


class Projects(Base):
    """Rounds and their plans."""

    def create_project(
        self, name: str, plan: Plan | str, by: str, *, precision: float = 0.95, coders: int = 1
    ) -> Project:
        """Open a round.

        Args:
            name: unique.
            plan: a plan, or what ``load_plan`` takes.
            by: the user's name.
            precision: the share of right answers that settled items promise.
            coders: 1, or 2 for two independent decisions on each item.

        Raises:
            RefusedError: the name is empty or taken, or a value is out of range.
        """
        loaded = load_plan(plan) if isinstance(plan, str) else plan
        if not name.strip() or coders not in (1, 2) or not 0.5 < precision < 1.0:
            raise RefusedError(
                "차수 이름이 비었거나, 판정자 수(1, 2)나 정밀도(0.5보다 크고 1보다 작게)가 범위를 벗어났습니다."
            )
        sha = loaded.sha256
        with self._write() as connection:
            plan_row = insert_into(connection, schema.plans).values(
                sha=sha, plan=loaded.id, body=asdict(loaded)
            )
            connection.execute(plan_row.on_conflict_do_nothing())
            try:
                number = connection.execute(
                    _projects.insert().values(
                        name=name.strip(),
                        plan=loaded.id,
                        plan_sha=sha,
                        precision=precision,
                        coders=coders,
                        created_at=now(),
                        created_by=by,
                    )
                ).inserted_primary_key
            except IntegrityError as error:
                raise RefusedError("'{name}' 차수가 이미 있습니다. 다른 이름을 주세요.", name=name) from error
            assert number is not None  # noqa: S101 - an insert of one row always has a key
            return project_of(connection, number[0])

    def projects(self, *, closed: bool | None = None) -> list[Project]:
        """Return the rounds, newest first."""
        query = sa.select(_projects).order_by(_projects.c.id.desc())
        if closed is not None:
            query = query.where(_projects.c.closed.is_(closed))
        with self._read() as connection:
            return [_project(row) for row in connection.execute(query).mappings()]

    def project(self, number: int) -> Project:
        """Return one round.

        Raises:
            NotStoredError: there is none with this number.
        """
        with self._read() as connection:
            return project_of(connection, number)

    def close_project(self, number: int, *, closed: bool = True) -> Project:
        """Close a round (no more items and decisions), or open it again."""
        with self._write() as connection:
            lock_project(connection, number)
            connection.execute(_projects.update().where(_projects.c.id == number).values(closed=closed))
            return project_of(connection, number)

    def plan(self, number: int) -> Plan:
        """Return the plan that a round was opened with."""
        with self._read() as connection:
            return plan_of(connection, project_of(connection, number).plan_sha)


def plan_of(connection: Connection, sha: str) -> Plan:
    """Return a stored plan."""
    if sha not in _PLANS:
        body = connection.scalar(sa.select(schema.plans.c.body).where(schema.plans.c.sha == sha))
        if body is None:
            raise StoreDamagedError(
                "계획 {plan} 이(가) 저장소에 없습니다. 백업에서 되살리세요.", plan=sha[:8]
            )
        _PLANS[sha] = _plan(body)
    return _PLANS[sha]


def project_of(connection: Connection, number: int) -> Project:
    """Return one round.

    Raises:
        NotStoredError: there is none with this number.
    """
    row = connection.execute(sa.select(_projects).where(_projects.c.id == number)).mappings().first()
    if row is None:
        raise NotStoredError("차수 {number} 이(가) 없습니다. 목록에서 다시 고르세요.", number=number)
    return _project(row)


def lock_project(connection: Connection, number: int) -> tuple[Project, int, str]:
    """Hold a round until the transaction ends (PostgreSQL; SQLite has one writer anyway).

    Returns:
        The round, the number of its ledger's rows and the hash of the last one.
    """
    found = connection.execute(
        sa.select(_projects).where(_projects.c.id == number).with_for_update()
    ).mappings()
    row = found.first()
    if row is None:
        raise NotStoredError("차수 {number} 이(가) 없습니다. 목록에서 다시 고르세요.", number=number)
    return _project(row), row["n_rows"], row["head"]


def _project(row: RowMapping) -> Project:
    return Project(**{name: row[name] for name in Project.__dataclass_fields__})


def _plan(body: Mapping[str, Any]) -> Plan:
    nodes = tuple(
        Node(
            **{
                **node,
                "aliases": tuple(node["aliases"]),
                "includes": tuple(node["includes"]),
                "leads": Leads(tuple(node["leads"]["agencies"]), node["leads"]["open"]),
                "excludes": tuple(Exclusion(**each) for each in node["excludes"]),
            }
        )
        for node in body["nodes"]
    )
    return Plan(body["id"], body["title"], body["year"], nodes, source=body["source"])
