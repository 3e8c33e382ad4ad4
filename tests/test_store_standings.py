"""How far people are with many items at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from stores import ENGINES, opened, round_of


@pytest.mark.parametrize("engine", ENGINES)
def test_standings_of_many_items_at_once(engine: str, tmp_path: Path) -> None:
    with opened(engine, tmp_path) as store:
        project = round_of(store, 600, coders=2)
        numbers = [case.id for case in store.cases(project.id)]
        store.decide(numbers[-1:], "accept", by="kim")
        found = store.standings([*numbers, 10**9])
        assert set(found) == set(numbers)
        assert [found[numbers[0]], found[numbers[-1]]] == ["open", "half"]
        assert store.standings([]) == {}
