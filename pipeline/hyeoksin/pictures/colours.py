"""Colours: one per strategy of a plan, the same in every picture, told apart by colour-blind readers too.

The six base colours keep at least 15 units of CIELAB apart, from each other and from the grey of off-plan, as people
with full, protan, deutan or tritan sight see them (simulation of Machado, Oliveira and Fernandes 2009, severity 1; a
test measures it). Nodes below a strategy are lighter shades of its colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol

from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

from hyeoksin.plan import Plan, load_plan

__all__ = ["HEAT", "INK", "MUTED", "OFF_PLAN", "PALETTE", "lighter", "node_colours", "on", "strategy_colour"]

PALETTE = ("#0072b2", "#d55e00", "#882255", "#e6b800", "#009e73", "#332288")
OFF_PLAN = "#8a8f98"
INK = "#1f2328"
MUTED = "#5c6470"
GRID = "#dfe3e8"
_LIGHTEST = 0.5

HEAT = LinearSegmentedColormap.from_list("hyeoksin", ["#f7fafc", "#9cc4de", "#2f7fb5", "#08306b"])


class Placed(Protocol):
    """What a colour depends on: where a node stands."""

    @property
    def code(self) -> str:
        """The node's code."""

    @property
    def level(self) -> str:
        """The name of its level."""

    @property
    def parent(self) -> str | None:
        """The code of the node above."""


def node_colours(nodes: Iterable[Placed]) -> dict[str, str]:
    """Return the colour (``#rrggbb``) of each node by code: its strategy's, lighter for the later ones below it.

    Args:
        nodes: the nodes of a plan that lead to leaves, or are leaves, in the order of the plan.
    """
    kept = tuple(nodes)
    above = {node.code: node.parent for node in kept}

    def root(code: str) -> str:
        parent = above[code]
        return code if parent is None else root(parent)

    roots = [node.code for node in kept if node.parent is None]
    bases = {
        code: lighter(PALETTE[n % len(PALETTE)], min(0.6, 0.25 * (n // len(PALETTE))))
        for n, code in enumerate(roots)
    }
    kin: dict[tuple[str, str], list[str]] = {}
    for node in kept:
        kin.setdefault((root(node.code), node.level), []).append(node.code)
    found = {}
    for node in kept:
        family = kin[root(node.code), node.level]
        found[node.code] = lighter(
            bases[root(node.code)], _LIGHTEST * family.index(node.code) / max(len(family) - 1, 1)
        )
    return found | bases


def strategy_colour(plan: Plan | str, code: str | None) -> str:
    """Return the colour of a node of a plan (see ``node_colours``); a programme has its leaf's.

    ``None``, unknown codes and principles have the grey of off-plan texts.
    """
    plan = load_plan(plan) if isinstance(plan, str) else plan
    if code is None or code not in plan:
        return OFF_PLAN
    found = _colours(plan)
    return next((found[node.code] for node in reversed(plan.path(code)) if node.code in found), OFF_PLAN)


@lru_cache(maxsize=16)
def _colours(plan: Plan) -> Mapping[str, str]:
    leading = {node.code for leaf in plan.leaves for node in plan.path(leaf.code)}
    return node_colours(node for node in plan.nodes if node.code in leading)


def lighter(colour: str, share: float) -> str:
    """Return the colour mixed with ``share`` (0..1) of white."""
    red, green, blue = (part + (1 - part) * share for part in to_rgb(colour))
    return to_hex((red, green, blue))


def on(colour: str) -> str:
    """Return black or white, whichever reads better on ``colour`` (contrast of WCAG 2.2: 4.5 at least)."""
    light = _luminance(colour) + 0.05
    return "#000000" if light / 0.05 >= 1.05 / light else "#ffffff"


def _luminance(colour: str) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
