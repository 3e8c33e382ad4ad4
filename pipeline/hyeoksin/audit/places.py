"""Texts, nodes and topics by kind of text and place (or period), and the counts that chance would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

from hyeoksin.audit.result import CutName
from hyeoksin.audit.table import Table
from hyeoksin.codes import NONE

__all__ = ["N_DRAWS", "Counts", "Floats", "Ints", "bound", "counts_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
N_DRAWS = 2_000
_ROUNDED = 1e-6  # by which a count of none or all may be missed
_ALMOST = 0.95  # of a kind's texts in one place, from which within the kind there is nothing to compare


@dataclass(frozen=True)
class Counts:
    """Texts by kind and place (or period): ``texts`` (kinds x places), and per code ``nodes[code]`` of the same shape.

    ``merged``: the last kind is several files, each of which lies in one place.
    """

    places: tuple[str, ...]
    texts: Ints
    nodes: Mapping[str, Ints]
    merged: bool = False

    def within(self, start: int, stop: int) -> Counts:
        """Return the counts of some of the places."""
        return Counts(
            self.places[start:stop],
            self.texts[:, start:stop],
            {code: counts[:, start:stop] for code, counts in self.nodes.items()},
            self.merged,
        )

    def expected(self, code: str) -> Floats:
        """Return the (places,) texts of the node that the kinds of texts lead one to expect."""
        of_kind = self.nodes[code].sum(axis=1)
        share = self.texts / np.maximum(self.texts.sum(axis=1, keepdims=True), 1)
        expected: Floats = of_kind @ share
        return expected

    def drawn(self, code: str, rng: np.random.Generator) -> Ints:
        """Return (draws x places) counts of the node under the null hypothesis."""
        total = np.zeros((N_DRAWS, len(self.places)), np.int64)
        for texts, n in zip(self.texts, self.nodes[code].sum(axis=1), strict=True):
            if n:
                total += rng.multivariate_hypergeometric(texts, int(n), N_DRAWS, method="marginals")
        return total

    def across_files(self, code: str) -> bool:
        """Return whether what is said of the node rests on comparing files that are places themselves."""
        counts = self.nodes[code]
        return self.merged and float(counts[-1].sum()) > (1 - _ALMOST) * float(counts.sum())

    def apart(self) -> bool:
        """Return whether there are several kinds and none shares a place with another, so that none is compared to another."""
        return len(self.texts) > 1 and bool(((self.texts > 0).sum(axis=0) <= 1).all())


def counts_of(table: Table, cut: CutName, split: bool = True) -> Counts:
    """Return the counts of a cut (``split``: by kind of text, files that are places or periods themselves being one kind)."""
    kind = "coalesce(kind, '')" if split else "''"
    found = table.rows(
        f"SELECT {kind}, {cut}, answer, count(*) FROM records WHERE {cut} IS NOT NULL GROUP BY ALL ORDER BY ALL"  # noqa: S608
    )
    kinds = {k: i for i, k in enumerate(sorted({row[0] for row in found}))}
    places = {p: i for i, p in enumerate(sorted({row[1] for row in found}))}
    texts = np.zeros((len(kinds), len(places)), np.int64)
    nodes: dict[str, Ints] = {}
    for k, place, answer, n in found:
        texts[kinds[k], places[place]] += n
        for code in [NONE] if answer == NONE else [node.code for node in table.plan.path(answer)]:
            nodes.setdefault(code, np.zeros_like(texts))[kinds[k], places[place]] += n
    for k, place, theme, n in _themes(table, kind, cut):
        nodes.setdefault(theme, np.zeros_like(texts))[kinds[k], places[place]] += n
    confined = _confined(texts, list(places))
    if cut == "period":
        confined |= _confined(texts, [period[:4] for period in places])
    return _merged(Counts(tuple(places), texts, nodes), confined)


def _themes(table: Table, kind: str, cut: CutName) -> list[tuple[str, str, str, int]]:
    """Return the numbers of the topics' texts by kind and place."""
    if not table.themes:
        return []
    pairs = [(row, key) for key, theme in table.themes.items() for row in theme.rows]
    return table.rows(
        f"SELECT {kind}, {cut}, theme, count(*) FROM records JOIN (SELECT unnest(?) AS row, unnest(?) AS theme) "  # noqa: S608
        f"USING (row) WHERE {cut} IS NOT NULL GROUP BY ALL ORDER BY ALL",
        [row for row, _ in pairs],
        [key for _, key in pairs],
    )


def _confined(texts: Ints, groups: Sequence[str]) -> NDArray[np.bool_]:
    """Return which kinds lie (almost) wholly in one of several groups of places."""
    names, group = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        return np.zeros(len(texts), np.bool_)
    sums = texts @ np.eye(len(names), dtype=np.int64)[group]
    confined: NDArray[np.bool_] = sums.max(axis=1) >= _ALMOST * sums.sum(axis=1)
    return confined


def _merged(counts: Counts, confined: NDArray[np.bool_]) -> Counts:
    if confined.sum() < 2:
        return counts

    def one(table: Ints) -> Ints:
        return np.vstack([table[~confined], table[confined].sum(axis=0)])

    return Counts(
        counts.places, one(counts.texts), {code: one(table) for code, table in counts.nodes.items()}, True
    )


def bound(expected: Floats, apart: Floats, n: int) -> float:
    """Return what the probability that any of several counts lies as far apart from what is expected is at most.

    Draws alone cannot go below one in ``N_DRAWS``, which adjusted for some hundred tests says nothing. A node's ``n`` texts fall on a place
    like a sum of ``n`` independent draws (Vatutin and Mikhailov 1982), for which Hoeffding's (1963) theorem 1 holds.
    """
    counts = expected + apart
    possible = (counts > -_ROUNDED) & (counts < n + _ROUNDED)
    at, mean = np.clip(counts[possible], 0, n), expected[possible]
    return float(np.exp(-rel_entr(at, mean) - rel_entr(n - at, n - mean)).sum())
