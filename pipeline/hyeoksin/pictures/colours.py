"""Colours: one per strategy of a plan, the same in every picture, told apart by colour-blind readers too.

The six base colours keep at least 15 units of CIELAB apart, from each other and from the grey of off-plan, as people
with full, protan, deutan or tritan sight see them (simulation of Machado, Oliveira and Fernandes 2009, severity 1; a
test measures it). Nodes below a strategy are lighter shades of its colour.
"""

from __future__ import annotations

from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

from hyeoksin.plan import Plan, load_plan

__all__ = ["HEAT", "INK", "MUTED", "OFF_PLAN", "PALETTE", "lighter", "on", "strategy_colour"]

PALETTE = ("#0072b2", "#d55e00", "#882255", "#e6b800", "#009e73", "#332288")
OFF_PLAN = "#8a8f98"
INK = "#1f2328"
MUTED = "#5c6470"
GRID = "#dfe3e8"
_LIGHTEST = 0.5

HEAT = LinearSegmentedColormap.from_list("hyeoksin", ["#f7fafc", "#9cc4de", "#2f7fb5", "#08306b"])


def strategy_colour(plan: Plan | str, code: str | None) -> str:
    """Return the colour (``#rrggbb``) of a node: its strategy's, lighter for the later of the nodes below it.

    ``None`` and codes that are not in the plan have the grey of off-plan texts.
    """
    plan = load_plan(plan) if isinstance(plan, str) else plan
    if code is None or code not in plan:
        return OFF_PLAN
    root, node = plan.path(code)[0], plan[code]
    place = [strategy.code for strategy in plan.branches(None)]
    if root.code not in place:
        return OFF_PLAN
    number = place.index(root.code)
    base = lighter(PALETTE[number % len(PALETTE)], 0.25 * (number // len(PALETTE)))
    if node is root:
        return base
    kin = [n.code for n in plan.nodes if n.level == node.level and plan.path(n.code)[0] is root]
    return lighter(base, _LIGHTEST * kin.index(code) / max(len(kin) - 1, 1))


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
