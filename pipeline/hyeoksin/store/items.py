"""Documents with their predictions: adding a file as a whole, and finding items by what an officer filters on."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hyeoksin.domain import Document, Prediction
from hyeoksin.errors import NotStoredError, RefusedError
from hyeoksin.normalise import normalise
from hyeoksin.region import load_regions
from hyeoksin.store import schema
from hyeoksin.store.engine import Base, now
from hyeoksin.store.filters import Filters, Order, beyond, full_items, order_by, place_of, where
from hyeoksin.store.projects import lock_project
from hyeoksin.store.rows import CaseRow, Item
from hyeoksin.store.search import Tokenise, index_tokens

__all__ = ["Items", "Row", "content_of"]

Row = tuple[Document, Mapping[str, Any] | Prediction]
_Spooled = tuple[
    dict[str, Any], dict[str, Any], list[str] | None
]  # an item's columns, its record, its tokens
_i, _p = schema.items, schema.predictions
_CHUNK = 500


def content_of(document: Document) -> str:
    """Return the SHA-256 of a document's normalised body, white space squeezed: equal texts have equal hashes."""
    squeezed = " ".join(normalise(schema.clean(document.body)).split())
    return hashlib.sha256(squeezed.encode()).hexdigest()


class Items(Base):
    """Items of a round."""

    def add_items(
        self, project: int, rows: Iterable[Row], *, kind: str = "task", tokenise: Tokenise | None = None
    ) -> int:
        """Add a file of documents with their predictions: all of it or nothing.

        Idempotent by (project, document id, content): a row that is there already gets the prediction as its newest
        one if it comes from another model, and else stays as it is. The rows are drawn before the transaction begins
        (through a temporary file), so a slow classifier holds up no one.

        Args:
            project: the round's number.
            rows: documents with a prediction or its JSON record.
            kind: of the texts (``task``, ``proposal``, ``press``, ``news``); ``meta["kind"]`` of a document goes first.
            tokenise: makes the tokens of some bodies, for the index of :meth:`~hyeoksin.store.Store.search`; without
                it, :meth:`~hyeoksin.store.Store.index` may do so later.

        Returns:
            The number of items that are new.

        Raises:
            NotStoredError: no such round.
            RefusedError: the round is closed, or a record is of another plan.
        """
        with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
            _write_spool(spool, rows, kind, tokenise)
            spool.seek(0)
            with self._write() as connection:
                return _add(connection, project, spool)

    def predict(self, project: int, rows: Iterable[tuple[int, Mapping[str, Any] | Prediction]]) -> int:
        """Give stored items (by number) the answers of another model: the newest shows, the older ones remain.

        Returns:
            The number of items whose answer is new.
        """
        drawn = [(n, _record(a)) for n, a in rows]
        with self._write() as connection:
            found, _, _ = lock_project(connection, project)
            n_new = 0
            for number, record in drawn:
                _check_plan(record, found.plan_sha)
                n_new += _renew(connection, project, number, record, now())
            return n_new

    def records(self, item: int) -> dict[str, Mapping[str, Any]]:
        """Return the records of all models that have judged an item, oldest first, by model."""
        query = sa.select(_p.c.model, _p.c.record).where(_p.c.item == item).order_by(_p.c.at)
        with self._read() as connection:
            return {row.model: row.record for row in connection.execute(query)}

    def items(
        self, project: int, *, order: Order = "queue", offset: int = 0, limit: int | None = 50, **filters: Any
    ) -> list[Item]:
        """Return items of a round; ``filters`` are the fields of :class:`Filters`."""
        with self._read() as connection:
            query = sa.select(_i.c.id).where(*where(connection, project, Filters(**filters)))
            query = query.order_by(*order_by(order)).offset(offset)
            return full_items(connection, query if limit is None else query.limit(limit), now())

    def neighbours(
        self, item: int, *, order: Order = "queue", **filters: Any
    ) -> tuple[int | None, int | None]:
        """Return the numbers of the items before and after one, among those of its round that the filters find.

        The item itself need not be among them: what it left stands where it stood.

        Raises:
            NotStoredError: there is none with this number.
        """
        with self._read() as connection:
            here = connection.execute(
                sa.select(_i.c.project, *place_of(order)).where(_i.c.id == item)
            ).first()
            if here is None:
                raise NotStoredError("문서 {number} 이(가) 없습니다. 목록에서 다시 고르세요.", number=item)
            found = sa.select(_i.c.id).where(*where(connection, here[0], Filters(**filters))).limit(1)
            before, after = (
                connection.scalar(found.where(beyond(order, here[1:], back)).order_by(*order_by(order, back)))
                for back in (True, False)
            )
            return before, after

    def each(self, project: int, **filters: Any) -> Iterator[Item]:
        """Yield all items that the filters find, by number, a few hundred at a time: for exports of any size."""
        after = 0
        while True:
            with self._read() as connection:
                query = sa.select(_i.c.id).where(
                    *where(connection, project, Filters(**filters)), _i.c.id > after
                )
                found = full_items(connection, query.order_by(_i.c.id).limit(_CHUNK), now())
            yield from found
            if len(found) < _CHUNK:
                return
            after = found[-1].id

    def count(self, project: int, **filters: Any) -> int:
        """Return how many items the filters find."""
        with self._read() as connection:
            query = sa.select(sa.func.count()).select_from(_i)
            return connection.scalar(query.where(*where(connection, project, Filters(**filters)))) or 0

    def counts(self, project: int, by: str, **filters: Any) -> dict[str | None, int]:
        """Return how many items the filters find for each value of a column.

        Args:
            project: the round's number.
            by: ``status``, ``standing``, ``answer``, ``code``, ``kind``, ``region``, ``lead``, ``assigned_to``, ``model``.
            filters: as for :meth:`items`.
        """
        if by not in (
            "status",
            "standing",
            "answer",
            "code",
            "kind",
            "region",
            "lead",
            "assigned_to",
            "model",
        ):
            raise RefusedError("'{column}' 로는 셀 수 없습니다.", column=by)
        column = _i.c.answer_lead if by == "lead" else _i.c[by]
        with self._read() as connection:
            query = sa.select(column, sa.func.count()).group_by(column)
            rows = connection.execute(query.where(*where(connection, project, Filters(**filters))))
            return {value: n for value, n in rows}  # noqa: C416 - rows are not tuples to mypy

    def cases(self, project: int, **filters: Any) -> list[CaseRow]:
        """Return all items that the filters find without their texts, by number: for the hours dial."""
        names = list(CaseRow.__dataclass_fields__)
        columns = [_i.c[{"group": "duplicates", "lead": "answer_lead"}.get(name, name)] for name in names]
        with self._read() as connection:
            query = sa.select(*columns).where(*where(connection, project, Filters(**filters)))
            return [CaseRow(*row) for row in connection.execute(query.order_by(_i.c.id))]

    def item(self, number: int) -> Item:
        """Return one item.

        Raises:
            NotStoredError: there is none with this number.
        """
        with self._read() as connection:
            found = full_items(connection, sa.select(_i.c.id).where(_i.c.id == number), now())
        if not found:
            raise NotStoredError("문서 {number} 이(가) 없습니다. 목록에서 다시 고르세요.", number=number)
        return found[0]

    def group_items(self, item: int) -> list[Item]:
        """Return the duplicate group of an item, itself included (alone, where it has none)."""
        one = self.item(item)
        if one.group is None:
            return [one]
        with self._read() as connection:
            query = sa.select(_i.c.id).where(_i.c.project == one.project, _i.c.duplicates == one.group)
            return full_items(connection, query.order_by(_i.c.id), now())

    def set_queue(self, project: int, ordered: Iterable[int]) -> int:
        """Store the order in which a person's minute helps most; items that are left out come after these.

        Returns:
            The number of items that were ranked.
        """
        ranks = [{"number": number, "place": place} for place, number in enumerate(ordered)]
        with self._write() as connection:
            lock_project(connection, project)
            connection.execute(
                _i.update()
                .where(_i.c.project == project, _i.c.rank != schema.LAST_RANK)
                .values(rank=schema.LAST_RANK)
            )
            place = (
                _i.update()
                .where(_i.c.id == sa.bindparam("number"), _i.c.project == project)
                .values(rank=sa.bindparam("place"))
            )
            if ranks:
                connection.execute(place, ranks)
        return len(ranks)


