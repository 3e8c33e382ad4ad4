"""How often a key may ask: a bucket for each, refilled evenly; nothing but two numbers, so it costs a request nothing."""

from __future__ import annotations

import math
import time

from limits import parse

__all__ = ["Pace"]

_MOST = 10_000  # buckets kept; more names than keys can only be an attack


class Pace:
    """Counts what each key does.

    Args:
        rate: in the notation of the ``limits`` library ("30000/minute"); so many may come at once, too.
    """

    def __init__(self, rate: str) -> None:
        parsed = parse(rate)
        self._size = float(parsed.amount)
        self._per_second = parsed.amount / parsed.get_expiry()
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, name: str, key: str) -> int:
        """Count one use, and return 0 where it is allowed, else the seconds to wait."""
        now = time.monotonic()
        left, since = self._buckets.get(f"{name} {key}", (self._size, now))
        left = min(self._size, left + (now - since) * self._per_second)
        if left < 1:
            self._buckets[f"{name} {key}"] = (left, now)
            return math.ceil((1 - left) / self._per_second)
        if len(self._buckets) >= _MOST:
            self._buckets.clear()
        self._buckets[f"{name} {key}"] = (left - 1, now)
        return 0
