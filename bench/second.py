"""What the second reading gains and costs, on texts that it never saw: the shipped model alone, and with it.

Usage: python bench/second.py FOLDER CODED.jsonl

FOLDER holds the public texts of corpus/external.yaml. On the public texts of the first fold the second reading had no part in the
training but was weighed (five numbers a plan), and the model's answers are held-out ones; the coded texts, those that two
coders coded apart from the training (``corpus/blind/offices.jsonl``) and the stream (``corpus/blind``) had no part in either.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from arguments import there
from hyeoksin.classifier import load_classifier
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example
from hyeoksin.domain import Document, Prediction
from hyeoksin.evaluation import plan_scores, read_coded
from hyeoksin.external import labelled_examples
from hyeoksin.held_out import load_held_out
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.training.recipe import gather
from hyeoksin.training.second import PLANS, split

Floats = NDArray[np.float64]
Gold = tuple[str, frozenset[str]]  # the code of a text, and all that are right
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


def table(
    what: str, plan: Plan, how: str, leaves: Floats, off: Floats, gold: Sequence[Gold], settled: str = "–"
) -> None:
    scores = plan_scores(plan, leaves, off, [code for code, _ in gold], [ok for _, ok in gold])
    cells = ["{:.3f} ({:.3f}-{:.3f})".format(*scores[f]) if f in scores else "–" for f in FIGURES]
    print(f"| {what} | {plan.id} | {how} | {len(gold):,} | {' | '.join(cells)} | {settled} |", flush=True)


def gold_of(example: Example, plan: str) -> Gold:
    return (example.labels[plan] or (NONE,))[0], example.accepted(plan)


def held_out(plans: Mapping[str, Plan], folder: Path) -> list[str]:
    """Print the public texts of the first fold, and return what else there is to say of them."""
    said = []
    examples = gather(Path("corpus"), folder, plans)
    shown = [i for i in split(examples)[1] if examples[i].origin == "real"]
    at = np.searchsorted([i for i, e in enumerate(examples) if e.origin == "real"], shown)
    ids = {"once": load_classifier(careful=False).id, "twice": load_classifier().id}
    for name in PLANS:
        gold = [gold_of(examples[i], name) for i in shown]
        for how, kept in (("once", "model"), ("twice", "second")):
            found = load_held_out(resource(kept), name, plans[name].sha256, ids[how])
            if found is None:
                raise SystemExit(f"{ids[how]} keeps no held-out answers")
            told = found if how == "twice" else found.rows(at)
            leaves, off = told.probabilities[:, :-1], told.probabilities[:, -1]
            inside = told.truth < len(plans[name].leaves)
            table("public, first fold", plans[name], how, leaves, off, gold)
            for what, weight in (("", np.ones(len(told))), (", weighted to the pool", told.weight)):
                tags = false_tags(off, inside, weight)
                auroc = roc_auc_score(~inside, off, sample_weight=weight)
                said.append(
                    f"{name} {how}{what}: AUROC {auroc:.3f}, false tags where 85 % are found {tags:.3f}"
                )
    return said


def false_tags(off: Floats, inside: NDArray[np.bool_], weight: Floats) -> float:
    """Return the share of the texts outside that are tagged by the cut under which 85 % of those inside are."""
    order = np.argsort(off[inside])
    found = np.cumsum(weight[inside][order]) / weight[inside].sum()
    cut = off[inside][order][np.searchsorted(found, 0.85)]
    return float(weight[~inside & (off <= cut)].sum() / weight[~inside].sum())


def sets(coded: Path, folder: Path) -> dict[str, tuple[list[Document], list[dict[str, Gold]]]]:
    found = {}
    for what, path in (("coded", coded), ("offices", Path("corpus/blind/offices.jsonl"))):
        texts = read_coded(path)
        gold = [{p: (c.codes[p], c.acceptable[p]) for p in PLANS if p in c.codes} for c in texts]
        found[what] = [c.document for c in texts], gold
    stream = list(labelled_examples(Path("corpus/blind"), Path("corpus/external.yaml"), folder))
    gold = [{p: gold_of(e, p) for p in PLANS if p in e.labels} for e in stream]
    return found | {"stream": ([e.document for e in stream], gold)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=there)
    parser.add_argument("coded", type=there)
    told = parser.parse_args()
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    print(
        f"| texts | plan | read | n | {' | '.join(FIGURES)} | leaves settled, right |\n|{'---|' * (5 + len(FIGURES))}"
    )
    said = held_out(plans, told.folder)
    readers = {"once": load_classifier(careful=False), "twice": load_classifier()}
    seconds: dict[str, list[str]] = {how: [] for how in readers}
    for what, (documents, gold) in sets(told.coded, told.folder).items():
        for how, classifier in readers.items():
            begun = time.perf_counter()
            predictions = list(classifier.classify(documents))
            seconds[how].append(f"{what} {len(documents) / (time.perf_counter() - begun):.1f}")
            for name in PLANS:
                rows = [i for i, answer in enumerate(gold) if name in answer]
                shown = [predictions[i] for i in rows]
                shown = [p if p.plan == name else next(o for o in p.others if o.plan == name) for p in shown]
                asked = [gold[i][name] for i in rows]
                table(
                    what,
                    plans[name],
                    how,
                    *answers(shown, plans[name]),
                    asked,
                    settled(shown, plans[name], asked),
                )
    print("\n".join(said))
    for how, found in seconds.items():
        print(f"{readers[how].id}: texts a second: {', '.join(found)}")


def answers(predictions: Sequence[Prediction], plan: Plan) -> tuple[Floats, Floats]:
    scores = [{s.code: s.probability for s in p.scores} for p in predictions]
    leaves = np.array([[row[leaf.code] for leaf in plan.leaves] for row in scores])
    return leaves, np.array([p.off_plan for p in predictions])


def settled(predictions: Sequence[Prediction], plan: Plan, gold: Sequence[Gold]) -> str:
    """Return the share of the texts in the plan that stand at a leaf without a person, and how many of those leaves are right."""
    leaves = {leaf.code for leaf in plan.leaves}
    ends = [p.path[-1].code if p.status == "settled" else "" for p in predictions]
    stand = [(end in ok, code != NONE) for end, (code, ok) in zip(ends, gold, strict=True) if end in leaves]
    inside = sum(code != NONE for code, _ in gold)
    return f"{sum(own for _, own in stand) / inside:.2f}, {sum(right for right, _ in stand)}/{len(stand)}"


if __name__ == "__main__":
    main()
