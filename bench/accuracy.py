"""One table: the shipped model beside what others would use, trained on the same texts and asked about the same texts.

Usage: python bench/accuracy.py CODED.jsonl FOLDER [--model MODEL] [--rows ...] [--texts ...] [--annif PYTHON]
           [--setfit PYTHON --setfit-model MODEL]
       python bench/accuracy.py CODED.jsonl FOLDER --ablations [--folds N]

FOLDER holds the public texts of corpus/external.yaml. Texts: the coded file, and (not for Annif and SetFit) the labelled public
texts in the five folds by family of the model card, whose figures are hyeoksin's. All read the same first characters
of a text; "none of the plan" is one more class of a peer, and nothing of a peer is tuned. Behind each figure stands its
95 % bootstrap interval; the last column is McNemar's exact test against hyeoksin on "the answer is acceptable", with the
number of texts that only the peer and that only hyeoksin gets right.

Annif runs under a Python of its own (``--annif``). Its NLTK word splitter needs data that it downloads, so words are
split by a regular expression instead; its shortest word is one character long, as Korean needs. SetFit does too
(``--setfit``); it needs the weights of a sentence-transformers model (``--setfit-model``).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Memory
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import binomtest
from sklearn.model_selection import GroupKFold

from accuracy_ablations import ablations, prepare
from accuracy_peers import Peer, Ranking, Text, peers, texts
from arguments import there
from hyeoksin.assess import assess
from hyeoksin.codes import NONE
from hyeoksin.corpus import TESTED, Example
from hyeoksin.domain import Prediction
from hyeoksin.evaluation import Coded, Score, plan_scores, read_coded
from hyeoksin.model.heads import softmax
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.training.fit import Settings
from hyeoksin.training.recipe import examples_hash, gather

PLANS = ("2019", "2024")
SLOW = ("annif", "setfit")  # asked about the coded texts alone
FIGURES = ("top1_acceptable", "top3", "kappa", "false_tag_rate", "in_plan_found", "off_plan_auroc", "acceptable")  # fmt: skip
HEAD = """\
| 글 | 계획 | 분류기 | 계획 안: 1순위 수용 | 계획 안: 3순위 안 | 카파 (계획 밖 포함) | 밖인데 붙임 | 안인데 찾음 | 계획 밖 AUROC | 전체: 답 수용 | 맥니마 p (이 분류기만 / hyeoksin만 맞음) |
|---|---|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Question:
    """Texts with their answers under one plan, and where they come from."""

    name: str
    plan: Plan
    codes: Sequence[str]
    acceptable: Sequence[frozenset[str]]


def line(question: Question, title: str, figures: Mapping[str, Score], test: str = "–") -> None:
    cells = ["{:.3f} ({:.3f}-{:.3f})".format(*figures[f]) if f in figures else "–" for f in FIGURES]
    name = f"{question.name} {len(question.codes):,}건"
    print(f"| {name} | {question.plan.id} | {title} | {' | '.join(cells)} | {test} |", flush=True)


