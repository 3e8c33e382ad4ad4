"""How a decided table says its codes: the names of the column, the words for "outside the plan", and the code in a cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from hyeoksin.plan import Plan
from hyeoksin.tabular import date_fault

__all__ = ["CODE_COLUMNS", "NONE", "code_in", "is_open", "is_outside", "key", "said", "turned"]

NONE = "NONE"  # outside the plan
CODE_COLUMNS = (  # as :func:`key` gives them, first choice first
    "최종분류", "확정코드", "확정", "결정코드", "결정", "분류코드", "분류", "세부과제코드", "코드", "code", "label", "decision",
)  # fmt: skip
_OUTSIDE = frozenset({"none", "계획밖", "offplan", "없음", "해당없음", "해당사항없음", "밖", "-", "–", "—"})
_DECIDED = frozenset({"수용", "변경", "계획밖", "accept", "pick", "none"})
_OPEN = frozenset({"", "보류", "미결", "갈림", "자동확정", "자동계획밖", "undecided"})
_CODE = re.compile(r"[A-Za-z]{0,2}\d+(?:-\d+)*")
_TYPED = re.compile(r"[A-Za-z]{0,2}\d+(?:[-._]\d+)*")
_BEFORE = "=([\"' "  # [3-1] 제목, ="3-1"
_NOTE = re.compile(r"[(:]")  # 계획 밖(단순 민원)
_DASH = re.compile(r"(?<=\d)\s*[-‐-―−]\s*(?=\d+\b)")  # "3-1 - 24시간 돌봄": no code goes on there


def key(name: str) -> str:
    """Return a heading or word as it is compared: composed (NFC), without spaces, brackets, dots and case.

    >>> key("확정 코드") == key("확정_코드") == "확정코드"
    True
    """
    return re.sub(r"[\s().·_]", "", unicodedata.normalize("NFC", name)).lower()


def said(row: Mapping[str, str]) -> tuple[str, bool] | None:
    """Return the cell that holds a row's code, and whether a person decided it; None without a column of codes.

    Beside another such column, ``결정`` may tell the outcome (수용, 보류, 자동 확정 …) instead of the code.

    Args:
        row: cells by the :func:`key` of their heading.
    """
    outcome = key(row["결정"]) if "결정" in row else None
    names = [name for name in CODE_COLUMNS if name in row]
    if len(names) > 1 and outcome is not None and outcome in _DECIDED | _OPEN:
        names.remove("결정")
    if not names:
        return None
    decided = outcome is None or names[0] == "결정" or outcome in _DECIDED
    return row[names[0]], decided


def code_in(cell: str, plan: Plan) -> str:
    """Return the code at the beginning of a cell such as ``3-1 제목``, :data:`NONE` for "outside the plan".

    Full-width signs and blanks around the dash count for nothing, unless the plan has them; 3.1, [3-1] and s1 are read as
    the code of the plan that they can only mean. What the plan does not know comes back as its first word.
    """
    raw = cell.strip()
    folded = _DASH.sub("-", unicodedata.normalize("NFKC", raw)).strip()
    first = _first(raw)
    if raw in plan or (first in plan and unicodedata.normalize("NFKC", first) != first):  # Ⅱ-1, ①
        return raw if raw in plan else first
    if is_outside(folded):
        return NONE
    if folded not in plan and folded.upper() in plan:
        return folded.upper()
    if _CODE.fullmatch(folded):
        return folded
    for name in (folded, raw):  # "1-1 - 100% 공개" is no 1-1-100
        match = _TYPED.match(name.lstrip(_BEFORE))
        for code in (_first(name), re.sub("[._]", "-", match.group().removesuffix(".0")) if match else ""):
            if code in plan:
                return code
    return _first(folded)


def is_open(cell: str) -> bool:
    """Return whether a cell says that nobody has decided: it is empty, or holds an outcome such as 보류."""
    return key(cell) in _OPEN


def is_outside(cell: str) -> bool:
    """Return whether a cell says "outside the plan", be it with a note: ``계획 밖(단순 민원)``."""
    folded = unicodedata.normalize("NFKC", cell)
    return bool({key(folded), key(_NOTE.split(folded)[0])} & _OUTSIDE)


def turned(cell: str, plan: Plan) -> str | None:
    """Say that a spreadsheet turned the code of a cell into a date; None where it did not."""
    return None if _first(cell) in plan else date_fault("코드", cell.strip())


def _first(name: str) -> str:
    return next(iter(name.split()), "")
