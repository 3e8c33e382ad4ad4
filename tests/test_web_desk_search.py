"""Search by morphemes, the nearest decided cases, the hours dial and export, over the pages."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import openpyxl
import pytest

from desk_cases import Desk, Office, documents, record, words
from hyeoksin.domain import UNTRAINED, Document
from hyeoksin.morphemes import Tokenizer
from hyeoksin.triage import Judged
from hyeoksin.web.desk import export, hours
from hyeoksin.web.desk.hours import judged, waiting
from hyeoksin.web.filler import Filler
from web_client import Browser

TEXTS = ("어르신 댁으로 찾아가는 이동 진료버스를 늘립니다.", "마을버스의 노선을 데이터로 다시 짭니다.", "구청 회의록을 누리집에 공개합니다.",
         "찾아가는 진료버스가 어르신 댁으로 갑니다.", "꽃 축제를 엽니다. 연락처 010-1234-5678")  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("desk"))
    made.app.state.filler.tokenizer = tokenizer
    yield made
    made.app.state.filler.halt()
    made.app.state.filler.join()
    made.store.close()


def filled(office: Office) -> None:
    """Do what the filler's thread does."""
    while office.app.state.filler.work():
        pass


@pytest.fixture(scope="module")
def desk(office: Office) -> Desk:
    rows = [
        (Document(f"글-{k}", text, f"글 {k}", region="대구광역시 중구"), record(k, "3-2" if k != 4 else None))
        for k, text in enumerate(TEXTS)
    ]
    made = office.open(rows=rows)
    filled(office)
    return made


def found(page: str) -> set[str]:
    return set(re.findall(r"글 \d", words(page)))


@pytest.mark.parametrize(
    ("asked", "titles"),
    [("버스", {"글 0", "글 1", "글 3"}), ("버스를", {"글 0", "글 1", "글 3"}), ("진료버스 어르신", {"글 0", "글 3"}),
     ("\u1107\u1165\u1109\u1173", {"글 0", "글 1", "글 3"}), ("공개", {"글 2"}), ("잠수함", set())],
)  # fmt: skip
def test_words_are_found_whatever_their_endings_and_form(desk: Desk, asked: str, titles: set[str]) -> None:
    answer = desk.browser().get(f"{desk.path}/search", params={"q": asked})
    assert answer.status_code == 200
    assert found(answer.text) == titles


def test_a_word_inside_another_is_found_and_hidden_data_is_not(office: Office) -> None:
    texts = ("시내버스를 새로 운영한다", "버스를 늘린다", "나눔터를 연다", "서로 나누는 마을", "재능나눔을 한다",
             "문의 010-1234-5678, gildong@example.go.kr AIoT")  # fmt: skip
    rows = [
        (Document(f"글-{k}", text, f"글 {k}", region="대구광역시 중구"), record(k))
        for k, text in enumerate(texts)
    ]
    desk = office.open(rows=rows)
    filled(office)

    def listed(asked: str) -> list[str]:
        page = desk.browser().get(f"{desk.path}/search", params={"q": asked}).text
        return re.findall(r"글 \d", words(page.partition('class="hits"')[2]))

    assert listed("버스")[:2] == ["글 1", "글 0"]
    assert listed("버스를 운영하는") == ["글 0"]
    assert set(listed("나눔")[:2]) == {"글 2", "글 4"}
    assert listed("나눔")[2:] == ["글 3"]
    for hidden in ("010-1234-5678", "5678", "gildong", "example", "gildong@example.go.kr"):
        assert listed(hidden) == []
    page = desk.browser().get(f"{desk.path}/search", params={"q": "나눔"}).text
    assert "재능<mark>나눔</mark>을" in page
    assert "찾은 말: 나눔" in words(page)


@pytest.mark.parametrize("asked", ["글-2", "\u3000글－2 "])  # a full-width sign
def test_a_document_is_found_by_its_own_number_first(office: Office, desk: Desk, asked: str) -> None:
    other = office.open()
    page = desk.browser().get(f"{desk.path}/search", params={"q": asked}).text
    assert re.findall(r'<h2><a href="/items/(\d+)', page)[0] == str(desk.items[2].id)
    assert "번호가 '글-2' 인 문서를 먼저" in words(page)
    assert "찾을 낱말이 없습니다" not in page
    elsewhere = other.browser().get(f"{other.path}/search", params={"q": asked, "everywhere": "1"}).text
    assert f'href="/items/{desk.items[2].id}?' in elsewhere
    assert f'href="/items/{desk.items[2].id}?' not in other.browser().get(f"{other.path}/search?q=글-2").text


