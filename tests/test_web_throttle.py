from __future__ import annotations

import pytest

from hyeoksin.web import throttle
from hyeoksin.web.throttle import Throttle


def test_a_bucket_empties_and_fills_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: now[0])
    keys = Throttle({"api": "6/minute", "login": "1/hour"})
    assert [keys.wait("api", "a") for _ in range(7)] == [0] * 6 + [10]
    assert keys.wait("api", "b") == 0
    assert [keys.wait("login", "a") for _ in range(2)] == [0, 3_600]
    now[0] += 9
    assert keys.wait("api", "a") == 1
    now[0] += 1
    assert [keys.wait("api", "a") for _ in range(2)] == [0, 10]
    now[0] += 3_600
    assert [keys.wait("api", "a") for _ in range(7)] == [0] * 6 + [10]


def test_many_names_empty_no_one_elses_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_MOST", 3)
    monkeypatch.setattr(throttle.time, "monotonic", lambda: 100.0)
    keys = Throttle({"login": "1/hour"})
    assert [keys.wait("login", name) for name in "abc"] == [0, 0, 0]
    assert keys.wait("login", "a") == 3_600
    assert [keys.wait("login", name) for name in "de"] == [0, 0]
    assert [keys.wait("login", name) for name in "ade"] == [3_600] * 3
    assert keys.wait("login", "b") == 0
