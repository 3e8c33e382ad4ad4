"""One fit: examples in, vocabulary and uncalibrated heads out, by stock scikit-learn parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from hyeoksin.corpus import Example
from hyeoksin.encoders import LexicalEncoder
from hyeoksin.features import BLOCKS, Analysed, feature_names, opening
from hyeoksin.model import Head, Net
from hyeoksin.plan import Plan
from hyeoksin.training.agencies import agency_classes, fit_agencies
from hyeoksin.training.network import fit_net

__all__ = ["Fitted", "Prepared", "Settings", "fit", "fit_border", "fit_leaves", "vectoriser"]

_BODY = 40  # characters behind a title that make a text of its own
# Far more features than texts: the dual problem takes a fifth of the time for the same answer.
_DUAL: dict[str, Any] = {"solver": "liblinear", "dual": True, "max_iter": 200, "tol": 1e-3, "random_state": 0}


@dataclass(frozen=True, slots=True)
class Settings:
    """What training can be told; the defaults are those of the shipped model.

    ``name`` stands in every record. ``limit``: characters read of a text. ``min_df``: texts that a feature must stand in; ``max_features``: the most
    features that a block keeps, the most frequent first. ``strength``, ``gate_strength`` and
    ``agency_strength``: scikit-learn's inverse regularisation ``C``. ``share``: weight of a leaf's own texts against all others.
    ``title_weight``: weight of the title of a labelled public text as an example of its own for the plan heads (0: none).
    ``encoder``: the dense encoder that the network reads (``lexical``: no network). ``agency_pieces``: sentences of each press release that teach the
    agency head on their own. ``promised``: precision that the settle thresholds must keep in cross-validation. ``n_folds``: folds of cross-validation; ``n_jobs``: how many at the same time.
    """

    name: str = "default"
    limit: int = 700
    min_df: int = 1
    max_features: int = 80_000
    strength: float = 5.0
    share: float = 0.3
    title_weight: float = 0.2
    gate_strength: float = 5.0
    agency_strength: float = 0.3
    agency_pieces: int = 3
    encoder: str = "morpheme"
    promised: float = 0.95
    n_folds: int = 5
    n_jobs: int = 2


@dataclass(frozen=True)
class Prepared:
    """Examples taken apart; where there is a dense encoder also their (n x d) ``vectors``, and its ``probe`` (d,)."""

    examples: Sequence[Example]
    analysed: Sequence[Analysed]
    vectors: NDArray[np.float32] | None
    probe: NDArray[np.float32] | None

    def with_titles(self, weight: float) -> Prepared:
        """Return the examples and behind them the bare titles of the labelled public texts, with the same labels.

        Heads that have seen whole texts only are lost with a bare title, and many tasks are nothing else.
        """
        rows = [
            i
            for i, (example, one) in enumerate(zip(self.examples, self.analysed, strict=True))
            if weight and example.origin == "real" and one.head and len(one.body) > one.head + _BODY
        ]
        vectors = self.vectors
        if vectors is not None:
            # the view of the title, which now is the whole text
            titles = vectors[rows, vectors.shape[1] // 2 :]
            vectors = np.vstack([vectors, np.hstack([titles, titles])])
        return Prepared(
            [*self.examples, *(replace(self.examples[i], weight=weight) for i in rows)],
            [*self.analysed, *(opening(self.analysed[i]) for i in rows)],
            vectors,
            self.probe,
        )

    def without(self, held_out: Collection[int]) -> Prepared:
        """Return everything but the rows ``held_out``."""
        rest = [i for i in range(len(self.examples)) if i not in held_out]
        return Prepared(
            [self.examples[i] for i in rest],
            [self.analysed[i] for i in rest],
            None if self.vectors is None else self.vectors[rest],
            self.probe,
        )


@dataclass(frozen=True)
class Fitted:
    """Uncalibrated heads of one fit: leaf logits come from ``leaf`` (temperature 1), gate logits from the gate.

    ``net`` is None where there are no dense vectors.
    """

    encoder: LexicalEncoder
    leaf: Mapping[str, Head]
    gate: Mapping[str, tuple[NDArray[np.float32], float]]
    agencies: Head
    net: Net | None


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


def fit(
    texts: Prepared,
    plans: Mapping[str, Plan],
    settings: Settings,
    classes: tuple[str, ...] | None = None,
    n_pieces: int = 0,
) -> Fitted:
    """Fit vocabulary, leaf heads, gates, network and the agency head; press releases do not shape the vocabulary.

    ``n_pieces`` sentences of each press release teach the agency head on their own; most of the time of a fit goes there, so folds do without.
    """
    examples, analysed = texts.examples, texts.analysed
    front = vectoriser(settings)
    of_plan = np.array([e.origin != "press" for e in examples])
    front.fit([a for a, keep in zip(analysed, of_plan, strict=True) if keep])
    encoder = _encoder(front)
    taught = texts.with_titles(settings.title_weight)
    encoded = encoder.encode_all(taught.analysed)
    rows = encoder.matrix(encoded)
    leaf, gate = {}, {}
    for name, plan in plans.items():
        leaf[name] = fit_leaves(rows, taught.examples, plan, settings)
        gate[name] = fit_border(rows, taught.examples, plan, settings)
    agencies = fit_agencies(
        encoder,
        encoded[: len(examples)],
        examples,
        analysed,
        classes or agency_classes(examples),
        settings.agency_strength,
        n_pieces,
    )
    net = None
    if taught.vectors is not None and taught.probe is not None:
        net = fit_net(taught.vectors, taught.examples, plans, taught.probe)
    return Fitted(encoder, leaf, gate, agencies, net)


def _encoder(front: FeatureUnion) -> LexicalEncoder:
    """Take vocabulary and idf out of the fitted scikit-learn front."""
    vocabulary: list[str] = []
    idf: list[NDArray[np.float32]] = []
    for _, block in front.transformer_list:
        vocabulary += list(block.get_feature_names_out())
        idf.append(block.idf_)
    return LexicalEncoder(vocabulary, np.concatenate(idf).astype(np.float32))


def fit_leaves(rows: csr_array, examples: Sequence[Example], plan: Plan, settings: Settings) -> Head:
    """Fit each leaf against everything else, off-plan texts included; a text's further labels count as neither."""
    index = [i for i, e in enumerate(examples) if plan.id in e.labels]
    labels = [examples[i].labels[plan.id] for i in index]
    weight = np.array([examples[i].weight for i in index])
    leaves = tuple(leaf.code for leaf in plan.leaves)
    return _one_against_rest(
        rows[index],
        leaves,
        [np.array([codes[:1] == (leaf,) for codes in labels]) for leaf in leaves],
        [weight * np.array([leaf not in codes[1:] for codes in labels]) for leaf in leaves],
        settings.strength,
        settings.share,
    )


