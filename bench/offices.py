"""Each public source as an office that the model has never seen: the hours dial's promise, and decisions that teach.

For each source the 2019 heads are trained without its texts (shipped vocabulary and embedding, which know no labels), and its texts
arrive in the order of their dates, with our labels as the officers' decisions:

- calibration: how far the chance that an answer is acceptable lies from the calibrated probability, as shift and slope of
  the logit; the priors of ``hyeoksin.triage.trust`` come from here;
- the year replayed (``hyeoksin.simulate``): what would have been settled and how much of it was acceptable;
- learning (``hyeoksin.lessons``): in six parts, each answered by a model that learnt from the parts before it.

Two cores, alone: about ten minutes. Nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from arguments import described, there
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example
from hyeoksin.encoders import load_morpheme_encoder, probe, views
from hyeoksin.features import analyse
from hyeoksin.lessons.learn import paths_of
from hyeoksin.lessons.residual import Hold, Signals, allowed_leaves, fit_residual
from hyeoksin.model import PlanHead, load_model
from hyeoksin.model.heads import off_log_odds
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.simulate import Answered
from hyeoksin.simulate.figures import savings, share
from hyeoksin.simulate.replay import budget_row, rounds_of
from hyeoksin.training.calibrate import NEVER, fit_gate, fit_mixture
from hyeoksin.training.fit import Settings, fit_border, fit_leaves
from hyeoksin.training.network import fit_net
from hyeoksin.training.recipe import gather
from hyeoksin.triage import Judged, Prior, cohen_kappa, learn_trust

CORPUS = Path("corpus")
SOURCES = ("seoul", "jeonnam", "epic", "petition")
HOLDS = (0.1, 0.3, 1.0)
N_PARTS = 6
WIDE = Prior(shift_sd=3.0, slope_sd=1.0, group_sd=0.01)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Texts:
    """Examples with sparse rows (n x features), dense views (n x d) and the probe of the encoder."""

    examples: Sequence[Example]
    rows: csr_array
    vectors: NDArray[np.float32]
    probe: NDArray[np.float32]


def read_texts(folder: Path) -> Texts:
    plans = {plan: load_plan(plan) for plan in BUILTIN_PLANS}
    examples = [e for e in gather(CORPUS, folder, plans) if "2019" in e.labels]
    model, tokenizer = load_model(resource("model")), Tokenizer(workers=1)
    dense = load_morpheme_encoder()
    assert dense is not None  # noqa: S101
    rows, vectors = [], []
    for start in range(0, len(examples), 1_000):
        batch = [e.document for e in examples[start : start + 1_000]]
        analysed = list(analyse(batch, tokenizer, model.limit))
        rows.append(model.encoder.matrix(model.encoder.encode_all(analysed)))
        vectors.append(views(dense, analysed))
    return Texts(examples, csr_array(vstack(rows)), np.concatenate(vectors), probe(dense))


def code_of(example: Example) -> str:
    return (example.labels["2019"] or (NONE,))[0]


def base_without(texts: Texts, source: str, plan: Plan) -> tuple[PlanHead, list[int], Signals]:
    """Train without a source; return the calibrated head, the source's texts by date, and what the head sees of them."""
    random, examples = np.random.default_rng(0), texts.examples
    real = np.array([e.origin == "real" for e in examples])
    away = np.array([e.kind == source for e in examples]) & real
    held = real & ~away & (random.random(len(examples)) < 0.15)
    rows = np.flatnonzero(~away & ~held)
    kept = [examples[i] for i in rows.tolist()]
    leaf = fit_leaves(texts.rows[rows], kept, plan, Settings())
    gate, gate_bias = fit_border(texts.rows[rows], kept, plan, Settings())
    net = fit_net(texts.vectors[rows], kept, {plan.id: plan}, texts.probe)

    def signals(index: Sequence[int]) -> Signals:
        some = texts.rows[np.array(index)]
        logs = net.log_probabilities(texts.vectors[np.array(index)])[plan.id]
        bodies = [examples[i].document.body for i in index]
        return Signals(some, leaf.logits(some), np.asarray(some @ gate, np.float64) + gate_bias, logs, bodies)

    looked = np.flatnonzero(held).tolist()
    seen, codes = signals(looked), np.array([code_of(examples[i]) for i in looked])
    inside = np.flatnonzero(codes != NONE)
    place = {name: k for k, name in enumerate(leaf.classes)}
    target = np.array([place[code] for code in codes[inside]])
    assert seen.net is not None  # noqa: S101
    temperature, net_leaf = fit_mixture(seen.leaf[inside], seen.net[inside][:, :-1], target)
    signs = np.column_stack([seen.gate, seen.leaf.max(axis=1), off_log_odds(seen.net)])
    slopes, intercept = fit_gate(signs, codes != NONE, np.ones(len(codes)))
    head = PlanHead(
        plan.id, plan.sha256, replace(leaf, temperature=temperature), gate, gate_bias, slopes[0], slopes[1],
        intercept, NEVER, NEVER, net_leaf, slopes[2],
    )  # fmt: skip
    order = sorted(np.flatnonzero(away).tolist(), key=lambda i: (examples[i].document.date or "", i))
    return head, order, signals(order)


