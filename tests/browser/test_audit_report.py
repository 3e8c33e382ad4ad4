"""The report in a browser: nothing is fetched, axe finds nothing, tables sort, the font loads, paper has all pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from hyeoksin.audit import write_audit
from report_cases import full_audit


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_audit(full_audit("2022"), path)
    return path


@pytest.fixture
def opened(chromium: Browser, report: Path) -> Iterator[Page]:
    page = chromium.new_page(color_scheme="dark", viewport={"width": 1000, "height": 800})
    page.complaints = []  # type: ignore[attr-defined]
    page.asked = []  # type: ignore[attr-defined]
    page.on("console", lambda message: page.complaints.append(message.text))  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.complaints.append(str(error)))  # type: ignore[attr-defined]
    page.on("request", lambda request: page.asked.append(request.url))  # type: ignore[attr-defined]
    page.goto(report.as_uri())
    yield page
    page.close()


def test_the_page_asks_for_nothing_and_complains_of_nothing(opened: Page, report: Path) -> None:
    assert opened.evaluate("document.fonts.ready.then(() => [...document.fonts].map(f => f.status))") == [
        "loaded"
    ]
    asked = [url for url in opened.asked if not url.startswith("data:font/woff")]  # type: ignore[attr-defined]
    assert asked == [report.as_uri()]
    assert opened.complaints == []  # type: ignore[attr-defined]


def test_axe_finds_nothing(opened: Page) -> None:
    opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(opened)
    assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == []


def test_a_heading_sorts_its_column_both_ways(opened: Page) -> None:
    table = opened.locator("section[aria-labelledby=whole] table")
    button = table.get_by_role("button", name="센 글 차례로")
    button.focus()
    opened.keyboard.press("Enter")
    column = "t => [...t.tBodies[0].rows].map(r => Number(r.cells[1].dataset.value))"
    up = table.evaluate(column)
    assert up == sorted(up)
    assert table.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    opened.keyboard.press("Enter")
    assert table.evaluate(column) == sorted(up, reverse=True)


def test_a_link_of_a_finding_leads_to_its_text(opened: Page) -> None:
    opened.locator(".finding a").first.click()
    assert opened.locator(".text:target").count() == 1


@pytest.mark.parametrize("width", [360, 1000])
def test_the_page_does_not_scroll_sideways(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    widths = "found => found.map(one => one.getBoundingClientRect().width)"
    assert min(opened.locator("figure svg").evaluate_all(widths)) >= 600  # narrower, nobody reads its labels
    assert min(opened.locator("section[aria-labelledby=whole] tbody th").evaluate_all(widths)) >= 170


def test_on_paper_it_is_a4_and_has_the_method(opened: Page) -> None:
    paper = pypdfium2.PdfDocument(opened.pdf(prefer_css_page_size=True))
    assert paper.get_page_size(0) == pytest.approx((595, 842), abs=1.5)
    words = "".join(page.get_textpage().get_text_bounded() for page in paper)
    assert "이 보고서의 숫자를 읽는 법" in words
    assert len(paper) >= 6
