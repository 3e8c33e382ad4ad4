"""Normalisation and the way back to the original characters."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hyeoksin.normalise import foreign, is_blank, normalise, normalise_aligned

# Text in which composition, deletion and mapping meet: syllables, loose jamo, marks, joiners, full-width signs.
TRICKY = st.text(
    st.one_of(
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
        st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
        st.sampled_from(
            "\u200b\u200d\ufeff\u00ad\u0301\u0323\u0338＝Ａ～·ㆍㄱ㈜①“”\u00a0 \n\te\u0000\u09c7\u09be"
        ),
    ),
    max_size=12,
)
NFD = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)).map(
    lambda text: unicodedata.normalize("NFD", text)
)
TEXTS = st.one_of(st.text(), TRICKY, NFD)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (unicodedata.normalize("NFD", "정부혁신"), "정부혁신"),
        ("‘국민’이 “주인”", "'국민'이 \"주인\""),
        ("２０２４년（안）", "2024년(안)"),
        ("민\u00a0관\u3000협력", "민 관 협력"),
        ("찾아\u200b가는\ufeff", "찾아가는"),
        ("참여ㆍ협력・소통", "참여·협력·소통"),
        ("1월–3월", "1월-3월"),
        ("표\x0b안\x07", "표 안 "),
        ("반쪽\ud83d 글자\udcff", "반쪽  글자 "),
        ("줄\r\n바꿈\t탭", "줄\r\n바꿈\t탭"),
    ],
)
def test_odd_signs_of_office_files(raw: str, clean: str) -> None:
    assert normalise(raw) == clean


@pytest.mark.parametrize("kept", ["ㄱ. 추진 배경", "㈜혁신", "① 목표", "㎡", "Ⅲ"])
def test_compatibility_signs_stay(kept: str) -> None:
    assert normalise(kept) == kept


@given(TEXTS)
@example("가\u200dᆨ")  # the joiner goes, and what it kept apart composes
@example("＝\u0338")
def test_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)


@given(TEXTS)
@example("가\u200dᆨ")
@example("＝\u0338")
@example("\u0cc6\u0cc2\u0cd5")  # a chain of starters that composes
@example("\u200b")
def test_aligned_gives_the_same_text_and_rising_offsets(text: str) -> None:
    aligned, offsets = normalise_aligned(text)
    assert aligned == normalise(text)
    assert len(offsets) == len(aligned) + 1
    assert list(offsets) == sorted(offsets)
    assert offsets[-1] == len(text)
    assert all(0 <= offset <= len(text) for offset in offsets)


@given(TEXTS, st.data())
def test_a_span_maps_back_to_a_substring_that_normalises_to_it(text: str, data: st.DataObject) -> None:
    aligned, offsets = normalise_aligned(text)
    # positions that share an origin are one cluster (a letter and its marks), so a span starts and ends between them
    borders = [i for i in range(len(offsets)) if i == 0 or offsets[i] != offsets[i - 1]]
    start, end = sorted(data.draw(st.tuples(st.sampled_from(borders), st.sampled_from(borders))))
    assert normalise(text[offsets[start] : offsets[end]]) == aligned[start:end]


def test_a_word_of_decomposed_text_is_found_in_the_original() -> None:
    original = unicodedata.normalize("NFD", "섬마을 진료버스 운영")
    aligned, offsets = normalise_aligned(original)
    start = aligned.index("진료버스")
    found = original[offsets[start] : offsets[start + 4]]
    assert found == unicodedata.normalize("NFD", "진료버스")


def test_clean_text_is_handed_back_as_it_is() -> None:
    text = "섬마을 진료버스"
    aligned, offsets = normalise_aligned(text)
    assert aligned is text
    assert offsets == range(len(text) + 1)


@given(TEXTS)
@example("\u200b\u3000\ud83d\u0000")
@example("\u200b가")
def test_blank_is_what_normalising_leaves_nothing_of(text: str) -> None:
    assert is_blank(text) == (not normalise(text).strip())


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("Open Data Portal launched by the Ministry of the Interior and Safety", True),
        ("住民参加予算 総会", True),
        ("韩国行政安全部将开放公共数据。", True),
        (
            "The Ministry of the Interior and Safety (행정안전부) opened its data and APIs to all citizens.",
            True,
        ),
        ("Microsoft Copilot, Google Workspace, Adobe Creative Cloud 구매", False),
        ("LHRI focus 36호", False),
        ("포항시 검은수돗물 https://youtu.be/ZHHXGbd9l7w", False),
        ("사업량 1,200 1,300 1,400 kWh MW kW km m2 ha t CO2", False),
        ("12345 !!!", False),
        ("ㅋㅋㅋ", False),
        ("", False),
    ],
)
def test_a_text_with_hardly_a_word_of_hangul_is_noted(text: str, noted: bool) -> None:
    assert bool(foreign(text)) is noted
