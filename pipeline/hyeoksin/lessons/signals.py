"""What the frozen parts of a model say of texts: computed once, used by every fold, comparison and preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack

from hyeoksin.domain import Document
from hyeoksin.encoders import beside, dense_encoder, views
from hyeoksin.features import analyse
from hyeoksin.lessons.residual import Signals
from hyeoksin.model import Model
from hyeoksin.morphemes import Tokenizer

__all__ = ["join", "rescored", "signals_of"]

_BATCH = 500


def signals_of(
    model: Model, plan: str, documents: Sequence[Document], tokenizer: Tokenizer
) -> tuple[Signals, NDArray[np.float32]]:
    """Return the signals of one plan, and the (n x d) unit vectors that say which texts are near each other.

    The vectors are the dense ones where the model has an encoder for them, else zeros of width 1.
    """
    head, dense = model.plans[plan], dense_encoder(model.dense)
    parts: list[Signals] = []
    vectors: list[NDArray[np.float32]] = [
        np.zeros((0, dense.dimension if dense is not None else 1), np.float32)
    ]
    for start in range(0, max(len(documents), 1), _BATCH):
        analysed = list(analyse(documents[start : start + _BATCH], tokenizer, model.limit))
        rows = model.encoder.matrix(model.encoder.encode_all(analysed))
        net = None
        if dense is not None and model.net is not None:
            seen = views(dense, analysed)
            vectors.append(seen[:, : dense.dimension])
            if plan in model.net.outputs:
                net = model.net.log_probabilities(seen)[plan]
            else:  # a head without outputs in the network reads the vectors beside the words
                rows = beside(rows, seen[:, : dense.dimension])
        else:
            vectors.append(np.zeros((len(analysed), vectors[0].shape[1]), np.float32))
        bodies = [one.body for one in analysed]
        parts.append(Signals(rows, head.leaf.logits(rows), head.gate_logits(rows), net, bodies))
    return join(parts), np.concatenate(vectors)


def rescored(base: Model, new: Model, plan: str, signals: Signals) -> Signals | None:
    """Return what the new model says of the same texts, or None where it reads other features than ``base``."""
    if new.encoder is not base.encoder or new.net is not base.net or new.limit != base.limit:
        return None
    head = new.plans[plan]
    return replace(signals, leaf=head.leaf.logits(signals.rows), gate=head.gate_logits(signals.rows))


def join(parts: Sequence[Signals]) -> Signals:
    """Return the signals of several batches as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return Signals(
        rows=vstack([p.rows for p in parts], format="csr"),
        leaf=np.concatenate([p.leaf for p in parts]),
        gate=np.concatenate([p.gate for p in parts]),
        net=None if first.net is None else np.concatenate([p.net for p in parts if p.net is not None]),
        bodies=[body for p in parts for body in p.bodies],
    )
