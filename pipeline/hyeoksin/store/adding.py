"""A file of documents on its way into the store: spooled, then inserted, or renewed where it is there already."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hyeoksin.domain import Document, Prediction
from hyeoksin.errors import NotStoredError, RefusedError
from hyeoksin.normalise import normalise
from hyeoksin.privacy import masked_id
from hyeoksin.region import load_regions
from hyeoksin.store import schema
from hyeoksin.store.engine import insert_into, now
from hyeoksin.store.index import index_tokens
from hyeoksin.store.kept import Ready, as_json
from hyeoksin.store.projects import lock_project
from hyeoksin.store.search import Tokenise

__all__ = ["Row", "add_spooled", "check_plan", "content_of", "indexable", "record_of", "renew", "write_spool"]

Row = tuple[Document, Mapping[str, Any] | Prediction]
_Spooled = tuple[
    dict[str, Any], Mapping[str, Any], list[str] | None
]  # an item's columns, its record, its tokens
_Key = tuple[str, str]
_i, _p = schema.items, schema.predictions
_CHUNK = 500
_SHOWN = ("duplicates", "model", "status", "code", "probability", "off_plan", "lead")  # as _answer gives them
_NEW = {name: sa.bindparam(f"new_{name}", type_=_i.c[name].type) for name in _SHOWN}
_DECIDED = _i.c.standing == "decided"  # a person's word stands
_RENEWED = (
    _i.update()
    .where(_i.c.id == sa.bindparam("number"))
    .values(
        **_NEW,
        answer=sa.case((_DECIDED, _i.c.answer), else_=_NEW["code"]),
        answer_lead=sa.case((_DECIDED, _i.c.answer_lead), else_=_NEW["lead"]),
        version=_i.c.version + 1,
        predicted_version=_i.c.version + 1,
    )
)
_HEAD = ("model", "plan_sha")  # what is asked of every record
_LONGEST = 500  # letters; PostgreSQL indexes 2,700 bytes, of number and text together


def content_of(document: Document) -> str:
    """Return the SHA-256 of a document's normalised body, white space squeezed: equal texts have equal hashes."""
    squeezed = " ".join(normalise(schema.clean(document.body)).split())
    return hashlib.sha256(squeezed.encode()).hexdigest()


def write_spool(spool: IO[str], rows: Iterable[Row], kind: str, tokenise: Tokenise | None) -> None:
    """Write columns and tokens on a line, and the record on the next, before any transaction begins."""
    drawn = iter(rows)
    while chunk := list(islice(drawn, _CHUNK)):
        bodies = [document.body for document, _ in chunk]
        tokens = list(tokenise(bodies)) if tokenise else [None] * len(chunk)
        for (document, answer), of_text in zip(chunk, tokens, strict=True):
            record = record_of(answer)
            head = [_columns(document, record, kind), {name: record[name] for name in _HEAD}, of_text]
            spool.writelines(f"{as_json(line)}\n" for line in (head, record))


def record_of(answer: Mapping[str, Any] | Prediction) -> dict[str, Any]:
    """Return the record without ``meta``, which the store keeps with the document."""
    record = answer.to_record() if isinstance(answer, Prediction) else answer
    return {name: value for name, value in record.items() if name != "meta"}


def _columns(document: Document, record: Mapping[str, Any], kind: str) -> dict[str, Any]:
    fields = asdict(document)
    columns = {
        "document": fields["id"],
        "content": content_of(document),
        **{name: fields[name] for name in ("title", "text", "source", "date", "meta")},
        "document_region": document.region,
        "kind": document.meta.get("kind") or kind,
        "region": load_regions().filed(document.region, document.body, record.get("regions") or ()),
        **_answer(record),
    }
    return {name: schema.clean(value) if isinstance(value, str) else value for name, value in columns.items()}


