"""Fonts: a Korean one found at run time, what it can draw, and how wide a text comes out.

The font of the ``report`` extra (Noto Sans KR, OFL) comes first, so that a picture is the same on every computer; then
whatever of ``FAMILIES`` is installed. DejaVu, which matplotlib brings along, draws what a Korean font lacks.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.ft2font import FaceFlags, FT2Font

from hyeoksin.errors import MissingExtraError

__all__ = ["FAMILIES", "families", "legible", "subset", "text_width", "wrapped"]

FAMILIES = (
    "Pretendard",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "NanumGothic",
    "Malgun Gothic",
    "AppleGothic",
    "Apple SD Gothic Neo",
)
_OWN = "hyeoksin"  # a name of our own: an installed variable "Noto Sans KR" would be drawn in its thinnest weight
_STAND_IN = "·"


@cache
def families() -> tuple[str, ...]:
    """Return the font families to draw with, best first.

    Raises:
        MissingExtraError: no Korean font is at hand.
    """
    korean = _brought() or _installed()
    if korean is None:
        raise MissingExtraError(
            "한글 글꼴(pylopdf-fonts-ko, 또는 나눔고딕·맑은 고딕 같은 설치된 글꼴)", "report"
        )
    return korean, "DejaVu Sans"


def _brought() -> str | None:
    try:
        from pylopdf_fonts_ko import sans_path
    except ModuleNotFoundError:
        return None
    fontManager.addfont(sans_path())
    fontManager.ttflist[-1] = replace(fontManager.ttflist[-1], name=_OWN)
    return _OWN


def _installed() -> str | None:
    """Return the first family with a file of one weight that has Hangul."""
    for family in FAMILIES:
        for entry in fontManager.ttflist:
            if (
                entry.name == family
                and entry.weight in (400, "normal", "regular")
                and _has_hangul(entry.fname)
            ):
                return family
    return None


def _has_hangul(path: str) -> bool:
    font = get_font(path)
    return not font.face_flags & FaceFlags.MULTIPLE_MASTERS and font.get_char_index(ord("힣")) != 0


@cache
def _fonts() -> tuple[FT2Font, ...]:
    """Return one font per family, for looking things up only (matplotlib keeps its own for drawing)."""
    paths = (
        fontManager.findfont(FontProperties(family=name), fallback_to_default=False) for name in families()
    )
    return tuple(FT2Font(Path(path)) for path in paths)


@cache
def _advance(letter: str) -> float | None:
    """Return the width of a letter in units of the font size, None where no font has it."""
    for font in _fonts():
        if font.get_char_index(ord(letter)):
            font.set_size(100, 72)
            return font.load_char(ord(letter)).linearHoriAdvance / 65536 / 100
    return None


def legible(text: str) -> str:
    """Return ``text`` in NFC with only what the fonts can draw: no picture ever shows an empty box.

    Line breaks and other control characters become blanks, invisible marks (direction, width) go, a letter that no font
    has becomes ``·``.
    """
    return "".join(_drawable(unicodedata.normalize("NFC", text)))


def _drawable(text: str) -> Iterator[str]:
    for letter in text:
        kind = unicodedata.category(letter)
        if kind in ("Cc", "Zl", "Zp", "Zs"):
            yield " "
        elif kind not in ("Cf", "Mn"):
            yield letter if _advance(letter) is not None else _STAND_IN


def text_width(text: str, size: float) -> float:
    """Return the width of a legible line in points."""
    return size * sum(_advance(letter) or 0.0 for letter in text)


def wrapped(text: str, width: float, size: float, n_lines: int = 2) -> str:
    """Return ``text`` made legible and broken into at most ``n_lines`` lines of ``width`` points; ``…`` ends a cut one."""
    rest = legible(text).strip()
    lines: list[str] = []
    while rest and len(lines) < n_lines:
        head = _head(rest, width, size)
        if len(lines) == n_lines - 1 and len(head) < len(rest):
            lines.append(_head(rest, width - text_width("…", size), size).rstrip() + "…")
            break
        lines.append(head.rstrip())
        rest = rest[len(head) :].lstrip()
    return "\n".join(lines)


def _head(text: str, width: float, size: float) -> str:
    """Return the longest beginning that fits (one letter at least), broken at a blank where one is near."""
    used = 0.0
    for place, letter in enumerate(text):
        used += size * (_advance(letter) or 0.0)
        if used > width and place:
            blank = text.rfind(" ", 0, place + 1)
            return text[: blank if blank >= place / 2 else place]
    return text


def subset(text: str) -> bytes:
    """Return a WOFF font with the letters of ``text``, for a page that must show no box wherever it is opened.

    It is cut from the Korean font of ``families``; the same letters give the same bytes.
    """
    path = fontManager.findfont(FontProperties(family=families()[0]), fallback_to_default=False)
    options = Options()
    options.flavor = "woff"
    options.hinting = False
    options.layout_features = ["kern", "tnum"]
    options.name_IDs = [0, 13, 14]  # copyright and licence stay with the font
    options.notdef_outline = True
    font = load_font(path, options)
    font.recalcTimestamp = False
    cutter = Subsetter(options)
    cutter.populate(text=text)
    cutter.subset(font)
    buffer = io.BytesIO()
    save_font(font, buffer, options)
    font.close()
    return buffer.getvalue()
