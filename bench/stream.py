"""The shipped model on public texts that never teach it: a stream as it comes, almost all of it off-plan.

Usage: python bench/stream.py FOLDER [--model MODEL] [--fast] [--titles]

FOLDER holds the public texts of corpus/external.yaml; the labels stand in ``corpus/blind`` (what was left of the sources
after the labelled texts had been chosen, coded as those were). With ``--titles`` the classifier gets the titles alone, while the labels stay those of the whole texts. Every figure comes with its 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from arguments import there
from hyeoksin.classifier import load_classifier
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example
from hyeoksin.domain import Prediction
from hyeoksin.evaluation import plan_scores
from hyeoksin.external import labelled_examples
from hyeoksin.plan import load_plan

FIGURES = ("kappa", "acceptable", "off_plan_auroc", "false_tag_rate", "in_plan_found", "top1_acceptable")


def table(name: str, plan: str, examples: Sequence[Example], predictions: Sequence[Prediction]) -> None:
    loaded = load_plan(plan)
    shown = [p if p.plan == plan else next(o for o in p.others if o.plan == plan) for p in predictions]
    leaves = [{s.code: s.probability for s in p.scores} for p in shown]
    codes = [(e.labels[plan] or (NONE,))[0] for e in examples]
    scores = plan_scores(
        loaded,
        np.array([[row[leaf.code] for leaf in loaded.leaves] for row in leaves]),
        np.array([p.off_plan for p in shown]),
        codes,
        [frozenset([c, *(e.acceptable or {}).get(plan, ())]) for c, e in zip(codes, examples, strict=True)],
    )
    cells = ["{:.3f} ({:.3f}-{:.3f})".format(*scores[f]) for f in FIGURES]
    inside = sum(code != NONE for code in codes)
    print(f"| {name} | {plan} | {len(codes):,} | {inside:,} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=there)
    parser.add_argument("--model", type=there)
    parser.add_argument("--fast", action="store_true", help="without the second reading")
    parser.add_argument("--titles", action="store_true", help="the titles alone")
    told = parser.parse_args()
    classifier = load_classifier(told.model, careful=not told.fast)
    examples = list(labelled_examples(Path("corpus/blind"), Path("corpus/external.yaml"), told.folder))
    asked = [replace(e.document, text="") if told.titles else e.document for e in examples]
    predictions = list(classifier.classify(asked))
    print(f"model {classifier.id}")
    print("| texts | plan | n | inside | kappa | acceptable | off-plan AUROC | false tags | found | acceptable top-1, inside |\n|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    kinds = sorted({e.kind for e in examples})
    for plan in ("2019", "2024"):
        for name, chosen in [("all", kinds), *((kind, [kind]) for kind in kinds)]:
            rows = [i for i, e in enumerate(examples) if e.kind in chosen]
            table(name, plan, [examples[i] for i in rows], [predictions[i] for i in rows])


if __name__ == "__main__":
    main()
