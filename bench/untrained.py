"""How well a plan is classified from its wordings alone, and which constants of ``hyeoksin.untrained`` fit best.

The 2019 plan is treated as if it were new: leaves ranked by similarity on the written corpus.

Usage: python bench/untrained.py [corpus folder]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from hyeoksin.classifier import load_classifier
from hyeoksin.corpus import read_examples
from hyeoksin.features import analyse
from hyeoksin.plan import BUILTIN_PLANS, load_plan
from hyeoksin.training.calibrate import fit_gate, fit_temperature
from hyeoksin.untrained import wording_head


def main() -> None:
    corpus = Path(sys.argv[1] if len(sys.argv) > 1 else "corpus")
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    examples = read_examples(corpus / "proposals", plans)
    classifier = load_classifier()
    encoder = classifier.model.encoder
    analysed = analyse([e.document for e in examples], classifier.tokenizer, classifier.model.limit)
    rows = encoder.matrix([encoder.encode(a) for a in analysed])
    for name in ("2019", "2024"):
        plan = replace(plans[name], id=f"new-{name}")
        head = wording_head(plan, classifier.model, classifier.tokenizer)
        codes = [leaf.code for leaf in plan.leaves]
        inside = np.array([bool(e.labels[name]) for e in examples])
        target = np.array([codes.index(e.labels[name][0]) for e in examples if e.labels[name]])
        logits = head.leaf.logits(rows)[inside]
        ranks = (-logits).argsort(axis=1)
        top1 = (ranks[:, 0] == target).mean()
        top3 = (ranks[:, :3] == target[:, None]).any(axis=1).mean()
        temperature = fit_temperature(logits, target)
        peak = head.leaf.logits(rows).max(axis=1)
        (slope,), intercept = fit_gate(peak[:, None], inside, np.ones(len(peak)))
        print(f"{name}: top-1 {top1:.3f}, top-3 {top3:.3f}; temperature {temperature:.4f}")
        print(
            f"      off-plan AUROC {roc_auc_score(inside, peak):.3f}; slope {slope:.1f}, even at {-intercept / slope:.3f}"
        )


if __name__ == "__main__":
    main()
