"""Press releases: the title, date and issuing body that stand in their head, and the contact table taken off."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hyeoksin.domain import Document
from hyeoksin.readers.dates import iso_date

__all__ = ["is_local", "press_document"]

_HEAD = 30  # lines at the top in which the head may stand
_TOP = 5  # lines at the top in which 보도자료 may follow a name
_WORD = r"보\s*도\s*(?:참\s*고\s*)?자\s*료[\])】>」\s]*(?:$|\t)"
_NAMED_MARK = re.compile(  # 청해군 보도자료, but no item of a plan that names its media
    rf"^(?![-–·○ㅇ□※*•]|\d{{1,2}}[.)])(?:[^:：]*[,、])?[^,、:：]*[^,、:：\s·ㆍ/]\s*{_WORD}"
)
_LONE_MARK = re.compile(rf"^\W*{_WORD}")
_MARK = re.compile(
    rf"^[\[(【<「\s]*{_WORD}|"
    r"^\W*(?:보\s*도\s*(?:시\s*점|일\s*시|일\s*자)|배\s*포\s*(?:일\s*시|일\s*자|즉\s*시)|즉\s*시\s*보\s*도|엠바고)"
)
_DATE_LABEL = re.compile(
    r"보\s*도\s*(시\s*점|일\s*시|일\s*자|일)|배\s*포\s*(일\s*시|일\s*자|일)?|즉시\s*보도|엠바고"
)
_UNIT = re.compile(
    r"[□○※\-\s]*(?:담\s*당|제\s*공|작\s*성|배\s*포|소\s*관|주\s*관)?\s*(?:부\s*서|과)(?:명)?\s*[:：\t]\s*(?P<name>[^\t:：]+)"
)
_BODY = re.compile(r"(?:발\s*행|제\s*공|배\s*포|담\s*당)\s*기\s*관\s*[:：\t]\s*(?P<name>[^\t:：]+)")
_NAME = re.compile(
    r"[\[(【]?\s*(?P<name>[가-힣·]{1,14}(?:부|처|청|위원회|특별시|광역시|특별자치시|특별자치도|도|시|군|구|공사|공단|진흥원)"
    r"(?: [가-힣]{1,4}(?:시|군|구))?)\s*[\])】]?"
)
_TITLE = re.compile(r"제\s*목\s*[:：\t]\s*(?P<name>.+)")
_CONTACT = re.compile(
    r"담\s*당\s*자|책\s*임\s*자|연\s*락\s*처|문\s*의\s*처?\s*[:：]|전\s*화|매\s*수|쪽수|붙\s*임\s*[:：]?\s*$|사진\s*(있음|없음)|총\s*\d+\s*(쪽|매)"
)
_PHONE = re.compile(r"\(?0\d{1,2}\)?[-.) ]+\d{3,4}[-. ]\d{4}")
_ASKING = re.compile(r"\W*(?:자세한\s*|기타\s*)?(?:문의|연락)")
_SENTENCE = re.compile(r"[다요][.!?]|다$")
_LOCAL = re.compile(r"(?:시|군|구|도)$")
_MAX_LINE = 120  # characters of a line of the head
_MAX_DATE = 25  # characters of a line that is nothing but a date
_MIN_TITLE = 8  # characters


def is_local(body: str) -> bool:
    """Tell whether an issuing body is a local government by its name."""
    return _LOCAL.search(body) is not None


def press_document(text: str, identity: str, source: str) -> Document | None:
    """Return the press release in ``text``, or None where its head shows none.

    The head's own lines and the contact table leave the text; ``meta`` keeps 기관 and 담당부서, a local government
    becomes the region.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not _is_marked(lines):
        return None
    found: dict[str, str] = {}
    start, short = None, list[str]()
    for number, line in enumerate(lines[:_HEAD]):
        if _head_line(line, found):
            continue
        if len(line) >= _MIN_TITLE:
            start = number
            break
        short.append(line)
    if start is None and "title" not in found:
        return None
    body = lines[_HEAD if start is None else start :]
    title = found.get("title") or body.pop(0)
    kept = [*short, *(line for line in body if not _tail_line(line, found))]
    issuer = found.get("issuer")
    meta = {"기관": issuer, "담당부서": found.get("unit")}
    return Document(
        id=identity,
        title=" ".join(title.split()),
        text="\n".join(kept),
        source=source,
        date=iso_date(found.get("date", "")),
        region=issuer if issuer and is_local(issuer) else None,
        meta={name: value for name, value in meta.items() if value},
    )


def _is_marked(lines: Sequence[str]) -> bool:
    """Tell whether the head of a text calls it a press release."""
    head = [line for line in lines[:_HEAD] if len(line) <= _MAX_LINE]
    top = head[:_TOP]
    return any(map(_NAMED_MARK.search, top)) or any(
        _MARK.search(line) or _is_letterhead(line) for line in (*map(_plain, head[:2]), *head)
    )


def _plain(line: str) -> str:
    """Return the line without a bullet before a lone 보도자료."""
    return line.lstrip("□○ㅇ※◎●■◇◆▣-–·*• ") if _LONE_MARK.match(line) else line


def _is_letterhead(line: str) -> bool:
    """Tell whether a line is nothing but a body's name and 보도자료."""
    rest = re.sub(_WORD, "", line).strip()
    return rest != line.strip() and _NAME.fullmatch(rest) is not None


def _head_line(line: str, found: dict[str, str]) -> bool:
    """Tell whether a line belongs to the head; what it says goes into ``found``, the first of each kind."""
    if len(line) > _MAX_LINE:
        return False
    named = {
        "title": _TITLE.match(line),
        "issuer": _BODY.match(line) or _NAME.fullmatch(re.sub(_WORD, "", line).strip()),
        "unit": _UNIT.match(line),
    }
    for kind, match in named.items():
        if match:
            found.setdefault(kind, " ".join(match["name"].split()))
    is_date = _DATE_LABEL.match(line.lstrip("□○※-[( ")) is not None or (
        len(line) <= _MAX_DATE and iso_date(line) is not None
    )
    if is_date and iso_date(line):
        found.setdefault("date", line)
    others = (
        _MARK.search(line) or _NAMED_MARK.search(line) or _LONE_MARK.match(line)
        or (_CONTACT.match(line) and not ("title" in found and _SENTENCE.search(line))) or _is_phone(line)
    )  # fmt: skip
    return bool(any(named.values()) or is_date or others)


def _is_phone(line: str) -> bool:
    """Tell whether a line gives a telephone number and is no sentence of the text, but for one that says whom to ask."""
    return _PHONE.search(line) is not None and not (_SENTENCE.search(line) and not _ASKING.match(line))


def _tail_line(line: str, found: dict[str, str]) -> bool:
    """Tell whether a line is of the contact table, which newer releases have at the end."""
    if len(line) > _MAX_LINE:
        return False
    unit = _UNIT.match(line)
    if unit:
        found.setdefault("unit", " ".join(unit["name"].split()))
        return True
    return _is_phone(line)