def answers(head: PlanHead, signals: Signals, examples: Sequence[Example]) -> list[Answered]:
    leaves, off = head.join(signals.leaf, signals.gate, signals.net)
    rows = []
    for example, chances, outside in zip(examples, leaves, off.tolist(), strict=True):
        said = NONE if outside >= 0.5 else head.leaf.classes[int(chances.argmax())]
        accepted = {code_of(example), *(example.acceptable or {}).get("2019", ())}
        rows.append(
            Answered(
                example.document.id, example.document.date or "", None, example.document.meta.get("agency"),
                code_of(example), said, outside if said == NONE else float(chances.max()), outside,
                tuple(chances.tolist()), said in accepted,
            )
        )  # fmt: skip
    return rows


def calibration(rows: Sequence[Answered]) -> None:
    trust = learn_trust([Judged(row.probability, row.right) for row in rows], (), WIDE)
    shift, slope = trust.mean[0] - 2.197, trust.mean[1]
    print(f"  accepted against stated: shift {shift:+.2f}, slope {slope:.2f} (n {len(rows)})")
    groups = sorted({row.kind for row in rows if row.kind})
    if len(groups) > 1:
        past = [Judged(row.probability, row.code == row.answer, kind=row.kind) for row in rows]
        found = {sd: evidence(past, replace(WIDE, group_sd=sd)) for sd in (0.1, 0.2, 0.3, 0.4, 0.6)}
        print(f"  evidence of differences between {len(groups)} kinds, by their deviation: {found}")
    strict = learn_trust([Judged(row.probability, row.code == row.answer) for row in rows], (), WIDE)
    print(f"  the majority's code: shift {strict.mean[0] - 2.197:+.2f}, slope {strict.mean[1]:.2f}")


def evidence(past: Sequence[Judged], prior: Prior) -> float:
    return round(learn_trust(past, ("kind",), prior, widen=False).evidence, 1)


def year(rows: Sequence[Answered], plan: Plan) -> None:
    rounds = rounds_of(rows)
    for hours in (0.25, 1.0):
        row = budget_row(rounds, hours)
        right, n = row.right, len(rows)
        print(
            f"  95 %, {hours:g} h x {row.n_rounds} rounds: settled {row.settled.n_right}/{n}, right {right.value or 0:.3f} "
            f"({right.low:.3f}-{right.high:.3f}), read {row.n_read}, errors left {row.errors_left} "
            f"(by arrival {row.errors_by_arrival}), groups broken {sum(not g.kept for g in row.groups)}/{len(row.groups)}"
        )
    for saving in savings(rows, plan)[:2]:
        print(
            f"  WSS@95 {saving.target}: {saving.saved:.3f} ({saving.low:.3f}-{saving.high:.3f}), {saving.n_found} wanted"
        )


def teach(head: PlanHead, signals: Signals, examples: Sequence[Example], plan: Plan) -> None:
    codes = [code_of(example) for example in examples]
    allowed = allowed_leaves(head, paths_of(plan), codes)
    cuts = [round(k * len(codes) / N_PARTS) for k in range(N_PARTS + 1)]
    later = np.arange(cuts[1], len(codes))
    before = answers(head, signals.take(later), [examples[i] for i in later.tolist()])
    told = [row.code for row in before]
    print(f"  parts 2-{N_PARTS} as it was: {figures(before)}")
    for words in HOLDS:
        after: list[Answered] = []
        for start, end in pairwise(cuts[1:]):
            seen, next_ = np.arange(start), np.arange(start, end)
            residual = fit_residual(
                head, signals.take(seen), allowed[seen], np.ones(start), Hold(words=words)
            )
            moved = residual.moved(signals.take(next_))
            after += answers(head, moved, examples[start:end])
        low, high = gain(told, [r.answer for r in before], [r.answer for r in after])
        print(
            f"  learning, hold {words:g}: {figures(after)}; kappa gain 95 % ({low:+.3f}, {high:+.3f})",
            flush=True,
        )


def figures(rows: Sequence[Answered]) -> str:
    kappa = cohen_kappa([row.code for row in rows], [row.answer for row in rows]) or 0.0
    right = share(sum(row.right for row in rows), len(rows))
    return f"kappa {kappa:.3f}, acceptable {right.value:.3f} (n {len(rows)})"


def gain(told: Sequence[str], before: Sequence[str], after: Sequence[str]) -> tuple[float, float]:
    random = np.random.default_rng(0)
    gold, old, new = (np.array(values, dtype=object) for values in (told, before, after))
    gains = []
    for _ in range(300):
        i = random.integers(len(gold), size=len(gold))
        pair = [cohen_kappa(gold[i].tolist(), said[i].tolist()) or 0.0 for said in (old, new)]
        gains.append(pair[1] - pair[0])
    low, high = np.percentile(gains, [2.5, 97.5]).tolist()
    return low, high


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("folder", type=there, help="public texts (``corpus/external.yaml``)")
    parser.add_argument("sources", nargs="*", default=SOURCES, help=", ".join(SOURCES))
    given = parser.parse_args()
    if unknown := {*given.sources} - {*SOURCES}:
        parser.error(f"unknown sources: {', '.join(sorted(unknown))}")
    run(read_texts(given.folder), given.sources)


def run(texts: Texts, sources: Sequence[str]) -> None:
    plan = load_plan("2019")
    for source in sources:
        head, order, signals = base_without(texts, source, plan)
        examples = [texts.examples[i] for i in order]
        print(
            f"== {source}: {len(order)} texts, {sum(code_of(e) != NONE for e in examples)} in the plan",
            flush=True,
        )
        rows = answers(head, signals, examples)
        calibration(rows)
        year(rows, plan)
        teach(head, signals, examples, plan)


if __name__ == "__main__":
    main()
