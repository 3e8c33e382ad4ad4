"""Which encoding a text file is in, and its text: the encodings that Korean offices save in."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from hyeoksin.errors import InputError

__all__ = ["BAD_BYTE", "broken_bytes", "decode", "detect", "readable"]

BAD_BYTE = re.compile("[\udc80-\udcff]")  # a byte that did not decode, kept by "surrogateescape"
_CHUNK = 1 << 20
_BAD_SHARE = 0.1  # of the bytes above 127 that may be broken before the encoding counts as unknown


def decode(raw: bytes, path: Path) -> tuple[str, str]:
    """Return the text of ``raw`` and the encoding it was in: UTF-8 (with BOM or not), UTF-16 with BOM, else cp949.

    Never euc-kr: Windows writes cp949, which contains it.

    Raises:
        InputError: none of them fits.
    """
    for encoding in _candidates(raw):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise _unknown(path)


def detect(path: Path) -> str:
    """Return the encoding of a text file, read in pieces: utf-8, utf-8-sig, utf-16 (with BOM) or cp949.

    A few broken bytes do not hide the encoding: the one that breaks fewer is taken, and decoding with
    ``surrogateescape`` then shows the broken places to :data:`BAD_BYTE`.

    Raises:
        InputError: none of them fits, or the file is binary.
    """
    n_bad: dict[str, int] = {}
    candidates = _candidates(_head(path))
    has_nul = candidates != ("utf-16",) and any(b"\0" in chunk for chunk in _chunks(path))
    for encoding in candidates:
        n_bad[encoding] = _broken(path, encoding)
        if n_bad[encoding] == 0 and has_nul:
            raise InputError(
                f"{path.name}: 글이 아니라 이진 자료가 들어 있습니다. 원래 프로그램에서 다시 저장하세요."
            )
        if n_bad[encoding] == 0:
            return encoding
    best = min(n_bad, key=n_bad.__getitem__)
    n_high = sum(len(re.findall(rb"[\x80-\xff]", chunk)) for chunk in _chunks(path))
    if has_nul or best == "utf-16" or n_bad[best] > _BAD_SHARE * n_high:
        raise _unknown(path)
    return best


def readable(name: str) -> str:
    """Return a file's name or place as it was meant: an old Korean ZIP unpacked on Linux leaves cp949, which Python escapes.

    >>> readable("제출/" + os.fsdecode("보고.csv".encode("cp949")))
    '제출/보고.csv'
    """
    return "/".join(map(_readable, name.split("/"))) if BAD_BYTE.search(name) else name


def _readable(part: str) -> str:
    if not BAD_BYTE.search(part):
        return part
    raw = os.fsencode(part)
    try:
        return raw.decode("cp949")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace")


def _candidates(head: bytes) -> tuple[str, ...]:
    if head.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return ("utf-8", "cp949")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _broken(path: Path, encoding: str) -> int:
    """Return how many bytes of the file do not decode; for UTF-16, 1 if any does not."""
    wide = encoding == "utf-16"
    decoder = codecs.getincrementaldecoder(encoding)("strict" if wide else "surrogateescape")
    n_bad = 0
    try:
        for chunk in _chunks(path):
            n_bad += len(BAD_BYTE.findall(decoder.decode(chunk)))
        return n_bad + len(BAD_BYTE.findall(decoder.decode(b"", final=True)))
    except UnicodeDecodeError:
        return 1


def _unknown(path: Path) -> InputError:
    return InputError(
        f"{path.name}: 글자 인코딩을 알 수 없습니다 (UTF-8도 CP949도 아님). "
        "엑셀에서 'CSV UTF-8(쉼표로 분리)'로 다시 저장하세요."
    )


def broken_bytes(cells: Sequence[str]) -> str:
    """Return the reason for a row with bytes that do not decode (kept by "surrogateescape")."""
    cell, broken = next((cell, found) for cell in cells if (found := BAD_BYTE.search(cell)))
    at = max(0, broken.start() - 20)
    shown = " ".join(BAD_BYTE.sub("?", cell[at : at + 40]).split())
    return f"깨진 글자가 있습니다: '{shown}'. 원본에서 이 글자를 고쳐 다시 저장하세요."
