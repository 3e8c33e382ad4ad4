"""Measure the store: decisions per second on both engines, and the queue's queries over a large round.

    python bench/store.py --items 100000 --decisions 500 [--postgres postgresql+psycopg://127.0.0.1/test]

"processor" is the time of this process alone: on a busy machine the better measure for SQLite, which runs inside it.
Every tenth record is of the size that the shipped model gives (about 9 kB), the others leave out the other plans (3 kB);
texts and tokens are made from a seed.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hyeoksin.domain import Document
from hyeoksin.plan import load_plan
from hyeoksin.store import Store, open_store

PLAN = load_plan("2019")
REGIONS = [
    f"{city} {place}"
    for city in ("대구광역시", "부산광역시", "전라남도")
    for place in ("중구", "남구", "동구")
]


def record(draw: random.Random, whole: bool) -> dict[str, Any]:
    leaf = draw.choice(PLAN.leaves)
    share = draw.random()
    candidates = [{"code": n.code, "title": n.title, "probability": 0.01} for n in PLAN.leaves]
    answer = {"path": [], "candidates": candidates, "off_plan": 0.1, "plan_sha": PLAN.sha256[:8]}
    return {
        "id": "", "source": "", "plan": "2019", "status": draw.choice(["review", "review", "settled", "off_plan"]),
        "path": [{"code": n.code, "title": n.title, "probability": share} for n in PLAN.path(leaf.code)],
        "candidates": candidates, "off_plan": 1 - share, "plan_sha": PLAN.sha256[:8],
        "agencies": [{"id": draw.choice(["mohw", "mois", "me"]), "name": "", "role": "lead", "probability": 0.7, "reasons": []}],
        "evidence": [{"start": i, "end": i + 2, "text": "진료", "weight": 0.1} for i in range(20)],
        "clause": None, "rival": None, "regions": [], "model": "bench@1",
        "others": {year: {"plan": year, "status": "review", **answer} for year in ("2020", "2022", "2024") if whole},
    }  # fmt: skip


def rows(n: int, seed: int = 1) -> Iterator[tuple[Document, dict[str, Any]]]:
    draw = random.Random(seed)
    for i in range(n):
        words = [f"낱말{int(draw.paretovariate(0.7)) % 30_000}" for _ in range(30)]
        yield (
            Document(str(i), " ".join(words), f"제목 {i}", region=draw.choice(REGIONS)),
            record(draw, i % 10 == 0),
        )


def tokens(texts: Any) -> list[list[str]]:
    return [text.split() for text in texts]


def timed(name: str, call: Callable[[], Any], repeat: int = 15) -> None:
    call()
    took, spent = [], time.process_time()
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        took.append((time.perf_counter() - start) * 1000)
    spent = (time.process_time() - spent) / repeat * 1000
    print(
        f"    {name:<44} median {statistics.median(took):7.1f} ms  worst {max(took):7.1f}  processor {spent:7.1f}"
    )


def decisions(store: Store, project: int, n: int, threads: int) -> float:
    numbers = [item.id for item in store.items(project, limit=n, decided=False, order="id")]
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda number: store.decide([number], "accept", by="kim", expected_version=1), numbers))
    return len(numbers) / (time.perf_counter() - start)


def measure(url: str, n_items: int, n_decisions: int) -> None:
    with open_store(url) as store:
        project = store.create_project("bench", PLAN, "kim").id
        start = time.perf_counter()
        for at in range(0, n_items, 10_000):
            part = list(rows(min(10_000, n_items - at), seed=at))
            part = [(Document(f"{at}-{d.id}", d.text, d.title, region=d.region), r) for d, r in part]
            store.add_items(project, part, tokenise=tokens)
        print(f"    added {n_items:,} items in {time.perf_counter() - start:,.0f} s (making them included)")
        for threads in (1, 4):
            rate = decisions(store, project, n_decisions, threads)
            print(f"    decisions, {threads} thread(s), each its own transaction      {rate:7.0f} /s")
        queries(store, project)
        start = time.perf_counter()
        sound = store.verify()
        if not sound.sound:
            raise SystemExit(sound.broken)
        print(
            f"    verify {store.verify().rows:,} rows                    {(time.perf_counter() - start) / 2 * 1000:7.0f} ms"
        )


def queries(store: Store, project: int) -> None:
    middle = (store.items(project, offset=1000, limit=1) or store.items(project, limit=1))[0]
    rare = middle.document.text.split()
    timed("queue, first 50 open", lambda: store.items(project, decided=False))
    timed("queue, only ids and answers (limit 50)", lambda: store.items(project, standing="open"))
    timed("queue, 50 from place 5,000", lambda: store.items(project, decided=False, offset=5000))
    timed("queue under S1, region, status, 0.3-0.6", lambda: store.items(
        project, under="S1", region="대구광역시", status="review", low=0.3, high=0.6, decided=False))  # fmt: skip
    timed("queue of one agency", lambda: store.items(project, agency="mois", decided=False))
    timed("queue by probability", lambda: store.items(project, order="probability"))
    timed("recent decisions", lambda: store.items(project, decided=True, order="recent"))
    timed("count open", lambda: store.count(project, decided=False))
    timed("counts by answer", lambda: store.counts(project, "answer"))
    timed("claim the next", lambda: store.claim_next(project, uuid.uuid4().hex))
    timed("one item", lambda: store.item(middle.id))
    timed("search, one common word", lambda: store.search(project, ["낱말1"]))
    timed("search, two words", lambda: store.search(project, rare[:2]))
    timed("search, letters in any word", lambda: store.search(project, ["낱말1"], words={"낱말1": "낱말"}))
    timed("nearest decided", lambda: store.nearest_decided(middle.id, rare, tokens))
    timed("all cases for the hours dial", lambda: store.cases(project), repeat=3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--decisions", type=int, default=500)
    parser.add_argument(
        "--postgres", help="postgresql+psycopg://…: also measured, in a schema that is dropped"
    )
    parser.add_argument("--only-postgres", action="store_true")
    options = parser.parse_args()
    if not options.only_postgres:
        with tempfile.TemporaryDirectory() as folder:
            print("SQLite (WAL, synchronous=FULL)")
            measure(str(Path(folder, "store.db")), options.items, options.decisions)
    if options.postgres:
        import psycopg

        schema = f"bench_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(options.postgres.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
            try:
                print("PostgreSQL")
                measure(
                    f"{options.postgres}?options=-csearch_path%3D{schema}", options.items, options.decisions
                )
            finally:
                connection.execute(f"DROP SCHEMA {schema} CASCADE")


if __name__ == "__main__":
    main()
