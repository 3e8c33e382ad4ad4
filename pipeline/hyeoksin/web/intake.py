"""From an uploaded file to judged items: read in a killable process, duplicates grouped, judged, added as a whole."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, JudgeError, RowError
from hyeoksin.readers import Columns, read_told
from hyeoksin.readers.columns import REMEDIES
from hyeoksin.readers.notes import encodings_last, heard, log
from hyeoksin.store.adding import indexable
from hyeoksin.web.judge import Judge

if TYPE_CHECKING:
    from hyeoksin.duplicates import Entry

__all__ = ["Rows", "judged", "read_files"]

READ_SECONDS = 900.0
_ON_A_PAGE = {  # in place of REMEDIES, whose options a page has not
    "title": "맞는 열의 머리글을 '과제명' 으로 고쳐 올리세요.",
    "text": "맞는 열의 머리글을 '내용' 으로 고쳐 올리세요.",
    "both": "머리글을 '과제명', '내용' 으로 고쳐 올리세요.",
}
_BROKEN = dict.fromkeys([0, *range(0xD800, 0xE000)], "\ufffd")  # what no database keeps


@dataclass(frozen=True, slots=True)
class Rows:
    """What was read: the documents, the rows that could not be used with the reason of each, what else is to be known."""

    documents: tuple[Document, ...]
    failed: tuple[RowError, ...]
    notes: tuple[str, ...] = ()


def read_files(
    paths: Sequence[Path], max_rows: int, tell: Callable[[int], None], seconds: float = READ_SECONDS
) -> Rows:
    """Read all files, each in the process for foreign formats; ``tell`` hears the number of rows now and then.

    Raises:
        InputError: more rows than ``max_rows``, or reading took longer than ``seconds``.
    """
    with heard() as notes:
        documents, failed = _read(paths, max_rows, tell, seconds)
    return Rows(
        tuple(documents), tuple(failed), tuple(_remedied(_clean(note)) for note in encodings_last(notes))
    )


def _read(
    paths: Sequence[Path], max_rows: int, tell: Callable[[int], None], seconds: float
) -> tuple[list[Document], list[RowError]]:
    end = time.monotonic() + seconds
    documents: list[Document] = []
    failed: list[RowError] = []
    for path in paths:
        for item in read_told(path, Columns(), isolated=True):
            if isinstance(item, RowError):
                failed.append(RowError(_clean(item.source), _remedied(_clean(item.reason))))
            else:
                documents.append(_storable(item))
            n_rows = len(documents) + len(failed)
            if n_rows > max_rows:
                raise InputError(
                    f"{path.name}: 줄이 {max_rows:,}개를 넘습니다. 나누어 올리거나 hyeoksin batch 를 쓰세요."
                )
            if time.monotonic() > end:
                raise InputError(
                    f"{path.name}: {seconds / 60:.0f}분 안에 다 읽지 못해 멈췄습니다. 나누어 올리세요."
                )
            if n_rows % 200 == 0:
                tell(n_rows)
    return documents, failed


def _remedied(sentence: str) -> str:
    """Return what a reader says with a remedy that works on a page: the heading is renamed."""
    for case, remedy in REMEDIES.items():
        sentence = sentence.replace(remedy, _ON_A_PAGE[case])
    return sentence


def _clean(text: str) -> str:
    return text.translate(_BROKEN)


def _storable(document: Document) -> Document:
    """Return the document without NUL and half characters, which no database keeps, and with names that an index holds.

    The lengths of the texts stay.
    """
    number, region = indexable(document.id), document.region and indexable(document.region)
    if (number, region) != (document.id, document.region):
        log.info("%s: 500자를 넘는 번호나 지역은 앞부분만 넣었습니다.", document.source)
    return replace(
        document,
        id=_clean(number),
        text=_clean(document.text),
        title=_clean(document.title),
        source=_clean(document.source),
        date=None if document.date is None else _clean(document.date),
        region=None if region is None else _clean(region),
        meta={_clean(name): _clean(value) for name, value in document.meta.items()},
    )


def judged(
    judge: Judge, documents: Sequence[Document], plan: str, failed: list[RowError] | None = None
) -> Iterator[tuple[Document, dict[str, Any]]]:
    """Yield each document with its record; (nearly) equal texts are judged once, by the text that stands for them.

    Args:
        judge: what classifies.
        documents: the texts.
        plan: what ``load_plan`` takes.
        failed: gets the texts that break the classifier; without it, the first one ends all.

    Raises:
        JudgeError: as ``Judge.judge_all``.
    """
    from hyeoksin.duplicates import answer_key, group

    entries = group(documents)
    keys = [answer_key(entry.judged) for entry in entries]
    uses = Counter(keys)
    firsts = dict(zip(reversed(keys), (entry.judged for entry in reversed(entries)), strict=True))
    order = list(dict.fromkeys(keys))
    answers = judge.judge_all((firsts[key] for key in order), plan)
    kept: dict[tuple[str | None, ...], str | JudgeError] = {}
    for entry, key in zip(entries, keys, strict=True):
        answer = kept[key] if key in kept else next(answers)
        if uses[key] > 1:
            kept[key] = answer
        if not isinstance(answer, JudgeError):
            yield entry.document, _own_record(json.loads(answer), entry)
        elif failed is None:
            raise answer
        else:
            failed.append(RowError(entry.document.source, str(answer)))


def _own_record(record: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """Return the record for the entry's own document, with evidence that stands in its own text."""
    document = entry.document
    own = {name: value for name, value in record.items() if name not in ("date", "meta")}
    own |= {"id": document.id, "source": document.source}
    own |= {} if document.date is None else {"date": document.date}
    own |= {"meta": dict(document.meta)} if document.meta else {}
    if entry.group is not None:
        own["duplicate_group"] = entry.group
    if entry.copied is not None:
        body = document.body
        own["evidence"] = [
            {**span, "start": at, "end": at + len(span["text"])}
            for span in record["evidence"]
            if (at := body.find(span["text"])) >= 0
        ]
        own["notes"] = [*record.get("notes", ()), entry.copied]
    return own
