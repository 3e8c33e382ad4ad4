"""A real server with a store of its own, and Debian's Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from browser_parts import WAIT_MS, log_in
from desk_cases import documents
from hyeoksin.domain import Document
from hyeoksin.plan import load_plan
from hyeoksin.store import Item, Store
from hyeoksin.web import passwords
from web_client import PASSWORD, make_store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

CHROMIUM = next((found for name in ("chromium", "/usr/bin/chromium") if (found := shutil.which(name))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Desk:
    """The running server: its address, its store (the same file, opened here too)."""

    url: str
    store: Store

    def round_of(self, name: str, rows: list[tuple[Document, dict[str, Any]]]) -> int:
        """Open a round with these documents; return its number."""
        taken = len(self.store.projects())
        number = self.store.create_project(f"{name} {taken + 1}", load_plan("2019"), "admin").id
        self.store.add_items(number, rows)
        return number

    def filled(self, name: str, count: int) -> int:
        """Open a round with ``count`` documents of our own words."""
        return self.round_of(name, documents(count))

    def items(self, number: int) -> list[Item]:
        return self.store.items(number, order="id", limit=None)


@dataclass
class Watched:
    """A person's browser: what went wrong in it, and what it asked of others."""

    context: BrowserContext
    url: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def page(self) -> Page:
        """Open a page that tells of script errors and of requests to other hosts."""
        page = self.context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hear)
        page.on("request", lambda sent: self._look(sent.url))
        return page

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error" and "409 (Conflict)" not in said.text:  # the answer to who comes second
            self.errors.append(said.text)

    def _look(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.url).netloc and not url.startswith(("data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("browser")
    store = make_store(folder)
    store.add_user("second", "officer", passwords.hashed(PASSWORD), must_change=False)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "hyeoksin",
        "serve",
        "--store",
        str(folder / "desk.db"),
        "--port",
        str(port),
    ]
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as server,
    ):
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(url, server, folder / "server.log")
            yield Desk(url, store)
        finally:
            server.terminate()
            server.wait(60)
            store.close()
    assert "Traceback" not in (folder / "server.log").read_text()


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):  # noqa: S310 - our own server
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.25)
    raise AssertionError(f"the server did not answer\n{log.read_text()}")


@pytest.fixture(scope="module")  # while Playwright runs, no other test of this process can have an event loop
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        reason = "NO CHROMIUM: the pages are not tested in a browser (apt-get install chromium fonts-nanum)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def states(chromium: Browser, desk: Desk) -> Callable[[str], Any]:
    """Log somebody in once, by the page; later windows get the cookie."""
    known: dict[str, Any] = {}

    def state(name: str) -> Any:
        if name not in known:
            context = chromium.new_context(base_url=desk.url, locale="ko-KR")
            log_in(context.new_page(), name)
            known[name] = context.storage_state()
            context.close()
        return known[name]

    return state


@pytest.fixture
def window(chromium: Browser, desk: Desk, states: Callable[[str], Any]) -> Iterator[Callable[..., Watched]]:
    """Open a browser window for somebody (None: nobody); at the end nothing may have gone wrong in any of them."""
    opened: list[Watched] = []

    def open_window(name: str | None, **options: Any) -> Watched:
        given = {"viewport": {"width": 1280, "height": 800}, "locale": "ko-KR", **options}
        context = chromium.new_context(
            base_url=desk.url, storage_state=None if name is None else states(name), **given
        )
        opened.append(Watched(context, desk.url))
        return opened[-1]

    yield open_window
    for one in opened:
        one.context.close()
    assert [one.foreign for one in opened] == [[]] * len(opened)
    assert [one.errors for one in opened] == [[]] * len(opened)


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep a picture of a page in the folder ``HYEOKSIN_SHOTS``, where that is set; colours cut to 128 for its size."""
    folder = os.environ.get("HYEOKSIN_SHOTS")

    def take(page: Page, name: str) -> None:
        if folder is None:
            return
        from PIL import Image

        path = Path(folder) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path)
        with Image.open(path) as image:
            image.convert("RGB").quantize(128).save(path, optimize=True)

    return take
