"""Encodings: found in pieces, with a few broken bytes, and never guessed where nothing fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.decoding import BAD_BYTE, broken_bytes, decode, detect
from hyeoksin.errors import InputError

KOREAN = "과제명,내용\n이동 진료버스,섬으로 간다\n똠방각하,주민이 고른다\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "과제.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_the_encodings_of_an_office(file: Path, encoding: str) -> None:
    file.write_bytes(KOREAN.encode(encoding))
    assert detect(file) == encoding
    assert decode(file.read_bytes(), file) == (KOREAN, encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_one_bad_byte_does_not_hide_the_encoding(file: Path, encoding: str) -> None:
    raw = bytearray((KOREAN * 20).encode(encoding))
    raw[raw.index("주민".encode(encoding))] = 0xFF
    file.write_bytes(raw)
    assert detect(file) == encoding
    text = bytes(raw).decode(encoding, "surrogateescape")
    bad = [number for number, line in enumerate(text.split("\n"), start=1) if BAD_BYTE.search(line)]
    assert bad == [3]


def test_a_character_cut_at_the_edge_of_a_piece_is_whole(file: Path) -> None:
    text = "가" * (1 << 20)
    file.write_bytes(b"a" + text.encode("cp949"))
    assert detect(file) == "cp949"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"\xff\x80" * 50, "인코딩을 알 수 없습니다"),
        (b"\xef\xbb\xbf\xc3\x28", "인코딩을 알 수 없습니다"),
        (b"\xff\xfe\x00", "인코딩을 알 수 없습니다"),
        (b"abc\0def", "이진"),
    ],
)
def test_what_fits_nothing_is_refused(file: Path, raw: bytes, says: str) -> None:
    file.write_bytes(raw)
    with pytest.raises(InputError, match=rf"과제\.csv.*{says}"):
        detect(file)


def test_the_reason_shows_the_place_and_no_broken_letter() -> None:
    reason = broken_bytes(["앞 칸", "아주 " * 30 + "버스\udcff운영"])
    assert "버스?운영" in reason
    assert not BAD_BYTE.search(reason)


@given(st.binary(max_size=300))
def test_any_bytes_have_an_encoding_or_a_reason(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "아무.csv"
    path.write_bytes(raw)
    try:
        encoding = detect(path)
    except InputError:
        return
    raw.decode(encoding, "surrogateescape")


@given(st.text(st.characters(codec="cp949", exclude_characters="\0"), max_size=200))
def test_text_in_cp949_is_read_back_or_was_utf8_too(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "글.csv"
    path.write_bytes(text.encode("cp949"))
    encoding = detect(path)
    assert encoding in ("cp949", "utf-8")
    if encoding == "cp949":
        assert path.read_bytes().decode(encoding) == text
