"""Commands in messages, as they can be typed again."""

from __future__ import annotations

import re

__all__ = ["quoted"]

_PLAIN = re.compile(r"[\w@+:./\\-]+")


def quoted(argument: object) -> str:
    """Return an argument as one types it: anything but a plain name in double quotes, which cmd, PowerShell and sh know.

    >>> print(quoted("우리 기관@b476562a"), quoted("저장소/hyeoksin.db"))
    "우리 기관@b476562a" 저장소/hyeoksin.db
    """
    text = str(argument)
    return text if _PLAIN.fullmatch(text) else f'"{text}"'
