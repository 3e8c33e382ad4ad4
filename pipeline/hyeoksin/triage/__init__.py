"""Where a person's time goes: what may stand without a person, what to read first, and how far two coders agree."""

from hyeoksin.triage.agreement import Agreement, Coding, agreement, cohen_kappa
from hyeoksin.triage.cases import Case, Judged
from hyeoksin.triage.hours import GroupPlan, HoursPlan, n_settled, plan_hours
from hyeoksin.triage.pace import measured_pace
from hyeoksin.triage.trust import Prior, Trust, learn_trust

__all__ = [
    "Agreement",
    "Case",
    "Coding",
    "GroupPlan",
    "HoursPlan",
    "Judged",
    "Prior",
    "Trust",
    "agreement",
    "cohen_kappa",
    "learn_trust",
    "measured_pace",
    "n_settled",
    "plan_hours",
]
