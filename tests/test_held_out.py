from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hyeoksin.errors import ModelError
from hyeoksin.held_out import FILE, HeldOut, load_held_out, save_held_out


def _held() -> HeldOut:
    rng = np.random.default_rng(0)
    p = rng.dirichlet([1, 1, 1], size=20)
    return HeldOut("p", "ab" * 32, ("1", "2", "NONE"), p, rng.integers(0, 3, 20), np.ones(20), "시험 글 20건")


def test_held_out_predictions_come_back(tmp_path: Path) -> None:
    held = _held()
    save_held_out([held], "m@1", tmp_path)
    found = load_held_out(tmp_path, "p", "ab" * 32, "m@1")
    assert found is not None
    assert found.classes == held.classes
    assert found.origin == held.origin
    np.testing.assert_allclose(found.probabilities, held.probabilities, atol=1e-3)
    np.testing.assert_array_equal(found.truth, held.truth)
    assert load_held_out(tmp_path, "other", "ab" * 32, "m@1") is None
    assert load_held_out(tmp_path / "none", "p", "ab" * 32, "m@1") is None


def test_another_model_is_none_and_another_plan_or_damage_is_refused(tmp_path: Path) -> None:
    save_held_out([_held()], "m@1", tmp_path)
    assert load_held_out(tmp_path, "p", "ab" * 32, "m@2") is None
    with pytest.raises(ModelError, match="다른 판의 계획"):
        load_held_out(tmp_path, "p", "cd" * 32, "m@1")
    raw = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(raw[: len(raw) // 2])
    with pytest.raises(ModelError, match="깨졌습니다"):
        load_held_out(tmp_path, "p", "ab" * 32, "m@1")
