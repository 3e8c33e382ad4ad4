"""What a file is by its content, whatever its name says."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from hyeoksin.errors import InputError
from hyeoksin.readers import READERS, read
from hyeoksin.readers.kinds import kind_of
from hyeoksin.readers.notes import heard

OFFICE = Path(__file__).parent / "data" / "office"
BINARY = [".docx", ".hwp", ".hwpx", ".ods", ".parquet", ".pdf", ".xls", ".xlsb", ".xlsx", ".html"]


@pytest.mark.parametrize("suffix", [*READERS, ".zip", ".dat", ""])
@pytest.mark.parametrize("kind", BINARY)
def test_content_wins_over_the_suffix(tmp_path: Path, kind: str, suffix: str) -> None:
    path = tmp_path / f"이름{suffix}"
    shutil.copy(OFFICE / f"list{kind}", path)
    assert kind_of(path) == kind


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.xls", "과제명\t내용\n버스\t섬\n투표\t예산\n", ".tsv"),
        ("a.xlsx", "과제명,내용\n버스,섬\n투표,예산\n", ".csv"),
        ("a.dat", '{"text": "버스"}\n{"text": "투표"}\n', ".jsonl"),
        ("a.json", '{"text": "버스"}\n', ".json"),
        ("a.json", '{"text": "버스"}\n\n{"text": "투표"}', ".jsonl"),
        ("a.json", '{"items": [{"text": "버스"}]}', ".json"),
        ("a.json", '{\n "text": "버스"\n}\n{\n "text": "투표"\n}', ".json"),
        ("a.json", '{"text": "버스",\n"id": 1}\n', ".json"),
        ("a.json", "[]", ".json"),
        ("a.jsonl", '[\n {"text": "버스"}\n]', ".json"),
        ("a.jsonl", '{"text": "버스"\n{"text": "투표"}\n', ".jsonl"),
        ("a.dat", '[{"text": "버스"}]', ".json"),
        ("a.md", "[ ] 진료버스를 섬으로\n", ".txt"),
        ("a.txt", '[{"text": "버스"}]', ".txt"),
        ("a.json", '{"text": "' + "버스" * 9_000 + '"}\n{"text": "투표"}\n', ".jsonl"),
        ("a.md", "섬에, 버스가\n온다, 간다\n", ".txt"),
        ("a.md", "[청해군] {섬} 이야기\n", ".txt"),
        ("a.md", "이동 진료버스가 섬에 왔다\n", ".txt"),
        ("a.txt", "과제명,내용\n버스,섬\n", ".txt"),
        ("a.txt", "과제명\t내용\n버스\t섬\n", ".tsv"),
        ("a.txt", '2026년 과제\t\t\n\n연번\t과제명\t내용\n1\t버스\t"섬\n으로"\n2\t투표\n', ".tsv"),
        ("a.txt", "연번\t과제명\t내용\n" + "1\t버스\t섬으로 간다\n" * 999, ".tsv"),
        ("a.txt", "내용\t과제명\n섬\t버스\n" + '"섬\n' + "간다\n" * 9_999 + '"\t투표\n', ".tsv"),
        ("a.txt", "과제명\t버스\t부서\t보건소\n내용\t섬으로\t예산\t3억\n", ".txt"),
        ("a.txt", "과제명\t내용\n버스\t섬\n버스는 섬으로 간다.\n", ".txt"),
        ("a.txt", "과제명\t내용\n", ".txt"),
        ("a.csv", "<p>", ".csv"),
        ("a.html", "그냥 글", ".txt"),
        ("a.html", "<p>섬에 병원이 없다</p>", ".html"),
        ("a.htm", "<섬마을> 이야기", ".txt"),
        ("a.eml", "Subject: a\n\n글", ".eml"),
        ("a.dat", "Received: from a\n\tby b\nMime-Version: 1.0\n\n글", ".eml"),
        ("a.dat", "Subject: a\n\nMIME-Version: 1.0 은 메일의 머리", ".txt"),
        ("a.txt", "MIME-Version: 1.0\n\n글", ".txt"),
        ("a.htm", "\ufeff <!-- 저장 --><HTML><body>글", ".html"),
        ("a.csv", "<table><tr><td>과제명</td></tr></table>", ".html"),
    ],
)
def test_texts(tmp_path: Path, name: str, content: str, kind: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert kind_of(tmp_path / name) == kind


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-8-sig"])
def test_text_that_excel_saved_with_tabs_is_a_table(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "과제.txt"
    path.write_bytes("연번,\t과제명\t내용\r\n1,\t버스\t섬\r\n2,\t투표\t예산\r\n".encode(encoding))
    assert [(item.source, getattr(item, "title", "")) for item in read(path)] == [
        ("과제.txt#row=2", "버스"), ("과제.txt#row=3", "투표"),
    ]  # fmt: skip


def test_text_that_looks_like_a_table_with_commas_is_told(tmp_path: Path) -> None:
    (tmp_path / "과제.txt").write_text("과제명,내용\n버스,섬\n", encoding="utf-8")
    with heard() as notes:
        assert len(list(read(tmp_path / "과제.txt"))) == 1
    (note,) = notes
    assert note.startswith("과제.txt: 쉼표로 나눈 표처럼 보이지만 글 한 건으로")


@pytest.mark.parametrize(
    ("name", "told"),
    [("과제.XLSM", "이름은 .XLSM 이지만"), ("과제", "확장자가 없지만"), ("과제.csv", None)],
)
def test_a_name_that_says_something_else_is_told(tmp_path: Path, name: str, told: str | None) -> None:
    (tmp_path / name).write_text("과제명,내용\n버스,섬\n", encoding="utf-8")
    with heard() as notes:
        assert len(list(read(tmp_path / name))) == 1
    assert [*notes] == ([f"{name}: {told} 내용은 .csv 입니다."] if told else [])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"HWP Document File V3.00 \x1a\x01\x02", "HWP 3.*HWPX로 저장"),
        (b"\x9b DRMONE  This Document is encrypted", "DRM"),
        (b"SCDSA002 \0\0", "DRM"),
        (b"\x89PNG\r\n\x1a\n", "그림"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"EGGA\x00", "EGG"),
        (b'<?xml version="1.0"?><items/>', "엑셀, CSV나 JSON"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "__substg1.0_0037".encode("utf-16-le"), "아웃룩 메일"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "XLSX로 저장"),
        (b'<?xml version="1.0"?><HWPML Version="2.1"/>', "HWPX로 저장"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "DOCX로 저장"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "암호"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "깨졌습니다"),
        (b"\0\0\0\0", "빈 파일"),
        (b"\x01\x02\x03\x04\x05" * 99, "깨진 파일"),
    ],
)
def test_what_is_known_and_not_read_says_what_to_do(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "문서.hwp"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"문서\.hwp: .*{says}"):
        kind_of(path)


def test_only_what_is_read_whole_may_be_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hyeoksin.readers.kinds.MAX_FILE_BYTES", 9)
    for name, content in (("a.jsonl", '{"text": "버스"}\n{}'), ("b.csv", "제목\n진료버스\n")):
        (tmp_path / name).write_text(content, encoding="utf-8")
        assert kind_of(tmp_path / name) == Path(name).suffix
    (tmp_path / "c.json").write_text('[{"text": "버스"}]', encoding="utf-8")
    with pytest.raises(InputError, match=r"c\.json: 파일이 너무 큽니다"):
        kind_of(tmp_path / "c.json")


def test_other_office_packages_are_no_zip_of_files(tmp_path: Path) -> None:
    path = tmp_path / "발표.pptx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ppt/presentation.xml", "<p/>")
    with pytest.raises(InputError, match="읽지 않는 오피스 형식"):
        kind_of(path)


def test_a_thousand_comments_take_no_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"<!---->" * 1_100 + b"<x")
    assert kind_of(path) == ".csv"
