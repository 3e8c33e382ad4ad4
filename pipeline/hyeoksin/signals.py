"""What speaks for each agency that may lead a text: its name there, the plan's printed leads, a text model.

Per candidate the signals are added with learnt weights and a softmax makes them one distribution. ``local`` stands among
the candidates as "the local government's own matter". How the text speaks of an agency that it names (as its subject, its
issuer, or aside) is read in :mod:`hyeoksin.mentions`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hyeoksin.agency import LOCAL, load_agencies
from hyeoksin.mentions import MANNERS, Named
from hyeoksin.plan import Plan

__all__ = ["SIGNALS", "Candidates", "Desk", "leads_on", "plan_leads", "printed_leads", "shares_of"]

Floats = NDArray[np.float64]
SIGNALS = ("text", "plan_lead", "local_body", "named", "named_early", *MANNERS)
_NAMED = SIGNALS.index("named")
_EARLY = 80  # characters: an agency named here usually issues the text
_FLOOR = 1e-4
_LABELLED = 6.0  # added where a form writes 주관: too few texts that teach the weights have such a label
_LITTLE = 0.01  # what the text model gives a candidate below this is no reason


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate agencies (ids of the reference day) and their signals, (n candidates x n signals).

    ``once`` are the text model's probabilities of its classes, the first candidates, before the second reading.
    """

    agencies: tuple[str, ...]
    values: Floats
    named: Mapping[str, Named]
    once: Floats

    def text(self, place: int) -> float:
        """Return the text model's probability of the candidate at ``place``."""
        return math.exp(self.values[place, 0]) - _FLOOR

    def text_reason(self, places: Sequence[int]) -> str | None:
        """Return what the text model says of the candidates at ``places`` together.

        Also what it said before the second reading, if that is another thing.
        """
        known = [place for place in places if self.text(place) >= _LITTLE]
        if not known:
            return None
        now, before = (f"{sum(found):.2f}" for found in (map(self.text, known), self.once[known]))
        return f"본문 모형 {now}" if now == before else f"본문 모형 {now} (다시 읽기 전 {before})"

    def probabilities(self, weights: Mapping[str, float]) -> Floats:
        """Return one probability per candidate; a signal without a weight stays silent."""
        told = np.array([one in self.named and self.named[one].labelled for one in self.agencies])
        return _shares(self.values, SIGNALS, weights, _LABELLED * told)


def _shares(
    values: Floats, signals: Sequence[str], weights: Mapping[str, float], more: Floats | float = 0.0
) -> Floats:
    scores = values @ np.array([weights.get(name, 0.0) for name in signals]) + more
    shifted = np.exp(scores - scores.max())
    result: Floats = shifted / shifted.sum()
    return result


@lru_cache(maxsize=64)
def printed_leads(plan: Plan, code: str | None) -> tuple[str, ...]:
    """Return the ids of the leads printed for a node, as they were in the plan's year."""
    if code is None:
        return ()
    found = (load_agencies().named(name, f"{plan.year}-06-30") for name in plan.leads_for(code).agencies)
    return tuple(dict.fromkeys(a.id for a in found if a is not None))


@lru_cache(maxsize=1024)
def leads_on(plan: Plan, code: str | None, day: str) -> tuple[str, ...]:
    """Return the ids of the printed leads on a day; of a split, the branch whose business the node's own wording names."""
    found = (
        load_agencies().bearer(lead, day, plan.wording(code)) for lead in printed_leads(plan, code) if code
    )
    return tuple(dict.fromkeys(found))


def plan_leads(plan: Plan, code: str) -> tuple[str, ...]:
    """Return the ids (reference day) of the leads printed for a node."""
    return tuple(dict.fromkeys(map(load_agencies().reference, printed_leads(plan, code))))


class Desk:
    """The candidates that every text has, and the plans' printed leads as matrices.

    Args:
        classes: agencies that the text model knows.
        plans: plans whose printed leads speak.
    """

    def __init__(self, classes: Sequence[str], plans: Iterable[Plan]) -> None:
        plans = tuple(plans)
        printed = (a for plan in plans for leaf in plan.leaves for a in plan_leads(plan, leaf.code))
        self.agencies = tuple(dict.fromkeys([*classes, *printed]))
        self.place = {agency: i for i, agency in enumerate(self.agencies)}
        self._n_classes = len(classes)
        self._printed = {plan.id: self._matrix(plan) for plan in plans}

    def _matrix(self, plan: Plan) -> Floats:
        """Return (leaves x agencies): 1 where the leaf prints the agency as lead."""
        table = np.zeros((len(plan.leaves), len(self.agencies)))
        for row, leaf in enumerate(plan.leaves):
            table[row, [self.place[a] for a in plan_leads(plan, leaf.code)]] = 1.0
        return table

    def leads(self, leaves: Mapping[str, Floats]) -> Floats:
        """Return (n texts x n agencies): the share of a plan's leaves that print the agency, of the plans the highest.

        Args:
            leaves: plan id -> (n texts x n leaves) probabilities; plans without printed leads here are passed over.
        """
        shares = [leaves[plan] @ printed for plan, printed in self._printed.items() if plan in leaves]
        result: Floats = np.maximum.reduce(shares)
        return result

    def candidates(
        self,
        named: Mapping[str, Named],
        text: Floats,
        leads: Floats,
        has_region: bool,
        once: Floats | None = None,
    ) -> Candidates:
        """Return the candidates of one text and their signals, in the order of ``SIGNALS``.

        Args:
            named: the agencies that it names.
            text: the text model's probability of each of its classes.
            leads: the text's row of :meth:`leads`.
            has_region: whether the text names a region (speaks for ``local``).
            once: ``text`` before the second reading, if there was one.
        """
        unknown = tuple(agency for agency in named if agency not in self.place)
        values = np.zeros((len(self.agencies) + len(unknown), len(SIGNALS)))
        values[:, 0] = np.log(_FLOOR)
        values[: self._n_classes, 0] = np.log(text + _FLOOR)
        values[: len(leads), 1] = leads
        if has_region and LOCAL in self.place:
            values[self.place[LOCAL], 2] = 1.0
        for agency, mentions in named.items():
            if agency != LOCAL:
                row = self.place[agency] if agency in self.place else len(self.place) + unknown.index(agency)
                values[row, _NAMED:] = _spoken(mentions)
        return Candidates((*self.agencies, *unknown), values, named, text if once is None else once)


def _spoken(named: Named) -> tuple[float, ...]:
    """Return the signals of one named agency: how often and how early outside asides and denials, and the manners."""
    manners = zip(named.mentions, named.manners, strict=True)
    plain = [m for m, manner in manners if manner not in ("aside", "denied")]
    spoken = (float(manner in named.manners) for manner in MANNERS)
    return (min(len(plain), 3) / 3, float(any(m.start < _EARLY for m in plain)), *spoken)


def shares_of(named: Iterable[Named], weights: Mapping[str, float]) -> list[float]:
    """Return what each of some agencies gets of a probability that is theirs together, by how the text speaks of it."""
    spoken = np.array([_spoken(one) for one in named])
    found: list[float] = _shares(spoken, SIGNALS[_NAMED:], weights).tolist()
    return found
