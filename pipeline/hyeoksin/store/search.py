"""Search by morphemes, and the nearest decided cases by their rare ones.

The caller makes the tokens (for texts and queries alike).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hyeoksin.errors import NotStoredError
from hyeoksin.store import schema
from hyeoksin.store.engine import Base, now
from hyeoksin.store.filters import Filters, full_items, where
from hyeoksin.store.index import Where, index_tokens, ranked, term_of, weights_of
from hyeoksin.store.likeness import similarity
from hyeoksin.store.projects import project_of
from hyeoksin.store.rows import Hit, Item

__all__ = ["Search", "Tokenise"]

Tokenise = Callable[[Sequence[str]], Iterable[Sequence[str]]]
_i, _s = schema.items, schema.search
_RARE = 12  # tokens that a text is compared by
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
            weights = weights_of(connection, tokens)
            letters = {term_of(token): word for token, word in (words or {}).items()}
            found = ranked(connection, weights, conditions, letters, every=every, offset=offset, limit=limit)
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
            weights = weights_of(connection, tokens)
            found = ranked(connection, _rare(weights), conditions, every=False, offset=0, limit=limit)
            hits = _hits(connection, found)
        names = {term_of(token): token for token in tokens}
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


def _rare(weights: Mapping[str, float]) -> dict[str, float]:
    known = sorted((t for t in weights if weights[t] > 0), key=lambda t: (-weights[t], t))
    return {t: weights[t] for t in known[:_RARE]}


def _hits(connection: Connection, found: Sequence[tuple[int, float]]) -> list[Hit]:
    wanted = sa.select(_i.c.id).where(_i.c.id.in_([number for number, _ in found]))
    items = {item.id: item for item in full_items(connection, wanted, now())}
    return [Hit(items[n], score) for n, score in found]


def _likeness(hit: Hit, weights: Mapping[str, float], names: Mapping[str, str], far: set[str]) -> Hit:
    """Return the hit with what it shares with a text of these ``weights``.

    The likeness is the cosine of both texts' tokens by squared rarity, the hit's being taken to be as rare as the text's
    on average: no further token is looked up.
    """
    of_far = {term_of(token) for token in far if token}
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
    weights = _rare(weights_of(connection, tokens))
    found = ranked(connection, weights, conditions, every=False, offset=0, limit=5)
    alike = [(number, similarity(body, _body(connection, number))) for number, _ in found]
    return [{"item": item, "other": n, "similarity": share} for n, share in alike if share >= _SIMILAR]
