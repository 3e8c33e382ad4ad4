"""``hyeoksin serve`` as a process: first account, addresses, proxies, how it ends."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.cli.serve import _address
from hyeoksin.errors import NotStoredError
from hyeoksin.store import open_store
from hyeoksin.web import passwords


class Server:
    """A running server; ``said`` is what it printed before it answered."""

    def __init__(self, process: subprocess.Popen[str], said: str) -> None:
        self.process, self.said = process, said
        self.port = int(said.rsplit("localhost:", 1)[1].split()[0])

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, Any, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body or None, {"Host": "localhost", **form, **headers})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def login(self, password: str, **headers: str) -> tuple[int, Any, str]:
        _, told, page = self.ask("GET", "/login", **headers)
        token = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
        body = urllib.parse.urlencode({"csrf": token, "name": "admin", "password": password})
        return self.ask("POST", "/login", body, Cookie=told["set-cookie"].split(";")[0], **headers)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    command = [
        sys.executable,
        "-m",
        "hyeoksin",
        "serve",
        "--port",
        "0",
        "--store",
        str(folder / "desk.db"),
        *options,
    ]
    with (
        (folder / "errors").open("a+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "localhost:" in line:
                break
        try:
            yield Server(process, said)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def test_the_first_start_makes_an_admin_and_the_next_does_not(tmp_path: Path) -> None:
    with serving(tmp_path, "--behind-proxy", "127.0.0.1") as server:
        password = re.findall(r"비밀번호: (\S+)", server.said)[0]
        assert server.ask("GET", "/healthz")[0] == 200
        status, headers, _ = server.login(password, **{"X-Forwarded-Proto": "https"})
        assert status == 303
        session = next(c for c in headers.get_all("set-cookie") if c.startswith("__Host-hyeoksin="))
        assert "Secure" in session
        cookie = {"Cookie": session.split(";")[0], "X-Forwarded-Proto": "https"}
        assert server.ask("GET", "/rounds", **cookie)[1]["location"] == "/password"
        assert server.ask("GET", "/login", Host="evil.example")[0] == 400
        taken = [
            sys.executable,
            "-m",
            "hyeoksin",
            "serve",
            "--port",
            str(server.port),
            "--store",
            str(tmp_path / "b.db"),
        ]
        second = subprocess.run(taken, capture_output=True, text=True, check=False)
        assert (second.returncode, "--port" in second.stderr) == (2, True)
        assert "비밀번호" not in second.stdout
    with serving(tmp_path) as server:
        assert "비밀번호" not in server.said
        status, headers, _ = server.login(password, **{"X-Forwarded-Proto": "https"})
        assert status == 303
        assert [
            c for c in headers.get_all("set-cookie") if c.startswith("hyeoksin=")
        ]  # nobody believed the header
    assert server.process.returncode in (0, -signal.SIGTERM)
    errors = (tmp_path / "errors").read_text()
    assert password not in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("0.0.0.0", "http://localhost:8000"),  # noqa: S104
        ("::", "http://localhost:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
        ("2001:db8::7", "http://[2001:db8::7]:8000"),
    ],
)
def test_the_address_that_is_shown_opens_in_a_browser(host: str, address: str) -> None:
    assert _address(host, 8000) == address


def test_a_host_that_is_not_ours_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [
        sys.executable,
        "-m",
        "hyeoksin",
        "serve",
        "--host",
        "203.0.113.9",
        "--store",
        str(tmp_path / "a.db"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "203.0.113.9" in done.stderr, (tmp_path / "a.db").exists()) == (2, True, False)


def test_a_locked_out_administrator_gets_in_again(tmp_path: Path) -> None:
    store = open_store(tmp_path / "desk.db")
    place = ["--store", str(tmp_path / "desk.db")]
    runner = CliRunner()
    first = runner.invoke(app, ["users", "add", "kim", "--role", "admin", *place]).stdout.strip()
    for _ in range(9):
        store.failed("login:kim", within=900)
    assert "kim  admin  잠김 (15분 남음)" in runner.invoke(app, ["users", "list", *place]).stdout
    store.add_session("hash", "kim", seconds=600)
    second = runner.invoke(app, ["users", "reset", "kim", *place]).stdout.strip()
    secret = store.user("kim").secret
    assert (passwords.verify(first, secret), passwords.verify(second, secret)) == (False, True)
    assert store.failures("login:kim") is None
    assert store.session("hash") is None
    assert "kim  admin  첫 비밀번호" in runner.invoke(app, ["users", "list", *place]).stdout
    events = [row.event for row in store.audit_log(by="cli")]
    assert events == ["password.reset", "user.added"]
    unknown = runner.invoke(app, ["users", "reset", "lee", *place])
    assert isinstance(unknown.exception, NotStoredError)
    store.close()
