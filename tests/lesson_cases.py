"""An office with a rule of its own: whatever has a drone in it goes to one node."""

from __future__ import annotations

from itertools import product

from hyeoksin.domain import Document

HOUSE = "4-2"
_PLACES = (
    "산불 감시",
    "하천 순찰",
    "교량 점검",
    "해안 쓰레기 수거",
    "실종자 수색",
    "농약 살포",
    "불법 주정차 단속",
    "축제 안전 관리",
)
_WAYS = (
    "드론 투입",
    "드론 활용 확대",
    "드론 시범 운영",
    "무인 드론 도입",
    "드론 관제",
    "드론 교육",
    "드론 협업",
    "드론 조례",
    "드론 예산",
)


def drones() -> list[Document]:
    return [
        Document(f"d{i}", title=f"{place} {way}") for i, (place, way) in enumerate(product(_PLACES, _WAYS))
    ]
