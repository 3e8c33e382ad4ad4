"""Training of the first gate: a logistic regression over hashed n-grams, its thresholds set on what no fold had seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from hyeoksin.corpus import TESTED, Example
from hyeoksin.gate import BITS, SIZES, Gate, columns, readable, save_gates
from hyeoksin.ngrams import ngram_hashes
from hyeoksin.plan import Plan
from hyeoksin.training.calibrate import fit_gate

__all__ = ["PROMISED", "fit_first_gate", "fit_first_gates"]

PROMISED = {"safe": 0.005, "fast": 0.02}  # the largest share of in-plan texts that a mode may let go
_LIMIT = 700  # characters read, as by the classifier
_STRENGTH = 1.0
_N_FOLDS = 5
_LARGEST = 30_000  # of int16, with some air
_LEAST = 1_000  # in-plan public texts on which half a percent can be measured

Floats = NDArray[np.float64]


def fit_first_gates(examples: Sequence[Example], plans: Mapping[str, Plan], folder: Path) -> dict[str, Any]:
    """Fit and save the gates of all plans with enough labelled public texts, and return their cards."""
    gates = []
    for plan in plans.values():
        real = [e for e in examples if e.origin == "real" and e.labels.get(plan.id)]
        if len(real) >= _LEAST:
            gates.append(fit_first_gate(examples, plan))
    save_gates(gates, folder)
    return {gate.plan: gate.card for gate in gates}


def fit_first_gate(examples: Sequence[Example], plan: Plan) -> Gate:
    """Fit the gate of one plan on the written and the public texts; measure and set it on public texts held out.

    Folds are cut by ``family``. A threshold is the highest score below which no more than the promised share of the
    in-plan public texts lies; the card gives that share with its 95 % interval (Clopper and Pearson 1934).
    """
    known = [e for e in examples if plan.id in e.labels and e.origin in TESTED]
    inside = np.array([bool(e.labels[plan.id]) for e in known])
    weight = np.array([e.weight for e in known])
    real = np.array([e.origin == "real" for e in known])
    rows = _rows([e.document.body for e in known])
    held = np.zeros(len(known))
    folds = GroupKFold(_N_FOLDS, shuffle=True, random_state=0)
    for train, test in folds.split(known, groups=[e.family for e in known]):
        model = _fit(rows[train], inside[train], weight[train])
        held[test] = model.decision_function(rows[test])
    final = _fit(rows, inside, weight)
    slopes, intercept = fit_gate(held[real][:, None], inside[real], np.ones(int(real.sum())))
    scale = float(np.abs(final.coef_[0]).max()) / _LARGEST
    thresholds = {mode: _threshold(held[real & inside], share) for mode, share in PROMISED.items()}
    return Gate(
        plan=plan.id,
        plan_sha256=plan.sha256,
        limit=_LIMIT,
        weights=np.round(final.coef_[0] / scale).astype(np.int16),
        scale=scale,
        bias=float(final.intercept_[0]),
        slope=slopes[0],
        intercept=intercept,
        thresholds=thresholds,
        card={
            "held_out": "공개 글, 글 묶음으로 나눈 5겹 교차검증",
            "in_plan_texts": int((real & inside).sum()),
            "off_plan_texts": int((real & ~inside).sum()),
            **{
                mode: {
                    "in_plan_lost": _share(held[real & inside] < value),
                    "off_plan_let_go": _share(held[real & ~inside] < value),
                }
                for mode, value in thresholds.items()
            },
        },
    )


def _rows(bodies: Sequence[str]) -> csr_array:
    """Return the features: counts of n-grams by the square root of their number."""
    texts = [readable(body, _LIMIT) for body in bodies]
    tables = []
    for size in SIZES:
        hashes, offsets = ngram_hashes(texts, size)
        values = np.ones(len(hashes), np.float32)
        tables.append(csr_array((values, columns(hashes), offsets), shape=(len(texts), 2**BITS)))
    counts = tables[0] + tables[1]
    counts.sum_duplicates()
    return (diags_array(1.0 / np.sqrt(np.maximum(counts.sum(axis=1), 1.0))) @ counts).tocsr()


def _fit(rows: csr_array, inside: NDArray[np.bool_], weight: Floats) -> LogisticRegression:
    balanced = (
        weight * np.where(inside, 0.5 / weight[inside].sum(), 0.5 / weight[~inside].sum()) * len(weight)
    )
    return LogisticRegression(C=_STRENGTH, max_iter=300, tol=1e-3).fit(rows, inside, sample_weight=balanced)


def _threshold(scores: Floats, share: float) -> float:
    """Return the highest score with at most ``share`` of ``scores`` below it."""
    return float(np.sort(scores)[int(share * len(scores))])


def _share(hits: NDArray[np.bool_]) -> dict[str, float | int | list[float]]:
    n, k = len(hits), int(hits.sum())
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return {"n": k, "share": round(k / n, 4), "interval": [round(low, 4), round(high, 4)]}
