"""Our labels joined to whatever public texts are at hand, for those who train elsewhere: lists what is missing, goes on."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyeoksin.corpus import Example, text_hash
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.external import labelled, public_texts, sources

__all__ = ["Found", "join", "record"]


@dataclass(frozen=True, slots=True)
class Found:
    """The labelled texts of one set: those found, and an error for each that is missing or changed."""

    name: str
    examples: tuple[Example, ...]
    missing: tuple[RowError, ...]
    changed: tuple[RowError, ...]
    broken: tuple[RowError, ...]

    @property
    def failures(self) -> tuple[RowError, ...]:
        """All that went wrong, files first."""
        return (*self.broken, *self.missing, *self.changed)


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
        yield _joined(table, texts, broken)


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
        except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
            broken.append(
                RowError(name, f"끝까지 읽지 못했습니다 ({type(error).__name__}). 파일을 다시 만드세요.")
            )
    return texts, broken


def _joined(table: Path, texts: dict[str, Document], broken: list[RowError]) -> Found:
    examples: list[Example] = []
    missing: list[RowError] = []
    changed: list[RowError] = []
    with table.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            place = f"{table.name}#row={number}"
            document = texts.get(row["id"])
            if document is None:
                missing.append(RowError(place, f"'{row['id']}' 의 글이 폴더에 없습니다."))
            elif text_hash(document.title, document.text) != row["sha256"]:
                changed.append(RowError(place, f"'{row['id']}' 의 글이 표시할 때의 글과 다릅니다."))
            else:
                examples.append(labelled(row, document))
    return Found(table.stem, tuple(examples), tuple(missing), tuple(changed), tuple(broken))


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
