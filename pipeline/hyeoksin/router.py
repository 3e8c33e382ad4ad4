"""The agency router: who leads a text on its day, who helps and who executes, with reasons that say which signals spoke."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hyeoksin.agency import LOCAL, Agency, Mention, load_agencies
from hyeoksin.domain import AgencyFlag, Role
from hyeoksin.features import Analysed
from hyeoksin.mentions import Named, how_named
from hyeoksin.plan import Plan
from hyeoksin.region import load_regions
from hyeoksin.signals import Candidates, leads_on, plan_leads, printed_leads, shares_of

__all__ = ["disagreement", "route"]

Floats = NDArray[np.float64]
_SHOWN = 0.02  # a supporting agency below this probability is shown only where the text names it
_BEFORE_NAMED = 0.1  # from here one that the text does not name keeps its place before those that it names
_MOST = 4
_EDUCATION = "교육청"
_SURE = 0.8  # the text model is sure from here
_UNLIKELY = 0.05  # and thinks little of the printed leads below here


@dataclass(frozen=True, slots=True)
class _Likely:
    """A candidate as it is called on the text's day, or one branch of it, with the mentions that mean it."""

    place: int
    agency: Agency
    probability: float
    named: Named


def route(
    candidates: Candidates,
    weights: Mapping[str, float],
    analysed: Analysed,
    regions: Sequence[str],
    plan: Plan,
    code: str | None,
    today: str | None = None,
) -> tuple[AgencyFlag, ...]:
    """Return the lead (first), supporting agencies, and the government of the first region as the executing body.

    Where the local government itself leads, the likeliest ministry always stands beside it; where a ministry leads and the
    text names a region, that region's government executes. An agency that the text names goes before an unlikely one.
    """
    probabilities = candidates.probabilities(weights)
    day = _day(analysed, today)
    place, by_place = _government(analysed, regions[0]) if regions else ("", "")
    likely = _likely(candidates, probabilities, weights, plan, code, analysed.body, day)
    flags: list[AgencyFlag] = []
    waiting = {one.agency.id for one in likely if one.named.meant} - ({LOCAL} if regions else set())
    for one in likely:
        waiting.discard(one.agency.id)
        local_lead = len(flags) == 1 and flags[0].id == LOCAL
        enough = _SHOWN if len(flags) + len(waiting) < _MOST else _BEFORE_NAMED
        shown = one.probability >= enough or one.named.meant or local_lead
        if flags and (not shown or (one.agency.id == LOCAL and regions)):
            continue  # the local government is named below as the executing body
        role: Role = "support" if flags else "lead"
        by_plan = one.agency.id in leads_on(plan, code, day)
        why = [f"{plan.id} 계획 {code} 주관기관"] if by_plan else []
        places = sorted({other.place for other in likely if other.agency.id == one.agency.id})
        flag = _flag(candidates, one, places, role, why, analysed)
        if one.agency.id == LOCAL and regions:
            flag = replace(flag, name=f"{flag.name} ({place})", reasons=(*flag.reasons, by_place))
        flags = _joined(flags, flag)
        if len(flags) == _MOST:
            break
    if regions and flags[0].id != LOCAL:
        own = probabilities[candidates.agencies.index(LOCAL)] if LOCAL in candidates.agencies else 0.0
        flags.append(AgencyFlag(LOCAL, place, "executing", round(float(own), 6), (by_place,)))
    return tuple(flags)


def _government(analysed: Analysed, region: str) -> tuple[str, str]:
    """Return what the region's government is called, its office of education where the text names no other, and the reason.

    The reason says whether the text names the region or its column alone.
    """
    regions, body, column = load_regions(), analysed.body, analysed.document.region
    if column and region not in regions.resolve(body, column):
        return region, f"지역 열: {region}"
    ends = [m.end for m in regions.find(body, column) if m.name == region] if _EDUCATION in body else []
    is_office = bool(ends) and all(body.startswith((_EDUCATION, f" {_EDUCATION}"), end) for end in ends)
    return f"{region}{_EDUCATION}" if is_office else region, f"글의 지역: {region}"


