from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hyeoksin.cli import app

pytest.importorskip("pooch", reason="the fetch extra")

from hyeoksin.fetch import fetch

SHA = "a" * 40
FILES = {
    "자료/마을 1.csv": "번호,제목\n1,경로당\n".encode(),
    "자료/마을 2.csv": b"x" * 5000,
    "other.txt": b"no",
}
ENTRY: dict[str, Any] = {
    "name": "town",
    "title": "마을 제안",
    "repository": "github.com/example/town",
    "commit": "aaaaaaaa",
    "licence": "KOGL type 1",
    "raw": ["자료/*.csv"],
    "files": ["town.jsonl"],
    "fields": {"id": "id", "title": "title", "text": "text"},
    "conversion": "CSV를 JSONL로.",
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324 - git's own hash


def write_tree(site: Path, files: dict[str, str]) -> None:
    blobs = [{"path": path, "type": "blob", "sha": sha} for path, sha in files.items()]
    listing = site / "repos/example/town/git/trees" / SHA
    listing.parent.mkdir(parents=True, exist_ok=True)
    listing.write_text(json.dumps({"tree": [*blobs, {"path": "자료", "type": "tree", "sha": "0"}]}), "utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    commit = site / "repos/example/town/commits/aaaaaaaa"
    commit.parent.mkdir(parents=True)
    commit.write_text(json.dumps({"sha": SHA}), "utf-8")
    write_tree(site, {path: git_hash(data) for path, data in FILES.items()})
    for path, data in FILES.items():
        target = site / "example/town" / SHA / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return site


@pytest.fixture
def server(site: Path) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def base(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_the_named_files_come_whole_and_only_once(
    tmp_path: Path, base: str, server: ThreadingHTTPServer
) -> None:
    to = tmp_path / "to"
    first = fetch(ENTRY, to, base, base)
    assert first.failures == ()
    assert [path.read_bytes() for path in first.files] == [
        FILES["자료/마을 1.csv"],
        FILES["자료/마을 2.csv"],
    ]
    assert not (to / "other.txt").exists()
    first.files[0].unlink()
    first.files[1].write_bytes(b"x" * 100)  # cut off
    (to / "자료/.마을 1.csv.part").write_bytes(b"piece")
    assert fetch(ENTRY, to, base, base).kept == 0
    assert first.files[1].read_bytes() == FILES["자료/마을 2.csv"]
    asked = len(server.asked)  # type: ignore[attr-defined]
    assert fetch(ENTRY, to, base, base).kept == 2
    assert len(server.asked) == asked + 2  # type: ignore[attr-defined]  # the listing alone
    assert sorted(p.name for p in (to / "자료").iterdir()) == ["마을 1.csv", "마을 2.csv"]


def test_changed_bytes_are_refused_and_the_rest_goes_on(tmp_path: Path, base: str, site: Path) -> None:
    (site / "example/town" / SHA / "자료/마을 1.csv").write_bytes(b"changed")
    found = fetch(ENTRY, tmp_path / "to", base, base)
    assert [path.name for path in found.files] == ["마을 2.csv"]
    assert len(found.failures) == 1
    assert "마을 1.csv" in found.failures[0]
    assert not (tmp_path / "to/자료/마을 1.csv").exists()


def test_a_known_sha256_is_checked(tmp_path: Path, base: str) -> None:
    right = hashlib.sha256(FILES["자료/마을 2.csv"]).hexdigest()
    known = {"자료/마을 1.csv": "0" * 64, "자료/마을 2.csv": right}
    found = fetch(ENTRY | {"sha256": known}, tmp_path / "to", base, base)
    assert [path.name for path in found.files] == ["마을 2.csv"]
    assert "SHA-256" in found.failures[0]


def test_a_pattern_without_files_and_a_missing_file_are_said(tmp_path: Path, base: str, site: Path) -> None:
    (site / "example/town" / SHA / "자료/마을 2.csv").unlink()
    found = fetch(ENTRY | {"raw": ["*.xlsx", "자료/*.csv"]}, tmp_path / "to", base, base)
    assert [path.name for path in found.files] == ["마을 1.csv"]
    assert "*.xlsx" in found.failures[0]
    assert "HTTP 404" in found.failures[1]


@pytest.mark.parametrize("name", ["../out.csv", "/out.csv", "a\\..\\out.csv", "C:out.csv"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, base: str, site: Path, name: str) -> None:
    write_tree(site, {name: git_hash(b"")})
    found = fetch(ENTRY | {"raw": ["*out.csv"]}, tmp_path / "to", base, base)
    assert found.files == ()
    assert "폴더 밖" in found.failures[0]


def test_the_command_says_licence_conversion_and_what_to_do_by_hand(tmp_path: Path, base: str) -> None:
    (tmp_path / "external.yaml").write_text(
        json.dumps([ENTRY, ENTRY | {"name": "gone", "commit": "bbbbbbbb"}]), encoding="utf-8"
    )
    common = ["corpus", "fetch", "--to", str(tmp_path / "to"), "--corpus", str(tmp_path), "--mirror", base]
    result = CliRunner().invoke(app, common)
    assert result.exit_code == 1
    assert "KOGL type 1" in result.output
    assert "자동으로 하지 않음): town.jsonl" in result.output
    assert "https://github.com/example/town/tree/bbbbbbbb" in result.output
    assert (tmp_path / "to/raw/town/자료/마을 1.csv").is_file()
    assert CliRunner().invoke(app, [*common, "--only", "town"]).exit_code == 0
    assert CliRunner().invoke(app, [*common, "--only", "nobody"]).exit_code == 2


def test_no_network_is_one_message(tmp_path: Path) -> None:
    found = fetch(ENTRY, tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:1")
    assert found.files == ()
    assert found.failures == ("저장소의 파일 목록을 받지 못했습니다 (ConnectionError).",)
