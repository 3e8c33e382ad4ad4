"""Which past texts the model may have been trained on: their figures would flatter it."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from hyeoksin.corpus import text_hash
from hyeoksin.simulate.past import PastText

__all__ = ["n_trained_on"]

_WRITTEN = ("proposals", "coded", "duties")


def n_trained_on(texts: Sequence[PastText], corpus: Path) -> int:
    """Return how many texts stand in the written corpus, its titles or the labelled public texts (by hash of the text)."""
    known: set[str] = set()
    for path in sorted(p for folder in _WRITTEN for p in (corpus / folder).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.strip():
                row = json.loads(line)
                known.add(text_hash(row["title"], row["text"]))
    titles = corpus / "titles.csv"
    if titles.is_file():
        with titles.open(encoding="utf-8", newline="") as file:
            known.update(text_hash(row["title"], "") for row in csv.DictReader(file))
    for path in sorted(corpus.glob("labels/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            known.update(row["sha256"] for row in csv.DictReader(file))
    return sum(text_hash(text.document.title, text.document.text) in known for text in texts)
