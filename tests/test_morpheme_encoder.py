from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.encoders import MorphemeEncoder, dense_encoder, load_morpheme_encoder, views
from hyeoksin.errors import ModelError
from hyeoksin.features import Analysed, analyse
from hyeoksin.morphemes import Tokenizer


@pytest.fixture(scope="module")
def encoder() -> MorphemeEncoder:
    return load_morpheme_encoder()


@pytest.fixture(scope="module")
def analysed(written: list[Example], tokenizer: Tokenizer) -> list[Analysed]:
    odd = [Document(id="none", text="∎∎∎"), Document(id="empty"), Document(id="en", text="hello world")]
    return list(analyse([e.document for e in written[::20]] + odd, tokenizer, 700))


def test_alone_and_in_a_batch_are_the_same_bits(encoder: MorphemeEncoder, analysed: list[Analysed]) -> None:
    together = encoder.encode(analysed)
    alone = np.concatenate([encoder.encode([one]) for one in analysed])
    assert np.array_equal(together, alone)


def test_vectors_have_unit_length_or_are_zero(encoder: MorphemeEncoder, analysed: list[Analysed]) -> None:
    vectors = encoder.encode(analysed)
    assert vectors.shape == (len(analysed), encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors[:-3], axis=1), 1.0, atol=1e-5)
    assert not vectors[-3:-1].any()
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_like_is_near_like(encoder: MorphemeEncoder, tokenizer: Tokenizer) -> None:
    texts = ("홀몸 어르신 안부 확인", "독거노인 돌봄 서비스", "반도체 수출 규제 대응")
    near, same, far = encoder.encode(list(analyse([Document(id=t, text=t) for t in texts], tokenizer, 700)))
    assert near @ same > near @ far + 0.2


def test_views_are_of_the_whole_and_of_title_short_text_or_beginning(
    encoder: MorphemeEncoder, tokenizer: Tokenizer
) -> None:
    title, short, long = "어르신 안부 확인", "도서관 야간 개방", "주민참여예산 제안을 받습니다. " * 9
    documents = [
        Document(id="1", title=title, text=long),
        Document(id="2", text=short),
        Document(id="3", text=long),
        Document(id="4"),
    ]
    texts = list(analyse(documents, tokenizer, 700))
    seen: list[list[str]] = []

    class Watched(MorphemeEncoder):
        def encode(self, analysed: Sequence[Analysed]) -> NDArray[np.float32]:
            seen.append([one.body for one in analysed])
            return super().encode(analysed)

    watched = Watched(list(encoder._row), encoder.vectors)
    whole, first = np.hsplit(views(watched, texts), 2)
    assert seen[1] == [title, long[:60]]  # a text that is its own opening is not read again
    assert np.array_equal(whole, encoder.encode(texts))
    alone = list(analyse([Document(id=t, text=t) for t in (title, short, long[:60], "")], tokenizer, 700))
    assert np.array_equal(first, encoder.encode(alone))


def test_equals_sentence_transformers(encoder: MorphemeEncoder, analysed: list[Analysed]) -> None:
    pytest.importorskip("sentence_transformers")
    from sentence_transformers import SentenceTransformer

    from hyeoksin.encoders.bag import MorphemeBag
    from hyeoksin.resources import resource

    model = SentenceTransformer(modules=[MorphemeBag.load(str(resource("morpheme")))], device="cpu")
    theirs = model.encode([one.document.body for one in analysed], show_progress_bar=False)
    np.testing.assert_allclose(encoder.encode(analysed), theirs, atol=1e-3)


def test_the_shipped_folder_is_small() -> None:
    from hyeoksin.resources import resource

    assert sum(path.stat().st_size for path in resource("morpheme").iterdir()) <= 20 * 2**20


def test_neither_torch_nor_sentence_transformers_is_imported() -> None:
    code = (
        "import sys; from hyeoksin.encoders import dense_encoder; dense_encoder('morpheme');"
        "import hyeoksin.classifier; sys.exit(bool({'torch', 'sentence_transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_folder_that_is_none_or_damaged(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="형태소 임베딩 폴더가 아닙니다"):
        dense_encoder(f"morpheme:{tmp_path}")
    (tmp_path / "vocabulary.txt").write_text("공개/N\n정보/N", encoding="utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match="온전하지 않습니다"):
        dense_encoder(f"morpheme:{tmp_path}")
    tensors = {"vectors": np.ones((3, 4), np.float16), "weights": np.ones(3, np.float16)}
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="수가 다릅니다"):
        dense_encoder(f"morpheme:{tmp_path}")