def _joined(flags: Sequence[AgencyFlag], flag: AgencyFlag) -> list[AgencyFlag]:
    """Return the flags with one more; of two agencies that are one on the text's day the first gets what the other has."""
    same = next((one for one in flags if one.id == flag.id), None)
    if same is None:
        return [*flags, flag]
    both = replace(
        same,
        probability=round(min(same.probability + flag.probability, 1.0), 6),
        reasons=(*same.reasons, *(r for r in flag.reasons if r not in same.reasons)),
    )
    return [both if one is same else one for one in flags]


def _likely(
    candidates: Candidates,
    probabilities: Floats,
    weights: Mapping[str, float],
    plan: Plan,
    code: str | None,
    body: str,
    day: str,
) -> list[_Likely]:
    """Return the candidates that may be shown, likeliest first; those that are one agency on the day stand together.

    Branches of a split that are named beside each other share their candidate's probability by how the text speaks of each.
    """
    ids = candidates.agencies
    likeliest = np.argsort(-probabilities, kind="stable")[: _MOST + 1].tolist()
    found: list[_Likely] = []
    for i in sorted({*likeliest, *map(ids.index, candidates.named)}, key=ids.__getitem__):
        branches = _branches(candidates, ids[i], plan, code, body, day)
        shares = shares_of(branches.values(), weights)
        found += (
            _Likely(i, load_agencies()[agency], float(probabilities[i]) * share, named)
            for (agency, named), share in zip(branches.items(), shares, strict=True)
        )
    together = defaultdict[str, float](float)
    for one in found:
        together[one.agency.id] += one.probability
    return sorted(found, key=lambda one: (-together[one.agency.id], one.agency.id, -one.probability))


def _branches(
    candidates: Candidates, agency: str, plan: Plan, code: str | None, body: str, day: str
) -> dict[str, Named]:
    """Return who the candidate is on the text's day.

    Of the branches of a split those that the text names, each with its mentions; else the one that the plan prints; else
    the one whose business the text names, or, where it names none's, the printed item.
    """
    agencies = load_agencies()
    mentions = candidates.named[agency].mentions if agency in candidates.named else ()
    named = dict.fromkeys(m.agency for m in mentions)
    meant = [one for one in named if agencies[one].valid(day)] or printed_leads(plan, code)
    bearers = {
        one: agencies.bearer(agency, day, body, [m for m in meant if agencies.akin(m, one)] or [one])
        for one in named
    }
    found: dict[str, list[Mention]] = {}
    for mention in mentions:
        found.setdefault(bearers[mention.agency], []).append(mention)
    found = found or {agencies.bearer(agency, day, body, meant, leads_on(plan, code, day)): []}
    return {branch: how_named(body, hers) for branch, hers in found.items()}


def _flag(
    candidates: Candidates,
    one: _Likely,
    places: Sequence[int],
    role: Role,
    by_plan: Sequence[str],
    analysed: Analysed,
) -> AgencyFlag:
    """Return the flag of an agency, with one reason per source that spoke for it.

    ``places`` are those of all candidates that are this agency on the text's day.
    """
    by_text = candidates.text_reason(places)
    reasons = [*one.named.reasons(analysed), *by_plan, *([by_text] if by_text else [])]
    return AgencyFlag(one.agency.id, one.agency.name, role, round(one.probability, 6), tuple(reasons))


def disagreement(
    candidates: Candidates, plan: Plan, code: str, analysed: Analysed, today: str | None = None
) -> str | None:
    """Return a warning where the text model is sure of an agency and finds the leads printed for ``code`` unlikely."""
    best = int(candidates.values[:, 0].argmax())
    agency, sure = candidates.agencies[best], candidates.text(best)
    printed = plan_leads(plan, code)
    if sure < _SURE or agency == LOCAL or not printed:
        return None
    if sum(candidates.text(candidates.agencies.index(a)) for a in printed) > _UNLIKELY:
        return None
    agencies, day = load_agencies(), _day(analysed, today)
    own = _branches(candidates, agency, plan, code, analysed.body, day)
    theirs = leads_on(plan, code, day)
    return (
        f"주관기관 확인: 글의 내용은 {', '.join(map(agencies.name_of, own))} 소관으로 보이지만({sure:.2f}), "
        f"{plan.id} 계획 {code}의 주관기관은 {', '.join(map(agencies.name_of, theirs))}입니다."
    )


def _day(analysed: Analysed, today: str | None) -> str:
    """Return the text's day (``today``, or the day of the call, where it has none)."""
    return analysed.document.date or today or datetime.date.today().isoformat()
