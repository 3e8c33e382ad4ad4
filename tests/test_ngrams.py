from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hyeoksin.ngrams import ngram_hashes

TEXTS = st.lists(st.text(max_size=12), max_size=6)


@settings(deadline=None)
@given(TEXTS, st.integers(1, 5))
def test_a_text_has_the_same_hashes_alone_and_in_company(texts: list[str], size: int) -> None:
    hashes, offsets = ngram_hashes(texts, size)
    assert offsets.tolist() == np.cumsum([0, *(max(len(t) - size + 1, 0) for t in texts)]).tolist()
    for i, text in enumerate(texts):
        alone, _ = ngram_hashes([text], size)
        assert hashes[offsets[i] : offsets[i + 1]].tolist() == alone.tolist()


def test_equal_runs_hash_equally_and_others_do_not() -> None:
    hashes, _ = ngram_hashes(["정보공개정보"], 2)
    assert hashes[0] == hashes[4]
    assert len(set(hashes.tolist())) == 4


def test_hashes_are_the_same_on_every_machine() -> None:
    assert ngram_hashes(["혁신 과제"], 3)[0].tolist() == EXPECTED


EXPECTED = [3488174516, 1869508842, 627975684]
