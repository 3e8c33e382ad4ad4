"""The texts of results that were kept without them: from the file that was classified, by id and place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers import Columns, read_told
from hyeoksin.results import Result

__all__ = ["TextsById", "read_texts", "with_texts"]


@dataclass(frozen=True, slots=True)
class TextsById:
    """The documents of a file or folder, by id."""

    path: Path
    by_id: Mapping[str, Sequence[Document]]


def read_texts(path: Path, failed: list[RowError]) -> TextsById:
    """Return the documents of a file or folder; ``failed`` receives the rows that cannot be used.

    Raises:
        InputError: no text can be read.
    """
    known: dict[str, list[Document]] = {}
    for item in read_told(path, Columns()):
        if isinstance(item, Document):
            known.setdefault(item.id, []).append(item)
        else:
            failed.append(item)
    if not known:
        raise InputError(f"{path}: 읽을 수 있는 글이 없습니다. 분류할 때 넣은 파일을 --texts 로 주세요.")
    return TextsById(path, known)


def with_texts(results: Iterable[Result], texts: TextsById | None) -> Iterator[Result]:
    """Yield the results with their texts, joined by id; as they are where there are none.

    Where an id stands at several places of the results or texts, that text counts which stands at the result's own place
    (file, sheet, row); a result without one stays as it is.

    Raises:
        InputError: it is not clear which of several texts is meant.
    """
    if texts is None:
        yield from results
        return
    results = list(results)
    places: dict[str, set[str]] = {}
    for result in results:
        places.setdefault(result.document.id, set()).add(result.document.source)
    for result in results:
        document = _text_of(result.document, texts.by_id.get(result.document.id, ()), places, texts.path)
        yield result if document is None else replace(result, document=document)


def _text_of(
    told: Document, found: Sequence[Document], places: Mapping[str, set[str]], texts: Path
) -> Document | None:
    """Return the text of a result's document, under the result's source."""
    repeated = len(places[told.id]) > 1
    if repeated or len(found) > 1:
        here = [one for one in found if _is_at(one.source, told.source, places[told.id])]
        elsewhere = any(_is_at(one.source, at, places[told.id]) for one in found for at in places[told.id])
        if len(here) > 1 or (len(found) > 1 and not here and not (repeated and elsewhere)):
            raise InputError(
                f"{texts}: 번호 '{told.id}' 의 글이 여럿이라 어느 글인지 알 수 없습니다. 번호를 서로 다르게 하거나 "
                "분류할 때 넣은 파일을 그대로 주세요."
            )
        found = here
    return replace(found[0], source=told.source) if found else None


def _is_at(source: str, place: str, places: set[str]) -> bool:
    """Tell whether a text's source is a result's place; one of them may lack the folders before the file.

    ``places`` are those of all results with the id: without folders a source may be any of several.
    """
    if source in places or place == source:
        return place == source
    meant = [one for one in places if one.endswith(f"/{source}") or source.endswith(f"/{one}")]
    return meant == [place]
