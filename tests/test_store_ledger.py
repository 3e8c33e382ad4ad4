"""The ledger: two coders, adjudication, undo, stale sights, and a state machine against a simple model."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hyeoksin.errors import NotStoredError, RefusedError, StaleDecisionError
from hyeoksin.store import Store, open_store
from hyeoksin.store.chain import unseen
from stores import ENGINES, PLAN, document, opened, record, round_of


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with opened(request.param, tmp_path) as made:
        yield made


def test_two_coders_decide_blind_and_a_reviewer_settles(store: Store) -> None:
    project = round_of(store, coders=2)
    item = store.items(project.id)[0]
    one = store.decide([item.id], "pick", by="kim", code="3-1", expected_version=1)[0]
    assert (store.item(item.id).standing, store.item(item.id).decision) == ("half", None)
    other = store.decide([item.id], "pick", by="lee", code="4-1", expected_version=1)[
        0
    ]  # kim's row is none of lee's
    assert (store.item(item.id).standing, store.item(item.id).answer) == ("disputed", item.code)
    assert store.coders_say(item.id) == {"kim": one, "lee": other}
    assert store.coding(project.id) == [one, other]
    assert [i.id for i in store.items(project.id, standing="disputed")] == [item.id]
    with pytest.raises(StaleDecisionError):  # but the own second tab is
        store.decide([item.id], "none", by="lee", expected_version=1)
    final = store.decide([item.id], "pick", by="park", code="8-1", final=True)[0]
    after = store.item(item.id)
    assert (after.standing, after.decision, after.answer, final.final) == ("decided", final, "8-1", True)
    assert store.coding(project.id) == [one, other]  # agreement is measured on what the coders said
    store.undo("park", item.id, final=True)
    assert store.item(item.id).standing == "disputed"
    for call in (
        lambda: store.decide([item.id], "pick", by="lee", code="3-1"),  # what kim said is no secret any more
        lambda: store.undo("lee", item.id),
    ):
        with pytest.raises(RefusedError, match="이미 두 사람이 정했습니다"):
            call()
    assert store.item(item.id).standing == "disputed"
    assert store.verify().sound


def test_a_third_coder_is_refused_and_a_reviewer_is_not(store: Store) -> None:
    item = store.items(round_of(store, coders=2).id)[0].id
    for by in ("kim", "lee"):
        store.decide([item], "pick", by=by, code="3-1")
    for action in ("none", "undecided"):
        with pytest.raises(RefusedError, match="이미 두 사람이 정했습니다"):
            store.decide([item], action, by="park")
    assert store.item(item).standing == "decided"
    store.decide([item], "none", by="chief", final=True)
    assert store.item(item).answer is None
    assert store.verify().sound


def test_a_coders_word_may_change_until_the_other_has_spoken(store: Store) -> None:
    first, second = (item.id for item in store.items(round_of(store, 2, coders=2).id, order="id"))
    store.decide([first, second], "pick", by="kim", code="3-1")
    store.decide([first], "pick", by="kim", code="8-1")
    store.undo("kim", first)
    store.decide([first], "pick", by="lee", code="3-1")
    undone = store.undo("kim", second, batch=True)
    assert [row.item for row in undone] == [second]  # of the group the first is settled
    assert [(row.item, row.by, row.code) for row in store.coding(1)] == [
        (first, "kim", "3-1"),
        (first, "lee", "3-1"),
    ]
    assert store.verify().sound


def test_agreement_is_measured_on_what_was_said_unseen(store: Store) -> None:
    item = store.items(round_of(store, coders=2).id)[0].id
    kim, lee = (store.decide([item], "pick", by=by, code=c)[0] for by, c in (("kim", "3-1"), ("lee", "8-1")))
    copied = replace(lee, id=lee.id + 1, code="3-1", replaces=lee.id)  # ledgers of earlier versions have such
    assert unseen([kim, lee, copied]) == [kim, lee]
    assert unseen([kim]) == [kim]


def test_an_accepted_code_is_on_the_predicted_path(store: Store) -> None:
    project = store.create_project("1", PLAN, "admin").id
    codes = ("3-1", "8-1", None, "3-1")
    store.add_items(project, [(document(n), record(code)) for n, code in enumerate(codes)])
    numbers = [item.id for item in store.items(project, order="id")]
    group = store.decide(numbers[:3], "accept", by="kim", code="3-1")
    assert [(row.action, row.code) for row in group] == [("accept", "3-1"), ("pick", "3-1"), ("pick", "3-1")]
    above = PLAN.path("3-1")[0].code
    assert store.decide(numbers[3:], "accept", by="kim", code=above)[0].action == "accept"


def test_a_key_is_repeated_with_the_same_words_alone(store: Store) -> None:
    first, second, *_ = (item.id for item in store.items(round_of(store).id, order="id"))
    said = {"by": "kim", "code": "8-1", "note": "까닭\x00", "key": "key-1"}
    done = store.decide([first, second], "accept", **said)  # type: ignore[arg-type]
    assert store.decide([first], "accept", **said) == done  # type: ignore[arg-type]
    for other in ({"code": "3-1"}, {"code": None}, {"note": ""}, {"agency": "mois"}, {"final": True}):
        with pytest.raises(RefusedError, match="이미 다른 것을 저장했습니다"):
            store.decide([first], "accept", **{**said, **other})  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="이미 다른 것을 저장했습니다"):
        store.undo("kim", first, key="key-1")
    undone = store.undo("kim", first, key="key-2")
    assert store.undo("kim", first, key="key-2") == undone


@pytest.mark.parametrize(
    ("first", "second", "standing"),
    [
        (("pick", "3-1", None), ("accept", "3-1", None), "decided"),
        (("pick", "3-1", "mohw"), ("pick", "3-1", None), "decided"),
        (("pick", "3-1", "mohw"), ("pick", "3-1", "mois"), "disputed"),
        (("none", None, None), ("none", None, None), "decided"),
        (("none", None, None), ("pick", "3-1", None), "disputed"),
        (("undecided", None, None), ("pick", "3-1", None), "undecided"),
    ],
)
def test_when_two_coders_agree(
    first: tuple[str, str | None, str | None],
    second: tuple[str, str | None, str | None],
    standing: str,
    tmp_path: Path,
) -> None:
    with opened("sqlite", tmp_path) as store:
        item = store.items(round_of(store, coders=2).id)[0]
        for by, (action, code, agency) in (("kim", first), ("lee", second)):
            store.decide([item.id], action, by=by, code=code, agency=agency)  # type: ignore[arg-type]
        assert store.item(item.id).standing == standing
        assert store.verify().sound


@pytest.mark.parametrize("agencies", [("mois", None), (None, "mois")])
def test_the_agency_that_one_of_two_named_stands(
    agencies: tuple[str | None, str | None], tmp_path: Path
) -> None:
    with opened("sqlite", tmp_path) as store:
        project = round_of(store, coders=2).id
        item = store.items(project)[0].id
        rows = [
            store.decide([item], "pick", by=by, code="3-1", agency=agency)[0]
            for by, agency in zip(("kim", "lee"), agencies, strict=True)
        ]
        decision = store.item(item).decision
        assert decision is not None
        assert decision.agency == "mois"
        assert [found.id for found in store.items(project, agency="mois")] == [item]
        assert store.verify().sound
        with store._write() as connection:  # as earlier versions settled it
            lead = agencies[1] or "mohw"
            connection.execute(
                sa.text(f"UPDATE items SET decision = {rows[1].id}, answer_lead = '{lead}' WHERE id = {item}")  # noqa: S608
            )
        assert store.verify().sound


def test_undo_goes_back_step_by_step(store: Store) -> None:
    item = store.items(round_of(store).id)[0]
    for code in ("3-1", "4-1", "8-1"):
        store.decide([item.id], "pick", by="kim", code=code)
    seen = []
    for _ in range(3):
        store.undo("lee", item.id, note="다시 봄")
        seen.append((store.item(item.id).standing, store.item(item.id).answer))
    assert seen == [("decided", "4-1"), ("decided", "3-1"), ("open", item.code)]
    with pytest.raises(RefusedError, match="되돌릴 결정이 없습니다"):
        store.undo("kim", item.id)
    assert len(store.history(item.id)) == 6
    assert store.verify().sound


def test_an_undo_gives_no_third_answer(store: Store) -> None:
    first, second = store.items(round_of(store, 2, coders=2).id)[:2]
    for item in (first, second):
        store.decide([item.id], "pick", code="3-1", by="kim")
        store.decide([item.id], "undecided", by="kim", note="다시 볼 것")
    for by in ("lee", "park"):
        store.decide([first.id], "none", by=by)
    with pytest.raises(RefusedError, match="이미 두 사람이 정했습니다"):
        store.undo("kim", first.id)
    assert store.item(first.id).standing == "decided"
    store.undo("kim", second.id)
    assert store.coders_say(second.id)["kim"].code == "3-1"
    assert store.verify().sound


def test_a_group_is_decided_and_undone_at_once(store: Store) -> None:
    project = round_of(store, 4)
    numbers = [item.id for item in store.items(project.id, order="id")]
    store.decide(numbers[:3], "none", by="kim")
    store.decide(numbers[2:3], "accept", by="lee")
    undone = store.undo("kim", numbers[0], batch=True)
    assert [row.item for row in undone] == numbers[:2]  # lee's word on the third stands
    assert store.count(project.id, decided=True) == 1
    with pytest.raises(StaleDecisionError):
        store.decide(numbers, "none", by="kim", expected_version=dict.fromkeys(numbers, 1))
    assert store.count(project.id, decided=True) == 1  # all or none
    assert store.verify().sound


def test_a_new_model_makes_an_old_sight_stale(store: Store) -> None:
    project = round_of(store)
    item = store.items(project.id)[0]
    assert store.predict(project.id, [(item.id, record("4-1", model="m@2"))]) == 1
    assert store.predict(project.id, [(item.id, record("4-1", model="m@2"))]) == 0
    with pytest.raises(StaleDecisionError, match="새 모델의 추천"):
        store.decide([item.id], "accept", by="kim", expected_version=item.version)
    again = store.item(item.id)
    assert (again.code, again.answer, again.model, again.version) == ("4-1", "4-1", "m@2", 2)
    assert list(store.records(item.id)) == ["m@1", "m@2"]
    decided = store.decide([item.id], "accept", by="kim", expected_version=2)[0]
    assert (decided.code, decided.model) == ("4-1", "m@2")
    store.predict(project.id, [(item.id, record("8-1", model="m@3"))])
    assert (store.item(item.id).code, store.item(item.id).answer) == ("8-1", "4-1")  # a person's word stands
    other = round_of(store, 1, name="다른 차수")
    with pytest.raises(NotStoredError, match=f"차수 {other.id} 에 없습니다"):
        store.predict(other.id, [(item.id, record("3-1", model="m@4"))])
    assert store.item(item.id).model == "m@3"


def test_what_was_put_off_follows_a_new_model(store: Store) -> None:
    project = round_of(store)
    item = store.items(project.id)[0]
    store.decide([item.id], "undecided", by="kim", note="누구 일인지 묻는 중")
    lead = [{"id": "mois", "name": "행정안전부", "role": "lead", "probability": 0.7, "reasons": []}]
    answers = [(item.id, record("4-1", model="m@2", agencies=lead))]
    assert store.predict(project.id, answers) == 1
    again = store.item(item.id)
    assert (again.code, again.answer, again.lead, again.standing) == ("4-1", "4-1", "mois", "undecided")
    assert [i.id for i in store.items(project.id, code="4-1", agency="mois")] == [item.id]
    assert store.verify().sound


def test_a_check_sees_one_moment(store: Store) -> None:
    project = round_of(store)
    numbers = [item.id for item in store.items(project.id)]
    store.decide(numbers[:2], "accept", by="kim")
    with open_store(store._engine.url.render_as_string(hide_password=False)) as other:

        def decide_meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("SELECT") and len(numbers) == 3:  # once, behind the first query
                other.decide([numbers.pop()], "none", by="lee")

        sa.event.listen(store._engine, "after_cursor_execute", decide_meanwhile)
        found = store.verify()
        sa.event.remove(store._engine, "after_cursor_execute", decide_meanwhile)
    assert (found.broken, found.rows, len(numbers)) == (None, 2, 2)
    assert store.verify().rows == 3


def test_what_the_rules_forbid(store: Store) -> None:
    project, other = round_of(store), round_of(store, name="다른 차수")
    item, far = store.items(project.id)[0], store.items(other.id)[0]
    for message, ids, action, code in (
        ("코드가 없습니다", [item.id], "pick", None),
        ("코드 '77-1' 가 없습니다", [item.id], "pick", "77-1"),
        ("모르는 결정", [item.id], "guess", None),
        ("여러 차수", [item.id, far.id], "none", None),
        ("고르지 않았습니다", [], "none", None),
    ):
        with pytest.raises(RefusedError, match=message):
            store.decide(ids, action, by="kim", code=code)  # type: ignore[arg-type]
    with pytest.raises(NotStoredError, match="문서 999"):
        store.decide([item.id, 999], "none", by="kim")
    store.close_project(project.id)
    for call in (
        lambda: store.decide([item.id], "none", by="kim"),
        lambda: store.undo("kim", item.id),
        lambda: store.add_items(project.id, [(document(9), record())]),
    ):
        with pytest.raises(RefusedError, match="마감되었습니다"):
            call()
    store.close_project(project.id, closed=False)
    store.decide([item.id], "none", by="kim")
    assert store.verify().rows == 1


@pytest.mark.parametrize(
    ("forgery", "told"),
    [
        ("UPDATE decisions SET note = '거짓' WHERE seq = 2", "결정 2번째 줄"),
        ("UPDATE decisions SET hash = 'f' WHERE seq = 3", "결정 3번째 줄"),
        ("DELETE FROM decisions WHERE seq = 2", "2번째 줄이 없습니다"),
        ("DELETE FROM decisions WHERE seq = 3", "3줄이어야 하는데 2줄"),
        ("UPDATE items SET standing = 'open', decision = NULL WHERE id = 2", "저장된 상태(open)"),
        ("UPDATE items SET standing = 'decided', decision = 2 WHERE id = 3", "결정 기록이 없습니다"),
        ("UPDATE lanes SET decision = 1 WHERE item = 1", "지금 서 있는 결정이"),
        ("DELETE FROM lanes", "지금 서 있는 결정이"),
        ("UPDATE items SET answer = '3-1' WHERE id = 2", "저장된 답(3-1, mohw)"),
        ("UPDATE items SET answer_lead = 'mois' WHERE id = 1", "저장된 답(3-1, mois)"),
        ("UPDATE items SET version = 1 WHERE id = 1", "판 번호가"),
        ("UPDATE projects SET head = ''", "마지막 줄이 다릅니다"),
    ],
)
def test_every_forgery_is_found(forgery: str, told: str, tmp_path: Path) -> None:
    with opened("sqlite", tmp_path) as store:
        project = round_of(store)
        first, second, _ = (item.id for item in store.items(project.id, order="id"))
        store.decide([first], "pick", by="kim", code="8-1")
        store.decide([second], "none", by="kim")
        store.decide([first], "accept", by="lee", agency="me")
        assert store.verify().sound
        with closing(
            sqlite3.connect(tmp_path / "store.db")
        ) as forger:  # who may write to the file may do this
            triggers = "DROP TRIGGER decisions_no_update; DROP TRIGGER decisions_no_delete;"
            forger.executescript(f"{triggers} {forgery};")
        broken = store.verify().broken
        assert broken is not None
        assert told in broken


def test_the_ledger_is_paged_both_ways(store: Store) -> None:
    project = round_of(store, 5)
    for item in store.items(project.id, order="id"):
        store.decide([item.id], "accept", by="kim" if item.id % 2 else "lee")
    rows = store.decisions(project.id)
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]
    assert store.decisions(project.id, after=rows[1].id, limit=2) == rows[2:4]
    assert store.decisions(project.id, newest_first=True, limit=2) == rows[:2:-1]
    assert store.decisions(project.id, newest_first=True, after=rows[2].id) == rows[1::-1]
    assert store.decisions(by="kim") == [row for row in rows if row.by == "kim"]


def test_a_coder_does_not_read_the_other_before_both_have_spoken(store: Store) -> None:
    for coders in (2, 1):
        project = round_of(store, 3, coders=coders, name=f"{coders}")
        both, half, own = store.items(project.id, order="id")
        for item, by in ((both, "kim"), (half, "kim"), (own, "lee"), (both, "lee")):
            if coders == 2 or item != both or by == "kim":
                store.decide([item.id], "accept", by=by)
        rows = store.decisions(project.id, reader="lee")
        read = [row.item for row in rows]
        assert read == ([both.id, own.id, both.id] if coders == 2 else [both.id, half.id, own.id])
        assert store.decisions(project.id, reader="lee", newest_first=True, limit=2) == rows[:-3:-1]
        assert store.decisions(item=half.id, reader="park") == ([] if coders == 2 else rows[1:2])


def test_a_page_of_the_ledger_is_read_in_its_order(tmp_path: Path) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    def hear(
        _connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object
    ) -> None:
        asked.append((statement, values))

    with opened("sqlite", tmp_path) as store:
        project = round_of(store)
        sa.event.listen(store._engine, "after_cursor_execute", hear)
        store.decisions(project.id, newest_first=True)
        store.decisions(project.id, after=1)
        store.decisions(project.id, by="kim", newest_first=True, after=3)
        sa.event.remove(store._engine, "after_cursor_execute", hear)
        with store._read() as connection:
            plans = [
                str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
                for statement, values in asked
                if statement.startswith("SELECT")
            ]
    assert len(plans) == 3
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or "SCAN" in plan]


class LedgerMachine(RuleBasedStateMachine):
    """Decides, undoes and adjudicates at random; the model keeps a stack of words for each lane of each item."""

    @initialize(coders=st.sampled_from([1, 2]))
    def open(self, coders: int) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.coders = coders
        self.store = open_store(self.folder / "store.db")
        self.project = round_of(self.store, 2, coders=coders).id
        self.ids = [item.id for item in self.store.items(self.project, order="id")]
        self.stacks: dict[tuple[int, str], list[str | None]] = {}
        self.n_rows = 0

    def lane(self, item: int, by: str, final: bool) -> list[str | None]:
        name = "" if final or self.coders == 1 else by
        return self.stacks.setdefault((item, name), [])

    def is_over(self, item: int, final: bool) -> bool:
        said = [
            stack[-1] for (number, lane), stack in self.stacks.items() if number == item and lane and stack
        ]
        return not final and len([word for word in said if word != "undecided"]) == 2

    @rule(
        which=st.sampled_from([[0], [1], [0, 1]]),
        by=st.sampled_from(["kim", "lee"]),
        word=st.sampled_from(["3-1", "8-1", "none", "undecided"]),
        note=st.text(max_size=5),
        final=st.booleans(),
    )
    def decide(self, which: list[int], by: str, word: str, note: str, final: bool) -> None:
        action = word if word in ("none", "undecided") else "pick"
        code = word if action == "pick" else None
        numbers = [self.ids[i] for i in which]
        if any(self.is_over(number, final) for number in numbers):
            with pytest.raises(RefusedError, match="이미 두 사람이 정했습니다"):
                self.store.decide(numbers, action, by=by, code=code, final=final)  # type: ignore[arg-type]
            return
        rows = self.store.decide(numbers, action, by=by, code=code, note=note, final=final)  # type: ignore[arg-type]
        self.n_rows += len(rows)
        for number in numbers:
            self.lane(number, by, final).append(word)

    @rule(which=st.sampled_from([0, 1]), by=st.sampled_from(["kim", "lee"]), final=st.booleans())
    def undo(self, which: int, by: str, final: bool) -> None:
        stack = self.lane(self.ids[which], by, final)
        if not stack or self.is_over(self.ids[which], final):
            with pytest.raises(RefusedError):
                self.store.undo(by, self.ids[which], final=final)
            return
        self.n_rows += len(self.store.undo(by, self.ids[which], final=final))
        stack.pop()

    def expected(self, item: int) -> tuple[str, str | None]:
        tops = {lane: stack[-1] for (number, lane), stack in self.stacks.items() if number == item and stack}
        if "" in tops:
            return ("undecided", None) if tops[""] == "undecided" else ("decided", tops[""])
        said = [word for lane, word in tops.items() if lane]
        made = [word for word in said if word != "undecided"]
        if not said:
            return "open", None
        if len(made) == 2:
            return ("decided", made[0]) if made[0] == made[1] else ("disputed", None)
        return ("undecided" if len(said) == 2 else "half"), None

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "store"):
            return
        for number in self.ids:
            item = self.store.item(number)
            standing, word = self.expected(number)
            code = None if word == "none" else word if standing == "decided" else item.code
            assert (item.standing, item.answer) == (standing, code)
        verdict = self.store.verify()
        assert verdict.broken is None
        assert verdict.rows == self.n_rows

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


LedgerMachine.TestCase.settings = settings(
    max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLedger = LedgerMachine.TestCase


def test_the_plan_of_the_tests_has_the_codes_they_use() -> None:
    assert {"3-1", "4-1", "8-1"} <= {node.code for node in PLAN.nodes}
