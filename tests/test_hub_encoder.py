from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from hyeoksin.domain import Document
from hyeoksin.encoders import dense_encoder
from hyeoksin.errors import MissingExtraError, ModelError
from hyeoksin.features import Analysed, analyse
from hyeoksin.morphemes import Tokenizer

TEXTS = ("주민이 예산을 정한다", "어르신 무료 급식", "주민이 예산을 정한다", "공공 데이터 개방")


@pytest.fixture(scope="module")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer with random weights and a vocabulary of syllables, saved as a sentence-transformers folder."""
    pytest.importorskip("sentence_transformers")
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    syllables = sorted({c for text in TEXTS for c in text if c != " "})
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *syllables, *(f"##{s}" for s in syllables)]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=False).save_pretrained(folder / "raw")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    BertModel(config).save_pretrained(folder / "raw")
    body = Transformer(str(folder / "raw"))
    model = SentenceTransformer(modules=[body, Pooling(16)], device="cpu")
    model.save(str(folder / "saved"))
    return folder / "saved"


@pytest.fixture(scope="module")
def analysed(tokenizer: Tokenizer) -> list[Analysed]:
    return list(analyse([Document(id=str(i), text=t) for i, t in enumerate(TEXTS)], tokenizer, 700))


def test_a_local_folder_encodes(tiny_bert: Path, analysed: list[Analysed]) -> None:
    encoder = dense_encoder(f"sentence-transformers:{tiny_bert}")
    assert encoder is not None
    vectors = encoder.encode(analysed)
    assert vectors.shape == (4, encoder.dimension) == (4, 16)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-5)
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
    np.testing.assert_allclose(encoder.encode(analysed[1:2])[0], vectors[1], atol=1e-5)
    assert encoder.encode([]).shape == (0, 16)
    assert dense_encoder(encoder.name) is not None


def test_the_name_of_a_folder_holds_from_anywhere(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_bert.parent)
    encoder = dense_encoder("sentence-transformers:saved")
    assert encoder is not None
    monkeypatch.chdir(tmp_path)
    again = dense_encoder(encoder.name)
    assert again is not None
    assert again.name == encoder.name == f"sentence-transformers:{tiny_bert.resolve()}"


def test_a_model_that_is_not_here_says_how_to_get_it() -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(ModelError, match="hf download someone/some-model --local-dir"):
        dense_encoder("sentence-transformers:someone/some-model")


@pytest.mark.parametrize("name", ["/no/such/folder", "./missing", "a/b/c"])
def test_a_missing_folder_is_named_before_anything_is_imported(name: str) -> None:
    with pytest.raises(ModelError, match="인코더의 폴더가 없습니다"):
        dense_encoder(f"sentence-transformers:{name}")


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(ModelError, match="읽을 수 없습니다"):
        dense_encoder(f"sentence-transformers:{tmp_path}")


def test_the_name_is_needed() -> None:
    with pytest.raises(ModelError, match="이름이나 폴더"):
        dense_encoder("sentence-transformers:")


def test_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError, match=r"\.\[neural\]"):
        dense_encoder(f"sentence-transformers:{tmp_path}")


def test_unknown_encoders_are_answered_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match="lexical, morpheme, sentence-transformers"):
        dense_encoder("word2vec")
    assert dense_encoder("lexical") is None
