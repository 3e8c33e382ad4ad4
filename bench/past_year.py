"""A synthetic past year for ``hyeoksin simulate``: our own written texts, dated, placed in regions, decided with noise.

Made by ``python bench/past_year.py OUTPUT``, then

    hyeoksin simulate --decisions OUTPUT/past.jsonl --records OUTPUT/records.jsonl -o OUTPUT/report.html

The model's answers (``records.jsonl``) are out of fold: five folds that no family of texts crosses, trained on the other
written texts alone. Decisions are the corpus's labels, but 4 % of them are another code at random, and 20 % in one region
(충청북도), whose officers read the plan their own way: the dial should settle less there. Two minutes on one core.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.model_selection import GroupKFold

from arguments import described
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example, read_examples
from hyeoksin.encoders import load_morpheme_encoder, probe, views
from hyeoksin.features import analyse
from hyeoksin.model import PlanHead, load_model
from hyeoksin.model.heads import off_log_odds
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_plan
from hyeoksin.resources import resource
from hyeoksin.training.calibrate import NEVER, fit_gate, fit_mixture
from hyeoksin.training.fit import Settings, fit_border, fit_leaves
from hyeoksin.training.network import fit_net

REGIONS = (
    "서울특별시",
    "부산광역시",
    "대구광역시",
    "경기도",
    "강원특별자치도",
    "전라남도",
    "경상북도",
    "충청북도",
)
NOISE, NOISY = 0.04, {"충청북도": 0.20}
Floats = NDArray[np.float64]


def features(examples: Sequence[Example]) -> tuple[csr_array, NDArray[np.float32], NDArray[np.float32]]:
    """Return sparse rows, dense views and the probe, by the shipped vocabulary and embedding."""
    model = load_model(resource("model"))
    dense = load_morpheme_encoder()
    analysed = list(analyse([e.document for e in examples], Tokenizer(workers=1), model.limit))
    rows = model.encoder.matrix(model.encoder.encode_all(analysed))
    return rows, views(dense, analysed), probe(dense)


def out_of_fold(examples: Sequence[Example], plan: Plan) -> tuple[Floats, Floats]:
    """Return calibrated (n x leaves) and (n,) off-plan probabilities, each by a model without the text's family."""
    rows, vectors, mark = features(examples)
    n, k = len(examples), len(plan.leaves)
    leaf, gate, net = np.zeros((n, k)), np.zeros(n), np.zeros((n, k + 1))
    folds = GroupKFold(5, shuffle=True, random_state=0)
    for train, test in folds.split(examples, groups=[e.family for e in examples]):
        kept = [examples[i] for i in train]
        head = fit_leaves(rows[train], kept, plan, Settings())
        weights, bias = fit_border(rows[train], kept, plan, Settings())
        found = fit_net(vectors[train], kept, {plan.id: plan}, mark)
        leaf[test], gate[test] = head.logits(rows[test]), np.asarray(rows[test] @ weights) + bias
        net[test] = found.log_probabilities(vectors[test])[plan.id]
    names = [node.code for node in plan.leaves]
    target = np.array([names.index(e.labels[plan.id][0]) if e.labels[plan.id] else -1 for e in examples])
    inside = target >= 0
    temperature, net_leaf = fit_mixture(leaf[inside], net[inside][:, :-1], target[inside])
    signs = np.column_stack([gate, leaf.max(axis=1), off_log_odds(net)])
    slopes, intercept = fit_gate(signs, inside, np.ones(n))
    joined = PlanHead(
        plan.id, plan.sha256, replace(head, temperature=temperature), weights, 0.0,
        slopes[0], slopes[1], intercept, NEVER, NEVER, net_leaf, slopes[2],
    )  # fmt: skip
    return joined.join(leaf, gate, net)


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("output", type=Path, help="new folder")
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    plan, random = load_plan("2019"), np.random.default_rng(0)
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    examples = [e for e in read_examples(Path("corpus/proposals"), plans) if "2019" in e.labels]
    leaves, off = out_of_fold(examples, plan)
    names = [leaf.code for leaf in plan.leaves]
    past, records, n_noise = [], [], 0
    for example, chances, outside in zip(examples, leaves.tolist(), off.tolist(), strict=True):
        region = str(random.choice(REGIONS))
        codes = list(example.labels["2019"])
        if random.random() < NOISY.get(region, NOISE):
            codes, n_noise = (
                [code for code in [str(random.choice([*names, NONE]))] if code != NONE],
                n_noise + 1,
            )
        document = example.document
        past.append(
            {
                "id": document.id, "title": document.title, "text": document.text, "region": region,
                "date": f"2025-{random.integers(1, 13):02d}-{random.integers(1, 28):02d}", "kind": example.kind,
                "labels": {"2019": codes},
            }
        )  # fmt: skip
        order = sorted(zip(names, chances, strict=True), key=lambda pair: -pair[1])
        records.append(
            {
                "id": document.id, "plan": "2019", "off_plan": outside, "regions": [region], "model": "out-of-fold",
                "candidates": [{"code": code, "probability": chance} for code, chance in order],
            }
        )  # fmt: skip
    for name, rows in (("past", past), ("records", records)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (output / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    print(f"{len(past)} texts, {n_noise} decisions at random")


if __name__ == "__main__":
    main()
