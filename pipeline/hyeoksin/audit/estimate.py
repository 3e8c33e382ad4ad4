"""True shares for every cell of every cut: two passes over the table, sums in NumPy in the order of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hyeoksin.audit.coded import Audited, extended
from hyeoksin.audit.counts import REST
from hyeoksin.audit.prevalence import Calibration, Correction, Shares, calibrate, correction, em, moved
from hyeoksin.audit.result import Cut, Interval
from hyeoksin.audit.table import Table
from hyeoksin.codes import NONE
from hyeoksin.held_out import HeldOut
from hyeoksin.plan import Plan

__all__ = ["Conflict", "Corrected", "Lens", "below", "corrected", "lens"]

Floats = NDArray[np.float64]
_ENOUGH = 200_000  # texts from which the mix is found by EMQ; more change nothing that shows
_BINS = 20
_SETTLED = 0.95  # of the texts that stand without a person at least so many are right


@dataclass(frozen=True)
class Lens:
    """What a text is looked at with: calibrated probabilities moved towards the mix of the input, and their correction.

    ``share`` is the mix that EMQ found, ``apart`` the largest distance between the distribution of off-plan probabilities of the input and
    that of the held-out texts brought to the same mix: where it is large, texts of a class look different here.
    """

    calibration: Calibration
    towards: Floats
    correction: Correction
    share: Floats
    apart: float

    def __call__(self, probabilities: NDArray[np.float32], gated: NDArray[np.bool_]) -> Floats:
        """Return the (n x classes) values whose mean is corrected; ``gated`` are the rows that the first gate settled."""
        posteriors = self.calibration(probabilities.astype(np.float64), gated)
        return moved(posteriors, self.calibration.prior, self.towards)


@dataclass(frozen=True)
class Conflict:
    """What the correction says of the share inside the plan, and the range that contradicts it."""

    estimated: Interval
    low: float
    high: float


@dataclass(frozen=True)
class Corrected:
    """The shares per (cut, value); all texts are ("all", ""), whose average of the lens is ``average``.

    ``conflict`` is what the correction contradicts: the settled texts, or a coded sample; after the latter no cell rests on it
    (``refused``).
    """

    lens: Lens
    cells: Mapping[tuple[str, str], Shares]
    average: Floats
    conflict: Conflict | None = None
    refused: bool = False


def lens(table: Table, held: HeldOut) -> Lens:
    """Fit the calibration, find the mix, and measure the correction."""
    calibration = calibrate(held)
    step = -(-table.n // _ENOUGH)
    parts = [(chunk[::step], gated[::step]) for chunk, (gated,) in table.probabilities(["gated"])]
    gated = np.concatenate([part for _, part in parts])
    here = calibration(np.concatenate([chunk for chunk, _ in parts]).astype(np.float64), gated)
    share = em(here, calibration.prior)
    towards = 0.5 * (share + calibration.prior)  # halfway: a class that EMQ empties would leave no trace in f
    known = calibration(held.probabilities)
    found = correction(held, moved(known, calibration.prior, towards))
    shares = found(moved(here, calibration.prior, towards).mean(axis=0), len(here)).projected
    below = float(here[gated, -1].min(initial=np.inf))
    return Lens(calibration, towards, found, share, _apart(here[:, -1], known[:, -1], held, shares, below))


def corrected(
    table: Table, held: HeldOut | None, cuts: Sequence[Cut], sample: Audited | None = None
) -> Corrected | None:
    """Return the corrected shares of every cell; with a coded sample those of all texts rest on the coders alone.

    The cells are corrected by the errors seen in the sample and in the held-out texts together; without held-out texts only a
    sample says anything, and of all texts only.
    """
    if held is None and sample is None:
        return None
    known = held if held is None or sample is None else extended(held, sample)
    through = _plain(len(table.classes)) if known is None else lens(table, known)
    sums, counts = _sums(table, through, cuts)
    average = sums["all"][0] / counts["all"][0]
    coded: dict[tuple[str, str], Shares] = {}
    if sample is not None:
        coded["all", ""] = sample.shares(average, through(sample.probabilities, sample.gated))
    if held is None:
        return Corrected(through, coded, average)
    conflict = _conflict(table, through.correction(average, table.n), coded.get(("all", "")))
    if conflict is not None and sample is not None:
        return Corrected(through, coded, average, conflict, refused=True)
    cells: dict[tuple[str, str], Shares] = {
        (cut.name, value): through.correction(sums[cut.name][i] / counts[cut.name][i], counts[cut.name][i])
        for cut in cuts
        for i, value in enumerate(cut.values)
        if counts[cut.name][i]
    }
    return Corrected(through, cells | coded, average, conflict)


def _plain(n_classes: int) -> Lens:
    """Return the lens that leaves probabilities as they are, for a model whose errors nobody has measured."""
    even = np.full(n_classes, 1.0 / n_classes)
    trusting = Correction(np.eye(n_classes), np.zeros((n_classes,) * 3), np.ones(n_classes))
    return Lens(Calibration(1.0, np.zeros(n_classes), even), even, trusting, even, 0.0)


def _sums(
    table: Table, through: Lens, cuts: Sequence[Cut]
) -> tuple[Mapping[str, Floats], Mapping[str, Floats]]:
    """Return per cut the sums of the lens's values (cells x classes), and the texts of its cells."""
    names: list[str] = [cut.name for cut in cuts if cut.name != "all"]
    places: dict[str, dict[str, int]] = {
        cut.name: {value: i for i, value in enumerate(cut.values)} for cut in cuts
    }
    width = len(table.classes)
    sums: dict[str, Floats] = {cut.name: np.zeros((max(len(cut.values), 1), width)) for cut in cuts}
    counts: dict[str, Floats] = {cut.name: np.zeros(max(len(cut.values), 1)) for cut in cuts}
    for chunk, (gated, *columns) in table.probabilities(["gated", *names]):
        values = through(chunk, gated)
        for name, column in [("all", None), *zip(names, columns, strict=True)]:
            code = np.zeros(len(chunk), int) if column is None else _codes(column, places[name])
            kept = code >= 0
            counts[name] += np.bincount(code[kept], minlength=len(counts[name]))
            for j in range(width):
                sums[name][:, j] += np.bincount(code[kept], values[kept, j], len(counts[name]))
    return sums, counts


