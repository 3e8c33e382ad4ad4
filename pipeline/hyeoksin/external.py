"""Public texts that are not ours to ship: joined by folder to the labels that we give them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hyeoksin.agency import load_agencies
from hyeoksin.corpus import Example, text_hash
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.plan import load_plan
from hyeoksin.rows import CODED, LabelRow, by_plan, checked, json_rows, read_text, table_rows

__all__ = [
    "Found",
    "labelled",
    "labelled_examples",
    "labelled_ids",
    "matched",
    "plan_examples",
    "press_examples",
    "public_texts",
    "sources",
]

REAL_WEIGHT = 3.0
_ALIKE = 60  # letters and digits


_KEYS = ("name", "repository", "commit", "files", "fields")


@dataclass(frozen=True, slots=True)
class Found:
    """The labelled texts of one set: those found, and an error for each that is missing, changed or wrongly labelled."""

    name: str
    examples: tuple[Example, ...]
    missing: tuple[RowError, ...]
    changed: tuple[RowError, ...]
    wrong: tuple[RowError, ...]
    broken: tuple[RowError, ...] = ()

    @property
    def failures(self) -> tuple[RowError, ...]:
        """All that went wrong, files first."""
        return (*self.broken, *self.wrong, *self.missing, *self.changed)


def sources(path: Path) -> dict[str, dict[str, Any]]:
    """Return the public sources by name (``corpus/external.yaml``).

    Raises:
        InputError: no YAML, or not a list of sources.
    """
    try:
        entries = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise InputError(f"{path}:{line}: YAML 문법이 틀렸습니다. 들여쓰기와 따옴표를 확인하세요.") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"{path}: 공개 자료의 목록이어야 합니다 (자료마다 '- name: …' 으로 시작).")
    for number, entry in enumerate(entries, start=1):
        if lacking := [key for key in _KEYS if key not in entry]:
            raise InputError(f"{path}: {number}번째 자료에 없는 것: {', '.join(lacking)}")
    return {entry["name"]: entry for entry in entries}


def public_texts(entry: Mapping[str, Any], folder: Path) -> Iterator[Document]:
    """Yield the texts of one public source from the folder that holds its files.

    Raises:
        InputError: a file is missing (the message names the public source) or damaged.
    """
    for name in entry["files"]:
        path = folder / name
        if not path.is_file():
            raise InputError(
                f"{path}: 없습니다. 공개 자료 {entry['repository']} ({entry['commit']}) 에서 받으세요."
            )
        number = 0
        try:
            for document in _texts(entry, path):
                number += 1
                yield document
        except (ValueError, KeyError, TypeError, AttributeError, EOFError, OSError, zlib.error) as error:
            raise InputError(
                f"{path}:{number + 1}: 읽지 못했습니다 ({type(error).__name__}). 파일을 다시 만드세요."
            ) from error


def _texts(entry: Mapping[str, Any], path: Path) -> Iterator[Document]:
    fields = entry["fields"]
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
        InputError: a labelled text is missing or is not the text that was labelled, or a label is wrong.
    """
    for name, entry in sources(listing).items():
        table = labels / f"{name}.csv"
        if not table.is_file():
            continue
        found = matched(table, {document.id: document for document in public_texts(entry, folder)})
        for error in found.failures:
            raise error
        yield from found.examples


def matched(table: Path, texts: Mapping[str, Document]) -> Found:
    """Return the rows of a table of ``corpus/labels`` joined to their texts, by id and hash of the normalised text.

    Raises:
        InputError: the table lacks a column or cannot be read.
    """
    plans = {plan: load_plan(plan) for plan in CODED}
    columns = ["id", "sha256", "agency", *(f"{what}{plan}" for plan in CODED for what in ("plan", "ok"))]
    examples: list[Example] = []
    missing: list[RowError] = []
    changed: list[RowError] = []
    wrong: list[RowError] = []
    seen: set[str] = set()
    for number, row in table_rows(table, columns):
        place, name = f"{table.name}#row={number}", row["id"]
        document = texts.get(name)
        try:
            said = checked(LabelRow, by_plan(row, CODED) | {"lead": row["agency"]}, place, plans)
        except RowError as error:
            wrong.append(error)
            continue
        if name in seen:
            wrong.append(RowError(place, f"id '{name}' 가 두 번 나옵니다."))
        elif document is None:
            missing.append(RowError(place, f"'{name}' 의 글이 폴더에 없습니다."))
        elif text_hash(document.title, document.text) != row["sha256"]:
            changed.append(RowError(place, f"'{name}' 의 글이 표시할 때의 글과 다릅니다."))
        else:
            examples.append(labelled(said, document))
        seen.add(name)
    return Found(table.stem, tuple(examples), tuple(missing), tuple(changed), tuple(wrong))


def labelled(row: LabelRow, document: Document) -> Example:
    """Return one row of ``corpus/labels`` with its text."""
    return Example(
        document=document,
        labels={plan: tuple(codes) for plan, codes in row.labels.items()},
        family=_family(document),
        kind=document.source,
        origin="real",
        lead=row.lead,
        acceptable={plan: tuple(codes) for plan, codes in row.ok.items()},
        weight=REAL_WEIGHT,
    )


def labelled_ids(table: Path) -> set[str]:
    """Return the ids of a table of labels; none where there is no such table."""
    return {row["id"] for _, row in table_rows(table, ("id",))} if table.is_file() else set()


def _family(document: Document) -> str:
    """Return what texts that begin alike share (one proposal handed in twice, one release under two titles)."""
    letters = "".join(char for char in document.text if char.isalnum())[:_ALIKE]
    return f"{document.source}:{letters if len(letters) == _ALIKE else document.id}"


def plan_examples(path: Path) -> Iterator[Example]:
    """Yield the plan documents' own lines, extracted and labelled (JSONL; the documents are public, not shipped).

    ``group`` is the split family; lines whose wording is the label itself are left out (they stand in the plan).
    """
    agencies = load_agencies()
    for _, row in json_rows(path):
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
