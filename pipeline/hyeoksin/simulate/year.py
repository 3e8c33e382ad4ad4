"""The whole replay as one frozen thing, which reports are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hyeoksin.codes import NONE
from hyeoksin.plan import Plan
from hyeoksin.simulate.figures import (
    NodeRow,
    Saving,
    Share,
    ThresholdRow,
    node_rows,
    savings,
    share,
    threshold_rows,
)
from hyeoksin.simulate.past import Answered
from hyeoksin.simulate.replay import HOURS, BudgetRow, budget_row, by_month, rounds_of

__all__ = ["Year", "replay"]

PRECISIONS = (0.9, 0.95, 0.98)


@dataclass(frozen=True)
class Year:
    """A replayed year; ``notes`` say in Korean what the figures rest on."""

    plan: str
    model: str
    n: int
    n_in_plan: int
    right: Share
    seconds_per_decision: float
    thresholds: tuple[ThresholdRow, ...]
    budgets: tuple[BudgetRow, ...]
    nodes: tuple[NodeRow, ...]
    savings: tuple[Saving, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain dicts and lists."""
        return asdict(self)


def replay(
    rows: Sequence[Answered],
    plan: Plan,
    model: str,
    seconds_per_decision: float = 30.0,
    hours: Sequence[float] = HOURS,
    precisions: Sequence[float] = PRECISIONS,
    notes: Sequence[str] = (),
) -> Year:
    """Replay the year at every threshold, hour budget and precision."""
    rounds = rounds_of(rows)
    said = (
        f"{'달마다' if by_month(rows) else '차례대로 똑같이'} 나눈 {len(rounds)}회차로 되풀이했고, 시간은 회차마다 쓰는 시간입니다.",
        "각 회차의 계획은 그 앞 회차에서 사람이 읽은 것만 알고 세웠습니다.",
        "사람이 읽은 글은 결정대로 옳게 된 것으로, 시간이 모자라 남은 글은 모델의 답이 그대로 나간 것으로 셉니다.",
        "구간은 95%입니다: 비율은 Clopper-Pearson, 읽기 절감은 부트스트랩.",
        *notes,
    )
    return Year(
        plan=plan.id,
        model=model,
        n=len(rows),
        n_in_plan=sum(row.code != NONE for row in rows),
        right=share(sum(row.right for row in rows), len(rows)),
        seconds_per_decision=seconds_per_decision,
        thresholds=tuple(threshold_rows(rows)),
        budgets=tuple(budget_row(rounds, h, p, seconds_per_decision) for p in precisions for h in hours),
        nodes=tuple(node_rows(rows, plan)),
        savings=tuple(savings(rows, plan)),
        notes=said,
    )
