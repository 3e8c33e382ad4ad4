"""How far the model's probabilities may be trusted here: corrected by the decisions that came in, group by group.

The chance that a person accepts an answer of calibrated probability p, in groups g (its region, its kind), is taken as

    logit = level + slope * (logit(p) - logit(0.9)) + sum of the effects of its groups

with normal priors on all of them (:class:`Prior`). The prior of the group effects is what makes a group with little
evidence lean on the whole. The posterior is approximated at its mode (Laplace; Bishop 2006, 4.5.1); the lower end of a
case is the one-sided normal bound of its logit, so it stays low for groups that nobody has looked at yet.

A logistic curve goes to 1, people do not: where officers read the plan their own way, even the surest answers are turned
down now and then. So the errors of answers that look safe are multiplied by what was seen of them, observed over expected
with one expected error as prior (a gamma-Poisson mean; Clayton and Kaldor 1987), in the whole and in each group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from hyeoksin.triage.cases import WHOLE, Case, Judged, Stratum, strata_of

__all__ = ["PRIOR", "Prior", "Trust", "learn_trust"]

Floats = NDArray[np.float64]
_EDGE = 1e-3  # no probability is believed beyond 0.001 and 0.999
_PIVOT = 2.197  # logit of 0.9: around it, level and slope are told apart
_STEPS = 100
_WIDEST = 16.0  # times the prior's deviations
_TELLING = 3.0  # log evidence that a doubling must gain: 20 to 1 (Kass and Raftery 1995, "strong")
_SAFE = 0.9  # what looks safe enough to be settled


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before any decision came in, in logits.

    ``shift`` is added to the calibrated logit at p = 0.9 and ``slope`` multiplies its distance from there; the rest are
    standard deviations: of the shift, of the slope, and of how much one region or kind differs from the whole. The
    defaults are what ``bench/offices.py`` found where the model answered sources that it had never seen: shifts from -0.4
    to 0.2, slopes from 0.85 to 1.1, and between 76 agencies of one source most evidence for 0.2.
    """

    shift: float = 0.0
    slope: float = 1.0
    shift_sd: float = 0.3
    slope_sd: float = 0.15
    group_sd: float = 0.3


PRIOR = Prior()


@dataclass(frozen=True)
class Trust:
    """The posterior: ``mean`` (k,) and ``covariance`` (k x k) of level, slope and the effects of the known groups.

    ``group_sd`` is how much a group that nobody has looked at may differ from the whole, ``evidence`` the log likelihood of
    the decisions under prior and model (Laplace), ``excess`` what the errors of safe-looking answers are multiplied by, for
    the whole (``WHOLE``) and for each known group.
    """

    per: tuple[Stratum, ...]
    columns: Mapping[tuple[Stratum, str], int]
    mean: Floats
    covariance: Floats
    group_sd: float
    evidence: float
    excess: Mapping[tuple[str, str], float]

    def bounds(self, cases: Sequence[Case], confidence: float) -> tuple[Floats, Floats]:
        """Return (n,) expected chances of being right and (n,) their lower ends at the one-sided ``confidence``."""
        if not cases:
            return np.zeros(0), np.zeros(0)
        expected, low = self._curve(cases, confidence)
        worst = [
            max(
                self.excess[WHOLE], *(self.excess.get(group, 1.0) for group in strata_of(case, self.per)), 1.0
            )
            for case in cases
        ]
        times = np.where(expected >= _SAFE, worst, 1.0)
        return 1.0 - np.minimum(times * (1.0 - expected), 1.0), 1.0 - np.minimum(times * (1.0 - low), 1.0)

    def _curve(self, cases: Sequence[Case | Judged], confidence: float) -> tuple[Floats, Floats]:
        """Return what the logistic regression alone says."""
        rows = _design(cases, self.per, self.columns)
        n_unknown = np.array([sum(g not in self.columns for g in strata_of(c, self.per)) for c in cases])
        variance = ((rows @ self.covariance) * rows).sum(axis=1) + n_unknown * self.group_sd**2
        logits = rows @ self.mean
        # The mean of a logistic-normal (MacKay 1992): not knowing pulls it towards one half.
        expected = _sigmoid(logits / np.sqrt(1.0 + np.pi * variance / 8.0))
        low = _sigmoid(logits - NormalDist().inv_cdf(confidence) * np.sqrt(variance))
        return expected, np.minimum(low, expected)


