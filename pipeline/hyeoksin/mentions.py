"""How a text speaks of the agencies that it names: as its subject, its issuer, in charge, asked, or aside.

A mention is no lead: "경찰청과 협력", "통계청 자료에 따르면", "환경부 지원을 받아", "국토부 기준에", "교육부도". One pattern reads what
follows a name; what each manner is worth is learnt with the router's other weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hyeoksin.agency import Mention, load_agencies
from hyeoksin.encoders import Encoded
from hyeoksin.features import Analysed

__all__ = ["MANNERS", "Named", "how_named", "manner", "named_agencies", "nameless"]

MANNERS = ("speaker", "issuer", "in_charge", "asked", "aside", "owner", "beside")
# Words that stand in the agency's own business: 국토부 공동주택, 기재부 국민참여예산, 국세청 돌려받는 세금.
_SHARED = ("구매", "모금", "생활", "육아", "이용", "인증", "주택", "체", "캠퍼스")  # after 공동
# before 받다: what citizens receive, not what somebody has from the agency
_BY_CITIZENS = (
    "내려", "대출", "돌려", "못 ", "발급", "배상", "보장", "보호", "사랑", "상담", "신뢰", "존중", "주고", "진료", "환급",
)  # fmt: skip
_CITIZENS = ("민", "부모", "소년", "청년", "학생")  # 시민, 청소년: what they take part in is the agency's


def _not_after(words: Iterable[str]) -> str:
    return "".join(f"(?<!{word})" for word in words)


_TOGETHER = rf"(?<!다)함께|협업|협력(?!업체|사(?!업))|협의|공동(?!{'|'.join(_SHARED)})|연계|합동(?!분향)|협조|손잡|협약"
# 행정안전부가 국민과 함께: the partner is another
_SUBJECT = rf"(?:이|가|에서)\s[^.\n]{{0,20}}?(?:와|과|랑)의?\s[^\s.]{{0,6}}?(?:{_TOGETHER})"
_FOLLOWS = re.compile(
    r"(?P<in_charge>(?:이|가|에서)?\s?(?:주관|주최|주무))"
    r"|(?P<speaker>\s?(?:\([^)\n]{1,20}\)\s?)?(?:은|는)\s)"
    r"|(?P<asked>(?:에|에서|에게|께|께서)\s[^.\n]{0,30}?(?:건의|부탁|바라|바랍|요청(?:합|드|하며|하고|해요)|주세요|주십시오|주시|해 ?줘))"
    rf"|(?!{_SUBJECT})(?:(?![은는][ ,])[^.\n]){{0,24}}?(?:(?P<together>{_TOGETHER})"
    rf"|(?P<aside>따르면|바탕으로|토대로|{_not_after(_BY_CITIZENS)}받[아은는]|맞춰|공모(?!주)|표창|참석"
    rf"|{_not_after(who + by for who in _CITIZENS for by in ('', ' ', '[의이] '))}참여(?!연대|예산|형)"
    r"|(?<!국민)추천(?!제|포상)|(?<![가-힣])(?:승인|허가)|요청))"
    # the agency's programme, form, staff; what it runs or made; but not its minister, who speaks for it
    r"|(?P<owner>의?\s(?!장관|차관|청장|처장|위원장|[가-힣]{2,4}\s?장관|관계자)[가-힣A-Za-z0-9‘'“\"]"
    r"|(?:이|가)\s(?:[^\s.]+\s){0,2}[^\s.]*(?:하는|한|된|던|만든|낸|가진|쓰는|받은|맡은|주는)\s)"
    r"|(?P<beside>도|처럼|만큼|보다|와|과|랑)"
)
_ISSUER = re.compile(r"\s?[,:]\s")  # a headline begins with its issuer and a comma
_SAID = {
    "speaker": "글의 주어로 나옴",
    "issuer": "글의 제목이 주체로 부름",
    "in_charge": "글이 주관으로 부름",
    "together": "글이 협업 기관으로 부름",
    "aside": "글이 자료·지원·참여로만 부름",
    "aside too": "글이 자료·지원·참여로도 부름",
    "asked": "글이 부탁하는 곳으로 부름",
    "owner": "글이 그 기관의 사업이나 자료를 부름",
    "beside": "글이 다른 기관과 나란히 부름",
}


@dataclass(frozen=True, slots=True)
class Named:
    """One agency's mentions in a text, and the manner of each (``MANNERS``; empty: merely named)."""

    mentions: tuple[Mention, ...]
    manners: tuple[str, ...]
    together: bool

    def reasons(self, analysed: Analysed) -> list[str]:
        """Return where the text names the agency (at most two places) and how."""
        places = [analysed.original(m.start, m.end) for m in self.mentions[:2]]
        found = [f"글에 나옴: {m.text} ({a}-{b})" for m, (a, b) in zip(self.mentions, places, strict=False)]
        aside = "together" if self.together else "aside" if {*self.manners} == {"aside"} else "aside too"
        return found + [_SAID[aside if name == "aside" else name] for name in MANNERS if name in self.manners]


def named_agencies(body: str, date: str | None) -> dict[str, Named]:
    """Return the agencies that a text names (ids of the reference day), in order of their first mention."""
    agencies = load_agencies()
    found: dict[str, list[Mention]] = {}
    for mention in agencies.find(body, date):
        found.setdefault(agencies.reference(mention.agency), []).append(mention)
    return {agency: how_named(body, mentions) for agency, mentions in found.items()}


def how_named(body: str, mentions: Sequence[Mention]) -> Named:
    """Return the mentions of one agency with the manner of each."""
    manners = tuple(manner(body, m) for m in mentions)
    return Named(
        tuple(mentions), tuple("aside" if m == "together" else m for m in manners), "together" in manners
    )


def nameless(encoded: Encoded, named: Iterable[Named]) -> Encoded:
    """Return the occurrences that do not touch an agency's name: what the text model of agencies reads.

    A name speaks through the router's signals alone; a text model that reads it takes every mention for a lead.
    """
    spans = [(m.start, m.end) for one in named for m in one.mentions]
    if not spans:
        return encoded
    keep = np.ones(len(encoded.index), dtype=bool)
    for start, end in spans:
        keep &= (encoded.end <= start) | (encoded.start >= end)
    return Encoded(encoded.index[keep], encoded.start[keep], encoded.end[keep], encoded.share[keep])


def without_names(body: str, named: Iterable[Named]) -> str:
    """Return the text with a blank for each name of an agency: what the second reading knows of who leads."""
    for start, end in sorted(((m.start, m.end) for one in named for m in one.mentions), reverse=True):
        body = f"{body[:start]} {body[end:]}"
    return body


def manner(body: str, mention: Mention) -> str:
    """Return how the text speaks of an agency at one place: one of ``MANNERS``, ``together``, or empty."""
    if mention.start == 0 and _ISSUER.match(body, mention.end):
        return "issuer"
    follows = _FOLLOWS.match(body, mention.end)
    return (follows.lastgroup or "") if follows else ""
