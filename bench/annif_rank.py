"""Train Annif's backends on texts already split into words and rank the subjects of others; run by Annif's own Python.

Usage: ANNIF_PYTHON bench/annif_rank.py FOLDER, where FOLDER holds train.tsv, vocabulary.csv and texts.txt (one document
a line). Prints one line of JSON: {backend: [{subject: score} a document], null for a backend that is not installed}.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import annif
import annif.analyzer
from annif.backend import get_backend
from annif.corpus import DocumentFileTSV, DocumentList
from annif.corpus.types import Document
from annif.registry import get_project, get_vocab
from annif.vocab import VocabFileCSV

from annif_suggest import Tokens

BACKENDS = ("tfidf", "svc", "omikuji")


def installed(backend: str) -> bool:
    try:
        get_backend(backend)
    except ValueError:  # Annif's way to say that the backend's library is missing
        return False
    return True


def ranked(name: str, documents: list[Document]) -> list[dict[str, float]]:
    project = get_project(name)
    uris = project.subjects
    return [
        {uris[s.subject_id].uri.rpartition("/")[2]: float(s.score) for s in found}
        for found in project.suggest_corpus(DocumentList(documents))
    ]


def main() -> None:
    folder = Path(sys.argv[1])
    os.chdir(folder)
    annif.analyzer.register_analyzer(Tokens)
    present = [backend for backend in BACKENDS if installed(backend)]
    common = "language=ko\nvocab=plan\nlimit=100\n"
    sections = [f"[{b}]\nname={b}\nbackend={b}\nanalyzer=tokens\n{common}" for b in present]
    sections.append(f"[ensemble]\nname=ensemble\nbackend=ensemble\nsources={','.join(present)}\n{common}")
    Path("projects.cfg").write_text("\n".join(sections), encoding="utf-8")
    documents = [Document(text=row) for row in Path("texts.txt").read_text(encoding="utf-8").splitlines()]
    answers: dict[str, list[dict[str, float]] | None] = dict.fromkeys(BACKENDS)
    app = annif.create_app()
    with app.app.app_context():  # the Flask application within Connexion's
        get_vocab("plan").load_vocabulary(VocabFileCSV("vocabulary.csv"))
        for backend in present:
            project = get_project(backend)
            project.train(DocumentFileTSV("train.tsv", project.subjects), jobs=1)
            answers[backend] = ranked(backend, documents)
        answers["ensemble"] = ranked("ensemble", documents)
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