def test_a_number_is_taken_as_it_stands(office: Office) -> None:
    number = "１２–가"  # full-width digits and a dash, which a search for words takes for plain ones
    desk = office.open(rows=[(Document(number, "섬으로 간다"), record(1, "3-2"))])
    page = desk.browser().get(f"{desk.path}/search", params={"q": number}).text
    assert f'href="/items/{desk.items[0].id}?' in page


def test_a_region_has_one_name_on_the_desk_and_in_the_file(office: Office) -> None:
    desk = office.open(rows=[(Document("강원-1", "산길을 고친다", region="강원 춘천시"), record(1, "3-2"))])
    for path in ("search?q=강원-1", "queue", "export/file?form=csv"):
        page = desk.browser().get(f"{desk.path}/{path}").text
        assert ("강원특별자치도 춘천시" in page, "강원 춘천시" in page) == (True, False)


def test_what_was_found_is_marked_and_personal_data_is_not_shown(desk: Desk) -> None:
    page = desk.browser().get(f"{desk.path}/search", params={"q": "연락처"}).text
    assert "<mark>연락처</mark>" in page
    assert "010-1234" not in page


def test_some_of_the_words_are_better_than_nothing(desk: Desk) -> None:
    page = desk.browser().get(f"{desk.path}/search", params={"q": "회의록 잠수함"}).text
    assert "하나라도 든 글" in page
    assert found(page) == {"글 2"}


@pytest.mark.parametrize("asked", ["", "  ", "!!!", "을를이가", "<b>", '"; DROP TABLE items; --', "a" * 5000])
def test_a_question_without_words_is_answered_politely(desk: Desk, asked: str) -> None:
    assert desk.browser().get(f"{desk.path}/search", params={"q": asked}).status_code == 200


def test_the_nearest_decided_case_is_shown_on_a_page_or_as_a_piece(office: Office, desk: Desk) -> None:
    first, fourth = desk.items[0], desk.items[3]
    desk.decide(fourth, "pick:5-1")
    page = desk.browser().get(f"/items/{first.id}/near")
    assert "<html" in page.text
    assert "5-1" in words(page.text)
    piece = desk.browser().get(f"/items/{first.id}/near", headers={"HX-Request": "true"})
    assert "<html" not in piece.text
    assert f"/items/{fourth.id}" in piece.text


def test_texts_of_another_matter_are_no_precedents_and_shared_words_are_named(office: Office) -> None:
    texts = [
        "사하구 민원실의 점심시간 교대근무를 폐지하고 예약창구를 신설합니다. 담당 010-1234-5678",
        "민원실 점심시간 교대근무를 바꾸어 예약 손님을 받습니다. 담당 010-1234-5678",
        "사하구 골프장의 취득세 신고 누락을 조사합니다.",
    ]
    desk = office.open(rows=[(Document(str(n), text), record(n)) for n, text in enumerate(texts)])
    filled(office)
    first, like, other = desk.items
    desk.decide(other, "none")
    near = f"/items/{first.id}/near"
    assert "닮은 글 가운데 정해진 것이 아직 없습니다." in desk.browser().get(near).text
    desk.decide(like, "pick:5-1")
    page = desk.browser().get(near).text
    assert (f'"/items/{like.id}"' in page, f'"/items/{other.id}"' in page) == (True, False)
    (shared,) = re.findall(r'<td class="by">officer</td><td>([^<]*)</td>', page)
    assert {"민원실", "예약"} <= set(shared.split(", "))
    assert "1234" not in page


