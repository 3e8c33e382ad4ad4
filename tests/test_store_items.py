"""Items: adding a file whole, filters, orders, counts, the queue, assignment and claims."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import NotStoredError, RefusedError
from hyeoksin.store import Order, Store, content_of
from stores import ENGINES, PLAN, document, opened, record, round_of


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with opened(request.param, tmp_path) as made:
        yield made


def many(store: Store) -> int:
    """Open a round whose items differ in all that can be filtered on; return its number."""
    project = store.create_project("1", PLAN, "kim")
    lead = [{"id": "me", "name": "환경부", "role": "lead", "probability": 0.6, "reasons": []}]
    rows = [
        (document(0, region="대구 중구"), record("3-1", probability=0.9, status="settled")),
        (document(1, region="대구광역시"), record("3-2", probability=0.7)),
        (document(2, region="대구광역시동물원"), record("8-1", probability=0.5, agencies=lead)),
        (document(3, meta={"kind": "press"}), record("S3", probability=0.6, regions=[], duplicate_group="g")),
        (document(4), record(None, probability=0.8, status="off_plan", agencies=[])),
    ]
    assert store.add_items(project.id, rows, kind="proposal") == 5
    return project.id


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"0", "1", "2", "3", "4"}),
    ({"code": "3-1"}, {"0"}),
    ({"code": ""}, {"4"}),
    ({"under": "3"}, {"0", "1"}),
    ({"under": "S1"}, {"0", "1"}),
    ({"under": "3-1"}, {"0"}),
    ({"agency": "me"}, {"2"}),
    ({"region": "대구광역시"}, {"0", "1", "4"}),
    ({"region": "대구광역시 중구"}, {"0", "4"}),
    ({"kind": "press"}, {"3"}),
    ({"status": "review"}, {"1", "2", "3"}),
    ({"low": 0.6, "high": 0.8}, {"1", "3", "4"}),
    ({"group": "g"}, {"3"}),
    ({"decided": False}, {"0", "1", "2", "3", "4"}),
    ({"decided": True}, set()),
    ({"standing": ["open", "disputed"], "status": "settled"}, {"0"}),
]


def test_filters_find_what_they_say_and_counts_agree(store: Store) -> None:
    project = many(store)
    for filters, expected in FILTERS:
        found = store.items(project, **filters)
        assert {item.document.id for item in found} == expected, filters
        assert store.count(project, **filters) == len(expected)
        assert [case.id for case in store.cases(project, **filters)] == sorted(item.id for item in found)
        assert {item.id for item in store.each(project, **filters)} == {item.id for item in found}
    with pytest.raises(RefusedError, match="코드 '77' 가 없습니다"):
        store.items(project, under="77")
    with pytest.raises(NotStoredError, match="차수 99"):
        store.items(99)
    with pytest.raises(TypeError):
        store.items(project, colour="red")


def test_filters_follow_decisions(store: Store) -> None:
    project = many(store)
    first = store.items(project, code="3-1")[0]
    store.decide([first.id], "pick", by="kim", code="8-1", agency="me")
    assert store.count(project, code="3-1") == 0
    assert {item.document.id for item in store.items(project, under="8")} == {"0", "2"}
    assert {item.document.id for item in store.items(project, agency="me")} == {"0", "2"}
    assert store.counts(project, "answer") == {"8-1": 2, "3-2": 1, "S3": 1, None: 1}
    assert store.counts(project, "standing", status="settled") == {"decided": 1}
    assert store.counts(project, "lead")["me"] == 2
    assert [item.id for item in store.items(project, decided_by="kim")] == [first.id]
    assert store.items(project, order="recent")[0].id == first.id or not store.on_sqlite
    with pytest.raises(RefusedError, match="셀 수 없습니다"):
        store.counts(project, "text")


def test_orders_and_pages(store: Store) -> None:
    project = many(store)
    by_doubt = [item.document.id for item in store.items(project)]
    assert by_doubt == ["2", "3", "1", "4", "0"]
    assert [item.document.id for item in store.items(project, offset=1, limit=2)] == by_doubt[1:3]
    assert [item.document.id for item in store.items(project, order="probability")] == by_doubt
    numbers = {item.document.id: item.id for item in store.items(project)}
    assert store.set_queue(project, [numbers["0"], numbers["4"]]) == 2
    assert [item.document.id for item in store.items(project)] == ["0", "4", "2", "3", "1"]
    store.set_queue(project, [numbers["1"]])
    assert [item.document.id for item in store.items(project)][:2] == ["1", "2"]
    with pytest.raises(RefusedError, match="모르는 정렬"):
        store.items(project, order="colour")  # type: ignore[arg-type]


def test_an_item_tells_all_that_came_in(store: Store) -> None:
    project = store.create_project("1", PLAN, "kim")
    document = Document("7", "본문", "제목", "a.xlsx#row=3", "2026-03-01", "대구광역시", {"담당": "김"})
    given = record("3-1", probability=0.8, duplicate_group="g", notes=["한 줄"])
    store.add_items(project.id, [(document, given)])
    (item,) = store.items(project.id)
    assert item.document == document
    assert item.record == given
    again = {**given, "model": "m@2", "meta": {"담당": "다른 글의 것"}}
    assert store.predict(project.id, [(item.id, again)]) == 1
    store.close_project(project.id)
    with pytest.raises(RefusedError, match="마감"):
        store.predict(project.id, [(item.id, again | {"model": "m@3"})])
    store.close_project(project.id, closed=False)
    assert store.items(project.id)[0].record == {**given, "model": "m@2"}  # the document has its own
    assert (item.code, item.probability, item.off_plan, item.lead) == ("3-1", 0.8, given["off_plan"], "mohw")
    assert (item.group, item.status, item.standing, item.version, item.region) == (
        "g",
        "review",
        "open",
        1,
        "대구광역시",
    )
    assert item.content == content_of(document) == content_of(Document("8", "본문 ", "제목"))


def test_a_file_is_added_whole_or_not_at_all(store: Store) -> None:
    project = store.create_project("1", PLAN, "kim")
    rows = [(document(i), record()) for i in range(700)]
    wrong = (document(999), record(plan="2024", plan_sha="ffffffff"))
    with pytest.raises(RefusedError, match="다른 계획"):
        store.add_items(project.id, [*rows, wrong])

    def broken() -> Iterator[Any]:
        yield from rows
        raise KeyError("the reader fell over")

    with pytest.raises(KeyError):
        store.add_items(project.id, broken())
    assert store.count(project.id) == 0
    assert store.add_items(project.id, [*rows, rows[0]]) == 700
    other = [(document(0), record("8-1", model="m@2")), (Document("0", "다른 글"), record())]
    assert (
        store.add_items(project.id, other) == 1
    )  # the same text from another model, and another text of that number
    assert store.count(project.id, code="8-1") == 1


def test_while_others_wait_no_record_is_read_or_written_as_json(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, read = round_of(store, 0), []
    loads = json.loads
    monkeypatch.setattr(json, "loads", lambda text, **given: (read.append(text), loads(text, **given))[1])
    texts = [document(n, meta={}) for n in range(3)]
    answers = [record("3-1", notes=[f"알림 {n}\u2028\n줄"]) for n in range(3)]
    store.add_items(project.id, zip(texts, answers, strict=True))
    assert read
    assert not [text for text in read if "알림" in str(text)]
    assert [item.record for item in store.items(project.id, order="id")] == [
        {name: value for name, value in answer.items() if name != "meta"} for answer in answers
    ]


def test_the_same_number_and_text_of_two_regions_are_two_documents(store: Store) -> None:
    project = store.create_project("1", PLAN, "kim").id
    places = ("대구광역시 중구", "전라남도 신안군", "강릉시", None)
    rows = [(document(1, region=place), record()) for place in places]
    assert store.add_items(project, rows) == 3  # without a region it may be any of them
    for again in (rows[::-1], rows[1:2], [(document(1, region="강원도 강릉시"), record())]):
        assert store.add_items(project, again) == 0
    assert store.add_items(project, [(document(1, region="대구 중구"), record("8-1", model="m@2"))]) == 0
    assert store.add_items(project, [(document(1, region="해남군"), record())]) == 1
    found = store.items(project, order="id")
    assert [(item.document.id, item.region, item.code) for item in found] == [
        ("1", "대구광역시 중구", "8-1"),
        ("1 (전라남도 신안군)", "전라남도 신안군", "3-1"),
        ("1 (강원특별자치도 강릉시)", "강원특별자치도 강릉시", "3-1"),
        ("1 (전라남도 해남군)", "전라남도 해남군", "3-1"),
    ]
    assert found[1].record["id"] == found[1].document.id
    assert "다른 지역" in found[1].record["notes"][0]


@pytest.mark.parametrize("seed", range(12))
def test_regions_are_told_apart_however_the_rows_come(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    monkeypatch.setattr("hyeoksin.store.adding._CHUNK", draw.choice([1, 2, 500]))
    regions = ["대구광역시 중구", "전라남도 신안군", "서울특별시", None]
    given = [(draw.choice("12"), draw.choice("가나"), draw.choice(regions)) for _ in range(9)]
    rows = [(Document(number, text, region=region), record(regions=[])) for number, text, region in given]
    kept = {(number, text, region) for number, text, region in given if region}
    kept |= {row for row in given if not any(row[:2] == other[:2] for other in kept)}
    with opened("sqlite", tmp_path) as store:
        project = store.create_project("2026 상반기", PLAN, "admin").id
        cut = draw.randrange(9)
        assert store.add_items(project, rows[:cut]) + store.add_items(project, rows[cut:]) == len(kept)
        items = store.items(project, limit=None)
        assert {(i.document.id[0], i.document.text, i.document.region) for i in items} == kept
        exported = [(item.document, record(regions=[])) for item in items]
        assert store.add_items(project, draw.sample(rows, 9)) == store.add_items(project, exported) == 0


def test_more_items_are_assigned_than_a_statement_takes(store: Store) -> None:
    project = round_of(store, 3)
    numbers = [item.id for item in store.items(project.id)]
    assert store.assign([*numbers, *range(1_000, 71_000)], "choi") == 3
    assert store.count(project.id, assigned_to="choi") == 3


def test_claims_and_assignment(store: Store) -> None:
    project = round_of(store, 4)
    first, second, third, fourth = store.items(project.id)
    kim = store.claim_next(project.id, "kim")
    lee = store.claim_next(project.id, "lee")
    assert kim is not None
    assert lee is not None
    assert (kim.id, lee.id) == (first.id, second.id)
    assert store.claim_next(project.id, "kim") == kim  # asked again: the same
    skipped = store.claim_next(project.id, "kim", after=first.id, seconds=-1)
    assert skipped is not None
    assert skipped.id == third.id
    assert store.item(first.id).claimed_by == "kim"
    store.claim_next(project.id, "kim", seconds=-1)  # held, but its time is over
    assert store.item(first.id).claimed_by is None
    store.claim_next(project.id, "park", seconds=-1)  # a claim that has ended
    again = store.claim_next(project.id, "kim")
    assert again is not None
    assert again.id == first.id
    assert store.assign([fourth.id], "choi") == 1
    assert [item.id for item in store.items(project.id, assigned_to="choi")] == [fourth.id]
    assert store.count(project.id, assigned_to="") == 3
    store.decide([first.id, second.id, third.id], "accept", by="kim")
    assert store.claim_next(project.id, "kim") is None
    choi = store.claim_next(project.id, "choi")
    assert choi is not None
    assert choi.id == fourth.id
    store.decide([fourth.id], "undecided", by="choi", note="확인 뒤에")
    assert store.claim_next(project.id, "choi") is None
    put_off = store.claim_next(project.id, "choi", standing="undecided")
    assert put_off is not None
    assert put_off.id == fourth.id


def test_two_coders_get_each_item_once_each(store: Store) -> None:
    project = round_of(store, 2, coders=2)
    first, second = store.items(project.id)
    held = [store.claim_next(project.id, who) for who in ("kim", "lee", "park")]  # two may hold one at once
    assert [item and item.id for item in held] == [first.id, first.id, second.id]
    seen: dict[str, list[int]] = {"kim": [], "lee": [], "park": []}
    for _ in range(3):
        for who, done in seen.items():
            item = store.claim_next(project.id, who)
            if item is not None:
                store.decide([item.id], "accept", by=who)
                done.append(item.id)
    assert sorted(number for done in seen.values() for number in done) == sorted(
        [item.id for item in store.items(project.id)] * 2
    )
    assert all(len(done) == len(set(done)) for done in seen.values())
    assert store.count(project.id, decided=True) == 2
    assert store.count(project.id, undecided_by="kim") == 2 - len(seen["kim"])


def test_what_its_coder_has_answered_waits_for_any_second_one(store: Store) -> None:
    project = round_of(store, 2, coders=2)
    first, second = store.items(project.id)
    store.assign([first.id], "kim")
    store.assign([second.id], "lee")
    own = store.claim_next(project.id, "kim")
    assert (own and own.id, store.claim_next(project.id, "park")) == (first.id, None)
    store.decide([first.id], "accept", by="kim")
    assert store.claim_next(project.id, "kim") is None  # the other's, who has not answered
    waits = store.claim_next(project.id, "lee", after=second.id)
    assert waits is not None
    assert waits.id == first.id
    assert store.claim_next(project.id, "park") is None  # held by the second
    store.decide([first.id], "accept", by="lee")
    assert store.claim_next(project.id, "park") is None


@pytest.mark.parametrize("order", ["queue", "doubt", "id", "recent", "title"])
def test_neighbours_are_those_of_the_list_in_any_order(store: Store, order: Order) -> None:
    project = round_of(store, 12)
    numbers = [item.id for item in store.items(project.id, order="id")]
    store.set_queue(project.id, [numbers[7], numbers[2]])
    store.decide([numbers[4]], "accept", by="kim")
    store.decide([numbers[9]], "accept", by="kim")
    for decided in (None, False):
        listed = [item.id for item in store.items(project.id, order=order, limit=None, decided=decided)]
        pairs = zip([None, *listed], [*listed[1:], None], strict=False)
        assert [store.neighbours(number, order=order, decided=decided) for number in listed] == list(pairs)
    every = [item.id for item in store.items(project.id, order=order, limit=None)]
    gone = every.index(numbers[4])
    before = [n for n in every[:gone] if n != numbers[9]]
    after = [n for n in every[gone + 1 :] if n != numbers[9]]
    assert store.neighbours(numbers[4], order=order, decided=False) == (
        (before or [None])[-1],
        (after or [None])[0],
    )


def test_the_next_is_the_first_of_the_order_asked_for(store: Store) -> None:
    project = round_of(store, 5)
    last = store.items(project.id, order="id")[-1]
    store.set_queue(project.id, [last.id])
    first = store.claim_next(project.id, "kim", order="id")
    assert first is not None
    assert first.id == store.items(project.id, order="id")[0].id
    store.claim_next(project.id, "kim", seconds=-1, order="id")
    queued = store.claim_next(project.id, "kim")
    assert queued is not None
    assert queued.id == last.id


def test_a_region_that_is_given_later_is_filled_in(store: Store) -> None:
    project = store.create_project("1", PLAN, "kim").id
    assert store.add_items(project, [(document(1), record())]) == 1
    assert store.add_items(project, [(document(1, region="전라남도 신안군"), record())]) == 0
    (item,) = store.items(project)
    assert (item.document.id, item.document.region, item.region) == (
        "1",
        "전라남도 신안군",
        "전라남도 신안군",
    )
    assert store.add_items(project, [(document(1, region="강릉시"), record())]) == 1
    mixed = [(document(2, region=place), record()) for place in (None, "전라남도 신안군", "강릉시")]
    assert store.add_items(project, mixed) == 2


def test_a_file_given_again_as_another_kind_changes_it_where_it_is_told(store: Store) -> None:
    project = round_of(store, 3).id
    first = store.items(project, order="id")[0]
    store.decide([first.id], "none", by="kim")
    rows = [(document(n), record()) for n in range(4)]
    assert store.add_items(project, rows[:3], kind="proposal") == 0
    assert store.counts(project, "kind") == {"task": 3}
    rekinded: list[str] = []
    assert store.add_items(project, rows, kind="proposal", rekinded=rekinded) == 1
    assert rekinded == ["0", "1", "2"]
    assert store.counts(project, "kind") == {"proposal": 4}
    assert store.add_items(project, rows, kind="proposal", rekinded=rekinded) == 0
    assert len(rekinded) == 3
    assert store.verify().sound


def test_a_corrected_text_is_known_by_its_number_and_letters(store: Store) -> None:
    project = round_of(store, 3).id
    others = [
        replace(document(0), text="0번 마을의 이동 진료버스를 두 대 운영한다."),
        Document("1", "회의록을 누리집에 올린다.", "회의록 공개"),  # another office's
        replace(document(2), text="2번 마을의 이동 진료버스를 두 대 운영한다.", region="부산광역시 남구"),
    ]
    assert store.add_items(project, [(one, record()) for one in others]) == 3
    ids = [item.id for item in store.items(project, order="id")]
    assert store.revised(project) == store.revised(project, {"0", "2"}) == {"0": [ids[0], ids[3]]}
    assert store.revised(project, {"1", "2"}) == {}


def test_long_names_are_kept_apart(store: Store) -> None:
    project = store.create_project("1", PLAN, "kim").id
    rows = [(replace(document(1, region=f"{'가' * 480}{n}"), id="번호" * 200), record()) for n in range(3)]
    assert store.add_items(project, rows) == 3
