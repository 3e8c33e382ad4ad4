"""The morpheme embedding's variants side by side: start, training, dimension, weights, pooling, pairs of morphemes, labels.

Columns: titles that find their own body among 1,000 held out; top-1 of the 2019 and 2024 plans treated as new on labelled
public texts, alone and beside the lexical similarity (x 0.15), and off-plan AUROC of the latter; a logistic probe over
the leaves of labelled public texts (5 folds); Spearman on KLUE-STS dev; macro-F1 of a linear SVM on YNAT headlines
(first of 5 folds), alone. Labels train only what the rows that say so name, and never the plan or fold that is tested.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.svm import LinearSVC

from arguments import described, there
from hyeoksin.classifier import load_classifier
from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.encoders.bag import MorphemeBag
from hyeoksin.encoders.morpheme import MorphemeEncoder
from hyeoksin.external import labelled_examples
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import load_plan
from hyeoksin.training.cong import DIMENSION, recover
from hyeoksin.training.embed import EmbedSettings, Labelled, train_on_labels, train_on_pairs
from hyeoksin.training.embedding import recall
from hyeoksin.training.pairs import read_pairs, start_vectors, title_body_pairs, vocabulary
from hyeoksin.untrained import wording_head, wordings

Keys = Sequence[str]
Floats = NDArray[np.float32]
PLANS = ("2019", "2024")
LIMIT = 700


def cached(path: Path, make: Callable[[], Any]) -> Any:
    """Return what ``make`` returns, from the file when it is there."""
    if not path.is_file():
        path.write_text(json.dumps(make(), ensure_ascii=False), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def keys_of(documents: Sequence[Document], limit: int = LIMIT) -> list[list[str]]:
    return [[m.key for m in one.morphemes] for one in analyse(documents, Tokenizer(workers=1), limit)]


def lines(texts: Sequence[str]) -> list[Document]:
    return [Document(id=str(i), text=text) for i, text in enumerate(texts)]


@dataclass(frozen=True)
class Data:
    """Everything that is measured on, as morpheme keys."""

    pairs: list[tuple[Keys, Keys]]
    examples: list[Example]
    texts: list[Keys]
    wordings: dict[str, list[Keys]]
    lexical: dict[str, NDArray[np.float64]]
    sts: tuple[list[Keys], list[Keys]]
    similarity: list[float]
    headlines: list[Keys]
    topics: list[str]


def load(external: Path, cache: Path) -> Data:
    cache.mkdir(exist_ok=True)
    listing = Path("corpus/external.yaml")
    examples = list(labelled_examples(Path("corpus/labels"), listing, external))
    documents = [e.document for e in examples]

    def pairs() -> Any:
        found = read_pairs(list(title_body_pairs(listing, external)), Tokenizer(workers=1), LIMIT)
        return [(pair.title, pair.body) for pair in found]

    def lexical() -> Any:
        classifier = load_classifier(workers=1, careful=False)
        model = classifier.model
        encoder = model.encoder
        rows = encoder.matrix([encoder.encode(a) for a in analyse(documents, classifier.tokenizer, LIMIT)])
        plans = {name: replace(load_plan(name), id=f"new-{name}") for name in PLANS}
        return {
            name: wording_head(plan, model, classifier.tokenizer).leaf.logits(rows).tolist()
            for name, plan in plans.items()
        }

    sts = json.loads((external / "klue_sts_nli_dev/klue-sts-v1.1_dev.json").read_text(encoding="utf-8"))
    ynat = (external / "klue_ynat/train_minus_dev.jsonl").read_text(encoding="utf-8").splitlines()
    headlines = [json.loads(line) for line in ynat]
    sides = ("sentence1", "sentence2")
    return Data(
        pairs=cached(cache / "pairs.json", pairs),
        examples=examples,
        texts=cached(cache / "texts.json", lambda: keys_of(documents)),
        wordings=cached(
            cache / "wordings.json",
            lambda: {name: keys_of(wordings(load_plan(name)), 4 * LIMIT) for name in PLANS},
        ),
        lexical={n: np.array(v) for n, v in cached(cache / "lexical.json", lexical).items()},
        sts=cached(cache / "sts.json", lambda: [keys_of(lines([s[f] for s in sts])) for f in sides]),
        similarity=[s["labels"]["real-label"] for s in sts],
        headlines=cached(cache / "headlines.json", lambda: keys_of(lines([h["title"] for h in headlines]))),
        topics=[h["label"] for h in headlines],
    )


def start(data: Data, cache: Path, n_keys: int = 32_000) -> tuple[Keys, Floats, Floats]:
    """Return keys, CoNg vectors and idf (mean 1)."""
    known = vocabulary(([*t, *b] for t, b in data.pairs), 3, n_keys)
    path = cache / "start.npy"
    if not path.is_file():
        np.save(path, start_vectors(known.keys, recover(Tokenizer(words=()).kiwi)))
    return known.keys, np.load(path)[: len(known.keys)], known.idf / known.idf.mean()


def neighbours(keys: Keys) -> list[str]:
    return [*keys, *(f"{a}+{b}" for a, b in pairwise(keys))]


def pooled(table: MorphemeEncoder, texts: Sequence[Keys], with_max: bool) -> Floats:
    """Return the encoder's vectors of bare keys, or [mean, max] of the weighted vectors, each half unit length."""
    row = table._row
    out = np.zeros((len(texts), table.dimension * (1 + with_max)), np.float32)
    for i, keys in enumerate(texts):
        rows = [row[key] for key in keys if key in row]
        if rows:
            parts = table.vectors[rows]
            halves = [parts.sum(axis=0), parts.max(axis=0)][: 1 + with_max]
            out[i] = np.concatenate([half / np.linalg.norm(half) for half in halves])
    return np.asarray(out / np.sqrt(1 + with_max))


