"""A year replayed round by round with the hours dial: what would have been settled, read and left, and what was right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hyeoksin.codes import NONE
from hyeoksin.simulate.figures import Share, share
from hyeoksin.simulate.past import Answered
from hyeoksin.triage import Case, Judged, plan_hours

__all__ = ["BudgetRow", "GroupRow", "budget_row", "by_month", "rounds_of"]

HOURS = (0.5, 1.0, 2.0, 4.0, 8.0)
_FEW_MONTHS, _MANY_MONTHS = 3, 36


@dataclass(frozen=True, slots=True)
class GroupRow:
    """What became of the promise in one region or kind: the texts settled there and how many of them were right."""

    by: str
    name: str
    settled: Share
    kept: bool  # False: the whole 95 % interval of the share right lies below the promise


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A whole year at ``hours`` per round and one precision.

    ``settled`` is the share of all texts that stood without a person (those drawn as checks included), ``right`` of
    these; ``n_read`` were read (queue and checks), ``n_left`` got the model's answer for want of time. ``errors_left`` are
    the wrong answers that remain after the year, ``errors_by_arrival`` those that would remain if the same number of
    texts had been read in order of arrival.
    """

    hours: float
    precision: float
    n_rounds: int
    settled: Share
    right: Share
    n_read: int
    n_left: int
    errors_left: int
    errors_by_arrival: int
    groups: tuple[GroupRow, ...]


def by_month(rows: Sequence[Answered]) -> bool:
    """Tell whether a year can be cut by month: (nearly) all texts have a date, in no odd number of months."""
    months = Counter(row.at[:7] for row in rows)
    n_undated = months.pop("", 0)
    return _FEW_MONTHS <= len(months) <= _MANY_MONTHS and n_undated <= 0.05 * len(rows)


def rounds_of(rows: Sequence[Answered], n_rounds: int = 10) -> list[list[Answered]]:
    """Cut a year into rounds: by month where it can be (:func:`by_month`), else into ``n_rounds`` equal parts.

    Texts without a date come last, in the last round.
    """
    dated = any(row.at for row in rows)
    ordered = sorted(rows, key=lambda row: (not row.at, row.at, row.id)) if dated else list(rows)
    if by_month(rows):
        last = max(row.at[:7] for row in rows)
        months: dict[str, list[Answered]] = {}
        for row in ordered:
            months.setdefault(row.at[:7] or last, []).append(row)
        return list(months.values())
    cuts = [round(i * len(ordered) / n_rounds) for i in range(n_rounds + 1)]
    return [part for a, b in pairwise(cuts) if (part := ordered[a:b])]


def budget_row(
    rounds: Sequence[Sequence[Answered]],
    hours: float,
    precision: float = 0.95,
    seconds_per_decision: float = 30.0,
    check_share: float = 0.1,
) -> BudgetRow:
    """Replay the rounds: each is planned with the decisions of those before it, then its queue and checks are read."""
    past: list[Judged] = []
    settled: list[Answered] = []
    n_read = n_left = errors_left = by_arrival = 0
    for texts in rounds:
        cases = [_case(i, row) for i, row in enumerate(texts)]
        plan = plan_hours(cases, seconds_per_decision, hours, precision, past=past, check_share=check_share)
        read = {int(i) for i in (*plan.queue, *plan.checks)}
        settled += [texts[int(i)] for i in plan.settled]
        n_read += len(read)
        n_left += len(plan.left)
        errors_left += sum(not row.right for i, row in enumerate(texts) if i not in read)
        by_arrival += sum(not row.right for row in texts[len(read) :])
        past += [_judged(texts[i]) for i in sorted(read)]
    n = sum(map(len, rounds))
    return BudgetRow(
        hours=hours,
        precision=precision,
        n_rounds=len(rounds),
        settled=share(len(settled), n),
        right=share(sum(row.right for row in settled), len(settled)),
        n_read=n_read,
        n_left=n_left,
        errors_left=errors_left,
        errors_by_arrival=by_arrival,
        groups=tuple(_groups(settled, precision)),
    )


def _groups(settled: Sequence[Answered], precision: float) -> list[GroupRow]:
    found = []
    for by in ("region", "kind"):
        names = sorted({getattr(row, by) or "" for row in settled})
        for name in names:
            here = [row for row in settled if (getattr(row, by) or "") == name]
            right = share(sum(row.right for row in here), len(here))
            found.append(GroupRow(by, name, right, right.high >= precision))
    return found


def _case(number: int, row: Answered) -> Case:
    code = None if row.answer == NONE else row.answer
    return Case(number, row.probability, code, row.off_plan, region=row.region, kind=row.kind)


def _judged(row: Answered) -> Judged:
    return Judged(
        row.probability, row.right, None if row.answer == NONE else row.answer, row.region, row.kind
    )
