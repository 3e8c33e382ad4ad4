"""Writing ledger rows: the hash chain, and what follows from a row for its item (lane, standing, answer in force)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from hyeoksin.store import schema
from hyeoksin.store.engine import now
from hyeoksin.store.projects import project_of
from hyeoksin.store.rows import Action, DecisionRow, Project, Standing, Verdict, decision_row

__all__ = ["Word", "Writer", "replay", "row_hash", "settle", "unseen", "verdict"]

_i, _d, _l = schema.items, schema.decisions, schema.lanes
_STREAM = {"yield_per": 1000}
_HASHED = (
    "project", "seq", "item", "content", "action", "code", "agency", "by", "at", "note", "model", "replaces", "batch",
    "key", "final", "version",
)  # fmt: skip


def row_hash(before: str, row: Mapping[str, Any]) -> str:
    """Return the SHA-256 that chains a ledger row to the hash ``before`` it."""
    content = json.dumps(
        [before, *(row[name] for name in _HASHED)], ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says of an item."""

    action: Action
    code: str | None
    agency: str | None
    by: str
    note: str
    batch: str | None
    key: str | None
    final: bool


class Writer:
    """Appends rows to a project's ledger within one transaction that holds the project's lock."""

    def __init__(self, connection: Connection, project: Project, n_rows: int, head: str) -> None:
        self._connection = connection
        self._project = project
        self._n_rows = n_rows
        self._head = head
        self._written: list[DecisionRow] = []
        self._at = now()

    def append(self, item: RowMapping, word: Word, lane: str, replaces: DecisionRow | None) -> None:
        """Write one row and let the item follow; an undo brings back what the row it takes back had replaced."""
        row = {
            "project": self._project.id,
            "seq": self._n_rows + 1,
            "item": item["id"],
            "content": item["content"],
            **{name: _kept(getattr(word, name)) for name in Word.__dataclass_fields__},
            "at": self._at,
            "model": item["model"],
            "replaces": None if replaces is None else replaces.id,
            "version": item["version"] + 1,
        }
        row["hash"] = row_hash(self._head, row)
        stored = self._connection.execute(_d.insert().values(row).returning(_d)).mappings().one()
        written = decision_row(stored)
        self._n_rows, self._head = written.seq, written.hash
        self._written.append(written)
        self._set_lane(written, lane, replaces)
        self._follow(item, written)

    def close(self) -> list[DecisionRow]:
        """Note the chain's new end in the project; return the rows that were written."""
        self._connection.execute(
            schema.projects.update()
            .where(schema.projects.c.id == self._project.id)
            .values(n_rows=self._n_rows, head=self._head)
        )
        return self._written

    def _set_lane(self, row: DecisionRow, lane: str, replaces: DecisionRow | None) -> None:
        here = sa.and_(_l.c.item == row.item, _l.c.lane == lane)
        if row.action != "undo":
            standing: int | None = row.id
        else:
            standing = None if replaces is None else replaces.replaces
        if standing is None:
            self._connection.execute(_l.delete().where(here))
        elif replaces is None:
            self._connection.execute(_l.insert().values(item=row.item, lane=lane, decision=standing))
        else:
            self._connection.execute(_l.update().where(here).values(decision=standing))

    def _follow(self, item: RowMapping, row: DecisionRow) -> None:
        joined = _l.join(_d, _d.c.id == _l.c.decision)
        query = sa.select(_d, _l.c.lane).select_from(joined).where(_l.c.item == row.item)
        held = {r["lane"]: decision_row(r) for r in self._connection.execute(query).mappings()}
        standing, force = settle(held, self._project.coders)
        decided = force is not None and force.action != "undecided"
        values = {
            "version": row.version,
            "standing": standing,
            "decision": None if force is None else force.id,
            "decided_at": None if force is None else row.at,
            "answer": force.code if decided and force else item["code"],
            "answer_lead": force.agency if decided and force and force.agency else item["lead"],
        }
        self._connection.execute(_i.update().where(_i.c.id == row.item).values(values))
        c = schema.claims
        self._connection.execute(c.delete().where(c.c.item == row.item, c.c.user == row.by))


def _kept(value: Any) -> Any:
    """Return the value as the database keeps it, for the hash to fit what is read back."""
    return schema.clean(value) if isinstance(value, str) else value


def settle(held: Mapping[str, DecisionRow], coders: int) -> tuple[Standing, DecisionRow | None]:
    """Return where people are with an item, and the decision in force, from the lanes' decisions.

    Of two that agree it is the later one, unless only the other names an agency.
    """
    own = held.get("")
    if own is not None:
        return ("undecided" if own.action == "undecided" else "decided"), own
    words = sorted(held.values(), key=lambda row: row.id)
    made = [row for row in words if row.action != "undecided"]
    if coders == 1 or not words:
        return "open", None
    if len(made) >= coders:
        codes, agencies = {row.code for row in made}, {row.agency for row in made if row.agency}
        if len(codes) > 1 or len(agencies) > 1:
            return "disputed", None
        return "decided", next((row for row in reversed(made) if row.agency), made[-1])
    return ("undecided" if len(words) >= coders else "half"), None


