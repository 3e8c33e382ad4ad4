"""Batch reads what ``hyeoksin classify`` reads: the same documents, sources, ids and failures, and large files in pieces."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hyeoksin.batch.inputs import items, sources
from hyeoksin.cli import classify
from hyeoksin.cli import main as command_line
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers import Columns
from hyeoksin.readers.notes import heard

OFFICE = Path(__file__).parent / "data" / "office"
DAMAGED = (
    "혁신과제 제출 목록,,\n,,\n번호,과제명,내용\n"
    "1,진료버스,의사가 섬을 돈다\n2,깨진 글자,내\x00용\n"
    '3,열린 따옴표,"의사가 섬을 돈다\n4,투표,예산을 정한다\n5,,\n6,"두 줄","첫 줄\n둘째 줄"\n'
)


def by_batch(path: Path) -> list[str]:
    return [repr(item) for item in items(sources([path]), Columns())]


def by_classify(path: Path) -> list[str]:
    return [repr(item) for item in classify._items([str(path)], None, Columns())]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_damaged_table_gives_what_classify_gives(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "과제.csv"
    path.write_bytes(DAMAGED.encode(encoding).replace(b"\0", b"\xff"))
    found = list(items(sources([path]), Columns()))
    assert [repr(item) for item in found] == by_classify(path)
    good = [item for item in found if isinstance(item, Document)]
    bad = [item for item in found if isinstance(item, RowError)]
    assert [(d.id, d.source) for d in good] == [
        (i, f"과제.csv#row={row}") for i, row in (("1", 4), ("4", 7), ("6", 9))
    ]
    assert good[-1].text == "첫 줄\n둘째 줄"
    assert [e.source for e in bad] == [f"과제.csv#row={row}" for row in (5, 6, 8)]
    assert [word in e.reason for word, e in zip(("깨진 글자", "큰따옴표", "비어"), bad, strict=True)] == [
        True
    ] * 3


@pytest.mark.parametrize("whole", [True, False], ids=["the folder", "each file"])
def test_office_files_give_what_classify_gives(tmp_path: Path, whole: bool) -> None:
    folder = tmp_path / "제출"
    shutil.copytree(OFFICE, folder)
    (folder / ".숨김.csv").write_text("과제명\n가\n", encoding="utf-8")
    (folder / "~$list.docx").write_bytes(b"x")
    (folder / "빈 표.csv").write_text("과제명,내용\n", encoding="utf-8")
    (folder / "다른 표.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "아래").mkdir()
    (folder / "아래" / "글.txt").write_text("의사가 섬을 돈다", encoding="utf-8")
    inputs = (
        [folder] if whole else sorted(p for p in folder.iterdir() if p.is_file() and p.name[0] not in ".~")
    )
    for path in inputs:
        assert by_batch(path) == by_classify(path)
    found = list(items(sources(inputs), Columns()))
    assert sum(isinstance(item, Document) for item in found) > 40
    places = {item.source for item in found if isinstance(item, RowError)}
    prefix = "제출/" if whole else ""
    assert {f"{prefix}{name}" for name in ("protected_drm.hwp", "빈 표.csv", "다른 표.csv")} <= places
    if whole:
        assert "제출/아래/글.txt" in {item.source for item in found if isinstance(item, Document)}


def test_office_files_run_through_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, output = tmp_path / "제출", tmp_path / "out"
    folder.mkdir()
    for name in ("bundle.zip", "form.hwpx", "list.xlsx", "press.pdf", "protected_drm.hwp"):
        shutil.copy(OFFICE / name, folder)
    told = ["hyeoksin", "batch", str(folder), "-o", str(output), "--format", "jsonl", "--workers", "1"]
    monkeypatch.setattr(sys, "argv", told)
    with pytest.raises(SystemExit) as end:
        command_line()
    assert end.value.code == 1
    lines = (output / "records" / "part-000000.jsonl").read_text(encoding="utf-8").splitlines()
    read = [item for item in items(sources([folder]), Columns()) if isinstance(item, Document)]
    assert [(r["id"], r["source"]) for r in map(json.loads, lines)] == [(d.id, d.source) for d in read]
    assert {d.source.split("/")[1].split("#")[0] for d in read} == {
        "bundle.zip", "form.hwpx", "list.xlsx", "press.pdf"
    }  # fmt: skip
    failed = [json.loads(line) for line in (output / "failed.jsonl").read_text("utf-8").splitlines()]
    assert "제출/protected_drm.hwp" in {f["file"] for f in failed}


def test_a_source_that_a_row_brings_along_stays(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rows = [{"id": "1", "text": "가", "source": "https://example.kr/1"}, {"text": "나"}]
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    one, two = items(sources([folder]), Columns())
    assert isinstance(one, Document)
    assert isinstance(two, Document)
    assert (one.id, one.source) == ("1", "https://example.kr/1")
    assert (two.id, two.source) == ("in/a.jsonl#row=2", "in/a.jsonl#row=2")


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A folder as an old ZIP of Windows comes out on Linux: its names are cp949, one in neither cp949 nor UTF-8."""
    folder = tmp_path / "제출" / os.fsdecode("가 부서".encode("cp949"))
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("names are UTF-8 here")
    table = "과제명,내용\n진료버스,의사가 섬을 돈다\n빈 줄,\n"
    (folder / os.fsdecode("보고.csv".encode("cp949"))).write_text(table, encoding="cp949")
    (folder / os.fsdecode(b"\xff.txt")).write_text("주민이 예산을 고른다", encoding="utf-8")
    (folder / os.fsdecode("깨진.pdf".encode("cp949"))).write_bytes(b"%PDF-1.4")
    packed = folder / os.fsdecode("묶음.zip".encode("cp949"))
    shutil.copy(OFFICE / "bundle.zip", packed)
    return folder


