"""How a text speaks of the agencies that it names: as its subject, its issuer, in charge, asked, or aside.

A mention is no lead: "경찰청과 협력", "통계청 자료에 따르면", "환경부 지원을 받아", "국토부 기준에", "교육부도", "법무부와 무관". The
label of a form (주관기관: 경찰청) decides; else one pattern reads what follows a name. What each manner is worth is learnt
with the router's other weights.
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
_OFFICE = r"(?:[^\S\n]?(?:기관|부처|부서))"
# 행정안전부와 무관, 행정안전부가 아니라 우리 시가, 행정안전부 소관이 아님, 행정안전부 없이, 경찰청 사칭 문자
_DENIED = re.compile(
    r"(?:와|과)(?:는|의)?\s(?:[가-힣]{1,3}\s)?(?:무관|(?:관계|관련|상관)(?:이|가|은|는)?\s?없)"
    r"|(?:이|가)\s아(?:니(?!면)|닌(?![가지])|닙니다|님)"
    r"|의?[^\S\n](?:[가-힣]{1,4}\s)?(?:과제|관할|권한|담당|몫|사업|소관|업무|일|책임)(?:이|가|은|는)\s아[니닌닙님]"
    r"|[^\S\n]없이|[^\S\n]대신(?!하|해)|(?:을|를)?[^\S\n]?(?:사칭|제외)"
)
# What a form writes before its agencies: 주관기관: 경찰청, 교육부 / 협조: 법무부. A list goes on behind a comma and the like.
_LABELLED = re.compile(
    rf"[^\n]*(?:(?<!\w)(?P<open>[(\[<【]))?"
    rf"(?:(?P<in_charge>소관|주관|주무|주최)|(?P<together>공동|협력|협업|협조|(?:관계|관련)(?={_OFFICE}))"
    rf"|(?P<aside>(?<![가-힣])(?:관련|자료|지원|참여|출처|후원)))"
    rf"(?:{_OFFICE}?(?(open)[)\]>】]|[^\S\n]*:)(?P<behind>[^.\n:]{{0,60}}(?:[^\w\s.:()\[\]】>]|및|와|과))?|{_OFFICE}(?=[^\S\n]))[^\S\n]*"
)
# of an event: who runs it for its host
_EVENT = re.compile(r"주최(?!\W{1,3}주관)[^\n]*주관(?!기관|부처|부서)")
# behind a label's own agency or department, a sentence: 주관: 노인복지과, 경찰청과 협력하여 / 출처: 통계청, 환경부는 밝혔다
_GOES_ON = ("speaker", "in_charge", "aside", "asked", "together", "owner")
_BRACKET = re.compile(r"[^\S\n]*[(\[<【]")  # the next label
_ON_LINE = 100  # characters before a name among which its label stands
_FOLLOWS = re.compile(
    rf"(?P<in_charge>(?:(?:이|가|에서)\s?|[^\S\n]?\(?)(?:주관|주최|주무)(?!{_OFFICE}?[^\S\n]*:))"
    r"|(?P<speaker>\s?(?:\([^)\n]{1,20}\)\s?)?(?:은|는)\s)"
    r"|(?P<asked>(?:에|에서|에게|께|께서)\s[^.\n]{0,30}?(?:건의|부탁|바라|바랍|요청(?:합|드|하며|하고|해요)|주세요|주십시오|주시|해 ?줘))"
    rf"|(?!{_SUBJECT})(?:(?![은는][ ,])[^.\n]){{0,24}}?(?:(?P<together>{_TOGETHER})"
    rf"|(?P<aside>따르면|바탕으로|토대로|{_not_after(_BY_CITIZENS)}받[아은는]|맞춰|공모(?!주)|표창|참석"
    rf"|{_not_after(who + by for who in _CITIZENS for by in ('', ' ', '[의이] '))}참여(?!연대|예산|형)"
    r"|(?<!국민)추천(?!제|포상)|(?<![가-힣])(?:승인|허가)|요청))"
    # the agency's programme, form, staff; what it runs or made; but not its minister, who speaks for it
    r"|(?P<owner>(?:의\s|[^\S\n])(?!장관|차관|청장|처장|위원장|[가-힣]{2,4}\s?장관|관계자)[가-힣A-Za-z0-9‘'“\"]"
    r"|(?:이|가)\s(?:[^\s.]+\s){0,2}[^\s.]*(?:하는|한|된|던|만든|낸|가진|쓰는|받은|맡은|주는)\s)"
    r"|(?P<beside>도|처럼|만큼|보다|와|과|랑)"
)
_ISSUER = re.compile(r"\s?[,:]\s")  # a headline begins with its issuer and a comma
# what may stand before it: □, 1., [보도자료]
_MARKS = re.compile(r"(?:[\[(<【〈][^\])>】〉\n]{1,15}[\])>】〉]|\d{1,2}[.)]|\W)*+")
_SAID = {
    "speaker": "글의 주어로 나옴",
    "issuer": "글의 제목이 주체로 부름",
    "labelled": "글이 주관 기관으로 적음",
    "in_charge": "글이 주관으로 부름",
    "asked": "글이 부탁하는 곳으로 부름",
    "together": "글이 협업 기관으로 부름",
    "aside": "글이 자료·지원·참여로만 부름",
    "denied": "글이 그 기관의 일로 부르지 않음",
    "owner": "글이 그 기관의 사업이나 자료를 부름",
    "beside": "글이 다른 기관과 나란히 부름",
}
_ASIDE_TOO = "글이 자료·지원·참여로도 부름"
_SIGNAL_OF = {"together": "aside", "labelled": "in_charge"}  # told apart to the reader; one signal


@dataclass(frozen=True, slots=True)
class Named:
    """One agency's mentions in a text, the manner of each (``MANNERS``, ``denied``; empty: merely named), and what all say."""

    mentions: tuple[Mention, ...]
    manners: tuple[str, ...]
    said: frozenset[str]

    @property
    def labelled(self) -> bool:
        """Whether a form writes the agency behind 주관 or the like."""
        return "labelled" in self.said

    @property
    def meant(self) -> bool:
        """Whether the text names the agency otherwise than to say that the matter is not its own."""
        return bool(self.said - {"denied"})

    def reasons(self, analysed: Analysed) -> list[str]:
        """Return where the text names the agency (at most two places) and how."""
        places = [analysed.original(m.start, m.end) for m in self.mentions[:2]]
        found = [f"글에 나옴: {m.text} ({a}-{b})" for m, (a, b) in zip(self.mentions, places, strict=False)]
        told = _SAID if self.said <= {"aside"} else _SAID | {"aside": _ASIDE_TOO}
        return found + [reason for way, reason in told.items() if way in self.said]


