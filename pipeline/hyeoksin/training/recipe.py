"""The training recipe: which examples, in which weights, and what the model card says of them."""

from __future__ import annotations

import hashlib
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from hyeoksin import __version__
from hyeoksin.codes import NONE
from hyeoksin.corpus import (
    TESTED,
    Example,
    duty_examples,
    node_examples,
    read_examples,
    read_programmes,
    read_terms,
    read_titles,
)
from hyeoksin.evaluation import Scores, mean_score, plan_scores, reliability
from hyeoksin.external import labelled_examples, labelled_ids, plan_examples, press_examples, sources
from hyeoksin.model import save_model
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.training import held_out
from hyeoksin.training.agencies import lead_of
from hyeoksin.training.fit import Settings
from hyeoksin.training.gate import fit_first_gates
from hyeoksin.training.train import Trained, train

__all__ = ["examples_hash", "gather", "recipe"]

_CODED = 2.0  # weight of a written text that two coders coded apart from its writer: between the others and public ones
_TITLE = 0.3  # weight of a bare title written after a public text: many, short, and three of one text
_LIBRARIES = ("kiwipiepy", "kiwipiepy_model", "mapie", "scikit-learn", "numpy", "scipy")


def recipe(
    corpus: Path, external: Path | None, name: str, output: Path, encoder: str = "morpheme"
) -> tuple[Trained, dict[str, Any]]:
    """Train on the corpus (and the public texts in ``external``), save the model, return it with its card."""
    plans = {plan: load_plan(plan) for plan in BUILTIN_PLANS}
    examples = gather(corpus, external, plans)
    settings = Settings(name=name, encoder=encoder)
    trained = train(examples, plans, settings)
    card = _card(trained, plans, settings, external)
    card["first_gate"] = fit_first_gates(examples, plans, output)
    model = save_model(trained.model, output, card)
    trained = replace(trained, model=model)
    held_out.save(trained, plans, corpus / "external.yaml", external, output)
    return trained, card | {"model": model.id}


def gather(corpus: Path, external: Path | None, plans: Mapping[str, Plan]) -> list[Example]:
    """Return all examples: written texts, programme names and node wordings.

    With ``external`` also our labels of public texts, the plan documents' lines and masked press releases.
    """
    examples = read_examples(corpus / "proposals", plans)
    examples += [replace(e, origin="coded", weight=_CODED) for e in read_examples(corpus / "coded", plans)]
    examples += read_examples(corpus / "duties", plans)
    examples += duty_examples()
    examples += read_terms(corpus / "duties" / "terms.tsv")
    examples += read_programmes(corpus / "programmes.csv", plans)
    for plan in plans.values():
        examples += node_examples(plan)
    if external is not None:
        listing = corpus / "external.yaml"
        examples += labelled_examples(corpus / "labels", listing, external)
        records = external / "plans" / "records.jsonl"
        if records.is_file():
            examples += plan_examples(records)
        # tested in cross-validation, or never to teach
        labelled = {e.document.id for e in examples if e.kind == "epic"} | labelled_ids(
            corpus / "blind" / "epic.csv"
        )
        press = press_examples(sources(listing)["epic"], external)
        examples += [e for e in press if e.document.id.removeprefix("press:") not in labelled]
    families = {e.document.id: e.family for e in examples if e.origin == "real"}
    examples += read_titles(corpus / "titles.csv", plans, families, _TITLE)
    return examples


def _card(
    trained: Trained, plans: Mapping[str, Plan], settings: Settings, external: Path | None
) -> dict[str, Any]:
    scores: dict[str, Scores] = {}
    for origin in TESTED:
        for plan in plans.values():
            found = _held_out(trained, plan, origin)
            if found:
                scores[f"{plan.id} {origin}"] = found
        if leads := _lead_scores(trained, origin):
            scores[f"agency {origin}"] = leads
    return {
        "version": __version__,
        "settings": asdict(settings),
        "plans": {plan.id: plan.sha256 for plan in plans.values()},
        "libraries": {name: version(name) for name in _LIBRARIES} | {"python": platform.python_version()},
        "examples": dict(Counter(e.origin for e in trained.examples)),
        "examples_sha256": examples_hash(trained.examples),
        "public_texts": external is not None,
        "cross_validation": scores,
        "classes": {plan.id: _per_class(trained, plan) for plan in plans.values()},
        "settle": {
            p: {"settle": h.settle, "settle_off": h.settle_off, "above": dict(h.settle_above)}
            for p, h in trained.model.plans.items()
        },
        "promised_precision": settings.promised,
        "real_texts": {p.id: found for p in plans.values() if (found := _on_real_texts(trained, p))},
        "router": dict(trained.model.router),
    }


