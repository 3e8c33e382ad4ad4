"""The answers of one plan to a batch of texts: the leaves by probability, the path down the plan, and the status."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hyeoksin.domain import Score, Status
from hyeoksin.model import PlanHead
from hyeoksin.plan import Plan

__all__ = ["Answer", "answer", "decode"]

_LIKELY = 0.5  # a path goes down as long as the node is more likely than not


@dataclass(frozen=True, slots=True)
class Answer:
    """What one plan says of one text; the fields are those of :class:`hyeoksin.domain.Prediction`."""

    status: Status
    path: tuple[Score, ...]
    scores: tuple[Score, ...]
    off_plan: float


def answer(plan: Plan, head: PlanHead, leaves: NDArray[np.float64], off: NDArray[np.float64]) -> list[Answer]:
    """Return the answers to a batch, each by itself.

    Args:
        plan: the plan.
        head: its head, for the thresholds.
        leaves: (n texts x n leaves) probabilities, which sum with ``off`` to 1.
        off: (n texts,) probability of belonging to no leaf.
    """
    order = np.argsort(-leaves, axis=1, kind="stable")
    best = np.round(np.take_along_axis(leaves, order, axis=1), 6).tolist()
    codes, titles = [leaf.code for leaf in plan.leaves], [leaf.title for leaf in plan.leaves]
    found = []
    for row, (places, values) in enumerate(zip(order.tolist(), best, strict=True)):
        scores = tuple(
            [Score(codes[place], titles[place], value) for place, value in zip(places, values, strict=True)]
        )
        outside = float(off[row])
        path, status = _settle(plan, head, decode(plan, leaves[row], outside), outside)
        found.append(Answer(status, path, scores, round(outside, 6)))
    return found


def decode(plan: Plan, leaves: NDArray[np.float64], off: float) -> tuple[Score, ...]:
    """Return the path: from the root to the deepest likely node along the best children; empty when off-plan is likelier.

    A parent's probability is the sum of its leaves, so levels never contradict each other. Where no single leaf is more
    likely than not, the path ends at the parent that is; its first step is always given.
    """
    if off >= _LIKELY:
        return ()
    total: dict[str, float] = {}
    for leaf, probability in zip(plan.leaves, leaves, strict=True):
        for node in plan.path(leaf.code):
            total[node.code] = total.get(node.code, 0.0) + float(probability)
    steps: list[Score] = []
    here: str | None = None
    while children := plan.branches(here):
        best = max(children, key=lambda n: total[n.code])
        if steps and total[best.code] < _LIKELY:
            break
        steps.append(Score(best.code, best.title, round(total[best.code], 6)))
        here = best.code
    return tuple(steps)


def _settle(
    plan: Plan, head: PlanHead, path: tuple[Score, ...], off: float
) -> tuple[tuple[Score, ...], Status]:
    """Return the path down to its deepest step that may stand without a person, and the status."""
    if off >= max(head.settle_off, _LIKELY):
        return path, "off_plan"
    for end in range(len(path), 0, -1):
        step = path[end - 1]
        at = (
            head.settle
            if not plan.branches(step.code)
            else head.settle_above.get(plan[step.code].level, 1.01)
        )
        if step.probability >= max(at, _LIKELY):
            return path[:end], "settled"
    return path, "review"
