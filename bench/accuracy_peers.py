"""What others would use for the same work, behind one interface: ``bench/accuracy.py`` runs them."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from hyeoksin.domain import Document
from hyeoksin.features import analyse, feature_names
from hyeoksin.morphemes import Tokenizer
from hyeoksin.training.fit import Settings


@dataclass(frozen=True, slots=True)
class Text:
    """A text as the peers read it: its beginning, its content morphemes, and these with their neighbours."""

    body: str
    morphemes: tuple[str, ...]
    features: tuple[str, ...]


@dataclass(frozen=True)
class Ranking:
    """(n texts x n classes) scores, the higher the likelier."""

    classes: Sequence[str]
    scores: NDArray[np.float64]


Peer = Callable[[Sequence[Text], Sequence[str], Sequence[Text]], Mapping[str, Ranking | None]]


def texts(documents: Sequence[Document]) -> list[Text]:
    limit = Settings().limit
    found = []
    for analysed in analyse(documents, Tokenizer(1), limit):
        keys = tuple(m.key.replace(" ", "") for m in analysed.morphemes)
        found.append(Text(analysed.document.body[:limit], keys, tuple(feature_names(analysed, "morphemes"))))
    return found


def linear(title: str, vectorizer: TfidfVectorizer, classifier: Any) -> Peer:
    def peer(train: Sequence[Text], labels: Sequence[str], test: Sequence[Text]) -> dict[str, Ranking]:
        model: Pipeline = make_pipeline(vectorizer, classifier).fit(train, labels)
        return {title: Ranking(model.classes_.tolist(), model.decision_function(test))}

    return peer


def fasttext(train: Sequence[Text], labels: Sequence[str], test: Sequence[Text]) -> dict[str, Ranking | None]:
    """Train with the settings of fastText's own tutorial, on one thread."""
    title = "Kiwi 형태소, fastText"
    try:
        from fasttext import train_supervised
    except ImportError:
        return {title + " (설치되지 않음)": None}
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        rows = zip(labels, train, strict=True)
        file.writelines(f"__label__{label} {' '.join(text.morphemes)}\n" for label, text in rows)
        file.flush()
        model = train_supervised(
            file.name, lr=1.0, epoch=25, wordNgrams=2, bucket=200_000, thread=1, seed=0, verbose=0
        )
    classes = sorted(set(labels))
    scores = np.full((len(test), len(classes)), 1e-9)
    for row, text in zip(scores, test, strict=True):
        # the wrapper's predict() needs NumPy 1; what it calls does not
        for probability, label in model.f.predict(" ".join(text.morphemes) + "\n", -1, 0.0, "strict"):
            row[classes.index(label.removeprefix("__label__"))] = max(probability, 1e-9)
    return {title: Ranking(classes, np.log(scores))}


def annif(python: Path) -> Peer:
    kinds: dict[str, Callable[[Text], Sequence[str]]] = {
        "어절": lambda text: re.findall(r"\w+", text.body.lower()),
        "Kiwi 형태소": lambda text: text.morphemes,
    }

    def peer(train: Sequence[Text], labels: Sequence[str], test: Sequence[Text]) -> dict[str, Ranking | None]:
        if not python.is_file():
            return {"Annif (설치되지 않음)": None}
        found: dict[str, Ranking | None] = {}
        for kind, split in kinds.items():
            for backend, rows in annif_ranks(python, split, train, labels, test).items():
                title = f"{kind}, Annif {backend}"
                if rows is None:
                    found[title + " (설치되지 않음)"] = None
                    continue
                classes = sorted(set(labels))
                found[title] = Ranking(classes, np.array([[r.get(c, 0.0) for c in classes] for r in rows]))
        return found

    return peer


def annif_ranks(
    python: Path,
    split: Callable[[Text], Sequence[str]],
    train: Sequence[Text],
    labels: Sequence[str],
    test: Sequence[Text],
) -> dict[str, list[dict[str, float]] | None]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            f"{' '.join(split(t))}\t<http://plan/{code}>\n" for t, code in zip(train, labels, strict=True)
        ]
        (folder / "train.tsv").write_text("".join(rows), encoding="utf-8")
        subjects = [f"http://plan/{code},{code}\n" for code in sorted(set(labels))]
        (folder / "vocabulary.csv").write_text("uri,label_ko\n" + "".join(subjects), encoding="utf-8")
        (folder / "texts.txt").write_text("\n".join(" ".join(split(t)) for t in test), encoding="utf-8")
        script = Path(__file__).with_name("annif_rank.py")
        run = subprocess.run([python, script, name], check=False, capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(f"Annif failed:\n{run.stderr}")
    answers: dict[str, list[dict[str, float]] | None] = json.loads(run.stdout.splitlines()[-1])
    return answers


def setfit(python: Path, model: str) -> Peer:
    title = f"SetFit, {model.rstrip('/').rpartition('/')[2]}"

    def peer(train: Sequence[Text], labels: Sequence[str], test: Sequence[Text]) -> dict[str, Ranking | None]:
        if not (python.is_file() and model):
            return {"SetFit (설치되지 않았거나 가중치 없음)": None}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            rows = [{"text": t.body, "label": code} for t, code in zip(train, labels, strict=True)]
            for file, content in (("train", rows), ("texts", [{"text": t.body} for t in test])):
                lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in content]
                (folder / f"{file}.jsonl").write_text("".join(lines), encoding="utf-8")
            script = Path(__file__).with_name("setfit_rank.py")
            run = subprocess.run([python, script, name, model], check=False, capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(f"SetFit failed:\n{run.stderr}")
        found = json.loads(run.stdout.splitlines()[-1])
        return {title: Ranking(found["classes"], np.log(np.maximum(found["scores"], 1e-9)))}

    return peer


def peers(annif_python: Path, setfit_python: Path, setfit_model: str) -> dict[str, Peer]:
    return {
        "words": linear(
            "어절 TF-IDF + 로지스틱 회귀",
            TfidfVectorizer(preprocessor=lambda text: text.body.lower(), sublinear_tf=True, min_df=2),
            LogisticRegression(C=10, max_iter=300, tol=1e-3),
        ),
        "characters": linear(
            "글자 TF-IDF + 선형 SVM",
            TfidfVectorizer(
                preprocessor=lambda text: text.body.lower(),
                analyzer="char_wb",
                ngram_range=(2, 4),
                sublinear_tf=True,
                min_df=2,
            ),
            LinearSVC(),
        ),
        "kiwi": linear(
            "Kiwi 형태소 TF-IDF + 선형 SVM",
            TfidfVectorizer(analyzer=lambda text: text.features, sublinear_tf=True, min_df=2),
            LinearSVC(),
        ),
        "fasttext": fasttext,
        "annif": annif(annif_python),
        "setfit": setfit(setfit_python, setfit_model),
    }
