"""REST over the store: lists, filters, new texts, decisions, undo, coverage, plans, agencies, models; who may what."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api_client import KEYS, api, filled_store, headers
from hyeoksin.domain import Document
from hyeoksin.plan import load_plan
from hyeoksin.store import Store
from hyeoksin.web.api import app as api_app
from hyeoksin.web.api import rounds
from hyeoksin.web.api.keys import key_hash, new_key
from hyeoksin.web.api.records import RecordOut
from hyeoksin.web.judge import Judge
from stores import record
from web_client import FakeJudge, wait_for

TABLE = Path(__file__).parent / "data" / "route_roles.csv"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = filled_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def client(judge: Judge, store: Store, tmp_path: Path) -> TestClient:
    return api(judge, store, tmp_path)


def get(client: TestClient, path: str, role: str = "viewer") -> Any:
    answer = client.get(path, headers=headers(role))
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(
    client: TestClient, method: str, path: str, status: int, role: str = "officer", **body: Any
) -> dict[str, Any]:
    answer = client.request(method, path, headers=headers(role), json=body or None)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def decide(client: TestClient, number: int, **body: Any) -> Any:
    return client.post(f"/documents/{number}/decisions", headers=headers("officer"), json=body)


# --- reading


def test_a_round_and_its_documents(client: TestClient) -> None:
    (round_,) = get(client, "/rounds")
    assert get(client, f"/rounds/{round_['id']}") == round_
    page = get(client, f"/rounds/{round_['id']}/documents?order=id&limit=2&offset=1")
    assert (page["total"], [item["document"] for item in page["items"]]) == (3, ["가-2", "가-3"])
    assert [i["id"] for i in get(client, "/rounds/1/documents?document=가-2")["items"]] == [2]
    assert get(client, "/rounds/1/documents?code=")["items"][0]["title"] == "봄꽃 축제"
    strategy = load_plan("2019").path("3-1")[0].code
    assert [i["document"] for i in get(client, f"/rounds/1/documents?under={strategy}")["items"]][:1] == [
        "가-1"
    ]
    assert get(client, "/rounds/1/documents?region=대구광역시&low=0.9")["total"] == 0


def test_a_blank_region_is_none(client: TestClient) -> None:
    texts = [{"id": "x", "title": "찾아가는 진료", "region": region} for region in (" ", "서울", "\t ")]
    answer = client.post("/rounds/1/documents", json={"documents": texts}, headers=headers("officer"))
    assert answer.status_code == 201, answer.text
    listed = get(client, "/rounds/1/documents?limit=100")["items"]
    assert [(one["document"], one["region"]) for one in listed if one["document"].startswith("x")] == [
        ("x", "서울특별시")
    ]


@pytest.mark.parametrize(
    ("query", "n"), [("agency=&region=&group=&under=", 3), ("assigned_to=", 3), ("code=", 1)]
)
def test_an_empty_value_filters_only_where_it_means_something(client: TestClient, query: str, n: int) -> None:
    assert get(client, f"/rounds/1/documents?{query}")["total"] == n


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "offset=-1", "standing=x", "low=2", "regoin=대구", "order=?"]
)
def test_a_list_says_which_filter_is_wrong(client: TestClient, query: str) -> None:
    (fault,) = problem(client, "GET", f"/rounds/1/documents?{query}", 422)["errors"]
    assert fault["field"] == "?" + query.partition("=")[0]


@pytest.mark.parametrize("query", ["code=ZZ", "under=없는코드"])
def test_a_filter_on_a_code_that_the_plan_lacks_is_told(client: TestClient, query: str) -> None:
    (fault,) = problem(client, "GET", f"/rounds/1/documents?{query}", 422)["errors"]
    assert fault["field"] == "?" + query.partition("=")[0]
    assert query.partition("=")[2] in fault["detail"]


@pytest.mark.parametrize(
    "asked", ["강원도", "강원특별자치도", "강원", "강원도 춘천시", unicodedata.normalize("NFD", "강원도")]
)
def test_a_region_is_found_under_every_name(client: TestClient, asked: str) -> None:
    texts = [{"id": "x", "title": "찾아가는 진료", "region": "강원도 춘천시"}]
    client.post("/rounds/1/documents", json={"documents": texts}, headers=headers("officer"))
    found = get(client, f"/rounds/1/documents?region={asked}")["items"]
    assert [one["document"] for one in found] == ["x"]


def test_a_document_has_its_record_and_no_personal_data(client: TestClient) -> None:
    answer = client.get("/documents/1", headers=headers())
    found = answer.json()
    assert answer.headers["etag"] == f'"{found["version"]}"'
    assert "010-1234-5678" not in answer.text
    assert found["content"]["text"].startswith("전화 ***-****-**** 로")
    assert RecordOut.model_validate(found["record"]).plan == "2019"
    assert found["decision"] is None


@pytest.mark.parametrize("path", ["/rounds/9", "/rounds/9/documents", "/rounds/9/decisions", "/rounds/9/coverage", "/documents/99", "/documents/99/decisions", "/plans/1999", "/plans/2019/nodes/9-9", "/agencies/none"])  # fmt: skip
def test_what_is_not_there(client: TestClient, path: str) -> None:
    assert problem(client, "GET", path, 404)["detail"].endswith(".")


def test_coverage_counts_upwards(client: TestClient) -> None:
    found = get(client, "/rounds/1/coverage")
    counts = {node["code"]: node["count"] for node in found["nodes"]}
    plan = load_plan("2019")
    assert set(counts) == {node.code for node in plan.nodes}
    assert (found["total"], found["off_plan"]) == (3, 1)
    for code in ("3-1", "1-1"):
        assert all(counts[node.code] >= 1 for node in plan.path(code))
    assert sum(counts[node.code] for node in plan.branches(None)) == 2
    assert found["by_standing"] == {"open": 3}


def test_plans_nodes_and_links(client: TestClient) -> None:
    assert [p["id"] for p in get(client, "/plans")] == ["2019", "2020", "2022", "2024"]
    nodes = get(client, "/plans/2019/nodes")
    assert [n["code"] for n in nodes] == [n.code for n in load_plan("2019").nodes]
    assert get(client, "/plans/2019/nodes/3-1") in nodes
    links = get(client, "/plans/2019/links?to=2022")
    assert links
    assert {link["to_plan"] for link in links} == {"2022"}


def test_agencies_of_a_day(client: TestClient) -> None:
    names = {a["name"] for a in get(client, "/agencies?date=2016-01-01&name=행정자치")}
    assert names == {"행정자치부"}
    assert "행정자치부" not in {a["name"] for a in get(client, "/agencies?date=2019-01-01")}
    agency = get(client, "/agencies?date=2016-01-01&name=행정자치")[0]["id"]
    assert [a["name"] for a in get(client, f"/agencies/{agency}?date=2019-01-01")] == ["행정안전부"]
    assert get(client, f"/agencies/{agency}?date=1990-01-01") == []  # not in the list yet
    decomposed = unicodedata.normalize("NFD", "행정자치")
    assert [a["id"] for a in get(client, f"/agencies?date=2016-01-01&name={decomposed}")] == [agency]


def test_models(client: TestClient, judge: Judge, store: Store) -> None:
    store.add_model("m2@0123", "/secret/path", "admin")
    found = client.get("/models", headers=headers())
    assert found.json()["shipped"]
    assert [m["id"] for m in found.json()["models"]] == ["m2@0123"]
    assert "/secret/path" not in found.text


# --- writing


def test_new_texts_are_judged_and_kept_once(client: TestClient, store: Store) -> None:
    texts = [{"id": f"새-{n}", "title": f"{n}번째 마을버스를 주민이 부른다"} for n in range(3)]
    body = {"documents": texts, "kind": "proposal"}
    first = client.post("/rounds/1/documents", headers=headers("officer"), json=body)
    assert (first.status_code, first.json()) == (201, {"new": 3, "known": 0})
    assert client.post("/rounds/1/documents", headers=headers("officer"), json=body).json() == {
        "new": 0,
        "known": 3,
    }
    page = get(client, "/rounds/1/documents?kind=proposal&order=id")
    assert [item["document"] for item in page["items"]] == ["새-0", "새-1", "새-2"]
    assert page["items"][0]["model"].startswith("default@")
    store.close_project(1)
    assert "마감" in problem(client, "POST", "/rounds/1/documents", 409, **body)["detail"]
    fault = problem(client, "POST", "/rounds/1/documents", 422, documents=[{"title": "번호 없음"}])["errors"][
        0
    ]
    assert fault["field"] == "documents[0].id"


def test_a_round_whose_plan_the_model_learnt_in_another_edition_is_refused(
    client: TestClient, store: Store, tmp_path: Path
) -> None:
    """To wait and ask again would not help, and where the server keeps the plan is nobody's business."""
    number = store.create_project("앞 판", replace(load_plan("2019"), title="앞 판"), "kim").id
    told = problem(client, "POST", f"/rounds/{number}/documents", 409, documents=[{"id": "1", "title": "글"}])
    assert "다른 판으로 배워" in told["detail"]
    assert str(tmp_path) not in told["detail"]


