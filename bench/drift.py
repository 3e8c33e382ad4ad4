"""Does drift cry wolf, and what does it miss? Random halves of one period, and changes planted in the second half.

Usage: python bench/drift.py FOLDER [--cache FOLDER] [--runs 200] [--size 600]

FOLDER holds the public texts of corpus/external.yaml; press releases of the labelled set are one period, citizens' petitions
and proposals are what is planted. Answers are the shipped model's own heads'; it has seen these texts, which moves no
comparison of random halves, but they are too good: whether one is right is therefore drawn with the probability that it says. Behind each rate stands its 95 % Clopper-Pearson interval.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, load_npz, save_npz
from scipy.stats import binomtest

from arguments import there
from hyeoksin.codes import NONE
from hyeoksin.drift import TESTS, Sample, find_drift
from hyeoksin.encoders import load_morpheme_encoder, views
from hyeoksin.external import labelled_examples
from hyeoksin.features import analyse
from hyeoksin.model import load_model
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import load_plan
from hyeoksin.resources import resource

PLAN = "2019"
DEALINGS = 499


def whole(folder: Path, cache: Path) -> Sample:
    """Return all labelled public texts as one sample, ``kind`` being their source."""
    examples = list(labelled_examples(Path("corpus/labels"), Path("corpus/external.yaml"), folder))
    model, plan = load_model(resource("model")), load_plan(PLAN)
    paths = [cache / f"public_{name}" for name in ("rows.npz", "dense.npy", "keys.json")]
    cache.mkdir(parents=True, exist_ok=True)
    if not all(path.is_file() for path in paths):
        encoder = load_morpheme_encoder()
        analysed = list(analyse([e.document for e in examples], Tokenizer(1), model.limit))
        save_npz(paths[0], model.encoder.matrix(model.encoder.encode_all(analysed)))
        np.save(paths[1], views(encoder, analysed))
        keys = [[m.key for m in one.morphemes] for one in analysed]
        paths[2].write_text(json.dumps(keys, ensure_ascii=False), encoding="utf-8")
    rows, vectors = csr_array(load_npz(paths[0])), np.load(paths[1])
    words = json.loads(paths[2].read_text(encoding="utf-8"))
    if model.net is None:
        raise SystemExit("the shipped model has a network")
    leaves, off = model.plans[PLAN].probabilities(rows, model.net.log_probabilities(vectors)[PLAN])
    best = np.array([leaf.code for leaf in plan.leaves])[leaves.argmax(axis=1)]
    head = model.plans[PLAN]
    settled = np.where(
        leaves.max(axis=1) >= head.settle, "settled", np.where(off >= head.settle_off, "off_plan", "review")
    )
    code = np.where(off >= 0.5, NONE, best)
    sure = np.where(off >= 0.5, off, leaves.max(axis=1))
    return Sample(
        ids=tuple(e.document.id for e in examples),
        titles=tuple(e.document.title for e in examples),
        vectors=vectors[:, : vectors.shape[1] // 2],
        words=tuple(map(frozenset, words)),
        length=np.array([float(len(e.document.body)) for e in examples]),
        code=code,
        status=settled,
        sure=sure,
        right=(np.random.default_rng(0).random(len(sure)) < sure).astype(float),
        kind=np.array([e.kind for e in examples]),
        group=tuple(e.family for e in examples),
    )


def rate(hits: int, n: int) -> str:
    low, high = binomtest(hits, n).proportion_ci(method="exact")
    return f"{hits / n:.3f} ({low:.3f}-{high:.3f})"


def run(name: str, runs: int, draw: Callable[[np.random.Generator], tuple[Sample, Sample]]) -> None:
    """Print how often an alarm is raised, and which tests raise it."""
    alarms, by_test, start = 0, dict.fromkeys(TESTS, 0), time.process_time()
    for seed in range(runs):
        found = find_drift(*draw(np.random.default_rng(seed)), n_next=0, seed=seed, n_dealings=DEALINGS)
        alarms += found.alarm
        for verdict in found.verdicts:
            by_test[verdict.about] += verdict.alarm
    told = ", ".join(f"{about} {n}" for about, n in by_test.items() if n)
    print(
        f"| {name} | {rate(alarms, runs)} | {told or 'none'} | {(time.process_time() - start) / runs:.2f} s |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=there)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "hyeoksin-drift")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--planted", type=int, default=40)
    parser.add_argument("--size", type=int, default=600)
    args = parser.parse_args()
    everything = whole(args.folder, args.cache)
    press = np.flatnonzero(everything.kind == "epic")
    others = np.flatnonzero(everything.kind == "seoul")
    size = args.size
    leaf = np.flatnonzero((everything.kind == "epic") & (everything.code == "3-1"))
    rest = np.setdiff1d(press, leaf)

    def halves(rng: np.random.Generator) -> tuple[Sample, Sample]:
        rows = rng.permutation(press)[: 2 * size]
        return everything.take(rows[:size]), everything.take(rows[size:])

    def mixed(
        share: float, pool: NDArray[np.int64]
    ) -> Callable[[np.random.Generator], tuple[Sample, Sample]]:
        def draw(rng: np.random.Generator) -> tuple[Sample, Sample]:
            rows = rng.permutation(rest)[: 2 * size]
            n = round(share * size)
            new = everything.take(
                np.concatenate([rows[size : 2 * size - n], rng.choice(pool, n, replace=False)])
            )
            return everything.take(rows[:size]), replace(new, kind=np.full(size, "epic"))

        return draw

    def worse(share: float) -> Callable[[np.random.Generator], tuple[Sample, Sample]]:
        def draw(rng: np.random.Generator) -> tuple[Sample, Sample]:
            old, new = halves(rng)
            return old, replace(new, right=np.where(rng.random(size) < share, 0.0, new.right))

        return draw

    print(
        f"{size} texts a period, {DEALINGS} dealings\n\n| second period | any alarm | alarms by test | time a run |\n|---|---|---|---|"
    )
    run("random half of the same (false alarms)", args.runs, halves)
    for share in (0.02, 0.05, 0.10, 0.20):
        run(f"{share:.0%} of one leaf (3-1) more", args.planted, mixed(share, leaf))
        run(f"{share:.0%} citizens' proposals", args.planted, mixed(share, others))
        run(f"{share:.0%} of the answers go wrong", args.planted, worse(share))


if __name__ == "__main__":
    main()
