"""Public texts that are not ours to ship: joined by folder to the labels that we give them."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hyeoksin.agency import load_agencies
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example, text_hash
from hyeoksin.domain import Document
from hyeoksin.errors import InputError

__all__ = [
    "labelled",
    "labelled_examples",
    "labelled_ids",
    "plan_examples",
    "press_examples",
    "public_texts",
    "sources",
]

REAL_WEIGHT = 3.0
_ALIKE = 60  # letters and digits


def sources(path: Path) -> dict[str, dict[str, Any]]:
    """Return the public sources by name (``corpus/external.yaml``)."""
    return {entry["name"]: entry for entry in yaml.safe_load(path.read_text(encoding="utf-8"))}


def public_texts(entry: Mapping[str, Any], folder: Path) -> Iterator[Document]:
    """Yield the texts of one public source from the folder that holds its files.

    Raises:
        InputError: a file is missing; the message names the public source.
    """
    fields = entry["fields"]
    for name in entry["files"]:
        path = folder / name
        if not path.is_file():
            raise InputError(
                f"{path}: 없습니다. 공개 자료 {entry['repository']} ({entry['commit']}) 에서 받으세요."
            )
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8") as file
        ):
            for line in file:
                row = json.loads(line)
                yield Document(
                    id=row[fields["id"]],
                    title=row.get(fields["title"]) or "",
                    text=row.get(fields["text"]) or "",
                    date=row.get(fields.get("date", "")) or None,
                    source=entry["name"],
                    meta={key: str(row.get(field) or "") for key, field in entry.get("meta", {}).items()},
                )


def labelled_examples(labels: Path, listing: Path, folder: Path) -> Iterator[Example]:
    """Yield our labels joined to their public texts, by id and checked by the hash of the normalised text.

    Raises:
        InputError: a labelled text is missing or is not the text that was labelled.
    """
    for name, entry in sources(listing).items():
        table = labels / f"{name}.csv"
        if not table.is_file():
            continue
        texts = {document.id: document for document in public_texts(entry, folder)}
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                document = texts.get(row["id"])
                if document is None or text_hash(document.title, document.text) != row["sha256"]:
                    raise InputError(f"{table.name}: '{row['id']}' 의 글이 없거나 표시할 때의 글과 다릅니다.")
                yield labelled(row, document)


def labelled(row: Mapping[str, str], document: Document) -> Example:
    """Return one row of ``corpus/labels`` with its text."""
    labels: dict[str, tuple[str, ...]] = {}
    acceptable: dict[str, tuple[str, ...]] = {}
    for plan in ("2019", "2024"):
        code = row[f"plan{plan}"]
        labels[plan] = () if code == NONE else (code,)
        acceptable[plan] = tuple(c for c in row[f"ok{plan}"].split(",") if c)
    return Example(
        document=document,
        labels=labels,
        family=_family(document),
        kind=document.source,
        origin="real",
        lead=row["agency"] or None,
        acceptable=acceptable,
        weight=REAL_WEIGHT,
    )


def labelled_ids(table: Path) -> set[str]:
    """Return the ids of a table of labels; none where there is no such table."""
    if not table.is_file():
        return set()
    with table.open(encoding="utf-8", newline="") as file:
        return {row["id"] for row in csv.DictReader(file)}


def _family(document: Document) -> str:
    """Return what texts that begin alike share (one proposal handed in twice, one release under two titles)."""
    letters = "".join(char for char in document.text if char.isalnum())[:_ALIKE]
    return f"{document.source}:{letters if len(letters) == _ALIKE else document.id}"


def plan_examples(path: Path) -> Iterator[Example]:
    """Yield the plan documents' own lines, extracted and labelled (JSONL; the documents are public, not shipped).

    ``group`` is the split family; lines whose wording is the label itself are left out (they stand in the plan).
    """
    agencies = load_agencies()
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line.strip():
            continue
        row = json.loads(line)
        code = row["label_subtask"] or (row["label_task"] if row["plan"] in ("2020", "2024") else None)
        if row["plan"] == "2022":
            code = row["label_strategy"]
        if code is None or row.get("same_wording_as_label"):
            continue
        leads = [agencies.named(name, f"{row['plan']}-06-30") for name in row["lead_agencies"]]
        named = [agencies.reference(a.id) for a in leads if a is not None]
        yield Example(
            document=Document(id=row["id"], title=row["text"]),
            labels={row["plan"]: (code,)},
            family=str(row.get("duplicate_group") or row["group"]),
            kind="plan",
            origin="plan",
            lead=named[0] if len(named) == 1 else None,
        )


def press_examples(entry: Mapping[str, Any], folder: Path) -> Iterator[Example]:
    """Yield press releases with their issuing agency, its names masked."""
    agencies = load_agencies()

    @cache
    def identify(name: str) -> str | None:
        agency = agencies.named(name)
        return None if agency is None else agencies.reference(agency.id)

    for document in public_texts(dict(entry) | {"fields": entry["masked_fields"]}, folder):
        lead = identify(document.meta["agency"])
        if lead is None:
            continue
        yield Example(
            document=Document(
                id=f"press:{document.id}",
                title=document.title.replace("[기관]", " "),
                text=document.text.replace("[기관]", " "),
                date=document.date,
            ),
            labels={},
            family=f"press:{document.id}",
            kind="press",
            origin="press",
            lead=lead,
        )
