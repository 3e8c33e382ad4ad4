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
    """A second reading, and the vectors of the texts that it has read (``known``)."""

    reading: SecondReading
    known: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def speaks(self, model: Model, plan: str) -> bool:
        """Return whether it was weighed beside the model, or the one that it came from, and has a head for the plan."""
        return self.reading.beside == model.root and plan in self.reading.plans

    def read(self, bodies: Sequence[str], doubt: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the (doubtful x dimension) vectors of the texts in ``doubt``."""
        asked = [bodies[i] for i in np.flatnonzero(doubt).tolist()]
        self._read(list(dict.fromkeys(body for body in asked if body not in self.known)))
        empty = np.zeros((0, self.reading.transformer.dimension), np.float32)
        return np.vstack([empty, *(self.known[body] for body in asked)])

    def _read(self, bodies: Sequence[str]) -> None:
        shown = sys.stderr.isatty()
        with tqdm(total=len(bodies), desc="다시 읽기", unit="건", file=sys.stderr, disable=not shown) as bar:
            for start in range(0, len(bodies), _BATCH):
                some = bodies[start : start + _BATCH]
                found = self.reading.transformer.vectors(some, os.cpu_count() or 1)
                self.known.update(zip(some, found, strict=True))
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
    doubt = again.reading.doubtful(off)
    vectors = again.read(signals.bodies, doubt)
    joined = again.reading.plans[plan].rejoin((leaves, off), doubt, vectors)
    return again.reading.thresholds(plan, head), *joined


def beside_of(model: Model, plan: str, signals: Signals, again: Again | None) -> Beside | None:
    """Return what the second reading makes of the model's answers, for learning beside it; None where it does not speak."""
    if again is None or not again.speaks(model, plan):
        return None
    head, second = model.plans[plan], again.reading.plans[plan]
    leaves, off = head.join(signals.leaf, signals.gate, signals.net)
    doubt = again.reading.doubtful(off)
    logs = second.log_probabilities(again.read(signals.bodies, doubt))
    found = Beside(np.ones(len(off)), np.zeros(len(off)), np.ones(len(off)), np.zeros(leaves.shape))
    found.slope[doubt], found.leaf[doubt] = second.slopes[0], second.leaf[0]
    found.odds[doubt] = second.slopes[1] * off_log_odds(logs) + second.intercept
    found.among[doubt] = second.leaf[1] * logs[:, :-1]
    return found