def _answer(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an item that a model's record fills."""
    end = record["path"][-1] if record["path"] else None
    probability = record["off_plan"] if end is None else end["probability"]
    leads = [flag["id"] for flag in record["agencies"] if flag["role"] == "lead"]
    return {
        "duplicates": record.get("duplicate_group"),
        "model": record["model"],
        "status": record["status"],
        "code": None if end is None else end["code"],
        "probability": probability,
        "off_plan": record["off_plan"],
        "lead": leads[0] if leads else None,
    }


def check_plan(record: Mapping[str, Any], sha: str) -> None:
    """Refuse a record of another plan than the round's.

    Raises:
        RefusedError: naming the record and both hashes.
    """
    if not sha.startswith(record["plan_sha"]):
        raise RefusedError(
            "{place}: 다른 계획({plan}, 지문 {sha})으로 분류된 "
            "결과입니다. 이 차수의 계획(지문 {own})으로 다시 분류하세요.",
            place=masked_id(record["source"] or record["id"]),
            plan=record["plan"],
            sha=record["plan_sha"][:8],
            own=sha[:8],
        )


def _chunks(spool: IO[str]) -> Iterator[list[_Spooled]]:
    while lines := list(islice(spool, 2 * _CHUNK)):
        heads = map(json.loads, lines[::2])
        yield [
            (columns, Ready(text, head), tokens)
            for (columns, head, tokens), text in zip(heads, lines[1::2], strict=True)
        ]


def add_spooled(
    connection: Connection, project: int, spool: IO[str], rekinded: list[str] | None = None
) -> int:
    """Insert what :func:`write_spool` wrote, or renew what is there; return how many items are new.

    ``rekinded`` gets the numbers of documents that were there as another kind; without it, they stay what they are.

    Raises:
        NotStoredError: no such round.
        RefusedError: the round is closed, or a record is of another plan.
    """
    found, _, _ = lock_project(connection, project)
    if found.closed:
        raise RefusedError("'{name}' 차수는 마감되었습니다. 다시 연 뒤 올리세요.", name=found.name)
    at, n_new = now(), 0
    for chunk in _chunks(spool):
        names = {name for columns, _, _ in chunk for name in (columns["document"], _with_region(columns))}
        query = sa.select(_i.c.id, _i.c.document, _i.c.content, _i.c.document_region, _i.c.region, _i.c.kind)
        there = _i.c.project == project, _i.c.document.in_(names)
        stored = [dict(row) for row in connection.execute(query.where(*there)).mappings()]
        known = {_key(row): row["id"] for row in stored}
        regions = {_key(row): _given(row) for row in stored}
        kinds = {row["id"]: row["kind"] for row in stored}
        fresh: dict[_Key, _Spooled] = {}
        again: dict[int, Mapping[str, Any]] = {}
        for row in chunk:
            columns, record, tokens = _told_apart(row, regions)
            check_plan(record, found.plan_sha)
            key, region = _key(columns), _given(columns)
            if region is not None and regions.get(key) is None and key in known:
                place = {"document_region": columns["document_region"], "region": region}
                connection.execute(_i.update().where(_i.c.id == known[key]).values(place))
            regions[key] = regions.get(key) or region
            if key in known:
                again[known[key]] = record
                if rekinded is not None and kinds[known[key]] != columns["kind"]:
                    kinds[known[key]] = columns["kind"]
                    rekinded.append(columns["document"])
                    of_kind = _i.update().where(_i.c.id == known[key])
                    connection.execute(of_kind.values(kind=columns["kind"]))
            elif region or key not in fresh:  # a row without a region takes none away
                fresh[key] = (columns, record, tokens)
        renew(connection, project, again, at)
        n_new += _insert(connection, project, list(fresh.values()), at)
    return n_new


def _key(columns: Mapping[str, Any]) -> _Key:
    """Return what a document is known by in its round: its number and its text."""
    return columns["document"], columns["content"]


def _given(columns: Mapping[str, Any]) -> str | None:
    """Return the region that a row gives in its own column, under the official name."""
    return columns["region"] if columns["document_region"] else None


def _with_region(columns: Mapping[str, Any]) -> str:
    return indexable(f"{columns['document']} ({columns['region']})")


def indexable(name: str) -> str:
    """Return a number or region as an index of PostgreSQL holds it: of a long one its beginning and a hash of the whole."""
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{name[: _LONGEST - 13]}#{digest}"


def _told_apart(row: _Spooled, regions: Mapping[_Key, str | None]) -> _Spooled:
    """Return the row, under a number with its region where number and text are those of another region's document."""
    columns, record, tokens = row
    key, region = _key(columns), _given(columns)
    if region is None or regions.get(key) in (None, region):
        return row
    number = _with_region(columns)
    note = f"번호와 글이 같은 다른 지역의 문서가 있어, 번호에 지역을 붙여 따로 두었습니다: {number}"
    notes = [*record.get("notes", ()), note]
    return {**columns, "document": number}, {**record, "id": number, "notes": notes}, tokens


def _insert(connection: Connection, project: int, fresh: list[_Spooled], at: str) -> int:
    if not fresh:
        return 0
    rows = [
        {
            **{name: value for name, value in columns.items() if name not in ("text", "meta")},
            "project": project,
            "added_at": at,
            "answer": columns["code"],
            "answer_lead": columns["lead"],
        }
        for columns, _, _ in fresh
    ]
    numbers = connection.scalars(_i.insert().returning(_i.c.id, sort_by_parameter_order=True), rows).all()
    texts = [
        {"item": number, "text": columns["text"], "meta": columns["meta"]}
        for number, (columns, _, _) in zip(numbers, fresh, strict=True)
    ]
    connection.execute(schema.texts.insert(), texts)
    answers = [
        {"item": number, "model": record["model"], "record": record, "at": at}
        for number, (_, record, _) in zip(numbers, fresh, strict=True)
    ]
    connection.execute(_p.insert(), answers)
    known = [(n, tokens) for n, (_, _, tokens) in zip(numbers, fresh, strict=True) if tokens is not None]
    index_tokens(connection, known)
    return len(rows)


def renew(connection: Connection, project: int, answers: Mapping[int, Mapping[str, Any]], at: str) -> int:
    """Give items (by number) the answers of another model; return how many did not show this model's answer before.

    Raises:
        NotStoredError: the round has no item of such a number.
    """
    n_new, numbers = 0, sorted(answers)
    for start in range(0, len(numbers), _CHUNK):
        some = numbers[start : start + _CHUNK]
        query = sa.select(_i.c.id, _i.c.model).where(_i.c.id.in_(some), _i.c.project == project)
        shown = {row.id: row.model for row in connection.execute(query.order_by(_i.c.id).with_for_update())}
        for number in some:
            if number not in shown:
                raise NotStoredError(
                    "문서 {number} 이(가) 차수 {project} 에 없습니다.", number=number, project=project
                )
        fresh = [(n, answers[n]) for n in some if shown[n] != answers[n]["model"]]
        if fresh:
            insert = insert_into(connection, _p)
            kept = {name: insert.excluded[name] for name in ("record", "at")}
            connection.execute(
                insert.on_conflict_do_update(index_elements=["item", "model"], set_=kept),
                [{"item": n, "model": r["model"], "record": r, "at": at} for n, r in fresh],
            )
            changes = [{f"new_{name}": value for name, value in _answer(r).items()} for _, r in fresh]
            connection.execute(
                _RENEWED, [{"number": n, **change} for (n, _), change in zip(fresh, changes, strict=True)]
            )
        n_new += len(fresh)
    return n_new
