"""What an audit reads: a batch output folder, records as ``classify`` writes them, a store, or texts classified first."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hyeoksin.audit.table import Records
from hyeoksin.causes import missing
from hyeoksin.codes import CODE_COLUMNS, key
from hyeoksin.decoding import readable
from hyeoksin.errors import InputError
from hyeoksin.privacy import masked
from hyeoksin.results import main_plan, other_editions, refuse_unfinished
from hyeoksin.results.records import first_line

if TYPE_CHECKING:
    from hyeoksin.store import Item, Store

__all__ = ["asked_plan", "fingerprints", "found", "left_out", "refuse_inside", "told_failed"]

_TABLES = (".csv", ".tsv", ".xlsx")
_STORES = (".db", ".sqlite", ".sqlite3")
_TOLD = 3  # rows that could not be read, in a note
_ROWS = 1_000  # of a store, written at once
_MARK = "계획 밖 확률"  # a column that only our own tables have


@contextmanager
def found(path: Path, plan: str, model: Path | None = None) -> Iterator[Records]:
    """Give the records of an input; raw texts are classified into a temporary folder.

    Raises:
        InputError: there is nothing to read, or a table of results that lacks what an audit needs.
    """
    records = _records(path)
    if records is not None:
        yield replace(records, notes=_left_out_of_run(path))
        return
    with TemporaryDirectory(prefix="hyeoksin-audit-") as folder:
        if path.suffix.lower() in _STORES:
            yield _stored(path, Path(folder), plan)
        else:
            yield _classified(path, Path(folder) / "out", plan, model)


def asked_plan(path: Path) -> str:
    """Return the plan to audit where none is named: that of the records, 2019 for texts and stores.

    Raises:
        InputError: as :func:`found`, or the records are of an office's own plan.
    """
    return "2019" if _records(path) is None else main_plan(path)


def _records(path: Path) -> Records | None:
    """Return the records that stand at ``path``, None where it holds texts."""
    if path.is_dir():
        inside = path / "records" if (path / "records").is_dir() else path
        refuse_unfinished(path)
        for form in ("parquet", "jsonl"):
            parts = tuple(sorted(inside.glob(f"part-*.{form}")))
            if parts:
                return Records(parts, form)
        return None
    if not path.is_file():
        raise InputError(missing(path))
    suffix = path.suffix.lower()
    if suffix == ".parquet" and _parquet_columns(path) >= {"record", "제목", "내용"}:
        return Records((path,), "parquet")
    if suffix == ".jsonl" and _is_record(path):
        return Records((path,), "jsonl")
    if suffix in _TABLES and _is_result_table(path):
        raise InputError(
            f"{path.name}: 분류 결과의 표({suffix})에는 후보마다의 확률이 없어 감사할 수 없습니다. "
            "-o 결과.parquet 또는 결과.jsonl 로 다시 분류하거나 분류하기 전의 글을 주세요."
        )
    return None


def _parquet_columns(path: Path) -> set[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return set(pq.read_schema(path).names)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path.name}: Parquet로 읽을 수 없습니다. 파일을 다시 만드세요.") from error


def _is_record(path: Path) -> bool:
    try:
        first = json.loads(first_line(path))
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and {"plan", "candidates", "off_plan"} <= set(first)


def _is_result_table(path: Path) -> bool:
    from hyeoksin.tabular import read_rows

    rows = read_rows(path)
    return bool(rows) and _MARK in rows[0].cells


def _classified(path: Path, output: Path, plan: str, model: Path | None) -> Records:
    from hyeoksin.batch import Options, run

    manifest = run(Options(inputs=(path,), output=output, plan=plan, model=model, gate="off"))
    failed = tuple((output / "failed.jsonl").read_text(encoding="utf-8").splitlines())
    if not manifest["rows"]["out"]:
        raise InputError(f"{path}: 읽을 수 있는 글이 한 건도 없습니다. 첫 까닭: {told_failed(failed[:1])}")
    parts = tuple(sorted((output / "records").glob("part-*.parquet")))
    return Records(parts, "parquet", failed, path, _decided(path))


def _decided(path: Path) -> tuple[str, ...]:
    """Return the note on a column of decided codes in a table of texts, which are classified all the same."""
    from hyeoksin.tabular import first_row

    names = first_row(path) if path.suffix.lower() in _TABLES else ()
    column = next((name.strip() for name in names if key(name) in CODE_COLUMNS), None)
    if column is None:
        return ()
    return (
        f"{readable(path.name)} 의 '{column}' 열은 세지 않고 글을 새로 분류해 감사했습니다. 사람이 정한 코드로 바로잡으려면 hyeoksin "
        "audit-sample 로 뽑은 표의 '코더1' 열에 그 코드를 옮겨 적어 --coded 로 주세요.",
    )


def _left_out_of_run(path: Path) -> tuple[str, ...]:
    """Return the note on the rows that a batch run could not read: it listed them, and whoever ran it was told."""
    place = path / "failed.jsonl"
    if not place.is_file():
        return ()
    with place.open(encoding="utf-8") as lines:
        return left_out(
            lines, "모두 failed.jsonl 에 있습니다. 고쳐서 같은 hyeoksin batch 명령을 다시 한 뒤 감사하세요."
        )


def left_out(lines: Iterable[str], how: str) -> tuple[str, ...]:
    """Return the note on rows that could not be read, lines of ``failed.jsonl`` however many, and how to mend them."""
    rest = iter(lines)
    first = list(islice(rest, _TOLD))
    n = len(first) + sum(1 for _ in rest)
    more = " …" if n > _TOLD else ""
    told = f"읽지 못해 뺀 줄이 {n:,}건 있습니다 ({told_failed(first)}{more}). {how}"
    return (told,) if n else ()


def told_failed(lines: Sequence[str]) -> str:
    """Return rows that could not be read in words, masked: file, row and reason."""
    told = []
    for row in map(json.loads, lines):
        place = "" if row["row"] is None else f" {row['row']}번째 줄"
        told.append(masked(f"{row['file']}{place}: {row['reason']}"))
    return " / ".join(told)


def _stored(path: Path, folder: Path, plan: str) -> Records:
    """Write the recommendations of the rounds that were held under ``plan`` as records.

    Raises:
        InputError: the store has no such round, or none of this edition of the plan, or none of its rounds has a text.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from hyeoksin.plan import load_plan
    from hyeoksin.store import open_store

    schema = pa.schema([(name, pa.string()) for name in ("record", "제목", "내용")])
    place, known, n_texts = folder / "part-000000.parquet", load_plan(plan), 0
    with open_store(path, create=False) as store, pq.ParquetWriter(place, schema) as writer:
        rounds = store.projects()
        held = [round_.id for round_ in rounds if round_.plan_sha == known.sha256]
        word = other_editions(rounds, known)
        if word and not held:
            raise InputError(f"{path}: {word}")
        model, notes = _one_model(store, held)
        items = (item for round_ in held for item in store.each(round_))
        while batch := list(islice(items, _ROWS)):
            n_texts += len(batch)
            columns = (
                [json.dumps(_record(store, item, model), ensure_ascii=False) for item in batch],
                [item.document.title for item in batch],
                [item.document.text for item in batch],
            )
            writer.write_table(pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema))
    if not n_texts:
        plans = ", ".join(sorted({round_.plan for round_ in rounds})) or "없음"
        raise InputError(
            f"{path}: 계획 {known.id} 의 글이 없습니다 (차수가 있는 계획: {plans}). --plan 을 확인하세요."
        )
    return Records((place,), "parquet", notes=(*notes, *([word] if word else [])))