def test_a_decision_stands_in_the_ledger_and_can_be_taken_back(client: TestClient, store: Store) -> None:
    version = get(client, "/documents/1")["version"]
    made = decide(client, 1, action="pick", code="1-1", version=version, note="주민 참여가 먼저")
    assert (made.status_code, made.json()["by"], made.json()["code"]) == (201, "api:officer 프로그램", "1-1")
    found = get(client, "/documents/1")
    assert (found["answer"], found["standing"], found["decision"]) == ("1-1", "decided", made.json())
    undone = client.post("/documents/1/undo", headers=headers("officer"), json={"version": found["version"]})
    assert (undone.status_code, undone.json()["action"], undone.json()["replaces"]) == (
        201,
        "undo",
        made.json()["id"],
    )
    assert get(client, "/documents/1")["standing"] == "open"
    assert [row["action"] for row in get(client, "/documents/1/decisions")] == ["pick", "undo"]
    assert store.verify().sound


def test_who_comes_second_is_told(client: TestClient) -> None:
    version = get(client, "/documents/2")["version"]
    assert decide(client, 2, action="accept", version=version).status_code == 201
    second = decide(client, 2, action="none", version=version)
    assert second.status_code == 409
    assert second.json()["type"].endswith("#problem-conflict")
    assert "api:officer 프로그램" in second.json()["detail"]


