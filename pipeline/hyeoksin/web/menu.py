"""The main menu: one line per page."""

from __future__ import annotations

from dataclasses import dataclass

from hyeoksin.web.languages import marked

__all__ = ["MENU", "MenuItem", "round_links"]


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of the main menu: path, Korean title, least role that sees it."""

    path: str
    title: str
    role: str = "viewer"


MENU = (
    MenuItem("/rounds", marked("차수")),
    MenuItem("/coverage", marked("한눈에 보기")),
    MenuItem("/ledger", marked("결정 기록")),
    MenuItem("/models", marked("모델")),
    MenuItem("/users", marked("사용자"), "admin"),
    MenuItem("/keys", marked("API 키"), "admin"),
    MenuItem("/about", marked("이 도구")),
)


def round_links(number: int) -> list[MenuItem]:
    """Return the pages of one round, as its own page links them: one line per page."""
    return [
        MenuItem(f"/rounds/{number}/queue", marked("대기열")),
        MenuItem(f"/rounds/{number}/search", marked("찾기")),
        MenuItem(f"/rounds/{number}/hours", marked("시간 계획")),
        MenuItem(f"/rounds/{number}/export", marked("내보내기")),
        MenuItem(f"/coverage?round={number}", marked("한눈에 보기")),
        MenuItem(f"/ledger?round={number}", marked("결정 기록")),
    ]
