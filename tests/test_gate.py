from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hyeoksin.batch import Options, run
from hyeoksin.classifier import Classifier
from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, ModelError
from hyeoksin.gate import Gate, load_gate, save_gates
from hyeoksin.plan import Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.training.gate import _threshold, fit_first_gate


@pytest.fixture(scope="module")
def gate() -> Gate:
    found = load_gate(resource("model"), load_plan("2019"))
    assert found is not None
    return found


def bodies(written: list[Example], inside: bool) -> list[str]:
    return [e.document.body for e in written if bool(e.labels["2019"]) == inside]


def test_scores_do_not_depend_on_the_neighbours(gate: Gate, written: list[Example]) -> None:
    texts = [e.document.body for e in written[:200]]
    together = dict(zip(texts, gate.scores(texts).tolist(), strict=True))
    random.Random(1).shuffle(texts)
    for start in range(0, 200, 7):
        piece = texts[start : start + 7]
        assert gate.scores(piece).tolist() == [together[text] for text in piece]


def test_the_modes_let_go_more_and_more_and_mostly_off_plan(gate: Gate, written: list[Example]) -> None:
    inside, outside = bodies(written, True), bodies(written, False)
    assert gate.dropped(outside, "off") == {}
    n_safe, n_fast = (len(gate.dropped(outside, mode)) for mode in ("safe", "fast"))  # type: ignore[arg-type]
    assert 0 < n_safe < n_fast
    assert len(gate.dropped(inside, "safe")) / len(inside) <= 0.005
    assert all(off > 0.8 for off in gate.dropped(outside, "fast").values())


def test_the_card_keeps_the_promise(gate: Gate) -> None:
    safe = gate.card["safe"]["in_plan_lost"]
    assert safe["share"] <= 0.005
    assert safe["interval"][0] < safe["share"] < safe["interval"][1] < 0.01


def test_a_record_of_the_gate_sums_to_one_and_says_who_read(gate: Gate) -> None:
    plan = load_plan("2019")
    record = gate.prediction(Document(id="1", text="축구"), plan, "m", 0.9876543).to_record()
    assert sum(c["probability"] for c in record["candidates"]) + record["off_plan"] == pytest.approx(
        1.0, abs=1e-6
    )
    assert {c["code"] for c in record["candidates"]} == {leaf.code for leaf in plan.leaves}
    assert (record["status"], record["path"]) == ("off_plan", [])
    assert "1차 거르기" in record["notes"][0]
    assert len(record["notes"]) == 1
    english = gate.prediction(Document(id="1", text="Football tonight"), plan, "m", 0.9)
    assert "한글이 거의 없는 글" in english.notes[1]


def test_saved_and_loaded_the_same_and_damage_is_seen(tmp_path: Path, gate: Gate) -> None:
    plan = load_plan("2019")
    assert load_gate(tmp_path, plan) is None
    save_gates([gate], tmp_path)
    loaded = load_gate(tmp_path, plan)
    assert loaded is not None
    assert loaded.scores(["가나다 라마"]) == gate.scores(["가나다 라마"])
    assert load_gate(tmp_path, replace(plan, title="다른 판")) is None
    assert load_gate(tmp_path, load_plan("2020")) is None
    raw = (tmp_path / "gate.safetensors").read_bytes()
    (tmp_path / "gate.safetensors").write_bytes(raw[:-1] + b"\x01")
    with pytest.raises(ModelError, match="지문"):
        load_gate(tmp_path, plan)
    (tmp_path / "gate.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ModelError):
        load_gate(tmp_path, plan)


def test_training_learns_and_sets_thresholds_on_held_out_texts(
    written: list[Example], plans: dict[str, Plan]
) -> None:
    examples = [replace(e, origin="real" if i % 2 else "written") for i, e in enumerate(written[::3])]
    made = fit_first_gate(examples, plans["2019"])
    assert made.card["safe"]["in_plan_lost"]["share"] <= 0.005
    inside, outside = (np.mean(made.scores(bodies(written, side))) for side in (True, False))
    assert inside > outside + 1


def test_thresholds_are_measured_on_texts_that_the_fold_had_not_seen(
    written: list[Example], plans: dict[str, Plan]
) -> None:
    rng = np.random.default_rng(
        0
    )  # labels at random: who has seen a text still knows its side, who has not cannot
    labels = [{"2019": ("3-1",) if inside else ()} for inside in rng.random(len(written[::3])) < 0.5]
    examples = [replace(e, origin="real", labels=x) for e, x in zip(written[::3], labels, strict=True)]
    card = fit_first_gate(examples, plans["2019"]).card
    assert card["fast"]["off_plan_let_go"]["share"] < 0.1


def test_no_gates_leave_none_of_another_model(tmp_path: Path) -> None:
    for name in ("gate.json", "gate.safetensors"):
        (tmp_path / name).touch()
    save_gates([], tmp_path)
    assert not list(tmp_path.iterdir())


def test_threshold_lets_no_more_go_than_promised() -> None:
    scores = np.arange(1000.0)
    assert (scores < _threshold(scores, 0.005)).sum() == 5
    assert (scores[:100] < _threshold(scores[:100], 0.005)).sum() == 0


def test_batch_lets_go_and_counts(tmp_path: Path, gate: Gate, written: list[Example]) -> None:
    texts = bodies(written, False)
    gone = sorted(gate.dropped(texts, "fast"))[:5]
    source = tmp_path / "a.jsonl"
    lines = [json.dumps({"id": str(i), "text": text}) for i, text in enumerate([texts[i] for i in gone])]
    lines += [json.dumps({"id": "in", "text": bodies(written, True)[0]})]
    source.write_text("\n".join(lines), encoding="utf-8")
    told = Options((source,), tmp_path / "out", gate="fast", format="jsonl")
    manifest = run(told, progress=False)
    assert manifest["counts"]["off_plan_by_gate"] == 5
    assert manifest["rows"]["out"] == 6
    assert manifest["gate"] == gate.card
    with pytest.raises(InputError, match="gate"):
        run(replace(told, gate="off"), progress=False)


def test_a_model_without_gate(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(resource("model"), model, ignore=shutil.ignore_patterns("gate.*"))
    source = tmp_path / "a.jsonl"
    source.write_text('{"id": "1", "text": "봄꽃 축제를 연다"}', encoding="utf-8")
    told = Options((source,), tmp_path / "out", model=model)
    with pytest.raises(InputError, match="거르기"):
        run(replace(told, gate="fast"), progress=False)
    assert run(told, progress=False)["settings"]["gate"] == "off"


def test_what_the_gate_settles_keeps_its_places(gate: Gate, classifier: Classifier) -> None:
    texts = [
        Document(id="1", title="축구 대회", text="전남 목포시에서 열린다. 중구 선수도 온다."),
        Document(id="2", text="봄꽃 축제", region="강원도 춘천시"),
        Document(id="3", text=f"{'봄꽃 ' * 400} 부산광역시"),
    ]
    for text, judged in zip(texts, classifier.classify(texts), strict=True):
        assert gate.prediction(text, classifier.plan, "m", 0.99).regions == judged.regions
