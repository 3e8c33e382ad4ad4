from __future__ import annotations

import gc
from weakref import ref

import numpy as np

from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.encoders import LexicalEncoder
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer
from hyeoksin.training.fit import Settings, _encoder, vectoriser


def test_equals_scikit_learn(written: list[Example], tokenizer: Tokenizer) -> None:
    analysed = list(analyse([e.document for e in written[::10]], tokenizer, 700))
    front = vectoriser(Settings(max_features=4_000))
    theirs = front.fit_transform(analysed).toarray()
    encoder = _encoder(front)
    ours = encoder.matrix([encoder.encode(a) for a in analysed]).toarray()
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_shares_sum_to_the_row(written: list[Example], tokenizer: Tokenizer) -> None:
    analysed = list(analyse([e.document for e in written[:40]], tokenizer, 700))
    encoder = _encoder(vectoriser(Settings(max_features=1_000)).fit(analysed))
    for one in analysed:
        encoded = encoder.encode(one)
        row = encoder.matrix([encoded]).toarray()[0]
        summed = np.bincount(encoded.index, encoded.share, minlength=encoder.n_features)
        np.testing.assert_allclose(row, summed, atol=1e-6)


def test_no_known_feature_gives_an_empty_row(written: list[Example], tokenizer: Tokenizer) -> None:
    encoder = _encoder(
        vectoriser(Settings(max_features=100)).fit(
            list(analyse([e.document for e in written[:40]], tokenizer, 700))
        )
    )
    (empty,) = analyse([Document(id="1", text="∎∎∎")], tokenizer, 700)
    assert encoder.matrix([encoder.encode(empty)]).nnz == 0
    assert encoder.matrix([]).shape == (0, encoder.n_features)


def test_an_encoder_ends_with_its_last_user(tokenizer: Tokenizer) -> None:
    encoder = LexicalEncoder(["c:_섬"], np.ones(1, np.float32))
    (one,) = analyse([Document(id="1", text="섬")], tokenizer, 700)
    assert len(encoder.encode(one).index) == 1
    ended = ref(encoder)
    gc.freeze()  # as who loads a model does: the collector frees nothing of what is there
    try:
        del encoder
        assert ended() is None
    finally:
        gc.unfreeze()
