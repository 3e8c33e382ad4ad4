"""What the shipped features reach on general headlines: macro-F1 on YNAT, re-fitted on each training fold, no download.

Rows: characters; characters and all morphemes (particles too) with their neighbours; the same with the
embedding; that plus a naive-Bayes weighted SVM (Wang and Manning 2012) on the same features. With ``--tuned`` also the encoder of
the second reading, tuned for one epoch on each training fold (two cores: five minutes a fold), and its log-probabilities beside the
scores before, both divided by their deviation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC
from tqdm import tqdm

from arguments import described, there
from hyeoksin.domain import Document
from hyeoksin.encoders import load_morpheme_encoder
from hyeoksin.encoders.packed import unpacked
from hyeoksin.features import analyse
from hyeoksin.model import SecondReading, load_model, load_second
from hyeoksin.morphemes import Tokenizer
from hyeoksin.normalise import normalise
from hyeoksin.resources import resource
from hyeoksin.training.tuning import SecondSettings, batches_of, means, trainable


def with_neighbours(keys: Sequence[str]) -> list[str]:
    return [*keys, *(f"{a}+{b}" for a, b in pairwise(keys))]


def scores(
    train: csr_matrix, labels: NDArray[np.int64], test: csr_matrix, strength: float
) -> NDArray[np.float64]:
    found = LinearSVC(C=strength).fit(train, labels).decision_function(test)
    return np.asarray(found / found.std())


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
    return np.asarray(found / found.std())


def tuned_scores(
    n_heads: int,
    ids: Sequence[Sequence[int]],
    topics: NDArray[np.int64],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the log-probabilities by the second reading's encoder with a linear layer, tuned on ``train``."""
    import torch

    torch.manual_seed(0)
    settings = SecondSettings(step=2048)
    tensors = unpacked(load_file(resource("second") / "weights.safetensors"))
    body = {
        name: np.asarray(tensor, np.float32)
        for name, tensor in tensors.items()
        if name.startswith(("embeddings.", "encoder."))
    }
    model: Any = trainable(torch, body, n_heads, settings.frozen)
    top = torch.nn.Linear(model.config.hidden_size, int(topics.max()) + 1)
    learning = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [
            {"params": learning, "lr": settings.rate},
            {"params": top.parameters(), "lr": settings.head_rate},
        ],
        weight_decay=0.01,
    )
    steps = batches_of([ids[i] for i in train], np.random.default_rng(0), settings)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        [settings.rate, settings.head_rate],
        total_steps=len(steps) + 1,
        pct_start=0.1,
        anneal_strategy="linear",
    )
    told = torch.from_numpy(topics[train])
    for step in tqdm(steps, desc="tuning", mininterval=10):
        seen = torch.nn.functional.dropout(means(torch, model, [ids[train[i]] for i in step]), 0.1)
        loss = torch.nn.functional.cross_entropy(top(seen), told[step], label_smoothing=0.05)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
    found = np.zeros((len(test), top.out_features))
    order = np.argsort([len(ids[i]) for i in test])
    with torch.no_grad():
        for start in range(0, len(order), 256):
            some = order[start : start + 256]
            logits = top(means(torch, model, [ids[test[i]] for i in some]))
            found[some] = torch.log_softmax(logits, -1).numpy()
    return found


def second_reading() -> SecondReading:
    reading = load_second(resource("second"), load_model(resource("model")).root)
    assert reading is not None  # noqa: S101
    return reading


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("folder", type=there, help="public texts")
    parser.add_argument("n_folds", type=int, nargs="?", default=5, help="of the 5, to be measured")
    parser.add_argument("--tuned", action="store_true", help="also the tuned encoder (torch, transformers)")
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
    reader = second_reading().transformer if given.tuned else None
    ids = [reader.ids(normalise(row["title"]), 64) for row in rows] if reader else []
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
        if reader:
            tuned = tuned_scores(reader.n_heads, ids, topics, train, test)
            linear = answers["... and naive-Bayes SVM"]
            answers["encoder of the second reading, tuned"] = tuned
            answers["both"] = tuned / tuned.std() + linear / linear.std()
        for name, answer in answers.items():
            found.setdefault(name, []).append(f1_score(topics[test], answer.argmax(axis=1), average="macro"))
    for name, values in found.items():
        print(f"| {name} | {np.mean(values):.4f} | {len(values)} folds |")


if __name__ == "__main__":
    main()
