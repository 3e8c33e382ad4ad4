"""Shared by the tests of the REST interface: a store with one round, keys of every role, and a client."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from hyeoksin.domain import Document
from hyeoksin.plan import load_plan
from hyeoksin.store import Store, open_store
from hyeoksin.web.api.app import create_api
from hyeoksin.web.api.keys import Keyring, caller_of, key_hash, new_key
from hyeoksin.web.judge import Judge
from stores import record

KEYS = {role: new_key() for role in ("viewer", "officer", "reviewer", "admin")}


class Free:
    """A throttle that lets ``left`` uses pass."""

    left = 1_000_000

    def wait(self, name: str, key: str) -> int:
        self.left -= 1
        return 0 if self.left >= 0 else 7


def headers(role: str = "viewer", **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[role]}", **{k.replace("_", "-"): v for k, v in more.items()}}


def filled_store(folder: Path) -> Store:
    """A store with a round of three documents (one of them with a phone number) and a key of every role."""
    store = open_store(folder / "api.db")
    for role, key in KEYS.items():
        store.add_api_key(f"{role} 프로그램", role, key_hash(key), "admin")  # type: ignore[arg-type]
    round_ = store.create_project("2026 상반기", load_plan("2019"), "admin")
    texts = [
        Document(
            "가-1", "전화 010-1234-5678 로 문의하면 의사가 섬을 찾는다.", "이동 진료버스", "과제.xlsx#row=2"
        ),
        Document("가-2", "주민이 직접 사업을 고른다.", "주민참여예산", "과제.xlsx#row=3"),
        Document("가-3", "", "봄꽃 축제", "과제.xlsx#row=4"),
    ]
    codes = ("3-1", "1-1", None)
    store.add_items(
        round_.id, [(text, record(code, id=text.id)) for text, code in zip(texts, codes, strict=True)]
    )
    return store


def api(judge: Judge, store: Store, folder: Path, throttle: Any = None) -> TestClient:
    made = create_api(judge, store, Keyring(partial(caller_of, store)), throttle or Free(), folder)
    return TestClient(made, raise_server_exceptions=False)
