"""Our labels joined to whatever public texts are at hand, for those who train elsewhere: lists what is missing, goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.external import Found, matched, public_texts, sources

__all__ = ["join", "record"]


def join(labels: Path, listing: Path, folder: Path) -> Iterator[Found]:
    """Yield for each labelled set what of it stands in ``folder``, by id and hash of the normalised text.

    Raises:
        InputError: there are no labels at ``labels``.
    """
    entries = [
        (labels / f"{name}.csv", entry)
        for name, entry in sources(listing).items()
        if (labels / f"{name}.csv").is_file()
    ]
    if not entries:
        raise InputError(f"{labels}: 분류 표시(*.csv)가 없습니다. 저장소의 corpus 폴더를 --corpus 로 주세요.")
    for table, entry in entries:
        texts, broken = _texts(entry, folder)
        yield replace(matched(table, texts), broken=tuple(broken))


def _texts(entry: dict[str, Any], folder: Path) -> tuple[dict[str, Document], list[RowError]]:
    """Return the texts by id of the files that are there, and an error for each file that is not or is damaged."""
    texts: dict[str, Document] = {}
    broken: list[RowError] = []
    for name in entry["files"]:
        try:
            for document in public_texts(entry | {"files": [name]}, folder):
                texts[document.id] = document  # what stands before the damage is kept
        except InputError as error:
            broken.append(RowError(name, str(error)))
    return texts, broken


def record(example: Example) -> str:
    """Return a labelled text as one JSON line; as in the written corpus, no code means outside the plan."""
    document = example.document
    line = {
        "id": document.id,
        "set": example.kind,
        "date": document.date,
        "title": document.title,
        "text": document.text,
        "labels": example.labels,
        "acceptable": example.acceptable,
        "lead": example.lead,
    }
    return json.dumps(line, ensure_ascii=False)