def probe(vectors: Callable[[NDArray[np.int64]], Floats], data: Data, plan: str, folds: int = 5) -> float:
    """Return the accuracy of a logistic regression on in-plan texts; ``vectors`` may learn from the training fold."""
    inside = np.array([i for i, e in enumerate(data.examples) if e.labels.get(plan)])
    leaf = np.array([e.labels[plan][0] for e in data.examples if e.labels.get(plan)])
    right = 0
    for train, test in KFold(folds, shuffle=True, random_state=0).split(inside):
        encoded = vectors(np.setdiff1d(np.arange(len(data.examples)), inside[test]))
        model = LogisticRegression(C=10, max_iter=60, tol=1e-2).fit(encoded[inside[train]], leaf[train])
        right += (model.predict(encoded[inside[test]]) == leaf[test]).sum()
    return right / len(inside)


def measure(name: str, data: Data, table: MorphemeEncoder, found: float, **how: Any) -> None:
    change = neighbours if how.get("neighbours") else list

    def encode(texts: Sequence[Keys]) -> Floats:
        return pooled(table, [change(text) for text in texts], how.get("with_max", False))

    vectors = encode(data.texts)
    cells = [f"{found:.3f}"]
    for plan in PLANS:
        codes = [leaf.code for leaf in load_plan(plan).leaves]
        known = [i for i, e in enumerate(data.examples) if plan in e.labels]
        dense = (vectors @ encode(data.wordings[plan]).T)[known]
        fused = data.lexical[plan][known] + 0.15 * dense
        inside = np.array([bool(data.examples[i].labels[plan]) for i in known])
        leaf = np.array([codes.index(c[0]) for i in known if (c := data.examples[i].labels[plan])])
        cells += [f"{(scores[inside].argmax(axis=1) == leaf).mean():.3f}" for scores in (dense, fused)]
        cells += [f"{roc_auc_score(inside, fused.max(axis=1)):.3f}"]
        cells += [f"{probe(lambda _: vectors, data, plan):.3f}"]
    first, second = map(encode, data.sts)
    cells.append(f"{spearmanr((first * second).sum(axis=1), data.similarity).statistic:.3f}")
    rows = encode(data.headlines)
    topics = np.array(data.topics)
    train, test = next(StratifiedKFold(5, shuffle=True, random_state=0).split(rows, topics))
    answers = LinearSVC(C=1.0, dual=False).fit(rows[train], topics[train]).predict(rows[test])
    cells.append(f"{f1_score(topics[test], answers, average='macro'):.3f}")
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def trained(
    data: Data,
    keys: Keys,
    vectors: Floats,
    weights: Floats,
    change: Callable[[Keys], Keys] = list,
    **settings: Any,
) -> tuple[MorphemeBag, list[Any], float]:
    torch.manual_seed(0)
    module = MorphemeBag(keys, vectors, weights)
    rows = [(module.known(change(title)), module.known(change(body))) for title, body in data.pairs]
    rows = [sides for sides in rows if len(sides[0]) >= 2 and len(sides[1]) >= 5]
    random.Random(0).shuffle(rows)
    train_on_pairs(module, rows[1_000:], EmbedSettings(**settings))
    return module, rows[1_000:], recall(module, rows[:1_000])


