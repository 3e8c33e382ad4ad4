"""Rounds with records of our own words, for the tests of the desk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyeoksin.domain import Document
from hyeoksin.plan import load_plan
from hyeoksin.store import Item, Project, Store
from hyeoksin.web import passwords
from web_client import PASSWORD, Browser, make_app, make_store

PLAN = load_plan("2019")
TITLES = (
    "이동 진료버스 운영",
    "구청 회의록 공개",
    "꽃 축제 안내",
    "데이터로 버스 노선 바꾸기",
    "청렴 상담실",
    "마을회관 개방",
)
LEAVES = ("3-2", "5-1", None, "9-1", "7-1", "5-3")
REGIONS = ("전라남도 신안군", "대구광역시 중구", "대구광역시 동구")


def record(number: int, code: str | None = "3-2", probability: float = 0.8, **fields: Any) -> dict[str, Any]:
    """Return a JSON record: ``code`` is the leaf that its path ends at (None: off the plan)."""
    leaves = sorted(PLAN.leaves, key=lambda leaf: leaf.code != code)
    shares = [probability if code else 0.02, *[0.0] * (len(leaves) - 1)]
    off = round(1 - sum(shares), 6)
    path = (
        []
        if code is None
        else [{"code": n.code, "title": n.title, "probability": probability} for n in PLAN.path(code)]
    )
    rival = leaves[1]
    return {
        "id": f"과제-{number}", "source": f"과제.xlsx#row={number}", "plan": "2019",
        "status": "off_plan" if code is None else "review", "path": path,
        "candidates": [{"code": n.code, "title": n.title, "probability": p} for n, p in zip(leaves, shares, strict=True)],
        "off_plan": off, "plan_sha": PLAN.sha256[:8],
        "agencies": [{"id": "mohw", "name": "보건복지부", "role": "lead", "probability": 0.6, "reasons": ["본문 모형 0.60"]}],
        "evidence": [{"start": 0, "end": 2, "text": "", "weight": 0.6}, {"start": 1, "end": 4, "text": "", "weight": 0.2}],
        "clause": {"code": "3-2-1", "title": PLAN["3-2-1"].title, "similarity": 0.4} if code == "3-2" else None,
        "rival": {"code": rival.code, "title": rival.title, "probability": 0.1, "why": ["이 말은 다른 쪽"]},
        "regions": [], "others": {"2024": {"plan": "2024", "status": "review", "path": [
            {"code": "K2", "title": "사각지대 해소", "probability": 0.6}], "candidates": [], "off_plan": 0.1, "plan_sha": "x"}},
        "model": "test@00000000",
    } | fields  # fmt: skip


def documents(n: int) -> list[tuple[Document, dict[str, Any]]]:
    """Return ``n`` documents with records: titles, codes and regions in turn, the least sure first."""
    found = []
    for k in range(n):
        document = Document(
            f"과제-{k}",
            f"{TITLES[k % 6]}에 관한 글입니다. 문의 010-1234-567{k % 10}",
            TITLES[k % 6],
            f"과제.xlsx#row={k}",
            region=REGIONS[k % 3],
        )
        found.append((document, record(k, LEAVES[k % 6], 0.6 + 0.3 * k / n)))
    return found


def titles(page: str) -> list[str]:
    """Return the titles of a queue's rows."""
    return re.findall(r"data-row>([^<]*)</a>", page)


def words(page: str) -> str:
    """Return the text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page))


class Office:
    """A store with people, the app over it, and browsers by name: made once, since passwords are slow by design."""

    def __init__(self, folder: Path) -> None:
        self.store = make_store(folder)
        self.store.add_user("second", "officer", passwords.hashed(PASSWORD), must_change=False)
        self.app = make_app(folder, self.store)
        self.browsers: dict[str, Browser] = {}

    def open(
        self, n: int = 12, coders: int = 1, rows: list[tuple[Document, dict[str, Any]]] | None = None
    ) -> Desk:
        """Return a fresh round with documents."""
        name = f"차수 {len(self.store.projects()) + 1}"
        project = self.store.create_project(name, "2019", "admin", coders=coders)
        self.store.add_items(project.id, rows if rows is not None else documents(n))
        return Desk(self, project)


@dataclass
class Desk:
    """One round of an office."""

    office: Office
    project: Project

    @property
    def store(self) -> Store:
        return self.office.store

    @property
    def path(self) -> str:
        return f"/rounds/{self.project.id}"

    def browser(self, name: str = "officer") -> Browser:
        if name not in self.office.browsers:
            self.office.browsers[name] = Browser(self.office.app, name)
        return self.office.browsers[name]

    @property
    def items(self) -> list[Item]:
        return self.store.items(self.project.id, order="id", limit=None)

    def decide(self, item: Item, action: str, name: str = "officer", **fields: Any) -> Any:
        key = f"{name}-{item.id}-{item.version}-{action}"
        form = {"action": action, "version": item.version, "key": key, **fields}
        return self.browser(name).post(f"/items/{item.id}/decide", form)
