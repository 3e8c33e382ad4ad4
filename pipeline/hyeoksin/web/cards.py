"""A model folder's name and its card, read from the two small files alone: no weights are loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from hyeoksin.errors import ModelError

__all__ = ["card", "model_id"]

MAX_CARD = 200_000


def model_id(folder: Path) -> str:
    """Return the model's name and hash, as they stand in every record.

    Raises:
        ModelError: the folder holds no model.
    """
    try:
        raw = (folder / "model.json").read_bytes()
        return f"{json.loads(raw)['name']}@{hashlib.sha256(raw).hexdigest()[:8]}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: 모델 폴더가 아닙니다. model.json 이 있는 폴더를 주세요.") from error


def card(folder: Path) -> Markup | None:
    """Return the model card as HTML (raw HTML in it stays text); None where the folder has none."""
    path = folder / "MODEL_CARD.md"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")[:MAX_CARD]
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))  # noqa: S704 - html is off  # nosec B704
