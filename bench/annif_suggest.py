"""Documents per second of processor time of Annif's ``suggest`` on texts that Kiwi has already taken apart; run by Annif's own Python.

Usage: ANNIF_PYTHON bench/annif_suggest.py FOLDER, where FOLDER holds train.tsv, vocabulary.csv and tokens-*.txt (one
document a line). The backends are Annif's own two for plain training texts. The analyser splits at spaces, so that no
time goes into NLTK's word splitter, and prints one line of JSON: {backend: {file: documents per second}}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import annif
import annif.analyzer
from annif.analyzer.analyzer import Analyzer
from annif.corpus import DocumentFileTSV, DocumentList
from annif.corpus.types import Document
from annif.registry import get_project, get_vocab
from annif.vocab import VocabFileCSV

BACKENDS = ("tfidf", "svc")
BATCH = 32  # documents, Annif's own batch size


class Tokens(Analyzer):  # type: ignore[misc]  # Annif has no types
    """Words are what stands between spaces."""

    name = "tokens"

    def __init__(self, param: None, **kwargs: str) -> None:
        del param, kwargs

    def tokenize_sentences(self, text: str) -> list[str]:
        """Return the text as one sentence."""
        return [text]

    def tokenize_words(self, text: str, filter: bool = True) -> list[str]:  # noqa: A002 - Annif's name
        """Return what stands between spaces."""
        del filter
        return text.split()


def main() -> None:
    folder = Path(sys.argv[1])
    os.chdir(folder)
    annif.analyzer.register_analyzer(Tokens)
    sections = (
        f"[{b}]\nname={b}\nlanguage=ko\nbackend={b}\nanalyzer=tokens\nvocab=plan\nlimit=20\n"
        for b in BACKENDS
    )
    Path("projects.cfg").write_text("\n".join(sections), encoding="utf-8")
    app = annif.create_app()
    rates: dict[str, dict[str, float]] = {}
    with app.app.app_context():  # the Flask application within Connexion's
        get_vocab("plan").load_vocabulary(VocabFileCSV("vocabulary.csv"))
        for backend in BACKENDS:
            project = get_project(backend)
            project.train(DocumentFileTSV("train.tsv", project.subjects))
            rates[backend] = {}
            for path in sorted(folder.glob("tokens-*.txt")):
                documents = [Document(text=line) for line in path.read_text(encoding="utf-8").splitlines()]
                list(project.suggest(documents[:BATCH]))
                begun = time.process_time()
                for batch in project.suggest_corpus(DocumentList(documents)):
                    list(batch)
                rates[backend][path.stem] = len(documents) / (time.process_time() - begun)
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
