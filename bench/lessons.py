"""What a model that learnt from decisions answers, read once and twice, on texts that taught neither it nor the second reading.

Usage: python bench/lessons.py FOLDER

FOLDER holds the public texts of corpus/external.yaml. The decisions are the labels of ``corpus/blind``: office texts, and the stream
of public ones. Each text is answered by a model that learnt from the other folds (``hyeoksin.lessons``). Then the same for four
offices that hold against the labels: all texts of one of the three commonest codes go to another, or to none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from arguments import described, there
from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.evaluation import read_coded
from hyeoksin.external import labelled_examples
from hyeoksin.lessons.again import Again, again_for, answered, beside_of
from hyeoksin.lessons.decided import Decided
from hyeoksin.lessons.learn import out_of_fold, paths_of
from hyeoksin.lessons.residual import Signals
from hyeoksin.lessons.signals import signals_of
from hyeoksin.model import Model, load_model
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.triage import cohen_kappa

Coded = tuple[Document, str]


def read_sets(folder: Path, plan: str) -> dict[str, list[Coded]]:
    offices = read_coded(Path("corpus/blind/offices.jsonl"))
    stream = labelled_examples(Path("corpus/blind"), Path("corpus/external.yaml"), folder)
    return {
        "offices": [(text.document, text.codes[plan]) for text in offices if plan in text.codes],
        "stream": [(e.document, (e.labels[plan] or (NONE,))[0]) for e in stream if plan in e.labels],
    }


def said(model: Model, plan: Plan, signals: Signals, again: Again | None) -> list[str]:
    """Return the likeliest leaf of each text, or ``NONE``."""
    head, leaves, off = answered(model, plan.id, signals, again)
    best = leaves.argmax(axis=1).tolist()
    return [NONE if o >= 0.5 else head.leaf.classes[b] for o, b in zip(off.tolist(), best, strict=True)]


def taught(
    model: Model, plan: Plan, signals: Signals, texts: Sequence[Coded], again: Again | None
) -> Signals:
    """Return the signals of each text by a model that learnt from the other folds."""
    lessons = [
        Decided(i, document, code, NONE, document.id, "", "", "", 1.0)
        for i, (document, code) in enumerate(texts)
    ]
    beside = beside_of(model, plan.id, signals, again)
    return out_of_fold(model.plans[plan.id], signals, lessons, paths_of(plan), beside)


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("folder", type=there, help="public texts (``corpus/external.yaml``)")
    folder = parser.parse_args().folder
    model, tokenizer = load_model(resource("model")), Tokenizer(workers=2)
    again = again_for(model)
    print("| texts | plan | n | office | shipped, once | twice | learnt, once | twice | rule followed: once | twice |\n|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for plan in map(load_plan, ("2019", "2024")):
        for what, texts in read_sets(folder, plan.id).items():
            signals, _ = signals_of(model, plan.id, [document for document, _ in texts], tokenizer)
            commonest = [c for c, _ in Counter(c for _, c in texts if c != NONE).most_common(3)]
            first, second, third = commonest
            for rule in (None, (first, second), (second, third), (first, NONE), (third, NONE)):
                held = [(d, rule[1] if rule and code == rule[0] else code) for d, code in texts]
                told = [code for _, code in held]
                answers = [said(model, plan, signals, how) for how in (None, again)]
                answers += [
                    said(model, plan, taught(model, plan, signals, held, how), how) for how in (None, again)
                ]
                kappas = [cohen_kappa(told, answer) or 0.0 for answer in answers]
                ruled = np.flatnonzero([rule is not None and code == rule[0] for _, code in texts])
                followed = [
                    f"{sum(answer[i] == told[i] for i in ruled)}/{len(ruled)}" if rule else "–"
                    for answer in answers[2:]
                ]
                name = f"{rule[0]} is {rule[1]}" if rule else "as labelled"
                cells = [what, plan.id, f"{len(texts):,}", name, *(f"{k:.3f}" for k in kappas), *followed]
                print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
