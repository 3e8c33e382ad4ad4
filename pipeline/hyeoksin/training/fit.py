"""One fit: examples in, vocabulary and uncalibrated heads out, by stock scikit-learn parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from hyeoksin.agency import LOCAL
from hyeoksin.corpus import Example
from hyeoksin.encoders import LexicalEncoder
from hyeoksin.features import BLOCKS, Analysed, feature_names
from hyeoksin.model import Head
from hyeoksin.plan import Plan

__all__ = ["Fitted", "Settings", "agency_classes", "fit", "vectoriser"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What training can be told; the defaults are those of the shipped model.

    ``limit``: characters read of a text. ``min_df``: texts that a feature must stand in; ``max_features``: the most
    features that a block keeps, the most frequent first. ``strength`` and
    ``gate_strength``: scikit-learn's inverse regularisation ``C``. ``second``: weight of a text's further labels.
    ``promised``: precision that the settle thresholds must keep in cross-validation. ``n_jobs``: folds fitted at the same time.
    """

    name: str = "default"
    limit: int = 700
    min_df: int = 2
    max_features: int = 50_000
    strength: float = 20.0
    gate_strength: float = 10.0
    agency_strength: float = 10.0
    second: float = 0.4
    promised: float = 0.95
    n_folds: int = 5
    n_jobs: int = 2


@dataclass(frozen=True)
class Fitted:
    """Uncalibrated heads of one fit: leaf logits come from ``leaf`` (temperature 1), gate logits from the gate."""

    encoder: LexicalEncoder
    leaf: Mapping[str, Head]
    gate: Mapping[str, tuple[NDArray[np.float32], float]]
    agencies: Head


def vectoriser(settings: Settings) -> FeatureUnion:
    """Return the stock scikit-learn front: one TF-IDF block for morphemes, one for characters."""
    return FeatureUnion(
        [
            (
                block,
                TfidfVectorizer(
                    analyzer=partial(feature_names, block=block),
                    sublinear_tf=True,
                    min_df=settings.min_df,
                    max_features=settings.max_features,
                    dtype=np.float32,
                ),
            )
            for block in BLOCKS
        ]
    )


def classifier(strength: float) -> LogisticRegression:
    """Return the stock scikit-learn head."""
    return LogisticRegression(C=strength, max_iter=300, tol=1e-3)


def fit(
    examples: Sequence[Example],
    analysed: Sequence[Analysed],
    plans: Mapping[str, Plan],
    settings: Settings,
    classes: tuple[str, ...] | None = None,
) -> Fitted:
    """Fit vocabulary, leaf heads, gates and the agency head; press releases do not shape the vocabulary."""
    front = vectoriser(settings)
    of_plan = np.array([e.origin != "press" for e in examples])
    front.fit([a for a, keep in zip(analysed, of_plan, strict=True) if keep])
    encoder = _encoder(front)
    n_morphemes = len(front.transformer_list[0][1].vocabulary_)
    rows = encoder.matrix([encoder.encode(a) for a in analysed])
    leaf, gate = {}, {}
    for name, plan in plans.items():
        leaf[name] = _fit_leaf(rows, examples, plan, settings)
        gate[name] = _fit_gate(rows, examples, plan, settings)
    return Fitted(encoder, leaf, gate, _fit_agencies(rows, examples, settings, classes, n_morphemes))


def _encoder(front: FeatureUnion) -> LexicalEncoder:
    """Take vocabulary and idf out of the fitted scikit-learn front."""
    vocabulary: list[str] = []
    idf: list[NDArray[np.float32]] = []
    for _, block in front.transformer_list:
        vocabulary += list(block.get_feature_names_out())
        idf.append(block.idf_)
    return LexicalEncoder(vocabulary, np.concatenate(idf).astype(np.float32))


def _labelled(examples: Sequence[Example], plan: Plan, second: float) -> Iterable[tuple[int, str, float]]:
    for i, example in enumerate(examples):
        for rank, code in enumerate(example.labels.get(plan.id, ())):
            yield i, code, example.weight * (1.0 if rank == 0 else second)


def _fit_leaf(rows: csr_array, examples: Sequence[Example], plan: Plan, settings: Settings) -> Head:
    labelled = list(_labelled(examples, plan, settings.second))
    index = np.array([i for i, _, _ in labelled])
    model = classifier(settings.strength).fit(
        rows[index], [code for _, code, _ in labelled], sample_weight=[w for _, _, w in labelled]
    )
    return _head(model, tuple(leaf.code for leaf in plan.leaves))


def _fit_gate(
    rows: csr_array, examples: Sequence[Example], plan: Plan, settings: Settings
) -> tuple[NDArray[np.float32], float]:
    index = np.array([i for i, e in enumerate(examples) if plan.id in e.labels and e.origin != "node"])
    inside = np.array([bool(examples[i].labels[plan.id]) for i in index])
    weight = np.array([examples[i].weight for i in index])
    weight *= np.where(inside, 0.5 / weight[inside].sum(), 0.5 / weight[~inside].sum()) * len(index)
    model = classifier(settings.gate_strength).fit(rows[index], inside, sample_weight=weight)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def agency_classes(examples: Sequence[Example]) -> tuple[str, ...]:
    """Return the agencies that lead at least four examples, and the local government."""
    counts: dict[str, int] = {}
    for example in examples:
        if example.lead is not None:
            counts[example.lead] = counts.get(example.lead, 0) + 1
    return tuple(sorted({LOCAL} | {agency for agency, n in counts.items() if n >= 4}))


def _fit_agencies(
    rows: csr_array,
    examples: Sequence[Example],
    settings: Settings,
    classes: tuple[str, ...] | None,
    n_read: int,
) -> Head:
    """Fit one class against the rest (a softmax over 50 agencies takes 20 times as long), from morphemes only."""
    classes = classes or agency_classes(examples)
    index = np.array([i for i, e in enumerate(examples) if e.lead in classes])
    leads = [examples[i].lead for i in index]
    weight = [examples[i].weight for i in index]
    columns = rows[index][:, :n_read]
    weights = np.zeros((n_read, len(classes)), dtype=np.float32)
    bias = np.full(len(classes), -20.0, dtype=np.float32)
    for column, agency in enumerate(classes):
        target = np.array([lead == agency for lead in leads])
        if target.any():
            model = LogisticRegression(C=settings.agency_strength, solver="liblinear").fit(
                columns, target, weight
            )
            weights[:, column], bias[column] = model.coef_[0], model.intercept_[0]
    return Head(classes, weights, bias)


def _head(model: LogisticRegression, classes: tuple[str, ...]) -> Head:
    """Put scikit-learn's weights into the order of ``classes``; a class without examples gets a very low bias."""
    n_features = model.coef_.shape[1]
    weights = np.zeros((n_features, len(classes)), dtype=np.float32)
    bias = np.full(len(classes), -20.0, dtype=np.float32)
    coef, intercept = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        coef, intercept = np.vstack([-coef / 2, coef / 2]), np.array([-intercept[0] / 2, intercept[0] / 2])
    for row, name in enumerate(model.classes_):
        if name in classes:
            weights[:, classes.index(name)] = coef[row]
            bias[classes.index(name)] = intercept[row]
    return Head(classes, weights, bias)