def _write_spool(spool: IO[str], rows: Iterable[Row], kind: str, tokenise: Tokenise | None) -> None:
    drawn = iter(rows)
    while chunk := list(islice(drawn, _CHUNK)):
        bodies = [document.body for document, _ in chunk]
        tokens = list(tokenise(bodies)) if tokenise else [None] * len(chunk)
        for (document, answer), of_text in zip(chunk, tokens, strict=True):
            record = _record(answer)
            line = json.dumps([_columns(document, record, kind), record, of_text], ensure_ascii=False)
            spool.write(schema.clean(line) + "\n")


def _record(answer: Mapping[str, Any] | Prediction) -> dict[str, Any]:
    """Return the record without ``meta``, which the store keeps with the document."""
    record = answer.to_record() if isinstance(answer, Prediction) else answer
    return {name: value for name, value in record.items() if name != "meta"}


def _columns(document: Document, record: Mapping[str, Any], kind: str) -> dict[str, Any]:
    fields = asdict(document)
    columns = {
        "document": fields["id"],
        "content": content_of(document),
        **{name: fields[name] for name in ("title", "text", "source", "date", "meta")},
        "document_region": document.region,
        "kind": document.meta.get("kind") or kind,
        "region": load_regions().filed(document.region, document.body, record.get("regions") or ()),
        **_answer(record),
    }
    return {name: schema.clean(value) if isinstance(value, str) else value for name, value in columns.items()}


