"""``hyeoksin simulate``: what the tool would have done with an office's past year."""

from hyeoksin.simulate.figures import NodeRow, Saving, Share, ThresholdRow
from hyeoksin.simulate.past import Answered, PastText, answered, read_past
from hyeoksin.simulate.replay import BudgetRow, GroupRow
from hyeoksin.simulate.year import Year, replay

__all__ = [
    "Answered",
    "BudgetRow",
    "GroupRow",
    "NodeRow",
    "PastText",
    "Saving",
    "Share",
    "ThresholdRow",
    "Year",
    "answered",
    "read_past",
    "replay",
]
