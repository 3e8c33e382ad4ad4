"""Models, coverage, ledger and users as pages."""

from __future__ import annotations

import csv
import html
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.domain import Document
from hyeoksin.plan import load_plan
from hyeoksin.resources import model_id, resource
from hyeoksin.store import Store, schema
from hyeoksin.web.cards import card
from hyeoksin.web.coverage import node_rows
from web_client import Browser, FakeJudge, make_app, make_store, record


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = make_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second model: the shipped one under another name."""
    folder = tmp_path_factory.mktemp("models") / "other"
    shutil.copytree(resource("model"), folder)
    path = folder / "model.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"name": "default"', '"name": "둘째"'), encoding="utf-8"
    )
    return folder


def test_a_model_is_registered_used_and_gone_back_from(
    tmp_path: Path, store: Store, other_model: Path
) -> None:
    judge = FakeJudge()
    admin = Browser(make_app(tmp_path, store, judge), "admin")
    shipped, other = model_id(resource("model")), model_id(other_model)
    assert admin.post("/models", {"path": str(other_model)}).status_code == 303
    assert admin.post("/models", {"path": str(other_model)}).status_code == 422  # once is enough
    assert store.model(other).state == "candidate"
    assert admin.post(f"/models/{other}/use").status_code == 303
    assert store.active_model().id == other  # type: ignore[union-attr]
    assert '<td><span class="tag good">쓰는 중</span>' in admin.get("/models").text
    assert admin.post("/models/back").status_code == 303
    assert store.active_model().id == shipped  # type: ignore[union-attr]
    assert judge.models == [str(other_model.resolve()), str(resource("model"))]
    assert "모델 카드" in admin.get(f"/models/{other}").text
    assert [r.event for r in store.audit_log(by="admin")].count("model.use") == 2


def test_a_model_that_learnt_another_edition_of_a_round_s_plan_says_so(
    tmp_path: Path, store: Store, other_model: Path
) -> None:
    store.create_project("앞 판", replace(load_plan("2019"), title="앞 판"), "admin")
    store.create_project("지금", "2019", "admin")
    admin = Browser(make_app(tmp_path, store), "admin")
    admin.post("/models", {"path": str(other_model)})
    admin.post(f"/models/{model_id(other_model)}/use")
    assert "차수 앞 판 의 계획을 다른 판으로 배워" in admin.get("/models").text
    told = CliRunner().invoke(app, ["models", "rollback", "--store", str(store.url), "--by", "kim"])
    assert "은 차수 앞 판 의 계획을 다른 판으로 배워" in told.stderr


def test_what_another_model_has_answered_is_told_until_it_is_judged_again(
    tmp_path: Path, store: Store, other_model: Path
) -> None:
    number, shipped, other = items(store), model_id(resource("model")), model_id(other_model)
    document = Document("새것", title="과제")
    closed = store.create_project("닫은 차수", "2019", "officer").id
    store.add_items(closed, [(document, record(document))])
    store.close_project(closed)
    first, *waiting = store.items(number)
    store.decide([first.id], "accept", by="officer")
    answer = record(document) | {"model": f"{shipped}+second@00000000"}
    store.predict(number, [(item.id, answer) for item in waiting])
    admin = Browser(make_app(tmp_path, store), "admin")
    told = "아직 정하지 않은 문서 2건은"
    assert told not in admin.get(f"/rounds/{number}").text
    assert "다른 모델의 답이 남은" not in admin.get("/models").text
    admin.post("/models", {"path": str(other_model)})
    admin.post(f"/models/{other}/use")
    page = html.unescape(admin.get("/models").text)
    assert f"{told} 다른 모델의 답 그대로입니다" in page
    assert "'hyeoksin models renew --project 차수'" in page
    assert f"첫 차수</a>: 정하지 않은 2건 ({shipped}+second@00000000)" in page
    page = html.unescape(admin.get(f"/rounds/{number}").text)
    assert told in page
    assert '<code>hyeoksin models renew --project "첫 차수"</code>' in page
    assert "지금 쓰지 않는 모델" not in admin.get(f"/rounds/{closed}").text
    store.predict(number, [(item.id, answer | {"model": other}) for item in waiting])
    assert told not in admin.get(f"/rounds/{number}").text
    admin.post("/models/back")
    assert f"{told} 다른 모델의 답 그대로입니다" in admin.get("/models").text


def test_an_own_plan_with_the_id_of_another_edition_opens_no_round(tmp_path: Path, store: Store) -> None:
    officer = Browser(make_app(tmp_path, store), "officer")

    def opened(name: str, title: str) -> Any:
        text = f"id: our-2026\ntitle: 우리 계획\nyear: 2026\nnodes:\n  - {{code: '1', title: {title}}}\n"
        files = {"own": ("plan.yaml", text.encode(), "application/yaml")}
        form = {"name": name, "plan": "2024", "precision": "95", "coders": "1"}
        return officer.post("/rounds", form, files=files)

    assert opened("1차", "민원").status_code == 303
    assert opened("2차", "민원").status_code == 303
    refused = opened("3차", "복지")
    assert refused.status_code == 422
    assert "id를 바꾸어" in refused.text
    assert {one.name for one in store.projects()} == {"1차", "2차"}


def test_a_damaged_or_refused_model_never_answers(tmp_path: Path, store: Store, other_model: Path) -> None:
    admin = Browser(make_app(tmp_path, store), "admin")
    for path in ("", "/nowhere", str(tmp_path)):
        assert admin.post("/models", {"path": path}).status_code == 422
    store.add_model(model_id(other_model), str(other_model), "admin", state="refused")
    assert admin.post(f"/models/{model_id(other_model)}/use").status_code == 409
    store.add_model("다른것@00000000", str(other_model), "admin")
    assert admin.post("/models/다른것@00000000/use").status_code == 400
    assert store.active_model() is None
    assert admin.post("/models/없음@1/use").status_code == 404
    assert admin.get("/models/없음@1").status_code == 404


def test_a_card_is_shown_without_its_html(tmp_path: Path) -> None:
    (tmp_path / "MODEL_CARD.md").write_text(
        "# 카드\n\n<script>x</script> [a](javascript:x)\n\n|a|b|\n|-|-|\n|1|2|\n", "utf-8"
    )
    text = str(card(tmp_path))
    assert "<script>" not in text
    assert 'href="javascript' not in text
    assert "<td>1</td>" in text
    assert card(tmp_path / "none") is None


def test_the_about_page_says_what_it_is(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store), "viewer")
    assert "추천이며 결정이 아닙니다" in browser.get("/about").text
    browser.get("/language/en")
    english = browser.get("/about").text
    assert '<html lang="en">' in english
    assert "not decisions" in english


def test_node_rows_add_up() -> None:
    plan = load_plan("2019")
    leaf = plan.leaves[0]
    top = plan.path(leaf.code)[0]
    rows = {
        row.code: row
        for row in node_rows(
            plan, {"decided": {leaf.code: 2}, "settled": {top.code: 3, None: 9}, "review": {leaf.code: 1}}
        )
    }
    assert (rows[leaf.code].total, rows[leaf.code].decided, rows[leaf.code].review) == (3, 2, 1)
    assert (rows[top.code].total, rows[top.code].settled) == (6, 3)
    assert set(rows) == {node.code for each in plan.leaves for node in plan.path(each.code)}


def test_a_principle_that_people_chose_has_a_row() -> None:
    plan = load_plan("2024")
    counts = {"decided": {"R1": 1}, "settled": {}, "review": {plan.leaves[0].code: 1}}
    rows = {row.code: row.total for row in node_rows(plan, counts)}
    assert rows["R1"] == 1
    assert "R2" not in rows


def items(store: Store, n: int = 3) -> int:
    number = store.create_project("첫 차수", "2019", "officer").id
    documents = [
        Document(str(i), title=f"과제 {i}", region="대구광역시 중구" if i else "전라남도 목포시")
        for i in range(n)
    ]
    store.add_items(number, [(d, record(d)) for d in documents])
    return number


def test_coverage_counts_by_node_and_region(tmp_path: Path, store: Store) -> None:
    browser = Browser(make_app(tmp_path, store), "viewer")
    assert "아직 차수가 없습니다" in browser.get("/coverage").text
    items(store)
    store.decide([1], "none", by="officer")
    page = browser.get("/coverage?round=1").text
    assert page.count("대구광역시 중구") == 1
    assert "문서 3건. 윗단계는 아랫단계에 그 단계에서 끝난 것을 더한 것입니다." in page
    assert browser.get("/coverage?round=7").status_code == 404


def test_the_region_list_of_the_coverage_says_how_much_it_shows(tmp_path: Path, store: Store) -> None:
    number = items(store)
    browser = Browser(make_app(tmp_path, store), "viewer")
    assert "많은 지역부터, 모두 2곳." in browser.get("/coverage").text
    rows = [Document(f"곳 {k}", title=f"과제 {k}", region=f"새 동네 {k}") for k in range(50)]
    store.add_items(number, [(row, record(row)) for row in rows])
    assert "52곳 가운데 50곳까지" in browser.get("/coverage").text


def test_the_ledger_is_paged_checked_and_taken_along(tmp_path: Path, store: Store, monkeypatch: Any) -> None:
    from hyeoksin.web import ledger

    monkeypatch.setattr(ledger, "PAGE", 2)
    items(store)
    for number in (1, 2, 3):
        store.decide([number], "accept", by="officer", note=f"메모 {number}")
    officer = Browser(make_app(tmp_path, store), "officer")
    first = officer.get("/ledger?round=1").text
    assert ("메모 3" in first, "메모 1" in first) == (True, False)
    assert "after=2&amp;round=1" in first
    assert "메모 1" in officer.get("/ledger?after=2&round=1").text
    assert "온전합니다" in officer.post("/ledger/verify", {"round": "1"}).text
    lines = officer.get("/ledger.csv?round=1").text.splitlines()
    first, *_ = csv.DictReader(lines)
    assert (len(lines), first["메모"], first["최종"]) == (4, "메모 1", "")
    assert {"ledger.verified", "export"} <= {row.event for row in store.audit_log(by="officer")}
    events = Browser(officer.http.app, "reviewer").get("/ledger/events?event=export").text
    assert "<td>결정 기록을 내려받음</td>" in events
    assert "<td>결정 기록을 검사함</td>" not in events
    assert '<option value="export" selected>' in events


def test_the_ledger_names_documents_as_their_office_does(tmp_path: Path, store: Store) -> None:
    number = store.create_project("2026 상반기", "2019", "admin").id
    row = Document("민원 010-1234-5678", title="이동 진료버스 010-1234-5678")
    store.add_items(number, [(row, record(row))])
    (item,) = store.items(number)
    store.decide([item.id], "accept", by="officer")
    officer = Browser(make_app(tmp_path, store), "officer")
    (line,) = csv.DictReader(officer.get("/ledger.csv").text.splitlines())
    assert line["문서"] == str(item.id)
    assert line["문서의 번호"] == "민원 ***-****-****"
    assert line["문서의 제목"] == "이동 진료버스 ***-****-****"
    assert (
        f'<a href="/items/{item.id}">민원 ***-****-****</a> 이동 진료버스 ***' in officer.get("/ledger").text
    )


def test_the_ledger_of_one_person_is_checked_and_taken_along(tmp_path: Path, store: Store) -> None:
    items(store)
    for number, name in ((1, "kim"), (2, "lee"), (3, "kim")):
        store.decide([number], "accept", by=name)
    officer = Browser(make_app(tmp_path, store), "officer")
    page = officer.get("/ledger?round=1&by=kim").text
    assert 'href="/ledger.csv?round=1&amp;by=kim"' in page
    assert 'href="/ledger.csv?by=kim"' in officer.get("/ledger?by=kim").text
    assert 'name="by" value="kim"' in page.partition("/ledger/verify")[2].partition("</form>")[0]
    assert 'value="kim"' in officer.post("/ledger/verify", {"by": "kim"}).text
    for query in ("by=kim", "round=1&by=kim"):
        lines = list(csv.DictReader(officer.get(f"/ledger.csv?{query}").text.splitlines()))
        assert [line["사람"] for line in lines] == ["kim", "kim"]


def test_two_coders_do_not_read_each_other_in_the_ledger(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = items(store, 2)
    two = store.create_project("두 사람", "2019", "officer", coders=2).id
    store.add_items(two, [(Document("x", title="두 사람이 보는 과제"), record(Document("x", title="과제")))])
    (item,) = store.items(two)
    store.decide([item.id], "none", by="other", note="남의 말")
    store.decide([store.items(number)[0].id], "none", by="other", note="한 사람 차수")
    app = make_app(tmp_path, store)
    officer, reviewer = Browser(app, "officer"), Browser(app, "reviewer")
    monkeypatch.setattr(Store, "item", None)  # a whole document for each row takes a minute for ten thousand
    for path in ("/ledger", "/ledger.csv"):
        assert ("남의 말" in officer.get(path).text, "한 사람 차수" in officer.get(path).text) == (
            False,
            True,
        )
        assert "남의 말" in reviewer.get(path).text
    store.decide([item.id], "accept", by="officer", note="내 말")
    assert "남의 말" in officer.get("/ledger").text  # both have spoken


def test_what_may_not_be_read_yet_does_not_fill_the_pages_of_the_ledger(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hyeoksin.web.ledger.PAGE", 2)
    two = store.create_project("두 사람", "2019", "officer", coders=2).id
    rows = [Document(str(n), title=f"두 사람이 보는 과제 {n}") for n in range(6)]
    store.add_items(two, [(row, record(row)) for row in rows])
    first, *others = store.items(two)
    for name in ("other", "officer"):
        store.decide([first.id], "none", by=name, note=f"{name}의 말")
    for item in others:
        store.decide([item.id], "none", by="other", note="남의 말")
    app = make_app(tmp_path, store)
    officer, viewer = Browser(app, "officer"), Browser(app, "viewer")
    for page in (officer.get("/ledger"), viewer.get("/ledger"), officer.post("/ledger/verify")):
        assert ("officer의 말" in page.text, "other의 말" in page.text) == (True, True)
        assert ("남의 말" in page.text, "더 앞의 결정" in page.text) == (False, False)
    assert "둘 다 정한 뒤에 보입니다" in viewer.get("/ledger?after=1").text


def test_accounts_come_with_a_password_that_is_shown_once(tmp_path: Path, store: Store) -> None:
    admin = Browser(make_app(tmp_path, store), "admin")
    made = admin.post("/users", {"name": "새.사람", "role": "reviewer"}).text
    password = made.split('<p class="secret"><code>')[1].split("</code>")[0]
    assert password not in admin.get("/users").text
    assert Browser(admin.http.app).login("새.사람", password).status_code == 303
    assert store.user("새.사람").must_change
    assert admin.post("/users", {"name": "새.사람", "role": "viewer"}).status_code == 409
    assert admin.post("/users", {"name": "a b", "role": "viewer"}).status_code == 409
    assert admin.post("/users", {"name": "king", "role": "king"}).status_code == 409
    reset = admin.post("/users/reset", {"name": "새.사람"}).text
    again = reset.split('<p class="secret"><code>')[1].split("</code>")[0]
    assert Browser(admin.http.app).login("새.사람", password).status_code == 403
    assert Browser(admin.http.app).login("새.사람", again).status_code == 303
    assert admin.post("/users/role", {"name": "새.사람", "role": "viewer"}).status_code == 303
    assert store.user("새.사람").role == "viewer"
    assert admin.post("/users/reset", {"name": "nobody"}).status_code == 404
    events = [row.event for row in store.audit_log(by="admin")]
    assert {"user.added", "password.reset", "user.role"} <= set(events)


@pytest.mark.parametrize("name", ["기획과/홍길동", "..", "가" * 70, "a?b#c"])
def test_an_account_whose_name_is_older_than_the_rules_is_handled_too(
    tmp_path: Path, store: Store, name: str
) -> None:
    store.add_user("hong", "reviewer", "-")
    with store._write() as connection:
        connection.execute(schema.users.update().where(schema.users.c.name == "hong").values(name=name))
    admin = Browser(make_app(tmp_path, store), "admin")
    page = admin.get("/users").text
    row = page[page.index(f'<th scope="row">{name}</th>') :].partition("</tr>")[0]
    forms = re.findall(r'action="([^"]*)".*?name="name" value="([^"]*)"', row, re.S)
    assert len(forms) == 3
    for path, whose in forms:
        fields = {"name": whose, "role": "viewer", "active": "no"}
        assert admin.post(path, fields).status_code == (200 if path.endswith("/reset") else 303)
    assert (store.user(name).role, store.user(name).active) == ("viewer", False)


def test_rounds_are_opened_closed_and_reopened(tmp_path: Path, store: Store) -> None:
    app = make_app(tmp_path, store)
    officer, reviewer = Browser(app, "officer"), Browser(app, "reviewer")
    form = {"name": "상반기", "plan": "2024", "precision": "90", "coders": "2"}
    assert officer.post("/rounds", form).headers["location"] == "/rounds/1"
    made = store.project(1)
    assert (made.name, made.plan, made.precision, made.coders) == ("상반기", "2024", 0.9, 2)
    again = officer.post("/rounds", form)
    assert (again.status_code, "이미 있습니다" in again.text, 'value="90"' in again.text) == (422, True, True)
    for wrong in ({"plan": "/etc/passwd"}, {"precision": "100"}, {"coders": "3"}, {"name": " "}):
        assert officer.post("/rounds", {**form, "name": "하반기", **wrong}).status_code == 422
    assert reviewer.post("/rounds/1/close").status_code == 303
    assert store.project(1).closed
    assert "파일 올리기" not in officer.get("/rounds/1").text
    assert reviewer.post("/rounds/1/reopen").status_code == 303
    assert not store.project(1).closed


def test_a_round_s_figures_add_up_once_people_have_decided(tmp_path: Path, store: Store) -> None:
    number = items(store)
    store.decide([store.items(number)[0].id], "accept", by="officer")
    browser = Browser(make_app(tmp_path, store), "viewer")
    page = browser.get(f"/rounds/{number}").text
    assert "<dt>사람이 정함</dt><dd>1</dd>" in page
    assert "<dt>아직 정하지 않은 것의 추천</dt><dd>확정 추천 0 · 사람 확인 2 · 계획 밖 0</dd>" in page
    row = browser.get("/rounds").text.partition("<tbody>")[2]
    assert re.findall(r'<td class="number">(\d+)</td>', row) == ["3", "0", "2", "0", "1"]


PLAN = """\
id: town
title: 우리 군 계획
year: 2026
nodes:
  - {code: "가", level: strategy, title: 찾아가는 진료, definition: 의사가 섬과 마을을 찾아가 진료하는 일}
  - {code: "나", level: strategy, title: 주민참여예산, definition: 주민이 예산 사업을 제안하고 정하는 일}
"""


def test_a_round_is_opened_for_a_plan_of_ones_own(tmp_path: Path, store: Store) -> None:
    officer = Browser(make_app(tmp_path, store), "officer")

    def opened(name: str, text: str) -> Any:
        return officer.post(
            "/rounds", {"name": f"차수 {name}"}, files={"own": (name, text.encode(), "text/plain")}
        )

    assert opened("../우리계획.yaml", PLAN).headers["location"] == "/rounds/1"
    assert (store.project(1).plan, [n.code for n in store.plan(1).nodes]) == ("town", ["가", "나"])
    assert "우리 군 계획" in officer.get("/rounds/1").text
    for name, text, words in (
        ("a.xlsx", PLAN, "엑셀에서 CSV로 저장"),
        ("a.yaml", PLAN.replace("id: town", "id: '2019'"), "다른 id"),
        ("나쁜.yaml", PLAN.replace("level: strategy", "level: nonsense"), "나쁜.yaml"),
        ("b.yaml", "!!python/object/apply:os.system ['true']", "b.yaml"),
    ):
        answer = opened(name, text)
        assert (answer.status_code, words in answer.text) == (422, True), answer.text
        assert tempfile.gettempdir() not in answer.text
