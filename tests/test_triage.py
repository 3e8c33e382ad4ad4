from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyeoksin.triage import Case, HoursPlan, Judged, learn_trust, measured_pace, n_settled, plan_hours
from hyeoksin.triage.promise import most_errors

probabilities = st.floats(0.0, 1.0) | st.floats(0.9, 1.0)
names = st.sampled_from(["대구", "부산", "전남", None])


@st.composite
def some_cases(draw: st.DrawFn) -> list[Case]:
    return [
        Case(
            id=i,
            probability=draw(probabilities),
            code=draw(st.sampled_from(["1-1", "3-1", None])),
            region=draw(names),
            kind=draw(st.sampled_from(["과제", "제안"])),
            group=draw(st.sampled_from([None, None, "g1", "g2"])),
            n_members=draw(st.integers(1, 3)),
            seconds=draw(st.none() | st.floats(5.0, 90.0)),
        )
        for i in range(draw(st.integers(0, 25)))
    ]


some_past = st.lists(
    st.builds(Judged, probabilities, st.booleans(), st.none(), names, st.just("과제")), max_size=12
)
hours = st.floats(0.0, 0.3)
precisions = st.floats(0.6, 0.99)


@given(some_cases(), some_past, hours, precisions)
@settings(max_examples=40, deadline=None)
def test_every_case_stands_exactly_once(cases, past, budget, precision):
    plan = plan_hours(cases, 20.0, budget, precision, past=past)
    assert sorted((*plan.settled, *plan.queue, *plan.left)) == [case.id for case in cases]
    assert set(plan.checks) <= set(plan.settled)
    assert [i for reading in plan.readings for i in reading] == list(plan.queue)
    assert plan.queue_seconds <= 3600.0 * budget + 1e-3


@given(some_cases(), precisions)
@settings(max_examples=40, deadline=None)
def test_what_stands_without_decisions_is_counted_without_a_plan(cases, precision):
    held = [replace(case, held=n % 3 == 0, may_stand=n % 4 != 0) for n, case in enumerate(cases)]
    settled = plan_hours(held, 20.0, 1.0, precision).settled
    assert n_settled(held[::-1], precision) == len(settled)
    assert not {case.id for case in held if case.held or not case.may_stand} & set(settled)


@given(some_cases(), some_past, hours, precisions)
@settings(max_examples=40, deadline=None)
def test_groups_of_duplicates_stay_together_and_count_by_members(cases, past, budget, precision):
    plan = plan_hours(cases, 20.0, budget, precision, past=past)
    for group in ("g1", "g2"):
        members = {case.id for case in cases if case.group == group}
        if members:
            assert sum(bool(members & set(part)) for part in (plan.settled, plan.queue, plan.left)) == 1
            if members <= set(plan.queue):
                assert any(set(reading) == members for reading in plan.readings)
    whole = [g for g in plan.per_group if g.by == "all"]
    assert sum(g.n_cases for g in whole) == sum(case.n_members for case in cases)
    for by in ("region", "kind"):
        rows = [g for g in plan.per_group if g.by == by]
        assert sum(g.n_settled + g.n_queue + g.n_left for g in rows) == sum(c.n_members for c in cases)


@given(some_cases(), some_past, precisions, hours, hours)
@settings(max_examples=40, deadline=None)
def test_more_hours_only_move_texts_from_left_to_queue(cases, past, precision, one, other):
    few, many = (plan_hours(cases, 20.0, h, precision, past=past) for h in sorted((one, other)))
    assert few.settled == many.settled
    assert many.queue[: len(few.queue)] == few.queue
    assert many.expected_errors_left <= few.expected_errors_left + 1e-9


@given(some_cases(), some_past)
@settings(max_examples=80, deadline=None)
def test_a_precision_between_two_steps_is_kept(cases, past):  # rounded up, never down
    between = plan_hours(cases, 20.0, 0.1, 0.952, past=past).settled
    assert between == plan_hours(cases, 20.0, 0.1, 0.955, past=past).settled