def _answer(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an item that a model's record fills."""
    end = record["path"][-1] if record["path"] else None
    probability = record["off_plan"] if end is None else end["probability"]
    leads = [flag["id"] for flag in record["agencies"] if flag["role"] == "lead"]
    return {
        "duplicates": record.get("duplicate_group"),
        "model": record["model"],
        "status": record["status"],
        "code": None if end is None else end["code"],
        "probability": probability,
        "off_plan": record["off_plan"],
        "lead": leads[0] if leads else None,
    }


def _check_plan(record: Mapping[str, Any], sha: str) -> None:
    if not sha.startswith(record["plan_sha"]):
        raise RefusedError(
            "{place}: 다른 계획({plan}, 지문 {sha})으로 분류된 "
            "결과입니다. 이 차수의 계획(지문 {own})으로 다시 분류하세요.",
            place=record["source"] or record["id"],
            plan=record["plan"],
            sha=record["plan_sha"][:8],
            own=sha[:8],
        )


def _chunks(spool: IO[str]) -> Iterator[list[_Spooled]]:
    while lines := list(islice(spool, _CHUNK)):
        yield [(columns, record, tokens) for columns, record, tokens in map(json.loads, lines)]


def _add(connection: Connection, project: int, spool: IO[str]) -> int:
    found, _, _ = lock_project(connection, project)
    if found.closed:
        raise RefusedError("'{name}' 차수는 마감되었습니다. 다시 연 뒤 올리세요.", name=found.name)
    at, n_new = now(), 0
    for chunk in _chunks(spool):
        names = {columns["document"] for columns, _, _ in chunk}
        query = sa.select(_i.c.id, _i.c.document, _i.c.content)
        stored = connection.execute(query.where(_i.c.project == project, _i.c.document.in_(names)))
        known = {(row.document, row.content): row.id for row in stored}
        fresh: dict[tuple[str, str], _Spooled] = {}
        for columns, record, tokens in chunk:
            _check_plan(record, found.plan_sha)
            key = (columns["document"], columns["content"])
            if key in known:
                _renew(connection, project, known[key], record, at)
            else:
                fresh[key] = (columns, record, tokens)
        n_new += _insert(connection, project, list(fresh.values()), at)
    return n_new


def _insert(connection: Connection, project: int, fresh: list[_Spooled], at: str) -> int:
    if not fresh:
        return 0
    rows = [
        {
            **{name: value for name, value in columns.items() if name not in ("text", "meta")},
            "project": project,
            "added_at": at,
            "answer": columns["code"],
            "answer_lead": columns["lead"],
        }
        for columns, _, _ in fresh
    ]
    numbers = connection.scalars(_i.insert().returning(_i.c.id, sort_by_parameter_order=True), rows).all()
    texts = [
        {"item": number, "text": columns["text"], "meta": columns["meta"]}
        for number, (columns, _, _) in zip(numbers, fresh, strict=True)
    ]
    connection.execute(schema.texts.insert(), texts)
    answers = [
        {"item": number, "model": record["model"], "record": record, "at": at}
        for number, (_, record, _) in zip(numbers, fresh, strict=True)
    ]
    connection.execute(_p.insert(), answers)
    known = [(n, tokens) for n, (_, _, tokens) in zip(numbers, fresh, strict=True) if tokens is not None]
    index_tokens(connection, known)
    return len(rows)


def _renew(connection: Connection, project: int, number: int, record: Mapping[str, Any], at: str) -> int:
    """Give an item the answer of another model; return 0 where this model's answer is the one that shows."""
    there = sa.select(_i.c.version, _i.c.decision, _i.c.model).where(
        _i.c.id == number, _i.c.project == project
    )
    item = connection.execute(there.with_for_update()).first()
    if item is None:
        raise NotStoredError(
            "문서 {number} 이(가) 차수 {project} 에 없습니다.", number=number, project=project
        )
    if item.model == record["model"]:
        return 0
    known = _p.update().where(_p.c.item == number, _p.c.model == record["model"])
    if not connection.execute(known.values(record=dict(record), at=at)).rowcount:
        connection.execute(_p.insert().values(item=number, model=record["model"], record=dict(record), at=at))
    columns = _answer(record)
    if item.decision is None:
        columns |= {"answer": columns["code"], "answer_lead": columns["lead"]}
    version = item.version + 1
    connection.execute(
        _i.update().where(_i.c.id == number).values(**columns, version=version, predicted_version=version)
    )
    return 1
