"""The words that the classifier shows as its evidence, beside what a coder underlined in the same public texts.

Usage: python bench/evidence.py FOLDER [--model MODEL] [--texts blind|labels]

FOLDER holds the public texts of corpus/external.yaml; ``corpus/underlined`` says by set and id which characters of title and
text a coder underlined as what decides the code (at most three pieces a plan). ``blind`` (the default) are texts that
teach nothing; in 100 of them a second coder underlined too. Counted are the texts that the classifier puts where their label is:
pieces of evidence that touch an underlined one, whether the first does, and underlined pieces that some evidence touches,
each with its 95 % bootstrap interval by text; beside it a word drawn at random from what the classifier reads.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from arguments import there
from hyeoksin.classifier import load_classifier
from hyeoksin.corpus import Example
from hyeoksin.evaluation import mean_score
from hyeoksin.external import labelled_examples

Places = list[tuple[int, int]]
READ = 700  # characters that the classifier reads


def underlined(path: Path, plan: str) -> dict[int, dict[tuple[str, str], Places]]:
    """Return coder -> (set, id) -> underlined places of one plan."""
    found: dict[int, dict[tuple[str, str], Places]] = defaultdict(lambda: defaultdict(list))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["plan"] == plan:
                found[int(row["coder"])][row["set"], row["id"]].append((int(row["start"]), int(row["end"])))
    return found


def touching(places: Places, others: Places) -> list[bool]:
    """Return for each of ``places`` whether it shares a character with one of ``others``."""
    return [any(a < end and start < b for start, end in others) for a, b in places]


def line(name: str, pairs: Sequence[tuple[Places, Places]]) -> str:
    """Return one row of the table, of (shown, underlined) places per text."""
    shown = [float(np.mean(touching(ours, theirs))) for ours, theirs in pairs]
    first = [touching(ours, theirs)[0] for ours, theirs in pairs]
    found = [float(np.mean(touching(theirs, ours))) for ours, theirs in pairs]
    cells = [
        "{:.3f} ({:.3f}-{:.3f})".format(*mean_score(np.asarray(values, float)))
        for values in (shown, first, found)
    ]
    return (
        f"| {name} | {len(pairs)} | {np.mean([len(ours) for ours, _ in pairs]):.1f} | {' | '.join(cells)} |"
    )


def table(plan: str, examples: Mapping[tuple[str, str], Example], marked: Path, model: Path | None) -> None:
    classifier = load_classifier(model, plan, others=False)
    coders = underlined(marked, plan)
    texts = [examples[key].document for key in coders[1]]
    ours, chance = [], []
    for key, one in zip(coders[1], classifier.classify(texts), strict=True):
        if one.evidence and one.path and one.scores[0].code in examples[key].labels[plan]:
            theirs = coders[1][key]
            ours.append(([(s.start, s.end) for s in one.evidence], theirs))
            chance.append(([m.span() for m in re.finditer(r"\S+", one.document.body[:READ])], theirs))
    print(line(f"{plan}: evidence, {classifier.model.id}", ours), flush=True)
    print(line(f"{plan}: all words read", chance))
    second = [(coders[2][key], coders[1][key]) for key in coders.get(2, ()) if key in coders[1]]
    if second:
        print(line(f"{plan}: a second coder", second))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=there)
    parser.add_argument("--model", type=there)
    parser.add_argument("--texts", choices=("blind", "labels"), default="blind")
    told = parser.parse_args()
    labelled = labelled_examples(Path("corpus") / told.texts, Path("corpus/external.yaml"), told.folder)
    examples = {(e.kind, e.document.id): e for e in labelled}
    print("| plan | texts | pieces a text | pieces underlined | the first | underlined pieces found |\n|---|---|---|---|---|---|")  # fmt: skip
    for plan in ("2019", "2024"):
        table(plan, examples, Path("corpus/underlined") / f"{told.texts}.csv", told.model)


if __name__ == "__main__":
    main()
