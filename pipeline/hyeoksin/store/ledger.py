"""The ledger: every decision with who, when and why; appended, never changed, each row chained to the one before it.

A *lane* holds a decision in force. With one coder a project has one lane (``""``); with two, each coder has a lane of
his or her own, and the project's lane holds an adjudication. An item is decided when the project's lane says so, or
when two coders agree. Once two have spoken they see each other's answers: from then on only an adjudication follows.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from hyeoksin.errors import NotStoredError, RefusedError
from hyeoksin.plan import Plan
from hyeoksin.store import schema
from hyeoksin.store.chain import Word, Writer, unseen, verdict
from hyeoksin.store.checks import check_fresh, check_turn, check_word, is_over
from hyeoksin.store.engine import Base
from hyeoksin.store.projects import lock_project
from hyeoksin.store.rows import Action, DecisionRow, Verdict, decision_row

__all__ = ["Ledger"]

_i, _d, _l, _p = schema.items, schema.decisions, schema.lanes, schema.projects


class Ledger(Base):
    """Decisions."""

    def decide(
        self,
        item_ids: Sequence[int],
        action: Action,
        *,
        by: str,
        code: str | None = None,
        agency: str | None = None,
        note: str = "",
        expected_version: int | Mapping[int, int] | None = None,
        final: bool = False,
        key: str | None = None,
    ) -> list[DecisionRow]:
        """Append one decision on each of some items of a project; all are saved, or none.

        Args:
            item_ids: one item, or a duplicate group at once (the rows then share ``batch``).
            action: ``accept`` the predicted code (or ``code``, where the page showed another level of the path; of an item
                with another prediction it is a ``pick``), ``pick`` the code ``code``, ``none`` of the plan,
                ``undecided`` (put off; ``note`` says why).
            by: the user's name.
            code: for ``pick``, any node of the project's plan.
            agency: the lead agency's id, None to leave the predicted one.
            note: why.
            expected_version: ``Item.version`` as the person saw it: one for all, or by item.
            final: an adjudication (two coders): it stands above both coders' decisions.
            key: a token of the request: repeated with the same key, the call returns what it saved the first time,
                and is refused where it says something else.

        Raises:
            StaleDecisionError: an item was changed since it was read.
            NotStoredError: no such item.
            RefusedError: the round is closed, the plan has no such code, the items are of several rounds, two coders have
                coded an item already.
        """
        numbers = list(dict.fromkeys(item_ids))
        with self._write() as connection:
            project, n_rows, head = lock_project(connection, _project_of_all(connection, numbers))
            batch = uuid.uuid4().hex if len(numbers) > 1 else None
            named = code or None if action in ("accept", "pick") else None
            word = Word(action, named, agency, by, note, batch, key, final)
            if key is not None and (done := _done(connection, key, numbers[0], word)):
                return done
            plan = check_word(connection, project, action, code)
            items = _locked(connection, numbers)
            lane = "" if final or project.coders == 1 else by
            for item in items:
                check_fresh(connection, item, lane, expected_version)
                check_turn(connection, item, lane, project.coders)
            writer = Writer(connection, project, n_rows, head)
            for item in items:
                writer.append(item, _own_word(word, item, plan), lane, _in_lane(connection, item["id"], lane))
            return writer.close()

    def undo(
        self,
        by: str,
        item: int,
        *,
        note: str = "",
        final: bool = False,
        batch: bool = False,
        expected_version: int | None = None,
        key: str | None = None,
    ) -> list[DecisionRow]:
        """Take back the decision in force on an item; the one before it is in force again. An undo is a new row.

        Args:
            by: the user's name.
            item: the item's number.
            note: why.
            final: take back the adjudication instead of the coder's own decision (two coders).
            batch: take back the whole group decision that it belongs to, where it still stands.
            expected_version: ``Item.version`` as the person saw it.
            key: a token of the request, as for :meth:`decide`.

        Raises:
            RefusedError: nothing is in force to take back, the round is closed, or two coders have coded the item.
            StaleDecisionError: the item was changed since it was read.
        """
        with self._write() as connection:
            project, n_rows, head = lock_project(connection, _project_of_all(connection, [item]))
            word = Word("undo", None, None, by, note, None, key, final)
            if key is not None and (done := _done(connection, key, item, word)):
                return done
            if project.closed:
                raise RefusedError(
                    "'{name}' 차수는 마감되었습니다. 다시 연 뒤 되돌리세요.", name=project.name
                )
            lane = "" if final or project.coders == 1 else by
            standing = _in_lane(connection, item, lane)
            if standing is None:
                raise RefusedError("되돌릴 결정이 없습니다. 이미 되돌렸거나 아직 결정하지 않았습니다.")
            check_fresh(connection, _locked(connection, [item])[0], lane, expected_version)
            writer = Writer(connection, project, n_rows, head)
            together = _batch_in_force(connection, standing, lane) if batch else [standing]
            shared = uuid.uuid4().hex if len(together) > 1 else None
            items = {row["id"]: row for row in _locked(connection, [d.item for d in together])}
            for taken in together:
                if taken.action != "undecided" or _brings_back(connection, taken):
                    if taken.item != item and is_over(connection, taken.item, lane, project.coders):
                        continue  # of a group what another has coded too stays
                    check_turn(connection, items[taken.item], lane, project.coders)
                writer.append(items[taken.item], replace(word, batch=shared), lane, taken)
            return writer.close()

    def decisions(
        self,
        project: int | None = None,
        item: int | None = None,
        *,
        by: str | None = None,
        after: int | None = None,
        newest_first: bool = False,
        limit: int | None = 100,
        reader: str | None = None,
    ) -> list[DecisionRow]:
        """Return ledger rows in the order in which they were written.

        Args:
            project: of one round.
            item: of one item.
            by: of one user.
            after: only rows with a greater id (with ``newest_first``: a smaller one), to page through.
            newest_first: the latest rows first.
            limit: at most so many; None for all.
            reader: only what this coder may read: not another's word on an item that waits for the second of two coders.
        """
        order = (
            _d.c.seq if project is not None and by is None and item is None else _d.c.id
        )  # the same; an index has it
        query = sa.select(_d).order_by(order.desc() if newest_first else order)
        for column, value in ((_d.c.project, project), (_d.c.item, item), (_d.c.by, by)):
            if value is not None:
                query = query.where(column == value)
        if after is not None:
            query = query.where(_d.c.id < after if newest_first else _d.c.id > after)
        if reader is not None:
            waits = sa.exists().where(
                _i.c.id == _d.c.item, _i.c.standing.not_in(("decided", "disputed")),
                _p.c.id == _i.c.project, _p.c.coders == 2,
            )  # fmt: skip
            query = query.where(sa.or_(_d.c.by == reader, ~waits))
        with self._read() as connection:
            rows = connection.execute(query if limit is None else query.limit(limit)).mappings()
            return [decision_row(row) for row in rows]

    def history(self, item: int) -> list[DecisionRow]:
        """Return all ledger rows of an item, oldest first."""
        return self.decisions(item=item, limit=None)

    def coders_say(self, item: int) -> dict[str, DecisionRow]:
        """Return the decisions in force on an item by lane: ``""`` is the round's own, else the coder's name."""
        joined = _l.join(_d, _d.c.id == _l.c.decision)
        query = sa.select(_d, _l.c.lane).select_from(joined).where(_l.c.item == item).order_by(_l.c.lane)
        with self._read() as connection:
            return {row["lane"]: decision_row(row) for row in connection.execute(query).mappings()}

    def coding(self, project: int) -> list[DecisionRow]:
        """Return what the coders said unseen by each other, by item and coder: what agreement is measured on."""
        query = sa.select(_d).where(_d.c.project == project, ~_d.c.final)
        with self._read() as connection:
            rows = connection.execute(query.order_by(_d.c.item, _d.c.id)).mappings()
            of_items = groupby(map(decision_row, rows), key=lambda row: row.item)
            return [word for _, ledger in of_items for word in unseen(list(ledger))]

    def verify(self, project: int | None = None) -> Verdict:
        """Recompute the hash chains and what follows from them; report the first row that does not fit."""
        with self._read() as connection:
            return verdict(connection, project)


def _project_of_all(connection: Connection, numbers: Sequence[int]) -> int:
    """Return the one project of some items."""
    if not numbers:
        raise RefusedError("결정할 문서를 고르지 않았습니다.")
    rows = connection.execute(sa.select(_i.c.id, _i.c.project).where(_i.c.id.in_(numbers)))
    found: dict[int, int] = {row.id: row.project for row in rows}
    missing = [n for n in numbers if n not in found]
    if missing:
        raise NotStoredError(
            "문서 {number} 이(가) 없습니다. 목록에서 다시 고르세요.", number=", ".join(map(str, missing))
        )
    if len(set(found.values())) > 1:
        raise RefusedError("여러 차수의 문서를 한꺼번에 결정할 수 없습니다. 차수마다 따로 하세요.")
    return found[numbers[0]]


def _locked(connection: Connection, numbers: Sequence[int]) -> list[RowMapping]:
    query = sa.select(_i).where(_i.c.id.in_(numbers)).order_by(_i.c.id).with_for_update()
    return list(connection.execute(query).mappings())


def _done(connection: Connection, key: str, item: int, word: Word) -> list[DecisionRow]:
    """Return what a request with this key has saved: of a group the same members, though they wait no more."""
    rows = connection.execute(sa.select(_d).where(_d.c.key == key).order_by(_d.c.seq)).mappings()
    done = [decision_row(row) for row in rows]
    if done and not any(row.item == item and _says(row, word) for row in done):
        raise RefusedError(
            "같은 요청 번호(key)로 이미 다른 것을 저장했습니다. 저장된 답을 보고, 바꾸려면 새 번호로(화면에서는 지금) 다시 정하세요."
        )
    return done


def _says(row: DecisionRow, word: Word) -> bool:
    """Return whether a saved row is what a request asks for; an ``accept`` may name no code, or be saved as a pick."""
    accepted = word.action == "accept" and row.action in ("accept", "pick")
    if not accepted and row.action != word.action:
        return False
    if row.code != word.code and not (row.action == "accept" and word.code is None):
        return False
    return (row.agency, row.note, row.final) == (word.agency, schema.clean(word.note), word.final)


def _own_word(word: Word, item: RowMapping, plan: Plan) -> Word:
    """Return what is written of an item: a code that is not on its predicted path is no accepted one."""
    if word.action != "accept":
        return word
    if word.code is None:
        return replace(word, code=item["code"])
    path = plan.path(item["code"]) if item["code"] in plan else ()
    return word if word.code in {node.code for node in path} else replace(word, action="pick")


def _brings_back(connection: Connection, taken: DecisionRow) -> bool:
    """Return whether an answer is in force again where a decision is taken back; to have put it off is no answer."""
    query = sa.select(_d.c.action).where(_d.c.id == taken.replaces)
    return taken.replaces is not None and connection.scalar(query) != "undecided"


def _in_lane(connection: Connection, item: int, lane: str) -> DecisionRow | None:
    joined = _l.join(_d, _d.c.id == _l.c.decision)
    query = sa.select(_d).select_from(joined).where(_l.c.item == item, _l.c.lane == lane)
    row = connection.execute(query).mappings().first()
    return None if row is None else decision_row(row)


def _batch_in_force(connection: Connection, one: DecisionRow, lane: str) -> list[DecisionRow]:
    if one.batch is None:
        return [one]
    joined = _l.join(_d, _d.c.id == _l.c.decision)
    query = sa.select(_d).select_from(joined).where(_d.c.batch == one.batch, _l.c.lane == lane)
    return [decision_row(row) for row in connection.execute(query.order_by(_d.c.item)).mappings()]
