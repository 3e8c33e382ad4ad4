"""Find likely label errors of the 2019 plan with cleanlab, in the written texts and in the labels of public texts.

Needs ``pip install cleanlab``. A quick model (TF-IDF of morphemes, logistic regression) gives every text probabilities from
five folds that no family crosses; cleanlab ranks the texts whose given code looks least likely. Nothing is written to
disk: the texts are not ours. A code that the coders accepted too counts as a doubt, but is marked ``(ok)``.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from arguments import described, there
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example, read_examples
from hyeoksin.external import labelled_examples
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import BUILTIN_PLANS, load_plan

try:
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores
except ModuleNotFoundError:
    sys.exit("cleanlab is not installed: pip install cleanlab")

CORPUS = Path("corpus")
PLAN = "2019"
READ = 400  # characters; the coders saw about 380
SHOWN = 60


def codes_of(example: Example) -> tuple[str, ...]:
    return example.labels[PLAN] or (NONE,)


def out_of_fold(examples: Sequence[Example], codes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (texts, codes) probabilities; the text's own family was not in training."""
    analysed = analyse((e.document for e in examples), Tokenizer(workers=1), READ)
    keys = [[m.key for m in a.morphemes] for a in analysed]
    model = make_pipeline(
        TfidfVectorizer(
            analyzer=lambda ks: [*ks, *map("+".join, pairwise(ks))],
            min_df=3,
            sublinear_tf=True,
        ),
        LogisticRegression(C=10, max_iter=100, tol=1e-3),
    )
    families = [e.family for e in examples]
    found: NDArray[np.float64] = cross_val_predict(
        model, keys, codes, groups=families, cv=GroupKFold(5), method="predict_proba"
    )
    return found


def report(
    title: str,
    examples: Sequence[Example],
    codes: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    names: Sequence[str],
    shown: int,
) -> None:
    doubted = find_label_issues(codes, probabilities, n_jobs=1)
    quality = get_label_quality_scores(codes, probabilities)
    best = probabilities.argmax(axis=1)
    print(f"\n== {title}: {len(codes)} texts, {doubted.sum()} doubted")
    total, doubts = Counter(codes.tolist()), Counter(codes[doubted].tolist())
    print("   ".join(f"{names[c]} {doubts[c]}/{total[c]}" for c in sorted(total)))
    worst = sorted(np.flatnonzero(doubted).tolist(), key=lambda i: float(quality[i]))[:shown]
    for i in worst:
        example = examples[i]
        suggested = names[best[i]]
        accepted = {*codes_of(example), *(example.acceptable or {}).get(PLAN, ())}
        mark = " (ok)" if suggested in accepted else ""
        words = " ".join(example.document.body[:READ].split())
        print(
            f"{example.document.id}  {names[codes[i]]} -> {suggested}{mark}  {quality[i]:.3f}  {words[:60]}"
        )


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("folder", type=there, help="public texts")
    parser.add_argument("shown", type=int, nargs="?", default=SHOWN, help="how many of each")
    given = parser.parse_args()
    shown = given.shown
    plans = {plan: load_plan(plan) for plan in BUILTIN_PLANS}
    written = [e for e in read_examples(CORPUS / "proposals", plans) if PLAN in e.labels]
    public = list(labelled_examples(CORPUS / "labels", CORPUS / "external.yaml", given.folder))
    examples = written + public
    names, codes = np.unique([codes_of(e)[0] for e in examples], return_inverse=True)
    probabilities = out_of_fold(examples, codes)
    print(
        f"out-of-fold accuracy of the quick model: {(probabilities.argmax(axis=1) == codes).mean():.3f} (first code)"
    )
    for title, group, rows in (
        ("written", written, slice(0, len(written))),
        ("public", public, slice(len(written), None)),
    ):
        report(title, group, codes[rows], probabilities[rows], names.tolist(), shown)


if __name__ == "__main__":
    main()
