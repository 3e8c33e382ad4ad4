from __future__ import annotations

from dataclasses import replace

import numpy as np

from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.features import analyse, feature_names
from hyeoksin.morphemes import Tokenizer
from hyeoksin.training.fit import Prepared


def test_titles_of_public_texts_become_examples_of_their_own(tokenizer: Tokenizer) -> None:
    document = Document(
        id="1", title="순번 문자 알림", text="민원실에서 기다리는 주민에게 차례를 문자로 알려 줍니다. " * 3
    )
    labels = {"2019": ("3-2",)}
    real = Example(document, labels, family="f", kind="seoul", origin="real", weight=3.0)
    bare = replace(real, document=replace(document, text=""))
    written = replace(real, origin="written")
    examples = [real, bare, written]
    analysed = list(analyse([e.document for e in examples], tokenizer, 700))
    vectors = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], np.float32)
    found = Prepared(examples, analysed, vectors, None).with_titles(0.2)
    assert [e.weight for e in found.examples] == [
        3.0,
        3.0,
        3.0,
        0.2,
    ]  # the bare and the written one have none to add
    assert found.examples[-1].labels == labels
    assert set(feature_names(found.analysed[-1], "morphemes")) == set(feature_names(analysed[1], "morphemes"))
    assert found.vectors is not None
    assert found.vectors[-1].tolist() == [3, 4, 3, 4]
    assert Prepared(examples, analysed, None, None).with_titles(0.0).examples == examples
