"""The hours dial: what stands without a person, what a person reads and in which order, and what is left."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hyeoksin.triage.cases import WHOLE, Case, Id, Judged, Stratum, strata_of
from hyeoksin.triage.order import Reading, in_order, readings_of, sittings
from hyeoksin.triage.promise import STEP, most_errors, settle
from hyeoksin.triage.trust import PRIOR, Prior, learn_trust

__all__ = ["GroupPlan", "HoursPlan", "n_settled", "plan_hours"]

_LITTLE = 30  # decisions below which a group mostly leans on the whole


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """The plan in one group: ``by`` is ``all``, ``region``, ``kind`` or ``code``; ``name`` is ``""`` where unknown.

    Counts are texts. ``right`` is the expected share right among the settled, ``right_low`` its lower end (None where
    nothing is settled), ``most_errors`` the number of wrong ones not exceeded with the plan's confidence. ``n_judged``
    and ``n_accepted`` are the decisions that came in; with few of them the group ``leans`` on the whole.
    """

    by: str
    name: str
    n_cases: int
    n_settled: int
    n_queue: int
    n_left: int
    right: float | None
    right_low: float | None
    most_errors: int
    errors_left: float
    n_judged: int
    n_accepted: int
    leans: bool


@dataclass(frozen=True, slots=True)
class HoursPlan:
    """What happens to every case in the given hours; each id stands once in ``settled``, ``queue`` or ``left``.

    ``readings`` is the queue by sitting: the members of a group of duplicates are decided at once. ``checks`` are
    settled ids, drawn by a hash of the id, that a person should look at all the same: without them nobody would notice
    that the promise is broken. Times are seconds; expected errors are texts; ``probabilities`` are the corrected
    chances that the model's answer is right.
    """

    hours: float
    precision: float
    confidence: float
    settled: tuple[Id, ...]
    queue: tuple[Id, ...]
    left: tuple[Id, ...]
    readings: tuple[tuple[Id, ...], ...]
    checks: tuple[Id, ...]
    queue_seconds: float
    seconds_for_all: float
    expected_errors_settled: float
    most_errors_settled: int
    expected_errors_removed: float
    expected_errors_left: float
    per_group: tuple[GroupPlan, ...]
    probabilities: Mapping[Id, float]
    assumed: tuple[str, ...]


def plan_hours(
    cases: Sequence[Case],
    seconds_per_decision: float,
    hours: float,
    precision: float = 0.95,
    *,
    past: Sequence[Judged] = (),
    per: Sequence[Stratum] = ("region", "kind"),
    confidence: float = 0.9,
    check_share: float = 0.1,
    prior: Prior = PRIOR,
) -> HoursPlan:
    """Plan ``hours`` of one person over ``cases`` without a decision.

    With ``confidence`` (for each group of its own), the expected share right among the settled texts is at least
    ``precision``: in the whole and in each group of ``per``. The probabilities are corrected by ``past``, the decisions
    that came in (:mod:`hyeoksin.triage.trust`). ``check_share`` of the time goes into looking at settled texts. The
    plan does not depend on the order of the cases; more hours only move texts from ``left`` to ``queue``, and a higher
    precision (rounded up to half a percent) only takes texts out of ``settled``.

    Raises:
        ValueError: a share outside 0..1, a negative budget, a pace of nothing, or an id that stands twice.
    """
    _check(cases, seconds_per_decision, hours, precision, confidence, check_share)
    cases = _by_id(cases)
    expected, low = _chances(cases, past, per, confidence, prior)
    readings = readings_of(cases, expected.tolist(), seconds_per_decision)
    standing = settle(readings, cases, low, per, precision)
    settled = [reading for reading, stands in zip(readings, standing, strict=True) if stands]
    waiting = in_order([r for r, stands in zip(readings, standing, strict=True) if not stands], cases)
    budget = 3600.0 * hours
    checking = min(check_share * budget, sum(reading.seconds for reading in settled))
    n_read, used = _fits(waiting, budget - checking)
    checks = _checks(settled, cases, budget - used if n_read == len(waiting) else checking)
    queue, left = waiting[:n_read], waiting[n_read:]
    places = np.zeros(len(cases), dtype=np.int64)  # 0 settled, 1 queue, 2 left
    for place, some in ((1, queue), (2, left)):
        places[[i for reading in some for i in reading.members]] = place
    groups = _per_group(cases, expected, low, places, past, per, confidence)
    return HoursPlan(
        hours=hours,
        precision=precision,
        confidence=confidence,
        settled=_ids(settled, cases),
        queue=_ids(queue, cases),
        left=_ids(left, cases),
        readings=tuple(_ids([reading], cases) for reading in queue),
        checks=_ids(checks, cases),
        queue_seconds=used,
        seconds_for_all=sum(reading.seconds for reading in waiting),
        expected_errors_settled=sum(reading.errors for reading in settled),
        most_errors_settled=groups[0].most_errors if groups else 0,
        expected_errors_removed=sum(reading.errors for reading in queue),
        expected_errors_left=sum(reading.errors for reading in left),
        per_group=groups,
        probabilities={case.id: float(chance) for case, chance in zip(cases, expected, strict=True)},
        assumed=_assumed(len(past), precision, confidence),
    )


def n_settled(cases: Sequence[Case], precision: float = 0.95) -> int:
    """Return how many cases :func:`plan_hours` would let stand if nobody had decided anything, and nothing else of it."""
    cases = _by_id(cases)
    expected, low = _chances(cases, (), ("region", "kind"), 0.9, PRIOR)
    readings = readings_of(cases, expected.tolist(), 1.0)
    standing = settle(readings, cases, low, ("region", "kind"), precision)
    return sum(len(reading.members) for reading, stands in zip(readings, standing, strict=True) if stands)


def _by_id(cases: Sequence[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: (str(case.id), repr(case.id)))


def _chances(
    cases: Sequence[Case], past: Sequence[Judged], per: Sequence[Stratum], confidence: float, prior: Prior
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the expected chances of being right and their lower ends (0 for what may not stand without a person)."""
    expected, low = learn_trust(past, per, prior).bounds(cases, confidence)
    held = np.array([case.held for case in cases], dtype=bool)
    stands = np.array([case.may_stand and not case.held for case in cases], dtype=bool)
    return np.where(held, np.minimum(expected, 0.5), expected), np.where(stands, low, 0.0)