def test_who_reads_waits_for_no_index_and_only_one_fills_it(
    tmp_path: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path)
    desk, filler = office.open(), office.app.state.filler
    filler.tokenizer = tokenizer
    begun, go_on, at_once = Event(), Event(), []

    def slow(*_: object) -> int:
        at_once.append(1)
        begun.set()
        assert go_on.wait(20)
        at_once.pop()
        return index(*_)  # type: ignore[arg-type]

    index = office.store.index
    monkeypatch.setattr(office.store, "index", slow)
    near = f"/items/{desk.items[0].id}/near"
    try:
        for _ in range(3):
            piece = desk.browser().get(near, headers={"HX-Request": "true"}).text
            page = desk.browser().get(f"{desk.path}/search?q=버스").text
            for text in (piece, page):
                assert "빠진 것이 있을 수 있습니다" in text
                assert 'hx-trigger="load delay:4s"' in text
            assert begun.wait(20)
            assert len(at_once) == 1
    finally:
        go_on.set()
    filler.join()
    assert "빠진 것이" not in desk.browser().get(near).text
    assert "데이터로 버스 노선 바꾸기" in words(desk.browser().get(f"{desk.path}/search?q=버스").text)
    office.store.close()


def test_a_text_is_compared_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, seen = office.open(n=4), []
    follow = office.store.follow
    monkeypatch.setattr(
        office.store, "follow", lambda numbers, tokenise: seen.extend(numbers) or follow(numbers, tokenise)
    )
    filled(office)
    assert seen == [item.id for item in desk.items]
    seen.clear()
    text = desk.items[0].document.text + " (고침)"
    desk.store.add_items(desk.project.id, [(Document("새 글", text, "이동 진료버스 운영"), record(9))])
    filled(office)
    assert seen == [desk.items[-1].id]
    desk.decide(desk.items[0], "pick:7-1")
    hint = desk.items[-1].suggestion
    assert hint is not None
    assert (hint.item, hint.why) == (desk.items[0].id, "near")


def test_the_decision_on_the_same_text_is_offered(office: Office) -> None:
    rows = documents(1)
    before, after = office.open(rows=rows), office.open(rows=rows)
    before.decide(before.items[0], "pick:7-1")
    page = after.browser().get(f"/items/{after.items[0].id}").text
    assert "같은 글을" in words(page)
    assert 'value="answer::7-1" data-key="KeyS"' in page
    after.decide(after.items[0], "pick:7-1")
    assert "같은 글을" not in after.browser().get(f"/items/{after.items[0].id}").text


def test_to_follow_a_decision_follows_its_agency_too(office: Office) -> None:
    rows = documents(1)
    before, after = office.open(rows=rows), office.open(rows=rows)
    before.decide(before.items[0], "pick:7-1", agency="moe")
    page = after.browser().get(f"/items/{after.items[0].id}").text
    assert "· 교육부 그대로 따르기 S" in words(page)
    action = re.findall(r'value="([^"]*)" data-key="KeyS"', page)[0]
    assert after.decide(after.items[0], action.replace("moe", "zzz")).status_code == 422
    after.decide(after.items[0], action)
    followed = after.items[0].decision
    assert followed is not None
    assert (followed.code, followed.agency) == ("7-1", "moe")


# --- hours


def test_the_dial_says_what_stands_what_is_read_and_what_is_left(office: Office) -> None:
    desk = office.open(n=60)
    page = words(desk.browser().get(f"{desk.path}/hours?hours=10분&pace=30").text)
    assert "10분이면" in page
    numbers = [int(n) for n in re.findall(r"(?:사람 없이 확정|사람이 봄|남음)\s*(\d+)\s*건", page)]
    assert len(numbers) == 3
    assert sum(numbers) == 60
    assert 0 < numbers[1] <= 20
    assert "대구광역시 중구" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [("hours=두 개", "2시간 30분"), ("pace=0", "1에서 3600초"), ("precision=100", "50.5에서 99.9%"), ("precision=nan", "사이의 수")],
)  # fmt: skip
def test_a_dial_that_means_nothing_says_what_to_write(desk: Desk, query: str, said: str) -> None:
    answer = desk.browser().get(f"{desk.path}/hours?{query}")
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert 'role="alert"' in answer.text


