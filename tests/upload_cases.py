"""Uploads for tests: texts to send, and what became of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from hyeoksin.store import Job, Store
from web_client import Browser, wait_for

DATA = Path(__file__).parent / "data"
CSV = "번호,제목,내용\n1,섬 진료버스,의사가 섬을 찾아가 진료합니다\n2,,\n3,주민참여예산,주민이 예산을 정합니다\n"
LONG = (
    "위기가구를 전기와 수도 사용량으로 먼저 찾아내고 복지사가 집을 찾아가 필요한 도움을 이어 주는 사업입니다"
)


def send(browser: Browser, *files: tuple[str, bytes], **fields: str) -> Any:
    parts = [("files", (name, io.BytesIO(raw), "application/octet-stream")) for name, raw in files]
    return browser.post("/uploads/1", {"kind": "task", **fields}, files=parts)


def ended(store: Store, number: int = 1) -> Job:
    return wait_for(lambda: (job := store.job(number)).state in ("done", "failed") and job)


def folders(path: Path) -> list[str]:
    return sorted(p.name for p in path.iterdir()) if path.is_dir() else []
