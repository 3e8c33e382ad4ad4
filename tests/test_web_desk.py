"""The desk: queue, one document, decisions; what is saved, what is refused, what the next page shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from desk_cases import Desk, Office, documents, record, titles, words
from hyeoksin.agency import load_agencies
from hyeoksin.domain import Document
from hyeoksin.errors import StoreBusyError


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("desk"))
    yield made
    made.store.close()


@pytest.fixture
def desk(office: Office) -> Desk:
    return office.open()


def test_the_queue_lists_the_least_sure_first(desk: Desk) -> None:
    page = desk.browser().get(f"{desk.path}/queue").text
    found = [int(n) for n in re.findall(r'href="/items/(\d+)\?', page)]
    doubts = {item.id: 1 - item.probability for item in desk.items}
    assert len(found) == 12
    assert [doubts[n] for n in found] == sorted(doubts.values(), reverse=True)


@pytest.mark.parametrize(
    ("query", "n"),
    [("node=3", 2), ("node=-", 2), ("region=대구광역시", 8), ("region=대구광역시+동구", 4), ("status=off_plan", 2), ("kind=press", 0),
     ("agency=mohw", 12), ("low=75", 7), ("high=70&low=60", 4), ("assigned=-", 12), ("assigned=officer", 0),
     ("standing=decided", 0), ("standing=any", 12)],
)  # fmt: skip
def test_filters_narrow_the_queue(desk: Desk, query: str, n: int) -> None:
    answer = desk.browser().get(f"{desk.path}/queue?{query}")
    assert answer.status_code == 200
    assert len(titles(answer.text)) == n


def test_the_queue_is_paged(office: Office) -> None:
    desk = office.open(n=120)
    pages = [desk.browser().get(f"{desk.path}/queue?page={n}").text for n in (1, 2, 3, 99)]
    assert [len(titles(page)) for page in pages] == [50, 50, 20, 20]
    assert "101–120" in words(pages[2])


def test_a_long_title_is_shortened_by_the_style_alone(office: Office) -> None:
    long = "아주 긴 제목 " * 60
    rows = [(Document(f"글-{k}", title=title), record(k)) for k, title in enumerate((long, "짧은 제목"))]
    desk = office.open(rows=rows)
    for name in ("queue", "hours"):
        page = desk.browser().get(f"{desk.path}/{name}").text
        assert re.findall(r'class="clamped" title="([^"]*)"', page) == [long]


def test_a_filter_that_means_nothing_is_told_in_korean(desk: Desk) -> None:
    answer = desk.browser().get(f"{desk.path}/queue?low=가")
    assert answer.status_code == 400
    assert "0에서 100 사이의 수" in answer.text


def test_the_document_shows_text_reasons_and_choices(desk: Desk) -> None:
    page = desk.browser().get(f"/items/{desk.items[0].id}").text
    shown = words(page)
    assert '<mark class="e3">이동</mark>' in page or '<mark class="e3">이</mark>' in page
    for part in (
        "S1",
        "3-2",
        "현장중심 서비스 확대",
        "보건복지부",
        "본문 모형 0.60",
        "2024",
        "K2",
        "이 말은 다른 쪽",
        "과제.xlsx#row=0",
    ):
        assert part in shown
    assert "010-1234" not in page
    assert "***-****-****" in page


def test_the_document_says_how_much_of_a_long_text_was_read(office: Office) -> None:
    rows = [(Document(str(k), "가" * n, "제목"), record(k, id=str(k))) for k, n in enumerate((697, 698))]
    desk = office.open(rows=rows)
    short, long = (words(desk.browser().get(f"/items/{item.id}").text) for item in desk.items)
    assert "까지만 읽었습니다" not in short
    assert "앞 700자까지만 읽었습니다 (모두 701자)" in long


def test_a_desk_without_a_clause_sets_the_leaf_beside_its_rival(office: Office) -> None:
    end = [{"code": "S1", "title": "", "probability": 0.9}]
    row = record(1, clause=None, path=end)
    desk = office.open(rows=[(Document("가", "글", "제목"), row)])
    assert "후보 3-2" in words(desk.browser().get(f"/items/{desk.items[0].id}").text)


def test_a_hostile_text_stays_text(office: Office) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    row = record(1, evidence=[{"start": 3, "end": 12, "text": "", "weight": 1.0}], id=bad, source=bad, notes=[bad],
                 rival={"code": "3-1", "title": bad, "probability": 0.1, "why": [bad]})  # fmt: skip
    desk = office.open(rows=[(Document(bad, bad, bad, bad, region=bad, meta={bad: bad}), row)])
    number = desk.items[0].id
    desk.decide(desk.items[0], "undecided", note=bad)
    for path in (
        f"/items/{number}",
        f"{desk.path}/queue?standing=any",
        f"{desk.path}/hours",
        f"{desk.path}/export",
        f"/items/{number}?done={number}",
    ):
        page = desk.browser().get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page


@pytest.mark.parametrize(
    ("action", "fields", "saved"),
    [("accept", {}, ("accept", "3-2")), ("pick:5-1", {}, ("pick", "5-1")), ("pick:3-2", {}, ("accept", "3-2")),
     ("pick", {"typed": "청렴 공직윤리 강화"}, None), ("pick", {"typed": "7-1 공직윤리"}, ("pick", "7-1")), ("pick", {"typed": "S1"}, ("pick", "S1")),
     ("typed", {"typed": "5-3"}, ("pick", "5-3")), ("none", {}, ("none", None)), ("undecided", {"note": "문의 중"}, ("undecided", None)),
     ("undecided", {}, None), ("typed", {}, None), ("accept", {"typed": "5-3"}, None), ("drop", {}, None), ("pick:없음", {}, None)],
)  # fmt: skip
def test_a_decision_is_saved_or_refused_with_what_was_typed(
    desk: Desk, action: str, fields: dict[str, str], saved: tuple[str, str | None] | None
) -> None:
    item = desk.items[0]
    answer = desk.decide(item, action, **{"note": "메모", **fields} if action != "undecided" else fields)
    rows = desk.store.history(item.id)
    if saved is None:
        assert answer.status_code in (409, 422)
        assert not rows
        if answer.status_code == 422:
            assert 'role="alert"' in answer.text
        if answer.status_code == 422 and "typed" in fields:
            assert f'value="{fields["typed"]}"' in answer.text
        return
    assert answer.status_code == 303
    assert [(row.action, row.code, row.by) for row in rows] == [(*saved, "officer")]


def test_after_a_decision_the_next_of_the_queue_opens_and_can_be_undone(desk: Desk) -> None:
    browser = desk.browser()
    opened = browser.post(f"{desk.path}/next", {"queue": "region=대구광역시"}).headers["location"]
    first = int(re.findall(r"/items/(\d+)", opened)[0])
    item = desk.store.item(first)
    answer = desk.decide(item, "accept", queue="region=대구광역시")
    second = answer.headers["location"]
    assert second != opened
    following = desk.store.item(int(re.findall(r"/items/(\d+)", second)[0]))
    assert following.region.startswith("대구광역시")
    assert following.claimed_by == "officer"
    page = browser.get(second).text
    assert "저장했습니다" in page
    undone = browser.post(f"/items/{first}/undo", {"key": "u1"})
    assert undone.headers["location"].startswith(f"/items/{first}")
    assert desk.store.item(first).standing == "open"
    assert "되돌렸습니다" in browser.get(undone.headers["location"]).text


def test_the_next_document_follows_the_order_of_the_list(desk: Desk) -> None:
    by_title = [item.id for item in desk.store.items(desk.project.id, order="title")]
    opened = desk.browser().post(f"{desk.path}/next", {"queue": "order=title"}).headers["location"]
    assert opened.startswith(f"/items/{by_title[0]}?")
    following = desk.decide(desk.store.item(by_title[0]), "accept", queue="order=title").headers["location"]
    assert following.startswith(f"/items/{by_title[1]}?")


def test_back_and_forth_keep_the_place_among_documents_on_hold(desk: Desk) -> None:
    listed = [item.id for item in desk.store.items(desk.project.id)]
    for number in listed[:5]:
        desk.decide(desk.store.item(number), "undecided", note="문의 중")
    desk.decide(desk.store.item(listed[6]), "accept")
    page = desk.browser().get(f"/items/{listed[7]}?at=1").text
    assert re.findall(r'href="/items/(\d+)[^"]*" rel="(\w+)"', page) == [
        (str(listed[5]), "prev"),
        (str(listed[8]), "next"),
    ]


def test_when_nothing_is_left_the_queue_says_so(desk: Desk) -> None:
    item = next(i for i in desk.items if i.code == "3-2")
    other = next(i for i in desk.items if i.code == "3-2" and i.id != item.id)
    desk.decide(other, "accept", queue="node=3-2")
    end = desk.decide(item, "accept", queue="node=3-2").headers["location"]
    assert end.startswith(f"{desk.path}/queue")
    page = desk.browser().get(end).text
    assert "이 목록에서 정할 것을 다 보았습니다" in page
    assert f'action="/items/{item.id}/undo"' in page
    assert 'data-key="KeyU"' in page


@pytest.mark.parametrize(
    ("n", "query", "said"),
    [(0, "", "파일을 올리세요"), (1, "", "지금 정할 것이 없습니다"), (1, "?low=99", "거르기를 바꾸거나")],
)
def test_an_empty_queue_says_what_to_do(office: Office, n: int, query: str, said: str) -> None:
    desk = office.open(n=n)
    for item in desk.items:
        desk.decide(item, "none")
    page = desk.browser().get(f"{desk.path}/queue{query}").text
    assert said in words(page)
    assert f'action="{desk.path}/next"' not in page


def test_every_page_of_a_round_leads_back_to_it(desk: Desk) -> None:
    for name in ("queue", "search", "hours", "export"):
        assert f'<a href="{desk.path}">' in desk.browser().get(f"{desk.path}/{name}").text


def test_the_queue_says_what_is_left_to_other_people(desk: Desk) -> None:
    item, other = [i for i in desk.items if i.code == "3-2"]
    desk.store.assign([other.id], "admin")
    end = desk.decide(item, "accept", queue="node=3-2").headers["location"]
    page = desk.browser().get(end).text
    assert "남은 1건은 다른 사람이" in page
    assert "이 목록에서 정할 것을 다 보았습니다" not in page


@pytest.mark.parametrize("order", ["queue", "recent"])
def test_deciding_again_goes_on_in_the_list_of_decided_ones(desk: Desk, order: str) -> None:
    for item in desk.items[:3]:
        desk.decide(item, "accept")
    first, second, _ = desk.store.items(desk.project.id, order=order, standing="decided")  # type: ignore[arg-type]
    query = f"standing=decided&order={order}"
    assert (
        desk.browser()
        .post(f"{desk.path}/next", {"queue": query})
        .headers["location"]
        .startswith(f"/items/{first.id}?")
    )
    assert desk.decide(first, "none", queue=query).headers["location"].startswith(f"/items/{second.id}?")


def test_only_what_is_not_decided_is_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hyeoksin.web.desk.queue.pace_of", lambda *_: 30.0)
    desk.decide(desk.items[0], "accept")
    browser = desk.browser()
    assert "이 목록에 0건 남음" in words(browser.get(f"/items/{desk.items[0].id}?standing=decided").text)
    assert "이 목록에 11건 남음" in words(browser.get(f"/items/{desk.items[1].id}?standing=any").text)
    assert "모두 보려면" not in browser.get(f"{desk.path}/queue?standing=decided").text
    assert "이 목록에 남은 11건을 모두 보려면 약 6분" in words(
        browser.get(f"{desk.path}/queue?standing=any").text
    )
    monkeypatch.setattr("hyeoksin.web.desk.queue.pace_of", lambda *_: 2.0)
    assert "이 목록에 남은 2건을 모두 보려면 약 1분" in words(browser.get(f"{desk.path}/queue?node=-").text)


def test_pressing_enter_twice_saves_once(desk: Desk) -> None:
    item = desk.items[0]
    assert desk.decide(item, "accept").status_code == 303
    assert desk.decide(item, "accept").status_code == 303
    assert len(desk.store.history(item.id)) == 1


def test_a_stale_decision_shows_both_answers_and_overwrites_nothing(desk: Desk) -> None:
    item = desk.items[0]
    assert desk.decide(item, "pick:5-1", "reviewer", note="공개가 핵심").status_code == 303
    answer = desk.decide(item, "pick:7-1", note="청렴이 핵심")
    assert answer.status_code == 409
    shown = words(answer.text)
    assert "reviewer 님이 먼저 정했습니다" in shown
    assert "5-1" in shown
    assert "공개가 핵심" in shown
    assert "7-1" in shown
    assert "청렴이 핵심" in answer.text
    assert [row.code for row in desk.store.history(item.id)] == ["5-1"]
    fresh = desk.store.item(item.id)
    assert f'name="version" value="{fresh.version}"' in answer.text
    assert desk.decide(fresh, "pick:7-1").status_code == 303
    assert desk.store.item(item.id).answer == "7-1"


@pytest.mark.parametrize(
    ("action", "typed", "told"),
    [("typed", "7-1", "다른 항목으로 7-1"), ("pick:7-1", "", "다른 항목으로 7-1"), ("none", "", "계획 밖"),
     ("answer:moe:7-1", "", "다른 항목으로 7-1")],
)  # fmt: skip
def test_who_comes_late_reads_what_was_meant(desk: Desk, action: str, typed: str, told: str) -> None:
    item = desk.items[0]
    desk.decide(item, "pick:5-1", "reviewer")
    page = words(desk.decide(item, action, typed=typed).text)
    assert f"내가 하려던 답 (저장 안 됨){told}" in page.replace("(저장 안 됨) ", "(저장 안 됨)")
    form = {"key": "late", "version": item.version}
    page = words(desk.browser("reviewer").post(f"/items/{item.id}/undo", form).text)
    assert "내가 하려던 답 (저장 안 됨)되돌림" in page.replace("(저장 안 됨) ", "(저장 안 됨)")


def test_the_end_of_a_note_is_never_cut(desk: Desk) -> None:
    first, second = desk.items[:2]
    note = "줄\n" * 999 + "끝"
    assert desk.decide(first, "accept", note=note.replace("\n", "\r\n")).status_code == 303
    assert desk.store.item(first.id).decision.note == note  # type: ignore[union-attr]
    answer = desk.decide(second, "accept", note="가" * 2_000 + "끝")
    assert answer.status_code == 422
    assert "메모가 2,001자입니다" in answer.text
    assert "가끝</textarea>" in answer.text
    assert not desk.store.history(second.id)


def test_an_agency_that_is_none_is_refused(desk: Desk) -> None:
    item = desk.items[0]
    answer = desk.decide(item, "accept", agency="zzz-없는기관", note="메모")
    assert answer.status_code == 422
    assert "주관기관 &#39;zzz-없는기관&#39;" in answer.text
    assert "메모</textarea>" in answer.text
    assert not desk.store.history(item.id)
    assert desk.decide(item, "accept", agency="local").status_code == 303


def test_a_form_of_an_earlier_log_in_shows_what_was_typed_and_saves_nothing(desk: Desk) -> None:
    item, browser = desk.items[0], desk.browser()
    form = {"csrf": "old", "action": "pick", "version": item.version, "key": "k", "note": "전의 메모", "typed": "7-1",
            "queue": "order=title"}  # fmt: skip
    answer = browser.http.post(f"/items/{item.id}/decide", data=form)
    assert answer.status_code == 403
    assert "로그인이 바뀌어 저장하지 않았습니다" in answer.text
    assert "전의 메모</textarea>" in answer.text
    assert 'value="7-1"' in answer.text
    assert 'name="queue" value="order=title"' in answer.text
    assert f'name="csrf" value="{browser.token()}"' in answer.text
    assert not desk.store.history(item.id)
    other = browser.http.post(f"{desk.path}/assign", data={"csrf": "old", "to": "officer"})
    assert (other.status_code, "아무것도 저장하지 않았습니다" in other.text) == (403, True)
    assert browser.http.post("/items/999999/decide", data=form).status_code == 404
    newcomer = desk.browser("newcomer").http.post(f"/items/{item.id}/decide", data=form)
    assert (newcomer.status_code, item.document.title in newcomer.text) == (403, False)


def test_a_stale_member_of_a_group_is_named_and_nothing_is_saved(office: Office) -> None:
    rows = [(d, r | {"duplicate_group": "g"}) for d, r in documents(2)]
    desk = office.open(rows=rows)
    first, second = desk.items
    versions = f"{second.id}:{second.version}"
    undecided = desk.decide(second, "undecided", "reviewer", note="문의 중")
    assert undecided.status_code == 303
    answer = desk.decide(first, "pick:7-1", together="1", versions=versions)
    assert answer.status_code == 409
    shown = words(answer.text)
    assert second.document.id in shown
    assert "보류 · reviewer" in shown
    assert "문의 중" in shown
    assert not desk.store.history(first.id)


def test_a_decided_document_is_not_decided_again_by_one_key(desk: Desk) -> None:
    item = desk.items[0]
    desk.decide(item, "accept", "reviewer")
    page = desk.browser().get(f"/items/{item.id}").text
    assert 'data-key="Enter"' not in page
    assert 'data-key="KeyU"' not in page
    assert 'data-ask="다른 사람의 결정입니다' in page
    assert 'data-key="KeyU"' in desk.browser("reviewer").get(f"/items/{item.id}").text


def test_what_was_put_off_is_decided_by_one_key(desk: Desk) -> None:
    item = desk.items[0]
    desk.decide(item, "undecided", note="문의 중")
    assert 'data-key="Enter"' in desk.browser().get(f"/items/{item.id}").text
    queue = words(desk.browser("reviewer").get(f"{desk.path}/queue?standing=undecided").text)
    assert "보류 officer" in queue
    assert "보류 보류" not in queue


def test_a_busy_store_takes_nothing_that_was_typed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    item = desk.items[0]

    def busy(*_: object, **__: object) -> None:
        raise StoreBusyError("다른 프로그램이 저장소를 쓰고 있습니다. 저장되지 않았습니다.")

    with monkeypatch.context() as patched:
        patched.setattr(desk.store, "decide", busy)
        answer = desk.decide(item, "undecided", note="길게 적은 까닭")
    assert answer.status_code == 503
    assert "저장소를 쓰고 있습니다" in answer.text
    assert ">길게 적은 까닭</textarea>" in answer.text
    monkeypatch.setattr(desk.store, "claim_next", busy)
    answer = desk.decide(item, "none")
    assert answer.headers["location"] == f"{desk.path}/queue?done={item.id}"  # saved, whatever comes next
    assert "저장했습니다" in desk.browser().get(answer.headers["location"]).text
    assert desk.browser().post(f"{desk.path}/next", {}).status_code == 503


def test_a_duplicate_group_is_decided_and_undone_at_once(office: Office) -> None:
    rows = [(d, {**r, "duplicate_group": "g" if k < 3 else None}) for k, (d, r) in enumerate(documents(5))]
    desk = office.open(
        rows=[
            (d, {k: v for k, v in r.items() if v is not None or k in ("clause", "rival")}) for d, r in rows
        ],
    )
    first, second, third, *_ = desk.items
    desk.decide(third, "none")
    page = desk.browser().get(f"/items/{first.id}").text
    versions = re.findall(r'name="versions" value="([^"]*)"', page)[0]
    desk.decide(first, "accept", together="1", versions=versions)
    assert [desk.store.item(i.id).standing for i in desk.items] == ["decided"] * 3 + ["open"] * 2
    assert desk.store.item(third.id).decision.action == "none"  # type: ignore[union-attr]
    desk.browser().post(f"/items/{first.id}/undo", {"key": "u"})
    assert [desk.store.item(i.id).standing for i in (first, second, third)] == ["open", "open", "decided"]
    alone = desk.store.item(first.id)
    desk.decide(alone, "accept", versions=versions)
    assert desk.store.item(second.id).standing == "open"


@pytest.mark.parametrize(
    ("at", "said"), [(0, [("accept", "3-2"), ("pick", "3-2")]), (2, [("none", None)] * 2)]
)
def test_a_group_gets_what_the_button_says(
    office: Office, at: int, said: list[tuple[str, str | None]]
) -> None:
    rows = [(d, r | {"duplicate_group": "g"}) for d, r in documents(3)]
    desk = office.open(rows=[rows[at], rows[1]])  # recommended: 3-2 or none of the plan, and 5-1
    first, second = desk.items
    desk.decide(first, "accept", together="1", versions=f"{second.id}:{second.version}")
    assert [(row.action, row.code) for row in desk.store.decisions(desk.project.id)] == said


def test_a_form_from_the_history_saves_nothing_else_unseen(desk: Desk) -> None:
    item = desk.items[0]
    assert desk.decide(item, "pick:5-1", key="form").status_code == 303
    again = desk.decide(item, "pick:9-1", key="form", note="고침")
    assert again.status_code == 409
    assert "이미 다른 것을 저장했습니다" in again.text
    assert "고침</textarea>" in again.text
    assert [row.code for row in desk.store.history(item.id)] == ["5-1"]


def test_a_large_group_is_counted_whole(office: Office) -> None:
    ((document, row),) = documents(1)
    rows = [(replace(document, id=f"과제-{k}"), row | {"duplicate_group": "g"}) for k in range(1_120)]
    desk = office.open(rows=rows)
    numbers = [case.id for case in desk.store.cases(desk.project.id)]
    desk.store.decide(numbers, "accept", by="officer")
    for number in (numbers[0], numbers[700], numbers[-1]):
        assert "(묶음 1120건)" in words(desk.browser().get(f"{desk.path}/queue?done={number}").text)


@pytest.mark.parametrize(("agency", "other"), [("mospa", "mogaha"), ("mogaha", "mospa")])
def test_an_agency_that_is_no_choice_on_that_day_stays_where_it_stands(
    desk: Desk, agency: str, other: str
) -> None:
    item = desk.items[1]
    path = f"/items/{item.id}"
    assert f'<option value="{agency}"' not in desk.browser().get(path).text
    desk.store.decide([item.id], "accept", by="officer", agency=agency)
    page = desk.browser().get(path).text
    name = load_agencies().name_of(agency)
    assert re.findall(r'<option value="([^"]+)" selected>([^<]+)</option>', page) == [(agency, name)]
    stale = desk.decide(item, "accept", agency=other)
    assert (stale.status_code, f'<option value="{other}" selected>' in stale.text) == (409, True)


def test_the_agency_can_be_changed(desk: Desk) -> None:
    item = desk.items[0]
    desk.decide(item, "accept", agency="moe")
    assert desk.store.item(item.id).decision.agency == "moe"  # type: ignore[union-attr]
    assert "교육부" in words(desk.browser().get(f"{desk.path}/queue?standing=decided").text)


def test_a_viewer_may_look_and_not_touch(desk: Desk) -> None:
    item = desk.items[0]
    page = desk.browser("viewer").get(f"/items/{item.id}").text
    assert 'name="action"' not in page
    assert desk.decide(item, "accept", "viewer").status_code == 403
    assert desk.browser("viewer").post(f"{desk.path}/assign", {"to": "viewer"}).status_code == 403
    assert not desk.store.history(item.id)


def test_documents_are_assigned_and_claims_keep_people_apart(desk: Desk) -> None:
    mine = [i.id for i in desk.items[:4]]
    answer = desk.browser().post(f"{desk.path}/assign", {"to": "admin", "items": mine})
    assert answer.status_code == 303
    assert [i.assigned_to for i in desk.items[:5]] == ["admin"] * 4 + [None]
    opened = {
        name: desk.browser(name).post(f"{desk.path}/next").headers["location"]
        for name in ("officer", "reviewer", "admin")
    }
    numbers = {name: int(re.findall(r"/items/(\d+)", path)[0]) for name, path in opened.items()}
    assert len(set(numbers.values())) == 3
    assert numbers["officer"] not in mine
    desk.browser().post(f"{desk.path}/assign", {"to": "*", "whole": "1"})
    shares = Counter(i.assigned_to for i in desk.items)
    assert set(shares) == {"officer", "second", "reviewer", "admin", "newcomer"}
    assert max(shares.values()) - min(shares.values()) == 1
    assert desk.browser().post(f"{desk.path}/assign", {"to": "누구", "whole": "1"}).status_code == 422


def test_what_a_locked_person_was_to_do_is_found_and_given_to_others(desk: Desk) -> None:
    desk.browser().post(f"{desk.path}/assign", {"to": "second", "whole": "1"})
    assert desk.store.claim_next(desk.project.id, "officer") is None
    desk.store.change_user("second", active=False)
    page = desk.browser().get(f"{desk.path}/queue?assigned=second").text
    assert "<option selected>second</option>" in page
    assert desk.store.claim_next(desk.project.id, "officer") is not None


def test_the_queue_of_a_closed_round_stays_as_it_is(desk: Desk) -> None:
    assert "맡기기" in desk.browser().get(f"{desk.path}/queue").text
    desk.store.close_project(desk.project.id)
    before = [(item.id, item.assigned_to) for item in desk.store.items(desk.project.id)]
    page = desk.browser().get(f"{desk.path}/queue").text
    assert "맡기기" not in page
    assert 'name="items"' not in page
    for path, form in (("assign", {"to": "officer", "whole": "1"}), ("hours", {"hours": "1"})):
        answer = desk.browser().post(f"{desk.path}/{path}", form)
        assert (answer.status_code, "닫힌 차수입니다" in answer.text) == (409, True)
    assert [(item.id, item.assigned_to) for item in desk.store.items(desk.project.id)] == before


def test_the_desk_speaks_english_too(office: Office) -> None:
    desk = office.open(n=2)
    browser = desk.browser("admin")
    browser.get("/language/en")
    pages = [
        browser.get(path).text
        for path in (f"{desk.path}/queue", f"/items/{desk.items[0].id}", f"{desk.path}/hours?hours=1.5h")
    ]
    browser.get("/language/ko")
    assert "Open the next" in pages[0]
    assert "As recommended: 3-2" in pages[1]
    assert "Within 1 h 30 min" in pages[2]


def test_the_agreement_page_belongs_to_rounds_with_two_coders(desk: Desk) -> None:
    assert desk.browser("reviewer").get(f"{desk.path}/agreement").status_code == 404