@pytest.mark.parametrize("wrong", [0, 99])
def test_a_version_that_nobody_can_have_seen_is_refused(client: TestClient, wrong: int) -> None:
    now = get(client, "/documents/2")["version"]
    told = problem(client, "POST", "/documents/2/decisions", 409, action="accept", version=wrong)
    assert f"판 번호 {wrong} 은(는) 없습니다 (지금 {now})" in told["detail"]
    assert "모델" not in told["detail"]


def test_a_repeated_request_is_one_decision(client: TestClient) -> None:
    version = get(client, "/documents/2")["version"]
    body = {"action": "accept", "version": version}
    key = headers("officer", Idempotency_Key="2026-11-28-0001")
    first, again = (client.post("/documents/2/decisions", headers=key, json=body) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    changed = client.post("/documents/2/decisions", headers=key, json=body | {"note": "다른 까닭"})
    assert (changed.status_code, "이미 다른 것" in changed.json()["detail"]) == (409, True)
    other = client.post("/documents/2/decisions", headers=key | headers("reviewer"), json=body)
    assert other.status_code == 409  # another program's request of the same number is another request
    assert (
        client.post(
            "/documents/2/decisions", headers=headers("officer", Idempotency_Key="short"), json=body
        ).status_code
        == 422
    )


def test_an_adjudication_is_taken_back_by_a_reviewer(client: TestClient, store: Store) -> None:
    project = store.create_project("둘", load_plan("2019"), "admin", coders=2).id
    store.add_items(project, [(Document("1", "글"), record())])
    number = store.items(project)[0].id
    for by in ("kim", "lee"):
        store.decide([number], "pick", by=by, code="3-1" if by == "kim" else "5-1")
    store.decide([number], "none", by="chief", final=True)
    body = {"version": store.item(number).version, "final": True}
    assert "검토" in problem(client, "POST", f"/documents/{number}/undo", 403, **body)["detail"]
    undone = client.post(f"/documents/{number}/undo", headers=headers("reviewer"), json=body)
    assert (undone.status_code, undone.json()["final"]) == (201, True)
    assert store.item(number).standing == "disputed"


def test_the_recommended_code_or_one_above_it_is_accepted(client: TestClient) -> None:
    above = load_plan("2019").path("3-1")[0].code
    for code in ("3-1", above):
        version = get(client, "/documents/1")["version"]
        made = decide(client, 1, action="accept", code=code, version=version)
        assert (made.status_code, made.json()["action"], made.json()["code"]) == (201, "accept", code)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"action": "pick"}, 422, "코드(code)"),
        ({"action": "pick", "code": "9-9"}, 422, "계획 2019 에 코드 '9-9'"),
        ({"action": "accept", "agency": "없는 기관"}, 422, "/agencies"),
        ({"action": "accept", "code": "9-1"}, 422, "pick 으로"),
        ({"action": "none", "code": "9-1"}, 422, "pick 으로"),
        ({"action": "undo"}, 422, "accept"),
        ({"action": "accept", "final": True}, 403, "검토"),
        ({"action": "accept", "note": "가" * 2_001}, 422, "2000자"),
    ],
)
def test_decisions_that_cannot_be(client: TestClient, body: dict[str, Any], status: int, says: str) -> None:
    assert says in problem(client, "POST", "/documents/1/decisions", status, version=1, **body)["detail"]
    assert get(client, "/documents/1/decisions") == []


