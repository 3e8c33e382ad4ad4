"""The contract of the store, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hyeoksin.errors import NotStoredError, RefusedError, StaleDecisionError
from hyeoksin.store import Store
from stores import ENGINES, PLAN, document, opened, record, round_of


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with opened(request.param, tmp_path) as made:
        yield made


def test_a_round_keeps_the_plan_that_it_was_opened_with(store: Store) -> None:
    project = store.create_project("2026 상반기", "2019", "kim", precision=0.9, coders=2)
    assert store.project(project.id) == project
    assert (project.plan, project.plan_sha, project.precision, project.coders) == (
        "2019",
        PLAN.sha256,
        0.9,
        2,
    )
    assert store.plan(project.id) == PLAN
    with pytest.raises(RefusedError, match="이미 있습니다"):
        store.create_project("2026 상반기", "2019", "kim")
    with pytest.raises(NotStoredError):
        store.project(999)


def test_a_decision_an_undo_and_the_chain(store: Store) -> None:
    project = round_of(store)
    first, second, _ = store.items(project.id)
    rows = store.decide([first.id, second.id], "pick", by="kim", code="8-1", note="까닭", expected_version=1)
    assert [row.item for row in rows] == [first.id, second.id]
    assert rows[0].batch == rows[1].batch is not None
    assert store.item(first.id).decision == rows[0]
    assert store.item(first.id).answer == "8-1"
    with pytest.raises(StaleDecisionError, match="kim 님이 먼저"):
        store.decide([first.id], "none", by="lee", expected_version=1)
    store.undo("kim", first.id)
    after = store.item(first.id)
    assert (after.decision, after.answer, after.standing, after.version) == (None, "3-1", "open", 3)
    assert [row.action for row in store.history(first.id)] == ["pick", "undo"]
    assert store.verify().sound


def test_adding_the_same_file_twice_adds_nothing(store: Store) -> None:
    project = round_of(store)
    assert store.add_items(project.id, [(document(i), record()) for i in range(4)]) == 1
    assert store.count(project.id) == 4
