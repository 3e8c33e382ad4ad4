"""HTML in a cell, as notice boards and news interfaces hand out their texts: what it shows, without its tags."""

from __future__ import annotations

import html
import re

__all__ = ["shown"]

_HIDDEN = re.compile(r"<!--[^<]*-->|<(style|script)\b[^<>]*>[^<]*</\1\s*>", re.I)
_BREAK = re.compile(
    r"</?(?:blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|pre|table|tr|ul)(?:\s[^<>]*)?/?>", re.I
)
_INLINE = re.compile(
    r"</?(?:a|b|big|center|em|font|i|img|o:p|s|small|span|strike|strong|sub|sup|tbody|td|tfoot|th|thead|u)(?:\s[^<>]*)?/?>",
    re.I,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d{0,2});", re.I)


def shown(cell: str) -> str:
    r"""Return a text without HTML tags, its paragraphs on lines of their own, and with the signs that entities stand for.

    >>> shown("<p>섬에 <b>버스</b>가</p><p>온다&middot;간다</p>"), shown("R&D <신규> 예산, a<b")
    ('섬에 버스가\n온다·간다', 'R&D <신규> 예산, a<b')
    """
    if "<" in cell and (_BREAK.search(cell) or _INLINE.search(cell)):
        plain = _INLINE.sub(_room, _BREAK.sub("\n", _HIDDEN.sub("", cell)))
        cell = "\n".join(line.strip() for line in plain.split("\n") if line.strip())
    if "&" in cell and _ENTITY.search(cell):
        cell = _ENTITY.sub(lambda match: html.unescape(match[0]), cell).strip()
    return cell


def _room(tag: re.Match[str]) -> str:
    return " " if tag[0][:4].lower() in ("</td", "</th") else ""
