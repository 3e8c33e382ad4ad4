"""Decisions of the plan before as soft labels of the new one: the crosswalk's links times what the wordings say of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hyeoksin.codes import NONE
from hyeoksin.model.heads import sigmoid, softmax
from hyeoksin.plan import Plan
from hyeoksin.plan.routes import Route
from hyeoksin.translate import WORTH, Worth, fused

__all__ = ["SCALE", "Scale", "carry", "wording_shares"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """How likeness to the wordings becomes probability.

    ``temperature`` is among the leaves; ``slope`` and ``intercept`` are of belonging to the plan at all, over the highest
    likeness standardised on the texts at hand.
    """

    temperature: float
    slope: float
    intercept: float


SCALE = Scale(0.0235, 1.07, -0.70)  # between what fits 2019 and 2024 when they are treated as new


def wording_shares(scores: Floats, scale: Scale = SCALE) -> Floats:
    """Return (n x (leaves + 1)) probabilities, off-plan last, from the (n x leaves) likeness of a stream of texts."""
    peak = scores.max(axis=1)
    inside = sigmoid(scale.slope * (peak - peak.mean()) / (peak.std() + 1e-9) + scale.intercept)
    return np.column_stack([softmax(scores / scale.temperature) * inside[:, None], 1.0 - inside])


def carry(
    plan: Plan, shares: Floats, codes: Sequence[str], table: Mapping[str, Route], worth: Worth = WORTH
) -> Floats:
    """Return (n x (leaves + 1)) soft labels of texts that stood at ``codes`` (or ``NONE``) of the plan before."""
    names = [*(leaf.code for leaf in plan.leaves), NONE]
    out = np.zeros_like(shares)
    for i, code in enumerate(codes):
        told = fused(
            dict(zip(names, shares[i].tolist(), strict=True)), table.get(code, Route({})), code != NONE, worth
        )
        out[i] = [told[name] for name in names]
    return out
