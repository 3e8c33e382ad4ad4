from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.errors import ModelError
from hyeoksin.plan import Plan
from hyeoksin.resources import resource
from hyeoksin.training.calibrate import fit_temperature, safe_threshold
from hyeoksin.training.fit import Settings
from hyeoksin.training.train import Trained, train


def test_a_small_model_has_learnt_something(trained: Trained) -> None:
    codes = [
        leaf.code for leaf in __import__("hyeoksin.plan", fromlist=["load_plan"]).load_plan("2019").leaves
    ]
    rows = [i for i, e in enumerate(trained.examples) if e.origin == "written" and e.labels["2019"]]
    right = [codes[trained.leaves["2019"][i].argmax()] in trained.examples[i].labels["2019"] for i in rows]
    assert len(rows) > 150
    assert np.mean(right) > 0.4  # from some texts a leaf; chance is 0.05


def test_a_model_keeps_where_the_folder_of_its_encoder_stands(trained: Trained) -> None:
    assert trained.model.dense == f"morpheme:{resource('morpheme').resolve()}"


def test_an_encoder_that_is_not_there_is_told_before_the_long_work(
    trained: Trained, plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hyeoksin.training.train.Tokenizer", None)
    for encoder, says in (("foo", "모르는 인코더"), ("sentence-transformers:/no/such", "/no/such")):
        with pytest.raises(ModelError, match=says):
            train(trained.examples, plans, Settings(n_folds=2, encoder=encoder))


def test_held_out_probabilities_are_probabilities(trained: Trained) -> None:
    for plan, leaves in trained.leaves.items():
        np.testing.assert_allclose(leaves.sum(axis=1) + trained.off[plan], 1.0)


def test_temperature_mends_overconfidence() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2000, 4))
    target = np.array([rng.choice(4, p=np.exp(row) / np.exp(row).sum()) for row in logits])
    assert 4.0 < fit_temperature(5.0 * logits, target) < 6.2


@given(st.integers(0, 10**6), st.floats(0.6, 1.0))
def test_a_threshold_keeps_its_promise(seed: int, honesty: float) -> None:
    rng = np.random.default_rng(seed)
    probability = rng.random(600)
    right = rng.random(600) < honesty * probability**0.1
    threshold = safe_threshold(probability, right, 0.9)
    settled = probability >= threshold
    assert threshold >= 0.5
    assert not settled.any() or right[settled].mean() >= 0.9


def test_honest_probabilities_are_settled() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random(2000)
    assert (
        0.8 <= safe_threshold(probability, rng.random(2000) < probability, 0.9) < 0.95
    )  # .9 are right above .8


def test_a_few_lucky_rows_settle_nothing() -> None:
    assert safe_threshold(np.array([0.9, 0.8]), np.array([True, True]), 0.95) > 1.0
    assert safe_threshold(np.full(500, 0.9), np.ones(500, dtype=bool), 0.95) == 0.9
