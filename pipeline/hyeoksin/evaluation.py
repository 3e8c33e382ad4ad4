"""How good predictions are: agreement with coded texts, with bootstrap intervals."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from hyeoksin.agency import load_agencies
from hyeoksin.codes import NONE, is_outside
from hyeoksin.domain import Document, Prediction
from hyeoksin.errors import InputError
from hyeoksin.plan import Plan
from hyeoksin.readers.dates import cell_date

__all__ = [
    "Coded",
    "agency_scores",
    "calibration_error",
    "mean_score",
    "plan_scores",
    "proportion",
    "read_coded",
    "reliability",
]

_USABLE = "JSONL(UTF-8)로 줄마다 id, text 와 plan2019, plan2024 …(코드나 NONE), agency(기관 이름) 가운데 하나를 적으세요."

Score = tuple[float, float | None, float | None]  # value, ends of its 95 % interval (None: it has none)
Scores = dict[str, Score]
_RESAMPLES = 500
_N_BINS = 10  # of equal width


@dataclass(frozen=True, slots=True)
class Coded:
    """A text with the coders' answers: per plan the majority code (or ``NONE``) and the others that are acceptable.

    ``unknown`` holds names of agencies that nobody knows; they are not scored.
    """

    document: Document
    codes: Mapping[str, str]
    acceptable: Mapping[str, frozenset[str]]
    agency: str | None
    agencies: frozenset[str]
    unknown: tuple[str, ...] = ()


def read_coded(path: Path) -> list[Coded]:
    """Read coded texts (JSONL: id, text, plan2019, plan2019_ok, …, agency, agency_ok).

    A majority that does not exist is null and not scored.

    Raises:
        InputError: not such a file, or an id stands twice; names the line.
    """
    coded = []
    seen: dict[str, int] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: UTF-8 글이 아닙니다. {_USABLE}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            coded.append(_coded(row, f"{path.name}#row={number}"))
        except json.JSONDecodeError as error:
            raise InputError(f"{path.name}#row={number}: JSON 줄이 아닙니다. {_USABLE}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"{path.name}#row={number}: 채점할 수 있는 줄이 아닙니다: {error}. {_USABLE}"
            ) from error
        first = seen.setdefault(row["id"], number)
        if first != number:
            raise InputError(
                f"{path.name}#row={number}: id '{row['id']}' 가 두 번 나옵니다 (먼저: {first}번째 줄). 하나를 지우거나 id를 고치세요."
            )
    if not coded:
        raise InputError(f"{path.name}: 분류한 글이 없습니다. {_USABLE}")
    if not any(one.codes or one.agency for one in coded):
        raise InputError(f"{path.name}: 글은 {len(coded)}건이지만 답이 없습니다. {_USABLE}")
    return coded


def _coded(row: Mapping[str, Any], source: str) -> Coded:
    for key in ("id", "text"):
        if not isinstance(row.get(key), str):
            raise ValueError(f"{key} 가 없습니다")
    plans = [key[4:] for key in row if key.startswith("plan") and key[4:].isdigit()]
    if wrong := [f"plan{p}" for p in plans if not isinstance(row[f"plan{p}"], str | None)]:
        raise ValueError(f"{wrong[0]} 는 코드 하나여야 합니다")
    codes = {p: _code(row[f"plan{p}"]) for p in plans if row[f"plan{p}"]}
    names = (row.get("agency"), *_further(row, "agency_ok"))
    agency, *others = [_agency(name) for name in names]
    return Coded(
        document=Document(
            id=row["id"],
            title=row.get("title") or "",
            text=row["text"],
            source=source,
            date=cell_date(str(row["date"])) if row.get("date") else None,
        ),
        codes=codes,
        acceptable={
            p: frozenset([*map(_code, _further(row, f"plan{p}_ok")), *([codes[p]] if p in codes else [])])
            for p in plans
        },
        agency=agency,
        agencies=frozenset(a for a in (agency, *others) if a is not None),
        unknown=tuple(
            n for n, a in zip(names, (agency, *others), strict=True) if n and n != NONE and a is None
        ),
    )


def _code(said: str) -> str:
    return NONE if is_outside(said) else said


def _further(row: Mapping[str, Any], key: str) -> list[str]:
    found = row.get(key) or []
    return [part.strip() for part in found.split(",")] if isinstance(found, str) else list(found)


def _agency(name: str | None) -> str | None:
    agencies = load_agencies()
    agency = agencies.named(name) if name else None
    return agencies.reference(agency.id) if agency else None


def plan_scores(
    plan: Plan,
    leaves: NDArray[np.float64],
    off: NDArray[np.float64],
    codes: Sequence[str],
    acceptable: Sequence[frozenset[str]],
) -> Scores:
    """Score (n x leaves) probabilities and (n,) off-plan probabilities against codes.

    In-plan figures (top-1, top-3, strategy, macro-F1) are over the texts whose code is not ``NONE``, ranking the leaves
    alone; agreement (kappa) is over all texts, the answer being ``NONE`` where off-plan is likelier than not. Brier score and calibration error are those of the
    answer's probability, right being the majority code and nothing else.
    """
    names = np.array([leaf.code for leaf in plan.leaves])
    ranked = names[np.argsort(-leaves, axis=1, kind="stable")]
    gold = np.array(codes)
    inside = gold != NONE
    answer = np.where(off < 0.5, ranked[:, 0], NONE)
    loosely = np.array([a in ok for a, ok in zip(answer, acceptable, strict=True)], dtype=np.float64)
    correct = (answer == gold).astype(np.float64)
    sure = np.where(answer == NONE, off, leaves.max(axis=1))
    scores = _in_plan_scores(plan, leaves, ranked, gold, acceptable) if inside.any() else {}
    everything = np.arange(len(gold))
    if len({*gold, *answer}) > 1:  # else chance alone agrees wholly, and kappa is undefined
        scores["kappa"] = _resampled(lambda i: _kappa(gold[i], answer[i]), everything)
    scores["acceptable"] = mean_score(loosely)
    if inside.any() and not inside.all():
        scores |= {
            "off_plan_auroc": _resampled(lambda i: _auroc(inside[i], 1.0 - off[i]), everything),
            "false_tag_rate": mean_score((answer[~inside] != NONE).astype(float)),
            "in_plan_found": mean_score((answer[inside] != NONE).astype(float)),
        }
    squares = (sure - correct) ** 2
    scores["brier"] = _resampled(lambda i: float(squares[i].mean()), everything)
    scores["ece"] = _resampled(lambda i: calibration_error(sure[i], correct[i]), everything)
    return scores


def _in_plan_scores(
    plan: Plan,
    leaves: NDArray[np.float64],
    ranked: NDArray[np.str_],
    gold: NDArray[np.str_],
    acceptable: Sequence[frozenset[str]],
) -> Scores:
    """Score the texts that belong to the plan; the strategy is the one whose leaves sum highest."""
    rows = np.flatnonzero(gold != NONE)
    inside: list[int] = rows.tolist()
    roots = [plan.path(leaf.code)[0].code for leaf in plan.leaves]
    strategies = sorted(set(roots))
    sums = np.stack([leaves[:, [r == s for r in roots]].sum(axis=1) for s in strategies], axis=1)
    chosen = np.array(strategies)[sums.argmax(axis=1)]
    strict = {k: [str(gold[i]) in ranked[i, :k] for i in inside] for k in (1, 3)}
    loose = {k: [bool(set(ranked[i, :k]) & acceptable[i]) for i in inside] for k in (1, 3)}
    return {
        "top1": mean_score(strict[1]),
        "top1_acceptable": mean_score(loose[1]),
        "top3": mean_score(strict[3]),
        "top3_acceptable": mean_score(loose[3]),
        "strategy": mean_score([chosen[i] == plan.path(str(gold[i]))[0].code for i in inside]),
        "macro_f1": _resampled(
            lambda i: f1_score(
                gold[i], ranked[i, 0], average="macro", labels=np.unique(gold[i]), zero_division=0
            ),
            rows,
        ),
    }


def agency_scores(predictions: Sequence[Prediction], coded: Sequence[Coded]) -> Scores:
    """Score lead agencies: strict and acceptable top-1, top-3, over the texts for which the coders named one."""
    agencies = load_agencies()
    flags = [[agencies.reference(f.id) for f in p.agencies if f.role != "executing"] for p in predictions]
    rows = [i for i, c in enumerate(coded) if c.agencies]
    strict = [i for i in rows if coded[i].agency]
    if not strict:
        return {}
    return {
        "top1": mean_score(np.array([flags[i][0] == coded[i].agency for i in strict], dtype=np.float64)),
        "top1_acceptable": mean_score(
            np.array([flags[i][0] in coded[i].agencies for i in rows], dtype=np.float64)
        ),
        "top3": mean_score(np.array([coded[i].agency in flags[i][:3] for i in strict], dtype=np.float64)),
        "top3_acceptable": mean_score(
            np.array([bool(coded[i].agencies & set(flags[i][:3])) for i in rows], dtype=np.float64)
        ),
    }


def calibration_error(probability: NDArray[np.float64], correct: NDArray[np.float64]) -> float:
    """Return the expected calibration error over ten equal-width bins (Naeini et al. 2015)."""
    bins = reliability(probability, correct)
    return sum(n * abs(said - right) for said, right, n in bins) / max(len(probability), 1)


def reliability(
    probability: NDArray[np.float64], correct: NDArray[np.float64]
) -> list[tuple[float, float, int]]:
    """Return per non-empty bin of equal width: mean probability, share right, and how many."""
    bins = np.minimum((probability * _N_BINS).astype(int), _N_BINS - 1)
    here = [bins == b for b in np.unique(bins)]
    return [(float(probability[h].mean()), float(correct[h].mean()), int(h.sum())) for h in here]


def _kappa(gold: NDArray[np.str_], answer: NDArray[np.str_]) -> float:
    return 1.0 if len({*gold, *answer}) == 1 else float(cohen_kappa_score(gold, answer))


def _auroc(inside: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    return (
        float(roc_auc_score(inside, score)) if 0 < inside.sum() < len(inside) else 0.5
    )  # one side only: nothing to order


def mean_score(hits: Sequence[bool] | NDArray[np.float64]) -> Score:
    """Return the mean with its 95 % interval: the bootstrap's, or Wilson's where all are hits or none (all draws are alike)."""
    values = np.asarray(hits, dtype=np.float64)
    if (values == 0.0).all() or (values == 1.0).all():
        value, low, high = proportion(values == 1.0)
        return value, round(low, 4), round(high, 4)
    return _resampled(lambda i: float(values[i].mean()), np.arange(len(values)))


def proportion(hits: Sequence[bool] | NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return the share of hits with its 95 % interval after Wilson (1927): for few texts, and near 0 and 1."""
    n, n_hits = len(hits), int(np.sum(hits))
    found = binomtest(n_hits, n).proportion_ci(method="wilson")
    return n_hits / n, float(found.low), float(found.high)


def _resampled(statistic: Callable[[NDArray[np.int_]], float], rows: NDArray[np.int_]) -> Score:
    """Return the statistic over ``rows`` with its 95 % percentile-bootstrap interval; none where all draws are alike."""
    value = float(statistic(rows))
    if len(rows) < 2:
        return (value, None, None)
    result = bootstrap(
        (rows,),
        statistic,
        vectorized=False,
        n_resamples=_RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    if np.ptp(result.bootstrap_distribution) < 1e-12:
        return (round(value, 4), None, None)
    low, high = result.confidence_interval
    return (round(value, 4), round(float(low), 4), round(float(high), 4))
