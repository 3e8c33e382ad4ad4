"""What the shipped features reach on general headlines: macro-F1 on YNAT, re-fitted on each training fold, no download.

Rows: characters; characters and all morphemes (particles too) with their neighbours; the same with the
embedding; that plus a naive-Bayes weighted SVM (Wang and Manning 2012) on the same features.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from arguments import described, there
from hyeoksin.domain import Document
from hyeoksin.encoders import load_morpheme_encoder
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer
from hyeoksin.normalise import normalise


def with_neighbours(keys: Sequence[str]) -> list[str]:
    return [*keys, *(f"{a}+{b}" for a, b in pairwise(keys))]


def scores(
    train: csr_matrix, labels: NDArray[np.int64], test: csr_matrix, strength: float
) -> NDArray[np.float64]:
    found = LinearSVC(C=strength).fit(train, labels).decision_function(test)
    return found / found.std()


def naive_bayes_scores(
    train: csr_matrix, labels: NDArray[np.int64], test: csr_matrix, strength: float
) -> NDArray[np.float64]:
    columns = []
    for topic in range(labels.max() + 1):
        inside = np.asarray((train[labels == topic] > 0).sum(axis=0)).ravel() + 0.5
        outside = np.asarray((train[labels != topic] > 0).sum(axis=0)).ravel() + 0.5
        ratio = diags(np.log((inside / inside.sum()) / (outside / outside.sum())))
        model = LinearSVC(C=strength).fit(train @ ratio, labels == topic)
        columns.append(model.decision_function(test @ ratio))
    found = np.stack(columns, axis=1)
    return found / found.std()


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("folder", type=there, help="public texts")
    parser.add_argument("n_folds", type=int, nargs="?", default=5, help="of the 5, to be measured")
    given = parser.parse_args()
    path, n_folds = given.folder / "klue_ynat/train_minus_dev.jsonl", given.n_folds
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [normalise(row["title"]).lower() for row in rows]
    topics = np.unique([row["label"] for row in rows], return_inverse=True)[1]
    tokenizer = Tokenizer(workers=1)
    analysed = analyse([Document(id=str(i), text=row["title"]) for i, row in enumerate(rows)], tokenizer, 700)
    dense = csr_matrix(load_morpheme_encoder().encode(list(analysed)))
    tokens = tokenizer.kiwi.tokenize(texts)
    morphemes = [with_neighbours([f"{t.form}/{t.tag}" for t in one]) for one in tokens]
    found: dict[str, list[float]] = {}
    for train, test in islice(StratifiedKFold(5, shuffle=True, random_state=0).split(texts, topics), n_folds):
        blocks = {}
        for name, source, how in (
            ("characters", texts, {"analyzer": "char_wb", "ngram_range": (1, 5)}),
            ("morphemes", morphemes, {"analyzer": list}),
        ):
            front = TfidfVectorizer(sublinear_tf=True, min_df=2, dtype=np.float32, **how)
            blocks[name] = (
                front.fit_transform([source[i] for i in train]), front.transform([source[i] for i in test])
            )  # fmt: skip
        both = [hstack([blocks["characters"][i], blocks["morphemes"][i]]).tocsr() for i in (0, 1)]
        wide = [hstack([both[i], dense[part]]).tocsr() for i, part in enumerate((train, test))]
        embedded = scores(wide[0], topics[train], wide[1], 0.1)
        answers = {
            "characters": scores(blocks["characters"][0], topics[train], blocks["characters"][1], 0.3),
            "embedding": scores(dense[train], topics[train], dense[test], 1.0),
            "characters + morphemes": scores(both[0], topics[train], both[1], 0.3),
            "characters + morphemes + embedding": embedded,
            "... and naive-Bayes SVM": embedded + naive_bayes_scores(both[0], topics[train], both[1], 0.3),
        }
        for name, answer in answers.items():
            found.setdefault(name, []).append(f1_score(topics[test], answer.argmax(axis=1), average="macro"))
    for name, values in found.items():
        print(f"| {name} | {np.mean(values):.4f} | {len(values)} folds |")


if __name__ == "__main__":
    main()