def _conflict(table: Table, shares: Shares, coded: Shares | None) -> Conflict | None:
    """Return where the corrected share inside the plan cannot be: beyond what the settled texts alone, or the coders, leave open."""
    inside = np.arange(len(table.classes)) < len(table.classes) - 1
    found = shares.interval(inside)
    if coded is not None:
        said = coded.interval(inside)
        low, high = said.low, said.high
    else:
        states = dict(table.rows("SELECT status, count(*) FROM records GROUP BY status"))
        low = _SETTLED * states.get("settled", 0) / table.n
        high = 1.0 - _SETTLED * states.get("off_plan", 0) / table.n
    return Conflict(found, low, high) if found.high < low or found.low > high else None


def below(plan: Plan, code: str) -> list[int]:
    """Return the positions of the classes that a code stands for: the leaves at or below it, or NONE."""
    if code == NONE:
        return [len(plan.leaves)]
    return [i for i, leaf in enumerate(plan.leaves) if code in {node.code for node in plan.path(leaf.code)}]


def _codes(column: Any, places: Mapping[str, int]) -> NDArray[np.int_]:
    """Return each row's place among the values of its cut, -1 for those without one."""
    found, values = pd.factorize(np.ma.filled(column, None) if np.ma.isMaskedArray(column) else column)
    rest = places.get(REST, -1)
    table = np.array([places.get(value, rest) for value in values] + [-1])
    result: NDArray[np.int_] = table[found]
    return result


def _apart(here: Floats, known: Floats, held: HeldOut, shares: Floats, below: float) -> float:
    """Return the Kolmogorov distance between off-plan probabilities here and those expected from the held-out texts.

    Only probabilities under ``below`` are compared: from there on the gate speaks, not the classifier.
    """
    prior = np.bincount(held.truth, held.weight, len(shares))
    weight = held.weight * (shares / np.maximum(prior, 1e-9))[held.truth]
    read = here[here < below]
    edges = np.quantile(read, np.linspace(0, 1, _BINS + 1)[1:-1]) if len(read) else ()
    expected = [float(weight[known <= edge].sum() / weight.sum()) for edge in edges]
    seen = [float((here <= edge).mean()) for edge in edges]
    return float(np.abs(np.subtract(expected, seen)).max(initial=0.0))
