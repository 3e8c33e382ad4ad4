"""The shipped model beside generic classifiers trained on the same texts, on the same coded file.

Peers: characters or whitespace words as TF-IDF with a linear support vector machine or logistic regression, "none of the
plan" being one more class, nothing tuned: what a data scientist tries first.

Usage: python bench/peers.py CODED.jsonl [folder of public texts]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from hyeoksin.assess import assess
from hyeoksin.evaluation import NONE, Coded, read_coded
from hyeoksin.plan import BUILTIN_PLANS, load_plan
from hyeoksin.training.recipe import gather

PEERS: dict[str, Pipeline] = {
    "words TF-IDF + logistic regression": make_pipeline(
        TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10)
    ),
    "characters TF-IDF + linear SVM": make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2), LinearSVC()
    ),
}


def line(name: str, answers: list[str], ranked: list[str], coded: list[Coded], plan: str) -> None:
    gold = [c.codes[plan] for c in coded]
    inside = [i for i, code in enumerate(gold) if code != NONE]
    top = np.mean([ranked[i] in coded[i].acceptable[plan] for i in inside])
    loose = np.mean([a in c.acceptable[plan] for a, c in zip(answers, coded, strict=True)])
    kappa = cohen_kappa_score(gold, answers)
    print(f"| {name} | {plan} | {top:.3f} | {loose:.3f} | {kappa:.3f} |")


def main() -> None:
    everything = read_coded(Path(sys.argv[1]))
    external = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    examples = gather(Path("corpus"), external, {plan: load_plan(plan) for plan in BUILTIN_PLANS})
    _, predictions = assess(everything)
    print(
        "| classifier | plan | in-plan, leaf acceptable | all, answer acceptable | kappa with the majority |"
    )
    print("|---|---|---|---|---|")
    for plan in ("2019", "2024"):
        coded = [c for c in everything if plan in c.codes]
        texts = [c.document.body for c in coded]
        known = [e for e in examples if plan in e.labels]
        labels = [(e.labels[plan] or (NONE,))[0] for e in known]
        for name, peer in PEERS.items():
            peer.fit([e.document.body for e in known], labels)
            classes = peer.classes_
            scores = peer.decision_function(texts)
            leaves = classes != NONE
            ranked = classes[leaves][scores[:, leaves].argmax(axis=1)]
            line(name, list(peer.predict(texts)), list(ranked), coded, plan)
        ours = [p if p.plan == plan else next(o for o in p.others if o.plan == plan) for p in predictions]
        ours = [o for o, c in zip(ours, everything, strict=True) if plan in c.codes]
        answers = [o.scores[0].code if o.off_plan < 0.5 else NONE for o in ours]
        line("hyeoksin", answers, [o.scores[0].code for o in ours], coded, plan)


if __name__ == "__main__":
    main()
