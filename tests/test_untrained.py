from __future__ import annotations

from dataclasses import replace

import numpy as np

from hyeoksin.classifier import Classifier
from hyeoksin.corpus import Example
from hyeoksin.encoders import beside, load_morpheme_encoder
from hyeoksin.features import analyse
from hyeoksin.plan import Plan
from hyeoksin.untrained import wording_head


def test_the_morpheme_embedding_ranks_an_unknown_plan_better(
    classifier: Classifier, plans: dict[str, Plan], written: list[Example]
) -> None:
    model, tokenizer, dense = classifier.model, classifier.tokenizer, load_morpheme_encoder()
    plan = replace(plans["2024"], id="new")
    inside = [e for e in written if e.labels["2024"]][::4]
    analysed = list(analyse([e.document for e in inside], tokenizer, 300))
    lexical = model.encoder.matrix([model.encoder.encode(a) for a in analysed])
    fused = beside(lexical, dense.encode(analysed))
    assert fused.shape == (len(inside), model.encoder.n_features + dense.dimension)
    np.testing.assert_array_equal(fused[:, : model.encoder.n_features].toarray(), lexical.toarray())

    def right(encoder: object, rows: object) -> float:
        head = wording_head(plan, model, tokenizer, encoder)
        leaves, off = head.probabilities(rows)
        np.testing.assert_allclose(leaves.sum(axis=1) + off, 1.0)
        best = [head.leaf.classes[i] for i in leaves.argmax(axis=1)]
        return float(np.mean([b == e.labels["2024"][0] for b, e in zip(best, inside, strict=True)]))

    assert right(dense, fused) > right(None, lexical) + 0.03
