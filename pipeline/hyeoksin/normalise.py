"""Text normalisation that keeps the way back to the original characters.

Kiwi segments decomposed (NFD) Korean differently and then matches no vocabulary entry, so text is composed first; NFKC
is not used because it harms Korean (``ㄱ.`` becomes a conjoining jamo, ``㈜`` becomes ``(주)``). What else is mapped
stands in one table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["foreign", "is_blank", "normalise", "normalise_aligned"]

_TABLE = {
    "\u00a0": " ", "\u3000": " ", "\u200b": "", "\u200c": "", "\u200d": "", "\ufeff": "", "\u00ad": "",
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u2032": "'", "\u201c": '"', "\u201d": '"', "\u2033": '"',
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-", "\u2212": "-",
    "\uff5e": "~", "\u301c": "~", "\u223c": "~", "\u318d": "·", "\u2027": "·", "\u30fb": "·", "\uff65": "·",
    "\u2022": "·", "\u2024": "·", "\u119e": "·", "\uf0a7": "·", "\uf06c": "·", "\ufffd": " ",
}  # fmt: skip
_TABLE |= {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)}  # full-width Latin, digits and signs
_TABLE |= {chr(code): " " for code in (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)}
_TABLE |= {chr(code): " " for code in range(0xD800, 0xE000)}  # half a character, which Kiwi cannot read
_TRANSLATE = str.maketrans(_TABLE)
_RARE = 0.1  # of the words: product names leave a Korean title more (of 179,000 public texts and titles one had less, in English)
_HANGUL = re.compile(r"[가-힣ㄱ-ㅣ\u1100-\u11ff]\S*")
_FOREIGN = "한글이 거의 없는 글: 모델은 한국어 글만 배워 판정을 믿을 수 없습니다. 사람이 읽거나 우리말로 옮겨 다시 분류하세요."
_CHANGED = re.compile("[" + re.escape("".join(_TABLE)) + "]")
_SEEN = re.compile(r"[^\s" + re.escape("".join(sign for sign, to in _TABLE.items() if not to.strip())) + "]")


def normalise(text: str) -> str:
    """Return ``text`` composed (NFC) and with the odd signs of office files mapped; idempotent."""
    mapped = _CHANGED.sub(
        lambda match: _TABLE[match[0]], text
    )  # str.translate takes five times as long on Korean
    return unicodedata.normalize("NFC", mapped)  # this order: what is mapped may compose


def is_blank(text: str) -> bool:
    """Return whether normalising leaves nothing but white space: what has no width (U+200B) is no text either."""
    return _SEEN.search(text) is None


def normalise_aligned(text: str) -> tuple[str, Sequence[int]]:
    """Return the normalised text and, for each of its positions (and its end), the position in ``text``.

    The second value has ``len(normalised) + 1`` entries and never falls, so a span of the normalised text maps to a
    true substring of the original.
    """
    if unicodedata.is_normalized("NFC", text) and not _CHANGED.search(text):
        return text, range(len(text) + 1)
    origins = [i for i, char in enumerate(text) if char.translate(_TRANSLATE)]
    mapped = text.translate(_TRANSLATE)
    out: list[str] = []
    offsets: list[int] = []
    for start, end in _clusters(mapped):
        piece = unicodedata.normalize("NFC", mapped[start:end])
        out.append(piece)
        offsets.extend([origins[start]] * len(piece))
    offsets.append(len(text))
    return "".join(out), offsets


def foreign(text: str) -> tuple[str, ...]:
    """Return a note where hardly a word of ``text`` has Hangul in it, else nothing; a text without letters has no language."""
    n_korean, words = len(_HANGUL.findall(text)), text.split()
    if n_korean >= _RARE * len(words):
        return ()
    n_words = sum(any(map(str.isalpha, word)) for word in words)
    return (_FOREIGN,) if n_korean < _RARE * n_words else ()


def _clusters(text: str) -> list[tuple[int, int]]:
    """Cut ``text`` where composition cannot cross: before every character that starts a new syllable or letter."""
    cuts = [i for i, char in enumerate(text) if i == 0 or not _joins(text[i - 1], char)]
    return list(pairwise([*cuts, len(text)]))


def _joins(before: str, char: str) -> bool:
    if unicodedata.category(char).startswith("M"):  # Indic vowel signs compose with combining class 0
        return True
    return ("\u1100" <= before <= "\u11ff" and "\u1160" <= char <= "\u11ff") or (
        "\uac00" <= before <= "\ud7a3" and "\u11a7" <= char <= "\u11ff"
    )