def test_the_ledger_is_read_page_by_page(client: TestClient) -> None:
    for number in (1, 2, 3):
        version = get(client, f"/documents/{number}")["version"]
        assert decide(client, number, action="undecided", version=version, note="나중에").status_code == 201
    seen, after = [], 0
    while after is not None:
        page = get(client, f"/rounds/1/decisions?limit=2&after={after}")
        seen += [row["document"] for row in page["items"]]
        after = page["next"]
        assert page["hidden"] == 0
    assert seen == [1, 2, 3]


def test_the_first_of_two_coders_is_read_by_others_once_both_have_spoken(
    client: TestClient, store: Store
) -> None:
    number = store.create_project("눈가림", load_plan("2019"), "admin", coders=2).id
    store.add_items(number, [(Document("나-1", "주민이 사업을 고른다.", "예산"), record("1-1", id="나-1"))])
    item = store.items(number)[0].id
    ledger, history = f"/rounds/{number}/decisions", f"/documents/{item}/decisions"

    def read(path: str, role: str) -> Any:
        return client.get(path, headers=headers(role)).json()

    store.decide([item], "pick", by="kim", code="3-1")
    assert (read(ledger, "officer")["items"], read(ledger, "officer")["hidden"]) == ([], 1)
    assert read(history, "officer") == []
    assert read(f"/documents/{item}", "officer")["decision"] is None
    assert read(f"/documents/{item}", "officer")["answer"] == "1-1"
    assert [row["by"] for row in read(ledger, "reviewer")["items"]] == ["kim"]
    own = decide(client, item, action="none", version=2).json()
    for role in ("officer", "viewer"):
        assert [row["by"] for row in read(ledger, role)["items"]] == ["kim", own["by"]]
        assert len(read(history, role)) == 2


def test_posts_that_wait_hold_up_nothing_and_too_many_are_told_to_come_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = Event()

    class Slow(FakeJudge):
        def judge_all(self, documents: Iterable[Document], plan: str | None = None) -> Iterator[str]:
            assert go.wait(20)
            return super().judge_all(documents, plan)

    monkeypatch.setattr(rounds, "_WAITING", 40)
    posts = 40 + rounds.AT_ONCE

    def post(client: TestClient, number: int) -> Any:
        body = {"documents": [{"id": f"새-{number}", "title": f"마을 사업 {number}"}]}
        return client.post("/rounds/1/documents", headers=headers("officer"), json=body)

    with api(Slow(), store, tmp_path) as client, ThreadPoolExecutor(posts) as pool:
        try:
            sent = [pool.submit(post, client, number) for number in range(posts)]
            turns = client.app.state.turns  # type: ignore[attr-defined]
            wait_for(lambda: turns.statistics().tasks_waiting == 40)
            assert client.get("/rounds", headers=headers()).status_code == 200
            refused = post(client, posts)
        finally:
            go.set()
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
    assert "10초 뒤" in refused.json()["detail"]
    assert {one.result().status_code for one in sent} == {201}


# --- keys and roles


def test_keys_end(client: TestClient, store: Store, judge: Judge, tmp_path: Path) -> None:
    ended, revoked = new_key(), new_key()
    store.add_api_key("지난 키", "admin", key_hash(ended), "admin", expires_at="2020-01-01T00:00:00.000Z")
    number = store.add_api_key("뺏긴 키", "admin", key_hash(revoked), "admin").id
    fresh = api(judge, store, tmp_path)
    assert fresh.get("/rounds", headers={"X-API-Key": ended}).status_code == 401
    assert fresh.get("/rounds", headers={"X-API-Key": revoked}).status_code == 200
    assert next(k for k in store.api_keys() if k.id == number).used_at is not None
    store.revoke_api_key(number)
    fresh.app.state.keyring.forget()
    assert fresh.get("/rounds", headers={"X-API-Key": revoked}).status_code == 401
    assert all(key not in str(store.api_keys()) for key in (*KEYS.values(), ended, revoked))


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["path"].startswith("/api/v1/")]


def test_every_route_stands_in_the_table() -> None:
    routes = {
        (method, f"/api/v1{route.path}")
        for router in api_app.ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert {(row["method"], row["path"]) for row in rows()} == routes


@pytest.mark.parametrize("role", ["", *KEYS])
def test_every_route_and_role(client: TestClient, role: str) -> None:
    ranks = ["", *KEYS]
    for row in rows():
        path = row["path"].removeprefix("/api/v1")
        for name, value in (("{number}", "1"), ("{plan}", "2019"), ("{code}", "3-1"), ("{agency}", "mohw")):
            path = path.replace(name, value)
        status = client.request(row["method"], path, headers=headers(role) if role else {}).status_code
        if not role:
            assert status == 401, row
        elif ranks.index(role) < ranks.index(row["role"]):
            assert status == 403, row
        else:
            assert status in (200, 422), row  # a POST without a body is let in, and then told what it lacks
