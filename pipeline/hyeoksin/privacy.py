"""Personal data in a text: found by its form, and masked letter by letter, so that offsets into the text still hit.

Found are resident and foreigner registration numbers (주민·외국인등록번호), phones, e-mail addresses, card numbers, bank
accounts and other long numbers written in groups (면허번호, 사업자등록번호), and passports (여권), also in full-width letters
or with invisible signs in them. Names are not: their form does not tell them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Literal, get_args

from hyeoksin.domain import Document
from hyeoksin.normalise import normalise_aligned

__all__ = [
    "MASK",
    "Finding",
    "Kind",
    "findings",
    "masked",
    "masked_document",
    "masked_id",
    "masked_record",
    "masked_start",
    "masked_words",
]

MASK = "*"
Kind = Literal["resident", "phone", "email", "card", "account", "passport"]

_DASH = r"[-‐‑‒–—―−－]"
_GAP = rf"(?:[^\S\n]?{_DASH}[^\S\n]?|[.·)][^\S\n]?|[^\S\n])"
_BEFORE, _AFTER = rf"(?<![\d@])(?<!\d{_DASH})", r"(?!\d)"
_AHEAD = 1_000  # letters: no number is as long
_LONGEST = 40  # letters: no number (an address may be longer), with what tells beside it whether it is one
_RUNNING = "".join(
    map(chr, (*range(0x21, 0x7F), 0xAD, *range(0x200B, 0x200E), 0xFEFF, *range(0xFF01, 0xFF5F)))
)
_BANK = r"(?:계좌|은행|뱅크|농협|수협|신협|새마을금고|우체국|입금|예금)"


@dataclass(frozen=True, slots=True)
class Finding:
    """A piece of personal data: what it looks like, and where it stands in the text."""

    kind: Kind
    start: int
    end: int


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(int(char) for char in reversed(digits)):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_card(found: str) -> bool:
    """Tell whether 15 or 16 digits are a card's: written in groups, or with the right check digit."""
    digits = "".join(char for char in found if char.isdecimal())
    return len(digits) != len(found) or _luhn(digits)


def _is_grouped_account(found: str) -> bool:
    return 10 <= sum(char.isdecimal() for char in found) <= 16


def _has_letters(found: str) -> bool:
    return any(char.isalnum() for char in found)


def _always(found: str) -> bool:
    del found
    return True


_PATTERNS: tuple[
    tuple[Kind, re.Pattern[str], Callable[[str], bool]], ...
] = (  # the first that fits a place wins
    ("resident", re.compile(rf"(?<!\d)\d\d[01]\d[0-3]\d(?:{_GAP})?[0-9*xX●○]\d{{6}}{_AFTER}"), _always),
    ("resident", re.compile(rf"(?<!\d)\d{{6}}[^\S\n]?{_DASH}[^\S\n]?\d{{7}}{_AFTER}"), _always),
    (
        "email",
        re.compile(
            r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++[^\S\n]?[@＠][^\S\n]?[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)+"
        ),
        _has_letters,
    ),
    (
        "card",
        re.compile(
            rf"(?<!\d)(?:[3-69]\d|2[2-7])\d\d(?P<gap>(?:{_GAP})?)(?:\d{{4}}(?P=gap)){{2}}\d{{4}}{_AFTER}"
        ),
        _is_card,
    ),
    ("card", re.compile(rf"(?<!\d)3[47]\d\d(?:{_GAP})?\d{{6}}(?:{_GAP})?\d{{5}}{_AFTER}"), _is_card),
    (
        "phone",
        re.compile(rf"{_BEFORE}\(?(?:\+?82{_GAP}?\(?0?\)?|0)1\d\)?{_GAP}?\d{{3,4}}{_GAP}?\d{{4}}{_AFTER}"),
        _always,
    ),
    (
        "phone",
        re.compile(
            rf"{_BEFORE}\(?(?:\+?82{_GAP}?\(?0?\)?|0)(?:2|[3-6]\d|[578]0\d?)\)?{_GAP}\d{{3,4}}{_GAP}\d{{4}}{_AFTER}"
        ),
        _always,
    ),
    ("phone", re.compile(rf"{_BEFORE}0(?:2\d{{7,8}}|[3-6]\d{{8,9}}|70\d{{8}}){_AFTER}"), _always),
    (
        "account",
        re.compile(rf"{_BEFORE}(?!(?:19|20)\d\d{_DASH})\d{{2,6}}(?:{_DASH}\d{{2,8}}){{2,3}}{_AFTER}"),
        _is_grouped_account,
    ),
    ("account", re.compile(rf"{_BANK}[^\d\n]{{0,15}}(?P<number>\d{{10,16}}){_AFTER}"), _always),
    ("passport", re.compile(r"(?<![A-Za-z0-9])[MSRODG](?:\d{8}|\d{3}[A-Z]\d{4})(?![A-Za-z0-9])"), _always),
)


def findings(text: str) -> tuple[Finding, ...]:
    """Return the pieces of personal data in a text, in order, none over another.

    >>> [f.kind for f in findings("문의 010-1234-5678, hong@example.go.kr")]
    ['phone', 'email']
    """
    plain, places = normalise_aligned(text)
    return tuple(Finding(found.kind, *_home(found, places)) for found in _found(plain))


