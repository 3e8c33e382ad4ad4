"""The REST interface: keys, limits, problems, one text and many."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi.testclient import TestClient

from api_client import KEYS, Free, api, filled_store, headers
from hyeoksin.classifier import Classifier
from hyeoksin.domain import Document
from hyeoksin.normalise import is_blank
from hyeoksin.store import Store
from hyeoksin.web.api.keys import new_key
from hyeoksin.web.api.records import EXAMPLE_RECORD, RecordOut
from hyeoksin.web.api.texts import SEEN
from hyeoksin.web.judge import Judge

HEADERS = headers()
TEXTS = [
    {"id": f"글{n}", "title": title, "date": "2024-03-29"}
    for n, title in enumerate(
        [
            "섬을 돌며 진료하는 이동 병원 버스",
            "주민참여예산 사업을 주민이 골라요",
            "봄꽃 축제가 열렸다",
            "😀 a\u2028b",
        ]
    )
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = filled_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def client(judge: Judge, store: Store, tmp_path: Path) -> TestClient:
    return api(judge, store, tmp_path)


def classify(client: TestClient, **body: object) -> tuple[int, dict[str, object]]:
    answer = client.post("/classify", json=body, headers=HEADERS)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) >= {"type", "title", "status", "detail"}
        assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()


def test_the_records_are_those_of_the_classifier(client: TestClient, careful: Classifier) -> None:
    status, body = classify(client, documents=TEXTS)
    assert status == 200
    wanted = [
        p.to_record()
        for p in careful.classify([Document(id=t["id"], title=t["title"], date=t["date"]) for t in TEXTS])
    ]
    assert body["records"] == json.loads(json.dumps(wanted))


def test_who_only_reads_does_not_wait_for_who_writes(client: TestClient, store: Store) -> None:
    with closing(sqlite3.connect(store.url, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.monotonic()
        assert client.get("/rounds", headers=HEADERS).status_code == 200
        assert time.monotonic() - start < 5
        assert [key.used_at for key in store.api_keys()] == [None] * len(KEYS)
        other.execute("ROLLBACK")
    assert client.get("/rounds", headers=headers("officer")).status_code == 200
    assert [key.role for key in store.api_keys() if key.used_at] == ["officer"]
    with store._read() as connection:
        waiting = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert waiting == 10_000


@pytest.mark.parametrize("plan", ["2019", "2020", "2022", "2024"])
def test_records_are_valid_for_every_plan(client: TestClient, plan: str) -> None:
    _, body = classify(client, documents=TEXTS, plan=plan)
    for record in body["records"]:
        assert RecordOut.model_validate(record).plan == plan
        assert plan not in record["others"]


def test_the_example_of_the_description_is_a_record() -> None:
    RecordOut.model_validate(EXAMPLE_RECORD)


def test_texts_without_id_are_numbered(client: TestClient) -> None:
    _, body = classify(client, documents=[{"text": "가"}, {"id": "나", "text": "나"}, {"title": "다"}])
    assert [r["id"] for r in body["records"]] == ["1", "나", "3"]


def test_many_texts_come_as_lines_in_order(client: TestClient) -> None:
    texts = [{"title": f"{n}번째 마을 도서관"} for n in range(130)]
    with client.stream("POST", "/classify", json={"documents": texts}, headers=HEADERS) as answer:
        assert answer.headers["content-type"] == "application/jsonl"
        records = [json.loads(line) for line in answer.iter_lines()]
    assert [r["id"] for r in records] == [str(n + 1) for n in range(130)]
    only_json = HEADERS | {"Accept": "application/json"}
    refused = client.post("/classify", json={"documents": texts}, headers=only_json)
    assert (refused.status_code, "jsonl" in refused.json()["detail"]) == (406, True)
    one = client.post(
        "/classify", json={"documents": texts[:1]}, headers=HEADERS | {"Accept": "application/x-ndjson"}
    )
    assert len(one.text.splitlines()) == 1


def test_callers_at_the_same_time_get_their_own_answers(client: TestClient) -> None:
    def ask(n: int) -> list[str]:
        _, body = classify(
            client, documents=[{"id": f"{n}-{k}", "title": f"주민 모임 {n}"} for k in range(n % 3 + 1)]
        )
        return [r["id"] for r in body["records"]]

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(40))) == [[f"{n}-{k}" for k in range(n % 3 + 1)] for n in range(40)]


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({}, "documents", "빠졌습니다"),
        ({"documents": []}, "documents", "1개 이상"),
        ({"documents": [{"title": "가"}] * 1_001}, "documents", "1000개를 넘습니다"),
        ({"documents": [{"title": "가"}, {"title": " ", "text": "\n"}]}, "documents[1]", "비어 있습니다"),
        ({"documents": [{"title": "\u200b", "text": "\u3000\ufeff"}]}, "documents[0]", "비어 있습니다"),
        (
            {"documents": [{"title": "가", "text": "나" * 100_001}]},
            "documents[0].text",
            "100000자를 넘습니다",
        ),
        ({"documents": [{"title": 3}]}, "documents[0].title", "글(문자열)"),
        ({"documents": [{"title": "가", "date": "어제"}]}, "documents[0].date", "2024-03-29"),
        ({"documents": [{"title": "가", "제목": "나"}]}, "documents[0].제목", "모르는 이름"),
        ({"documents": [{"title": "가\x00"}]}, "documents[0].title", "널 문자"),
        ({"documents": [{"title": "가"}], "plan": "1999"}, "plan", "'2019', '2020', '2022', '2024'"),
        ({"documents": "가"}, "documents", "목록"),
        ({"documents": ["가"]}, "documents[0]", "객체"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_remedy(
    client: TestClient, body: dict[str, object], field: str, says: str
) -> None:
    status, problem = classify(client, **body)
    assert status == 422
    (fault,) = problem["errors"]
    assert fault["field"] == field
    assert says in fault["detail"]
    assert fault["detail"] in problem["detail"]
    assert fault["pointer"] == "/" + field.replace("[", "/").replace("]", "").replace(".", "/")


@pytest.mark.parametrize(
    ("raw", "status"),
    [(b"{", 400), (b'{"documents": [{"title": "\xff"}]}', 400), (b'{"documents": [{"title": "\\ud800"}]}', 422), (b"[]", 422), (b"", 422)],
)  # fmt: skip
def test_a_body_that_is_no_json(client: TestClient, raw: bytes, status: int) -> None:
    answer = client.post("/classify", content=raw, headers=HEADERS | {"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Input should" not in answer.text  # pydantic's English


def test_without_a_key_nothing_is_answered(client: TestClient) -> None:
    for given in (
        {},
        {"Authorization": "Bearer x"},
        {"X-API-Key": new_key()},
        {"Authorization": f"Basic {KEYS['viewer']}"},
    ):
        answer = client.post("/classify", json={"documents": TEXTS}, headers=given)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["type"].endswith("#problem-unauthorized")
    assert (
        client.post("/classify", json={"documents": TEXTS}, headers={"X-API-Key": KEYS["viewer"]}).status_code
        == 200
    )


def test_a_key_that_asks_too_often_must_wait(judge: Judge, store: Store, tmp_path: Path) -> None:
    throttle = Free()
    throttle.left = 1
    client = api(judge, store, tmp_path, throttle)
    assert classify(client, documents=TEXTS)[0] == 200
    answer = client.post("/classify", json={"documents": TEXTS}, headers=HEADERS)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_unknown_addresses_and_methods_are_problems_too(client: TestClient) -> None:
    for method, path, status in (("GET", "/없는-주소", 404), ("GET", "/classify", 405)):
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_the_description_has_korean_words_and_no_dangling_reference(client: TestClient) -> None:
    text = client.get("/openapi.json").text
    parts = json.loads(text)["components"]["schemas"]
    used = {line.split('"')[0] for line in text.split("#/components/schemas/")[1:]}
    assert used <= set(parts)
    assert "HTTPValidationError" not in text


def pieces(sent: list[int], n: int) -> Iterator[bytes]:
    """A body of ``n`` MiB without a declared length; ``sent`` gets a number for each of them."""
    for number in range(n):
        sent.append(number)
        yield b" " * (1 << 20)


def test_a_body_that_is_too_large_is_refused_with_and_without_a_declared_length(client: TestClient) -> None:
    sent: list[int] = []
    for body in (b" " * ((16 << 20) + 1), pieces(sent, 30)):
        answer = client.post(
            "/classify", content=body, headers=HEADERS | {"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
        assert "나누어" in answer.json()["detail"]


def test_a_body_is_read_only_for_who_has_a_key_and_only_as_json(client: TestClient) -> None:
    read: list[str] = []

    async def asked(path: str, given: dict[str, str]) -> int:
        """Ask without a client that sends all of the body whether it is read or not."""
        status = 0
        headers = [(k.lower().encode(), v.encode()) for k, v in {**given, "Content-Length": "2"}.items()]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}

        async def receive() -> dict[str, Any]:
            read.append(path)
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)

        await client.app(scope, receive, send)
        return status

    paths = client.get("/openapi.json").json()["paths"]
    posts = [path.replace("{number}", "1") for path, operations in paths.items() if "post" in operations]
    assert len(posts) > 3
    in_json = {"Content-Type": "application/json; charset=utf-8"}
    for path in posts:
        for key in ({}, {"Authorization": f"Bearer {new_key()}"}, {"Authorization": KEYS["officer"]}):
            assert anyio.run(asked, path, in_json | key) == 401
        for kind in (
            {},
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/x-www-form-urlencoded"},
        ):
            assert anyio.run(asked, path, headers("officer") | kind) == 415
    assert read == []
    assert {anyio.run(asked, path, headers("officer") | in_json) for path in posts} == {422}
    assert read == posts
    assert client.request("GET", "/rounds", content=b"{}", headers=HEADERS).status_code == 200  # none is read


def test_an_unforeseen_fault_is_a_problem_with_the_number_of_the_log(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("innermost words")

    monkeypatch.setattr(store, "projects", broken)
    answer = client.get("/rounds", headers=HEADERS)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "innermost" not in answer.text
    (number,) = re.findall("오류 번호 ([0-9a-f]{8})", answer.json()["detail"])
    assert f"error {number}" in caplog.text


def test_the_schema_knows_which_texts_are_blank() -> None:
    signs = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    assert [sign for sign in signs if is_blank(sign) == bool(re.search(SEEN, sign))] == []
