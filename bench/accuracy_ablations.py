"""hyeoksin with one part taken out at a time: rows of ``bench/accuracy.py``.

Every variant learns from the same texts in the same folds and is calibrated on its own held-out scores, as in training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_array

from hyeoksin.corpus import Example
from hyeoksin.encoders import load_morpheme_encoder, probe, views
from hyeoksin.features import analyse
from hyeoksin.model.heads import off_log_odds, sigmoid, softmax
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan
from hyeoksin.training.calibrate import fit_gate, fit_mixture
from hyeoksin.training.fit import Prepared, Settings, fit_border, fit_leaves, vectoriser
from hyeoksin.training.network import fit_net
from hyeoksin.training.train import REAL

Floats = NDArray[np.float64]
Held = tuple[Floats, Floats]  # (n x leaves) and (n,) off-plan probabilities


def only(texts: Prepared, rows: Sequence[int]) -> Prepared:
    """Return the texts at ``rows``."""
    return texts.without({*range(len(texts.examples))} - {*rows})


@dataclass(frozen=True)
class Logits:
    """Raw scores of one plan: leaves (n x leaves), gate (n,), and the network's log-probabilities (n x (leaves + 1))."""

    leaf: Floats
    gate: Floats
    net: Floats


@dataclass(frozen=True)
class Variant:
    """What is left out: texts of some origins, bare titles, character features, or parts of the joined answer."""

    title: str
    without: tuple[str, ...] = ()
    characters: bool = True
    network: bool = True
    linear: bool = True
    border: bool = True
    titles: bool = True


VARIANTS = (
    Variant("hyeoksin, 같은 겹에서 다시"),
    Variant("− 신경망", network=False),
    Variant("− 선형 머리 (신경망만)", linear=False),
    Variant("− 경계 머리", border=False),
    Variant("− 글자 특징", characters=False),
    Variant("− 제목만의 본보기", titles=False),
    Variant("− 지은 제목", without=("title",)),
    Variant("− 지어 쓴 글", without=("written", "coded", "title")),
    Variant("− 공개 글", without=("real",)),
    Variant("− 계획의 문구와 사업 이름", without=("node", "programme", "plan")),
)


def prepare(examples: Sequence[Example]) -> Prepared:
    dense = load_morpheme_encoder()
    analysed = list(analyse([e.document for e in examples], Tokenizer(2), Settings().limit))
    return Prepared(examples, analysed, views(dense, analysed), probe(dense))


def fitted(
    variant: Variant, train: Prepared, asked: Prepared, plans: Mapping[str, Plan], scored: Sequence[str]
) -> dict[str, Logits]:
    """Fit one variant and score the asked texts in the plans ``scored``; the network learns from all ``plans``."""
    train = only(train, [i for i, e in enumerate(train.examples) if e.origin not in variant.without])
    front = vectoriser(Settings())
    if not variant.characters:
        front.transformer_list = front.transformer_list[:1]
    front.fit(train.analysed)
    train = train.with_titles(Settings().title_weight if variant.titles else 0.0)
    rows = csr_array(front.transform(train.analysed))
    there = csr_array(front.transform(asked.analysed))
    if train.vectors is None or train.probe is None or asked.vectors is None:
        raise SystemExit("the network needs a dense encoder")
    net = fit_net(train.vectors, train.examples, plans, train.probe).log_probabilities(asked.vectors)
    found = {}
    for name in scored:
        head = fit_leaves(rows, train.examples, plans[name], Settings())
        weights, bias = fit_border(rows, train.examples, plans[name], Settings())
        found[name] = Logits(head.logits(there), there @ weights + bias, net[name])
    return found


def joined(variant: Variant, plan: Plan, held: Logits, examples: Sequence[Example], asked: Logits) -> Held:
    """Calibrate on the held-out logits of ``examples``, those of left-out origins aside; answer the asked texts.

    Returns (n x leaves) and (n,) off-plan probabilities.
    """
    kept = [k for k, e in enumerate(examples) if e.origin not in variant.without]
    held = Logits(held.leaf[kept], held.gate[kept], held.net[kept])
    examples = [examples[k] for k in kept]
    column = {leaf.code: i for i, leaf in enumerate(plan.leaves)}
    inside = np.array([bool(e.labels[plan.id]) for e in examples])
    target = np.array([column[e.labels[plan.id][0]] for e in examples if e.labels[plan.id]])
    if variant.network and variant.linear:
        temperature, share = fit_mixture(held.leaf[inside], held.net[inside][:, :-1], target)
    elif variant.linear:
        temperature, share = fit_mixture(held.leaf[inside], np.zeros_like(held.leaf[inside]), target)
    else:
        temperature, share = np.inf, 1.0
    weight = np.array([REAL if e.origin == "real" else 1.0 for e in examples])
    slopes, intercept = fit_gate(_signals(variant, held), inside, weight)
    within = sigmoid(_signals(variant, asked) @ np.array(slopes) + intercept)
    leaves = softmax(asked.leaf / temperature + (share if variant.network else 0.0) * asked.net[:, :-1])
    return leaves * within[:, None], 1.0 - within


def _signals(variant: Variant, logits: Logits) -> Floats:
    parts = [logits.gate] if variant.linear and variant.border else []
    parts += [logits.leaf.max(axis=1)] if variant.linear else []
    parts += [off_log_odds(logits.net)] if variant.network else []
    return np.column_stack(parts)


def ablations(
    texts: Prepared,
    asked: Prepared,
    folds: Sequence[Sequence[int]],
    plans: Mapping[str, Plan],
    scored: Sequence[str],
) -> Iterator[tuple[Variant, dict[str, tuple[Held, Held]]]]:
    """Yield per variant and plan the probabilities of the texts in ``folds`` (each sorted), and of the asked ones."""
    rows = [i for fold in folds for i in fold]
    fits: dict[tuple[tuple[str, ...], bool, bool], list[dict[str, Logits]]] = {}
    for variant in VARIANTS:
        key = (variant.without, variant.characters, variant.titles)
        if key not in fits:
            rest = ([i for i in range(len(texts.examples)) if i not in out] for out in map(set, folds))
            pairs = [(only(texts, some), only(texts, fold)) for some, fold in zip(rest, folds, strict=True)]
            jobs = (delayed(fitted)(variant, *pair, plans, scored) for pair in [*pairs, (texts, asked)])
            fits[key] = Parallel(n_jobs=2)(jobs)
        found = {}
        for name in scored:
            *parts, whole = (fit[name] for fit in fits[key])
            held = Logits(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("leaf", "gate", "net")))
            known = [k for k, i in enumerate(rows) if name in texts.examples[i].labels]
            shown = Logits(held.leaf[known], held.gate[known], held.net[known])
            examples = [texts.examples[rows[k]] for k in known]
            found[name] = (joined(variant, plans[name], shown, examples, shown), joined(variant, plans[name], shown, examples, whole))  # fmt: skip
        yield variant, found
