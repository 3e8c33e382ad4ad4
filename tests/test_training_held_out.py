from __future__ import annotations

from dataclasses import replace

import numpy as np

from hyeoksin.held_out import load_held_out
from hyeoksin.plan import Plan
from hyeoksin.training.held_out import held_out, raked, save
from hyeoksin.training.train import Trained


def test_raking_brings_every_margin_to_the_pool() -> None:
    sources = ["a"] * 10 + ["b"] * 10 + ["a"] * 30 + ["b"] * 10
    sure = ([0] * 5 + [1] * 5) * 2 + [0] * 30 + [1] * 10
    weight = raked([sources, sure], np.ones(60), 20)
    for margin in (sources, sure):
        for cell in set(margin):
            held = sum(w for w, c in zip(weight, margin, strict=False) if c == cell)
            assert abs(held - margin.count(cell)) < 1.0


def test_what_cross_validation_said_is_kept_beside_the_model(
    trained: Trained, plans: dict[str, Plan], tmp_path_factory
) -> None:
    folder = tmp_path_factory.mktemp("model")
    trained = replace(trained, model=replace(trained.model, sha256="ab" * 32))
    save(trained, plans, folder / "none.yaml", None, folder)
    plan = plans["2019"]
    found = load_held_out(folder, "2019", plan.sha256, trained.model.id)
    assert found is not None
    written = [e for e in trained.examples if e.origin == "written" and "2019" in e.labels]
    assert len(found) == len(written)
    assert "지어 쓴 글" in found.origin
    assert found.classes[-1] == "NONE"
    right = (found.probabilities.argmax(axis=1) == found.truth).mean()
    assert right > 0.4  # held out, a small model
    assert [one.plan for one in held_out(trained, plans, folder / "none.yaml", None)] == list(plans)
