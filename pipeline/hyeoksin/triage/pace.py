"""How long a person takes for one decision, measured from the times of the decisions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np

__all__ = ["measured_pace"]


def measured_pace(times: Iterable[str | datetime], longest: float = 600.0, least: int = 5) -> float | None:
    """Return the mean seconds between the decisions of one officer, or None where fewer than ``least`` gaps count.

    ``times`` are ISO strings or datetimes (without a zone: UTC) in any order. Decisions of one second are one (a group
    was decided at once). A gap above ``longest`` seconds, or above eight times the median, is a break and not work.
    The mean, not the median, is what a budget of hours is made of.
    """
    moments = sorted({int(_utc(time).timestamp()) for time in times})
    gaps = np.diff(np.array(moments, dtype=np.float64))
    gaps = gaps[gaps <= longest]
    if len(gaps) < least:
        return None
    gaps = gaps[gaps <= 8.0 * np.median(gaps)]
    return float(gaps.mean())


def _utc(time: str | datetime) -> datetime:
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
