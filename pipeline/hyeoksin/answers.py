"""The answers of one plan to a batch of texts: the leaves by probability, the path down the plan, and the status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hyeoksin.domain import Score, Status
from hyeoksin.model import PlanHead
from hyeoksin.plan import Node, Plan

__all__ = ["Answer", "answer", "decode"]

# Score(*fields) without a Python call: a text has some sixty of them
_score: Callable[[tuple[str, str, float]], Score] = partial(tuple.__new__, Score)
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
    rows = zip(order.tolist(), best, decode(plan, leaves, off), off.tolist(), strict=True)
    for places, values, path, outside in rows:
        fields = zip(map(codes.__getitem__, places), map(titles.__getitem__, places), values, strict=True)
        path, status = _settle(plan, head, path, outside)
        found.append(Answer(status, path, tuple(map(_score, fields)), round(outside, 6)))
    return found


def decode(plan: Plan, leaves: NDArray[np.float64], off: NDArray[np.float64]) -> list[tuple[Score, ...]]:
    """Return each text's path: from the root to the deepest likely node along the best children; empty when off-plan is likelier.

    A parent's probability is the sum of its leaves, so levels never contradict each other. Where no single leaf is more
    likely than not, the path ends at the parent that is; its first step is always given. Arguments as in :func:`answer`.
    """
    total: dict[str, NDArray[np.float64]] = {}
    for leaf, column in zip(plan.leaves, leaves.T, strict=True):
        for node in plan.path(leaf.code):
            total[node.code] = total.get(node.code, 0.0) + column
    likeliest: dict[str | None, tuple[tuple[Node, ...], list[int], list[float]]] = {}
    for here in (None, *total):
        if children := plan.branches(here):
            table = np.array([total[child.code] for child in children])
            likeliest[here] = children, table.argmax(axis=0).tolist(), table.max(axis=0).tolist()

    def down(row: int) -> Iterator[Score]:
        here: str | None = None
        while here in likeliest:
            children, places, values = likeliest[here]
            if here is not None and values[row] < _LIKELY:
                break
            node = children[places[row]]
            yield Score(node.code, node.title, round(values[row], 6))
            here = node.code

    return [() if outside >= _LIKELY else tuple(down(row)) for row, outside in enumerate(off.tolist())]


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
