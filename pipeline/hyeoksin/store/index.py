"""The index of morphemes in SQL: how tokens stand in it, what they weigh, and the queries that rank items by them.

The index keeps none of the text. A word inside another one (버스 in 시내버스) is no token: it is looked for in the texts
themselves, all of which are read then. SQLite ranks by FTS5's bm25; PostgreSQL, whose own ranking knows no rarity, by the
sum of the inverse document frequencies over the text's length.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.engine import Connection

from hyeoksin.store import schema

__all__ = ["Where", "index_tokens", "ranked", "term_of", "weights_of"]

Where = list[sa.ColumnElement[bool]]
_i, _s = schema.items, schema.search
_MOST = 20_000  # tokens of one text
_LONG = 100  # characters of one token
_OFTEN = 5_000  # texts; a token of more is not counted further, and not compared by


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
        number: [term_of(token) for token in by_number[number][:_MOST] if token] for number in sorted(wanted)
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


def term_of(token: str) -> str:
    """Return a token as the letters and digits that no index takes apart or folds."""
    return "x" + token[:_LONG].encode("utf-8", "replace").hex()


def weights_of(connection: Connection, tokens: Sequence[str]) -> dict[str, float]:
    """Return the inverse document frequency of each of the tokens; 0 for one that no text holds."""
    terms = sorted({term_of(token) for token in tokens if token})
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


def ranked(
    connection: Connection,
    weights: Mapping[str, float],
    conditions: Where,
    letters: Mapping[str, str] | None = None,
    *,
    every: bool,
    offset: int,
    limit: int,
) -> list[tuple[int, float]]:
    """Return the best items with their scores: all or any of the terms, or their letters where these are given."""
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
    by_index: sa.Select[Any],
    weights: Mapping[str, float],
    letters: Mapping[str, str],
    every: bool,
    on_sqlite: bool,
) -> tuple[sa.Select[Any], sa.ColumnElement[bool]]:
    """Return the query for what the index ranks and what only has the letters (score 0), and what has all letters."""
    t = schema.texts
    best = by_index.cte("ranked").prefix_with(
        "MATERIALIZED"
    )  # SQLite ranks only where nothing else is joined
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
