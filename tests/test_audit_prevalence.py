from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit_cases import MODEL, drawn, gated, probabilities, saved
from hyeoksin.audit import audit
from hyeoksin.audit.estimate import _apart
from hyeoksin.audit.prevalence import Shares, calibrate, correction, em, moved
from hyeoksin.codes import NONE
from hyeoksin.held_out import HeldOut, save_held_out
from hyeoksin.plan import load_plan

PLAN = load_plan("2024")
CLASSES = (*(leaf.code for leaf in PLAN.leaves), NONE)


def _held(seed: int = 0, n: int = 3_000) -> HeldOut:
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(CLASSES), n, p=_mix(0.6))
    return HeldOut(
        PLAN.id, PLAN.sha256, CLASSES, probabilities(truth, len(CLASSES), rng), truth, np.ones(n), "시험 글"
    )


def _mix(off: float) -> np.ndarray:
    weights = np.arange(1.0, len(CLASSES))
    return np.append(weights / weights.sum() * (1 - off), off)


def _stream(seed: int, off: float, n: int = 1_500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mix = _mix(off)
    mix[:-1] = mix[:-1][::-1]
    truth = rng.choice(len(CLASSES), n, p=mix)
    return probabilities(truth, len(CLASSES), rng), np.bincount(truth, minlength=len(CLASSES)) / n


def _corrected(held: HeldOut, stream: np.ndarray) -> Shares:
    calibration = calibrate(held)
    here = calibration(stream)
    towards = 0.5 * (em(here, calibration.prior) + calibration.prior)
    known = moved(calibration(held.probabilities), calibration.prior, towards)
    return correction(held, known)(moved(here, calibration.prior, towards).mean(axis=0), len(stream))


def test_correction_beats_counting_and_its_intervals_hold() -> None:
    held = _held()
    errors, plain, hits = [], [], []
    for seed in range(1, 21):
        stream, share = _stream(seed, 0.2 if seed % 2 else 0.9)
        found = _corrected(held, stream)
        counted = np.bincount(stream.argmax(axis=1), minlength=len(CLASSES)) / len(stream)
        errors.append(np.abs(found.projected - share).mean())
        plain.append(np.abs(counted - share).mean())
        intervals = [found.interval([j]) for j in range(len(CLASSES))]
        hits += [i.low <= s <= i.high for i, s in zip(intervals, share, strict=True)]
    assert np.mean(errors) < 0.6 * np.mean(plain)
    assert 0.90 <= np.mean(hits) <= 1.0


def test_intervals_of_parents_come_from_the_covariance() -> None:
    stream, _ = _stream(1, 0.5)
    found = _corrected(_held(), stream)
    assert found.values.sum() == pytest.approx(1.0)
    assert found.projected.sum() == pytest.approx(1.0)
    whole = found.interval(list(range(len(CLASSES))))
    assert whole.high - whole.low < 1e-6
    parts = [found.interval([j]) for j in range(2)]
    both = found.interval([0, 1])
    assert both.value == pytest.approx(sum(p.value for p in parts))
    assert both.high - both.low < sum(p.high - p.low for p in parts)


def test_shares_below_zero_widen_the_interval() -> None:
    covariance = np.diag([1e-4, 1e-4, 1e-4]) - 3.3e-5
    good = Shares(np.array([0.1, 0.3, 0.6]), covariance)
    bad = Shares(np.array([-0.1, 0.5, 0.6]), covariance)
    assert good.misfit == 1.0
    assert Shares(np.array([0.1, 0.3, 0.5]), covariance).projected.sum() == pytest.approx(1.0)
    assert bad.misfit > 10
    assert bad.interval([0]).low == 0.0
    assert bad.interval([1]).high - bad.interval([1]).low > 3 * (
        good.interval([1]).high - good.interval([1]).low
    )


def test_intervals_are_alike_below_zero_and_above_one() -> None:
    covariance = np.array([[1e-4, -1e-4], [-1e-4, 1e-4]])
    found = Shares(np.array([-0.1, 1.1]), covariance)
    none, all_ = found.interval([0]), found.interval([1])
    assert none.high == pytest.approx(1.0 - all_.low)
    assert all_.low < 1.0 == all_.high
    assert none.low == 0.0


def test_emq_finds_the_mix_of_calibrated_posteriors() -> None:
    stream, share = _stream(3, 0.3, 4_000)
    held = _held(0, 6_000)
    calibration = calibrate(held)
    found = em(calibration(stream), calibration.prior)
    assert np.abs(found - share).max() < 0.05


def test_the_audit_estimates_every_cell(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    truth = rng.choice(len(CLASSES), 600, p=_mix(0.5))
    predictions = drawn(PLAN, truth, rng)
    path = saved(predictions, tmp_path / "records.jsonl")
    held = _held()
    save_held_out([held], MODEL, tmp_path)
    found = audit(path, "2024", model=tmp_path)
    off = next(row for row in found.rows if row.cut == "all" and row.code == NONE)
    assert off.estimate is not None
    assert off.estimate.low <= (truth == len(CLASSES) - 1).mean() <= off.estimate.high
    assert all(row.estimate is not None for row in found.rows)
    assert {period.period for period in found.periods} == {"2024-03"}
    assert found.manifest.errors_from == "시험 글"
    assert len(found.manifest.errors_sha256) == 64
    bare = audit(path, "2024", model=tmp_path / "none")
    assert bare.rows[0].estimate is None
    assert "교차검증 기록이 없어" in bare.notes[0]


def test_an_estimate_that_the_settled_texts_contradict_is_told_first(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    judged = drawn(PLAN, rng.choice(len(CLASSES), 300, p=_mix(0.5)), rng)
    save_held_out([_held()], MODEL, tmp_path)
    some = [replace(one, status="off_plan") if one.off_plan > 0.9 else one for one in judged]
    usual = audit(saved(some, tmp_path / "usual.jsonl"), "2024", model=tmp_path, topic_texts=0)
    assert usual.cells()[-1].estimate is not None
    sure = [replace(one, status="off_plan") for one in judged]  # five in a hundred may lie inside; half do
    found = audit(saved(sure, tmp_path / "sure.jsonl"), "2024", model=tmp_path, topic_texts=0)
    assert found.cells()[-1].estimate is not None
    assert "(0.0%-5.0%)와 어긋납니다" in found.notes[0]
    assert "audit-sample" in found.notes[0]
    sure = [replace(one, status="settled") for one in judged]
    found = audit(saved(sure, tmp_path / "inside.jsonl"), "2024", model=tmp_path, topic_texts=0)
    assert "(95.0%-100.0%)와 어긋납니다" in found.notes[0]
    assert "어긋납니다" not in " ".join(usual.notes)
    methods = " ".join(note.text for note in found.methods)
    assert "겹치지 않으면 맨 앞에 알립니다" in methods
    assert "쓰지 않" not in methods


def test_the_distance_is_measured_on_the_texts_that_the_gate_left() -> None:
    rng = np.random.default_rng(7)
    known, gate = rng.uniform(size=2_000), np.full(1_900, 0.6)
    held = _held(n=2_000)
    here = np.concatenate([rng.uniform(0.0, 0.1, 100), gate])
    shares = np.full(len(CLASSES), 1 / len(CLASSES))
    assert _apart(here, known, held, shares, 0.6) == pytest.approx(0.05, abs=0.03)


def test_texts_that_the_gate_settled_keep_its_own_probability(tmp_path: Path) -> None:
    held = _held()
    calibration = calibrate(held)
    even = np.append(np.full(len(PLAN.leaves), 0.06 / len(PLAN.leaves)), 0.94)
    read, let_go = calibration(np.stack([even, even]), np.array([False, True]))
    assert abs(read[-1] - 0.94) > 0.01
    assert let_go[-1] == pytest.approx(0.94)
    np.testing.assert_allclose(let_go[:-1] / 0.06, calibration.prior[:-1] / calibration.prior[:-1].sum())
    rng = np.random.default_rng(6)
    judged = drawn(PLAN, rng.choice(len(CLASSES), 1_500, p=_mix(0.7)), rng)
    some = [gated(p, 0.99) if p.off_plan > 0.9 and i % 2 else p for i, p in enumerate(judged)]
    save_held_out([held], MODEL, tmp_path)
    with_gate, without = (
        audit(saved(given, tmp_path / name), "2024", model=tmp_path, topic_texts=0).cells()[-1].estimate
        for given, name in ((some, "gate.jsonl"), (judged, "off.jsonl"))
    )
    assert with_gate is not None
    assert without is not None
    assert with_gate.value == pytest.approx(without.value, abs=0.02)
