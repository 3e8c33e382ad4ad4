"""Agencies of the central government and the names they bear at a date."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from hyeoksin.errors import PlanError
from hyeoksin.resources import resource

__all__ = ["LOCAL", "REFERENCE_DATE", "Agencies", "Agency", "Mention", "load_agencies"]

LOCAL = "local"  # id of "the local government itself"
REFERENCE_DATE = (
    "2024-06-30"  # model classes are the agencies of this day; other days are reached through renames
)
# What may follow a name without a space: a title, then particles up to the end of the word. 환경부과 is 환경부 + 과, but
# 환경부과금 is 환경 + 부과금: no chain of particles ends there. 국회대로 is a road (who does it 국회대로 is named 국회는 before).
_LONG_TITLE = (
    "장관|차관|청장|처장|실장|위원장|원장|이사장|사장|관계자|공무원|직원|담당|국장|과장|본부|고시|훈령|예규|공고|"
    "산하|소속|주관|주최|주재"
)
_SHORT_TITLE = "(?<=[청처원회])장|령|측|등|발"
_PARTICLE = (
    "은|는|이|가|을|를|의|에|와|과|랑|도|만|로|으로|까지|부터|에서|에게|께서|나|이나|및|라고|이라고|라는|이라는|라며|처럼|"
    "보다|인|이며|이고|이다|입니다|이었다|였다|한테|마다|든|이든|조차|뿐|님|로서|으로서|로써|으로써|하고|에선|엔|께|에게서|"
    "이자|라도|이라도|인데|이지만|였던|이었던|여서|이어서|예요|이에요|란|이란|마저|밖에|만큼|더러"
)


@dataclass(frozen=True, slots=True)
class Agency:
    """One incarnation of an agency; a rename ends it and begins its successor. Dates are ISO, ``valid_to`` exclusive."""

    id: str
    name: str
    short: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kind: str = "ministry"
    parent: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None
    predecessors: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    bureaus: tuple[str, ...] = ()
    confidence: str = "high"
    note: str = ""

    @property
    def all_names(self) -> tuple[str, ...]:
        """Official name, short names and aliases."""
        return (self.name, *self.short, *self.aliases)

    def valid(self, date: str) -> bool:
        """Whether the agency bore this name on the ISO date."""
        return (self.valid_from or "") <= date and (self.valid_to is None or date < self.valid_to)


@dataclass(frozen=True, slots=True)
class Mention:
    """An agency named in a text, with the name as it stands there."""

    agency: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Agencies:
    """All agencies, by id."""

    by_id: dict[str, Agency]

    def __getitem__(self, agency_id: str) -> Agency:
        return self.by_id[agency_id]

    def name_of(self, agency_id: str | None) -> str:
        """Return the name of an agency given by id; anything else (a name that somebody typed) stays as it is."""
        known = self.by_id.get(agency_id or "")
        return known.name if known else agency_id or ""

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that may be printed."""
        return frozenset(self._by_name)

    @cached_property
    def _by_name(self) -> dict[str, tuple[Agency, ...]]:
        """Every name with those who bore it, the oldest first."""
        found: dict[str, tuple[Agency, ...]] = {}
        for agency in sorted(self.by_id.values(), key=lambda a: a.valid_from or ""):
            for name in agency.all_names:
                found[name] = (*found.get(name, ()), agency)
        return found

    def named(self, name: str, date: str | None = None) -> Agency | None:
        """Return the agency that ``name`` means on ``date`` (default: the newest that ever bore it)."""
        bearers = self._by_name.get(name)
        if not bearers:
            return None
        if date is not None and len(bearers) > 1:
            on_day = [a for a in bearers if a.valid(date)]
            if on_day:
                return on_day[-1]
            begun = [a for a in bearers if (a.valid_from or "") <= date]
            return begun[-1] if begun else bearers[0]
        return bearers[-1]

    def at(self, agency_id: str, date: str) -> tuple[Agency, ...]:
        """Return what the agency is called on ``date``: itself, or the successors or predecessors valid then."""
        later = date >= (self.by_id[agency_id].valid_from or "")
        valid: list[Agency] = []
        seen: set[str] = set()
        ahead = [agency_id]
        while ahead:
            agency = self.by_id[ahead.pop(0)]
            if agency.id in seen:
                continue
            seen.add(agency.id)
            if agency.valid(date):
                valid.append(agency)
            else:
                ahead = [*(agency.successors if later else agency.predecessors), *ahead]
        return tuple(valid) or (self.by_id[agency_id],)

    def same_names(self, one: str, other: str) -> bool:
        """Return whether no agency began or ended between two ISO dates, so that all are called the same on both."""
        return bisect_right(self._changes, one) == bisect_right(self._changes, other)

    @cached_property
    def _changes(self) -> list[str]:
        days = {day for agency in self.by_id.values() for day in (agency.valid_from, agency.valid_to)}
        return sorted(day for day in days if day is not None)

    def reference(self, agency_id: str) -> str:
        """Return the id that stands for the agency among a model's classes (its incarnation on REFERENCE_DATE)."""
        return self._references[agency_id]

    @cached_property
    def _references(self) -> dict[str, str]:
        return {agency_id: self.at(agency_id, REFERENCE_DATE)[0].id for agency_id in self.by_id}

    def akin(self, one: str, other: str) -> bool:
        """Return whether two ids are one agency over time: the same, or one became the other. Branches of a split are not."""
        return one == other or one in self._before[other] or other in self._before[one]

    @cached_property
    def _before(self) -> dict[str, frozenset[str]]:
        """All that became an agency, by its id: its predecessors, theirs, and so on."""
        found: dict[str, frozenset[str]] = {}
        for agency_id in self.by_id:
            seen: set[str] = set()
            ahead = [*self.by_id[agency_id].predecessors]
            while ahead:
                link = ahead.pop()
                if link not in seen:
                    seen.add(link)
                    ahead += self.by_id[link].predecessors
            found[agency_id] = frozenset(seen)
        return found

    def bearer(
        self,
        agency_id: str,
        date: str,
        text: str,
        meant: Collection[str] = (),
        otherwise: Collection[str] = (),
    ) -> str:
        """Return the id of the agency's incarnation on ``date``; of several the one whose business ``text`` names.

        Branches of a split that are akin to one of ``meant`` go before the others. Only words that set the branches apart
        are counted (keywords, bureaus, words of the duties); where as many stand in the text for several, one that is
        among ``otherwise``, else the first successor, remains.
        """
        found = self._branches.get((agency_id, date))
        if found is None:
            branches = self.at(agency_id, date)
            words = [_business(branch) for branch in branches]
            found = tuple(
                (branch.id, mine - frozenset().union(*(w for w in words if w is not mine)))
                for branch, mine in zip(branches, words, strict=True)
            )
            self._branches[agency_id, date] = found
        if len(found) == 1:
            return found[0][0]
        found = tuple(one for one in found if any(self.akin(one[0], other) for other in meant)) or found
        return max(found, key=lambda one: (sum(word in text for word in one[1]), one[0] in otherwise))[0]

    @cached_property
    def _branches(self) -> dict[tuple[str, str], tuple[tuple[str, frozenset[str]], ...]]:
        return {}

    def find(self, text: str, date: str | None = None) -> tuple[Mention, ...]:
        """Return the agencies named in ``text``, in order; names are read at ``date``."""
        mentions = []
        for match in self._pattern.finditer(text):
            agency = self.named(match.group(), date)
            if agency is not None:
                mentions.append(Mention(agency.id, match.group(), match.start(), match.end()))
        return tuple(mentions)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        names = sorted((n for n in self.names if len(n) > 1), key=len, reverse=True)
        start = "".join(f"[{re.escape(''.join(sorted({n[at] for n in names})))}]" for at in (0, 1))
        body = "|".join(map(re.escape, names))
        tail = rf"(?![가-힣])|(?={_LONG_TITLE})|(?=(?:{_SHORT_TITLE})?(?:{_PARTICLE}){{0,3}}(?![가-힣]))"
        # (?={start}) looks at two letters before the long alternation is tried: 3 times as fast
        return re.compile(rf"(?:(?<![가-힣A-Za-z])|(?<=지방))(?={start})(?:{body})(?![A-Za-z])(?:{tail})")


