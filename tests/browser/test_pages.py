"""Every page in the browser: axe, narrow and magnified windows, light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browser_parts import hostile_rows
from desk_cases import documents

PAGES = (
    "/login", "/rounds", "/rounds/new", "/rounds/{round}", "/rounds/{round}/queue?standing=any", "/items/{item}",
    "/items/{decided}", "/rounds/{round}/hours", "/rounds/{round}/search", "/rounds/{round}/export", "/coverage?round={round}",
    "/ledger?round={round}", "/ledger/events", "/models", "/users", "/keys", "/about", "/password", "/api/v1/docs",
    "/rounds/{coders}/agreement", "/nowhere",
)  # fmt: skip
WIDE = "a table of its own may scroll; the page may not"


@pytest.fixture(scope="module")
def numbers(desk: Any) -> dict[str, int]:
    round_ = desk.round_of("모든 화면", [*documents(12), *hostile_rows()])
    items = desk.items(round_)
    desk.store.decide([items[1].id], "pick", code="3-1", by="officer", note="회의에서 정함")
    coders = desk.store.create_project("두 사람", desk.store.plan(round_), "admin", coders=2).id
    desk.store.add_items(coders, documents(3))
    for name, code in (("officer", "3-1"), ("second", "5-1")):
        desk.store.decide([desk.items(coders)[0].id], "pick", code=code, by=name)
    return {"round": round_, "item": items[0].id, "decided": items[1].id, "coders": coders}


@pytest.fixture(scope="module")
def axe() -> Any:
    from axe_playwright_python.sync_playwright import Axe

    return Axe()


def visited(page: Any, numbers: dict[str, int]) -> Iterator[str]:
    for path in PAGES:
        answer = page.goto(path.format_map(numbers))
        assert answer.status in (200, 404), path
        assert (answer.status == 404) == (path == "/nowhere"), path
        yield path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_finding_of_axe(
    numbers: dict[str, int], window: Callable[..., Any], axe: Any, scheme: str
) -> None:
    watched = window("admin", color_scheme=scheme)
    page = watched.page()
    found = []
    for path in visited(page, numbers):
        for violation in axe.run(page).response["violations"]:
            places = [node["html"][:160] for node in violation["nodes"][:3]]
            found.append((path, violation["id"], places))
    assert found == []
    watched.errors[:] = [said for said in watched.errors if "404 (Not Found)" not in said]


@pytest.mark.parametrize(
    "view",
    [
        {
            "viewport": {"width": 390, "height": 844},
            "is_mobile": True,
            "has_touch": True,
            "device_scale_factor": 2,
        },
        {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},  # 1280 pixels at 200 %
    ],
    ids=["mobile", "200 %"],
)
def test_no_page_scrolls_sideways(
    numbers: dict[str, int], window: Callable[..., Any], view: dict[str, Any]
) -> None:
    watched = window("admin", **view)
    page = watched.page()
    wide = {}
    for path in visited(page, numbers):
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide[path] = over
    assert wide == {}, WIDE
    watched.errors[:] = [said for said in watched.errors if "404 (Not Found)" not in said]


def test_the_queue_goes_on_paper_without_its_controls(
    numbers: dict[str, int], window: Callable[..., Any]
) -> None:
    page = window("officer").page()
    page.goto("/rounds/{round}/queue?standing=any".format_map(numbers))
    page.set_viewport_size({"width": 720, "height": 1000})  # A4 at 96 pixels an inch, without its margins
    page.emulate_media(media="print")
    assert page.locator("table.queue").bounding_box()["width"] <= 720
    assert page.locator("[data-row]").first.is_visible()
    for control in ("main button", "main select", "input[name=items]", ".tabs ul"):
        assert not page.locator(control).first.is_visible(), control
    page.goto("/rounds/{round}/hours".format_map(numbers))
    assert page.evaluate("document.documentElement.scrollWidth") <= 720


def test_paper_with_personal_data_says_who_printed_it(window: Callable[..., Any]) -> None:
    page = window("reviewer").page()
    page.goto("/about")
    page.get_by_role("button", name="개인정보 보기").click()
    mark = page.get_by_text("인쇄한 사람: reviewer")
    mark.wait_for(state="attached")  # a click does not wait for the page that answers it
    assert not mark.is_visible()
    page.emulate_media(media="print")
    assert mark.is_visible()
    page.emulate_media(media="screen")
    page.get_by_role("button", name="다시 가리기").first.click()


def test_captions_end_at_the_edge_of_a_narrow_window_and_times_stay_whole(
    numbers: dict[str, int], window: Callable[..., Any]
) -> None:
    page = window("admin", viewport={"width": 390, "height": 844}).page()
    for path in ("/coverage?round={round}", "/rounds/{round}/hours", "/ledger?round={round}"):
        page.goto(path.format_map(numbers))
        for box in [one.bounding_box() for one in page.locator("caption:not(.hidden-label)").all()]:
            assert box["x"] + box["width"] <= 390, path
    assert page.locator("td .nowrap").first.bounding_box()["height"] < 30


def test_the_keys_are_named_in_a_magnified_window(
    numbers: dict[str, int], window: Callable[..., Any]
) -> None:
    page = window("officer", viewport={"width": 640, "height": 400}, device_scale_factor=2).page()
    page.goto("/items/{item}".format_map(numbers))
    assert page.locator("#decide kbd").first.is_visible()
    page.locator("button[data-help]:visible").wait_for()


def test_pictures_for_the_readme(
    numbers: dict[str, int], window: Callable[..., Any], shot: Callable[..., None]
) -> None:
    page = window("officer").page()
    page.goto("/items/{item}".format_map(numbers))
    assert page.locator("#decide").is_visible()
    shot(page, "desk-1280")
    page = window("officer", color_scheme="dark").page()
    page.goto("/rounds/{round}/queue?standing=any".format_map(numbers))
    assert page.locator("table.queue").is_visible()
    shot(page, "queue-dark")
    page = window("officer", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True).page()
    page.goto("/items/{item}".format_map(numbers))
    assert page.locator("#decide").is_visible()
    shot(page, "desk-390")


def test_a_page_that_renews_itself_leaves_the_focus(desk: Any, window: Callable[..., Any]) -> None:
    number = desk.filled("시간", 4)
    page = window("officer").page()
    page.clock.install()
    page.goto(f"/rounds/{number}/hours")
    page.evaluate("() => { document.getElementById('outcome').dataset.first = 'yes'; }")
    page.locator("#outcome a").first.focus()
    page.clock.run_for(61_000)
    page.wait_for_timeout(500)
    assert page.evaluate("document.activeElement.tagName") == "A"
    page.locator("#hours-typed").focus()
    page.clock.run_for(61_000)
    page.locator("#outcome:not([data-first])").wait_for()
    assert page.evaluate("document.activeElement.id") == "hours-typed"
