"""The process that parses: crashes, hangs and memory stay in it."""

from __future__ import annotations

import os
import signal
import zipfile
from pathlib import Path

import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError
from hyeoksin.readers import Columns, isolation, limits, read

OFFICE = Path(__file__).parent / "data" / "office"


def idle() -> list[int]:
    return [worker._process.pid for worker in isolation._idle]


def test_one_process_serves_many_files() -> None:
    list(read(OFFICE / "list.xlsx"))
    before = idle()
    for name in ("list.docx", "list.xls", "list.html"):
        assert len([i for i in read(OFFICE / name) if isinstance(i, Document)]) == 3
    with pytest.raises(InputError):
        list(read(OFFICE / "scanned.pdf"))
    assert idle() == before


def test_two_readers_at_once_do_not_mix() -> None:
    pairs = list(zip(read(OFFICE / "list.docx"), read(OFFICE / "list.hwpx"), strict=True))
    assert [(a.source.split("#")[0], b.source.split("#")[0]) for a, b in pairs] == [
        ("list.docx", "list.hwpx")
    ] * 3


def test_a_reader_that_is_left_half_way_leaves_nothing_behind() -> None:
    stream = read(OFFICE / "list.docx")
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert [i.source for i in read(OFFICE / "story.docx")] == ["story.docx"]


@pytest.mark.skipif(os.name == "nt", reason="no such signal on Windows")
def test_a_killed_process_fails_one_file_and_the_next_is_read() -> None:
    list(read(OFFICE / "list.xlsx"))
    for pid in idle():
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(InputError, match=r"list\.xlsx: 파일이 깨졌거나"):
        list(read(OFFICE / "list.xlsx"))
    assert len(list(read(OFFICE / "list.xls"))) == 3


def test_silence_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SILENT_SECONDS", 0.0)
    with pytest.raises(InputError, match=r"list\.docx: 0초 안에"):
        list(read(OFFICE / "list.docx"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of memory")
def test_a_sheet_that_claims_all_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "먼칸.xlsx"
    with zipfile.ZipFile(OFFICE / "list.xlsx") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", far)
            target.writestr(name, content)
    with pytest.raises(InputError, match=r"먼칸\.xlsx: .*너무 커서"):
        list(read(path))


def test_a_missing_library_names_the_install_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hwpx.py").write_text("raise ModuleNotFoundError('hwpx')", encoding="utf-8")
    monkeypatch.setattr(isolation, "_idle", [])
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r'pip install "\.\[docs\]"'):
        list(isolation.read_isolated(".hwpx", OFFICE / "list.hwpx", Columns()))
    isolation._close_idle()
