"""ZIP files and folders: nested, hostile, and named as Windows in Korea names them."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import unicodedata
import zipfile
from pathlib import Path

import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers import Columns, limits, read, read_told
from hyeoksin.readers.notes import heard

OFFICE = Path(__file__).parent / "data" / "office"
TEXT = "이동 진료버스가 섬에 왔다"


def packed(*members: tuple[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def archive(folder: Path, *members: tuple[str, bytes | str]) -> Path:
    path = folder / "묶음.zip"
    path.write_bytes(packed(*members))
    return path


def test_a_zip_of_everything_with_korean_names() -> None:
    sources = [item.source for item in read(OFFICE / "bundle.zip") if isinstance(item, Document)]
    assert sources == [
        *(f"bundle.zip/과제/목록.xlsx#row={n}" for n in (2, 3, 4)),  # really an .xls
        "bundle.zip/속.zip/press.hwpx",
        "bundle.zip/보도.txt",
    ]


def test_a_folder_in_the_order_of_names_without_hidden_files(tmp_path: Path) -> None:
    folder = tmp_path / "자료"
    (folder / "나").mkdir(parents=True)
    for name in ("나/둘.txt", "가.txt", ".숨김.txt", "~$가.docx"):
        (folder / name).write_text(TEXT, encoding="utf-8")
    (folder / "빈.txt").write_text("", encoding="utf-8")
    (folder / "밖").symlink_to(OFFICE)
    items = list(read(folder))
    assert [(type(i), i.source) for i in items] == [
        (Document, "자료/가.txt"), (Document, "자료/나/둘.txt"), (RowError, "자료/빈.txt"),
    ]  # fmt: skip
    assert [i.id for i in items if isinstance(i, Document)] == ["자료/가.txt", "자료/나/둘.txt"]


def test_links_in_a_folder_are_named_and_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "자료"
    (folder / "나").mkdir(parents=True)
    (tmp_path / "하나.txt").write_text(TEXT, encoding="utf-8")
    shutil.copy(tmp_path / "하나.txt", folder / "가.txt")
    for name in ("나/하나.txt", "다.txt", ".숨김.txt"):
        (folder / name).symlink_to(tmp_path / "하나.txt")
    with heard() as notes:
        assert [item.source for item in read(folder)] == ["자료/가.txt"]
    (note,) = notes
    assert note.startswith("자료/나/하나.txt, 자료/다.txt: 바로가기(심볼릭 링크)여서 읽지 않습니다.")
    assert [type(item) for item in read(folder / "다.txt")] == [Document]


def test_files_that_systems_leave_behind_are_no_tasks(tmp_path: Path) -> None:
    left = ("desktop.ini", "Thumbs.db", "나/thumbs.DB", ".DS_Store", "나/~$목록.xlsx")
    folder = tmp_path / "자료"
    (folder / "나").mkdir(parents=True)
    for name in (*left, "가.txt"):
        (folder / name).write_text(TEXT, encoding="utf-8")
    assert [i.source for i in read(folder)] == ["자료/가.txt"]
    zipped = archive(tmp_path, *((name, TEXT) for name in (*left, "가.txt")))
    assert [i.source for i in read(zipped)] == ["묶음.zip/가.txt"]
    with pytest.raises(InputError, match=r"~\$목록\.xlsx: .*잠금 파일입니다\. '목록\.xlsx'"):
        list(read(folder / "나" / "~$목록.xlsx"))


@pytest.mark.parametrize("name", ["기획·예산/과제.txt", "청천.txt", "똠방.txt", "plan.txt"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_names_without_a_declared_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    stood = unicodedata.normalize("NFD", name) if encoding == "utf-8" else name  # as macOS writes them
    raw = stood.encode(encoding)
    marked = "x" * len(raw)
    path = archive(tmp_path, (marked, TEXT))
    path.write_bytes(path.read_bytes().replace(marked.encode(), raw))
    assert [i.source for i in read(path)] == [f"묶음.zip/{name}"]


def test_names_that_lead_out_stay_inside(tmp_path: Path) -> None:
    inside = tmp_path / "일"
    inside.mkdir()
    names = ("../../밖.txt", "/etc/밖.txt", "C:\\밖.txt", "..", "가" * 500 + ".txt")
    items = list(read(archive(inside, *((name, TEXT) for name in names))))
    assert [type(i) for i in items] == [Document] * 5
    assert all(i.source.startswith("묶음.zip/") and ".." not in i.source.split("/")[:-1] for i in items)
    assert [p.name for p in tmp_path.iterdir()] == ["일"]


def test_a_bomb_stops_at_the_limit_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1 << 20)
    path = archive(tmp_path, ("가.txt", TEXT), ("폭탄.txt", bytes(1 << 22)), ("나.txt", TEXT))
    items = list(read(path))
    assert [(type(i), i.source) for i in items] == [
        (Document, "묶음.zip/가.txt"), (RowError, "묶음.zip/폭탄.txt"), (Document, "묶음.zip/나.txt"),
    ]  # fmt: skip
    assert "풀면 1MB" in str(items[1])


def test_what_is_packed_inside_shares_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1 << 20)
    inner = packed(("큰.txt", (TEXT + "\n") * 10_000))  # 0.4 MB
    items = list(read(archive(tmp_path, *((f"{n}.zip", inner) for n in range(4)))))
    assert [type(i) for i in items] == [Document, Document, RowError, RowError]


def test_zip_in_zip_ends(tmp_path: Path) -> None:
    raw = packed(("글.txt", TEXT))
    for _ in range(limits.MAX_DEPTH - 1):
        raw = packed(("속.zip", raw))
    assert [type(i) for i in read(archive(tmp_path, ("글.txt", TEXT)))] == [Document]
    (tmp_path / "묶음.zip").write_bytes(raw)
    assert [type(i) for i in read(tmp_path / "묶음.zip")] == [Document]
    (tmp_path / "묶음.zip").write_bytes(packed(("속.zip", raw)))
    (item,) = read(tmp_path / "묶음.zip")
    assert isinstance(item, RowError)
    assert "겹을 넘습니다" in item.reason


def test_a_gzip_file_is_read_as_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "자료"
    folder.mkdir()
    table = gzip.compress(f"번호,내용\nㄱ1,{TEXT}\n".encode("cp949"))
    (folder / "가.csv.gz").write_bytes(table)
    (folder / "나.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": TEXT}).encode()))
    (folder / "다.csv").write_bytes(table)
    (folder / "라.zip").write_bytes(packed(("속.csv.gz", table)))
    (folder / "마.csv.gz").write_bytes(table[:-9])
    (folder / "바.tgz").write_bytes(gzip.compress(bytes(257) + b"ustar" + bytes(250)))
    ours = "번호,내용,판정,계획 밖 확률,모델\n1,글,확정 추천,0.1,모델\n"
    (folder / "사.csv.gz").write_bytes(gzip.compress(ours.encode()))
    (folder / "아.jsonl.gz").write_bytes(gzip.compress(b'{"hyeoksin_store": 1, "revision": "0001"}\n'))
    with heard() as notes:
        items = list(read_told(folder, Columns()))
    assert any("자료/사.csv.gz, 자료/아.jsonl.gz: 앞선 실행의 결과" in note for note in notes)
    for item, (source, told) in zip(
        items,
        (
            ("자료/가.csv.gz/가.csv#row=2", TEXT),
            ("자료/나.jsonl.gz/나.jsonl#row=1", TEXT),
            ("자료/다.csv/다.csv#row=2", TEXT),
            ("자료/라.zip/속.csv.gz/속.csv#row=2", TEXT),
            ("자료/마.csv.gz", "깨진 gzip"),
            ("자료/바.tgz/바.tgz", "tar 묶음"),
        ),
        strict=True,
    ):
        assert item.source == source
        assert told in (item.text if isinstance(item, Document) else item.reason)
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1 << 20)
    (tmp_path / "폭탄.txt.gz").write_bytes(gzip.compress(bytes(1 << 22)))
    with pytest.raises(InputError, match="풀면 1MB"):
        list(read(tmp_path / "폭탄.txt.gz"))


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_MEMBERS", 2)
    with pytest.raises(InputError, match="2개를 넘습니다"):
        list(read(archive(tmp_path, *((f"{n}.txt", TEXT) for n in range(3)))))
    monkeypatch.setattr(limits, "MAX_FILES", 1)
    (tmp_path / "자료").mkdir()
    for n in range(2):
        (tmp_path / "자료" / f"{n}.txt").write_text(TEXT, encoding="utf-8")
    assert [type(i) for i in read(tmp_path / "자료")] == [Document, RowError]


def test_a_password_and_a_broken_member_are_named(tmp_path: Path) -> None:
    path = archive(tmp_path, ("가.txt", TEXT), ("나.txt", TEXT))
    raw = bytearray(path.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    items = list(read(path))
    assert [type(i) for i in items] == [RowError, Document]
    assert "암호" in str(items[0])
    raw = bytearray(packed(("가.txt", TEXT * 50), ("나.txt", TEXT)))
    raw[45] ^= 0xFF
    path.write_bytes(raw)
    assert [(type(i), i.source) for i in read(path)] == [
        (RowError, "묶음.zip/가.txt"),
        (Document, "묶음.zip/나.txt"),
    ]


def test_a_row_numbered_as_its_file_is_called_keeps_its_number(tmp_path: Path) -> None:
    (tmp_path / "2.csv").write_text("연번,과제명\n1,버스\n2,투표\n,약국\n", encoding="utf-8")
    (tmp_path / "글.txt").write_text("섬에 버스가 온다", encoding="utf-8")
    ids = [item.id for item in read_told(tmp_path, Columns()) if isinstance(item, Document)]
    assert ids == ["1", "2", f"{tmp_path.name}/2.csv#row=4", f"{tmp_path.name}/글.txt"]
