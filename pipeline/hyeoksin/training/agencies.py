"""What training learns of agencies: the classes, the text head, and the weights of the router's signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from hyeoksin.agency import LOCAL
from hyeoksin.corpus import Example
from hyeoksin.features import Analysed
from hyeoksin.plan import Plan
from hyeoksin.region import load_regions
from hyeoksin.router import SIGNALS, Candidates, Desk

__all__ = ["agency_classes", "fit_router", "ranked", "router_candidates"]

Floats = NDArray[np.float64]


def agency_classes(examples: Sequence[Example]) -> tuple[str, ...]:
    """Return the agencies that lead at least four examples, and the local government."""
    counts: dict[str, int] = {}
    for example in examples:
        if example.lead is not None:
            counts[example.lead] = counts.get(example.lead, 0) + 1
    return tuple(sorted({LOCAL} | {agency for agency, n in counts.items() if n >= 4}))


def router_candidates(
    rows: Sequence[int],
    examples: Sequence[Example],
    analysed: Sequence[Analysed],
    plan: Plan,
    leaves: Floats,
    text: Floats,
    classes: tuple[str, ...],
) -> dict[int, Candidates]:
    """Return the candidates and signals of the examples at ``rows``, from held-out probabilities.

    ``leaves`` is (n examples x leaves of ``plan``), ``text`` (n examples x n classes).
    """
    regions = load_regions()
    desk = Desk(classes, [plan])
    leads = desk.leads({plan.id: leaves})
    return {
        i: desk.candidates(
            analysed[i].body,
            examples[i].document.date,
            text[i],
            leads[i],
            bool(regions.of(analysed[i].body, examples[i].document.region)),
        )
        for i in rows
    }


def fit_router(found: Mapping[int, Candidates], examples: Sequence[Example]) -> dict[str, float]:
    """Fit the weights of the router's signals (conditional logit)."""
    known = [
        (c.values, c.agencies.index(lead))
        for i, c in found.items()
        if (lead := examples[i].lead) in c.agencies and lead is not None
    ]
    sizes = np.array([len(table) for table, _ in known])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    stacked = np.concatenate([table for table, _ in known])
    answers = starts + np.array([answer for _, answer in known])

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = stacked @ weights
        shifted = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        sums = np.add.reduceat(shifted, starts)
        log_likelihood = np.log(shifted[answers] / sums).sum()
        slope = stacked[answers].sum(axis=0) - (shifted / np.repeat(sums, sizes)) @ stacked
        return 0.01 * float(weights @ weights) - float(log_likelihood), 0.02 * weights - slope

    start = np.zeros(len(SIGNALS))
    start[0] = 1.0
    fitted: Any = minimize(loss, start, jac=True, method="L-BFGS-B")
    return {name: round(float(w), 4) for name, w in zip(SIGNALS, fitted.x, strict=True)}


def ranked(candidates: Candidates, weights: Mapping[str, float]) -> tuple[str, ...]:
    """Return the three likeliest agencies."""
    order = np.argsort(-candidates.probabilities(weights), kind="stable")
    return tuple(candidates.agencies[i] for i in order[:3])
