"""Plans as data: nodes, loading with checks, table forms, and the crosswalk between plans."""

from hyeoksin.plan.crosswalk import Crosswalk, Link, load_crosswalk
from hyeoksin.plan.load import BUILTIN_PLANS, load_plan
from hyeoksin.plan.nodes import Exclusion, Leads, Level, Node, Plan

__all__ = [
    "BUILTIN_PLANS",
    "Crosswalk",
    "Exclusion",
    "Leads",
    "Level",
    "Link",
    "Node",
    "Plan",
    "load_crosswalk",
    "load_plan",
]
