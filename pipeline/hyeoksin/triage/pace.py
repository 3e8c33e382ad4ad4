"""How long a person takes for one decision, measured from the times of the decisions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np

__all__ = ["measured_pace"]

_LONGEST = 600.0  # seconds
_LEAST = 5


def measured_pace(times: Iterable[str | datetime]) -> float | None:
    """Return the mean seconds between the decisions of one officer, or None where fewer than five gaps count.

    ``times`` are ISO strings or datetimes (without a zone: UTC) in any order. Decisions of one second are one (a group
    was decided at once). A gap above ten minutes, or above eight times the median, is a break and not work.
    The mean, not the median, is what a budget of hours is made of.
    """
    moments = sorted({int(_utc(time).timestamp()) for time in times})
    gaps = np.diff(np.array(moments, dtype=np.float64))
    gaps = gaps[gaps <= _LONGEST]
    if len(gaps) < _LEAST:
        return None
    gaps = gaps[gaps <= 8.0 * np.median(gaps)]
    return float(gaps.mean())


def _utc(time: str | datetime) -> datetime:
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
