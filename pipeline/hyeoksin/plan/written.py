"""Write a plan as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from hyeoksin.plan.nodes import Node, Plan
from hyeoksin.tabular import written_whole

__all__ = ["write_yaml"]


def write_yaml(plan: Plan, path: Path) -> None:
    """Write the plan so that loading it gives an equal plan; empty entries are left out."""
    form = {"id": plan.id, "title": plan.title, "year": plan.year, "nodes": [_form(n) for n in plan.nodes]}
    with written_whole(path) as part:
        part.write_text(
            yaml.safe_dump(form, allow_unicode=True, sort_keys=False, width=110), encoding="utf-8"
        )


def _form(node: Node) -> dict[str, Any]:
    form: dict[str, Any] = {"code": node.code, "level": node.level, "title": node.title}
    optional: dict[str, Any] = {
        "parent": node.parent,
        "aliases": list(node.aliases),
        "leads": {"agencies": list(node.leads.agencies), "open": node.leads.open}
        if node.leads.agencies or node.leads.open
        else None,
        "priority": node.priority,
        "definition": node.definition,
        "includes": list(node.includes),
        "excludes": [{"code": e.code, "why": e.why} if e.code else {"why": e.why} for e in node.excludes],
    }
    return form | {key: value for key, value in optional.items() if value}
