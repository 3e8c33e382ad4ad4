"""An officer's day in a real browser: upload, thirty decisions by keyboard, two officers, undo, export, log-out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from browser_parts import HOSTILE, hostile_rows, log_in, open_next, ready
from desk_cases import documents
from hyeoksin.web import passwords
from hyeoksin.web.api.keys import key_hash

DATA = Path(__file__).parents[1] / "data" / "office"


def test_files_become_a_round(desk: Any, window: Callable[..., Any]) -> None:
    page = window("officer").page()
    page.goto("/rounds/new")
    page.fill("#name", "올린 차수")
    page.click("main button.main")
    page.wait_for_url(re.compile(r"/rounds/\d+$"))
    number = int(page.url.rpartition("/")[2])
    page.set_input_files("#files", [DATA / "list.xlsx", DATA / "form.hwpx"])
    page.click("form[data-upload] button.main")
    page.wait_for_url(re.compile(r"/jobs/\d+$"))
    page.get_by_text("끝남").first.wait_for(timeout=90_000)
    items = desk.items(number)
    sources = {item.document.source.partition("#")[0].rpartition("/")[2] for item in items}
    assert sources == {"list.xlsx", "form.hwpx"}
    assert all(item.model.startswith("default@") for item in items)
    page.goto(f"/rounds/{number}/queue?standing=any")
    assert page.locator("[data-row]").count() == len(items)


def test_a_queue_of_thirty_by_keyboard_alone(desk: Any, window: Callable[..., Any]) -> None:
    number = desk.filled("글쇠로", 30)
    page = window("officer").page()
    open_next(page, number)
    for turn in range(30):
        here = page.url
        if turn:
            ready(page)
        match turn % 5:
            case 0 | 1:
                page.keyboard.press("Enter")
            case 2:
                page.keyboard.press("2")
            case 3:
                page.keyboard.press("p")
                page.keyboard.type("3-1")
                page.keyboard.press("Enter")
            case _:
                page.keyboard.press("m")
                page.keyboard.type("담당에게 물어봄")
                page.keyboard.press("Escape")
                page.keyboard.press("h")
        page.wait_for_url(lambda url, here=here: url != here)
    items = desk.items(number)
    assert {item.standing for item in items} == {"decided", "undecided"}
    rows = desk.store.decisions(project=number, limit=None)
    assert (len(rows), {row.by for row in rows}) == (30, {"officer"})
    assert [row.code for row in rows if row.action == "pick"].count("3-1") >= 6
    assert desk.store.verify(number).sound


def test_two_officers_see_different_documents_and_a_late_decision_is_told(
    desk: Any, window: Callable[..., Any]
) -> None:
    number = desk.filled("둘이서", 4)
    first, second = (window(name).page() for name in ("officer", "second"))
    path, _ = (open_next(page, number) for page in (first, second))
    assert first.locator("h1").inner_text() != second.locator("h1").inner_text()
    second.goto(path)
    ready(second)
    first.keyboard.press("Enter")
    first.wait_for_url(lambda url: url != path)
    second.keyboard.press("x")
    told = second.get_by_role("alert")
    told.wait_for()
    assert "officer" in told.inner_text()
    assert "아무것도 덮어쓰지 않았습니다" in told.inner_text()
    rows = desk.store.decisions(project=number)
    assert [(row.by, row.action) for row in rows] == [("officer", "accept")]


def test_undo_gives_the_document_back(desk: Any, window: Callable[..., Any]) -> None:
    number = desk.filled("되돌리기", 3)
    page = window("officer").page()
    here = open_next(page, number)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != here)
    ready(page)
    page.keyboard.press("u")
    page.wait_for_url(lambda url: url.split("?")[0] == here.split("?")[0])
    assert [row.action for row in desk.store.decisions(project=number)] == ["accept", "undo"]
    assert {item.standing for item in desk.items(number)} == {"open"}


def test_the_workbook_can_be_opened_and_holds_the_decisions(
    desk: Any, window: Callable[..., Any], tmp_path: Path
) -> None:
    number = desk.round_of("내보내기", [*documents(4), *hostile_rows()])
    item = desk.items(number)[0]
    desk.store.decide([item.id], "pick", code="5-1", by="officer", note="회의에서")
    page = window("officer").page()
    page.goto(f"/rounds/{number}/export")
    with page.expect_download() as caught:
        page.get_by_role("button", name="내려받기").click()
    path = tmp_path / caught.value.suggested_filename
    caught.value.save_as(path)
    assert path.suffix == ".xlsx"
    book = load_workbook(path)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    words = {str(cell.value) for cell in cells}
    assert item.document.title in words
    assert any("회의에서" in word for word in words)
    assert not [cell for cell in cells if cell.data_type == "f" and "HYPERLINK" in str(cell.value)]
    assert not [
        cell for cell in cells if cell.hyperlink is not None and "example.com" in str(cell.hyperlink.target)
    ]
    book.close()


def test_new_texts_are_found_without_asking_again(desk: Any, window: Callable[..., Any]) -> None:
    page = window("officer").page()
    told = page.get_by_text("빠진 것이 있을 수 있습니다")
    number = desk.filled("새 글", 6)
    page.goto(f"/rounds/{number}/search?q=청렴")
    told.wait_for()
    told.wait_for(state="detached", timeout=60_000)
    assert "청렴 상담실" in page.locator(".hits").inner_text()
    page.goto(f"/items/{desk.items(desk.filled('더 새 글', 6))[0].id}")
    told.wait_for()
    told.wait_for(state="detached", timeout=60_000)
    assert page.locator("section > #h-near").count() == 1


def test_a_double_click_makes_one_and_the_form_works_again_after_it(
    desk: Any, window: Callable[..., Any]
) -> None:
    page = window("admin").page()

    def double_click(name: str) -> None:
        with desk.store._write():  # the first answer does not come before the second click
            page.get_by_role("button", name=name).dblclick(delay=50, no_wait_after=True)

    accounts, n_keys, n_rounds = (
        len(desk.store.users()),
        len(desk.store.api_keys()),
        len(desk.store.projects()),
    )
    for n in (1, 2):
        page.goto("/users")
        page.fill("#name", f"click{n}")
        double_click("만들기")
        password = page.locator(".secret code").inner_text()
        assert passwords.verify(password, desk.store.user(f"click{n}").secret)
    assert len(desk.store.users()) == accounts + 2
    page.goto("/keys")
    page.fill("#name", "두 번 누른 키")
    double_click("만들기")
    shown = page.locator(".secret code").inner_text()
    assert [desk.store.api_key(key_hash(shown))] == desk.store.api_keys()[n_keys:]
    page.goto("/rounds/new")
    for n in (1, 2):
        page.fill("#name", f"두 번 누른 차수 {n}")
        double_click("열기")
        page.wait_for_url(re.compile(r"/rounds/\d+$"))
        page.go_back()
        page.wait_for_url("**/rounds/new")
    assert len(desk.store.projects()) == n_rounds + 2


def test_after_the_log_out_the_back_button_shows_nothing(desk: Any, window: Callable[..., Any]) -> None:
    number = desk.filled("로그아웃", 2)
    page = window(None).page()
    log_in(page, "officer")
    page.goto(f"/items/{desk.items(number)[0].id}")
    title = desk.items(number)[0].document.title
    assert title in page.locator("main").inner_text()
    page.get_by_role("button", name="로그아웃").click()
    page.wait_for_url("**/login**")
    page.go_back()
    page.wait_for_load_state()
    assert title not in page.locator("body").inner_text()
    assert "/login" in page.url


def test_a_hostile_document_is_only_text(desk: Any, window: Callable[..., Any]) -> None:
    number = desk.round_of("나쁜 글", hostile_rows())
    page = window("officer").page()
    for item in desk.items(number):
        page.goto(f"/items/{item.id}")
        assert page.evaluate("window.hit === undefined")
        assert page.locator("main img, main iframe, main script, main a[href^='javascript']").count() == 0
        assert not set("\u202e\u2066\u200f") & set(page.locator("main").inner_text())
        assert not re.search(r"(?:href|src)=\"?https?://example", page.content())
    page.goto(f"/rounds/{number}/queue")
    assert page.evaluate("window.hit === undefined")
    assert page.locator("[data-row]").count() == len(HOSTILE)
    assert "<script>" in page.locator("main").inner_text()


def test_what_matters_works_without_javascript(desk: Any, window: Callable[..., Any]) -> None:
    number = desk.filled("스크립트 없이", 3)
    page = window("officer", java_script_enabled=False).page()
    page.goto(f"/rounds/{number}/queue")
    page.get_by_role("button", name="다음 건 열기").click()
    page.wait_for_url("**/items/*")
    page.get_by_role("button", name="추천대로").click()
    page.get_by_text("저장했습니다.").wait_for()
    page.fill("#typed", "7-1")
    page.get_by_role("button", name="이 항목으로").click()
    page.get_by_text("저장했습니다.").wait_for()
    assert [row.action for row in desk.store.decisions(project=number)] == ["accept", "pick"]
    page.goto(f"/rounds/{number}")
    page.set_input_files("#files", DATA / "list_utf8.csv")
    page.get_by_role("button", name="올리기").click()
    page.wait_for_url("**/jobs/*")
    page.goto(f"/rounds/{number}/export")
    assert page.get_by_role("button", name="내려받기").is_visible()


def test_what_a_search_found_is_decided_one_after_the_other(
    desk: Any, window: Callable[..., Any], shot: Callable[..., None]
) -> None:
    number = desk.filled("찾아서", 12)
    page = window("officer").page()
    page.goto(f"/rounds/{number}/search?q=버스")
    page.locator(".hits a").nth(3).wait_for(timeout=30_000)  # the index is being filled
    for turn in range(2):
        page.locator(".hits a").nth(turn).click()
        ready(page)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(rf"/rounds/{number}/search\?"))
        page.get_by_text("저장했습니다").wait_for()
    shot(page, "search-decided")
    assert sum(item.standing == "decided" for item in desk.items(number)) == 2
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"/items/\d+\?"))
    page.keyboard.press("q")
    page.wait_for_url(re.compile(rf"/rounds/{number}/search\?"))
    assert sum(item.standing == "decided" for item in desk.items(number)) == 1