def _found(text: str) -> list[Finding]:
    taken = bytearray(len(text))
    found = []
    for kind, pattern, fits in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span("number") if "number" in pattern.groupindex else match.span()
            if any(taken[start:end]) or not fits(text[start:end]):
                continue
            taken[start:end] = b"\1" * (end - start)
            found.append(Finding(kind, start, end))
    return sorted(found, key=lambda finding: finding.start)


def _home(found: Finding, places: Sequence[int]) -> tuple[int, int]:
    """Return where a finding in the normalised text stands in the text as it was written."""
    end = found.end
    while places[end] == places[found.end - 1]:  # the last letter and a mark on it share a place
        end += 1
    return places[found.start], places[end]


def masked(text: str, kinds: Collection[Kind] = get_args(Kind)) -> str:
    """Return the text with every letter and digit of its personal data replaced by ``*``: as long as before.

    >>> masked("문의 010-1234-5678, hong@example.go.kr")
    '문의 ***-****-****, ****@*******.**.**'
    """
    plain, places = normalise_aligned(text)
    letters, hidden = list(plain), list[Finding]()
    found = _chosen(plain, kinds)
    while found:  # what stood beside a number may be one of its own now
        hidden += found
        _star(letters, [(one.start, one.end) for one in found])
        found = _beside(letters, found, kinds)
    written = list(text)
    _star(written, [_home(one, places) for one in hidden])
    return "".join(written)


def _chosen(text: str, kinds: Collection[Kind]) -> list[Finding]:
    return [one for one in _found(text) if one.kind in kinds]


def _beside(letters: list[str], starred: Sequence[Finding], kinds: Collection[Kind]) -> list[Finding]:
    """Return what is found since something was starred: close to that, else further and further away from it.

    So a long chain of numbers, each found only once the one before is starred, takes no look at the whole text a number.
    """
    reach, length = 2 * _LONGEST, len(letters)
    while True:
        found = []
        for start, end in _around(starred, reach, length):
            low, high = start and start + _LONGEST, end if end == length else end - _LONGEST
            part = _chosen("".join(letters[start:end]), kinds)
            moved = [replace(one, start=one.start + start, end=one.end + start) for one in part]
            found += [one for one in moved if low <= one.start and one.end <= high]
        if found or reach >= length:
            return found
        reach *= 32


def _around(found: Sequence[Finding], reach: int, length: int) -> list[tuple[int, int]]:
    """Return the parts of a text that are within ``reach`` of a finding (in order), none over another."""
    parts: list[tuple[int, int]] = []
    for one in found:
        start, end = max(one.start - reach, 0), min(one.end + reach, length)
        if parts and start <= parts[-1][1]:
            start, _ = parts.pop()
        parts.append((start, end))
    return parts


def _star(letters: list[str], spans: Iterable[tuple[int, int]]) -> None:
    for at in (at for span in spans for at in range(*span)):
        if letters[at].isalnum():
            letters[at] = MASK


def masked_id(text: str) -> str:
    """Return a document's number without what can be nothing but personal data: many look like accounts or passports.

    >>> masked_id("M20240001"), masked_id("민원 010-1234-5678")
    ('M20240001', '민원 ***-****-****')
    """
    return masked(text, ("resident", "phone", "email", "card"))


def masked_start(text: str, length: int) -> str:
    """Return the first ``length`` letters of the masked text, without masking all of a long one.

    >>> masked_start("문의 010-1234-5678", 12)
    '문의 ***-****-'
    """
    if len(text) > length + _AHEAD:
        text = text[: length + _AHEAD].rstrip(_RUNNING)  # a number or address that may be cut is left out
    return masked(text)[:length]


def masked_document(document: Document) -> Document:
    """Return the document with id, title, text, source, region and further columns masked; all lengths stay.

    Only where the names of two columns are one when masked, the later gets a number.
    """
    body = masked(document.body)
    if document.title and document.text:
        title, text = body[: len(document.title)], body[len(document.title) + 1 :]
    else:
        title, text = (body, "") if document.title else ("", body)
    return replace(
        document,
        id=masked_id(document.id),
        title=title,
        text=text,
        source=masked(document.source),
        region=None if document.region is None else masked(document.region),
        meta=masked_words(document.meta),
    )


def masked_record(record: Mapping[str, Any], body: str) -> dict[str, Any]:
    """Return the JSON record with its evidence cut from the masked ``body`` and its other words masked.

    Args:
        record: what ``Prediction.to_record`` gives.
        body: the document's body as it is (``Document.body``).
    """
    hidden = masked(body)
    evidence = [{**span, "text": hidden[span["start"] : span["end"]]} for span in record.get("evidence", ())]
    rest = {
        name: masked_words(value)
        for name, value in record.items()
        if name in ("source", "agencies", "meta", "notes", "regions", "rival")
    }
    if "id" in record:
        rest["id"] = masked_id(str(record["id"]))
    return {**record, **rest, "evidence": evidence}


def masked_words(value: Any) -> Any:
    """Return what stands in JSON with every text in it masked, and the names of its mappings."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        names = _masked_names(value)
        return {name: masked_words(inner) for name, inner in zip(names, value.values(), strict=True)}
    if isinstance(value, list | tuple):
        return [masked_words(inner) for inner in value]
    return value


def _masked_names(names: Iterable[str]) -> list[str]:
    """Return the masked names, equal ones told apart: the second ``문의 ***-****-****`` gets `` (2)`` behind it."""
    found: list[str] = []
    for name in map(masked, names):
        apart = (f"{name} ({number})" for number in count(2))
        found.append(name if name not in found else next(one for one in apart if one not in found))
    return found
