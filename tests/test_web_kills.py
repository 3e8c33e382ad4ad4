"""kill -9 of the running server in mid-request: what it said was saved is saved, and the same request may be sent again."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

from hyeoksin.store import open_store
from hyeoksin.web.api.keys import key_hash, new_key
from stores import round_of

KEY = new_key()
N_ITEMS = 60
N_KILLS = 2


@contextmanager
def serving(store: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the server as an officer would; yield its process and address once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "hyeoksin", "serve", "--store", str(store), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{address}/healthz", timeout=5).close()  # noqa: S310
                    break
                except OSError:
                    assert process.poll() is None
                    time.sleep(0.1)
            yield process, address
        finally:
            process.kill()


def decide(address: str, number: int) -> dict[str, Any] | None:
    """Send a decision; return the server's answer, None where there was none."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{address}/api/v1/documents/{number}/decisions",
        json.dumps({"action": "none", "version": 1}).encode(),
        {
            "Authorization": f"Bearer {KEY}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"click-{number:04}",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            assert response.status == 201
            answer: dict[str, Any] = json.load(response)
            return answer
    except (OSError, HTTPException, ValueError):
        return None


def test_what_the_server_said_was_saved_outlives_kill_9(tmp_path: Path) -> None:
    file = tmp_path / "desk.db"
    with open_store(file) as store:
        project = round_of(store, N_ITEMS)
        numbers = [item.id for item in store.items(project.id, limit=None)]
        store.add_user("admin", "admin", "-")
        store.add_api_key("포털", "officer", key_hash(KEY), "admin")
    said: dict[int, dict[str, Any]] = {}
    draw = random.Random(3)
    for _ in range(N_KILLS):
        waiting = [number for number in numbers if number not in said]
        if not waiting:
            break  # a quick machine: everything was said before the last kill
        with serving(file) as (process, address), ThreadPoolExecutor(4) as pool:
            answers = [(number, pool.submit(decide, address, number)) for number in waiting]
            answers[0][1].result()
            time.sleep(draw.uniform(0, 0.4))
            os.kill(process.pid, signal.SIGKILL)
            said |= {number: answer for number, sent in answers if (answer := sent.result()) is not None}
    assert said
    with open_store(file) as store:
        stored = {row.id: row for row in store.decisions(limit=None)}
        assert {answer["id"] for answer in said.values()} <= set(stored)
        assert all(stored[answer["id"]].item == number for number, answer in said.items())
        assert store.verify().sound
        assert store.integrity() is None
    with serving(file) as (_, address):
        again = {number: decide(address, number) for number in numbers}
    assert {number: again[number] for number in said} == said  # the first answer, not a second row
    with open_store(file) as store:
        assert store.verify().rows == N_ITEMS
        assert store.verify().sound
