"""The contract of the store, on both engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import NotStoredError, RefusedError, StaleDecisionError
from hyeoksin.plan import load_plan
from hyeoksin.store import Store, likeness
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
    for precision in (0.5, 1.0):  # what the hours plan could not keep
        with pytest.raises(RefusedError, match="정밀도"):
            store.create_project("다른 차수", "2019", "kim", precision=precision)


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


def words(texts: Sequence[str]) -> list[list[str]]:
    return [text.replace("\n", " ").split() for text in texts]


def test_search_finds_all_tokens_or_any(store: Store) -> None:
    project = store.create_project("1", PLAN, "kim")
    texts = ["산불 감시 드론 운영", "산불 예방 교육", "어르신 무료 급식", "드론 택배 시범 운영"]
    rows = [(Document(str(i), text), record()) for i, text in enumerate(texts)]
    store.add_items(project.id, rows, tokenise=words)
    assert store.unindexed() == []

    def found(*tokens: str, every: bool = True) -> list[str]:
        return [hit.item.document.text for hit in store.search(project.id, tokens, every=every)]

    assert found("산불", "드론") == [texts[0]]
    assert found("산불", "드론", every=False)[0] == texts[0]
    assert set(found("산불", "드론", every=False)) == {texts[0], texts[1], texts[3]}
    assert found("없는말") == found() == found("산") == []
    assert [hit.item.document.text for hit in store.search(None, ["급식"])] == [texts[2]]
    assert store.search(project.id, ["산불"], under="4") == []


def test_letters_inside_another_word_are_found_behind_the_word_itself(store: Store) -> None:
    project = store.create_project("1", PLAN, "kim")
    texts = [
        "시내버스 노선 운영",
        "버스 노선 운영",
        "서로 나누는 마을",
        "나눔터 운영",
        "나눔 운영",
        "급식 시범",
    ]
    tokens = ["시내버스 노선", "버스 노선", "나누 마을", "나눔터", "나누", "급식"]
    store.add_items(project.id, [(Document(str(i), text), record()) for i, text in enumerate(texts)])
    numbers = [item.id for item in store.items(project.id, order="id")]
    store.index(zip(numbers, map(str.split, tokens), strict=True))

    def found(words: dict[str, str], **more: Any) -> list[str]:
        hits = store.search(project.id, list(words), words=words, **more)
        return [hit.item.document.text for hit in hits]

    assert found({"버스": "버스"}) == [texts[1], texts[0]]
    assert found({"버스": "버스", "노선": "노선"}) == [texts[1], texts[0]]
    assert found({"버스": "버스"}, offset=1, limit=1) == [texts[0]]
    assert found({"나누": "나눔"}) == [texts[4], texts[3], texts[2]]
    assert found({"나누": "나눔", "운영": "운영"}) == [texts[3], texts[4]]
    assert (
        found({"버스": "버스", "급식": "급식"})
        == found({"%": "%"})
        == found({"버스": "버스"}, under="4")
        == []
    )
    assert set(found({"버스": "버스", "급식": "급식"}, every=False)) == {texts[0], texts[1], texts[5]}
    latin = store.search(project.id, ["ai", "버스"], words={"버스": "버스"}, every=False)
    assert [hit.item.document.text for hit in latin] == [texts[1], texts[0]]


def test_tokens_with_any_sign_are_found_whole(store: Store) -> None:
    project = store.create_project("1", PLAN, "kim")
    odd = ["하/VV", "ᆫ다", "it's", 'a"b', "x*", "NEAR", "AND", "\\", "\ud800"]
    store.add_items(project.id, [(Document(str(i), t), record()) for i, t in enumerate(odd)])
    assert [item.document.id for item in store.unindexed(limit=2)] == ["0", "1"]
    numbers = [item.id for item in store.items(project.id, order="id")]
    assert store.index(zip(numbers, ([token] for token in odd), strict=True)) == len(odd)
    assert store.index([(numbers[0], ["other"])]) == 0
    for number, token in zip(numbers, odd, strict=True):
        assert [hit.item.id for hit in store.search(None, [token])] == [number]


def test_the_nearest_decided_share_rare_tokens(store: Store) -> None:
    project = store.create_project("1", PLAN, "kim")
    texts = [
        "마을 회관 산불 드론",
        "마을 회관 산불 방송",
        "마을 급식 조리",
        "회관 청소 인력",
        "마을 회관 산불 드론 순찰",
    ]
    rows = [(Document(str(i), text), record()) for i, text in enumerate(texts)]
    store.add_items(project.id, rows, tokenise=words)
    asked, *others = store.items(project.id, order="id")
    store.decide([item.id for item in others[:3]], "pick", by="kim", code="3-1")
    (hit,) = store.nearest_decided(asked.id, texts[0].split(), words)
    assert (hit.item.document.text, hit.item.standing) == (texts[1], "decided")
    assert hit.shared == ("산불", "마을", "회관")
    assert 0 < hit.likeness < 1
    store.decide([others[3].id], "pick", by="kim", code="3-1")
    assert store.nearest_decided(asked.id, texts[0].split(), words)[0].item.document.text == texts[4]
    store.undo("kim", others[3].id)
    assert store.nearest_decided(asked.id, texts[0].split(), words)[0].item.document.text == texts[1]


def test_an_equal_text_follows_the_latest_decision(store: Store) -> None:
    old, new = (store.create_project(name, PLAN, "kim") for name in ("2025", "2026"))
    store.add_items(
        old.id, [(Document("1", "이동 진료버스"), record()), (Document("2", "이동  진료버스"), record())]
    )
    first, second = store.items(old.id, order="id")
    store.decide([first.id], "pick", by="kim", code="8-1")
    later = store.decide([second.id], "pick", by="lee", code="4-1")
    store.add_items(new.id, [(Document("9", "이동 진료버스 "), record())])
    (item,) = store.items(new.id)
    assert item.suggestion is not None
    assert (item.suggestion.decision, item.suggestion.why) == (later[0], "same")
    store.undo("lee", second.id)
    (item,) = store.items(new.id)
    assert item.suggestion is not None
    assert item.suggestion.decision.code == "8-1"
    store.decide([item.id], "none", by="kim")
    assert store.item(item.id).suggestion is None


def test_a_text_that_comes_many_times_reads_one_decision_for_each_copy(store: Store) -> None:
    for name in ("2025", "2026"):
        found = store.create_project(name, PLAN, "kim")
        rows = [(Document(str(n), "같은 청원"), record(duplicate_group="g")) for n in range(30)]
        store.add_items(found.id, rows)
    old = store.decide([item.id for item in store.items(1)], "pick", by="kim", code="8-1")
    copies = store.items(2)
    assert [item.suggestion and item.suggestion.decision for item in copies] == [old[-1]] * 30
    with store._read() as connection:
        read = connection.execute(likeness._FOLLOWED, {"ids": [item.id for item in copies]}).all()
    assert len(read) == 30
    assert [item.suggestion for item in store.each(2)] == [None] * 30


def test_no_suggestion_from_another_plan_or_between_two_coders(store: Store) -> None:
    other = load_plan("2024")
    there = store.create_project("2024", other, "kim")
    store.add_items(there.id, [(Document("1", "같은 글"), {**record(None), "plan_sha": other.sha256})])
    store.decide([store.items(there.id)[0].id], "none", by="kim")
    pair = store.create_project("둘", PLAN, "kim", coders=2)
    store.add_items(pair.id, [(Document(n, "같은 글"), record()) for n in "ab"])
    first, second = store.items(pair.id, order="id")
    for coder in ("kim", "lee"):
        store.decide([first.id], "accept", by=coder)
    assert store.item(first.id).standing == "decided"
    assert store.item(second.id).suggestion is None


def test_a_duplicate_group_and_a_near_text_follow(store: Store) -> None:
    project, later = (store.create_project(name, PLAN, "kim") for name in ("1", "2"))
    text = "청년이 모여 마을의 빈집을 고쳐 공유 부엌과 작업실로 쓰는 사업을 시작한다"
    rows = [
        (Document("1", text), record(duplicate_group="g")),
        (Document("2", text + "."), record(duplicate_group="g")),
        (Document("3", "전혀 다른 이야기"), record()),
    ]
    store.add_items(project.id, rows, tokenise=words)
    store.add_items(later.id, [(Document("4", text + " (수정)"), record())], tokenise=words)
    one, two, three = store.items(project.id, order="id")
    assert [item.id for item in store.group_items(two.id)] == [one.id, two.id]
    assert [item.id for item in store.group_items(three.id)] == [three.id]
    assert store.follow(store.unfollowed(later.id), words) == 1
    assert store.unfollowed(later.id) == []
    again = [item.id for item in store.items(later.id)]
    assert store.follow(again, words) == 0  # another server was as quick
    assert store.unfollowed(project.id) == [one.id, two.id, three.id]
    decided = store.decide([one.id], "pick", by="kim", code="3-1")[0]
    assert [store.item(n).suggestion is None for n in (two.id, three.id)] == [False, True]
    group = store.item(two.id).suggestion
    assert group is not None
    assert (group.decision, group.why, group.item) == (decided, "group", one.id)
    near = store.items(later.id)[0].suggestion
    assert near is not None
    assert (near.decision, near.why) == (decided, "near")
    assert 0.6 <= near.similarity < 1
