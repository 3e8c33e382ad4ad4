"""Cross-validation by family, calibration on what no fold had seen, then the fit on everything."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold
from tqdm import tqdm

from hyeoksin.corpus import TESTED, Example
from hyeoksin.encoders import DenseEncoder, dense_encoder, probe, views
from hyeoksin.errors import InputError
from hyeoksin.features import Analysed, analyse
from hyeoksin.model import Model, PlanHead
from hyeoksin.model.heads import off_log_odds, softmax
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan
from hyeoksin.training.agencies import (
    agency_classes,
    agency_rows,
    fit_router,
    lead_of,
    ranked,
    router_candidates,
)
from hyeoksin.training.calibrate import NEVER, fit_gate, fit_mixture, fit_temperature, with_thresholds
from hyeoksin.training.fit import Fitted, Prepared, Settings, fit

__all__ = ["ENOUGH", "REAL", "Trained", "train"]

Floats = NDArray[np.float64]
ENOUGH = 1_000  # public texts from which they alone are the measure, as of the settle thresholds
REAL = 4.0  # public texts set the prior of the gate, since they are what streams look like


@dataclass(frozen=True)
class Trained:
    """A model, and what cross-validation predicted for the examples that it was trained on.

    ``leaves`` and ``off`` map a plan to (n examples x n leaves) and (n examples,) held-out probabilities; ``leads`` maps
    an example's position to its three likeliest agencies, from held-out signals.
    """

    model: Model
    examples: Sequence[Example]
    leaves: Mapping[str, Floats]
    off: Mapping[str, Floats]
    leads: Mapping[int, tuple[str, ...]]


def train(
    examples: Sequence[Example],
    plans: Mapping[str, Plan],
    settings: Settings = Settings(),  # noqa: B008 - frozen
    progress: bool = True,
) -> Trained:
    """Cross-validate by family, calibrate on the held-out predictions, then fit on everything.

    Raises:
        InputError: too few families to cut into folds, or a plan with texts on one side of its border only.
        ModelError: an unknown encoder, or one that is not on this computer.
    """
    _check(examples, plans, settings)
    encoder = dense_encoder(settings.encoder)  # before the long work
    tokenizer = Tokenizer()
    analysed = list(
        tqdm(
            analyse([e.document for e in examples], tokenizer, settings.limit),
            total=len(examples),
            desc="형태소",
            disable=not progress,
            file=sys.stderr,
        )
    )
    texts = _prepared(examples, analysed, encoder)
    held = _cross_validate(texts, plans, settings, progress)
    raw = fit(texts, plans, settings, n_pieces=settings.agency_pieces)
    heads = {plan: _calibrated(raw, plan, plans[plan], examples, held, settings) for plan in plans}
    agency_head = replace(raw.agencies, temperature=held.agency_temperature(examples))
    joined = {
        plan: head.join(held.leaf[plan], held.gate[plan], held.net.get(plan)) for plan, head in heads.items()
    }
    leaves = {plan: leaf for plan, (leaf, _) in joined.items()}
    off = {plan: outside for plan, (_, outside) in joined.items()}
    agencies = softmax(held.agencies / agency_head.temperature)
    routed = [i for i, e in enumerate(examples) if held.seen[i] and e.lead is not None]
    plan = plans["2019"]
    found = router_candidates(
        routed, examples, analysed, plan, leaves[plan.id], agencies, agency_head.classes
    )
    router = fit_router(found, examples)
    dense = encoder.name if encoder is not None and raw.net is not None else "lexical"
    model = Model(settings.name, settings.limit, raw.encoder, heads, agency_head, router, dense, raw.net)
    return Trained(model, examples, leaves, off, {i: ranked(c, router) for i, c in found.items()})


def _prepared(
    examples: Sequence[Example], analysed: Sequence[Analysed], dense: DenseEncoder | None
) -> Prepared:
    """Add the dense vectors of the examples that carry labels or are predicted; the others keep zeros."""
    if dense is None:
        return Prepared(examples, analysed, None, None)
    vectors = np.zeros((len(examples), 2 * dense.dimension), np.float32)
    rows = [i for i, example in enumerate(examples) if example.labels or example.origin in TESTED]
    vectors[rows] = views(dense, [analysed[i] for i in rows])
    return Prepared(examples, analysed, vectors, probe(dense))


def _check(examples: Sequence[Example], plans: Mapping[str, Plan], settings: Settings) -> None:
    families = {e.family for e in examples if e.origin in TESTED}
    if len(families) < 2 * settings.n_folds:
        raise InputError(
            f"학습할 글이 모자랍니다: 글 묶음이 {len(families)}개뿐입니다 (적어도 {2 * settings.n_folds}개)."
        )
    for name in plans:
        sides = {bool(e.labels[name]) for e in examples if name in e.labels and e.origin != "node"}
        if sides != {True, False}:
            raise InputError(f"계획 {name}: 안에 드는 글과 밖에 있는 글이 모두 있어야 학습할 수 있습니다.")


@dataclass(frozen=True)
class _Held:
    """Held-out logits of every example that was in a test fold (``seen``)."""

    seen: NDArray[np.bool_]
    leaf: Mapping[str, Floats]
    gate: Mapping[str, Floats]
    net: Mapping[str, Floats]
    agencies: Floats
    agency_classes: tuple[str, ...]

    def agency_temperature(self, examples: Sequence[Example]) -> float:
        """Fit the temperature of the agency head."""
        column = {a: i for i, a in enumerate(self.agency_classes)}
        rows = [i for i, e in enumerate(examples) if self.seen[i] and lead_of(e) in column]
        return fit_temperature(
            self.agencies[rows], np.array([column[lead_of(examples[i]) or ""] for i in rows])
        )


def _cross_validate(
    texts: Prepared,
    plans: Mapping[str, Plan],
    settings: Settings,
    progress: bool,
) -> _Held:
    """Predict written and real texts from models that saw none of their family; the rest is always in training."""
    examples, analysed = texts.examples, texts.analysed
    tested = np.array([e.origin in TESTED for e in examples])
    groups = [e.family for e in examples]
    classes = agency_classes(examples)
    leaf = {p: np.zeros((len(examples), len(plan.leaves))) for p, plan in plans.items()}
    gate = {p: np.zeros(len(examples)) for p in plans}
    net: dict[str, Floats] = {}
    if texts.vectors is not None:
        net = {p: np.zeros((len(examples), len(plan.leaves) + 1)) for p, plan in plans.items()}
    agencies = np.zeros((len(examples), len(classes)))
    indices = np.flatnonzero(tested)
    folds = GroupKFold(settings.n_folds, shuffle=True, random_state=0)
    splits = list(folds.split(indices, groups=[groups[i] for i in indices]))
    tests = [indices[test].tolist() for _, test in splits]
    jobs = (delayed(fit)(texts.without(set(rows)), plans, settings, classes) for rows in tests)
    fits = Parallel(n_jobs=settings.n_jobs, return_as="generator")(jobs)
    bar = tqdm(fits, total=len(tests), desc="교차검증", disable=not progress, file=sys.stderr)
    for test_rows, raw in zip(tests, bar, strict=True):
        tested_texts = [analysed[i] for i in test_rows]
        encoded = raw.encoder.encode_all(tested_texts)
        rows = raw.encoder.matrix(encoded)
        for plan in plans:
            leaf[plan][test_rows] = raw.leaf[plan].logits(rows)
            weights, bias = raw.gate[plan]
            gate[plan][test_rows] = rows @ weights + bias
        if raw.net is not None and texts.vectors is not None:
            for plan, found in raw.net.log_probabilities(texts.vectors[test_rows]).items():
                net[plan][test_rows] = found
        agencies[test_rows] = raw.agencies.logits(agency_rows(raw.encoder, encoded, tested_texts))
    return _Held(tested, leaf, gate, net, agencies, classes)


def _calibrated(
    raw: Fitted, name: str, plan: Plan, examples: Sequence[Example], held: _Held, settings: Settings
) -> PlanHead:
    column = {leaf.code: i for i, leaf in enumerate(plan.leaves)}
    looked = np.array([s and name in e.labels for s, e in zip(held.seen, examples, strict=True)])
    inside = np.array([bool(e.labels.get(name)) for e in examples])
    in_rows = np.flatnonzero(looked & inside).tolist()
    target = np.array([column[examples[i].labels[name][0]] for i in in_rows])
    rows = np.flatnonzero(looked).tolist()
    gate_weights, gate_bias = raw.gate[name]
    signals = [held.gate[name][rows], held.leaf[name][rows].max(axis=1)]
    net = held.net[name][rows] if name in held.net else None
    temperature, net_leaf = fit_temperature(held.leaf[name][in_rows], target), 0.0
    if net is not None:
        temperature, net_leaf = fit_mixture(held.leaf[name][in_rows], held.net[name][in_rows][:, :-1], target)
        signals.append(off_log_odds(net))
    slopes, intercept = fit_gate(
        np.column_stack(signals),
        inside[rows],
        np.array([REAL if examples[i].origin == "real" else 1.0 for i in rows]),
    )
    head = PlanHead(
        plan=name,
        sha256=plan.sha256,
        leaf=replace(raw.leaf[name], temperature=temperature),
        gate_weights=gate_weights,
        gate_bias=gate_bias,
        gate_slope=slopes[0],
        peak_slope=slopes[1],
        gate_intercept=intercept,
        settle=NEVER,
        settle_off=NEVER,
        net_leaf=net_leaf,
        net_slope=slopes[2] if net is not None else 0.0,
    )
    leaf, off = head.join(held.leaf[name][rows], held.gate[name][rows], net)
    real = [k for k, i in enumerate(rows) if examples[i].origin == "real"]
    shown = real if len(real) >= ENOUGH else list(range(len(rows)))  # written texts are easier than real ones
    accepted = [examples[rows[k]].accepted(name) for k in shown]
    return with_thresholds(head, plan, leaf[shown], off[shown], accepted, settings.promised)
