"""Which column of a table is what: guessed from its header, or told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import zip_longest

from hyeoksin.domain import Document
from hyeoksin.errors import RowError
from hyeoksin.normalise import is_blank, normalise
from hyeoksin.readers.dates import cell_date
from hyeoksin.readers.markup import shown
from hyeoksin.readers.notes import beginning
from hyeoksin.uncalculated import is_fault

__all__ = [
    "REMEDIES",
    "UNREADABLE",
    "Columns",
    "Layout",
    "document",
    "guessed",
    "holds_answers",
    "is_told",
    "label_field",
    "lacking",
    "not_there",
    "region_of",
]

REMEDIES = {  # what the command line offers where columns are not found; a page offers something else
    "title": "맞는 열은 --title-column 으로 알려 주세요.",
    "text": "맞는 열은 --text-column 으로 알려 주세요.",
    "both": "--title-column, --text-column 으로 열 이름을 알려 주세요.",
}
_UPPER = (
    "실행과제명",
    "실행과제",
    "단위과제",
    "단위사업명",
)  # title columns where there is no other; a form's may tell what is above it
_REGIONS = ("지역", "지역명")
_PROVINCES = ("시도", "시도명")  # whose names tell districts of one name apart: 대구 중구, 울산 중구
_DISTRICTS = ("시군구", "시군구명", "시군", "시군명", "자치구", "자치구명", "구군", "구군명")
# In order of preference; a table may hold several text columns, and all of them are read.
_GUESSES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "식별자", "문서번호", "접수번호", "관리번호", "번호", "연번", "순번", "no"),
    "title": (
        "제목", "세부실행과제명", "세부실행과제", "세부과제명", "세부과제", "내역사업명", "세부사업명", "단위과제명", "과제명",
        "혁신과제명", "사업명", "시책명", "안건명", "제안명", "제안제목", "정책명", "과제", "사업", "혁신과제", "과제이름",
        "과제명칭", "건명", "민원제목", "민원명", "건의제목", "건의명", "기사제목", "사례명", "우수사례명", "개선과제명", "title", "subject", "headline",
        *_UPPER,
    ),
    "text": (
        "본문", "내용", "추진내용", "주요내용", "사업내용", "제안내용", "과제내용", "세부내용", "과제개요", "사업개요", "개요", "세부추진내용",
        "현황", "현황및문제점", "문제점", "개선방안", "추진배경", "추진배경및필요성", "필요성", "추진목적", "목적", "추진계획", "세부추진계획",
        "추진방안", "추진실적", "추진성과", "주요성과", "기대효과", "상세", "상세내용", "상세설명", "세부설명", "세부사항", "과제설명", "사업설명", "설명",
        "주요추진내용", "추진사항", "민원내용", "민원요지", "건의내용", "기사본문", "기사내용", "사례내용", "개선내용", "description", "text", "content", "contents", "body", "summary",
    ),
    "date": (
        "날짜", "일자", "등록일", "등록일자", "작성일", "작성일자", "게시일", "게시일자", "보도일", "보도일자", "제출일", "제출일자", "시행일", "시행일자",
        "접수일", "접수일자", "신청일", "신청일자", "제안일", "제안일자", "배포일", "배포일자", "공고일", "공고일자", "기사일자", "일시", "등록일시", "작성일시",
        "게시일시", "보도일시", "제출일시", "접수일시", "신청일시", "배포일시", "타임스탬프", "pubdate", "publishedat", "createdat", "regdate", "regdt", "date",
    ),
    "region": (
        *_REGIONS, "지자체", "지자체명", "자치단체", "자치단체명", *_DISTRICTS, "기관", "기관명", "제출기관", *_PROVINCES, "region",
    ),
}  # fmt: skip
# Not read by us, but they show that a row is a header and a cell a label.
_OTHERS = frozenset((
    "구분", "분야", "부서", "부서명", "담당부서", "소관부서", "추진부서", "주관부서", "담당", "담당과", "담당팀", "담당자", "작성자", "제안자", "제출자", "신청인", "성명", "소속", "직위", "직급", "전화", "이메일", "주소", "책임자", "연락처", "전화번호", "예산", "예산액",
    "사업비", "총사업비", "소요예산", "국비", "도비", "시비", "군비", "구비", "지방비", "기간", "사업기간", "추진기간", "추진일정", "추진시기", "대상",
    "사업대상", "추진주체", "주관기관", "협조부서", "비고", "진도율", "우수성", "전략", "조회", "조회수", "첨부", "첨부파일", "붙임",
    *_UPPER,
))  # fmt: skip
UNREADABLE = (
    "칸에 엑셀 오류(#REF! 등)나 계산되지 않은 수식만 있어 제목과 내용을 읽을 수 없습니다. 엑셀에서 열어 오류를 고치고 "
    "다시 계산(F9)한 뒤 저장하세요."
)
_EMPTY = "제목과 내용이 모두 비어 있습니다. 내용을 채우거나 줄을 지우세요."
_SIGNS = (
    "제목과 내용에 기호(-, 〃)만 있습니다. 내용을 채우거나(윗줄과 같으면 그대로 옮겨 적거나) 줄을 지우세요."
)
_NUMBER = re.compile(  # of a label: "1. 제안명", "(2) 현황", "③ 과제명", "가. 추진배경", "Ⅳ. 기대효과"
    r"\s*(?:\d{1,2}\s?[.)]|\(\d{1,2}\)|[①-⑳❶-❿]|[가나다라마바사아자차카타파하]\s?[.)]|[Ⅰ-Ⅻ]\s?[.)]?|[IVX]{1,4}\s?[.)])\s*"
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^][]*\]")
_MAX_LABEL = 30  # characters of a cell that can be a label


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
    """Positions of the columns in a table, its header, and all columns that may name a task, the best first."""

    header: tuple[str, ...]
    places: Mapping[str, tuple[int, ...]]
    titles: tuple[int, ...]

    @classmethod
    def of(cls, cells: Sequence[str], columns: Columns, tails: Sequence[str] = ()) -> Layout | None:
        """Return the layout if ``cells`` is a header with a title or text column, else None.

        ``tails`` are the lowest names of a header of several rows ("예산 국비": "국비"); a column is known by either.
        """
        header = tuple(" ".join(cell.split()) for cell in cells)
        names = [_keys(cell) | _keys(tail) for cell, tail in zip_longest(header, tails, fillvalue="")]
        keys, places = set[str]().union(*names), dict[str, tuple[int, ...]]()
        for field, guesses in _GUESSES.items():
            told = getattr(columns, field)
            own = ("제목",) if field == "title" and holds_answers(keys) else guesses
            places[field] = _places(field, (_key(told),) if told else own, names)
            if told and not places[field]:
                return None
        titles, places["title"] = places["title"], places["title"][:1]
        places["text"] = tuple(i for i in sorted(places["text"]) if i not in places["title"])
        return cls(header, places, titles) if places["title"] or places["text"] else None

    @property
    def is_ours(self) -> bool:
        """Whether the table holds our own answers."""
        return holds_answers({_key(cell) for cell in self.header})

    def names(self, field: str) -> list[str]:
        """Return the header's names of the columns of a field."""
        return [self.header[i] for i in self.places[field]]

    def unique(self, width: int) -> tuple[str, ...]:
        """Return a name for each of ``width`` columns, none twice: ``비고``, ``비고 (2)``, and ``열 5`` without a heading."""
        return _unique(self.header, max(width, len(self.header)))