def test_the_queue_is_put_into_the_planned_order(office: Office) -> None:
    desk = office.open(n=30)
    page = desk.browser().get(f"{desk.path}/hours?hours=1").text
    first = [
        int(n) for n in re.findall(r'<td class="number">\d+</td><th scope="row"><a href="/items/(\d+)"', page)
    ]
    assert desk.browser().post(f"{desk.path}/hours", {"hours": "1"}).status_code == 303
    queue = desk.browser().get(f"{desk.path}/queue").text
    listed = [int(n) for n in re.findall(r'href="/items/(\d+)\?[^"]*" data-row', queue)]
    assert first
    assert listed[: len(first)] == first


def test_what_checks_the_settled_stands_behind_what_is_read(office: Office) -> None:
    rows = [
        (Document(f"글-{k}", f"버스 {k}"), record(k, probability=0.99 if k % 2 else 0.6, status="settled"))
        for k in range(60)
    ]
    desk = office.open(rows=rows)
    query = {"hours": "10분", "pace": "30"}
    page = desk.browser().get(f"{desk.path}/hours", params=query).text
    checks = re.findall(r'<li><a href="/items/(\d+)">', page.partition('id="checks"')[2])
    n_read = int(re.findall(r"(\d+)</span>건을", page)[0])
    desk.browser().post(f"{desk.path}/hours", query)
    queue = desk.browser().get(f"{desk.path}/queue").text
    listed = re.findall(r'href="/items/(\d+)\?[^"]*" data-row', queue)
    assert checks
    assert listed[n_read : n_read + len(checks)] == checks
    assert f"처음 {n_read + len(checks)}건입니다" in queue
    assert f"마지막 {len(checks)}건은" in queue
    assert len(set(listed)) == len(listed) == 50


@pytest.mark.parametrize("notes", [(), (UNTRAINED,)])
def test_what_the_model_leaves_to_a_person_never_stands_without_one(
    office: Office, notes: tuple[str, ...]
) -> None:
    status = {k: "settled" if k < 4 else "review" for k in range(24)}
    rows = [
        (Document(f"글-{k}", f"버스 {k}"), record(k, probability=0.99, status=status[k], notes=list(notes)))
        for k in range(24)
    ]
    desk = office.open(rows=rows)
    page = words(desk.browser().get(f"{desk.path}/hours").text)
    assert re.findall(r"사람 없이 확정\s*(\d+)\s*건", page) == ["4"]
    assert "'사람 확인'인 20건은 모델이 스스로 확정하지 않는" in html.unescape(page)
    assert ("가까운지일 뿐" in page) == bool(notes)
    assert "교차검증" not in page
    plan = hours.plan_hours(waiting(desk.store.cases(desk.project.id)), 30, 1)
    assert {plan.probabilities[number] > 0.9 for number in plan.queue} == {True}


def test_the_pace_is_that_of_people_and_not_of_programs(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = office.open(n=12)
    assert "아직 잰 속도가 없어" in desk.browser().get(f"{desk.path}/hours").text
    monkeypatch.setattr("hyeoksin.web.desk.queue.measured_pace", lambda times: 1.0 if list(times) else None)
    for item in desk.items:
        desk.store.decide([item.id], "accept", by="api:보고 시스템")
    assert "아직 잰 속도가 없어" in desk.browser().get(f"{desk.path}/hours").text
    assert "한 건에 약" not in words(desk.browser().get(f"{desk.path}/queue").text)
    desk.store.decide([desk.items[0].id], "none", by="reviewer")
    assert "한 건에 1초" in desk.browser().get(f"{desk.path}/hours").text


def test_all_that_is_to_be_looked_at_can_be_listed(office: Office) -> None:
    rows = [
        (Document(f"글-{k}", f"버스 {k}"), record(k, probability=0.99, status="settled")) for k in range(100)
    ]
    desk = office.open(rows=rows)
    query = "hours=1&pace=30&precision=90"
    page = desk.browser().get(f"{desk.path}/hours?{query}").text
    n = int(re.findall(r"확정한 것 가운데 (\d+)건", page)[0])
    assert n > 10
    assert "처음 10건만" in page
    assert listed(page) == 10
    more = re.findall(r'href="(\?[^"]*checks=all)#checks"', page)[0].replace("&amp;", "&")
    whole = desk.browser().get(f"{desk.path}/hours{more}").text
    assert "건만 보입니다" not in whole
    assert listed(whole) == n


def listed(page: str) -> int:
    return page.partition('id="checks"')[2].count('<li><a href="/items/')


def test_the_dial_names_the_decisions_that_cost_the_trust(office: Office) -> None:
    rows = [
        (Document(f"글-{k}", f"버스 {k}", f"글 {k}"), record(k, probability=0.99, status="settled"))
        for k in range(40)
    ]
    desk = office.open(rows=rows)
    for item in desk.items[:2]:
        desk.decide(item, "accept")
    assert 'id="against"' not in desk.browser().get(f"{desk.path}/hours").text
    for item in desk.items[2:8]:
        desk.decide(item, "none")
    page = desk.browser().get(f"{desk.path}/hours").text
    told = page.partition('id="against"')[2].partition("</div>")[0]
    assert "결정 8건 가운데 6건이" in words(told)
    assert "32건이 확정될 것이 0건이" in words(told)
    assert f'<a href="/items/{desk.items[2].id}">글 2</a>: 3-2 (99%) → 계획 밖' in told


def test_the_dial_plans_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        (Document(f"글-{k}", f"버스 {k}", f"글 {k}"), record(k, probability=0.99, status="settled"))
        for k in range(12)
    ]
    desk = office.open(rows=rows)
    for item in desk.items[:6]:
        desk.decide(item, "none")
    made: list[int] = []
    real = hours.plan_hours
    monkeypatch.setattr(
        hours, "plan_hours", lambda *given, **named: (made.append(len(given[0])), real(*given, **named))[1]
    )
    assert 'id="against"' in desk.browser().get(f"{desk.path}/hours").text
    desk.browser().post(f"{desk.path}/hours", {"hours": "1"})
    assert made == [6, 6]


