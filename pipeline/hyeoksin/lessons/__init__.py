"""Decisions that teach: learning from the ledger, the gate of new models, versions, and doubts about past decisions."""

from hyeoksin.lessons.again import Again, again_for
from hyeoksin.lessons.decided import Decided, decided_items, lessons_in, lessons_of
from hyeoksin.lessons.doubts import Doubt, doubts
from hyeoksin.lessons.entrance import Judgement, Rules
from hyeoksin.lessons.learn import Learned, learn
from hyeoksin.lessons.preview import Change, Preview, preview
from hyeoksin.lessons.renew import renew
from hyeoksin.lessons.report import Report
from hyeoksin.lessons.versions import (
    active_path,
    add_version,
    follow_shipped,
    learnt_items,
    register,
    register_shipped,
    roll_back,
    root_of,
    stopped_rounds,
    use,
)

__all__ = [
    "Again",
    "Change",
    "Decided",
    "Doubt",
    "Judgement",
    "Learned",
    "Preview",
    "Report",
    "Rules",
    "active_path",
    "add_version",
    "again_for",
    "decided_items",
    "doubts",
    "follow_shipped",
    "learn",
    "learnt_items",
    "lessons_in",
    "lessons_of",
    "preview",
    "register",
    "register_shipped",
    "renew",
    "roll_back",
    "root_of",
    "stopped_rounds",
    "use",
]