def _rows(trained: Trained, plan: Plan, origin: str | None) -> list[int]:
    return [
        i
        for i, e in enumerate(trained.examples)
        if plan.id in e.labels and (e.origin == origin if origin else e.origin in TESTED)
    ]


def _on_real_texts(trained: Trained, plan: Plan) -> dict[str, Any]:
    """Return, of held-out public texts: how far probabilities can be believed, what would be settled, and errors by length."""
    rows = _rows(trained, plan, "real")
    if len(rows) < 50:
        return {}
    head = trained.model.plans[plan.id]
    examples = [trained.examples[i] for i in rows]
    leaf, off = trained.leaves[plan.id][rows], trained.off[plan.id][rows]
    best = np.array([node.code for node in plan.leaves])[leaf.argmax(axis=1)]
    said = np.where(off < 0.5, best, NONE)
    right = np.array([s == (e.labels[plan.id] or (NONE,))[0] for s, e in zip(said, examples, strict=True)])
    loosely = np.array([s in e.accepted(plan.id) for s, e in zip(said, examples, strict=True)])
    inside = np.array([bool(e.labels[plan.id]) for e in examples])
    settled = (said != NONE) & (leaf.max(axis=1) >= head.settle)
    length = np.array([len(e.document.body) for e in examples])
    sure = np.where(said == NONE, off, leaf.max(axis=1))
    cuts = [0, 100, 300, 700, 10**9]
    return {
        "reliability": reliability(sure, right.astype(float)),
        "settled_share_of_in_plan": float(settled[inside].mean()),
        "settled_right": float(loosely[settled].mean()) if settled.any() else None,
        "by_length": [
            {
                "from": low,
                "texts": int(here.sum()),
                "false_tags": float((said[here & ~inside] != NONE).mean()),
                "found": float((said[here & inside] != NONE).mean()),
            }
            for low, high in pairwise(cuts)
            if (here := (length >= low) & (length < high))[inside].any() and here[~inside].any()
        ],
    }


def _held_out(trained: Trained, plan: Plan, origin: str) -> Scores:
    rows = _rows(trained, plan, origin)
    if len(rows) < 50:
        return {}
    examples = [trained.examples[i] for i in rows]
    codes = [(e.labels[plan.id] or (NONE,))[0] for e in examples]
    acceptable = [e.accepted(plan.id) for e in examples]
    return plan_scores(plan, trained.leaves[plan.id][rows], trained.off[plan.id][rows], codes, acceptable)


def _lead_scores(trained: Trained, origin: str) -> Scores:
    rows = [i for i in trained.leads if trained.examples[i].origin == origin]
    if not rows:
        return {}
    leads = [lead_of(trained.examples[i]) for i in rows]
    return {
        f"top{k}": mean_score([lead in trained.leads[i][:k] for i, lead in zip(rows, leads, strict=True)])
        for k in (1, 3)
    }


def _per_class(trained: Trained, plan: Plan) -> dict[str, dict[str, float]]:
    """Return per leaf: held-out texts, recall and precision of the answer, and the leaf it is most mixed up with."""
    rows = _rows(trained, plan, None)
    names = [leaf.code for leaf in plan.leaves]
    best = trained.leaves[plan.id][rows].argmax(axis=1)
    said = np.where(trained.off[plan.id][rows] < 0.5, np.array(names)[best], NONE)
    gold = np.array([(trained.examples[i].labels[plan.id] or (NONE,))[0] for i in rows])
    table: dict[str, Any] = {}
    for code in (*names, NONE):
        here, there = gold == code, said == code
        mixed = Counter(s for s in said[here] if s != code).most_common(1)
        table[code] = {
            "texts": int(here.sum()),
            "recall": round(float((said[here] == code).mean()), 3) if here.any() else None,
            "precision": round(float((gold[there] == code).mean()), 3) if there.any() else None,
            "mixed_with": mixed[0][0] if mixed else None,
        }
    return table


def examples_hash(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of all that the examples teach: texts, labels, accepted codes, leads and weights."""
    digest = hashlib.sha256()
    for example in examples:
        taught = (dict(example.labels), dict(example.acceptable or {}), example.lead, example.weight)
        digest.update(f"{example.document.id}\0{example.document.body}\0{taught}\n".encode())
    return digest.hexdigest()