def named_agencies(body: str, date: str | None) -> dict[str, Named]:
    """Return the agencies that a text names (ids of the reference day), in order of their first mention."""
    agencies = load_agencies()
    found: dict[str, list[Mention]] = {}
    for mention in agencies.find(body, date):
        found.setdefault(agencies.reference(mention.agency), []).append(mention)
    return {agency: how_named(body, mentions) for agency, mentions in found.items()}


def how_named(body: str, mentions: Sequence[Mention]) -> Named:
    """Return the mentions of one agency with the manner of each."""
    said = [manner(body, m) for m in mentions]
    return Named(tuple(mentions), tuple(_SIGNAL_OF.get(m, m) for m in said), frozenset(said))


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
    """Return how the text speaks of an agency at one place: one of ``MANNERS``, ``labelled``, ``together``, ``denied``, or empty."""
    if _DENIED.match(body, mention.end):
        return "denied"
    follows = _FOLLOWS.match(body, mention.end)
    way = (follows.lastgroup or "") if follows else ""
    label, is_behind = _label(body, mention.start)
    sentences = _GOES_ON if label == "labelled" else _GOES_ON[:2]
    goes_on = is_behind and way in sentences and not _BRACKET.match(body, mention.end)
    if label and not goes_on:
        return label
    if _ISSUER.match(body, mention.end) and _MARKS.fullmatch(body, 0, mention.start):
        return "issuer"
    return way


def _label(body: str, start: int) -> tuple[str, bool]:
    """Return what the last label before ``start`` on its line makes of an agency there (empty without one).

    Also whether the agency stands behind something else that the label is of.
    """
    line = max(body.rfind("\n", 0, start) + 1, start - _ON_LINE)
    found = _LABELLED.fullmatch(body, line, start)
    if found is None:
        return "", False
    way = next(name for name in ("in_charge", "together", "aside") if found[name])
    if way == "in_charge":
        way = "together" if _EVENT.search(body, line, start) else "labelled"
    return way, found["behind"] is not None
