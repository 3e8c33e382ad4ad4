"""A head for a plan that no model was trained on: similarity to the wording of its nodes, through the same features."""

from __future__ import annotations

import numpy as np

from hyeoksin.domain import Document
from hyeoksin.features import analyse
from hyeoksin.model import Head, Model, PlanHead
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan

__all__ = ["wording_head"]

# Between what fits the 2019 and the 2024 plan when they are treated as new (bench/untrained.py, written corpus).
_TEMPERATURE = 0.017
_PEAK_SLOPE = 22.0
_PEAK_EVEN = 0.02
_NEVER = 1.01


def wording_head(plan: Plan, model: Model, tokenizer: Tokenizer) -> PlanHead:
    """Return a linear head whose leaf weights are the leaves' own wording vectors, made unit length.

    The wording of a leaf is its title, aliases, definition, what it includes, and its programmes' titles. Nothing is
    ever settled by such a head.
    """
    documents = [
        Document(
            id=leaf.code,
            title=leaf.title,
            text=" ".join((leaf.wording, *(child.title for child in plan.children(leaf.code)))),
        )
        for leaf in plan.leaves
    ]
    encoder = model.encoder
    rows = encoder.matrix([encoder.encode(a) for a in analyse(documents, tokenizer, 4 * model.limit)])
    vectors = np.asarray(rows.todense(), dtype=np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    leaf = Head(
        tuple(node.code for node in plan.leaves),
        vectors.T.copy(),
        np.zeros(len(documents), np.float32),
        temperature=_TEMPERATURE,
    )
    return PlanHead(
        plan=plan.id,
        sha256=plan.sha256,
        leaf=leaf,
        gate_weights=np.zeros(encoder.n_features, np.float32),
        gate_bias=0.0,
        gate_slope=0.0,
        peak_slope=_PEAK_SLOPE,
        gate_intercept=-_PEAK_SLOPE * _PEAK_EVEN,
        settle=_NEVER,
        settle_off=_NEVER,
    )