def _one_against_rest(
    rows: csr_array,
    classes: tuple[str, ...],
    targets: Sequence[NDArray[np.bool_]],
    weights: Sequence[NDArray[np.float64]],
    strength: float,
    share: float,
) -> Head:
    """Fit one logistic regression per class; ``share`` is the weight that its positives get together, of 1."""
    coefficients = np.zeros((rows.shape[1], len(classes)), dtype=np.float32)
    bias = np.full(len(classes), -20.0, dtype=np.float32)  # a class without examples is never chosen
    for column, (target, weight) in enumerate(zip(targets, weights, strict=True)):
        if not target.any():
            continue
        parts = np.where(target, share / weight[target].sum(), (1 - share) / weight[~target].sum())
        model = LogisticRegression(C=strength, **_DUAL).fit(rows, target, weight * parts * len(target))
        coefficients[:, column], bias[column] = model.coef_[0], model.intercept_[0]
    return Head(classes, coefficients, bias)


def fit_border(
    rows: csr_array, examples: Sequence[Example], plan: Plan, settings: Settings
) -> tuple[NDArray[np.float32], float]:
    """Fit the gate on in the plan or not, both sides weighing the same; return its weights and intercept.

    Features that stand on one side only are made larger before the fit, which the weights take over.
    """
    index = np.array([i for i, e in enumerate(examples) if plan.id in e.labels and e.origin != "node"])
    inside = np.array([bool(examples[i].labels[plan.id]) for i in index])
    weight = np.array([examples[i].weight for i in index])
    weight *= np.where(inside, 0.5 / weight[inside].sum(), 0.5 / weight[~inside].sum()) * len(index)
    scales = _one_sidedness(rows[index], inside, weight)
    scaled = rows[index] @ diags_array(scales)
    model = LogisticRegression(C=settings.gate_strength, **_DUAL).fit(csr_array(scaled), inside, weight)
    return (model.coef_[0] * scales).astype(np.float32), float(model.intercept_[0])


def _one_sidedness(
    rows: csr_array, inside: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the (n features,) scales of a fit: half of each is its log-count ratio between the two sides.

    After naive Bayes in Wang and Manning (2012), "Baselines and Bigrams"; rows keep their mean length.
    """
    present = csr_array((np.ones_like(rows.data), rows.indices, rows.indptr), shape=rows.shape)
    counts = [1.0 + (weight * side) @ present for side in (inside, ~inside)]
    ratio = np.abs(np.log(counts[0] / counts[0].sum()) - np.log(counts[1] / counts[1].sum()))
    scales = 0.5 + 0.5 * ratio / ratio.mean()
    squares = rows.multiply(rows)
    before, after = (np.sqrt(squares @ s).mean() for s in (np.ones(rows.shape[1]), scales**2))
    result: NDArray[np.float64] = scales * before / after
    return result