def verdict(connection: Connection, project: int | None = None) -> Verdict:
    """Check the chains and the state of every item against its ledger; return the first fault."""
    p = schema.projects
    chosen = sa.select(p.c.id, p.c.n_rows, p.c.head).order_by(p.c.id)
    if project is not None:
        project_of(connection, project)
        chosen = chosen.where(p.c.id == project)
    n_rows, heads, broken = 0, {}, None
    for number, counted, head in connection.execute(chosen).all():
        before, seq = "", 0
        query = sa.select(_d).where(_d.c.project == number).order_by(_d.c.seq)
        for row in connection.execute(query, execution_options=_STREAM).mappings():
            seq += 1
            n_rows += 1
            if broken is None and row["seq"] != seq:
                broken = f"차수 {number}: 결정 {seq}번째 줄이 없습니다."
            if broken is None and row["hash"] != row_hash(before, dict(row)):
                broken = f"차수 {number}: 결정 {seq}번째 줄(id {row['id']}, 문서 {row['item']})이 쓰인 뒤에 바뀌었습니다."
            before = row["hash"]
        if broken is None and (seq, before) != (counted, head):
            broken = f"차수 {number}: 결정이 {counted}줄이어야 하는데 {seq}줄이거나 마지막 줄이 다릅니다."
        heads[number] = before
    return Verdict(n_rows, broken or _astray(connection, project), heads)


def _astray(connection: Connection, project: int | None) -> str | None:
    """Return the first item whose state does not follow from its ledger rows."""
    p = schema.projects
    here = sa.true() if project is None else _i.c.project == project
    silent = sa.select(_i.c.id).where(here, sa.or_(_i.c.standing != "open", _i.c.decision.is_not(None)))
    silent = silent.where(~sa.select(_d.c.id).where(_d.c.item == _i.c.id).exists()).limit(1)
    if (number := connection.scalar(silent)) is not None:
        return f"문서 {number}: 결정된 것으로 되어 있으나 결정 기록이 없습니다."
    lanes: dict[int, dict[str, int]] = {}
    for row in connection.execute(sa.select(_l).join(_i, _i.c.id == _l.c.item).where(here)):
        lanes.setdefault(row.item, {})[row.lane] = row.decision
    shown = _i.c.standing, _i.c.decision, _i.c.answer, _i.c.answer_lead, _i.c.version.label("item_version")
    query = sa.select(_d, p.c.coders, *shown)
    query = query.select_from(_d.join(p, p.c.id == _d.c.project).join(_i, _i.c.id == _d.c.item)).where(here)
    rows = connection.execute(query.order_by(_d.c.item, _d.c.id), execution_options=_STREAM)
    for number, of_item in groupby(rows.mappings(), key=lambda row: row["item"]):
        ledger = list(of_item)
        coders = ledger[0]["coders"]
        held = replay([decision_row(row) for row in ledger], coders)
        standing, force = settle(held, coders)
        stored = (ledger[0]["standing"], ledger[0]["decision"])
        if standing == "decided" and "" not in held and force and stored[1] != force.id:
            made = (row for row in held.values() if row.action != "undecided")
            force = max(made, key=lambda row: row.id)  # what earlier versions let stand of two that agree
        if stored != (standing, None if force is None else force.id):
            return f"문서 {number}: 저장된 상태({stored[0]})가 결정 기록({standing})과 다릅니다."
        answer, lead = ledger[0]["answer"], ledger[0]["answer_lead"]
        if standing == "decided" and force and (answer, lead) != (force.code, force.agency or lead):
            return f"문서 {number}: 저장된 답({answer or '계획 밖'}, {lead or '-'})이 결정 기록과 다릅니다."
        if lanes.get(number, {}) != {lane: row.id for lane, row in held.items()}:
            return f"문서 {number}: 지금 서 있는 결정이 결정 기록과 다릅니다."
        if ledger[0]["item_version"] < ledger[-1]["version"]:
            return f"문서 {number}: 판 번호가 결정 기록보다 작습니다."
    return None


def replay(rows: Sequence[DecisionRow], coders: int) -> dict[str, DecisionRow]:
    """Return the decisions in force by lane after the ledger rows of one item, oldest first."""
    known = {row.id: row for row in rows}
    held: dict[str, DecisionRow] = {}
    for row in rows:
        lane = "" if row.final or coders == 1 else row.by
        back = known.get(row.replaces) if row.action == "undo" and row.replaces is not None else None
        if row.action != "undo":
            held[lane] = row
        elif back is not None and back.replaces is not None:
            held[lane] = known[back.replaces]
        else:
            held.pop(lane, None)
    return held


def unseen(ledger: list[DecisionRow]) -> list[DecisionRow]:
    """Return the coders' words on an item, by coder, as they were when two had first spoken."""
    held: dict[str, DecisionRow] = {}
    for n in range(1, len(ledger) + 1):
        held = replay(ledger[:n], 2)
        if sum(row.action != "undecided" for row in held.values()) == 2:
            break
    return [held[by] for by in sorted(held)]
