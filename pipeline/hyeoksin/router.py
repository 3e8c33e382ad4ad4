"""The agency router: names in the text, the plan's printed leads and a text model, joined into one probability.

Per candidate agency the signals are added with learnt weights and a softmax makes them one distribution; reasons say
which signals spoke. ``local`` stands among the candidates as "the local government's own matter".
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hyeoksin.agency import LOCAL, Agencies, Mention, load_agencies
from hyeoksin.domain import AgencyFlag, Role
from hyeoksin.features import Analysed
from hyeoksin.model.heads import softmax
from hyeoksin.plan import Plan

__all__ = ["SIGNALS", "Candidates", "expected_leads", "plan_leads", "route", "signals"]

SIGNALS = ("text", "speaker", "named", "named_early", "plan_lead", "local_body")
_SPEAKER = re.compile(r"\s*(?:\([^)]{1,20}\)\s*)?(?:장관|차관|청장|처장|위원장|원장)?\s*(?:은|는|이|가)\s")
_TOGETHER = re.compile(
    r"(?:장관|차관|청장|처장)?\s*(?:와|과|랑|및|·|,)\s*[^.\n]{0,12}?(?:함께|협업|협력|협의|공동|연계|합동|협조|손잡)"
)
_EARLY = 80  # characters: an agency named here usually issues the text
_FLOOR = 1e-4
_SHOWN = 0.05  # a supporting agency below this probability is shown only where the text names it
_MOST = 4


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate agencies (ids of the reference day) and their signals, (n candidates x n signals)."""

    agencies: tuple[str, ...]
    values: NDArray[np.float64]
    mentions: tuple[Mention, ...]


@lru_cache(maxsize=64)
def plan_leads(plan: Plan, code: str) -> tuple[str, ...]:
    """Return the ids (reference day) of the leads printed for a node."""
    agencies = load_agencies()
    found = (agencies.named(name, f"{plan.year}-06-30") for name in plan.leads_for(code).agencies)
    return tuple(dict.fromkeys(agencies.reference(a.id) for a in found if a is not None))


def expected_leads(plan: Plan, leaf_probabilities: NDArray[np.float64]) -> dict[str, float]:
    """Return agency id -> sum of the probabilities of the leaves that print it as lead."""
    found: dict[str, float] = {}
    for node, probability in zip(plan.leaves, leaf_probabilities, strict=True):
        for agency in plan_leads(plan, node.code):
            found[agency] = found.get(agency, 0.0) + float(probability)
    return found


def signals(
    body: str,
    date: str | None,
    classes: Sequence[str],
    text_probabilities: NDArray[np.float64],
    leads: Mapping[str, float],
    has_region: bool,
) -> Candidates:
    """Return the candidates of one text and their signals, in the order of ``SIGNALS``.

    Args:
        body: the text.
        date: the day at which names are read, or None.
        classes: agencies that the text model knows.
        text_probabilities: its probability for each.
        leads: agency id -> expected share of the plan's leaves that print it as lead.
        has_region: whether the text names a region (speaks for ``local``).
    """
    agencies = load_agencies()
    mentions = agencies.find(body, date)
    named: dict[str, list[Mention]] = {}
    for mention in mentions:
        named.setdefault(agencies.reference(mention.agency), []).append(mention)
    ids = tuple(dict.fromkeys([*classes, *leads, *named]))
    values = np.zeros((len(ids), len(SIGNALS)))
    values[:, 0] = np.log(_FLOOR)
    values[: len(classes), 0] = np.log(text_probabilities + _FLOOR)
    for agency, share in leads.items():
        values[ids.index(agency), 4] = share
    for agency, here in named.items():
        if agency != LOCAL:
            values[ids.index(agency), 1:4] = (
                any(_SPEAKER.match(body, m.end) for m in here),
                min(len(here), 3) / 3,
                any(m.start < _EARLY for m in here),
            )
    if has_region and LOCAL in ids:
        values[ids.index(LOCAL), 5] = 1.0
    return Candidates(ids, values, mentions)


def route(
    candidates: Candidates,
    weights: Mapping[str, float],
    analysed: Analysed,
    regions: Sequence[str],
    plan: Plan,
    code: str | None,
    today: str | None = None,
) -> tuple[AgencyFlag, ...]:
    """Return the lead (first), supporting agencies, and the region's government as the executing body.

    Where the local government itself leads, the likeliest ministry always stands beside it; where a ministry leads and the
    text names a region, that region's government executes.
    """
    agencies = load_agencies()
    body, date = analysed.body, analysed.document.date
    vector = np.array([weights[name] for name in SIGNALS])
    probabilities = softmax((candidates.values @ vector)[None, :])[0]
    order = sorted(range(len(candidates.agencies)), key=lambda i: (-probabilities[i], candidates.agencies[i]))
    on_day = date or today or datetime.date.today().isoformat()
    together = {agencies.reference(m.agency) for m in candidates.mentions if _TOGETHER.match(body, m.end)}
    flags: list[AgencyFlag] = []
    for i in order:
        agency = candidates.agencies[i]
        named = [m for m in candidates.mentions if agencies.reference(m.agency) == agency]
        local_lead = len(flags) == 1 and flags[0].id == LOCAL
        if flags and (len(flags) >= _MOST or (probabilities[i] < _SHOWN and not named and not local_lead)):
            continue
        if flags and agency == LOCAL and regions:
            continue  # named below as the executing body
        current = _current(agencies, agency, on_day, body)
        places = [analysed.original(m.start, m.end) for m in named[:2]]
        reasons = [f"글에 나옴: {m.text} ({a}-{b})" for m, (a, b) in zip(named, places, strict=False)]
        if agency in together:
            reasons.append("글이 협업 기관으로 부름")
        if code is not None and agency in plan_leads(plan, code):
            reasons.append(f"{plan.id} 계획 {code} 주관기관")
        text_signal = float(np.exp(candidates.values[i, 0]) - _FLOOR)
        if text_signal >= 0.01:
            reasons.append(f"본문 모형 {text_signal:.2f}")
        name = agencies[current].name
        if agency == LOCAL and regions:
            name = f"{name} ({regions[0]})"
        role: Role = "support" if flags else "lead"
        flags.append(AgencyFlag(current, name, role, round(float(probabilities[i]), 6), tuple(reasons)))
    if regions and flags[0].id != LOCAL:
        own = probabilities[candidates.agencies.index(LOCAL)] if LOCAL in candidates.agencies else 0.0
        reason = (f"글의 지역: {regions[0]}",)
        flags.append(AgencyFlag(LOCAL, regions[0], "executing", round(float(own), 6), reason))
    return tuple(flags)


def _current(agencies: Agencies, agency: str, day: str, body: str) -> str:
    """Return the id of the agency's incarnation on ``day``; of several successors the one whose business the text names."""
    bearers = agencies.at(agency, day)
    return max(bearers, key=lambda a: sum(word in body for word in (*a.keywords, *a.bureaus))).id
