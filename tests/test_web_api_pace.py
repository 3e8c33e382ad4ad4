from __future__ import annotations

import pytest

from hyeoksin.web.api import pace
from hyeoksin.web.api.pace import Pace


def test_a_bucket_empties_and_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(pace.time, "monotonic", lambda: now[0])
    keys = Pace("6/minute")
    assert [keys.wait("api", "a") for _ in range(7)] == [0] * 6 + [10]
    assert keys.wait("api", "b") == 0
    now[0] += 9
    assert keys.wait("api", "a") == 1
    now[0] += 1
    assert [keys.wait("api", "a") for _ in range(2)] == [0, 10]
    now[0] += 3_600
    assert [keys.wait("api", "a") for _ in range(7)] == [0] * 6 + [10]