def _business(agency: Agency) -> frozenset[str]:
    """Return the words of an agency's business, those of its duties from three letters on."""
    duties = re.findall(r"[가-힣]{3,}", " ".join(agency.duties))
    return frozenset(
        (*agency.keywords, *agency.bureaus, *(re.sub(r"[와과의를]$", "", word) for word in duties))
    )


@lru_cache(maxsize=4)
def load_agencies(path: Path | None = None) -> Agencies:
    """Load and check the agency list.

    Raises:
        PlanError: doubled id, broken link, bad date, or one name borne by two agencies on the same day.
    """
    path = path or resource("agencies.yaml")
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    entries = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=loader)  # noqa: S506 - a safe loader  # nosec B506
    agencies: dict[str, Agency] = {}
    faults: list[str] = []
    for entry in entries:
        agency = _agency(entry)
        if agency.id in agencies:
            faults.append(f"기관 id '{agency.id}' 가 두 번 나옵니다")
        agencies[agency.id] = agency
    faults += _faults(agencies.values(), agencies)
    if faults:
        raise PlanError("\n".join(f"{path}: {fault}" for fault in faults))
    return Agencies(agencies)


def _agency(entry: dict[str, Any]) -> Agency:
    def many(key: str) -> tuple[str, ...]:
        return tuple(str(value) for value in entry.get(key) or ())

    def links(key: str) -> tuple[str, ...]:
        return tuple(link["id"] for link in entry.get(key) or ())

    def day(key: str) -> str | None:
        return None if entry.get(key) is None else str(entry[key])

    return Agency(
        id=entry["id"],
        name=entry["name"],
        short=many("short"),
        aliases=many("aliases"),
        kind=entry["kind"],
        parent=entry.get("parent"),
        valid_from=day("valid_from"),
        valid_to=day("valid_to"),
        predecessors=links("predecessors"),
        successors=links("successors"),
        duties=many("duties"),
        keywords=many("keywords"),
        bureaus=many("bureaus"),
        confidence=entry.get("confidence", "high"),
        note=entry.get("note") or "",
    )