def probabilities(plan: Plan, ranking: Ranking) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return leaf shares in the order of the scores, and an off-plan share above 0.5 where ``NONE`` scores highest."""
    column = {code: i for i, code in enumerate(ranking.classes)}
    never = np.full(len(ranking.scores), ranking.scores.min() - 1.0)
    leaves = np.stack(
        [ranking.scores[:, column[n.code]] if n.code in column else never for n in plan.leaves], axis=1
    )
    return softmax(leaves), expit(ranking.scores[:, column[NONE]] - leaves.max(axis=1))


def right(question: Question, answers: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([a in ok for a, ok in zip(answers, question.acceptable, strict=True)])


def mcnemar(theirs: NDArray[np.bool_], ours: NDArray[np.bool_]) -> str:
    gained, lost = int((theirs & ~ours).sum()), int((ours & ~theirs).sum())
    p = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    return f"{p:.3f} ({gained} / {lost})"


def report(question: Question, found: Mapping[str, Ranking | None], ours: NDArray[np.bool_] | None) -> None:
    for title, ranking in found.items():
        if ranking is None:
            line(question, title, {})
            continue
        leaves, off = probabilities(question.plan, ranking)
        figures = plan_scores(question.plan, leaves, off, question.codes, question.acceptable)
        best = [question.plan.leaves[i].code for i in leaves.argmax(axis=1)]
        answers = [NONE if o >= 0.5 else code for o, code in zip(off, best, strict=True)]
        test = "–" if ours is None else mcnemar(right(question, answers), ours)
        line(question, title, figures, test)


def label(example: Example, plan: str) -> str:
    return (example.labels[plan] or (NONE,))[0]


def answer(prediction: Prediction, plan: str) -> str:
    found = prediction if prediction.plan == plan else next(o for o in prediction.others if o.plan == plan)
    return found.scores[0].code if found.off_plan < 0.5 else NONE


def on_coded(
    coded: Sequence[Coded],
    asked: Sequence[Text],
    examples: Sequence[Example],
    read: Sequence[Text],
    chosen: Mapping[str, Peer],
    model: str | None,
) -> None:
    scores, predictions = assess(coded, model, careful=False)  # as in cross-validation
    for name in PLANS:
        rows = [i for i, c in enumerate(coded) if name in c.codes]
        codes = [coded[i].codes[name] for i in rows]
        accepted = [coded[i].acceptable[name] for i in rows]
        question = Question("따로 둔 실제 글", load_plan(name), codes, accepted)
        line(question, "hyeoksin", scores[name])
        ours = right(question, [answer(predictions[i], name) for i in rows])
        known = [i for i, e in enumerate(examples) if name in e.labels]
        labels = [label(examples[i], name) for i in known]
        for peer in chosen.values():
            report(question, peer([read[i] for i in known], labels, [asked[i] for i in rows]), ours)


def on_public(
    examples: Sequence[Example],
    read: Sequence[Text],
    chosen: Mapping[str, Peer],
    card: Mapping[str, Any],
) -> None:
    indices = np.array([i for i, e in enumerate(examples) if e.origin in TESTED])
    folds = GroupKFold(Settings().n_folds, shuffle=True, random_state=0)
    splits = list(folds.split(indices, groups=[examples[i].family for i in indices]))
    for name in PLANS:
        tests = [
            [i for i in indices[test] if examples[i].origin == "real" and name in examples[i].labels]
            for _, test in splits
        ]
        scored = [examples[i] for test in tests for i in test]
        question = Question(
            "공개 글, 교차검증",
            load_plan(name),
            [label(e, name) for e in scored],
            [accepted(e, name) for e in scored],
        )
        line(question, "hyeoksin", card["cross_validation"][f"{name} real"])
        for peer in chosen.values():
            parts: dict[str, list[Ranking]] = {}
            for (_, held), test in zip(splits, tests, strict=True):
                out = set(indices[held].tolist())
                known = [i for i, e in enumerate(examples) if i not in out and name in e.labels]
                labels = [label(examples[i], name) for i in known]
                for title, ranking in peer([read[i] for i in known], labels, [read[i] for i in test]).items():
                    parts.setdefault(title, []).extend([ranking] if ranking else [])
            report(question, {title: joined(found) for title, found in parts.items()}, None)


def without_parts(coded: Sequence[Coded], examples: Sequence[Example], n_folds: int) -> None:
    """Print hyeoksin with one part left out at a time, on the public texts of the card's first folds and on the coded ones."""
    plans = {plan: load_plan(plan) for plan in BUILTIN_PLANS}
    tested = [i for i, e in enumerate(examples) if e.origin in TESTED]
    folds = GroupKFold(Settings().n_folds, shuffle=True, random_state=0)
    splits = folds.split(tested, groups=[examples[i].family for i in tested])
    cut = [sorted(tested[k] for k in held) for _, held in splits][:n_folds]
    asked = [Example(c.document, {}, c.document.id, "", "coded") for c in coded]
    found = list(ablations(prepare(examples), prepare(asked), cut, plans, PLANS))
    for name in PLANS:
        scored = [examples[i] for fold in cut for i in fold if name in examples[i].labels]
        real = [k for k, e in enumerate(scored) if e.origin == "real"]
        known = [i for i, c in enumerate(coded) if name in c.codes]
        questions = (
            (Question("공개 글, 교차검증", plans[name], [label(scored[k], name) for k in real], [accepted(scored[k], name) for k in real]), 0, real),
            (Question("따로 둔 실제 글", plans[name], [coded[i].codes[name] for i in known], [coded[i].acceptable[name] for i in known]), 1, known),
        )  # fmt: skip
        for question, which, rows in questions:
            ours = None
            for variant, answers in found:
                leaves, off = answers[name][which]
                leaves, off = leaves[rows], off[rows]
                best = [plans[name].leaves[i].code for i in leaves.argmax(axis=1)]
                said = right(question, [NONE if o >= 0.5 else b for o, b in zip(off, best, strict=True)])
                test = "–" if ours is None else mcnemar(said, ours)
                ours = said if ours is None else ours
                figures = plan_scores(plans[name], leaves, off, question.codes, question.acceptable)
                line(question, variant.title, figures, test)


