"""Search by morphemes, and the nearest decided cases: one Kiwi in the server, built at the first question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from threading import Lock
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hyeoksin.indexing import fill_index, search_tokens
from hyeoksin.morphemes import Tokenizer
from hyeoksin.normalise import normalise
from hyeoksin.store import Hit, Item, Store
from hyeoksin.web.access import StoreDep, Viewer, Visitor
from hyeoksin.web.desk.filters import STANDINGS
from hyeoksin.web.desk.highlight import Piece, pieces
from hyeoksin.web.desk.words import word_of
from hyeoksin.web.pages import is_htmx, render
from hyeoksin.web.private import shown_document

__all__ = ["router", "snippet", "tokens_of"]

router = APIRouter(include_in_schema=False)
PAGE = 30
_LONGEST = 200  # characters of a question
_AROUND = 60  # characters of a snippet before the first word that was found
_FOLLOWED = 3_000  # documents of a round up to which likenesses are looked for at once
_filling = Lock()


@cache
def _tokenizer() -> Tokenizer:
    return Tokenizer(workers=1)


def tokens_of(text: str) -> list[str]:
    """Return the content morphemes of a text or question, as the index holds them."""
    return next(iter(search_tokens(_tokenizer(), [text])), [])


def _fill(store: Store, project: int | None) -> None:
    """Bring the index up to date; what is new in it is compared with what was decided before."""
    with _filling:
        n_new = fill_index(store, _tokenizer(), project)
        if n_new and project is not None and store.count(project) <= _FOLLOWED:
            store.follow(project, _many)


def _many(texts: Sequence[str]) -> Iterable[Sequence[str]]:
    return search_tokens(_tokenizer(), texts)


@router.get("/rounds/{project}/search")
def show(
    request: Request,
    store: StoreDep,
    user: Viewer,
    project: int,
    q: str = "",
    everywhere: str = "",
    page: int = 1,
) -> Response:
    """Find documents by their words, whatever their endings."""
    found = store.project(project)
    asked = normalise(q[:_LONGEST]).strip()
    where = None if everywhere else project
    tokens = tokens_of(asked) if asked else []
    hits: list[Hit] = []
    every = True
    if tokens:
        _fill(store, where)
        offset = (max(page, 1) - 1) * PAGE
        hits = store.search(where, tokens, offset=offset, limit=PAGE + 1)
        if not hits and page <= 1 and len(tokens) > 1:
            every = False
            hits = store.search(where, tokens, every=False, limit=PAGE)
    plans = {hit.item.project: store.plan(hit.item.project) for hit in hits}
    values = {
        "project": found,
        "q": asked,
        "everywhere": everywhere,
        "tokens": [token.partition("/")[0] for token in tokens],
        "rows": [_row(user, hit.item, tokens) for hit in hits[:PAGE]],
        "every": every,
        "page": max(page, 1),
        "more": len(hits) > PAGE,
        "rounds": {one.id: one.name for one in store.projects()},
        "standings": STANDINGS,
        "word_of": lambda item: word_of(plans[item.project], item.decision),
    }
    return render(request, "desk/search.html", values)


def _row(user: Visitor, item: Item, tokens: Sequence[str]) -> dict[str, Any]:
    document = shown_document(user, item.document)
    forms = {token.partition("/")[0] for token in tokens}
    return {
        "item": item,
        "title": pieces(document.title or document.id, _spans(document.title, forms)),
        "text": snippet(document.text, forms),
        "region": document.region or item.region,
    }


def _spans(text: str, forms: Iterable[str]) -> list[dict[str, Any]]:
    found = []
    lowered = text.lower()
    for form in forms:
        at = lowered.find(form)
        while at >= 0:
            found.append({"start": at, "end": at + len(form), "weight": 1.0})
            at = lowered.find(form, at + len(form))
    return found


def snippet(text: str, forms: Iterable[str], length: int = 160) -> tuple[Piece, ...]:
    """Return the part of ``text`` around the first of the word forms, with all of them marked."""
    flat = " ".join(text.split())
    spans = _spans(flat, forms)
    start = max(min((span["start"] for span in spans), default=0) - _AROUND, 0)
    part = flat[start : start + length]
    marked = pieces(part, spans, start)
    before = (Piece("…", 0),) if start else ()
    return (*before, *marked, *((Piece("…", 0),) if start + length < len(flat) else ()))


@router.get("/items/{number}/near")
def near(request: Request, store: StoreDep, user: Viewer, number: int) -> Response:
    """Show the nearest decided cases of a document: a piece of its page, or a page of its own without JavaScript."""
    item = store.item(number)
    _fill(store, item.project)
    plan = store.plan(item.project)
    project = store.project(item.project)
    hits = store.nearest_decided(number, tokens_of(item.document.body))
    rows = []
    for hit in hits:
        other, decision = hit.item, hit.item.decision
        if decision is None or (project.coders == 2 and other.project == project.id):
            continue  # two coders decide by themselves
        document = shown_document(user, other.document)
        rows.append(
            {
                "item": other,
                "title": document.title or document.text[:60] or document.id,
                "word": word_of(plan, decision),
                "by": decision.by,
                "similarity": hit.similarity,
            }
        )
    values = {"item": item, "project": project, "near": rows}
    return render(request, "desk/near.html" if is_htmx(request) else "desk/near_page.html", values)
