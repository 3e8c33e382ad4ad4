"""Load on a running server: N programs that send one text each, again and again, then one batch of 1,000.

Each client waits for its answer and asks again at once, so N requests are always under way. It runs beside the server on
the same machine and takes processor time itself; the table says how much both took.

    hyeoksin serve --store desk.db --port 8000 &
    sleep 10  # the store must be there before a key is made
    python bench/serve.py --key "$(hyeoksin keys add bench --store desk.db)" --pid $!
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

CORPUS = Path(__file__).parents[1] / "corpus" / "proposals"
TICKS = os.sysconf("SC_CLK_TCK")


async def main() -> None:
    options = arguments()
    texts = corpus(options.characters)
    average = statistics.fmean(len(t["title"]) + len(t["text"]) for t in texts)
    print(
        f"{options.clients} clients, {options.requests} requests, texts of {average:.0f} characters on average"
    )
    await run(options, texts, options.clients * 5)  # warm
    before, start, own = processor(options.pid), time.perf_counter(), time.process_time()
    times, statuses = await run(options, texts, options.requests)
    wall = time.perf_counter() - start
    used, own = processor(options.pid) - before, time.process_time() - own
    p50, p95, p99 = (statistics.quantiles(times, n=100)[n - 1] * 1000 for n in (50, 95, 99))
    print(
        f"one text: p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, longest {max(times) * 1000:.1f} ms"
    )
    print(f"          {options.requests / wall:.0f} requests/s, statuses {dict(statuses)}")
    print(
        f"          processor time a request: server {used / options.requests * 1000:.2f} ms, "
        f"this client {own / options.requests * 1000:.2f} ms; load of the machine {os.getloadavg()[0]:.1f}"
    )
    before, start = processor(options.pid), time.perf_counter()
    first, lines, last = await batch(options, texts)
    wall = time.perf_counter() - start
    print(
        f"batch of 1,000: {lines} records, first after {first * 1000:.0f} ms, all after {wall:.2f} s, "
        f"last line whole: {last}; server {processor(options.pid) - before:.2f} s of processor time"
    )


async def run(
    options: argparse.Namespace, texts: list[dict[str, str]], count: int
) -> tuple[list[float], Counter[int]]:
    """Send ``count`` requests from all clients; return how long each took and how often each status came."""
    left = iter(range(count))
    times: list[float] = []
    statuses: Counter[int] = Counter()

    async def client() -> None:
        reader, writer = await connect(options.url)
        for number in left:
            body = json.dumps({"documents": [texts[number % len(texts)]]}).encode()
            start = time.perf_counter()
            writer.write(request(options, body))
            status, _ = await answer(reader)
            times.append(time.perf_counter() - start)
            statuses[status] += 1
        writer.close()

    await asyncio.gather(*(client() for _ in range(options.clients)))
    return times, statuses


async def batch(options: argparse.Namespace, texts: list[dict[str, str]]) -> tuple[float, int, bool]:
    """Send 1,000 texts at once; return when the first bytes came, the number of lines, and whether the last is whole."""
    reader, writer = await connect(options.url)
    documents = [texts[n % len(texts)] for n in range(1_000)]
    start = time.perf_counter()
    writer.write(request(options, json.dumps({"documents": documents}).encode(), "application/jsonl"))
    await reader.readuntil(b"\r\n\r\n")
    body, first = b"", 0.0
    while size := int(await reader.readuntil(b"\r\n"), 16):
        first = first or time.perf_counter() - start
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    writer.close()
    records = [json.loads(line) for line in body.splitlines()]
    return first, len(records), all("candidates" in record for record in records)


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 22)


def request(options: argparse.Namespace, body: bytes, accept: str = "application/json") -> bytes:
    parts = urlsplit(options.url)
    head = (
        f"POST /api/v1/classify HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {options.key}\r\n"
        f"Content-Type: application/json\r\nAccept: {accept}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    length = next(
        int(h.split(b":")[1]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length")
    )
    return status, await reader.readexactly(length)


def corpus(characters: int | None) -> list[dict[str, str]]:
    """Return the written corpus' texts (title and text), cut to a number of characters where one is given (0: titles)."""
    lines = (line for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines())
    rows = [json.loads(line) for line in lines if line.strip()][::5]
    return [{"title": r["title"] or r["text"][:60], "text": r["text"][:characters]} for r in rows]


def processor(pid: int | None) -> float:
    """Return the seconds of processor time that a process and its children have used."""
    if pid is None:
        return float("nan")
    found = 0.0
    for one in (pid, *children(pid)):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        found += (int(fields[11]) + int(fields[12])) / TICKS
    return found


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--key", required=True)
    parser.add_argument("--pid", type=int, help="the server's process, to report its processor time")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--requests", type=int, default=2_000)
    parser.add_argument("--characters", type=int, help="cut texts to so many characters; 0: titles alone")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