def accepted(example: Example, plan: str) -> frozenset[str]:
    return frozenset([label(example, plan), *example.labels[plan], *(example.acceptable or {}).get(plan, ())])


def joined(parts: Sequence[Ranking]) -> Ranking | None:
    """Put the folds of one peer under each other; each fold has trained on every class."""
    return Ranking(parts[0].classes, np.concatenate([p.scores for p in parts])) if parts else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("coded", type=there)
    parser.add_argument("folder", type=there)
    parser.add_argument("--model", type=there)
    parser.add_argument(
        "--rows", nargs="*", choices=[*peers(Path(), Path(), "")], help="peers to run; default: all"
    )
    parser.add_argument("--texts", nargs="+", choices=("coded", "public"), default=("coded", "public"))
    parser.add_argument(
        "--annif", type=Path, default=Path("annif"), help="Python of an environment with Annif"
    )
    parser.add_argument(
        "--setfit", type=Path, default=Path("setfit"), help="Python of an environment with SetFit"
    )
    parser.add_argument(
        "--setfit-model", default="", help="sentence-transformers folder or name that SetFit starts from"
    )
    parser.add_argument(
        "--ablations", action="store_true", help="hyeoksin without one part at a time, nothing else"
    )
    parser.add_argument(
        "--folds", type=int, default=5, help="ask the first N of the five folds, with --ablations"
    )
    parser.add_argument("--cache", type=Path, help="folder that keeps Kiwi's work for the next run")
    told = parser.parse_args()
    chosen = {
        k: v
        for k, v in peers(told.annif, told.setfit, told.setfit_model).items()
        if told.rows is None or k in told.rows
    }
    everything = gather(Path("corpus"), told.folder, {plan: load_plan(plan) for plan in BUILTIN_PLANS})
    examples = [e for e in everything if e.origin in TESTED or any(p in e.labels for p in PLANS)]
    coded = read_coded(told.coded)
    if told.ablations:
        print(HEAD)
        without_parts(coded, [e for e in everything if e.origin != "press"], told.folds)
        return
    kept = Memory(told.cache, verbose=0).cache(texts)
    read = kept([e.document for e in examples]) if chosen else []
    print(f"texts to learn from: {len(examples)}", file=sys.stderr)
    print(HEAD)
    if "coded" in told.texts:
        asked = kept([c.document for c in coded]) if chosen else []
        on_coded(coded, asked, examples, read, chosen, told.model and str(told.model))
    if "public" in told.texts:
        path = (told.model or resource("model")) / "card.json"
        card = json.loads(path.read_text(encoding="utf-8"))
        if card["examples_sha256"] != examples_hash(everything):
            raise SystemExit(
                f"{path}: that model learnt from other texts; train again, or leave 'public' out"
            )
        on_public(examples, read, {k: v for k, v in chosen.items() if k not in SLOW}, card)


if __name__ == "__main__":
    main()