def _faults(all_agencies: Iterable[Agency], by_id: dict[str, Agency]) -> list[str]:
    faults = []
    bearers: dict[str, list[Agency]] = {}
    for agency in all_agencies:
        for day in (agency.valid_from, agency.valid_to):
            if day is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
                faults.append(f"'{agency.id}' 의 날짜 '{day}' 가 YYYY-MM-DD 꼴이 아닙니다")
        links = (*agency.predecessors, *agency.successors, *([agency.parent] if agency.parent else []))
        faults += [
            f"'{agency.id}' 가 없는 기관 '{link}' 를 가리킵니다" for link in links if link not in by_id
        ]
        for link in agency.successors:
            if link in by_id and agency.id not in by_id[link].predecessors:
                faults.append(f"'{agency.id}' → '{link}' 가 뒤쪽에서 이어지지 않습니다 (predecessors)")
        for name in set(agency.all_names):
            bearers.setdefault(name, []).append(agency)
    for name, group in bearers.items():
        ordered = sorted(group, key=lambda a: a.valid_from or "")
        for one, two in pairwise(ordered):
            if one.valid_to is None or one.valid_to > (two.valid_from or ""):
                faults.append(f"이름 '{name}' 을 같은 날 두 기관이 씁니다: {one.id}, {two.id}")
    return faults
