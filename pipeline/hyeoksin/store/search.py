"""Search by morphemes, and the nearest decided cases by their rare ones.

The caller makes the tokens (for texts and queries alike); the index keeps none of the text. A word inside another one
(버스 in 시내버스) is no token: it is looked for in the texts themselves, all of which are read then. SQLite ranks by
FTS5's bm25; PostgreSQL, whose own ranking knows no rarity, by the sum of the inverse document frequencies over the
text's length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.engine import Connection

from hyeoksin.errors import NotStoredError
from hyeoksin.store import schema
from hyeoksin.store.engine import Base, now
from hyeoksin.store.filters import Filters, full_items, where
from hyeoksin.store.likeness import similarity
from hyeoksin.store.projects import project_of
from hyeoksin.store.rows import Hit, Item

__all__ = ["Search", "Tokenise", "index_tokens"]

Tokenise = Callable[[Sequence[str]], Iterable[Sequence[str]]]
Where = list[sa.ColumnElement[bool]]
_i, _s = schema.items, schema.search
_MOST = 20_000  # tokens of one text
_LONG = 100  # characters of one token
_RARE = 12  # tokens that a text is compared by
_OFTEN = 5_000  # texts; a token of more is not counted further, and not compared by
_SIMILAR = 0.6
_COMPARED = 20_000  # characters of a text whose tokens are made anew
_LIKE, _FEWEST = 0.25, 2  # likeness and shared tokens from which a decided case is shown as like


class Search(Base):
    """The index of morphemes."""

    def index(self, rows: Iterable[tuple[int, Sequence[str]]]) -> int:
        """Put items (by number) with their tokens into the index; what is in it already stays as it is.

        Returns:
            The number of items that are new in the index.
        """
        drawn = list(rows)
        with self._write() as connection:
            return index_tokens(connection, drawn)

    def unindexed(self, project: int | None = None, *, limit: int = 500) -> list[Item]:
        """Return items that are not in the index yet, without ``suggestion``."""
        query = sa.select(_i.c.id).where(_i.c.indexed.is_(False)).order_by(_i.c.id).limit(limit)
        if project is not None:
            query = query.where(_i.c.project == project)
        with self._read() as connection:
            return full_items(connection, query, now(), suggest=False)

    def search(
        self,
        project: int | None,
        tokens: Sequence[str],
        *,
        words: Mapping[str, str] | None = None,
        every: bool = True,
        offset: int = 0,
        limit: int = 50,
        **filters: Any,
    ) -> list[Hit]:
        """Return the items that hold the tokens, best first.

        Args:
            project: one round, None for all of them.
            tokens: of the query, made as the texts' were; none finds nothing.
            words: for some of the tokens, the letters that were typed: an item with these letters anywhere, inside a
                longer word too, holds the token. Items with the letters of all of them come first.
            every: all of the tokens, else any.
            offset: skip so many.
            limit: at most so many.
            filters: the fields of :class:`~hyeoksin.store.filters.Filters`, within one round.
        """
        with self._read() as connection:
            conditions = [] if project is None else where(connection, project, Filters(**filters))
            weights = _weights(connection, tokens)
            letters = {_term(token): word for token, word in (words or {}).items()}
            found = _ranked(connection, weights, conditions, letters, every=every, offset=offset, limit=limit)
            return _hits(connection, found)

    def nearest_decided(
        self,
        item: int,
        tokens: Sequence[str],
        tokenise: Tokenise,
        *,
        project: int | None = None,
        limit: int = 5,
    ) -> list[Hit]:
        """Return the decided cases that share the most rare tokens with an item, best first, as far as they are like it.

        Args:
            item: the item's number; itself is left out, and only rounds of its plan are looked at.
            tokens: the item's.
            tokenise: makes the tokens of some bodies, as they were made for the index.
            project: only of this round.
            limit: at most so many.

        Returns:
            Hits with ``likeness`` and ``shared``, both by the rarity of the tokens; those below a floor are left out.
        """
        with self._read() as connection:
            conditions = [*_beside(connection, item), _i.c.standing == "decided"]
            if project is not None:
                conditions.append(_i.c.project == project)
            weights = _weights(connection, tokens)
            found = _ranked(connection, _rare(weights), conditions, every=False, offset=0, limit=limit)
            hits = _hits(connection, found)
        names = {_term(token): token for token in tokens}
        bodies = [hit.item.document.body[:_COMPARED] for hit in hits]
        like = [
            _likeness(hit, weights, names, set(of_text))
            for hit, of_text in zip(hits, tokenise(bodies), strict=True)
        ]
        return [hit for hit in like if hit.likeness >= _LIKE and len(hit.shared) >= _FEWEST]

    def unfollowed(self, project: int, *, limit: int = 200) -> list[int]:
        """Return the numbers of items of a round that stand in the index and were not given to :meth:`follow` yet."""
        like = schema.likenesses
        known = sa.select(like.c.item).where(like.c.item == _i.c.id).exists()
        query = sa.select(_i.c.id).where(_i.c.project == project, _i.c.indexed, ~known)
        with self._read() as connection:
            project_of(connection, project)
            return list(connection.scalars(query.order_by(_i.c.id).limit(limit)))

    def follow(self, numbers: Sequence[int], tokenise: Tokenise) -> int:
        """Look for texts nearly the same, in all rounds of the plan, for items of :meth:`unfollowed`: each of them once.

        From then on either shows the other's latest decision as ``Item.suggestion``; equal texts and duplicate groups
        do so without this. Call it after adding a file.

        Args:
            numbers: of the items; a few at a time, since their texts are held in memory.
            tokenise: makes the tokens of some bodies, as they were made for the index.

        Returns:
            The number of items that got a likeness.
        """
        like = schema.likenesses
        links = []
        with self._read() as connection:
            bodies = [_body(connection, number) for number in numbers]
            for number, body, tokens in zip(numbers, bodies, tokenise(bodies), strict=True):
                links += _alike(connection, number, body, tokens)
        looked_at = [{"item": number, "other": number, "similarity": 1.0} for number in numbers]
        with self._write() as connection:
            held = set(connection.scalars(sa.select(like.c.item).where(like.c.item.in_(numbers))))
            fresh = [row for row in (*links, *looked_at) if row["item"] not in held]
            if fresh:
                connection.execute(like.insert(), fresh)
        return len({row["item"] for row in fresh if row["item"] != row["other"]})


def index_tokens(connection: Connection, rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """Put items with their tokens into the index; return how many are new in it."""
    by_number = dict(rows)
    wanted: set[int] = set()
    for start in range(0, len(rows), 500):
        some = [number for number, _ in rows[start : start + 500]]
        query = sa.select(_i.c.id).where(_i.c.id.in_(some), _i.c.indexed.is_(False))
        wanted.update(connection.scalars(query.with_for_update()))
    if not wanted:
        return 0
    terms = {
        number: [_term(token) for token in by_number[number][:_MOST] if token] for number in sorted(wanted)
    }
    if connection.dialect.name == "sqlite":
        insert = sa.text("INSERT INTO search (rowid, tokens) VALUES (:number, :terms)")
        connection.execute(
            insert, [{"number": n, "terms": " ".join(of_text)} for n, of_text in terms.items()]
        )
    else:
        insert = sa.text(
            "INSERT INTO search (item, tokens) VALUES (:number, array_to_tsvector(CAST(:terms AS text[])))"
        )
        connection.execute(insert, [{"number": n, "terms": of_text} for n, of_text in terms.items()])
    mark = _i.update().where(_i.c.id == sa.bindparam("number")).values(indexed=True)
    connection.execute(mark, [{"number": number} for number in terms])
    return len(terms)


def _term(token: str) -> str:
    """Return a token as the letters and digits that no index takes apart or folds."""
    return "x" + token[:_LONG].encode("utf-8", "replace").hex()


def _weights(connection: Connection, tokens: Sequence[str]) -> dict[str, float]:
    """Return the inverse document frequency of each of the tokens; 0 for one that no text holds."""
    terms = sorted({_term(token) for token in tokens if token})
    if not terms:
        return {}
    if connection.dialect.name == "sqlite":
        query = sa.text("SELECT term, doc FROM search_terms WHERE term IN :terms")
        rows = connection.execute(query.bindparams(sa.bindparam("terms", terms, expanding=True)))
        n_all = connection.scalar(sa.text("SELECT max(id) FROM search_docsize")) or 0
    else:
        query = sa.text(
            "SELECT t, (SELECT count(*) FROM (SELECT 1 FROM search WHERE tokens @@ CAST(t AS tsquery) LIMIT :most) q)"
            " FROM unnest(CAST(:terms AS text[])) t"
        )
        rows = connection.execute(query, {"terms": terms, "most": _OFTEN})
        n_all = (
            connection.scalar(sa.text("SELECT reltuples FROM pg_class WHERE oid = 'search'::regclass")) or 0
        )
    counts: dict[str, int] = {term: n for term, n in rows}  # noqa: C416 - rows are not tuples to mypy
    n_all = max(n_all, *counts.values(), 1) if counts else 1
    return {t: math.log1p(n_all / counts[t]) if counts.get(t) else 0.0 for t in terms}


def _rare(weights: Mapping[str, float]) -> dict[str, float]:
    known = sorted((t for t in weights if weights[t] > 0), key=lambda t: (-weights[t], t))
    return {t: weights[t] for t in known[:_RARE]}


def _ranked(
    connection: Connection,
    weights: Mapping[str, float],
    conditions: Where,
    letters: Mapping[str, str] | None = None,
    *,
    every: bool,
    offset: int,
    limit: int,
) -> list[tuple[int, float]]:
    if not weights:
        return []
    on_sqlite = connection.dialect.name == "sqlite"
    query = _on_sqlite(weights, every) if on_sqlite else _on_postgresql(weights, every)
    order: Sequence[sa.ColumnElement[Any]] = (sa.desc("score"), _i.c.id)
    if letters:
        query, first = _with_letters(query, weights, letters, every, on_sqlite)
        order = (first.desc(), *order)
    best = query.where(*conditions).order_by(*order).offset(offset).limit(limit)
    return [(number, float(value)) for number, value in connection.execute(best)]


def _with_letters(
    ranked: sa.Select[Any],
    weights: Mapping[str, float],
    letters: Mapping[str, str],
    every: bool,
    on_sqlite: bool,
) -> tuple[sa.Select[Any], sa.ColumnElement[bool]]:
    """Return the query for what the index ranks and what only has the letters (score 0), and what has all letters."""
    t = schema.texts
    best = ranked.cte("ranked").prefix_with("MATERIALIZED")  # SQLite ranks only where nothing else is joined
    written = {
        term: sa.or_(*(column.contains(word, autoescape=True) for column in (_i.c.title, t.c.text)))
        for term, word in letters.items()
    }
    query = (
        sa.select(_i.c.id, sa.func.coalesce(best.c.score, 0.0).label("score"))
        .select_from(_i.join(t, t.c.item == _i.c.id).outerjoin(best, best.c.id == _i.c.id))
        .where(
            (sa.and_ if every else sa.or_)(
                *(sa.or_(_in_index(term, on_sqlite), written.get(term, sa.false())) for term in weights)
            )
        )
    )
    return query, sa.and_(*written.values())


def _in_index(term: str, on_sqlite: bool) -> sa.ColumnElement[bool]:
    """Return the condition that the index holds the term for an item."""
    if on_sqlite:
        match = sa.text("search MATCH :one").bindparams(sa.bindparam("one", term, unique=True))
        return _i.c.id.in_(sa.select(_s.c.rowid).where(match))
    return _i.c.id.in_(sa.select(_s.c.item).where(_s.c.tokens.op("@@")(sa.cast(sa.literal(term), TSQUERY))))


def _on_sqlite(weights: Mapping[str, float], every: bool) -> sa.Select[Any]:
    match = sa.text("search MATCH :match").bindparams(match=(" AND " if every else " OR ").join(weights))
    score = sa.literal_column("-bm25(search)", sa.Float).label("score")
    return sa.select(_i.c.id, score).select_from(_i.join(_s, _s.c.rowid == _i.c.id)).where(match)


def _on_postgresql(weights: Mapping[str, float], every: bool) -> sa.Select[Any]:
    length = sa.func.ln(2 + sa.func.length(_s.c.tokens))
    if every:
        holds = _s.c.tokens.op("@@")(sa.cast(sa.literal(" & ".join(weights)), TSQUERY))
        query = sa.select(_i.c.id, (1 / length).label("score"))
        return query.select_from(_i.join(_s, _s.c.item == _i.c.id)).where(holds)
    terms, values = (sa.literal(list(part)) for part in (weights.keys(), weights.values()))
    weighed = sa.func.unnest(sa.cast(terms, ARRAY(sa.Text)), sa.cast(values, ARRAY(sa.Float)))
    each = weighed.table_valued("term", "idf").render_derived()
    holds = _s.c.tokens.op("@@")(sa.cast(each.c.term, TSQUERY))
    query = sa.select(_i.c.id, (sa.func.sum(each.c.idf) / length).label("score"))
    return query.select_from(each.join(_s, holds).join(_i, _s.c.item == _i.c.id)).group_by(_i.c.id, _s.c.item)


def _hits(connection: Connection, found: Sequence[tuple[int, float]]) -> list[Hit]:
    wanted = sa.select(_i.c.id).where(_i.c.id.in_([number for number, _ in found]))
    items = {item.id: item for item in full_items(connection, wanted, now())}
    return [Hit(items[n], score) for n, score in found]


def _likeness(hit: Hit, weights: Mapping[str, float], names: Mapping[str, str], far: set[str]) -> Hit:
    """Return the hit with what it shares with a text of these ``weights``.

    The likeness is the cosine of both texts' tokens by squared rarity, the hit's being taken to be as rare as the text's
    on average: no further token is looked up.
    """
    of_far = {_term(token) for token in far if token}
    both = sorted(of_far & weights.keys(), key=lambda term: (-weights[term], term))
    whole = sum(weight**2 for weight in weights.values())
    if not whole or not both:
        return hit
    cosine = sum(weights[term] ** 2 for term in both) / whole * math.sqrt(len(weights) / len(of_far))
    return replace(hit, likeness=min(cosine, 1.0), shared=tuple(names[term] for term in both))


def _body(connection: Connection, item: int) -> str:
    t = schema.texts
    query = sa.select(_i.c.title, t.c.text).join(t, t.c.item == _i.c.id).where(_i.c.id == item)
    row = connection.execute(query).first()
    if row is None:
        raise NotStoredError("문서 {number} 이(가) 없습니다. 목록에서 다시 고르세요.", number=item)
    return f"{row.title}\n{row.text}"


def _beside(connection: Connection, item: int) -> Where:
    """Return the conditions for the other items of rounds with the item's plan."""
    p = schema.projects
    own = sa.select(p.c.plan_sha).join(_i, _i.c.project == p.c.id).where(_i.c.id == item).scalar_subquery()
    rounds = list(connection.scalars(sa.select(p.c.id).where(p.c.plan_sha == own)))
    return [_i.c.project.in_(rounds), _i.c.id != item]


def _alike(connection: Connection, item: int, body: str, tokens: Sequence[str]) -> list[dict[str, Any]]:
    """Return the likenesses of an item: texts of other content and group with similar letters."""
    own = connection.execute(sa.select(_i.c.content, _i.c.duplicates).where(_i.c.id == item)).one()
    conditions = [*_beside(connection, item), _i.c.content != own.content]
    if own.duplicates is not None:
        conditions.append(sa.or_(_i.c.duplicates.is_(None), _i.c.duplicates != own.duplicates))
    weights = _rare(_weights(connection, tokens))
    found = _ranked(connection, weights, conditions, every=False, offset=0, limit=5)
    alike = [(number, similarity(body, _body(connection, number))) for number, _ in found]
    return [{"item": item, "other": n, "similarity": share} for n, share in alike if share >= _SIMILAR]
