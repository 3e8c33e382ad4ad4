"""The audit sample: how many texts a person must code for the interval asked for, which ones, and what their codes say.

Texts are drawn within strata, one per answer of the classifier (small ones joined), as Neyman (1934) would have it: in proportion to the size
of a stratum times the spread of the truth in it, which the calibrated probabilities foretell. With the codes the shares are estimated by the
stratified difference estimator (Cochran 1977, 7.3), which is prediction-powered inference (Angelopoulos et al. 2023) for a finite set of
texts: the mean of the classifier's values over all texts plus the weighted mean of truth minus value in the sample. The classifier
makes the interval short, and cannot make it wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hyeoksin.audit.intervals import Z
from hyeoksin.audit.prevalence import Shares

__all__ = ["Strata", "allocate", "draw", "estimate", "sample_size", "strata"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int_]
_LEAST = 5  # texts of a stratum in the sample, if it has as many
_JOINED = 20  # texts, below which strata are one


@dataclass(frozen=True)
class Strata:
    """``place`` (n,) is each text's stratum; ``sizes`` their texts; ``spreads`` (strata x classes) p (1 - p) foretold in each."""

    place: Ints
    sizes: Ints
    spreads: Floats


def strata(probabilities: Floats) -> Strata:
    """Return the strata of texts whose calibrated (n x classes) probabilities are given: by likeliest class.

    The spread foretold is the mean of what the probabilities say of the stratum and of all texts, so that a classifier that is too sure of
    itself does not make the sample too small.
    """
    answer = probabilities.argmax(axis=1)
    counts = np.bincount(answer, minlength=probabilities.shape[1])
    small = (counts > 0) & (counts < _JOINED)
    if small.sum() > 1:
        answer = np.where(small[answer], int(np.flatnonzero(small)[0]), answer)
    _, place = np.unique(answer, return_inverse=True)
    sizes = np.bincount(place)
    means = np.stack([probabilities[place == h].mean(axis=0) for h in range(len(sizes))])
    whole = probabilities.mean(axis=0)
    return Strata(place, sizes, 0.5 * (means * (1.0 - means) + whole * (1.0 - whole)))


def allocate(found: Strata, total: int) -> Ints:
    """Return how many of ``total`` texts each stratum gives: Neyman's shares, at least five, at most all."""
    wanted = found.sizes * np.sqrt(found.spreads.sum(axis=1)) + 1e-9
    floor = np.minimum(found.sizes, _LEAST)
    taken = floor.copy()
    for _ in range(len(taken) + 1):  # what full strata cannot take goes to the others
        room = taken < found.sizes
        left = total - int(taken.sum())
        if left <= 0 or not room.any():
            break
        share = np.where(room, wanted, 0.0)
        more = np.floor(left * share / share.sum()).astype(int)
        if not more.any():
            order = np.argsort(-share, kind="stable")[:left]
            more[order] += 1
        taken = np.minimum(taken + more, found.sizes)
    return taken


def sample_size(found: Strata, groups: Sequence[Sequence[int]], margin: float) -> int:
    """Return the smallest sample whose 95 % interval is at most +-``margin`` for every group of classes, without help of the classifier.

    The real interval is mostly shorter, since the classifier's values take part of the spread away.
    """
    low, high = int(np.minimum(found.sizes, _LEAST).sum()), int(found.sizes.sum())
    spreads = np.stack([found.spreads[:, list(group)].sum(axis=1) for group in groups], axis=1)
    while low < high:
        middle = (low + high) // 2
        taken = np.maximum(allocate(found, middle), 1)
        weights = (found.sizes / found.sizes.sum()) ** 2 * (1 - taken / found.sizes) / taken
        widest = Z * float(np.sqrt((weights[:, None] * spreads).sum(axis=0)).max())
        low, high = (low, middle) if widest <= margin else (middle + 1, high)
    return low


def draw(found: Strata, taken: Ints, seed: int) -> Ints:
    """Draw the sample: its rows in random order, so that those coded so far are a sample too."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(found.place == h))[:n] for h, n in enumerate(taken)]
    return rng.permutation(np.concatenate(rows))


def estimate(average: Floats, values: Floats, truth: Floats, place: Ints, sizes: Ints) -> Shares:
    """Return the shares of all texts from a coded sample.

    The values are weighed so that the variances are least in sum (PPI++; Angelopoulos, Duchi and Zrnic 2023).

    Args:
        average: (classes,) mean of the classifier's values over all texts.
        values: (n x classes) its values for the coded texts.
        truth: (n x classes) what the coders said: 1 for the class, or shares where they differ.
        place: (n,) stratum of each coded text.
        sizes: (strata,) texts of each stratum.
    """
    share = sizes / sizes.sum()
    weight = share[place] / np.bincount(place, minlength=len(sizes))[place]
    weight = weight / weight.sum()
    apart_v, apart_t = values - weight @ values, truth - weight @ truth
    shared, own = (weight @ (apart_v * other) for other in (apart_t, apart_v))
    # one for all classes: with one each the shares would not sum to 1
    power = float(np.clip(shared.sum() / max(own.sum(), 1e-12), 0.0, 1.0))
    residual = truth - power * values
    middle = power * average + weight @ residual
    covariance = np.zeros((len(middle), len(middle)))
    for h, size in enumerate(sizes):
        here = place == h
        n = int(here.sum())
        if n and n < size:  # a stratum without codes is spoken for by the others, whose weights carry its own
            covariance += weight[here].sum() ** 2 * (1 - n / size) / n * _spread(residual[here], truth[here])
    return Shares(middle, covariance)


def _spread(residual: Floats, truth: Floats) -> Floats:
    """Return the covariance of one text of a stratum: that of the residuals, for classes where it is less that of the truth alone.

    The truth's is multinomial with 1/K of a text of every class beside the coded ones (Perks 1947): a rare class that was not drawn shows no
    spread, and the interval would close on its absence. What a class lacks is taken from the others by their shares, so that the shares
    still sum to 1.
    """
    n, n_classes = truth.shape
    apart = residual - residual.mean(axis=0)
    seen = apart.T @ apart / max(n - 1, 1)
    mix = (truth.sum(axis=0) + 1 / n_classes) / (n + 1)
    told = np.diag(mix) - np.outer(mix, mix)
    lacking = np.sqrt(np.clip(1.0 - np.diag(seen) / np.diag(told), 0.0, 1.0))
    moved = np.diag(lacking) - np.outer(mix, lacking)
    whole: Floats = seen + moved @ told @ moved.T
    return whole
