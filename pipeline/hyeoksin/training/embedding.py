"""The recipe of the morpheme embedding: public title-body pairs in, a sentence-transformers folder out."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from hyeoksin.corpus import Example, read_examples
from hyeoksin.encoders.bag import MorphemeBag
from hyeoksin.external import labelled_examples, sources
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.training.cong import recover
from hyeoksin.training.embed import EmbedSettings, Labelled, Rows, train_on_labels, train_on_pairs
from hyeoksin.training.pairs import read_pairs, start_vectors, title_body_pairs, vocabulary
from hyeoksin.untrained import wordings

__all__ = ["embedding", "recall", "save_bag"]

_HELD_OUT = 1_000
_CODED = ("2019", "2024")  # plans whose labels cover both sides of their border
_LEAST = (2, 5)  # known morphemes of a title and of a body, below which a pair teaches nothing
_LIBRARIES = ("kiwipiepy", "kiwipiepy_model", "sentence-transformers", "torch", "numpy")


def embedding(
    corpus: Path,
    external: Path,
    output: Path,
    settings: EmbedSettings = EmbedSettings(),  # noqa: B008 - frozen
    labels: bool = False,
) -> dict[str, Any]:
    """Train on the public texts in ``external``, save the folder, return its card.

    ``labels`` adds the label stage over the 2019 and 2024 plans. Cross-validated scores of heads that read such vectors
    are too good, since the vectors saw all labels.

    Raises:
        InputError: a file of a public source is missing.
    """
    torch.manual_seed(settings.seed)
    listing = corpus / "external.yaml"
    tokenizer = Tokenizer()
    pairs = read_pairs(list(title_body_pairs(listing, external)), tokenizer, settings.limit)
    plans = {plan: load_plan(plan) for plan in BUILTIN_PLANS}
    examples = read_examples(corpus / "proposals", plans)
    written = analyse([e.document for e in examples], tokenizer, settings.limit)
    texts = [pair.title + pair.body for pair in pairs] + [
        tuple(m.key for m in one.morphemes) for one in written
    ]
    known = vocabulary(texts, settings.min_count, settings.max_keys)
    vectors = start_vectors(known.keys, recover(Tokenizer(words=()).kiwi, settings.seed), settings.seed)
    bag = MorphemeBag(known.keys, vectors, known.idf / known.idf.mean(), settings.limit)
    rows = [(bag.known(pair.title), bag.known(pair.body)) for pair in pairs]
    rows = [sides for sides in rows if len(sides[0]) >= _LEAST[0] and len(sides[1]) >= _LEAST[1]]
    random.Random(settings.seed).shuffle(rows)  # noqa: S311 - order, not secrecy
    held, rest = rows[:_HELD_OUT], rows[_HELD_OUT:]
    before = recall(bag, held)
    train_on_pairs(bag, rest, settings, progress=True)
    if labels:
        examples += labelled_examples(corpus / "labels", listing, external)
        coded = {plan: _labelled(bag, plans[plan], examples, tokenizer) for plan in _CODED}
        train_on_labels(bag, coded, rest, settings, progress=True)
    card = {
        "settings": asdict(settings),
        "labels": labels,
        "sources": {name: entry["commit"] for name, entry in sources(listing).items()},
        "libraries": {name: version(name) for name in _LIBRARIES},
        "keys": len(known.keys),
        "pairs": len(rest),
        "held_out_title_finds_body": {"of": len(held), "start": before, "trained": recall(bag, held)},
    }
    save_bag(bag, output, card)
    return card


def _labelled(bag: MorphemeBag, plan: Plan, examples: Sequence[Example], tokenizer: Tokenizer) -> Labelled:
    known = [e for e in examples if plan.id in e.labels]
    codes = [leaf.code for leaf in plan.leaves]
    texts = analyse([e.document for e in known], tokenizer, bag.limit)
    anchors = analyse(wordings(plan), tokenizer, 4 * bag.limit)
    rows, anchor_rows = (
        [bag.known(m.key for m in one.morphemes) for one in side] for side in (texts, anchors)
    )
    found = [e.labels[plan.id] for e in known]
    leaf = np.array([codes.index(labels[0]) if labels else -1 for labels in found])
    return Labelled(rows, leaf, anchor_rows)


def recall(bag: MorphemeBag, pairs: Sequence[tuple[Rows, Rows]]) -> float:
    """Return the share of titles whose own body is the nearest of all bodies."""
    with torch.no_grad():
        titles, bodies = (
            bag(bag.features([pair[side] for pair in pairs]))["sentence_embedding"] for side in (0, 1)
        )
    return float(np.mean((titles @ bodies.T).argmax(dim=1).numpy() == np.arange(len(pairs))))


def save_bag(bag: MorphemeBag, output: Path, card: dict[str, Any]) -> None:
    """Write the folder as sentence-transformers does, with what it learnt from beside it (``card.json``)."""
    SentenceTransformer(modules=[bag], device="cpu").save(str(output), create_model_card=False)
    text = json.dumps(card, ensure_ascii=False, indent=1)
    (output / "card.json").write_text(text + "\n", encoding="utf-8", newline="\n")
