"""HTML in a cell, as notice boards and news interfaces hand out their texts: what it shows, without its tags."""

from __future__ import annotations

import html
import re

__all__ = ["shown"]

_HIDDEN = (
    re.compile(  # comments and styles as Word and HWP leave them; none holds another, or it would take long
        r"<!--(?:(?!-->|<!--).)*+-->|<!\[[^<>]*>|<(style|script|xml)\b[^<>]*>(?:(?!</?\1\b).)*+</\1\s*>",
        re.I | re.S,
    )
)
_BREAK = re.compile(
    r"</?(?:article|aside|blockquote|body|br|caption|dd|div|dl|dt|fig(?:caption|ure)|footer|form|h[1-6]|head(?:er)?|hr|html|li|ol|p|pre"
    r"|section|table|tr|ul)(?:\s[^<>]*)?/?>",
    re.I,
)
_INLINE = re.compile(
    r"</?(?:a|b|big|center|col(?:group)?|del|em|font|i|iframe|img|input|ins|label|mark|o:p|s|small|span|strike|strong|sub|sup|tbody|td"
    r"|tfoot|th|thead|u|wbr)(?:\s[^<>]*)?/?>",
    re.I,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d{0,2});", re.I)


def shown(cell: str) -> str:
    r"""Return a text without HTML tags, its paragraphs on lines of their own, and with the signs that entities stand for.

    >>> shown("<p>섬에 <b>버스</b>가</p><p>온다&middot;간다</p>"), shown("R&D <신규> 예산, a<b")
    ('섬에 버스가\n온다·간다', 'R&D <신규> 예산, a<b')
    """
    marked = "<" in cell and (_BREAK.search(cell) or _INLINE.search(cell))
    if marked:
        cell = _INLINE.sub(_room, _BREAK.sub("\n", _HIDDEN.sub("", cell)))
    if "&" in cell and _ENTITY.search(cell):
        cell = _ENTITY.sub(lambda match: html.unescape(match[0]), cell).strip()
    return "\n".join(line.strip() for line in cell.split("\n") if line.strip()) if marked else cell


def _room(tag: re.Match[str]) -> str:
    return " " if tag[0][:4].lower() in ("</td", "</th") else ""
