"""The second reading: its folder, whom it speaks beside, and which texts it reads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hyeoksin.classifier import REREAD, Classifier, load_classifier
from hyeoksin.corpus import Example
from hyeoksin.errors import ModelError
from hyeoksin.held_out import load_held_out
from hyeoksin.model import load_second
from hyeoksin.plan import load_plan
from hyeoksin.resources import answering_id, model_id, resource
from second_cases import lead_head, second_heads, written_reading


def test_a_saved_reading_comes_back(tmp_path: Path) -> None:
    saved = written_reading(tmp_path, "small@00000000")
    found = load_second(tmp_path, "small@00000000")
    assert found is not None
    assert found.id == saved.id == f"small@00000000+second@{saved.sha256[:8]}"
    vectors = found.transformer.vectors(["민원 서류"])
    assert np.array_equal(vectors, saved.transformer.vectors(["민원 서류"]))
    for plan, head in second_heads().items():
        assert np.array_equal(found.plans[plan].weights, head.weights)
        assert found.plans[plan].slopes == head.slopes
    assert np.array_equal(found.leads.weights, lead_head().weights)
    assert (found.leads.share, found.leads.below, found.leads.n_pieces) == (0.5, 0.9, 12)
    assert load_second(tmp_path, "other@00000000") is None


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda f: (f / "second.json").unlink(), "second.json"),
        (lambda f: (f / "pieces.model").unlink(), "pieces.model"),
        (lambda f: (f / "second.json").write_text("{", encoding="utf-8"), "온전하지 않습니다"),
        (lambda f: (f / "weights.safetensors").write_bytes(b"x"), "지문"),
        (lambda f: _rewrite(f, format="hyeoksin-second/9"), "hyeoksin-second/9"),
        (lambda f: _rewrite(f, plans={"2019": {}}), "온전하지 않습니다"),
    ],
)
def test_a_damaged_folder_is_refused(tmp_path: Path, spoil: object, told: str) -> None:
    written_reading(tmp_path, "small@00000000")
    spoil(tmp_path)  # type: ignore[operator]
    with pytest.raises(ModelError, match=told):
        load_second(tmp_path, "small@00000000")


def _rewrite(folder: Path, **changed: object) -> None:
    path = folder / "second.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changed), encoding="utf-8")


def test_only_doubtful_texts_change_and_each_by_itself(tmp_path: Path) -> None:
    reading = written_reading(tmp_path, "small@00000000")
    rng = np.random.default_rng(0)
    bodies = ["민원 서류", "어르신 돌봄", "시청의 축제", "행정 데이터"]
    off = {"2019": np.array([0.05, 0.5, 0.95, 0.3]), "2024": np.array([0.5, 0.02, 0.99, 0.99])}
    first = {}
    for plan in ("2019", "2024"):
        leaves = rng.dirichlet(np.ones(len(load_plan(plan).leaves)), 4) * (1 - off[plan])[:, None]
        first[plan] = leaves, off[plan]
    first["2022"] = rng.dirichlet(np.ones(3), 4) * 0.5, np.full(4, 0.5)
    kept = {plan: (leaves.copy(), off.copy()) for plan, (leaves, off) in first.items()}
    found = reading.reread(first, bodies, workers=2)
    for plan, doubtful in {
        "2019": [False, True, False, True],
        "2024": [True, False, False, False],
        "2022": [False] * 4,
    }.items():
        assert np.array_equal(first[plan][0], kept[plan][0])  # what was given stays
        changed = (found[plan][0] != first[plan][0]).any(axis=1) | (found[plan][1] != first[plan][1])
        assert changed.tolist() == doubtful
        np.testing.assert_allclose(found[plan][0].sum(axis=1) + found[plan][1], 1.0)
    for i, body in enumerate(bodies):
        alone = reading.reread({p: (a[i : i + 1], b[i : i + 1]) for p, (a, b) in first.items()}, [body])
        for plan in alone:
            assert np.array_equal(alone[plan][0][0], found[plan][0][i])
            assert alone[plan][1][0] == found[plan][1][i]


def test_who_leads_is_asked_again_where_the_first_answer_is_no_sure_one(tmp_path: Path) -> None:
    reading = written_reading(tmp_path, "small@00000000")
    first = np.full((3, 61), 0.05 / 60)
    first[0, 5], first[1, 5], first[2, 5] = 0.95, 0.5, 0.4
    first[1, 6], first[2, 7] = 0.45, 0.55
    kept, bodies = first.copy(), ["민원 서류", "어르신 돌봄", "시청의 축제"]
    found = reading.reread_leads(first, bodies, workers=2)
    assert np.array_equal(first, kept)
    assert np.array_equal(found[0], first[0])
    assert (found[1:] != first[1:]).any(axis=1).all()
    np.testing.assert_allclose(found[1:].sum(axis=1), 1.0)
    for i, body in enumerate(bodies):
        assert np.array_equal(reading.reread_leads(first[i : i + 1], [body])[0], found[i])
    head = reading.leads
    sure = replace(head, weights=head.weights * 0, bias=np.where(np.arange(61) == 6, 9.0, 0.0))
    assert sure.join(first[1:2], np.zeros((1, head.weights.shape[0]), np.float32))[0].argmax() == 6


def test_the_second_answer_moves_the_joined_one_its_way() -> None:
    head = second_heads()["2019"]
    n = head.weights.shape[1] - 1
    first = np.full((2, n), 0.5 / n), np.full(2, 0.5)
    second = np.full((2, n + 1), np.log(0.1 / n))
    second[0, 3] = np.log(0.9)
    second[1, n] = np.log(0.9)
    leaves, off = head.join(first, second)
    assert leaves[0].argmax() == 3
    assert off[0] < 0.5 < off[1]


def test_a_classifier_says_that_a_text_was_read_twice(
    classifier: Classifier, written: list[Example], tmp_path: Path
) -> None:
    documents = [example.document for example in written[::60]]
    model = classifier.model
    reading = written_reading(tmp_path, model.id)
    others = [load_plan(p) for p in ("2020", "2022", "2024")]
    twice = Classifier(model, load_plan("2019"), others, 1, tokenizer=classifier.tokenizer, second=reading)
    once = Classifier(model, load_plan("2019"), others, 1, tokenizer=classifier.tokenizer)
    pairs = list(zip(once.classify(documents), twice.classify(documents), strict=True))
    for first, second in pairs:
        assert (first.model, second.model) == (model.id, reading.id)
        for a, b in zip((first, *first.others), (second, *second.others), strict=True):
            doubtful = a.plan in ("2019", "2024") and 0.1 < a.off_plan < 0.9
            assert (a.off_plan != b.off_plan) == doubtful
    assert any(0.1 < a.off_plan < 0.9 for first, _ in pairs for a in (first, *first.others))
    for first, second in pairs:
        ends = [(p.off_plan < 0.5 and p.scores[0].code) for p in (first, second)]
        assert (REREAD in second.notes) == (ends[0] != ends[1])
        assert REREAD not in first.notes
    assert any(REREAD in second.notes for _, second in pairs)
    told = [
        "다시 읽기 전" in str([flag.reasons for p in pair for flag in p.agencies])
        for pair in zip(*pairs, strict=True)
    ]
    assert told == [False, True]
    alone = [next(iter(twice.classify([document]))) for document in documents]
    assert alone == [second for _, second in pairs]
    assert twice._heads["2019"].settle == 0.9
    assert twice._heads["2022"].settle == model.plans["2022"].settle


def test_another_edition_of_a_plan_is_refused(classifier: Classifier, tmp_path: Path) -> None:
    reading = written_reading(tmp_path, classifier.model.id)
    changed = replace(reading.plans["2019"], sha256="0" * 64)
    with pytest.raises(ModelError, match="다른 판"):
        replace(reading, plans={"2019": changed}).thresholds("2019", classifier.model.plans["2019"])


def test_the_shipped_reading_belongs_to_the_shipped_model() -> None:
    here = model_id(resource("model"))
    reading = load_second(resource("second"), here)
    assert reading is not None
    assert set(reading.plans) == {"2019", "2024"}
    assert load_classifier().id == reading.id == answering_id(resource("model"))
    assert load_classifier(careful=False).id == here
    for name in ("2019", "2020", "2022", "2024"):
        held = load_held_out(resource("second"), name, load_plan(name).sha256, reading.id)
        assert held is not None
        assert len(held)


def test_all_that_is_shipped_fits_into_sixty_megabytes() -> None:
    files = [p for name in ("model", "morpheme", "second") for p in resource(name).iterdir()]
    assert sum(path.stat().st_size for path in files) <= 60e6
