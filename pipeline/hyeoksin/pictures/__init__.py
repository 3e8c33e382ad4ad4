"""Pictures in one visual language: Korean labels, a colour per strategy, intervals wherever there are intervals.

Every drawing function takes plain rows and returns a ``Picture`` (a matplotlib figure with a name and a description);
``svg`` and ``png`` write it. matplotlib is loaded with this package, so commands import it inside their functions.

Raises on import:
    MissingExtraError: matplotlib is not installed.
"""

from importlib.util import find_spec

from hyeoksin.errors import MissingExtraError

if find_spec("matplotlib") is None:
    raise MissingExtraError("matplotlib", "report")

from hyeoksin.pictures.bars import Bar, bars_with_intervals, standing_bars
from hyeoksin.pictures.canvas import Picture, percent, png, svg
from hyeoksin.pictures.colours import OFF_PLAN, PALETTE, node_colours, strategy_colour
from hyeoksin.pictures.curves import Bin, Change, Curve, Point, curves, lines, reliability
from hyeoksin.pictures.fonts import families, legible, subset
from hyeoksin.pictures.heat import Cell, heat_map
from hyeoksin.pictures.sankey import Flow, sankey
from hyeoksin.pictures.treemap import Tile, plan_tiles, treemap

__all__ = [
    "OFF_PLAN",
    "PALETTE",
    "Bar",
    "Bin",
    "Cell",
    "Change",
    "Curve",
    "Flow",
    "Picture",
    "Point",
    "Tile",
    "bars_with_intervals",
    "curves",
    "families",
    "heat_map",
    "legible",
    "lines",
    "node_colours",
    "percent",
    "plan_tiles",
    "png",
    "reliability",
    "sankey",
    "standing_bars",
    "strategy_colour",
    "subset",
    "svg",
    "treemap",
]
