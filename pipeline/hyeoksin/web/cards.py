"""The card of a model folder as HTML."""

from __future__ import annotations

from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

__all__ = ["card"]

MAX_CARD = 200_000


def card(folder: Path) -> Markup | None:
    """Return the model card as HTML (raw HTML in it stays text); None where the folder has none."""
    path = folder / "MODEL_CARD.md"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")[:MAX_CARD]
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))  # noqa: S704 - html is off  # nosec B704