def learn_trust(
    past: Sequence[Judged],
    per: Sequence[Stratum] = ("region", "kind"),
    prior: Prior = PRIOR,
    widen: bool = True,
) -> Trust:
    """Return what the decisions so far say of the probabilities.

    With ``widen``, where the decisions are too far from the prior, its deviations are doubled as long as that makes the
    decisions far likelier (Laplace's evidence): one region that the model is lost in does not drag the others along, and one
    slip of a key, which any wider prior explains a little better, proves nothing.
    """
    past = sorted(past, key=lambda row: (row.probability, row.right, *strata_of(row, per)))
    groups = sorted({group for row in past for group in strata_of(row, per)})
    columns = {group: 2 + i for i, group in enumerate(groups)}
    centre = np.array([prior.shift + _PIVOT, prior.slope, *[0.0] * len(groups)])
    spread = np.array([prior.shift_sd, prior.slope_sd, *[prior.group_sd] * len(groups)])
    rows = _design(past, per, columns)
    right = np.array([row.right for row in past], dtype=np.float64)
    wide, (mean, hessian, evidence) = 1.0, _mode(rows, right, centre, spread)
    while widen and wide < _WIDEST:
        wider = _mode(rows, right, centre, 2.0 * wide * spread)
        if wider[2] <= evidence + _TELLING:
            break
        wide, (mean, hessian, evidence) = 2.0 * wide, wider
    covariance: Floats = np.linalg.inv(hessian).astype(np.float64)
    curve = Trust(tuple(per), columns, mean, covariance, wide * prior.group_sd, evidence, {WHOLE: 1.0})
    return replace(curve, excess=_excess(curve, past)) if past else curve


def _excess(curve: Trust, past: Sequence[Judged]) -> dict[tuple[str, str], float]:
    """Return observed over expected errors of safe-looking answers, each group's drawn towards the whole's.

    Where no more was seen than expected and its deviation (of a Poisson count), nothing is known against the curve: 1.
    """
    expected, _ = curve._curve(past, 0.5)
    seen: dict[tuple[str, str], tuple[float, float]] = {WHOLE: (0.0, 0.0)}
    for row, chance in zip(past, expected.tolist(), strict=True):
        for group in (WHOLE, *strata_of(row, curve.per)) if chance >= _SAFE else ():
            wrong, awaited = seen.get(group, (0.0, 0.0))
            seen[group] = (wrong + (not row.right), awaited + 1.0 - chance)

    def times(group: tuple[str, str], prior: float) -> float:
        wrong, awaited = seen[group]
        return (wrong + prior) / (awaited + 1.0) if wrong > awaited + awaited**0.5 else 1.0

    whole = times(WHOLE, 1.0)
    return {group: times(group, whole) for group in seen} | {WHOLE: whole}


def _mode(rows: Floats, right: Floats, centre: Floats, spread: Floats) -> tuple[Floats, Floats, float]:
    """Return the mode of the posterior (damped Newton steps), the Hessian there, and the log evidence."""
    weight = spread**-2.0
    mean, largest = centre, np.inf
    for _ in range(_STEPS):
        chance = _sigmoid(rows @ mean)
        hessian = (rows * (chance * (1.0 - chance))[:, None]).T @ rows + np.diag(weight)
        if largest < 1e-9:
            break
        step = np.linalg.solve(hessian, rows.T @ (right - chance) - weight * (mean - centre))
        largest = float(np.abs(step).max())
        mean = mean + step / max(1.0, largest)
    fit = np.log(np.where(right == 1.0, chance, 1.0 - chance)).sum()
    far = 0.5 * (weight * (mean - centre) ** 2).sum()
    evidence = float(fit - far + 0.5 * np.log(weight).sum() - 0.5 * np.linalg.slogdet(hessian)[1])
    return mean, hessian, evidence


def _design(
    rows: Sequence[Case | Judged],
    per: Sequence[Stratum],
    columns: Mapping[tuple[Stratum, str], int],
) -> Floats:
    """Return the (n x k) matrix whose columns are 1, the centred logit, and one for each known group."""
    design = np.zeros((len(rows), 2 + len(columns)))
    chance = np.clip([row.probability for row in rows], _EDGE, 1.0 - _EDGE)
    design[:, 0] = 1.0
    design[:, 1] = np.log(chance / (1.0 - chance)) - _PIVOT
    for i, row in enumerate(rows):
        for group in strata_of(row, per):
            if group in columns:
                design[i, columns[group]] = 1.0
    return design


def _sigmoid(logits: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(logits, -40.0, 40.0)))
