"""The old model beside the new one on the same texts: paired counts, kappa, and what each class gained or lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from hyeoksin.triage import cohen_kappa

__all__ = ["Comparison", "compare", "worse_by_chance"]

_RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Comparison:
    """Old against new on ``n`` texts: how many each answers as decided, and the texts that only one of them does.

    ``chance_of_loss`` is the one-sided exact McNemar probability of losing so many more than winning if both were equally
    good, ``chance_of_gain`` the same for winning. The kappas are over all answers, off-plan included; ``kappa_gain`` has
    a 90 % bootstrap interval.
    """

    name: str
    n: int
    old_right: int
    new_right: int
    won: int
    lost: int
    chance_of_loss: float
    chance_of_gain: float
    old_kappa: float | None
    new_kappa: float | None
    kappa_gain: tuple[float, float, float] | None


def worse_by_chance(lost: int, won: int) -> float:
    """Return the chance of at least ``lost`` of ``lost + won`` changes being losses if both were as likely."""
    return float(binomtest(lost, lost + won, alternative="greater").pvalue) if lost + won else 1.0


def compare(
    name: str, decided: Sequence[str], old: Sequence[str], new: Sequence[str],
    right: Sequence[tuple[bool, bool]], resample: bool = True,
) -> Comparison:  # fmt: skip
    """Compare the answers of two models; ``right`` says of each text whether the old and the new one count as right."""
    before, after = (sum(pair[k] for pair in right) for k in (0, 1))
    won = sum(b and not a for a, b in right)
    lost = sum(a and not b for a, b in right)
    gains = []
    random = np.random.default_rng(0)
    codes, olds, news = (np.array(list(values), dtype=object) for values in (decided, old, new))
    for _ in range(_RESAMPLES if resample and right else 0):
        drawn = random.integers(len(codes), size=len(codes))
        pair = [cohen_kappa(codes[drawn].tolist(), answers[drawn].tolist()) for answers in (olds, news)]
        if pair[0] is not None and pair[1] is not None:
            gains.append(pair[1] - pair[0])
    kappas = [cohen_kappa(list(decided), list(answers)) for answers in (old, new)]
    gain = None
    if gains and kappas[0] is not None and kappas[1] is not None:
        low, high = np.percentile(gains, [5.0, 95.0]).tolist()
        gain = (kappas[1] - kappas[0], low, high)
    return Comparison(
        name=name,
        n=len(right),
        old_right=before,
        new_right=after,
        won=won,
        lost=lost,
        chance_of_loss=worse_by_chance(lost, won),
        chance_of_gain=worse_by_chance(won, lost),
        old_kappa=kappas[0],
        new_kappa=kappas[1],
        kappa_gain=gain,
    )
