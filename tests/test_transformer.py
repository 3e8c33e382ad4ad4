"""The NumPy reader against transformers, a text alone against among others, and weights in few bits."""

from __future__ import annotations

import numpy as np
import pytest

from hyeoksin.encoders.packed import packed, unpacked
from hyeoksin.encoders.transformer import Transformer, plain
from hyeoksin.training.pretrained import piece_model
from second_cases import N_HEADS, N_LAYERS, N_PIECES, WIDE, WIDTH, pretrained, transformer

TEXTS = ["어르신 돌봄", "민원 서류를 데이터로\n개방", "시청의 축제 " * 20, "", "Ωψ ＡＢ", "행정"]


def test_the_numpy_reader_gives_what_transformers_gives() -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    made, ours = pretrained(), transformer()
    config = transformers.BertConfig(
        vocab_size=len(made.pieces),
        hidden_size=WIDTH,
        num_hidden_layers=N_LAYERS,
        num_attention_heads=N_HEADS,
        intermediate_size=WIDE,
        max_position_embeddings=40,
        hidden_act="gelu_pytorch_tanh",
    )
    theirs = transformers.BertModel(config, add_pooling_layer=False).eval()
    theirs.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in made.tensors.items()})
    for text in TEXTS:
        with torch.no_grad():
            states = theirs(input_ids=torch.tensor([ours.ids(text)])).last_hidden_state[0]
        np.testing.assert_allclose(ours.vectors([text])[0], states.mean(0).numpy(), atol=1e-5)


def test_a_vector_depends_neither_on_neighbours_nor_on_threads() -> None:
    ours = transformer()
    among = ours.vectors(TEXTS, workers=2)
    alone = np.concatenate([ours.vectors([text]) for text in TEXTS])
    assert np.array_equal(among, alone)
    assert among.shape == (len(TEXTS), ours.dimension)
    assert np.isfinite(among).all()
    assert ours.vectors([]).shape == (0, WIDTH)


def test_a_text_is_cut_and_its_white_space_and_wide_letters_are_made_plain() -> None:
    ours = transformer()
    assert len(ours.ids(TEXTS[2])) == N_PIECES
    assert ours.ids("민원\n\t 서류") == ours.ids("민원 서류")
    assert plain(" ＡＢ\u3000ㄱ ") == "AB ᄀ"
    assert ours.ids("민원")[0] == 0
    assert ours.ids("민원")[-1] == 2


def test_parts_that_do_not_fit_are_refused() -> None:
    made = pretrained()
    with pytest.raises(ValueError, match="수가 다릅니다"):
        Transformer(made.tensors, piece_model(made.pieces[:-1]), N_HEADS, N_PIECES)
    with pytest.raises(ValueError, match="수가 다릅니다"):
        Transformer(made.tensors, piece_model(made.pieces), N_HEADS, 1_000)


@pytest.mark.parametrize(("bits", "error"), [(8, 1 / 254), (4, 1 / 8)])
def test_a_packed_matrix_comes_back_within_half_a_step(bits: int, error: float) -> None:
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(7, 96)).astype(np.float32)
    matrix[3] = 0.0
    tensors = packed("m", matrix, bits)
    assert set(tensors) == {"m", "m.scale"}
    assert tensors["m"].nbytes == matrix.size * bits // 8
    found = unpacked({**tensors, "bias": np.ones(3, np.float16)})
    largest = np.abs(matrix).max()
    assert np.abs(found["m"] - matrix).max() <= error * largest * 1.01
    assert not found["m"][3].any()
    assert found["bias"].dtype == np.float32
    again = unpacked(packed("m", found["m"], bits))["m"]
    np.testing.assert_allclose(again, found["m"], atol=1e-6)