@lru_cache(maxsize=100)
def _unique(header: tuple[str, ...], width: int) -> tuple[str, ...]:
    headings = {*header}
    numbers: dict[str, int] = {}
    names: dict[str, None] = {}
    for i in range(width):
        heading = header[i] if i < len(header) else ""
        name = base = heading or f"열 {i + 1}"
        if not heading or heading in names:
            number = numbers.get(base, 1)
            while name in names or name in headings:
                number += 1
                name = f"{base} ({number})"
            numbers[base] = number
        names[name] = None
    return tuple(names)


def guessed(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return which of some names look like those of fields, by field; of titles, the first that is filled counts."""
    keys = [_keys(name) for name in names]
    places = {field: _places(field, guesses, keys) for field, guesses in _GUESSES.items()}
    places["text"] = tuple(sorted(places["text"]))
    return places


def _places(field: str, wanted: Sequence[str], names: Sequence[Set[str]]) -> tuple[int, ...]:
    """Return the places of the names that bear a wanted one, the best first.

    Several for title and text only, and for a region that stands in two columns, the wider first.
    """
    found = tuple(dict.fromkeys(i for name in wanted for i, keys in enumerate(names) if name in keys))
    if field == "region":
        within = [i for i in found if not names[i].isdisjoint(_DISTRICTS)]
        around = [i for above in (_PROVINCES, _REGIONS) for i in found if not names[i].isdisjoint(above)]
        return (around[0], within[0]) if around and within else found[:1]
    return found if field in ("title", "text") else found[:1]


def region_of(cells: Sequence[str]) -> str | None:
    """Return the place that the cells of a region name together, the wider first.

    >>> region_of(["대구광역시", "중구"]), region_of(["전남", "전남 신안군"]), region_of(["전남", "-"])
    ('대구광역시 중구', '전남 신안군', '전남')
    """
    cells = [cell.strip() for cell in cells if cell.strip()]
    named = [cell for cell in cells if any(map(str.isalpha, cell))] or cells[:1]
    apart = [cell for cell in named if not any(cell in other for other in named if other != cell)]
    return " ".join(dict.fromkeys(apart)) or None


def holds_answers(keys: Set[str]) -> bool:
    """Tell whether bare headings are those of our own results, whose 과제 and 세부과제 are answers and no titles."""
    return "계획밖확률" in keys and not keys.isdisjoint(("판정", "추천판정"))


def lacking(cells: Sequence[str], columns: Columns) -> dict[str, str]:
    """Return the columns that the user gave and the header ``cells`` does not have, by field."""
    keys = set[str]().union(*map(_keys, cells))
    return {field: name for field, name in asdict(columns).items() if name and _key(name) not in keys}


def not_there(cells: Sequence[str], columns: Columns) -> str | None:
    """Say which of the columns that the user gave a header lacks, and what it has; None where it has them all."""
    missing = lacking(cells, columns)
    if not missing:
        return None
    given = ", ".join(f"--{field}-column 으로 준 '{name}'" for field, name in missing.items())
    seen = beginning(", ".join(" ".join(cell.split()) for cell in cells if cell.strip()), 200)
    return f"{given} 열이 없습니다. 있는 열: {seen}."


def _key(cell: str) -> str:
    return re.sub(r"[\s().*·_\-□○◦:：]", "", normalise(cell)).lower()


def _keys(cell: str) -> set[str]:
    """Return what a header cell may be known by: as it stands, and without its number or what it has in brackets."""
    cell = normalise(cell)  # full-width brackets; decomposed Hangul from a Mac
    number = _NUMBER.match(cell)
    named = (cell, cell[number.end() :]) if number else (cell,)
    return {_key(form) for name in named for form in (name, _BRACKETS.sub("", name))} - {""}


def label_field(cell: str, columns: Columns = Columns()) -> str | None:
    """Return the field of :class:`Document` that a label names, "meta" for another known label, else None.

    ``columns``: names that count besides the known ones.
    """
    if len(cell) > 3 * _MAX_LABEL:  # a decomposed syllable has up to three characters
        return None
    cell = normalise(cell)
    if len(cell) > _MAX_LABEL:
        return None
    keys = _keys(cell)
    told = next((field for field in _GUESSES if _is_told(field, keys, columns)), None)
    if told or not keys.isdisjoint(_OTHERS):
        return told or "meta"
    return next((field for field, guesses in _GUESSES.items() if not keys.isdisjoint(guesses)), None)


def is_told(label: str, columns: Columns) -> bool:
    """Tell whether a label bears a name that the user gave."""
    return any(_is_told(field, _keys(label), columns) for field in _GUESSES)


def _is_told(field: str, keys: Set[str], columns: Columns) -> bool:
    name = getattr(columns, field)
    return name is not None and _key(name) in keys


def document(cells: Sequence[str], layout: Layout, source: str) -> Document | RowError:
    """Return the document of one row, or why it has none.

    What a title or text column holds in place of a value (``#REF!``) stays in ``meta``, as a date that cannot be read does.
    """
    faults = {i for i, cell in enumerate(cells) if is_fault(cell)}

    def get(field: str) -> str:
        return "\n".join(
            cells[i].strip()
            for i in layout.places[field]
            if i < len(cells) and i not in faults and cells[i].strip()
        )

    title, text, day = shown(_title(cells, layout.titles, faults)), shown(get("text")), get("date")
    wording = faults.intersection(layout.titles + layout.places["text"])
    if not any(map(str.isalnum, title + text)):
        return RowError(source, UNREADABLE if wording else _EMPTY if is_blank(title + text) else _SIGNS)
    used = {i for places in layout.places.values() for i in places} | faults
    names = layout.unique(len(cells))
    meta = {
        names[i]: cell.strip()
        for i, cell in enumerate(cells)
        if (i not in used or i in wording) and cell.strip()
    }
    date = cell_date(day)
    if day and date is None:
        meta[layout.names("date")[0]] = day
    return Document(
        id=get("id") or source,
        title=" ".join(title.split()),
        text=text,
        source=source,
        date=date,
        region=region_of([cells[i] for i in layout.places["region"] if i < len(cells) and i not in faults]),
        meta=meta,
    )


def _title(cells: Sequence[str], titles: Sequence[int], faults: Set[int]) -> str:
    """Return the best title of a row: where the sub-task's is left empty or a dash, the task's."""
    filled = [cells[i].strip() for i in titles if i < len(cells) and i not in faults and cells[i].strip()]
    return next((cell for cell in filled if any(map(str.isalpha, cell))), "".join(filled[:1]))
