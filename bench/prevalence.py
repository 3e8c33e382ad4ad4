"""Which estimate of true shares to believe: simulated streams with known mixes, from held-out predictions of public texts.

    python bench/prevalence.py [--model models/default] [--plan 2019] [--runs 300]

Each run cuts the labelled texts in two halves. One half plays the texts whose errors are known, from the other a stream is
drawn without replacement: an off-plan share of 30 to 95 %, and a mix of the nodes that differs from the labelled one (a
Dirichlet draw around it, so rare nodes become frequent and frequent ones vanish). Shown: the mean absolute error of the
shares, of the off-plan share alone, and how often the 95 % intervals hold the true share of the stream, over all nodes and
by how frequent the node truly is.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arguments import there
from hyeoksin.audit.prevalence import Shares, calibrate, correction, em, moved
from hyeoksin.held_out import HeldOut, load_held_out
from hyeoksin.plan import load_plan

Floats = NDArray[np.float64]
BINS = ((0.0, 0.0), (0.0, 0.005), (0.005, 0.02), (0.02, 1.0))


def one_hot(values: Floats) -> Floats:
    found: Floats = np.eye(values.shape[1])[values.argmax(axis=1)]
    return found


def answers(p: Floats) -> Floats:
    """Return the classifier's own answer: off-plan from 0.5 on, else the likeliest leaf."""
    said = np.where(p[:, -1] >= 0.5, p.shape[1] - 1, p[:, :-1].argmax(axis=1))
    found: Floats = np.eye(p.shape[1])[said]
    return found


def estimates(known: HeldOut, stream: Floats) -> dict[str, Shares]:
    """Return the shares that each method estimates for a stream of (n x classes) probabilities."""
    n = len(stream)
    counted = answers(stream).mean(axis=0)
    plain = Shares(counted, (np.diag(counted) - np.outer(counted, counted)) / n)
    adjusted = correction(known, answers(known.probabilities))(counted, n)
    calibration = calibrate(known)
    held, here = calibration(known.probabilities), calibration(stream)
    probabilistic = correction(known, held)(here.mean(axis=0), n)
    share = em(here, calibration.prior)
    halfway = 0.5 * (share + calibration.prior)
    held, here = (moved(values, calibration.prior, halfway) for values in (held, here))
    both = correction(known, held)(here.mean(axis=0), n)
    return {
        "count": plain,
        "adjusted": adjusted,
        "probabilistic": probabilistic,
        "emq": Shares(share, both.covariance),
        "emq, adjusted": both,
    }


def draw(truth: NDArray[np.int_], off: float, size: int, rng: np.random.Generator) -> NDArray[np.int_]:
    """Return the rows of a stream with the given off-plan share and a drawn mix of nodes, as far as there are texts."""
    n_classes = int(truth.max()) + 1
    natural = np.bincount(truth[truth < n_classes - 1], minlength=n_classes - 1) + 0.5
    mix = rng.dirichlet(natural / natural.sum() * 8) * (1 - off)
    wanted = rng.multinomial(size, np.append(mix, off))
    rows = [rng.permutation(np.flatnonzero(truth == j))[:k] for j, k in enumerate(wanted)]
    return np.concatenate(rows)


def simulate(
    held: HeldOut, size: int, runs: int, seed: int, method: Callable[..., dict[str, Shares]]
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    n_classes = len(held.classes)
    wrong: dict[str, list[Any]] = defaultdict(list)
    off_wrong: dict[str, list[Any]] = defaultdict(list)
    hit: dict[str, list[Any]] = defaultdict(list)
    width: dict[str, list[Any]] = defaultdict(list)
    true: list[Floats] = []
    for _ in range(runs):
        order = rng.permutation(len(held))
        known, pool = held.rows(order[::2]), held.rows(order[1::2])
        rows = draw(pool.truth, rng.choice([0.3, 0.5, 0.7, 0.85, 0.95]), size, rng)
        share = np.bincount(pool.truth[rows], minlength=n_classes) / len(rows)
        true.append(share)
        for name, found in method(known, pool.probabilities[rows]).items():
            intervals = [found.interval([j]) for j in range(n_classes)]
            wrong[name].append(np.mean([abs(i.value - s) for i, s in zip(intervals, share, strict=True)]))
            off_wrong[name].append(abs(intervals[-1].value - share[-1]))
            hit[name].append([i.low <= s <= i.high for i, s in zip(intervals, share, strict=True)])
            width[name].append([i.high - i.low for i in intervals])
    return {"wrong": wrong, "off_wrong": off_wrong, "hit": hit, "width": width, "true": np.array(true)}


def table(found: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    true = found["true"]
    for name in found["wrong"]:
        hits, widths = np.array(found["hit"][name]), np.array(found["width"][name])
        row = {
            "method": name,
            "error": 100 * float(np.mean(found["wrong"][name])),
            "off_error": 100 * float(np.mean(found["off_wrong"][name])),
            "covered": 100 * float(hits.mean()),
            "off_covered": 100 * float(hits[:, -1].mean()),
            "width": 100 * float(widths.mean()),
        }
        for low, high in BINS:
            here = (true > low) & (true <= high) if high else true == 0
            row[f"covered {100 * low:g}-{100 * high:g}"] = (
                100 * float(hits[here].mean()) if here.any() else None
            )
        rows.append(row)
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    print("| " + " | ".join(names) + " |")
    print("|" + "---|" * len(names))
    for row in rows:
        cells = [v if isinstance(v, str) else "-" if v is None else f"{v:.2f}" for v in row.values()]
        print("| " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=there, default="models/default")
    parser.add_argument("--plan", default="2019")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 1000, 3000])
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    plan = load_plan(arguments.plan)
    model = model_id(arguments.model)
    held = load_held_out(arguments.model, plan.id, plan.sha256, model)
    if held is None:
        raise SystemExit(f"{arguments.model}: no held-out predictions for plan {plan.id}")
    held = replace(held, weight=np.ones(len(held)))  # both halves alike: the weights would set them apart
    print(f"plan {plan.id}, {len(held):,} texts ({held.origin}), {arguments.runs} runs a size, model {model}")
    for size in arguments.sizes:
        begun = time.process_time()
        found = simulate(held, size, arguments.runs, arguments.seed, estimates)
        print(
            f"\nstreams of {size:,} texts ({time.process_time() - begun:.0f} s of processor time); figures in per cent\n"
        )
        show(table(found))


def model_id(folder: Path) -> str:
    import hashlib

    raw = (folder / "model.json").read_bytes()
    return f"{json.loads(raw)['name']}@{hashlib.sha256(raw).hexdigest()[:8]}"


if __name__ == "__main__":
    main()
