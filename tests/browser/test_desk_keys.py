"""The desk's script: the combobox after the ARIA pattern, keys that can be turned off, and everything without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from browser_parts import log_in, open_next, ready
from desk_cases import documents


@pytest.fixture
def page(desk: Any, window: Callable[..., Any], request: pytest.FixtureRequest) -> Any:
    """An open document of a round of four, the second a duplicate of the first."""
    rows = [(d, r | ({"duplicate_group": "g"} if k < 2 else {})) for k, (d, r) in enumerate(documents(4))]
    number = desk.round_of(request.node.name, rows)
    opened = window("officer").page()
    open_next(opened, number)
    opened.goto(f"/items/{desk.items(number)[0].id}")
    ready(opened)
    return opened


def told(page: Any, text: str) -> None:
    page.wait_for_function("text => document.getElementById('told').textContent.includes(text)", arg=text)


def test_the_combobox_tells_what_it_offers_and_where_one_is(page: Any) -> None:
    field = page.get_by_role("combobox", name="다른 항목")
    assert field.get_attribute("aria-expanded") == "false"
    page.keyboard.press("p")
    page.keyboard.type("사각지대")
    told(page, "개 항목")
    assert field.get_attribute("aria-expanded") == "true"
    options = page.get_by_role("option").all()
    first = field.get_attribute("aria-activedescendant")
    assert options[0].get_attribute("id") == first
    assert options[0].get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == options[1].get_attribute("id")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    assert field.get_attribute("aria-expanded") == "false"
    assert field.input_value() == "사각지대"
    page.keyboard.press("Escape")
    assert field.input_value() == ""
    page.keyboard.type("없는 낱말")
    told(page, "맞는 항목이 없습니다")


def test_a_click_only_fills_the_field(page: Any, desk: Any) -> None:
    here = page.url
    page.locator("#typed").click()
    page.get_by_role("option", name="7-1").click()
    assert page.locator("#typed").input_value().startswith("7-1 ")
    assert page.url == here
    page.get_by_role("button", name="이 항목으로").click()
    page.wait_for_url(lambda url: url != here)
    assert "7-1" in page.locator("[data-say]").inner_text()


def test_keys_do_not_listen_while_one_types(page: Any) -> None:
    here = page.url
    page.locator("#note").fill("")
    page.locator("#note").press("x")
    page.locator("#note").press("1")
    assert page.locator("#note").input_value() == "x1"
    page.keyboard.press("Escape")
    page.keyboard.press("Control+x")
    assert page.url == here


def test_keys_count_by_their_place(page: Any) -> None:
    here = page.url
    event = {"key": "ㅌ", "code": "KeyX", "bubbles": True}
    page.evaluate("event => document.body.dispatchEvent(new KeyboardEvent('keydown', event))", event)
    page.wait_for_url(lambda url: url != here)
    assert "계획 밖" in page.locator("[data-say]").inner_text()


def test_keys_are_explained_and_can_be_turned_off(page: Any) -> None:
    here = page.url
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="단축키")
    dialog.wait_for()
    assert "추천대로 정하기" in dialog.inner_text()
    page.get_by_label("단축키 쓰기").uncheck()
    told(page, "단축키를 껐습니다")
    page.get_by_role("button", name="닫기").click()
    page.keyboard.press("Enter")
    page.keyboard.press("x")
    assert page.url == here
    page.reload()
    ready(page)
    page.keyboard.press("x")
    assert page.url == here
    assert not page.locator("#decide kbd").first.is_visible()


def test_the_duplicates_are_switched_on_and_off_and_told(page: Any) -> None:
    box = page.locator("input[name=together]")
    assert box.is_checked()
    page.keyboard.press("g")
    told(page, "이 글만")
    assert not box.is_checked()
    page.keyboard.press("g")
    told(page, "함께 정합니다")


def test_what_was_saved_is_read_out_and_holding_enter_saves_one(page: Any, desk: Any) -> None:
    here = page.url
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.wait_for_url(lambda url: url != here)
    told(page, "저장했습니다")
    assert "묶음 2건" in page.locator("[data-say]").inner_text()


def test_a_note_outlives_the_log_in(desk: Any, window: Callable[..., Any]) -> None:
    page = window(None).page()
    log_in(page, "officer")
    here = open_next(page, desk.filled("메모", 2))
    page.locator("#note").press_sequentially("담당에게 물어볼 것")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.get_by_role("button", name="보류").click()
    page.get_by_text("저장되지 않았습니다").wait_for()
    page.context.add_cookies(cookies)
    page.goto(here)
    ready(page)
    assert page.locator("#note").input_value() == "담당에게 물어볼 것"
    page.get_by_role("button", name="보류").click()
    page.wait_for_url("**done=*")
    page.goto(here)
    ready(page)
    assert page.locator("#note").input_value() == ""
    page.locator("#note").press_sequentially("남기지 않을 것")
    page.get_by_role("button", name="로그아웃").click()
    page.wait_for_url("**/login")
    log_in(page, "officer")
    page.goto(here)
    ready(page)
    assert page.locator("#note").input_value() == ""


def test_everything_can_be_done_without_the_script(desk: Any, window: Callable[..., Any]) -> None:
    number = desk.filled("스크립트 없이", 3)
    page = window("officer", java_script_enabled=False).page()
    page.goto(f"/rounds/{number}/queue")
    page.get_by_role("button", name="다음 건 열기").click()
    page.wait_for_url("**/items/*")
    page.locator("#typed").fill("S1")
    page.locator("#typed").press("Enter")
    page.wait_for_url("**done=*")
    page.get_by_role("button", name="되돌리기").first.click()
    page.get_by_text("되돌렸습니다").wait_for()
    page.locator("#note").fill("문의 중")
    page.get_by_role("button", name="보류").click()
    page.wait_for_url("**done=*")
    page.get_by_role("link", name="비슷한 글의 지난 결정 보기").click()
    page.get_by_role("link", name="문서로 돌아가기").click()
    page.get_by_role("button", name="추천대로").click()
    page.wait_for_url("**done=*")
    rows = desk.store.decisions(project=number)
    assert [row.action for row in rows] == ["pick", "undo", "undecided", "accept"]