def _check(
    cases: Sequence[Case], seconds: float, hours: float, precision: float, confidence: float, share: float
) -> None:
    if not 0.5 < precision < 1.0 or not 0.5 <= confidence < 1.0 or not 0.0 <= share < 1.0:
        raise ValueError("precision in (0.5, 1), confidence in [0.5, 1), check_share in [0, 1)")
    if hours < 0.0 or seconds <= 0.0:
        raise ValueError("hours must not be negative and a decision takes more than 0 seconds")
    if len({case.id for case in cases}) != len(cases):
        raise ValueError("an id stands twice among the cases")


def _fits(waiting: Sequence[Reading], budget: float) -> tuple[int, float]:
    """Return how many readings from the front fit into the budget of seconds, and what they take."""
    used = 0.0
    for n, reading in enumerate(waiting):
        if used + reading.seconds > budget + 1e-6:
            return n, used
        used += reading.seconds
    return len(waiting), used


def _checks(settled: Sequence[Reading], cases: Sequence[Case], budget: float) -> list[Reading]:
    """Draw settled readings by the hash of their first id: random, but the same for everyone who looks."""
    drawn = sorted(
        settled, key=lambda r: hashlib.sha256(str(cases[r.members[0]].id).encode("utf-8")).hexdigest()
    )
    return drawn[: _fits(drawn, budget)[0]]


def _ids(readings: Sequence[Reading], cases: Sequence[Case]) -> tuple[Id, ...]:
    return tuple(cases[i].id for reading in readings for i in reading.members)


