from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from hyeoksin.triage import Coding, agreement, cohen_kappa


def alpha_of(units):
    answers = [
        Coding(item, str(coder), code) for item, unit in enumerate(units) for coder, code in enumerate(unit)
    ]
    return agreement(answers).alpha


codes = st.sampled_from(["1-1", "3-1", "NONE"])

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", example C: nominal alpha 0.743.
COMPUTING = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def test_alpha_is_that_of_the_published_example():
    units = [[str(a) for a in unit if a is not None] for unit in zip(*COMPUTING, strict=True)]
    assert alpha_of(units) == pytest.approx(0.743, abs=5e-4)


@given(st.lists(st.tuples(codes, codes), min_size=1, max_size=30))
def test_kappa_is_that_of_scikit_learn(pairs):
    first, second = zip(*pairs, strict=True)
    ours = cohen_kappa(first, second)
    if len({*first, *second}) == 1:
        assert ours is None
    else:
        assert ours == pytest.approx(cohen_kappa_score(first, second))


@settings(max_examples=20, deadline=None)  # each draws its intervals too
@given(st.lists(st.tuples(codes, codes), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_alpha_knows_neither_order_nor_names(pairs, random):
    alpha = alpha_of(pairs)
    renamed = [(b + "!", a + "!") for a, b in pairs]
    random.shuffle(renamed)
    other = alpha_of(renamed)
    assert (alpha is None) == (other is None)
    assert alpha is None or (math.isclose(alpha, other, abs_tol=1e-9) and alpha <= 1.0)


def test_kappa_of_three_coders_weighs_each_pair_by_its_items():
    answers = {"kim": "AABBCA..", "lee": "AABCCB..", "park": "ABBB..AC"}
    codings = [
        Coding(i, coder, code)
        for coder, given in answers.items()
        for i, code in enumerate(given)
        if code != "."
    ]
    found = agreement([*codings, Coding(6, "choi", "A"), Coding(7, "choi", "A")])
    pairs = [("AABBCA", "AABCCB"), ("AABB", "ABBB"), ("AABC", "ABBB"), ("AC", "AA")]
    expected = sum(len(a) * cohen_kappa_score(list(a), list(b)) for a, b in pairs) / 16
    assert found.kappa == pytest.approx(expected)
    assert (found.n_items, found.coders) == (8, ("choi", "kim", "lee", "park"))
    assert found.kappa_interval[0] < found.kappa < found.kappa_interval[1]


def test_undefined_figures_are_none():
    assert cohen_kappa([], []) is None
    assert alpha_of([["a"], ["b"]]) is None
    assert alpha_of([["a", "a"]]) is None
    nothing = agreement([Coding(1, "kim", "1-1")])
    assert (nothing.n_items, nothing.equal, nothing.kappa, nothing.alpha_interval) == (0, None, None, None)


def test_agreement_that_no_draw_shakes_has_no_interval():
    few = agreement([Coding(i, coder, "NONE" if i else "A") for i in range(3) for coder in ("kim", "lee")])
    assert (few.kappa, few.kappa_interval, few.alpha, few.alpha_interval) == (1.0, None, 1.0, None)


def test_kappa_wants_the_same_items():
    with pytest.raises(ValueError, match="zip"):
        cohen_kappa(["a"], ["a", "b"])


def test_agreement_of_two_coders():
    answers = {"kim": "AABBCCAABB", "lee": "AABBCCABBA"}
    codings = [Coding(i, coder, code) for coder, given in answers.items() for i, code in enumerate(given)]
    found = agreement([Coding(0, "kim", "C"), *codings])  # a later answer replaces an earlier one
    assert (found.n_items, found.coders, found.equal) == (10, ("kim", "lee"), 0.8)
    turned = agreement(codings[::-1])  # nor do the intervals know the order
    assert (turned.kappa_interval, turned.alpha_interval) == (found.kappa_interval, found.alpha_interval)
    assert found.kappa == pytest.approx(cohen_kappa_score(list(answers["kim"]), list(answers["lee"])))
    assert found.kappa_interval[0] < found.kappa < found.kappa_interval[1]
    assert found.alpha_interval[0] < found.alpha < found.alpha_interval[1]
    assert found.disagreements == (("A", "B", 2),)
    assert found.disputed == (7, 9)
