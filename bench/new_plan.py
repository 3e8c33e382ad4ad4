"""A new plan in ten minutes, played: the office knows 2019 only, 2024 arrives, and people decide a few texts.

Usage: python bench/new_plan.py CODED.jsonl FOLDER [--cache FOLDER] [--old 2019] [--new 2024] [--seeds 3] [--picture FILE.svg]

FOLDER holds the public texts of corpus/external.yaml. In each seed a third of the labelled public texts is held out;
the rest is the archive with decisions under the old plan, from which people decide texts under the new one: at random, or
those that the tool picks (most doubtful, unlike each other). Kappa with the majority code, off-plan included; behind it the
95 % interval over seeds and bootstrap resamples together.

What has seen labels of the new plan: nothing that is used. Vocabulary and idf of the shipped model and the morpheme
embedding were made without labels; the shipped network was not, and stays out; the old plan's linear heads are trained
here, on the archive and the written corpus with the old plan's labels alone (in two halves, so that no archive text is
read by a head that knew it). Scale and worth of the links come from the opposite direction (OPPOSITE).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, load_npz, save_npz, vstack
from sklearn.metrics import cohen_kappa_score

from arguments import there
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example, read_examples
from hyeoksin.domain import Document
from hyeoksin.encoders import beside, load_morpheme_encoder, views
from hyeoksin.evaluation import read_coded
from hyeoksin.external import labelled_examples
from hyeoksin.features import analyse
from hyeoksin.model import Model, PlanHead, load_model
from hyeoksin.morphemes import Tokenizer
from hyeoksin.newplan import Scale, carry, make_basis, teach, wording_shares
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_crosswalk, load_plan
from hyeoksin.plan.compare import links_between
from hyeoksin.plan.routes import routes
from hyeoksin.resources import resource
from hyeoksin.selection import doubt, spread
from hyeoksin.training.fit import Settings, fit_border, fit_leaves
from hyeoksin.translate import Worth
from hyeoksin.untrained import wording_head

Floats = NDArray[np.float64]
STEPS = (25, 50, 100, 150, 200)
N_ARCHIVE = 3_000  # texts with old decisions
# (scale, worth) for each new plan, fitted on the other plan treated as new and on the other direction of the crosswalk
OPPOSITE = {
    "2024": (Scale(0.0212, 1.03, -1.12), Worth(3.27, 2.36, 1.59, 0.21, 2.15, 0.87)),
    "2019": (Scale(0.0260, 1.11, -0.28), Worth(2.32, 0.98, 1.20, -1.48, 0.74, 0.95)),
}


@dataclass(frozen=True)
class Texts:
    """Rows of the lexical encoder and dense vectors of some documents."""

    rows: csr_array
    dense: NDArray[np.float32]


def encoded(name: str, documents: Sequence[Document], model: Model, cache: Path) -> Texts:
    rows, dense = cache / f"{name}_rows.npz", cache / f"{name}_dense.npy"
    if not rows.is_file():
        tokenizer, encoder = Tokenizer(1), load_morpheme_encoder()
        analysed = list(analyse(documents, tokenizer, model.limit))
        save_npz(rows, model.encoder.matrix(model.encoder.encode_all(analysed)))
        np.save(dense, views(encoder, analysed))
    found = csr_array(load_npz(rows))
    if found.shape[0] != len(documents):
        sys.exit(f"{rows}: other texts; give another --cache")
    return Texts(found, np.load(dense)[:, : np.load(dense).shape[1] // 2])


def label(example: Example, plan: str) -> str:
    return (example.labels[plan] or (NONE,))[0]


def old_heads(old: Plan, seed: int, public: Texts, written: Texts, data: Any, cache: Path) -> dict[str, Any]:
    """Return held-out and archive rows, and what heads trained on the archive's old labels say of rows they never saw."""
    path = cache / f"oof_{old.id}_{seed}.npz"
    if not path.is_file():
        n = public.rows.shape[0]
        rng = np.random.default_rng(seed)
        order = rng.permutation(n)
        held, archive = np.sort(order[: n // 3]), np.sort(order[n // 3 :])

        def head(index: NDArray[np.int_]) -> Callable[[csr_array], Floats]:
            examples = [data["public"][i] for i in index] + data["written"]
            bare = [
                replace(e, labels={old.id: e.labels[old.id]}) if old.id in e.labels else e for e in examples
            ]
            rows = vstack([public.rows[index], written.rows]).tocsr()
            leaf = fit_leaves(rows, bare, old, Settings())
            weights, bias = fit_border(rows, bare, old, Settings())
            return lambda asked: np.column_stack([leaf.logits(asked), asked @ weights + bias])

        said = np.zeros((n, len(old.leaves) + 1))
        half = rng.random(len(archive)) < 0.5
        for part in (half, ~half):
            said[archive[~part]] = head(archive[part])(public.rows[archive[~part]])
        whole = head(archive)
        said[held] = whole(public.rows[held])
        np.savez(path, out=said, dev=whole(data["dev"].rows), T=held, A=archive)
    return dict(np.load(path))


@dataclass(frozen=True)
class Round:
    """One seed: views, soft labels and classes of the archive; views and classes of what is tested."""

    archive: Floats
    axes: NDArray[np.float64]
    soft: Floats
    classes: NDArray[np.int_]
    tested: dict[str, tuple[Floats, NDArray[np.int_]]]


def prepare(
    old: Plan, new: Plan, seed: int, data: Any, wording: PlanHead, cache: Path
) -> tuple[Round, dict[str, float]]:
    found = old_heads(old, seed, data["texts"], data["written_texts"], data, cache)
    names = [*(leaf.code for leaf in new.leaves), NONE]
    classes = np.array([names.index(label(e, new.id)) for e in data["public"]])
    archive = np.random.default_rng(seed + 10).choice(found["A"], N_ARCHIVE, replace=False)
    n_features = data["texts"].rows.shape[1]
    columns = beside(data["texts"].rows, data["texts"].dense)
    basis = make_basis(wording.leaf.weights, n_features, columns[archive], None)
    n_old = found["out"].shape[1]
    middle, wide = found["out"][archive].mean(axis=0), found["out"][archive].std(axis=0)

    def seen(rows: csr_array, old_logits: Floats) -> Floats:
        return np.hstack([(old_logits - middle) / wide, basis.views(rows)])

    scores = columns @ wording.leaf.weights
    scale, worth = OPPOSITE[new.id]
    table = routes(old, new, links_between(old, new, data["crosswalk"])[0])
    cold = wording_shares(np.asarray(scores[archive], dtype=np.float64), scale)
    codes = [label(data["public"][i], old.id) for i in archive]
    soft = carry(new, cold, codes, table, worth)
    dev_index = [i for i, c in enumerate(data["coded"]) if new.id in c.codes]
    dev_classes = np.array([names.index(data["coded"][i].codes[new.id]) for i in dev_index])
    dev_columns = beside(data["dev"].rows, data["dev"].dense)
    views_all = seen(columns[archive], found["out"][archive])
    tested = {
        "public": (seen(columns[found["T"]], found["out"][found["T"]]), classes[found["T"]]),
        "coded": (seen(dev_columns[dev_index], found["dev"][dev_index]), dev_classes),
    }
    both = wording_shares(np.asarray(scores[found["T"]], dtype=np.float64), scale)
    shipped = np.column_stack(wording.probabilities(columns[found["T"]]))
    dev_scores = np.asarray(dev_columns @ wording.leaf.weights, dtype=np.float64)
    said = {
        "cold public": (both, tested["public"][1]),
        "cold coded": (wording_shares(dev_scores, scale)[dev_index], dev_classes),
        "shipped public": (shipped, tested["public"][1]),
        "shipped coded": (np.column_stack(wording.probabilities(dev_columns))[dev_index], dev_classes),
    }
    vectors = views_all[:, n_old + 2 * len(new.leaves) :]
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return Round(views_all, vectors, soft, classes[archive], tested), {
        k: resampled(*v, seed) for k, v in said.items()
    }


def resampled(shares: Floats, classes: NDArray[np.int_], seed: int, n: int = 200) -> Any:
    """Return kappa and its bootstrap resamples."""
    said = shares.argmax(axis=1)
    rng = np.random.default_rng(seed)
    draws = [rng.integers(0, len(said), len(said)) for _ in range(n)]
    return float(cohen_kappa_score(classes, said)), [
        float(cohen_kappa_score(classes[d], said[d])) for d in draws
    ]


def play(one: Round, how: str, seed: int) -> dict[tuple[str, int], Any]:
    """Let people decide, and measure after each step."""
    rng = np.random.default_rng(seed + 100)
    taken: list[int] = []
    taught = teach(None, (one.archive, one.soft), None)
    out: dict[tuple[str, int], Any] = {}
    for step in (0, *STEPS):
        if step:
            more = step - len(taken)
            left = np.ones(len(one.archive))
            left[taken] = 0.0
            if how == "random":
                taken += rng.choice(np.flatnonzero(left), more, replace=False).tolist()
            else:
                taken += spread(doubt(taught.shares(one.archive)) * left, one.axes, more)
            taught = teach(None, (one.archive, one.soft), (one.archive[taken], one.classes[taken]))
        for name, (rows, classes) in one.tested.items():
            shares = taught.shares(rows)
            out[name, step] = (*resampled(shares, classes, seed), shares, classes)
    return out


def honest(shares: Floats, classes: NDArray[np.int_]) -> str:
    """Return how far off-plan can be believed: said and true share, and the calibration error of saying so."""
    off, truth = shares[:, -1], classes == shares.shape[1] - 1
    bins = np.minimum((off * 10).astype(int), 9)
    error = sum(abs(off[bins == b].sum() - truth[bins == b].sum()) for b in range(10)) / len(off)
    return f"said {off.mean():.3f}, true {truth.mean():.3f}, ECE {error:.3f}"


def pooled(found: Sequence[Any]) -> tuple[float, float, float]:
    low, high = np.percentile([value for one in found for value in one[1]], [2.5, 97.5])
    return float(np.mean([one[0] for one in found])), float(low), float(high)


def load(args: argparse.Namespace) -> dict[str, Any]:
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    model = load_model(resource("model"))
    public = list(labelled_examples(Path("corpus/labels"), Path("corpus/external.yaml"), args.folder))
    written = read_examples(Path("corpus/proposals"), plans)
    coded = read_coded(args.coded)
    args.cache.mkdir(parents=True, exist_ok=True)
    return {
        "public": public,
        "written": written,
        "coded": coded,
        "crosswalk": load_crosswalk(plans),
        "model": model,
        "texts": encoded("public", [e.document for e in public], model, args.cache),
        "written_texts": encoded("written", [e.document for e in written], model, args.cache),
        "dev": encoded("dev", [c.document for c in coded], model, args.cache),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("coded", type=there)
    parser.add_argument("folder", type=there)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hyeoksin-new-plan")
    parser.add_argument("--old", default="2019")
    parser.add_argument("--new", default="2024")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    data = load(args)
    old, new = load_plan(args.old), load_plan(args.new)
    wording = wording_head(replace(new, id="new"), data["model"], Tokenizer(1), load_morpheme_encoder())
    kept: dict[tuple[str, str, int], list[Any]] = {}
    bare: dict[str, list[Any]] = {}
    for seed in range(args.seeds):
        one, said = prepare(old, new, seed, data, wording, args.cache)
        for name, value in said.items():
            bare.setdefault(name, []).append(value)
        for how in ("random", "picked"):
            for (name, step), value in play(one, how, seed).items():
                kept.setdefault((how, name, step), []).append(value)
        print(f"seed {seed} done", flush=True)
    report(kept, bare, args)


def report(
    kept: dict[tuple[str, str, int], list[Any]], bare: dict[str, list[Any]], args: argparse.Namespace
) -> None:
    cell = "{:.3f} ({:.3f}-{:.3f})".format
    print(f"| {args.new} as new, {args.old} known | held-out public texts | coded texts |\n|---|---|---|")
    print(
        f"| wordings alone, scale of {args.old} | {cell(*pooled(bare['cold public']))} | {cell(*pooled(bare['cold coded']))} |"
    )
    print(
        f"| wordings alone, as shipped | {cell(*pooled(bare['shipped public']))} | {cell(*pooled(bare['shipped coded']))} |"
    )
    for step in (0, *STEPS):
        for how in ("random", "picked")[: 1 if step == 0 else 2]:
            cells = [cell(*pooled(kept[how, name, step])) for name in ("public", "coded")]
            title = f"{step} decisions, {how}" if step else "decisions carried by the crosswalk"
            print(f"| {title} | {cells[0]} | {cells[1]} |")
    for how in ("random", "picked"):
        for step in (0, STEPS[-1]):
            print(f"off-plan after {step} {how}: {honest(*kept[how, 'public', step][0][2:])}")
    if args.picture is not None:
        draw(kept, args)


def draw(kept: dict[tuple[str, str, int], list[Any]], args: argparse.Namespace) -> None:
    from hyeoksin import pictures

    lines = []
    for how, name in (("picked", "도구가 고른 글"), ("random", "무작위로 고른 글")):
        points = [pictures.Point(step, *pooled(kept[how, "public", step])) for step in (0, *STEPS)]
        lines.append(pictures.Curve(name, tuple(points)))
    title = f"{args.new}년 계획을 새 계획으로 들였을 때"
    picture = pictures.curves(lines, title, x_name="사람이 정한 글의 수", value_name="카파 (계획 밖 포함)")
    raw = pictures.png(picture) if args.picture.suffix == ".png" else pictures.svg(picture).encode()
    args.picture.write_bytes(raw)


if __name__ == "__main__":
    main()
