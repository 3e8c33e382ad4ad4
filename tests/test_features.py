from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hyeoksin.domain import Document
from hyeoksin.features import BLOCKS, analyse, feature_names, grams, occurrences
from hyeoksin.morphemes import Tokenizer

TOKENIZER = Tokenizer(workers=1)


def test_places_are_true_places_of_the_body() -> None:
    document = Document(id="1", title="정보 공개 확대", text="업무추진비를 누리집에 올립니다.")
    (analysed,) = analyse([document], TOKENIZER, 700)
    for block in BLOCKS:
        for name, start, end in occurrences(analysed, block):
            assert 0 <= start < end <= len(analysed.body), name
    nouns = [analysed.body[s:e] for name, s, e in occurrences(analysed, "morphemes") if name == "m:공개/N"]
    assert nouns == ["공개", "공개"]  # once for the place, once more since it stands in the title


def test_no_threads_of_its_own_are_one() -> None:
    texts = ["업무추진비 공개", "주차장 개방"]
    assert list(Tokenizer(workers=0).tokenize(texts)) == list(TOKENIZER.tokenize(texts))


def test_title_counts_twice_whether_given_or_first_line() -> None:
    given_title = Document(id="1", title="주차장 개방", text="밤에 엽니다.")
    first_line = Document(id="1", text="주차장 개방\n밤에 엽니다.")
    one, two = analyse([given_title, first_line], TOKENIZER, 700)
    assert feature_names(one, "morphemes") == feature_names(two, "morphemes")
    assert feature_names(one, "morphemes").count("m:주차장/N") == 2


def test_only_the_first_characters_count() -> None:
    (analysed,) = analyse([Document(id="1", text="가나다라 " * 500)], TOKENIZER, 100)
    assert len(analysed.body) == 100


def test_domain_words_stay_whole() -> None:
    (analysed,) = analyse([Document(id="1", text="광화문1번가에 올린 적극행정 제안")], TOKENIZER, 700)
    names = feature_names(analysed, "morphemes")
    assert "m:광화문1번가/N" in names
    assert "m:적극행정/N" in names


def test_spans_lead_back_to_decomposed_text() -> None:
    import unicodedata

    text = unicodedata.normalize("NFD", "공공데이터 개방")
    (analysed,) = analyse([Document(id="1", text=text)], TOKENIZER, 700)
    places = {name: (s, e) for name, s, e in occurrences(analysed, "morphemes")}
    start, end = analysed.original(*places["m:개방/N"])
    assert unicodedata.normalize("NFC", text[start:end]) == "개방"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=80))
def test_any_text_can_be_analysed(text: str) -> None:
    (analysed,) = analyse([Document(id="1", text=text)], TOKENIZER, 50)
    for block in BLOCKS:
        for name, start, end in occurrences(analysed, block):
            assert 0 <= start < end <= len(analysed.body), name
            begin, stop = analysed.original(start, end)
            assert 0 <= begin <= stop <= len(text)


@given(st.text(min_size=1, max_size=20).filter(lambda t: not any(c.isspace() for c in t)))
def test_grams_lie_within_their_word(word: str) -> None:
    for name, begin, end in grams(word):
        assert 0 <= begin < end <= len(word), name
