"""Lead agencies: press releases with their names masked, agencies that releases lack, mentions, coded texts, other dates.

Usage: python bench/agencies.py FOLDER [CODED.jsonl] [--model MODEL] [--fast]

FOLDER holds the public sets of corpus/external.yaml; its ``epic_policy_press/dev.jsonl.gz`` (2024-01 to 2024-06) was never
trained on. Every figure comes with its 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from arguments import there
from hyeoksin.agency import load_agencies
from hyeoksin.assess import assess
from hyeoksin.classifier import Classifier, load_classifier
from hyeoksin.domain import Document, Prediction
from hyeoksin.evaluation import mean_score, read_coded
from hyeoksin.features import analyse
from hyeoksin.mentions import named_agencies, without_names

CASES = Path(__file__).parents[1] / "tests" / "data"
AGENCIES = load_agencies()
Row = dict[str, Any]
ROLES = {
    "unnamed": "no agency named",
    "mention": "the mentioned agency is no lead",
    "lead": "the mentioned agency leads",
}


def reference(name: str, date: str) -> str:
    agency = AGENCIES.named(name, date)
    if agency is None:
        raise SystemExit(f"unknown agency: {name}")
    return AGENCIES.reference(agency.id)


def line(what: str, ranked: Sequence[Sequence[str]], gold: Sequence[str]) -> None:
    cells = []
    for k in (1, 3):
        score = mean_score([lead in found[:k] for lead, found in zip(gold, ranked, strict=True)])
        cells.append("{:.3f} ({:.3f}-{:.3f})".format(*score))
    print(f"| {what} | {len(gold)} | {' | '.join(cells)} |", flush=True)


def routed(predictions: Iterator[Prediction]) -> list[list[str]]:
    flags = ([f for f in p.agencies if f.role != "executing"] for p in predictions)
    return [[AGENCIES.reference(f.id) for f in found] for found in flags]


def text_model(classifier: Classifier, documents: Sequence[Document], core: Sequence[str]) -> Iterator[Any]:
    """Yield the ranked agencies of the text model (and the second reading) alone: the core agencies only, then all its classes."""
    model = classifier.model
    analysed = list(analyse(documents, classifier.tokenizer, model.limit))
    encoded = model.encoder.encode_all(analysed)
    named = [named_agencies(one.body, one.document.date) for one in analysed]
    found = classifier._agencies(model.encoder.matrix(encoded), encoded, named)
    if classifier.second is not None:
        bodies = [without_names(a.body, n.values()) for a, n in zip(analysed, named, strict=True)]
        found = classifier.second.reread_leads(found, bodies, os.cpu_count() or 1)
    classes = np.array(model.agencies.classes)
    for kept in (np.isin(classes, core), np.ones(len(classes), dtype=bool)):
        order = np.argsort(-found[:, kept], axis=1)[:, :3]
        yield classes[kept][order].tolist()


def press(classifier: Classifier, folder: Path) -> None:
    names = json.loads((folder / "core_agencies.json").read_text(encoding="utf-8"))
    with gzip.open(folder / "dev.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in map(json.loads, file) if row["agency"] in names]
    gold = [reference(row["agency"], row["date"]) for row in rows]
    core = sorted({reference(name, "2024-01-01") for name in names})
    bodies: dict[str, Callable[[Row], tuple[str, str]]] = {
        "title": lambda row: (row["title_masked"], ""),
        "title + summary": lambda row: (row["title_masked"], row["summary_masked"]),
    }
    for what, fields in bodies.items():
        documents = []
        for row in rows:
            title, text = (part.replace("[기관]", " ") for part in fields(row))
            documents.append(Document(id=row["id"], title=title, text=text, date=row["date"]))
        inside, everything = text_model(classifier, documents, core)
        line(f"releases, masked {what}: text model, 24 core agencies", inside, gold)
        line(f"releases, masked {what}: text model, all classes", everything, gold)
        predictions = list(classifier.classify(documents))
        line(f"releases, masked {what}: whole router", routed(iter(predictions)), gold)
        renamed(predictions, classifier, documents)


def renamed(predictions: Sequence[Prediction], classifier: Classifier, documents: Sequence[Document]) -> None:
    """Ask about the same texts at other dates: every answer must be an agency of that day, of the same descent."""
    sample = slice(0, 500)
    for day in ("2019-06-30", "2026-06-30"):
        again = classifier.classify([replace(d, date=day) for d in documents[sample]])
        valid, same = [], []
        for before, after in zip(predictions[sample], again, strict=True):
            valid.append(AGENCIES[after.agencies[0].id].valid(day))
            same.append(
                after.agencies[0].id
                in {a.id for a in AGENCIES.at(AGENCIES.reference(before.agencies[0].id), day)}
            )
        print(f"| ... dated {day}: lead existed on that day; same descent | {len(valid)} | {np.mean(valid):.3f} | {np.mean(same):.3f} |")  # fmt: skip


def cases(name: str) -> tuple[list[Row], list[Document], list[str]]:
    rows = [json.loads(row) for row in (CASES / name).read_text(encoding="utf-8").splitlines()]
    documents = [Document(id=r["id"], title=r["title"], text=r["text"], date=r["date"]) for r in rows]
    return rows, documents, [reference(r["lead"], r["date"]) for r in rows]


def written(classifier: Classifier) -> None:
    for name, what in (
        ("agency_cases.jsonl", "written cases of agencies that releases lack"),
        ("unnamed_cases.jsonl", "written cases of another author, no agency named"),
        ("mention_cases.jsonl", "written cases with mentions"),
        ("named_cases.jsonl", "written cases with mentions, another author"),
        ("fresh_cases.jsonl", "written cases of a third author"),
    ):
        texts, documents, gold = cases(name)
        found = routed(classifier.classify(documents))
        line(f"{what}: whole router", found, gold)
        parts = [
            ROLES[row["role"]] if "role" in row else AGENCIES[g].name
            for row, g in zip(texts, gold, strict=True)
        ]
        for part in dict.fromkeys(parts):
            kept = [i for i, one in enumerate(parts) if one == part]
            line(f"... {part}", [found[i] for i in kept], [gold[i] for i in kept])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=there)
    parser.add_argument("coded", type=there, nargs="?")
    parser.add_argument("--model", type=there)
    parser.add_argument("--fast", action="store_true", help="without the second reading")
    options = parser.parse_args()
    classifier = load_classifier(options.model, careful=not options.fast)
    print(f"model {classifier.id}, {len(classifier.model.agencies.classes)} agencies")
    print("| texts | n | top-1 | top-3 |\n|---|---|---|---|")
    written(classifier)
    if options.coded:
        scores, _ = assess(read_coded(options.coded), options.model and str(options.model))
        for k in ("top1", "top3"):
            print("| coded texts, acceptable {} | | {:.3f} ({:.3f}-{:.3f}) | |".format(k, *scores["agency"][f"{k}_acceptable"]))  # fmt: skip
    press(classifier, options.folder / "epic_policy_press")


if __name__ == "__main__":
    main()
