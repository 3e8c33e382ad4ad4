"""Documents with their predictions: finding items by what an officer filters on."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from hyeoksin.domain import Document, Prediction
from hyeoksin.errors import NotStoredError, RefusedError, StoreFullError
from hyeoksin.store import schema
from hyeoksin.store.adding import Row, add_spooled, check_plan, record_of, renew, write_spool
from hyeoksin.store.engine import Base, now
from hyeoksin.store.filters import Filters, Order, beyond, full_items, order_by, place_of, where
from hyeoksin.store.likeness import revisions
from hyeoksin.store.projects import lock_project
from hyeoksin.store.rows import CaseRow, Item
from hyeoksin.store.search import Tokenise
from hyeoksin.tabular import is_full

__all__ = ["Items"]

_i, _p, _t = schema.items, schema.predictions, schema.texts
_CHUNK = 500


class Items(Base):
    """Items of a round."""

    def add_items(
        self,
        project: int,
        rows: Iterable[Row],
        *,
        kind: str = "task",
        tokenise: Tokenise | None = None,
        rekinded: list[str] | None = None,
    ) -> int:
        """Add a file of documents with their predictions: all of it or nothing.

        Idempotent by (project, document id, content): a row that is there already gets the prediction as its newest
        one if it comes from another model, and else stays as it is. Where its region column names another region, the
        row is another government's: a document of its own, its number with the region behind it. The rows are drawn before the transaction begins
        (through a temporary file), so a slow classifier holds up no one.

        Args:
            project: the round's number.
            rows: documents with a prediction or its JSON record.
            kind: of the texts (``task``, ``proposal``, ``press``, ``news``); ``meta["kind"]`` of a document goes first.
            tokenise: makes the tokens of some bodies, for the index of :meth:`~hyeoksin.store.Store.search`; without
                it, :meth:`~hyeoksin.store.Store.index` may do so later.
            rekinded: gets the numbers of documents that were there as another kind and are of this one now; without it,
                they stay what they are.

        Returns:
            The number of items that are new.

        Raises:
            NotStoredError: no such round.
            RefusedError: the round is closed, or a record is of another plan.
            StoreFullError: no room for the store or for the temporary file.
        """
        try:
            with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
                write_spool(spool, rows, kind, tokenise)
                spool.seek(0)
                with self._write() as connection:
                    return add_spooled(connection, project, spool, rekinded)
        except OSError as error:
            if not is_full(error):
                raise
            raise StoreFullError(
                "{url}: 디스크에 자리가 없습니다. 자리를 만든 뒤 다시 하세요. 저장되지 않았습니다.",
                url=tempfile.gettempdir(),
            ) from error

    def predict(self, project: int, rows: Iterable[tuple[int, Mapping[str, Any] | Prediction]]) -> int:
        """Give stored items (by number) the answers of another model: the newest shows, the older ones remain.

        Returns:
            The number of items whose answer is new.

        Raises:
            RefusedError: the round is closed, or a record is of another plan.
        """
        answers = {number: record_of(answer) for number, answer in rows}
        with self._write() as connection:
            found, _, _ = lock_project(connection, project)
            if found.closed:
                raise RefusedError("'{name}' 차수는 마감되었습니다. 다시 연 뒤 판정하세요.", name=found.name)
            for record in answers.values():
                check_plan(record, found.plan_sha)
            return renew(connection, project, answers, now())

    def records(self, item: int) -> dict[str, Mapping[str, Any]]:
        """Return the records of all models that have judged an item, oldest first, by model."""
        query = sa.select(_p.c.model, _p.c.record).where(_p.c.item == item).order_by(_p.c.at)
        with self._read() as connection:
            return {row.model: row.record for row in connection.execute(query)}

    def answered(self, project: int) -> dict[str, int]:
        """Return how many items of a round each model has judged, whether its answer shows or not."""
        query = sa.select(_p.c.model, sa.func.count()).join(_i, _i.c.id == _p.c.item)
        with self._read() as connection:
            rows = connection.execute(query.where(_i.c.project == project).group_by(_p.c.model))
            return {model: n for model, n in rows}  # noqa: C416 - rows are not tuples to mypy

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
        """Yield all items that the filters find, by number, a few hundred at a time: for exports of any size.

        They come without ``suggestion``.
        """
        after = 0
        while True:
            with self._read() as connection:
                query = sa.select(_i.c.id).where(
                    *where(connection, project, Filters(**filters)), _i.c.id > after
                )
                query = query.order_by(_i.c.id).limit(_CHUNK)
                found = full_items(connection, query, now(), suggest=False)
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

    def names(self, items: Iterable[int]) -> dict[int, Document]:
        """Return own number and title of some items, as documents without their texts."""
        query = sa.select(_i.c.id, _i.c.document, _i.c.title).where(_i.c.id.in_(set(items)))
        with self._read() as connection:
            return {row.id: Document(row.document, title=row.title) for row in connection.execute(query)}

    def revised(self, project: int, numbers: Collection[str] | None = None) -> dict[str, list[int]]:
        """Return the items that look like one document before and after a correction, by its own number, oldest first.

        They bear one number and nearly the same text. Other texts under one number are two offices' that both count
        from 1.

        Args:
            project: the round's number.
            numbers: only these own numbers of documents.
        """
        several = sa.select(_i.c.document).where(_i.c.project == project)
        several = several.group_by(_i.c.document).having(sa.func.count() > 1)
        query = sa.select(_i.c.id, _i.c.document, _i.c.document_region, _i.c.title, _t.c.text).join(
            _t, _t.c.item == _i.c.id
        )
        query = query.where(_i.c.project == project, _i.c.document.in_(several)).order_by(
            _i.c.document, _i.c.document_region, _i.c.id
        )
        found: dict[str, list[int]] = {}
        with self._read() as connection:
            of_office = groupby(
                connection.execute(query), key=lambda row: (row.document, row.document_region)
            )
            for (number, _), rows in of_office:
                if numbers is None or number in numbers:
                    bodies = {row.id: Document("", row.text, row.title).body for row in rows}
                    if alike := revisions(bodies):
                        found.setdefault(number, []).extend(alike)
        return found

    def group_items(self, item: int) -> list[Item]:
        """Return the duplicate group of an item, itself included (alone, where it has none); without ``suggestion``."""
        one = self.item(item)
        if one.group is None:
            return [one]
        with self._read() as connection:
            query = sa.select(_i.c.id).where(_i.c.project == one.project, _i.c.duplicates == one.group)
            return full_items(connection, query.order_by(_i.c.id), now(), suggest=False)

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
