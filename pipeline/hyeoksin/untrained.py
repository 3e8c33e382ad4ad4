"""A head for a plan that no model was trained on: similarity to the wording of its nodes, through the same features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hyeoksin.domain import Document
from hyeoksin.encoders import DenseEncoder, LexicalEncoder
from hyeoksin.features import Analysed, analyse
from hyeoksin.model import Head, Model, PlanHead
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan

__all__ = ["wording_head", "wordings"]

Floats = NDArray[np.float32]
_NEVER = 1.01
_SHARE = (
    0.2  # of the dense cosine beside the lexical one: more ranks public texts better and written ones worse
)


@dataclass(frozen=True, slots=True)
class _Scale:
    temperature: float
    slope: float
    even: float


# Between what fits the 2019 and the 2024 plan when they are treated as new (bench/untrained.py; lexical: written corpus,
# with dense: written and public texts).
_LEXICAL = _Scale(temperature=0.017, slope=22.0, even=0.02)
_WITH_DENSE = _Scale(temperature=0.021, slope=21.0, even=0.15)


def wording_head(
    plan: Plan, model: Model, tokenizer: Tokenizer, dense: DenseEncoder | None = None
) -> PlanHead:
    """Return a linear head whose leaf weights are the leaves' own wording vectors, made unit length.

    With ``dense`` the head reads (n features + dimension) columns: the lexical rows with the dense vectors beside them
    (:func:`hyeoksin.encoders.beside`). Nothing is ever settled by such a head.
    """
    analysed = list(analyse(wordings(plan), tokenizer, 4 * model.limit))
    weights, scale = _lexical(model.encoder, analysed), _LEXICAL
    if dense is not None:
        weights, scale = np.vstack([weights, _SHARE * dense.encode(analysed).T]), _WITH_DENSE
    leaf = Head(
        tuple(node.code for node in plan.leaves),
        np.ascontiguousarray(weights),
        np.zeros(len(analysed), np.float32),
        temperature=scale.temperature,
    )
    return PlanHead(
        plan=plan.id,
        sha256=plan.sha256,
        leaf=leaf,
        gate_weights=np.zeros(len(weights), np.float32),
        gate_bias=0.0,
        gate_slope=0.0,
        peak_slope=scale.slope,
        gate_intercept=-scale.slope * scale.even,
        settle=_NEVER,
        settle_off=_NEVER,
    )


def wordings(plan: Plan) -> list[Document]:
    """Return one text per leaf: title, aliases, definition, what it includes, and its programmes' titles."""
    return [Document(id=leaf.code, title=leaf.title, text=plan.wording(leaf.code)) for leaf in plan.leaves]


def _lexical(encoder: LexicalEncoder, analysed: list[Analysed]) -> Floats:
    """Return the (n features x n leaves) unit vectors of the wordings."""
    rows = encoder.matrix(encoder.encode_all(analysed))
    vectors = np.asarray(rows.todense(), dtype=np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return vectors.T
