"""Regions of Korea in text: full names, short forms, and the ambiguous ones (중구, 광주) settled or reported."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from hyeoksin.resources import resource

__all__ = ["Region", "RegionMention", "Regions", "load_regions"]

# what may follow a name without a space, by its beginning: 에서 is an 에, 도청 a 도
_GOES_ON = (
    "가", "과", "관내", "교육청", "구민", "구청", "군민", "군수", "군청", "권", "까지", "는", "도", "등", "라고", "라는",
    "라서", "랑", "로", "를", "만", "보건소", "보다", "부터", "뿐", "산", "소재", "시민", "시장", "시청", "에", "역", "였",
    "와", "으로", "은", "을", "의", "이", "일대", "입니다", "전역", "주민", "지사", "지역", "처럼", "측", "형",
)  # fmt: skip
_AFTER = rf"(?![가-힣])|(?={'|'.join(_GOES_ON)})"
# 강남구청, 군산시민, 의성군수, 고양시립, 고흥군내
_OFFICE = r"(?<=시)(?=[청민장립내])|(?<=군)(?=[청민수립내])|(?<=구)(?=[청민립])"
_SIDO_OFFICE = rf"{_OFFICE}|(?<=도)(?=[청민립내])"  # 부산광역시장, 전라남도청
# 종 takes 으로: 세종로 is the street; and the king is no city
_NO_SEJONG = r"(?!(?<=세종)(?:로|(?:이|은|의)\s(?:\S+\s){0,2}(?:창제|훈민정음|집현전)))"
# 예산 is a county, but a budget is what one saves
_NO_BUDGET = r"(?!(?<=예산)\s?(?:감축|결산|규모|낭비|반영|배정|부족|삭감|심의|운용|절감|지원(?!센터|청|단)|집행|총액|투입|편성|확보|확충))"
_BESIDE = re.compile(r"\s*[·,/]?\s*")
_BESIDE_GYEONGGI = (
    "도민|도지사|도청|도의회|도교육청|교육청|의회|지사|주민|지역|일대|전역|관내|소재|권|[동서남북]부"
)


@dataclass(frozen=True, slots=True)
class Region:
    """A 시도 (``sido``), 시군구 (``sigungu``) or a 일반구 of a city (``gu``); ``name`` is the full name.

    Among the ``aliases`` of a 시군구 a full name (경상북도 군위군) is one that it bore under another 시도.
    """

    name: str
    sido: str
    level: str
    short: str
    aliases: tuple[str, ...]

    @property
    def own(self) -> str:
        """The name without its 시도 (목포시; 대구광역시 for a 시도)."""
        return self.name if self.level == "sido" else self.name.removeprefix(f"{self.sido} ")

    @property
    def city(self) -> str:
        """The full name of what a 일반구 is part of."""
        return self.name.rsplit(" ", 1)[0]

    def is_under(self, sido: str) -> bool:
        """Whether it is, or was, in the 시도."""
        return self.sido == sido or any(alias.startswith(f"{sido} ") for alias in self.aliases)


@dataclass(frozen=True, slots=True)
class RegionMention:
    """A place in a text; ``name`` is None where the text does not settle which of ``candidates`` is meant."""

    text: str
    start: int
    end: int
    name: str | None
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a place stands: the 시도 named there, and the regions of it, or of the form alone, that may be meant."""

    start: int
    end: int
    sido: str | None
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Regions:
    """All regions."""

    all: tuple[Region, ...]

    @cached_property
    def _sido_forms(self) -> dict[str, str]:
        below = {r.own for r in self.all if r.level == "sigungu"}
        return {
            form: r.name
            for r in self.all
            if r.level == "sido"
            for form in (r.name, r.short, *r.aliases)
            if form and form not in below
        }

    @cached_property
    def _below(self) -> dict[str, list[Region]]:
        """Form (목포시, 목포, 덕양구, 고양시덕양구, 수원특례시) -> regions that bear it; 광주시 may be the 광역시 or the city in 경기."""
        cities = [r for r in self.all if r.level == "sigungu"]
        own = {r.own for r in cities}
        other = {r.name: [alias for alias in r.aliases if " " not in alias] for r in cities}
        found: dict[str, list[Region]] = {}
        for region in self.all:
            if region.level == "sido":
                for form in own.intersection(region.aliases):
                    found.setdefault(form, []).append(region)
                continue
            last = region.own.split()[-1]
            names = (
                *other.get(region.name, ()),
                *(f"{alias} {last}" for alias in other.get(region.city, ())),
            )
            forms = {region.own, last, region.short, *names} - {""}
            for form in forms | {form.replace(" ", "") for form in forms}:
                found.setdefault(form, []).append(region)
        return found

    @cached_property
    def _unions(self) -> tuple[str, str]:
        """Forms below a 시도 as alternations: the full ones, and stems that may be words (목포)."""
        full = {form for form in self._below if form[-1] in "시군구"}
        stem = {form for form in self._below if form[-1] not in "시군구" or len(form) < 3}
        return _union(full), _union(stem)

    @cached_property
    def _listed(self) -> re.Pattern[str]:
        """What goes on after a place with its 시도: 충남 공주·부여."""
        return re.compile(rf"\s?[·/]\s?(?P<form>{'|'.join(self._unions)}){_NO_BUDGET}(?:{_AFTER}|{_OFFICE})")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        sido, (full, stem) = _union(self._sido_forms), self._unions
        after = f"{_AFTER}|{_OFFICE}"
        beside = "|".join(r.short for r in self.all if r.level == "sido" and len(r.short) == 2)
        lone = (  # 경기 is also a match and the economy: alone it counts only in such company
            rf"(?<!경기)(?:{_AFTER}|{_SIDO_OFFICE})|(?<=\A경기)\Z|(?<=경기)(?=\s?(?:{_BESIDE_GYEONGGI})|[·,/]\s?(?:{sido}))"
            rf"|(?<=(?:{beside})[·,/]경기)|(?<=(?:{beside}), 경기)|(?<=[(\[]경기)(?=[)\]])"
        )
        first, second = ("".join(sorted({f[at] for f in (*self._sido_forms, *self._below)})) for at in (0, 1))
        return re.compile(  # two letters are looked at before the long alternations are tried
            rf"(?<![가-힣])(?=[{first}][{second}])"
            rf"(?:(?P<sido>{sido})(?:(?:\s*[·,/])?\s*(?P<sub>{full}|{stem}){_NO_BUDGET}(?:{after})|{_NO_SEJONG}(?:{lone}))"
            rf"|(?P<alone>{full})(?:\s+(?P<inner>{full}))?(?:{after}))"
        )

    def find(self, text: str, hint: str | None = None) -> tuple[RegionMention, ...]:
        """Return the places named in ``text``, in order.

        A form that several regions share (동구) is settled by its own 시도 (광주 동구), else by the one 시도 that the
        text or ``hint`` names and that has such a region; else it is reported with its candidates. A stem without 시,
        군 or 구 (목포) counts only behind its 시도, since many stems are common words.
        """
        places = list(self._places(text))
        named = {place.sido for place in (*places, *self._places(hint or "")) if place.sido}
        return tuple(self._mention(text, place, named) for place in places)

    def _places(self, text: str) -> Iterator[_Place]:
        """Yield what stands for one place each; a word beside it that is no part of it may be the next one."""
        at = 0
        before: Sequence[Region] = ()
        while match := self._pattern.search(text, at):
            beside = _BESIDE.fullmatch(text, at, match.start())
            start, at = match.span()
            sido = self._sido_forms.get(match["sido"] or "")
            form = match["sub"] or match["inner"] or match["alone"]
            regions = self._below.get(form or "", [])
            if sido is not None:
                regions = [r for r in regions if r.is_under(sido)]
                if not regions:  # a 시도 alone, or beside a word that is no region of it (서울·광주)
                    at = match.end("sido")
            elif match["inner"]:
                above = [f"{r.name} " for r in self._below[match["alone"]]]
                within = [r for r in regions if r.name.startswith(tuple(above))]
                if not within:  # 목포시 나주시
                    at = match.end("alone")
                regions = within or self._below[match["alone"]]
            elif beside and [r.level for r in before] == ["gu"]:  # 포항시 남구·북구
                regions = [r for r in regions if r.city == before[0].city] or regions
            before = regions
            yield _Place(start, at, sido, tuple(regions))
            while sido and match["sub"] and (more := self._listed.match(text, at)):
                regions = [r for r in self._below[more["form"]] if r.is_under(sido)]
                if not regions:  # 전남 목포·부산
                    break
                before, at = regions, more.end()
                yield _Place(more.start("form"), at, sido, tuple(regions))

    def _mention(self, text: str, place: _Place, named: set[str]) -> RegionMention:
        candidates = place.regions
        for fits in (lambda r: r.sido in named, lambda r: r.level != "gu"):
            if len(candidates) > 1:
                candidates = tuple(filter(fits, candidates)) or candidates
        names = tuple(r.name for r in candidates) or (place.sido or "",)
        name = names[0] if len(names) == 1 else None
        return RegionMention(text[place.start : place.end], place.start, place.end, name, names)

    def resolve(self, text: str, hint: str | None = None) -> tuple[str, ...]:
        """Return the full names of the settled places, most frequent first, a 시도 only where none below it stands."""
        counted = Counter(m.name for m in self.find(text, hint) if m.name)
        below = {name.split()[0] for name in counted if " " in name}
        return tuple(name for name, _ in counted.most_common() if " " in name or name not in below)

    def filed(self, region: str | None, text: str, found: Sequence[str]) -> str:
        """Return the one place that a document is counted under, empty where there is none.

        That of its region column under the official name (강원도 is 강원특별자치도), or the cell as it stands where it is no
        place that we know; without a column the first of ``found``.
        """
        if region:
            region = unicodedata.normalize("NFC", region)  # a Mac decomposes Hangul
            return next(iter(self.resolve(region, text)), region)
        return found[0] if found else ""

    def of(self, text: str, region: str | None = None) -> tuple[str, ...]:
        """Return the places of a document: those settled in its text, else those of its region column."""
        region = unicodedata.normalize("NFC", region) if region else None
        return self.resolve(text, region) or (self.resolve(region) if region else ())


def _union(forms: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, forms), key=len, reverse=True))


@lru_cache(maxsize=2)
def load_regions(path: Path | None = None) -> Regions:
    """Load the region list (CSV: name, sido, level, short, aliases separated by semicolons)."""
    with (path or resource("regions.csv")).open(encoding="utf-8", newline="") as file:
        return Regions(
            tuple(
                Region(
                    row["name"],
                    row["sido"],
                    row["level"],
                    row["short"],
                    tuple(a for a in row["aliases"].split(";") if a),
                )
                for row in csv.DictReader(file)
            )
        )
