"""Rounds with two coders: who sees what, what they differ about, and who settles it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from desk_cases import LEAVES, Desk, Office, documents, titles, words
from hyeoksin.web.coverage import counted
from hyeoksin.web.desk.agreement import codings
from hyeoksin.web.desk.export import entries
from hyeoksin.web.desk.filters import QueueFilters
from hyeoksin.web.desk.hours import waiting
from web_client import field


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("pairs"))
    yield made
    made.store.close()


@pytest.fixture
def pair(office: Office) -> Desk:
    """A round with two coders: ``officer`` and ``second``."""
    return office.open(n=4, coders=2)


def test_all_that_the_list_shows_is_assigned_and_no_more(pair: Desk) -> None:
    pair.decide(pair.items[0], "accept")
    assert "거른 3건 모두" in words(pair.browser().get(f"{pair.path}/queue").text)
    pair.browser().post(f"{pair.path}/assign", {"to": "second", "whole": "1"})
    assert [i.assigned_to for i in pair.items] == [None, "second", "second", "second"]


def test_each_goes_on_with_what_the_other_was_given_and_has_answered(office: Office) -> None:
    pair = office.open(rows=documents(5)[1:], coders=2)
    for name, given in (("officer", pair.items[:2]), ("second", pair.items[2:])):
        form = {"to": name, "items": [item.id for item in given]}
        pair.browser().post(f"{pair.path}/assign", form)

    def work(name: str) -> tuple[int, str]:
        place, done = pair.browser(name).post(f"{pair.path}/next").headers["location"], 0
        while place.startswith("/items/"):
            item = pair.store.item(int(re.findall(r"/items/(\d+)", place)[0]))
            place, done = pair.decide(item, "accept", name).headers["location"], done + 1
        return done, words(pair.browser(name).get(place).text)

    for name, done, told in (
        ("officer", 2, "남은 2건은 다른 사람이 맡았거나 보고 있습니다."),
        ("second", 4, "이 목록에서 정할 것을 다 보았습니다."),
        ("officer", 2, "이 목록에서 정할 것을 다 보았습니다."),
    ):
        n_done, page = work(name)
        assert (n_done, told in page) == (done, True)
    assert {item.standing for item in pair.items} == {"decided"}


@pytest.mark.parametrize(("name", "linked"), [("officer", False), ("reviewer", True)])
def test_the_agreement_is_linked_for_those_who_may_see_it(pair: Desk, name: str, linked: bool) -> None:
    for path in (pair.path, f"{pair.path}/queue"):
        assert (f'href="{pair.path}/agreement"' in pair.browser(name).get(path).text) == linked


def test_the_dial_plans_what_waits_for_the_one_who_asks(pair: Desk) -> None:
    for item in pair.items[:3]:
        pair.decide(item, "accept")

    def seen(name: str) -> list[str]:
        page = words(pair.browser(name).get(f"{pair.path}/hours").text)
        return re.findall(r"사람이 봄\s*(\d+)\s*건", page)

    assert (seen("officer"), seen("second")) == (["1"], ["4"])
    pair.browser().post(f"{pair.path}/hours", {"hours": "1"})
    page = pair.browser().get(f"{pair.path}/queue").text
    assert "볼 것은 처음 1건입니다" in page
    assert len(titles(page)) == 1
    pair.decide(pair.items[3], "accept")
    assert "지금 정할 것이 없습니다" in pair.browser().get(f"{pair.path}/hours").text
    assert pair.browser().post(f"{pair.path}/hours", {"hours": "1"}).status_code == 303


def test_coders_do_not_see_each_other_until_both_have_spoken(pair: Desk) -> None:
    item = pair.items[0]
    pair.decide(item, "pick:5-1", "officer", note="비밀 메모")
    browser = pair.browser("second")
    page = browser.get(f"/items/{item.id}").text
    assert "비밀 메모" not in page
    assert "5-1</b> · officer" not in page
    pair.decide(pair.store.item(item.id), "accept", "second")
    assert pair.store.item(item.id).standing == "disputed"
    page = browser.get(f"/items/{item.id}").text
    assert "비밀 메모" in page
    assert 'name="action"' not in page  # the reviewer's turn
    assert "두 사람이 정한 글입니다" in page
    assert 'name="action"' in pair.browser("reviewer").get(f"/items/{item.id}").text


def test_what_people_differ_about_or_put_off_stands_nowhere_by_itself(office: Office) -> None:
    sure = {"status": "settled"}
    rows = [(d, r | (sure if r["path"] else {"status": "off_plan"})) for d, r in documents(4)]
    pair = office.open(rows=rows, coders=2)
    disputed, half, put_off, untouched = pair.items
    pair.decide(disputed, "pick:9-1", "officer")
    pair.decide(pair.store.item(disputed.id), "none", "second")
    pair.decide(half, "none", "officer")
    pair.decide(put_off, "undecided", "officer", note="물어볼 것")
    found = {
        e.document.id: e
        for e in entries(pair.store, pair.project.id, QueueFilters(standing="any"), False, True)
    }
    told = [(found[i.document.id].outcome, found[i.document.id].code) for i in pair.items]
    assert told == [("갈림", None), ("미결", None), ("미결", None), ("자동 확정", "9-1")]
    page = words(pair.browser().get(f"{pair.path}/export").text)
    assert "4건 있습니다. 이렇게 적힙니다: 자동 확정 1건, 갈림 1건, 미결 2건." in page
    assert [case.held for case in waiting(pair.store.cases(pair.project.id))] == [True, True, True, False]
    numbers = counted(pair.store, pair.project.id, "answer")
    assert (numbers["settled"], numbers["review"].total()) == ({"9-1": 1}, 3)
    assert untouched.document.id in found


def test_a_coder_finds_again_what_he_put_off(pair: Desk) -> None:
    first, second, *_ = pair.items
    pair.decide(first, "undecided", "officer", note="담당에게 물어볼 것")
    pair.decide(second, "accept", "officer")
    assert len(titles(pair.browser().get(f"{pair.path}/queue?standing=undecided").text)) == 1
    assert len(titles(pair.browser("second").get(f"{pair.path}/queue?standing=undecided").text)) == 0
    pair.decide(pair.store.item(first.id), "accept", "second")
    assert len(titles(pair.browser().get(f"{pair.path}/queue?standing=undecided").text)) == 1


def test_the_next_of_what_was_put_off_is_one_of_the_list(pair: Desk) -> None:
    first, second, both, settled = pair.items
    for item in pair.items:
        pair.decide(item, "undecided", "officer", note="물어볼 것")
    pair.decide(pair.store.item(second.id), "accept", "second")
    pair.decide(pair.store.item(both.id), "undecided", "second", note="물어볼 것")
    for name in ("second", "admin"):
        pair.decide(pair.store.item(settled.id), "accept", name)
    seen = []
    for item in (first, second, both):
        page = pair.browser().post(f"{pair.path}/next", {"queue": "standing=undecided"}).headers["location"]
        assert page.startswith(f"/items/{item.id}?")
        seen.append(pair.decide(pair.store.item(item.id), "none", queue="standing=undecided"))
    assert "end=1" in seen[-1].headers["location"]
    pair.decide(pair.store.item(first.id), "undecided", "second", note="물어볼 것")
    page = pair.browser().get(f"{pair.path}/queue?standing=undecided").text
    n_listed = len(titles(page))
    assert f"보류 ({n_listed})" in words(page)
    end = pair.browser().post(f"{pair.path}/next", {"queue": "standing=undecided"}).headers["location"]
    assert "end=1" in end  # the officer has answered: it waits for the other one


def test_a_reviewer_settles_what_two_coders_disagree_about(pair: Desk) -> None:
    for k, item in enumerate(pair.items):
        pair.decide(item, "accept", "officer")
        pair.decide(pair.store.item(item.id), "accept" if k else "pick:5-1", "second")
    item = pair.store.item(pair.items[0].id)
    page = words(pair.browser("reviewer").get(f"{pair.path}/agreement").text)
    assert "두 사람이 모두 정한 4건" in page
    assert "75%" in page
    assert pair.browser("officer").get(f"{pair.path}/agreement").status_code == 403
    assert pair.decide(item, "accept", "second", final="1").status_code == 403
    assert 'name="final" value="1"' in pair.browser("reviewer").get(f"/items/{item.id}").text
    assert pair.decide(item, "pick:5-1", "reviewer", final="1", queue="standing=disputed").status_code == 303
    settled = pair.store.item(item.id)
    assert (settled.standing, settled.answer) == ("decided", "5-1")
    page = pair.browser("reviewer").get(f"/items/{item.id}").text
    assert re.findall(r'data-key="Digit([789])"', page) == ["7", "8"]
    assert LEAVES[0] == "3-2"


def test_no_coder_settles_a_dispute_alone(pair: Desk) -> None:
    item = pair.items[0]
    pair.decide(item, "pick:5-1", "officer")
    done = pair.decide(pair.store.item(item.id), "accept", "second").headers["location"]
    assert "/undo" not in pair.browser("second").get(done).text
    assert "/undo" not in pair.browser("second").get(f"/items/{item.id}").text
    refused = pair.decide(pair.store.item(item.id), "pick:5-1", "second")
    assert (refused.status_code, "이미 두 사람이 정했습니다" in refused.text) == (409, True)
    assert pair.browser("second").post(f"/items/{item.id}/undo", {"key": "back"}).status_code == 409
    assert pair.store.item(item.id).standing == "disputed"
    assert [row.code for row in pair.store.coding(pair.project.id)] == ["5-1", "3-2"]


def test_a_reviewer_who_coded_or_put_off_settles_too(pair: Desk) -> None:
    first, second = pair.items[:2]
    for item in (first, second):
        pair.decide(item, "pick:5-1", "reviewer")
        pair.decide(pair.store.item(item.id), "pick:5-1", "second")
    pair.decide(pair.store.item(second.id), "undecided", "reviewer", final="1", note="물어볼 것")
    for item in (first, second):
        assert 'name="final" value="1"' in pair.browser("reviewer").get(f"/items/{item.id}").text


def test_what_two_coders_agree_on_is_changed_by_a_reviewer_alone(pair: Desk) -> None:
    item = pair.items[0]
    for name in ("officer", "second"):
        pair.decide(pair.store.item(item.id), "accept", name)
    agreed = pair.store.item(item.id)
    page = pair.browser("reviewer").get(f"/items/{item.id}").text
    assert 'name="final" value="1"' in page
    assert 'data-key="Enter"' not in page
    refused = pair.decide(agreed, "none", "reviewer")
    assert (refused.status_code, "이미 두 사람이 정했습니다" in refused.text) == (409, True)
    assert pair.store.item(item.id).standing == "decided"
    assert pair.decide(agreed, "pick:5-1", "reviewer", final="1").status_code == 303
    assert pair.store.item(item.id).answer == "5-1"


def test_duplicates_that_two_coders_have_coded_stay_out_of_a_group_decision(office: Office) -> None:
    rows = [(d, r | {"duplicate_group": "g"}) for d, r in documents(2)]
    pair = office.open(rows=rows, coders=2)
    first, second = pair.items
    for name in ("officer", "second"):
        pair.decide(pair.store.item(second.id), "accept", name)
    versions = f"{second.id}:{pair.store.item(second.id).version}"
    assert pair.decide(first, "none", "admin", together="1", versions=versions).status_code == 303
    assert pair.store.item(first.id).standing == "half"
    assert pair.store.item(second.id).standing == "decided"


def test_a_reviewer_settles_disputed_duplicates_at_once(office: Office) -> None:
    rows = [(d, r | {"duplicate_group": "g"}) for d, r in documents(2)]
    pair = office.open(rows=rows, coders=2)
    for item in pair.items:
        pair.decide(item, "accept", "officer")
        pair.decide(pair.store.item(item.id), "none", "second")
    first, second = pair.items
    pair.decide(
        first, "pick:7-1", "reviewer", final="1", together="1", versions=f"{second.id}:{second.version}"
    )
    assert [item.answer for item in pair.items] == ["7-1", "7-1"]


def test_what_was_put_off_is_no_answer_to_agree_with(pair: Desk) -> None:
    item = pair.items[0]
    pair.decide(item, "undecided", "officer", note="물어볼 것")
    pair.decide(pair.store.item(item.id), "accept", "second")
    assert [(one.coder, one.code) for one in codings(pair.store.coding(pair.project.id))] == [
        ("second", "3-2")
    ]


def test_the_other_texts_of_a_round_with_two_coders_teach_nobody(office: Office) -> None:
    pair = office.open(n=7, coders=2)
    first, *_, like = pair.items
    for name in ("officer", "second"):
        pair.decide(pair.store.item(first.id), "pick:7-1", name)
    filler = office.app.state.filler
    while filler.work():
        pass
    tokens = next(filler.tokens([like.document.body]))
    assert first.id in [hit.item.id for hit in pair.store.nearest_decided(like.id, tokens, filler.tokens)]
    assert f'"/items/{first.id}"' not in pair.browser().get(f"/items/{like.id}/near").text


def test_the_reviewer_goes_through_the_disputed_ones_with_both_answers_at_hand(pair: Desk) -> None:
    for item in pair.items[:2]:
        pair.decide(item, "accept", "officer")
        pair.decide(pair.store.item(item.id), "pick:9-1", "second", note="데이터가 핵심")
    browser = pair.browser("reviewer")
    first = browser.post(f"{pair.path}/next", {"queue": "standing=disputed"}).headers["location"]
    page = browser.get(first).text
    assert 'value="answer::9-1" data-key="Digit8"' in page
    assert "데이터가 핵심" in page
    item = pair.store.item(int(re.findall(r"/items/(\d+)", first)[0]))
    second = pair.decide(item, "pick:9-1", "reviewer", final="1", queue="standing=disputed").headers[
        "location"
    ]
    assert second.partition("?")[0] != first.partition("?")[0]
    assert f'action="/items/{item.id}/undo"' in browser.get(second).text
    other = pair.store.item(int(re.findall(r"/items/(\d+)", second)[0]))
    end = pair.decide(other, "none", "reviewer", final="1", queue="standing=disputed").headers["location"]
    assert end.startswith(f"{pair.path}/queue")
    undone = browser.post(f"/items/{other.id}/undo", {"key": "final", "final": "1"})
    assert undone.status_code == 303
    assert pair.store.item(other.id).standing == "disputed"


def button(page: str, key: str) -> str:
    """Return what the button of a key sends."""
    return re.findall(rf'value="([^"]*)" data-key="{key}"', page)[0]


@pytest.mark.parametrize(
    ("key", "chosen", "agency"),
    [("Digit7", "", "moe"), ("Digit8", "", "me"), ("Digit8", "mohw", "mohw")],
)
def test_to_take_an_answer_takes_its_agency_too(pair: Desk, key: str, chosen: str, agency: str) -> None:
    item = pair.items[0]
    pair.decide(item, "accept", "officer", agency="moe")
    pair.decide(pair.store.item(item.id), "accept", "second", agency="me")
    item = pair.store.item(item.id)
    assert item.standing == "disputed"
    page = pair.browser("reviewer").get(f"/items/{item.id}").text
    pair.decide(item, button(page, key), "reviewer", final="1", agency=chosen, agency_shown="")
    settled = pair.store.item(item.id).decision
    assert settled is not None
    assert (settled.action, settled.code, settled.agency) == ("accept", "3-2", agency)


def test_the_agency_that_stands_in_the_form_anyway_does_not_go_before_an_answer(pair: Desk) -> None:
    item = pair.items[0]
    pair.decide(item, "pick:5-1", "reviewer", agency="moe")
    pair.decide(pair.store.item(item.id), "none", "second")
    page = pair.browser("reviewer").get(f"/items/{item.id}").text
    form = {"agency": "moe", "agency_shown": field(page, "agency_shown")}
    pair.decide(pair.store.item(item.id), button(page, "Digit8"), "reviewer", final="1", **form)
    settled = pair.store.item(item.id).decision
    assert settled is not None
    assert (settled.action, settled.agency) == ("none", None)


def test_a_note_outlives_a_refused_decision(office: Office, pair: Desk) -> None:
    item = pair.items[0]
    for name in ("officer", "second"):
        pair.decide(pair.store.item(item.id), "accept", name)
    refused = pair.decide(pair.store.item(item.id), "pick:5-1", "admin", note="셋째의 메모")
    assert refused.status_code == 409
    assert "이미 두 사람이 정했습니다" in refused.text
    assert "셋째의 메모</textarea>" in refused.text
    desk = office.open(n=1)
    desk.store.close_project(desk.project.id)
    refused = desk.decide(desk.items[0], "accept", note="닫힌 뒤의 메모")
    assert refused.status_code == 409
    assert "마감되었습니다" in refused.text
    assert 'id="decide"' not in refused.text
    assert "readonly>닫힌 뒤의 메모</textarea>" in refused.text