@given(some_cases(), some_past, precisions, precisions)
@settings(max_examples=80, deadline=None)
def test_a_higher_precision_only_takes_out_of_settled(cases, past, one, other):
    loose, strict = (set(plan_hours(cases, 20.0, 0.1, p, past=past).settled) for p in sorted((one, other)))
    assert strict <= loose


@given(some_cases(), some_past, hours, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_input_does_not_matter(cases, past, budget, random):
    plan = plan_hours(cases, 20.0, budget, past=past)
    random.shuffle(cases)
    random.shuffle(past)
    assert plan_hours(cases, 20.0, budget, past=past) == plan


@given(some_cases(), some_past, precisions)
@settings(max_examples=40, deadline=None)
def test_the_lower_end_keeps_the_precision_in_every_group(cases, past, precision):
    for group in plan_hours(cases, 20.0, 0.1, precision, past=past).per_group:
        assert group.right_low is None or group.right_low >= precision - 1e-6
        assert (group.right_low is None) == (group.n_settled == 0)


def test_the_queue_takes_the_most_error_per_minute_first():
    cases = [Case("sure", 0.8), Case("toss", 0.4), Case("long", 0.4, seconds=200.0), Case("likely", 0.6)]
    assert plan_hours(cases, 20.0, 1.0).queue == ("toss", "likely", "sure", "long")


def test_a_group_of_duplicates_is_worth_all_its_members():
    cases = [
        Case("alone", 0.5),
        Case("a", 0.7, group="g"),
        Case("b", 0.7, group="g", seconds=22.0),
        Case("c", 0.7, n_members=4),
    ]
    plan = plan_hours(cases, 20.0, 1.0)
    assert plan.readings == (("c",), ("a", "b"), ("alone",))
    assert plan.queue_seconds == 62.0  # a group takes as long as its slowest member


def test_the_queue_turns_between_codes_and_regions():
    cases = [Case(f"a{i}", 0.5, code="1-1", region="대구") for i in range(6)]
    cases += [Case(f"b{i}", 0.55, code="3-1", region="부산") for i in range(6)]
    front = [str(i)[0] for i in plan_hours(cases, 20.0, 1.0).queue[:6]]
    assert front.count("a") >= 2
    assert front.count("b") >= 2


def test_a_group_that_people_correct_is_no_longer_settled():
    cases = [Case(i, 0.995, region="대구" if i % 2 else "부산") for i in range(100)]
    assert len(plan_hours(cases, 20.0, 0.0).settled) == 100
    past = [
        Judged(0.995, right=region == "대구", region=region)
        for region in ("대구", "부산")
        for _ in range(150)
    ]
    plan = plan_hours(cases, 20.0, 0.0, past=past)
    assert set(plan.settled) == set(range(1, 100, 2))
    by_name = {g.name: g for g in plan.per_group if g.by == "region"}
    assert (by_name["부산"].n_judged, by_name["부산"].n_accepted) == (150, 0)
    assert not by_name["부산"].leans


def test_decisions_that_accept_settle_more():
    cases = [Case(i, 0.93, region="대구", kind="과제") for i in range(50)]
    past = [Judged(0.93, right=True, region="대구", kind="과제")] * 200
    assert plan_hours(cases, 20.0, 0.0).settled == ()
    assert len(plan_hours(cases, 20.0, 0.0, past=past).settled) == 50


@pytest.mark.parametrize("n_accepted", [0, 30])
def test_one_slip_on_a_sure_answer_does_not_end_the_plan(n_accepted):
    cases = [Case(i, 1 - 10 ** -(1.3 + 2.7 * i / 200), region=f"r{i % 5}", kind="과제") for i in range(200)]
    past = [
        Judged(case.probability, right=True, region=case.region, kind="과제") for case in cases[:n_accepted]
    ]
    slip = Judged(0.9998, right=False, region="r1", kind="과제")
    before, after = (plan_hours(cases, 24.0, 2.0, past=some) for some in (past, [*past, slip]))
    assert 0.6 * len(before.settled) < len(after.settled) < len(before.settled)
    shares = [sum(1 - p for p in plan.probabilities.values()) for plan in (before, after)]
    assert shares[0] < shares[1] < 0.1 * len(cases)


def test_checks_that_fail_lower_what_looked_certain():
    """A ceiling that no logistic curve shows: one in ten of the surest answers is turned down, whatever they say."""
    cases = [Case(i, 0.998, kind="과제") for i in range(50)]
    doubtful = [Judged(0.55, right=i % 2 == 0, kind="과제") for i in range(200)]
    sound = [Judged(0.998, right=True, kind="과제")] * 60
    turned = [Judged(0.998, right=i % 10 != 0, kind="과제") for i in range(60)]
    assert len(plan_hours(cases, 20.0, 0.0, past=[*doubtful, *sound]).settled) == 50
    assert plan_hours(cases, 20.0, 0.0, past=[*doubtful, *turned]).settled == ()


def test_errors_within_chance_are_no_evidence_against_the_curve():
    past = [Judged(0.95, right=i >= 14, region="대구", kind="과제") for i in range(200)]  # 13.4 awaited
    assert set(learn_trust(past).excess.values()) == {1.0}


def test_time_to_spare_goes_into_checks_of_settled_texts():
    cases = [Case(i, 0.999) for i in range(200)]
    assert len(plan_hours(cases, 36.0, 1.0, check_share=0.05).checks) == 100
    busy = [*cases, *(Case(f"x{i}", 0.5) for i in range(500))]
    plan = plan_hours(busy, 36.0, 1.0, check_share=0.05)
    assert (len(plan.checks), len(plan.queue), len(plan.left)) == (5, 95, 405)


@pytest.mark.parametrize(
    "change", [{"precision": 1.0}, {"hours": -1.0}, {"seconds_per_decision": 0.0}, {"check_share": 1.0}]
)
def test_nonsense_is_refused(change):
    with pytest.raises(ValueError, match=r"precision|hours"):
        plan_hours([], **{"seconds_per_decision": 20.0, "hours": 1.0, **change})


def test_an_id_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        plan_hours([Case(1, 0.5), Case(1, 0.6)], 20.0, 1.0)


def test_most_errors_is_the_quantile_of_the_count():
    sure = np.array([0.9, 0.8, 0.95, 0.7])
    draws = np.random.default_rng(0).random((200_000, 4)) > sure
    counts = draws @ np.array([1, 3, 1, 2])
    expected = int(np.quantile(counts, 0.9, method="inverted_cdf"))
    assert most_errors(sure, [1, 3, 1, 2], 0.9) == expected
    assert most_errors(np.full(5_000, 0.95), [1] * 5_000, 0.9) == pytest.approx(270, abs=2)


# -- does the promise hold? -------------------------------------------------------------------------------------------

REGIONS = [f"r{i}" for i in range(6)]
KINDS = ["과제", "제안", "보도"]


def world(random, n, shift, slope, spread):
    """Return cases, and the true chances that their answers are right, in an office that differs from the model."""
    region_effect = dict(zip(REGIONS, random.normal(0.0, spread, len(REGIONS)), strict=True))
    kind_effect = dict(zip(KINDS, random.normal(0.0, spread, len(KINDS)), strict=True))
    cases, chances = [], []
    for i in range(n):
        logit = random.normal(2.5, 2.0)
        region, kind = str(random.choice(REGIONS)), str(random.choice(KINDS))
        true = shift + 2.197 + slope * (logit - 2.197) + region_effect[region] + kind_effect[kind]
        cases.append(Case(i, float(1 / (1 + np.exp(-logit))), region=region, kind=kind))
        chances.append(float(1 / (1 + np.exp(-true))))
    return cases, np.array(chances)


def broken(plan: HoursPlan, cases, chances, random, precision=0.95):
    """Return per group whether its expected share right is below the promise, and whether errors exceed what was said."""
    right = random.random(len(chances)) < chances
    rate, count = [], []
    for group in plan.per_group:
        rows = [i for i in plan.settled if group.by == "all" or getattr(cases[i], group.by) == group.name]
        if rows:
            rate.append(chances[rows].mean() < precision)
            count.append((~right[rows]).sum() > group.most_errors)
    return rate, count


@pytest.mark.parametrize(
    ("shift_sd", "slope_sd", "spread"),
    [(0.0, 0.0, 0.0), (0.3, 0.15, 0.3)],
    ids=["calibrated", "as the prior says"],
)
@pytest.mark.parametrize("n_past", [0, 150])
def test_the_promise_is_broken_no_more_often_than_said(shift_sd, slope_sd, spread, n_past):
    random = np.random.default_rng(n_past)
    rates, counts, n_settled = [], [], 0
    for _ in range(40):
        cases, chances = world(
            random, 500, random.normal(0, shift_sd), 1 + random.normal(0, slope_sd), spread
        )
        right = random.random(500) < chances
        past = [
            Judged(c.probability, bool(r), region=c.region, kind=c.kind)
            for c, r in zip(cases, right, strict=True)
        ]
        rest = [replace(case, id=k) for k, case in enumerate(cases[n_past:])]
        plan = plan_hours(rest, 20.0, 1.0, past=past[:n_past])
        rate, count = broken(plan, rest, chances[n_past:], random)
        rates += rate
        counts += count
        n_settled += len(plan.settled)
    assert n_settled > 1_000
    assert np.mean(rates) <= 0.1
    assert np.mean(counts) <= 0.1


def test_a_badly_calibrated_model_is_found_out_by_the_decisions():
    """One and a half logits too sure: beyond the prior. The queue and the checks of the first days show it."""
    random = np.random.default_rng(3)
    before, after = [], []
    for _ in range(20):
        cases, chances = world(random, 800, -1.5, 1.0, 0.3)
        right = random.random(800) < chances
        past: list[Judged] = []
        waiting = list(range(800))
        for day in range(5):
            plan = plan_hours([cases[i] for i in waiting], 30.0, 1.0, past=past, check_share=0.25)
            if day == 0:
                before += broken(plan, cases, chances, random)[0]
            read = {*plan.queue, *plan.checks}
            past += [
                Judged(cases[i].probability, bool(right[i]), region=cases[i].region, kind=cases[i].kind)
                for i in sorted(read)
            ]
            waiting = [i for i in waiting if i not in read]
        plan = plan_hours([cases[i] for i in waiting], 30.0, 1.0, past=past)
        after += broken(plan, cases, chances, random)[0]
    assert np.mean(before) > 0.5  # nothing could have told: the assumption that is stated
    assert np.mean(after) <= 0.1 + 2 * np.sqrt(
        0.1 * 0.9 / len(after)
    )  # what is said, and the chance of 20 offices


# -- pace -------------------------------------------------------------------------------------------------------------


def test_pace_is_the_mean_gap_without_breaks():
    start = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    seconds = [0, 20, 50, 60, 90, 110, 1_500, 1_520, 1_550, 1_550]  # a coffee, then a group at once
    times = [(start + timedelta(seconds=s)).isoformat() for s in seconds]
    assert measured_pace(times) == pytest.approx((20 + 30 + 10 + 30 + 20 + 20 + 30) / 7)
    assert measured_pace(reversed(times)) == measured_pace(times)


def test_pace_is_unknown_from_a_few_decisions():
    assert measured_pace([]) is None
    assert measured_pace(["2026-11-02T09:00:00Z", "2026-11-02T09:00:20Z"]) is None


def test_triage_loads_no_machine_learning():
    code = "import sys, hyeoksin.triage; print([m for m in ('sklearn', 'scipy', 'kiwipiepy', 'torch') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
