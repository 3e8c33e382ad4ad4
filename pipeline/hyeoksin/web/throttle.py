"""How often somebody may do something: moving windows of the ``limits`` library, kept in memory."""

from __future__ import annotations

import time
from collections.abc import Mapping

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

__all__ = ["Throttle"]


class Throttle:
    """Counts what each key (an address, a user, an API key) does.

    Args:
        rates: per name of a limit, its value ("20/minute").
    """

    def __init__(self, rates: Mapping[str, str]) -> None:
        self._rates: dict[str, RateLimitItem] = {name: parse(rate) for name, rate in rates.items()}
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def wait(self, name: str, key: str) -> int:
        """Count one use, and return 0 where it is allowed, else the seconds to wait.

        Raises:
            KeyError: no limit of that name.
        """
        rate = self._rates[name]
        if self._limiter.hit(rate, name, key):
            return 0
        window = self._limiter.get_window_stats(rate, name, key)
        return max(1, int(window.reset_time - time.time()) + 1)
