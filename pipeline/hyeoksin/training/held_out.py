"""What cross-validation said of labelled texts, made ready for those who must know how the classifier errs.

Labelled public texts were not drawn at random: rare and doubtful ones were chosen. Choice went by what a model said of a text, so
texts are weighted by that: raking (Deming and Stephan 1940) brings the labelled ones to the pool they were chosen from, by source and off-plan
probability, and by likeliest leaf.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hyeoksin.codes import NONE
from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.encoders import dense_encoder, views
from hyeoksin.external import public_texts, sources
from hyeoksin.features import analyse
from hyeoksin.held_out import HeldOut, save_held_out
from hyeoksin.model import Model
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan
from hyeoksin.training.train import ENOUGH, Trained

__all__ = ["held_out", "raked", "save"]

Floats = NDArray[np.float64]
_POOL = 500  # texts without a label that are read of each source
_EDGES = np.array([0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98])  # of off-plan probabilities
_BOUNDS = (0.05, 20.0)  # of a weight
_ROUNDS = 50  # over the margins


def save(
    trained: Trained, plans: Mapping[str, Plan], listing: Path, external: Path | None, folder: Path
) -> None:
    """Write the held-out predictions of all plans beside the saved model."""
    save_held_out(held_out(trained, plans, listing, external), trained.model.id, folder)


def held_out(
    trained: Trained, plans: Mapping[str, Plan], listing: Path, external: Path | None
) -> list[HeldOut]:
    """Return the held-out predictions per plan: of the public texts where there are enough, else of the written ones."""
    pool = [] if external is None else _pool(trained.examples, listing, external)
    scores = _scores(trained.model, [document for _, document, _ in pool])
    return [_of_plan(trained, plan, pool, scores.get(plan.id)) for plan in plans.values()]


def _of_plan(
    trained: Trained, plan: Plan, pool: Sequence[tuple[str, Document, float]], scores: Floats | None
) -> HeldOut:
    known = [i for i, e in enumerate(trained.examples) if plan.id in e.labels]
    real = [i for i in known if trained.examples[i].origin == "real"]
    public = len(real) >= ENOUGH
    rows = real if public else [i for i in known if trained.examples[i].origin == "written"]
    column = {leaf.code: j for j, leaf in enumerate(plan.leaves)}
    truth = [
        column[codes[0]] if (codes := trained.examples[i].labels[plan.id]) else len(column) for i in rows
    ]
    probabilities = np.column_stack([trained.leaves[plan.id][rows], trained.off[plan.id][rows]])
    weight = np.ones(len(rows))
    if public and scores is not None and len(scores):
        kinds = [trained.examples[i].kind for i in rows]
        weight = _weights(kinds, probabilities, pool, scores)
    what = "공개 글" if public else "지어 쓴 글"
    return HeldOut(
        plan.id,
        plan.sha256,
        (*column, NONE),
        probabilities,
        np.array(truth),
        weight,
        f"사람이 분류한 {what} {len(rows):,}건의 교차검증",
    )


def _pool(examples: Sequence[Example], listing: Path, external: Path) -> list[tuple[str, Document, float]]:
    """Return source, text and the number of texts it stands for, of texts without a label."""
    labelled = {e.document.id for e in examples if e.origin == "real"}
    kinds = {e.kind for e in examples if e.origin == "real"}
    rng = np.random.default_rng(0)
    found = []
    for name, entry in sources(listing).items():
        if name not in kinds:
            continue
        rest = [d for d in public_texts(entry, external) if d.id not in labelled and d.body.strip()]
        chosen = np.sort(rng.permutation(len(rest))[:_POOL])
        found += [(name, rest[i], len(rest) / len(chosen)) for i in chosen.tolist()]
    return found


def _scores(model: Model, documents: Sequence[Document]) -> dict[str, Floats]:
    """Return per plan (n x (leaves + 1)) probabilities."""
    if not documents:
        return {}
    analysed = list(analyse(documents, Tokenizer(), model.limit))
    rows = model.encoder.matrix(model.encoder.encode_all(analysed))
    dense = dense_encoder(model.dense)
    net = {}
    if dense is not None and model.net is not None:
        net = model.net.log_probabilities(views(dense, analysed))
    return {
        name: np.column_stack(head.probabilities(rows, net.get(name))) for name, head in model.plans.items()
    }


def _weights(
    kinds: Sequence[str], probabilities: Floats, pool: Sequence[tuple[str, Document, float]], scores: Floats
) -> Floats:
    """Return the weights of the labelled texts, 1 on average."""
    stands_for = np.array([n for _, _, n in pool])
    names = [*kinds, *(kind for kind, _, _ in pool)]
    everything = np.vstack([probabilities, scores])
    bins = np.searchsorted(_EDGES, everything[:, -1]).tolist()
    leaves = everything[:, :-1].argmax(axis=1).tolist()
    margins: list[Sequence[Hashable]] = [list(zip(names, bins, strict=True)), leaves]
    weight = raked(margins, np.append(np.ones(len(kinds)), stands_for), len(kinds))
    result: Floats = weight / weight.mean()
    return result


def raked(margins: Sequence[Sequence[Hashable]], counts: Floats, n: int) -> Floats:
    """Return weights of the first ``n`` texts under which every margin's cells hold what all texts hold there.

    Args:
        margins: per margin the cell of each text, those that are weighted first.
        counts: how many texts each text stands for.
        n: texts that are weighted.
    """
    weight = np.ones(n)
    for _ in range(_ROUNDS):
        for cells in margins:
            wanted: defaultdict[Hashable, float] = defaultdict(float)
            for cell, count in zip(cells, counts.tolist(), strict=True):
                wanted[cell] += count
            held: defaultdict[Hashable, float] = defaultdict(float)
            for cell, value in zip(cells, weight.tolist(), strict=False):
                held[cell] += value
            weight *= np.array([wanted[cell] / held[cell] for cell in cells[:n]])
        weight = np.clip(weight, *_BOUNDS)
    return weight
