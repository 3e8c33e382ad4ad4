"""Which column of a table is what: guessed from its header, or told."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hyeoksin.domain import Document
from hyeoksin.errors import RowError

__all__ = ["Columns", "Layout", "document", "iso_date"]

# In order of preference; a table may hold several text columns, and all of them are read.
_GUESSES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "식별자", "문서번호", "접수번호", "관리번호", "번호", "연번", "순번", "no"),
    "title": ("제목", "과제명", "사업명", "안건명", "제안명", "제안제목", "정책명", "과제", "사업", "title", "subject", "headline"),
    "text": (
        "본문", "내용", "추진내용", "주요내용", "사업내용", "제안내용", "과제내용", "세부내용", "과제개요", "사업개요", "개요",
        "현황", "현황및문제점", "문제점", "개선방안", "추진배경", "추진계획", "기대효과", "text", "content", "contents", "body", "summary",
    ),
    "date": ("날짜", "일자", "등록일", "등록일자", "작성일", "작성일자", "게시일", "보도일", "제출일", "date"),
    "region": ("지역", "지자체", "자치단체", "자치단체명", "기관", "기관명", "제출기관", "시군구", "시도", "region"),
}  # fmt: skip
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d{2})(?:(\d{2})(\d{2})|\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})(?!\d))", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Column names that the user gave; None where they are to be guessed."""

    id: str | None = None
    title: str | None = None
    text: str | None = None
    date: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of the columns in a table, and its header."""

    header: tuple[str, ...]
    places: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, cells: Sequence[str], columns: Columns) -> Layout | None:
        """Return the layout if ``cells`` is a header with a title or text column, else None."""
        header = tuple(cell.strip() for cell in cells)
        keys = [_key(cell) for cell in header]
        places: dict[str, tuple[int, ...]] = {}
        for field, guesses in _GUESSES.items():
            told = getattr(columns, field)
            wanted = (_key(told),) if told else guesses
            found = tuple(keys.index(name) for name in wanted if name in keys)
            if told and not found:
                return None
            places[field] = found if field == "text" else found[:1]
        places["text"] = tuple(sorted(places["text"]))
        return cls(header, places) if places["title"] or places["text"] else None


def _key(cell: str) -> str:
    return re.sub(r"[\s()*·_\-]", "", cell).lower()


def document(cells: Sequence[str], layout: Layout, source: str) -> Document | RowError:
    """Return the document of one row, or why it has none."""

    def get(field: str) -> str:
        return "\n".join(
            cells[i].strip() for i in layout.places[field] if i < len(cells) and cells[i].strip()
        )

    title, text = get("title"), get("text")
    if not title and not text:
        return RowError(source, "제목과 내용이 모두 비어 있습니다. 내용을 채우거나 줄을 지우세요.")
    used = {i for places in layout.places.values() for i in places}
    meta = {
        name: cells[i].strip()
        for i, name in enumerate(layout.header)
        if i not in used and name and i < len(cells) and cells[i].strip()
    }
    return Document(
        id=get("id") or source,
        title=" ".join(title.split()),
        text=text,
        source=source,
        date=iso_date(get("date")),
        region=get("region") or None,
        meta=meta,
    )


def iso_date(cell: str) -> str | None:
    """Return the ISO date that a cell such as ``2024. 3. 29.(금)`` holds; None where the day is missing or no such day."""
    match = _DATE.search(cell)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None