def _per_group(
    cases: Sequence[Case],
    expected: NDArray[np.float64],
    low: NDArray[np.float64],
    places: NDArray[np.int64],
    past: Sequence[Judged],
    per: Sequence[Stratum],
    confidence: float,
) -> tuple[GroupPlan, ...]:
    rows: dict[tuple[str, str], list[int]] = {}
    for i, case in enumerate(cases):
        for one in (WHOLE, *strata_of(case, per)):
            rows.setdefault(one, []).append(i)
    judged: dict[tuple[str, str], list[bool]] = {}
    for row in past:
        for one in (WHOLE, *strata_of(row, per)):
            judged.setdefault(one, []).append(row.right)
    order = {by: k for k, by in enumerate((WHOLE[0], *per))}
    plans = []
    for group in sorted(rows, key=lambda one: (order[one[0]], one[1])):
        here = np.array(rows[group], dtype=np.int64)
        n = np.array([cases[i].n_members for i in here])
        stands, waits, stays = (places[here] == place for place in range(3))
        n_settled, right = int(n[stands].sum()), judged.get(group, [])
        plans.append(
            GroupPlan(
                by=group[0],
                name=group[1],
                n_cases=int(n.sum()),
                n_settled=n_settled,
                n_queue=int(n[waits].sum()),
                n_left=int(n[stays].sum()),
                right=float((n * expected[here])[stands].sum() / n_settled) if n_settled else None,
                right_low=float((n * low[here])[stands].sum() / n_settled) if n_settled else None,
                most_errors=_most_errors(here[stands].tolist(), cases, low, confidence),
                errors_left=float((n * (1.0 - expected[here]))[stays].sum()),
                n_judged=len(right),
                n_accepted=sum(right),
                leans=group != WHOLE and len(right) < _LITTLE,
            )
        )
    return tuple(plans)


def _most_errors(
    rows: Sequence[int], cases: Sequence[Case], low: NDArray[np.float64], confidence: float
) -> int:
    together = sittings(cases, rows)
    sure = np.array([min(low[i] for i in members) for members in together])
    sizes = [sum(cases[i].n_members for i in members) for members in together]
    return most_errors(sure, sizes, confidence)


def _assumed(n_past: int, precision: float, confidence: float) -> tuple[str, ...]:
    said = f"{precision:.1%}".replace(".0%", "%")
    evidence = (
        f"지금까지의 결정 {n_past:,}건으로 모델의 확률을 바로잡았습니다. 결정이 적은 지역과 유형은 전체를 따릅니다."
        if n_past
        else "아직 결정이 없어 모델이 말한 확률만 씁니다. 결정이 쌓이면 지역과 유형마다 바로잡습니다."
    )
    return (
        f"'사람 없이 확정'은 전체와 각 지역, 각 유형에서 맞을 비율이 {said} 이상일 가능성이 {confidence:.0%}가 되도록 고릅니다. "
        "비율은 기대값이며, 몇 건 안 되는 곳에서는 실제 비율이 그보다 낮거나 높을 수 있어 '많아야 몇 건 틀림'을 함께 적습니다.",
        evidence,
        "확률이 같으면 결정한 글과 아직 결정하지 않은 글의 맞을 가능성이 같다고 봅니다. 확실해 보이는 글도 사람이 돌려보낼 수 있으므로 "
        "시간의 일부를 확정한 글의 확인에 쓰고, 거기서 드러난 만큼 덜 확정합니다. 확인이 쌓이기 전의 첫 회차는 약속에 못 미칠 수 있습니다.",
        "지역과 유형의 치우침은 더해진다고 봅니다. 한 지역의 한 유형만 크게 다르면 늦게 알아챌 수 있습니다.",
        f"정밀도는 {STEP:.1%} 간격으로 올려 맞춥니다. 사람의 결정을 옳은 것으로 봅니다.",
    )
