from __future__ import annotations

import numpy as np
import pytest

from hyeoksin.morphemes import Tokenizer
from hyeoksin.training import cong
from hyeoksin.training.pairs import start_vectors


class SmallKiwi:
    """Speaks Kiwi's interface over 400 known vectors of rank 256."""

    def __init__(self) -> None:
        vectors = np.random.default_rng(1).normal(size=(400, cong.DIMENSION))
        self.vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def most_similar_morphemes(self, target: int, top_n: int) -> list[object]:
        from types import SimpleNamespace

        cosines = self.vectors @ self.vectors[target]
        order = np.argsort(-cosines)[:top_n]
        return [
            SimpleNamespace(form=f"말{i}", tag="NNG", id=int(i), score=-1e5 if i == target else cosines[i])
            for i in order
        ]


def test_cosines_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cong, "_FREQUENT", 399)
    kiwi = SmallKiwi()
    found = cong.recover(kiwi)
    np.testing.assert_allclose(found.vectors @ found.vectors.T, kiwi.vectors @ kiwi.vectors.T, atol=1e-4)
    assert found.forms[7] == "말7"


def test_words_that_kiwi_knows_start_from_its_vectors_and_others_from_their_parts() -> None:
    basis = np.eye(cong.DIMENSION, dtype=np.float32)
    table = cong.Cong(basis[:3], ("주민", "참여", "예산"), ("NNG", "NNG", "NNG"))
    known, parts, unknown = start_vectors(["참여/N", "주민참여예산/N", "zzz/L"], table)
    np.testing.assert_allclose(known, basis[1])
    np.testing.assert_allclose(parts, basis[:3].sum(axis=0) / np.sqrt(3), atol=1e-6)
    assert 0 < np.linalg.norm(unknown) < 1


def test_kiwi_answers_with_whole_rows(tokenizer: Tokenizer) -> None:
    row = tokenizer.kiwi.most_similar_morphemes(cong._FREQUENT, top_n=10**6)
    assert len(row) > 70_000
    assert max(one.id for one in row) < len(row) + 1_000
    assert {"form", "tag", "id", "score"} <= set(dir(row[0]))