def test_half_of_what_would_stand_is_enough_to_say_nothing(office: Office) -> None:
    rows = [
        (Document(f"글-{k}", f"버스 {k}"), record(k, probability=0.99 if k < 12 else 0.4, status="settled"))
        for k in range(24)
    ]
    desk = office.open(rows=rows)
    desk.decide(desk.items[0], "none")
    cases, plan = desk.store.cases(desk.project.id), desk.store.plan(desk.project.id)
    made = hours.plan_hours(waiting(cases), 30, 1)
    n = len(made.settled)
    told = [
        hours._contradiction(cases, plan, replace(made, settled=made.settled[:k]))
        for k in (-(-n // 2), n // 2 - 1)
    ]
    assert told == [None, hours.Contradiction(1, 1, n, (desk.items[0].id,))]


def test_where_nothing_waits_the_dial_says_so(office: Office) -> None:
    desk = office.open(n=0)
    page = words(desk.browser().get(f"{desk.path}/hours").text)
    assert "지금 정할 것이 없습니다" in page
    assert "사람 없이 확정" not in page


def test_the_whole_round_leans_on_nothing_else(office: Office) -> None:
    desk = office.open(n=12)
    page = desk.browser().get(f"{desk.path}/hours").text
    rows = {
        words(row).split()[0]: "전체를 따름" in row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    }
    assert rows["전체"] is False
    assert rows["대구광역시"] is True


def test_an_english_dial_says_that_its_reasons_are_korean(office: Office) -> None:
    desk = office.open(n=12)
    browser = desk.browser("reviewer")
    hint = "How this was computed is told in Korean"
    assert hint not in browser.get(f"{desk.path}/hours").text
    browser.get("/language/en")
    page = browser.get(f"{desk.path}/hours").text
    browser.get("/language/ko")
    assert hint in page


def test_what_people_decided_teaches_the_dial(office: Office) -> None:
    rows = [
        (d, {**r, "duplicate_group": "g"}) if k in (0, 6) else (d, r) for k, (d, r) in enumerate(documents(8))
    ]
    desk = office.open(rows=rows)
    for k, action in enumerate(("accept", "pick:7-1", "none")):
        desk.decide(desk.items[k], action)
    desk.decide(desk.items[6], "accept")
    cases = desk.store.cases(desk.project.id)
    past = judged(cases, desk.store.plan(desk.project.id))
    assert [(row.code, row.right) for row in past] == [("3-2", True), ("5-1", False), (None, True)]
    assert isinstance(past[0], Judged)
    assert {case.id for case in waiting(cases)} == {desk.items[k].id for k in (3, 4, 5, 7)}


def test_a_strategy_was_right_where_the_decision_lies_below_it(office: Office) -> None:
    row = record(1, "3-2")
    row["path"] = row["path"][:1]
    desk = office.open(rows=[(Document("1", "글", "글"), row)])
    desk.decide(desk.items[0], "pick:3-1")
    (past,) = judged(desk.store.cases(desk.project.id), desk.store.plan(desk.project.id))
    assert past.right


# --- export


def test_the_file_is_named_by_the_round_and_the_day(office: Office) -> None:
    made = office.store.create_project(f"정부/혁신\u202e{'가' * 80}", "2019", "officer")
    answer = Browser(office.app, "officer").get(f"/rounds/{made.id}/export/file?form=csv")
    told = urllib.parse.unquote(answer.headers["content-disposition"].rpartition("''")[2])
    assert re.fullmatch(r"정부_혁신_가{34}_\d{8}\.csv", told)


def test_what_is_undecided_is_told_as_the_file_has_it(office: Office) -> None:
    status = ("settled", "settled", "off_plan", "review", "review", "settled", "settled")
    rows = [
        (
            Document(f"글-{k}", f"버스 {k}"),
            record(k, None if verdict == "off_plan" else "3-2", status=verdict),
        )
        for k, verdict in enumerate(status)
    ]
    desk = office.open(rows=rows)
    desk.decide(desk.items[5], "undecided", note="물어볼 것")
    desk.decide(desk.items[6], "accept")
    page = words(desk.browser().get(f"{desk.path}/export").text)
    assert "6건 있습니다. 이렇게 적힙니다: 자동 확정 2건, 자동 계획 밖 1건, 보류 1건, 미결 2건." in page
    lines = desk.browser().get(f"{desk.path}/export/file?form=csv").text
    written = Counter(row["결정"] for row in csv.DictReader(io.StringIO(lines.lstrip("\ufeff"))))
    assert written == {"자동 확정": 2, "자동 계획 밖": 1, "보류": 1, "미결": 2, "수용": 1}


def test_the_workbook_holds_the_round_as_decided(office: Office) -> None:
    desk = office.open(n=6)
    for k, action in enumerate(("accept", "pick:7-1", "accept")):
        desk.decide(desk.items[k], action)
    answer = desk.browser().get(f"{desk.path}/export/file?form=xlsx")
    assert answer.headers["content-disposition"].startswith('attachment; filename="export.xlsx"')
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    rows = [
        row
        for page in book.worksheets[1:]
        for row in csv.DictReader(
            io.StringIO("\n".join(",".join(str(c.value) for c in line) for line in page.iter_rows()))
        )
    ]
    assert len(rows) == 6
    outcomes = sorted((row["번호"], row["결정"], row["최종 분류"]) for row in rows)
    assert outcomes[:3] == [
        ("과제-0", "수용", "3-2"),
        ("과제-1", "변경", "7-1"),
        ("과제-2", "계획 밖", "계획 밖"),
    ]


def test_an_export_keeps_the_columns_of_the_list_and_marks_corrected_texts(office: Office) -> None:
    (one, answer), (other, _) = documents(2)
    one = replace(one, date="2026-03-02", meta={"제출부서": "기획예산과", "연락처": "010-1234-5678"})
    corrected = replace(one, text=f"{one.text} (고침)", meta={})
    desk = office.open(rows=[(one, answer), (other, record(1, "5-1")), (corrected, answer)])
    sent = desk.browser().get(f"{desk.path}/export/file?form=csv").text.removeprefix("\ufeff")
    first, second, third = csv.DictReader(io.StringIO(sent))
    assert first["그 밖의 열"] == "제출부서: 기획예산과; 연락처: ***-****-****"
    assert (first["날짜"], first["글의 종류"]) == ("2026-03-02", "지방정부 과제")
    assert ["번호가 같고" in row["알림"] for row in (first, second, third)] == [True, False, True]


@pytest.mark.parametrize("form", ["xlsx", "csv", "jsonl", "hwpx"])
def test_exports_are_masked_unless_a_reviewer_asks(office: Office, form: str) -> None:
    desk = office.open(n=2)
    secret = "010-1234-5670"
    path = f"{desk.path}/export/file?form={form}"
    masked = desk.browser().get(path)
    assert masked.status_code == 200
    if form in ("csv", "jsonl"):
        assert secret not in masked.text
        assert "***-****-****" in masked.text
        assert secret in desk.browser("reviewer").get(f"{path}&open_data=1").text
    assert desk.browser().get(f"{path}&open_data=1").status_code == 403
    events = [
        row for row in desk.store.audit_log(event="round.exported") if row.subject == str(desk.project.id)
    ]
    assert {row.detail["masked"] for row in events} == ({True, False} if form in ("csv", "jsonl") else {True})


def test_exports_follow_the_filters(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = office.open(n=12)
    lines = desk.browser().get(f"{desk.path}/export/file?form=jsonl&node=3").text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["과제-0", "과제-6"]
    assert desk.browser().get(f"{desk.path}/export/file?form=exe").status_code == 422
    monkeypatch.setitem(export._MOST, "xlsx", 11)
    answer = desk.browser().get(f"{desk.path}/export/file?form=xlsx")
    assert answer.status_code == 422
    assert "12건은" in answer.text
    assert desk.browser().get(f"{desk.path}/export/file?form=xlsx&node=3").status_code == 200


def test_a_hangul_document_is_small_and_one_at_a_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = office.open(n=2)
    path = f"{desk.path}/export/file?form=hwpx"
    with export._turn("hwpx"):
        answer = desk.browser().get(path)
        assert answer.status_code == 409
        assert "다른 한글 문서를 만드는 중" in answer.text
        assert desk.browser().get(f"{desk.path}/export/file?form=csv").status_code == 200
    assert desk.browser().get(path).status_code == 200
    monkeypatch.setattr(desk.store, "count", lambda *_args, **_filters: 1_001)
    answer = desk.browser().get(path)
    assert answer.status_code == 422
    assert "1,000건까지). 걸러서 받거나 다른 형식(XLSX, CSV)으로" in answer.text


def test_a_text_that_breaks_the_analysis_holds_up_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = office.open(
        rows=[(Document("깨진", "깨진 글"), record(1)), (Document("성한", "성한 글"), record(2))]
    ).items
    filler = Filler(office.store)

    def tokens(texts: Sequence[str]) -> Iterator[list[str]]:
        for text in texts:
            if "깨진" in text:
                raise MemoryError
            yield ["진료/N"]

    monkeypatch.setattr(filler, "tokens", tokens)
    filler.wake(broken.project)
    filler.join(30.0)
    assert office.store.unindexed(broken.project) == []
    assert office.store.unfollowed(broken.project) == []
    assert sound.id > broken.id


def test_after_a_decision_one_is_back_at_the_search_that_found_the_document(office: Office) -> None:
    rows = [(Document(f"글-{k}", text, f"글 {k}"), record(k, "3-2")) for k, text in enumerate(TEXTS[:4])]
    desk = office.open(rows=rows)
    filled(office)
    officer = desk.browser()
    page = officer.get(f"{desk.path}/search", params={"q": "진료버스 어르신", "everywhere": "1"}).text
    number = desk.items[3].id
    link = next(re.finditer(rf'href="(/items/{number}\?[^"]*)"', page)).group(1).replace("&amp;", "&")
    document = officer.get(link).text
    back = urllib.parse.urlencode({"q": "진료버스 어르신", "everywhere": "1"})
    assert f'href="{desk.path}/search?{back}"'.replace("&", "&amp;") in document
    assert 'rel="next"' not in document
    assert "건 남음" not in document
    queue = link.partition("?")[2]
    answer = desk.decide(desk.items[3], "accept", queue=queue)
    assert answer.headers["location"] == f"{desk.path}/search?{back}&done={number}"
    again = officer.get(answer.headers["location"]).text
    assert found(again) >= {"글 0", "글 3"}
    assert "저장했습니다" in again
    assert f'action="/items/{number}/undo"' in again
    version = desk.store.item(number).version
    undone = officer.post(f"/items/{number}/undo", {"version": version, "key": "back", "queue": queue})
    assert undone.headers["location"] == f"/items/{number}?{queue}"
    plain = desk.decide(desk.items[0], "accept")
    assert plain.headers["location"].startswith("/items/")  # from the queue one goes on in the queue
