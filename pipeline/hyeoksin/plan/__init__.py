"""Plans as data: nodes, loading with checks, table forms, and the crosswalk between plans."""

from hyeoksin.plan.compare import Change, Difference, compare
from hyeoksin.plan.crosswalk import Crosswalk, Link, load_crosswalk
from hyeoksin.plan.load import BUILTIN_PLANS, load_plan
from hyeoksin.plan.nodes import Exclusion, Leads, Level, Node, Plan

__all__ = [
    "BUILTIN_PLANS",
    "Change",
    "Crosswalk",
    "Difference",
    "Exclusion",
    "Leads",
    "Level",
    "Link",
    "Node",
    "Plan",
    "compare",
    "load_crosswalk",
    "load_plan",
]
