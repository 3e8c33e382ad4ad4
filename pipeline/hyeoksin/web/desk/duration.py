"""Hours as officers write them: ``2시간 30분``, ``90분``, ``1.5h``, ``1:30``, ``2``."""

from __future__ import annotations

import re

from hyeoksin.errors import HyeoksinError
from hyeoksin.normalise import normalise
from hyeoksin.web.languages import current
from hyeoksin.web.languages import gettext as _

__all__ = ["BadDurationError", "read_hours", "told", "written"]

_MOST = 1_000.0  # hours
_UNITS = {
    "시간": 1.0,
    "h": 1.0,
    "hr": 1.0,
    "hours": 1.0,
    "hour": 1.0,
    "분": 1 / 60,
    "m": 1 / 60,
    "min": 1 / 60,
}
_WORDS = {
    "한": "1",
    "두": "2",
    "세": "3",
    "네": "4",
    "다섯": "5",
    "여섯": "6",
    "반나절": "4시간",
    "하루": "8시간",
}
_NUMBER = r"(\d+(?:\.\d+)?)"
_PART = re.compile(rf"{_NUMBER}\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})\s*(반)?", re.IGNORECASE)


class BadDurationError(HyeoksinError):
    """What was typed is no length of time."""


def read_hours(typed: str) -> float:
    """Return the hours that ``typed`` means; a bare number is hours.

    Raises:
        BadDurationError: it means nothing, or too much.

    >>> [read_hours(t) for t in ("2시간 30분", "90분", "1.5h", "1:30", "2", "두 시간 반", "하루")]
    [2.5, 1.5, 1.5, 1.5, 2.0, 2.5, 8.0]
    """
    text = normalise(typed).strip().lower().replace(",", ".")
    for word, number in _WORDS.items():
        text = re.sub(rf"(?<![가-힣]){word}(?=\s*(?:시간|$))", number, text)
    if re.fullmatch(_NUMBER, text):
        hours = float(text)
    elif clock := re.fullmatch(r"(\d{1,3}):([0-5]\d)", text):
        hours = int(clock[1]) + int(clock[2]) / 60
    else:
        parts = list(_PART.finditer(text))
        if not parts or _PART.sub("", text).strip():
            raise _bad(typed)
        hours = sum((float(p[1]) + (0.5 if p[3] else 0.0)) * _UNITS[p[2]] for p in parts)
    if not 0 < hours <= _MOST:
        raise _bad(typed)
    return hours


def _bad(typed: str) -> BadDurationError:
    return BadDurationError(
        _("'{typed}' 을(를) 시간으로 읽을 수 없습니다. '2시간', '2시간 30분', '90분' 처럼 적으세요.").format(
            typed=typed[:40]
        )
    )


def written(hours: float, units: tuple[str, str] = ("시간", "분")) -> str:
    """Return hours as one writes them: ``2시간 30분``; whatever takes time takes a minute.

    >>> written(2.5), written(0.5), written(3), written(0.001), written(2.5, (" h", " min"))
    ('2시간 30분', '30분', '3시간', '1분', '2 h 30 min')
    """
    minutes = round(hours * 60) or int(hours > 0)
    whole, rest = divmod(minutes, 60)
    hour, minute = units
    parts = (f"{whole}{hour}" if whole else "", f"{rest}{minute}" if rest or not whole else "")
    return " ".join(part for part in parts if part)


def told(hours: float) -> str:
    """Return hours in the request's language."""
    return written(hours) if current() == "ko" else written(hours, (" h", " min"))