def table_of(module: MorphemeBag) -> MorphemeEncoder:
    vectors = module.vectors.detach() * module.log_weights.detach().exp()[:, None]
    return MorphemeEncoder(module.vocabulary, vectors.numpy())


def label_stage(
    data: Data, module: MorphemeBag, rows: list[Any], plans: Keys, known: Sequence[int]
) -> MorphemeBag:
    """Return a copy of the bag that also saw the labels of these plans and examples."""
    copy = MorphemeBag(
        module.vocabulary, module.vectors.detach().numpy(), module.log_weights.detach().exp().numpy()
    )
    labelled = {}
    for plan in plans:
        codes = [leaf.code for leaf in load_plan(plan).leaves]
        used = [i for i in known if plan in data.examples[i].labels and copy.known(data.texts[i])]
        leaves = [data.examples[i].labels[plan] for i in used]
        labelled[plan] = Labelled(
            [copy.known(data.texts[i]) for i in used],
            np.array([codes.index(found[0]) if found else -1 for found in leaves]),
            [copy.known(text) for text in data.wordings[plan]],
        )
    train_on_labels(copy, labelled, rows, EmbedSettings())
    return copy


def with_labels(data: Data, base: tuple[MorphemeBag, list[Any], float]) -> None:
    """Print what the label stage gives to a plan whose labels it did not see, and to texts of folds it did not see."""
    module, rows, _ = base
    for seen, new in (PLANS, PLANS[::-1]):
        table = table_of(label_stage(data, module, rows, (seen,), range(len(data.examples))))
        measure(f"trained, then labels of {seen} (only {new} is new)", data, table, float("nan"))
    for plan in PLANS:
        score = probe(
            lambda known: pooled(
                table_of(label_stage(data, module, rows, PLANS, known.tolist())),
                data.texts,
                False,
            ),
            data,
            plan,
        )
        print(f"label stage within folds, probe {plan}: {score:.3f}", flush=True)


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("folder", type=there, help="public texts")
    parser.add_argument("cache", type=Path, help="folder that keeps what is slow to make")
    parser.add_argument("variants", nargs="*", help="only these")
    given = parser.parse_args()
    cache, chosen = given.cache, given.variants
    data = load(given.folder, cache)
    keys, cong, idf = start(data, cache)
    ones = np.ones_like(idf)
    noise = np.random.default_rng(0).normal(0, 1 / 16, (len(keys), DIMENSION)).astype(np.float32)
    _, _, axes = np.linalg.svd(cong[:5_000], full_matrices=False)
    half = cong @ axes[: DIMENSION // 2].T
    both = np.hstack([cong, 0.5 * noise])
    counts = Counter(k for t, b in data.pairs for k in {*neighbours(t), *neighbours(b)} if k.count("+") == 1)
    place = {key: i for i, key in enumerate(keys)}
    joint = [k for k, _ in counts.most_common(16_000) if all(part in place for part in k.split("+"))]
    means = np.stack([0.15 * sum(cong[place[part]] for part in k.split("+")) for k in joint])
    base = trained(data, keys, cong, idf)
    more = ([*keys, *joint], np.vstack([cong, means]), np.concatenate([idf, np.ones(len(joint), np.float32)]))
    variants: dict[str, Callable[[], Any]] = {
        "CoNg, uniform": lambda: ((MorphemeBag(keys, cong, ones), [], 0.0), {}),
        "CoNg, idf": lambda: ((MorphemeBag(keys, cong, idf), [], 0.0), {}),
        "trained from CoNg": lambda: (base, {}),
        "trained, mean and max": lambda: (base, {"with_max": True}),
        "trained from random": lambda: (trained(data, keys, noise, idf), {}),
        "trained, idf kept": lambda: (trained(data, keys, cong, idf, weight_rate=0.0), {}),
        "trained, uniform kept": lambda: (trained(data, keys, cong, ones, weight_rate=0.0), {}),
        "trained, 128": lambda: (trained(data, keys, half, idf), {}),
        "trained, 512 (CoNg + random)": lambda: (trained(data, keys, both, idf), {}),
        "trained, pairs of morphemes in the bag": lambda: (
            trained(data, *more, change=neighbours),
            {"neighbours": True},
        ),
    }
    print("| variant | found | 2019 | fused | off | probe | 2024 | fused | off | probe | STS | YNAT |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name, make in variants.items():
        if not chosen or name in chosen:
            (module, _, found), how = make()
            measure(name, data, table_of(module), found, **how)
    if not chosen or "labels" in chosen:
        with_labels(data, base)


if __name__ == "__main__":
    main()
