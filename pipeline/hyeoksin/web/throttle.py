"""How often somebody may do something: a bucket for each, refilled evenly; two numbers, so it costs a request nothing."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping

from limits import parse

__all__ = ["Throttle"]

_MOST = 10_000  # buckets kept; more names than these can only be an attack


class Throttle:
    """Counts what each key (an address, a user, an API key) does; kept in memory.

    Args:
        rates: per name of a limit, its value in the notation of the ``limits`` library ("20/minute"); so many may come at
            once, too.
    """

    def __init__(self, rates: Mapping[str, str]) -> None:
        parsed = {name: parse(rate) for name, rate in rates.items()}
        self._rates = {name: (float(r.amount), r.amount / r.get_expiry()) for name, r in parsed.items()}
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, name: str, key: str) -> int:
        """Count one use, and return 0 where it is allowed, else the seconds to wait.

        Raises:
            KeyError: no limit of that name.
        """
        size, per_second = self._rates[name]
        now = time.monotonic()
        with self._lock:
            left, since = self._buckets.pop((name, key), (size, now))
            left = min(size, left + (now - since) * per_second)
            seconds = 0 if left >= 1 else math.ceil((1 - left) / per_second)
            self._buckets[name, key] = (left if seconds else left - 1, now)
            if len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)  # who has asked for nothing longest
        return seconds
