"""Plans as JSKOS (gbv.github.io/jskos), plain JSON; and the addresses that SKOS and JSKOS give to plans and nodes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from hyeoksin.plan.crosswalk import INVERSE, Link, Relation
from hyeoksin.plan.nodes import Node, Plan

__all__ = ["BASE", "MATCH", "jskos", "uri"]

BASE = "urn:x-hyeoksin:plan/"  # plans have no address of their own; --base gives them one
MATCH: dict[Relation, str] = {relation: f"{relation}Match" for relation in INVERSE}
_SKOS = "http://www.w3.org/2004/02/skos/core#"


def uri(base: str, plan: str, code: str | None = None) -> str:
    """Return the address of a plan, or of one of its nodes; the plan stands in a piece of its own."""
    scheme = f"{base if base.endswith(('/', '#', ':')) else f'{base}/'}{quote(plan, safe='')}"
    return scheme if code is None else f"{scheme}/{quote(code, safe='')}"


def jskos(plan: Plan, links: Iterable[Link] = (), base: str = BASE) -> dict[str, Any]:
    """Return the plan as JSKOS (gbv.github.io/jskos): a scheme with its concepts, and the mappings."""

    def concept(node: Node) -> dict[str, Any]:
        found: dict[str, Any] = {
            "uri": uri(base, plan.id, node.code),
            "type": [f"{_SKOS}Concept"],
            "notation": [node.code],
            "prefLabel": {"ko": node.title},
            "inScheme": [{"uri": uri(base, plan.id)}],
        }
        if node.aliases:
            found["altLabel"] = {"ko": list(node.aliases)}
        if node.definition:
            found["definition"] = {"ko": [node.definition]}
        if node.parent is not None:
            found["broader"] = [{"uri": uri(base, plan.id, node.parent)}]
        return found

    def end(name: str, code: str) -> dict[str, Any]:
        return {"memberSet": [{"uri": uri(base, name, code), "notation": [code]}]}

    return {
        "uri": uri(base, plan.id),
        "type": [f"{_SKOS}ConceptScheme"],
        "notation": [plan.id],
        "prefLabel": {"ko": plan.title},
        "topConcepts": [{"uri": uri(base, plan.id, n.code)} for n in plan.nodes if n.parent is None],
        "concepts": [concept(node) for node in plan.nodes],
        "mappings": [
            {
                "from": end(link.from_plan, link.from_code),
                "to": end(link.to_plan, link.to_code),
                "type": [f"{_SKOS}{MATCH[link.relation]}"],
                "note": {"ko": [link.reason]},
            }
            for link in links
        ],
    }
