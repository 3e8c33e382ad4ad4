"""The order of evidence: phrases before lone words, nouns before others, the beginning before the end."""

from __future__ import annotations

import numpy as np
import pytest

from hyeoksin.domain import Document
from hyeoksin.encoders import Encoded
from hyeoksin.evidence import Words, spans
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer

TOKENIZER = Tokenizer(1, ())


def shown(text: str, parts: dict[str, float]) -> list[str]:
    """Return the evidence of a text whose named words speak with the given strength (negative: against)."""
    (analysed,) = analyse([Document("1", text)], TOKENIZER, 10_000)
    starts = [text.index(word) for word in parts]
    ends = [start + len(word) for start, word in zip(starts, parts, strict=True)]
    encoded = Encoded(
        np.arange(len(parts), dtype=np.int32),
        np.array(starts, np.int32),
        np.array(ends, np.int32),
        np.array(list(parts.values()), np.float32),
    )
    found = spans(Words(analysed, encoded), np.ones(len(parts), np.float32))
    assert all(text[span.start : span.end] == span.text for span in found)
    assert sum(span.weight for span in found) <= 1.0 + 1e-6
    return [span.text for span in found]


def test_a_phrase_comes_before_a_lone_word() -> None:
    text = "우리는 어제 위기가구 발굴 사업을 보았고 그밖에 모두 잘 지내다가 도서관 앞에서 만났다"
    assert shown(text, {"도서관": 1.0, "위기가구": 0.7, "발굴": 0.7})[0] == "위기가구 발굴"


def test_a_noun_comes_before_another_word() -> None:
    assert shown("빠르게 달려서 먼 곳의 도서관", {"빠르게": 1.0, "도서관": 0.9})[0] == "도서관"


def test_what_stands_first_comes_before_what_stands_far_below() -> None:
    text = "도서관 " + "그리고 그냥 " * 80 + "박물관"
    assert shown(text, {"도서관": 0.8, "박물관": 1.0}) == ["도서관", "박물관"]


def test_both_neighbours_lift_a_word() -> None:
    lone = {"도서관": 1.0, "박물관": 0.8}
    for text in ("도서관 그리고 박물관  미술관", "도서관 그리고 미술관  박물관"):
        assert shown(text, lone | {"미술관": 0.4})[0] == "박물관"
        assert shown(text, lone | {"미술관": -0.4})[0] == "도서관"


def test_what_says_little_beside_the_best_is_left_out() -> None:
    text = "도서관 그리고 아주 박물관"
    assert shown(text, {"도서관": 1.0, "박물관": 0.2}) == ["도서관", "박물관"]
    assert shown(text, {"도서관": 1.0, "박물관": 0.1}) == ["도서관"]


def test_a_phrase_ends_at_a_gap_at_forty_letters_and_is_told_once() -> None:
    assert shown("도서관  박물관", {"도서관": 1.0, "박물관": 0.9}) == ["도서관", "박물관"]
    first, second = "가" * 20 + "관", "나" * 20 + "관"
    assert shown(f"{first} {second}", {first: 1.0, second: 0.9}) == [first, second]
    assert shown("도서관 그리고 (도서관)", {"도서관": 1.0, "(도서관)": 0.9}) == ["도서관"]


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\t"])
def test_a_phrase_ends_with_its_line(gap: str) -> None:
    assert shown(f"도서관{gap}박물관", {"도서관": 1.0, "박물관": 0.9}) == ["도서관", "박물관"]


def test_at_most_five_pieces_are_shown() -> None:
    words = {f"{letter}서관": 1.0 for letter in "가나다라마바사"}
    assert len(shown(" 그리고 ".join(words), words)) == 5


def test_words_that_speak_against_are_never_shown() -> None:
    assert shown("도서관 박물관 미술관", {"도서관": 1.0, "박물관": -2.0, "미술관": 0.5}) == [
        "도서관",
        "미술관",
    ]
    assert shown("도서관 박물관", {"도서관": -1.0, "박물관": -2.0}) == []
