"""Search by morphemes and letters, and the nearest decided cases; where the index is being filled, by what is in it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hyeoksin.normalise import normalise
from hyeoksin.store import Hit, Item, Store
from hyeoksin.web.access import StoreDep, Viewer, Visitor
from hyeoksin.web.desk.document import saved
from hyeoksin.web.desk.filters import STANDINGS, QueueFilters
from hyeoksin.web.desk.highlight import Piece, pieces
from hyeoksin.web.desk.words import word_of
from hyeoksin.web.filler import Filler
from hyeoksin.web.pages import is_htmx, render
from hyeoksin.web.private import shown, shown_document

__all__ = ["router", "snippet"]

router = APIRouter(include_in_schema=False)
PAGE = 30
_LONGEST = 200  # characters of a question
_WORDS = 5  # that two texts share and the page names
_WORD = re.compile("[가-힣]{2,}")
_AROUND = 60  # characters of a snippet before the first word that was found


def _filler(request: Request) -> Filler:
    filler: Filler = request.app.state.filler
    return filler


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
    """Find documents by their own number, then by their words, whatever their endings and inside other words too."""
    found = store.project(project)
    asked = normalise(q[:_LONGEST]).strip()
    where = None if everywhere else project
    filler = _filler(request)
    tokens, words = filler.asked(asked)
    filling = bool(tokens) and filler.is_behind(where)
    hits: list[Hit] = []
    every = True
    if tokens:
        offset = (max(page, 1) - 1) * PAGE
        hits = store.search(where, tokens, words=words, offset=offset, limit=PAGE + 1)
        if not hits and page <= 1 and len(tokens) > 1:
            every = False
            hits = store.search(where, tokens, words=words, every=False, limit=PAGE)
    numbered = _numbered(store, where, {q.strip(), asked} - {""})
    known = {item.id for item in numbered}
    items = [hit.item for hit in hits[:PAGE] if hit.item.id not in known]
    items = numbered + items if page <= 1 else items
    forms = [token.partition("/")[0] for token in tokens]
    marked = {*forms, *words.values()}
    plans = {item.project: store.plan(item.project) for item in items}
    values = {
        "project": found,
        "done": saved(store, request, user),
        "key": secrets.token_hex(12),
        "from_here": QueueFilters(q=asked, everywhere=everywhere and "1", page=max(page, 1)).query(),
        "q": asked,
        "everywhere": everywhere,
        "tokens": [words.get(token, form) for token, form in zip(tokens, forms, strict=True)],
        "numbered": len(numbered),
        "rows": [_row(user, item, marked) for item in items],
        "every": every,
        "filling": filling,
        "page": max(page, 1),
        "more": len(hits) > PAGE,
        "rounds": {one.id: one.name for one in store.projects()},
        "standings": STANDINGS,
        "word_of": lambda item: word_of(plans[item.project], item.decision),
    }
    return render(request, "desk/search.html", values)


def _numbered(store: Store, project: int | None, numbers: Iterable[str]) -> list[Item]:
    """Return the documents that bear one of the numbers, of one round or of all."""
    rounds = [one.id for one in store.projects()] if project is None else [project]
    asked = [(one, number) for one in rounds for number in numbers]
    return [item for one, n in asked for item in store.items(one, order="id", limit=PAGE, document=n)]


def _row(user: Visitor, item: Item, forms: Collection[str]) -> dict[str, Any]:
    document = shown_document(user, item.document)
    return {
        "item": item,
        "title": pieces(document.title or document.id, _spans(document.title, forms)),
        "text": snippet(document.text, forms),
        "region": shown(user, item.region),
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
    plan = store.plan(item.project)
    project = store.project(item.project)
    filler = _filler(request)
    filling = filler.is_behind(item.project)
    tokens = next(filler.tokens([item.document.body]), [])
    hits = store.nearest_decided(number, tokens, filler.tokens)
    seen = shown(user, item.document.body)
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
                "shared": _words_of(hit.shared, seen),
                "likeness": hit.likeness,
            }
        )
    values = {"item": item, "project": project, "near": rows, "filling": filling}
    return render(request, "desk/near.html" if is_htmx(request) else "desk/near_page.html", values)


def _words_of(tokens: Iterable[str], seen: str) -> list[str]:
    """Return the first few of the tokens that are words of Korean letters in the text as this person sees it."""
    forms = dict.fromkeys(token.partition("/")[0] for token in tokens)
    return [form for form in forms if _WORD.fullmatch(form) and form in seen][:_WORDS]
