from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.model import Net
from hyeoksin.model.heads import off_log_odds
from hyeoksin.plan import Plan

RNG = np.random.default_rng(0)
NET = Net(
    hidden=RNG.normal(size=(40, 24)).astype(np.float32),
    hidden_bias=RNG.normal(size=24).astype(np.float32),
    outputs={"2024": RNG.normal(size=(24, 9)).astype(np.float32)},
    biases={"2024": RNG.normal(size=9).astype(np.float32)},
    probe=np.zeros(40, np.float32),
)
VECTORS = RNG.normal(size=(300, 40)).astype(np.float32)


def test_outputs_are_log_probabilities() -> None:
    found = NET.log_probabilities(VECTORS)["2024"]
    assert found.shape == (300, 9)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1.0)


def test_no_row_gives_no_answer() -> None:
    assert NET.log_probabilities(VECTORS[:0])["2024"].shape == (0, 9)


@given(st.integers(0, 290), st.integers(1, 10))
def test_a_row_is_answered_alike_alone_and_among_others(start: int, size: int) -> None:
    whole = NET.log_probabilities(VECTORS)["2024"]
    part = NET.log_probabilities(VECTORS[start : start + size])["2024"]
    np.testing.assert_array_equal(part, whole[start : start + size])


def test_log_odds_are_bounded_and_turn_at_one_half() -> None:
    off = np.log(np.array([1.0, 0.5, 1e-30]))
    found = off_log_odds(np.stack([np.zeros(3), off], axis=1))
    np.testing.assert_allclose(found, [9.0, 0.0, -9.0], atol=1e-6)


def _example(codes: tuple[str, ...], acceptable: tuple[str, ...] = ()) -> Example:
    return Example(
        document=Document(id="x", text="x"),
        labels={"2024": codes},
        family="x",
        kind="task",
        origin="real",
        acceptable={"2024": acceptable},
    )


def test_soft_targets_share_what_coders_also_accepted(plans: dict[str, Plan]) -> None:
    from hyeoksin.training.network import soft_targets

    examples = [_example(("K2",)), _example(("K2",), ("NONE", "K1")), _example(()), _example((), ("K8",))]
    targets, known = soft_targets(examples, plans["2024"], 0.3)
    place = {leaf.code: i for i, leaf in enumerate(plans["2024"].leaves)}
    np.testing.assert_allclose(targets.sum(axis=1), 1.0, rtol=1e-6)
    assert targets[0, place["K2"]] == 1.0
    assert targets[1, place["K2"]] == pytest.approx(0.7)
    assert targets[1, -1] == targets[1, place["K1"]] == pytest.approx(0.15)
    assert targets[2, -1] == 1.0
    assert targets[3, place["K8"]] == pytest.approx(0.3)
    assert known.tolist() == [1.0] * 4


def test_the_network_learns_and_the_same_seed_gives_the_same_weights(plans: dict[str, Plan]) -> None:
    pytest.importorskip("torch")
    from hyeoksin.training.network import NetSettings, fit_net

    plan = {"2024": plans["2024"]}
    codes = [leaf.code for leaf in plans["2024"].leaves]
    examples = [_example((codes[i % 8],) if i % 9 else ()) for i in range(360)]
    centres = RNG.normal(size=(9, 16))
    group = [i % 8 if i % 9 else 8 for i in range(360)]
    vectors = (centres[group] + 0.1 * RNG.normal(size=(360, 16))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    first, second = (
        fit_net(vectors, examples, plan, vectors[0], NetSettings(hidden=32, epochs=20)) for _ in range(2)
    )
    np.testing.assert_array_equal(first.hidden, second.hidden)
    answers = first.log_probabilities(vectors)["2024"].argmax(axis=1)
    assert np.mean(answers == np.array(group)) > 0.95
