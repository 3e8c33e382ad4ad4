"""The second reading where models are compared: every model in doubt of a text hears it, and the text is read once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from hyeoksin.lessons.residual import Beside, Signals
from hyeoksin.model import Model, PlanHead, SecondReading, load_second
from hyeoksin.model.heads import off_log_odds
from hyeoksin.resources import resource

__all__ = ["Again", "again_for", "answered", "beside_of"]

_BATCH = 100
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Again:
    """A second reading, and the vectors of the texts that it has read."""

    reading: SecondReading
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def speaks(self, model: Model, plan: str) -> bool:
        """Return whether it was weighed beside the model, or the one that it came from, and has a head for the plan."""
        return self.reading.beside == model.root and plan in self.reading.plans

    def rejoin(self, plan: str, leaves: Floats, off: Floats, bodies: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the (n x leaves) and (n,) answers with those of the doubtful texts joined with the second reading's."""
        doubt = self.reading.doubtful(off)
        return self.reading.plans[plan].rejoin((leaves, off), doubt, self._vectors(bodies, doubt))

    def beside(self, plan: str, leaves: Floats, off: Floats, bodies: Sequence[str]) -> Beside:
        """Return what the reading makes of a model's (n x leaves) and (n,) answers, for learning beside it."""
        head, doubt = self.reading.plans[plan], self.reading.doubtful(off)
        found = Beside(np.ones(len(off)), np.zeros(len(off)), np.ones(len(off)), np.zeros(leaves.shape))
        second = head.log_probabilities(self._vectors(bodies, doubt))
        found.slope[doubt], found.leaf[doubt] = head.slopes[0], head.leaf[0]
        found.odds[doubt] = head.slopes[1] * off_log_odds(second) + head.intercept
        found.among[doubt] = head.leaf[1] * second[:, :-1]
        return found

    def _vectors(self, bodies: Sequence[str], doubt: NDArray[np.bool_]) -> NDArray[np.float32]:
        asked = [bodies[i] for i in np.flatnonzero(doubt).tolist()]
        self._read(list(dict.fromkeys(body for body in asked if body not in self.vectors)))
        empty = np.zeros((0, self.reading.transformer.dimension), np.float32)
        return np.vstack([empty, *(self.vectors[body] for body in asked)])

    def _read(self, bodies: Sequence[str]) -> None:
        shown = sys.stderr.isatty()
        with tqdm(total=len(bodies), desc="다시 읽기", unit="건", file=sys.stderr, disable=not shown) as bar:
            for start in range(0, len(bodies), _BATCH):
                some = bodies[start : start + _BATCH]
                found = self.reading.transformer.vectors(some, os.cpu_count() or 1)
                self.vectors.update(zip(some, found, strict=True))
                bar.update(len(some))


def again_for(model: Model) -> Again | None:
    """Return the shipped second reading for comparisons with a model, None where it was not weighed beside it."""
    reading = load_second(resource("second"), model.root)
    return None if reading is None else Again(reading)


def answered(
    model: Model, plan: str, signals: Signals, again: Again | None
) -> tuple[PlanHead, Floats, Floats]:
    """Return the model's head of a plan with the thresholds that hold, and the (n x leaves) and (n,) probabilities.

    They are those of the classifier: read twice where ``again`` was weighed beside the model and speaks for the plan.
    """
    head = model.plans[plan]
    leaves, off = head.join(signals.leaf, signals.gate, signals.net)
    if again is None or not again.speaks(model, plan):
        return head, leaves, off
    return again.reading.thresholds(plan, head), *again.rejoin(plan, leaves, off, signals.bodies)


def beside_of(model: Model, plan: str, signals: Signals, again: Again | None) -> Beside | None:
    """Return what the second reading makes of the model's answers, for learning beside it; None where it does not speak."""
    if again is None or not again.speaks(model, plan):
        return None
    head = model.plans[plan]
    return again.beside(plan, *head.join(signals.leaf, signals.gate, signals.net), signals.bodies)