def test_names_in_cp949_are_read_as_they_were_meant(unpacked: Path) -> None:
    place = "제출/가 부서"
    found = list(items(sources([unpacked.parent]), Columns()))
    assert {(d.id, d.source) for d in found if isinstance(d, Document) and "묶음" not in d.source} == {
        (f"{place}/보고.csv#row=2",) * 2, (f"{place}/보고.csv#row=3",) * 2, (f"{place}/\ufffd.txt",) * 2
    }  # fmt: skip
    assert f"{place}/묶음.zip/보도.txt" in {d.source for d in found}
    assert f"{place}/깨진.pdf" in {e.source for e in found if isinstance(e, RowError)}
    assert f"{place}/묶음.zip" in {s.name for s in sources([unpacked.parent])}
    assert by_batch(unpacked.parent) == by_classify(unpacked.parent)
    for path in unpacked.iterdir():
        assert by_batch(path) == by_classify(path)
        "".join(by_batch(path)).encode()


@pytest.mark.parametrize("how", ["folder", "file"])
@pytest.mark.parametrize("command", ["batch", "classify"])
def test_names_in_cp949_are_written(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, command: str
) -> None:
    given = [unpacked.parent] if how == "folder" else sorted(unpacked.iterdir())
    output = tmp_path / ("out" if command == "batch" else "결과.csv")
    monkeypatch.setattr(sys, "argv", ["hyeoksin", command, *map(str, given), "-o", str(output)])
    with pytest.raises(SystemExit) as end:
        command_line()
    assert end.value.code == 1
    failed = output / "failed.jsonl" if command == "batch" else tmp_path / "결과.failed.jsonl"
    assert "깨진.pdf" in failed.read_text(encoding="utf-8")
    if command == "batch":
        manifest = json.loads((output / "manifest.json").read_text(encoding="utf-8"))
        assert any(one["name"].endswith("보고.csv") for one in manifest["inputs"])


def test_a_file_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("가.csv", "나.csv"):
        (folder / name).write_text("과제명,내용\n진료버스,의사가 섬을 돈다\n", encoding="utf-8")
    for given, names in (
        ([folder / "나.csv", folder / ".." / "in" / "나.csv"], ["나.csv"]),
        (
            [folder, folder / "나.csv"],
            ["in/가.csv", "나.csv"],
        ),  # as given: read even where it is a result of ours
        ([folder / "나.csv", folder], ["나.csv", "in/가.csv"]),
    ):
        with heard() as notes:
            assert [source.name for source in sources(given)] == names
        assert [note.endswith("나.csv: 여러 번 들어 있어 한 번만 읽습니다.") for note in notes] == [True]
    with heard() as notes:
        assert len(sources([folder])) == 2
    assert not notes


def test_an_input_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="경로"):
        sources([tmp_path / "없음.csv"])


def _csv(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = ["id,title,text", *(f'{r["id"]},{r["title"]},"{r["text"]}"' for r in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")


def _jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")


def _parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=1_000)


@pytest.mark.parametrize(("suffix", "write"), [(".csv", _csv), (".jsonl", _jsonl), (".parquet", _parquet)])
def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, suffix: str, write: Callable[[Path, list[dict[str, Any]]], None]
) -> None:
    path = tmp_path / f"a{suffix}"
    text = "의사가 섬을 돌며 진료한다. " * 50
    write(path, [{"id": i, "title": f"제목 {i}", "text": f"{i} {text}"} for i in range(10_000)])
    found = items(sources([path]), Columns())
    tracemalloc.start()
    try:
        n_documents = sum(isinstance(item, Document) for item in found)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_documents == 10_000
    assert peak < 10 * 2**20  # the texts together: 16 MiB
