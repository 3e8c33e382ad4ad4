"""How well a plan is classified from its wordings alone, and which constants of ``hyeoksin.untrained`` fit best.

The 2019 and the 2024 plan are treated as if they were new: leaves ranked by similarity, without and with the morpheme
embedding, on the written corpus and, with a folder, on the labelled public texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array
from sklearn.metrics import roc_auc_score

from arguments import described, there
from hyeoksin.classifier import load_classifier
from hyeoksin.corpus import Example, read_examples
from hyeoksin.encoders import beside, load_morpheme_encoder
from hyeoksin.external import labelled_examples
from hyeoksin.features import analyse
from hyeoksin.model import PlanHead
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.training.calibrate import fit_gate, fit_temperature
from hyeoksin.untrained import wording_head


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("corpus", type=there, nargs="?", default="corpus", help="its folder")
    parser.add_argument("folder", type=there, nargs="?", help="labelled public texts")
    given = parser.parse_args()
    corpus = given.corpus
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    texts = {"written": read_examples(corpus / "proposals", plans)}
    if given.folder is not None:
        listing = corpus / "external.yaml"
        texts["public"] = list(labelled_examples(corpus / "labels", listing, given.folder))
    classifier = load_classifier()
    model, tokenizer = classifier.model, classifier.tokenizer
    dense = load_morpheme_encoder()
    for kind, examples in texts.items():
        analysed = list(analyse([e.document for e in examples], tokenizer, model.limit))
        lexical = model.encoder.matrix([model.encoder.encode(a) for a in analysed])
        fused = beside(lexical, dense.encode(analysed))
        for name in ("2019", "2024"):
            plan = replace(plans[name], id=f"new-{name}")
            measure(f"{name} {kind}, lexical", wording_head(plan, model, tokenizer), lexical, plan, examples)
            head = wording_head(plan, model, tokenizer, dense)
            measure(f"{name} {kind}, with morphemes", head, fused, plan, examples)


def measure(name: str, head: PlanHead, rows: csr_array, plan: Plan, examples: Sequence[Example]) -> None:
    codes = [leaf.code for leaf in plan.leaves]
    labels = [e.labels[plan.id.removeprefix("new-")] for e in examples]
    inside = np.array([bool(found) for found in labels])
    target = np.array([codes.index(found[0]) for found in labels if found])
    logits = head.leaf.logits(rows)
    ranks = (-logits[inside]).argsort(axis=1)
    top1 = (ranks[:, 0] == target).mean()
    top3 = (ranks[:, :3] == target[:, None]).any(axis=1).mean()
    temperature = fit_temperature(logits[inside], target)
    peak = logits.max(axis=1)
    (slope,), intercept = fit_gate(peak[:, None], inside, np.ones(len(peak)))
    print(
        f"{name}: top-1 {top1:.3f}, top-3 {top3:.3f}, off-plan AUROC {roc_auc_score(inside, peak):.3f}; "
        f"temperature {temperature:.4f}, slope {slope:.1f}, even at {-intercept / slope:.3f}"
    )


if __name__ == "__main__":
    main()