def _one_model(store: Store, rounds: Sequence[int]) -> tuple[str | None, tuple[str, ...]]:
    """Return the model that has answered every text of the rounds (None: none has), and the note on answers left aside.

    Where several have, it is the one whose answers most texts show now.
    """
    shown, answered = Counter[str](), Counter[str]()
    for number in rounds:
        shown.update({str(model): n for model, n in store.counts(number, "model").items()})
        answered.update(store.answered(number))
    whole = [model for model, n in answered.items() if n == shown.total()]
    if not whole:
        return None, ()
    model = max(whole, key=lambda name: (shown[name], name))
    aside = {name: n for name, n in sorted(shown.items()) if name != model}
    if not aside:
        return model, ()
    told = ", ".join(f"{name} {n:,}건" for name, n in aside.items())
    return model, (
        f"다른 모델의 더 새로운 답이 있는 글도({told}) 모든 글에 답이 있는 모델 {model} 의 답으로 감사했습니다.",
    )


def _record(store: Store, item: Item, model: str | None) -> Mapping[str, Any]:
    """Return the model's record of an item, the newest where no model is asked for, with the region that the desk counts it under."""
    record = item.record if model in (None, item.model) else store.records(item.id)[str(model)]
    return {**record, "id": str(item.id), "region": item.region or None}


def refuse_inside(path: Path, sheet: Path) -> None:
    """Refuse a coding sheet in a folder of texts, where it would be read as texts.

    Raises:
        InputError: it stands there, or would.
    """
    if path.is_dir() and path.resolve() in sheet.resolve().parents and _records(path) is None:
        raise InputError(
            f"{sheet}: 글이 든 폴더 {path} 안의 표는 글로 읽힙니다. 코딩할 표는 그 폴더 밖에 두세요."
        )


def fingerprints(path: Path) -> tuple[Mapping[str, Any], ...]:
    """Return masked name, size and SHA-256 of the input's files, by name: of a folder of results those with the records only."""
    records = _records(path)
    files: Sequence[Path] = [path]
    if records is not None:
        files = records.files
    elif path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
    marks = []
    for file in files:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        name = file.name if path.is_file() else str(file.relative_to(path).as_posix())
        marks.append({"name": masked(readable(name)), "bytes": file.stat().st_size, "sha256": digest})
    return tuple(marks)
