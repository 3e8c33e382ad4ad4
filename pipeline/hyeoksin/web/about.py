"""What this tool is, what it is not, and the card of the model that answers."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from hyeoksin.resources import answering_id, resource
from hyeoksin.web.access import StoreDep, Viewer
from hyeoksin.web.cards import card
from hyeoksin.web.pages import render

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/about")
def about(request: Request, store: StoreDep, user: Viewer) -> Response:
    """Say that answers are recommendations, and show the model card."""
    row = store.active_model()
    folder = row.folder if row is not None else resource("model")
    return render(request, "about.html", {"model": answering_id(folder), "card": card(folder)})
