"""What several test modules share: the shipped classifier (loaded once), the corpus, and a small trained model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from hyeoksin.classifier import Classifier, load_classifier
from hyeoksin.corpus import Example, node_examples, read_examples
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.training.fit import Settings
from hyeoksin.training.train import Trained, train
from hyeoksin.web.judge import Judge

hypothesis.settings.register_profile("tests", deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("tests")

CORPUS = Path(__file__).parents[1] / "corpus"


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    return load_classifier(careful=False)


@pytest.fixture(scope="session")
def careful() -> Classifier:
    """The classifier that reads doubtful texts again, for those tests that ask for it: it takes several times as long."""
    return load_classifier()


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """The server's classifier process, shared by the web tests."""
    made = Judge()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return Tokenizer()


@pytest.fixture(scope="session")
def plans() -> dict[str, Plan]:
    return {name: load_plan(name) for name in BUILTIN_PLANS}


@pytest.fixture(scope="session")
def written(plans: dict[str, Plan]) -> list[Example]:
    return read_examples(CORPUS / "proposals", plans)


@pytest.fixture(scope="session")
def coded_apart(plans: dict[str, Plan]) -> list[Example]:
    return read_examples(CORPUS / "coded", plans)


@pytest.fixture(scope="session")
def trained(written: list[Example], plans: dict[str, Plan]) -> Trained:
    """A small model: every twelfth written text and the node wordings, two folds, the encoder by the relative path of its folder."""
    examples = written[::12] + [e for plan in plans.values() for e in node_examples(plan)]
    encoder = f"morpheme:{os.path.relpath(resource('morpheme'))}"
    settings = Settings(name="small", n_folds=2, max_features=5_000, n_jobs=1, encoder=encoder)
    return train(examples, plans, settings, progress=False)
