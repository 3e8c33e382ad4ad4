"""What translating results is worth: crosswalk and text together against the text alone, on texts labelled in both plans.

Usage: python bench/translate.py FOLDER [--cache FOLDER] [--seeds 3] [--fit]

FOLDER holds the public texts of corpus/external.yaml. The target plan's heads are trained here on two thirds of the
labelled public texts and the written corpus, and asked about the rest; what the links are worth is as shipped, or, with
--fit, fitted on the two thirds (predicted in halves) and printed. The shipped worth was fitted that way on both directions
together, seeds 0 to 2, so figures on the held-out thirds are of six numbers that other texts chose. The old code of a text
is its majority code. Behind each figure stands its 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import cohen_kappa_score

from arguments import there
from hyeoksin.codes import NONE
from hyeoksin.corpus import read_examples
from hyeoksin.domain import Document
from hyeoksin.evaluation import mean_score
from hyeoksin.external import labelled_examples
from hyeoksin.model import load_model
from hyeoksin.model.heads import sigmoid, softmax
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_crosswalk, load_plan
from hyeoksin.plan.compare import links_between
from hyeoksin.plan.routes import Route, routes
from hyeoksin.resources import resource
from hyeoksin.results import Result
from hyeoksin.training.calibrate import fit_gate, fit_temperature
from hyeoksin.translate import HOW, SURE, WORTH, Worth, fused, translate
from new_plan import encoded, label, old_heads

Floats = NDArray[np.float64]


def probabilities(found: dict[str, Any], classes: NDArray[np.int_]) -> Floats:
    """Return calibrated (n x (leaves + 1)) probabilities; the scale comes from the two thirds, predicted in halves."""
    leaf, gate = found["out"][:, :-1], found["out"][:, -1]
    inside = classes < leaf.shape[1]
    rows = found["A"]
    known = rows[inside[rows]]
    temperature = fit_temperature(leaf[known], classes[known])
    signals = np.column_stack([gate, leaf.max(axis=1)])
    slopes, intercept = fit_gate(signals[rows], inside[rows], np.ones(len(rows)))
    belongs = sigmoid(signals @ np.array(slopes) + intercept)
    return np.column_stack([softmax(leaf / temperature) * belongs[:, None], 1.0 - belongs])


def fitted(
    shares: Floats, classes: NDArray[np.int_], codes: Sequence[str], names: Sequence[str], table: Any
) -> Worth:
    """Return the worth of the links that makes the classes likeliest."""

    def loss(point: Floats) -> float:
        worth = Worth(*map(float, point))
        told = [
            fused(dict(zip(names, row, strict=True)), table.get(code, Route({})), code != NONE, worth)
            for row, code in zip(shares.tolist(), codes, strict=True)
        ]
        return -float(np.mean([np.log(t[names[k]]) for t, k in zip(told, classes, strict=True)]))

    return Worth(*minimize(loss, np.array(astuple(WORTH)), method="Nelder-Mead", options={"maxfev": 200}).x)


def measure(old: Plan, new: Plan, seed: int, data: dict[str, Any], cache: Path, fit: bool) -> None:
    found = old_heads(new, seed, data["texts"], data["written_texts"], data, cache)
    names = [*(leaf.code for leaf in new.leaves), NONE]
    examples = data["public"]
    classes = np.array([names.index(label(e, new.id)) for e in examples])
    shares = probabilities(found, classes)
    table = routes(old, new, links_between(old, new, data["crosswalk"])[0])
    if fit:
        rows = found["A"][:2_000]
        codes = [label(examples[i], old.id) for i in rows]
        print(fitted(shares[rows], classes[rows], codes, names, table))
    held = found["T"]
    asked = iter([dict(zip(names, shares[i].tolist(), strict=True)) for i in held])
    results = [Result(Document(id=str(i), text="x"), label(examples[i], old.id)) for i in held]
    rows = list(translate(results, table, lambda texts: (next(asked) for _ in texts)))
    gold = [names[classes[i]] for i in held]
    accepted = [{g, *(examples[i].acceptable or {}).get(new.id, ())} for g, i in zip(gold, held, strict=True)]
    alone, both = (
        float(cohen_kappa_score(gold, said)) for said in ([r.by_text for r in rows], [r.code for r in rows])
    )
    print(f"\n{old.id} to {new.id}, seed {seed}: kappa {alone:.3f} (text alone) to {both:.3f}\n")
    print("| how | n | right | acceptable | said | for a person |\n|---|---|---|---|---|---|")
    groups = {title: [k for k, r in enumerate(rows) if r.how == how] for how, title in HOW.items()}
    groups |= {f"probability {SURE} and more": [k for k, r in enumerate(rows) if r.probability >= SURE]}
    for title, members in groups.items():
        if members:
            right = mean_score([rows[k].code == gold[k] for k in members])
            fine = mean_score([rows[k].code in accepted[k] for k in members])
            said = np.mean([rows[k].probability for k in members])
            person = np.mean([rows[k].person for k in members])
            cell = "{:.3f} ({:.3f}-{:.3f})".format
            print(
                f"| {title} | {len(members)} | {cell(*right)} | {cell(*fine)} | {said:.3f} | {person:.3f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=there)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hyeoksin-new-plan")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--fit", action="store_true")
    args = parser.parse_args()
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    model = load_model(resource("model"))
    public = list(labelled_examples(Path("corpus/labels"), Path("corpus/external.yaml"), args.folder))
    written = read_examples(Path("corpus/proposals"), plans)
    args.cache.mkdir(parents=True, exist_ok=True)
    data = {
        "public": public,
        "written": written,
        "crosswalk": load_crosswalk(plans),
        "texts": encoded("public", [e.document for e in public], model, args.cache),
        "written_texts": encoded("written", [e.document for e in written], model, args.cache),
        "dev": encoded("public", [e.document for e in public], model, args.cache),
    }
    for old, new in (("2019", "2024"), ("2024", "2019")):
        for seed in range(args.seeds):
            measure(plans[old], plans[new], seed, data, args.cache, args.fit)


if __name__ == "__main__":
    main()
