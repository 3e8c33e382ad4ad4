from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hyeoksin.classifier import Classifier
from hyeoksin.domain import Document
from hyeoksin.errors import ModelError
from hyeoksin.model import load_model, save_model
from hyeoksin.model.heads import sigmoid, softmax
from hyeoksin.plan import load_plan
from hyeoksin.resources import resource
from hyeoksin.training.train import Trained

DOCUMENTS = [
    Document(id="1", title="업무추진비 집행 내역을 누리집에 알기 쉽게 공개"),
    Document(id="2", text="주말 축제에 오세요"),
]


@given(arrays(np.float64, (3, 4), elements=st.floats(-500, 500)))
def test_softmax_rows_sum_to_one(logits: np.ndarray) -> None:
    np.testing.assert_allclose(softmax(logits).sum(axis=1), 1.0)


@given(arrays(np.float64, 5, elements=st.floats(-1e6, 1e6)))
def test_sigmoid_stays_between_zero_and_one(logits: np.ndarray) -> None:
    values = sigmoid(logits)
    assert ((values >= 0) & (values <= 1)).all()


def test_saving_and_loading_changes_no_prediction(trained: Trained, tmp_path: Path) -> None:
    saved = save_model(trained.model, tmp_path / "a", {})
    again = load_model(tmp_path / "a")
    plan = load_plan("2019")
    before = [p.to_record() for p in Classifier(saved, plan, workers=1).classify(DOCUMENTS)]
    after = [p.to_record() for p in Classifier(again, plan, workers=1).classify(DOCUMENTS)]
    assert before == after
    assert save_model(again, tmp_path / "b", {}).id == saved.id  # rounding happens once


def test_folder_holds_no_code() -> None:
    names = {path.name for path in resource("model").iterdir()}
    assert names == {
        *("model.json", "weights.safetensors", "vocabulary.txt", "card.json", "MODEL_CARD.md"),
        *("gate.json", "gate.safetensors", "held_out.safetensors"),
    }


def test_a_network_refuses_another_embedding(trained: Trained) -> None:
    assert trained.model.net is not None
    other = replace(trained.model, net=replace(trained.model.net, probe=-trained.model.net.probe))
    with pytest.raises(ModelError, match=r"다른 'morpheme:.*' 임베딩"):
        Classifier(other, load_plan("2019"), workers=1)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(resource("model"), tmp_path / "model"))


@pytest.mark.parametrize("name", ["weights.safetensors", "vocabulary.txt"])
def test_a_changed_file_is_refused(copy: Path, name: str) -> None:
    raw = bytearray((copy / name).read_bytes())
    raw[-1] ^= 1
    (copy / name).write_bytes(raw)
    with pytest.raises(ModelError, match=name):
        load_model(copy)


@pytest.mark.parametrize("name", ["weights.safetensors", "vocabulary.txt", "model.json"])
def test_a_missing_file_is_refused(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelError):
        load_model(copy)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"format": "hyeoksin-model/99"}', '{"format": "hyeoksin-model/2"}']
)
def test_an_unknown_description_is_refused(copy: Path, text: str) -> None:
    (copy / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError):
        load_model(copy)


def test_description_names_every_plan_hash() -> None:
    description = json.loads((resource("model") / "model.json").read_text(encoding="utf-8"))
    for name, entry in description["plans"].items():
        assert entry["sha256"] == load_plan(name).sha256
        assert entry["leaves"] == [leaf.code for leaf in load_plan(name).leaves]
