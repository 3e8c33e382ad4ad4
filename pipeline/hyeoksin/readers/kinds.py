"""What a file is, by its content: offices rename files, and web systems send one format under another's name."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from hyeoksin.causes import cause
from hyeoksin.delimited import MAX_LINE
from hyeoksin.errors import InputError
from hyeoksin.readers.columns import Columns, Layout, label_field
from hyeoksin.readers.headers import are_headings
from hyeoksin.readers.limits import MAX_FILE_BYTES
from hyeoksin.readers.notes import log

__all__ = ["BROKEN_ZIP", "is_json", "kind_of"]

BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)
_TEXTS = (".csv", ".tsv", ".jsonl", ".txt")
_NEVER_TEXT = (".docx", ".hwp", ".hwpx", ".pdf", ".parquet", ".zip")
_MAIL = re.compile(rb"(?:[!-9;-~]++:[^\n]*+\n(?:[ \t][^\n]*+\n)*+)*?MIME-Version:", re.I)
_MAILS = (".eml", ".mht", ".mhtml")
_PAGES = (".htm", ".html")
_TAG = re.compile(r"\s*<[a-z][a-z0-9]*[\s/>]", re.I)  # of a piece of a page
_HEAD = 8_192  # bytes looked at
_HEADER_ROWS = 20  # in which a text that is a table names its columns
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"HWP Document File V", "한글 97 이전 문서(HWP 3)입니다. 한글에서 열어 HWPX로 저장하세요."),
    (b"\x9b DRMONE", "문서보안(DRM)이 걸린 파일입니다. 보안을 해제한 파일을 넣으세요."),
    (b"<DRMONE", "문서보안(DRM)이 걸린 파일입니다. 보안을 해제한 파일을 넣으세요."),
    (b"SCDSA0", "문서보안(DRM)이 걸린 파일입니다. 보안을 해제한 파일을 넣으세요."),
    (b"\x89PNG", "그림 파일이라 글이 없습니다. 글자로 된 파일을 넣으세요."),
    (b"\xff\xd8\xff", "그림 파일이라 글이 없습니다. 글자로 된 파일을 넣으세요."),
    (b"GIF8", "그림 파일이라 글이 없습니다. 글자로 된 파일을 넣으세요."),
    (b"{\\rtf", "RTF 문서입니다. DOCX나 HWPX로 저장하세요."),
    (b"7z\xbc\xaf", "7z 압축입니다. ZIP으로 다시 압축하세요."),
    (b"Rar!", "RAR 압축입니다. ZIP으로 다시 압축하세요."),
    (b"ALZ\x01", "알집(ALZ) 압축입니다. ZIP으로 다시 압축하세요."),
    (b"EGGA", "알집(EGG) 압축입니다. ZIP으로 다시 압축하세요."),
)
_STREAMS: tuple[tuple[str, str], ...] = (  # names in the directory of an OLE compound file
    ("EncryptedPackage", "암호나 문서보안(DRM)이 걸린 오피스 파일입니다. 암호를 풀고 다시 저장하세요."),
    ("WordDocument", "옛 워드 문서(.doc)입니다. 워드에서 DOCX로 저장하세요."),
    (
        "__substg1.0_",
        "아웃룩 메일(.msg)입니다. 아웃룩에서 EML로 저장하거나 본문과 붙임을 따로 저장해 넣으세요.",
    ),
    ("PowerPoint Document", "파워포인트 파일입니다. 내용을 DOCX나 XLSX로 옮기세요."),
)
_MEMBERS: tuple[tuple[str, str], ...] = (
    ("word/document.xml", ".docx"),
    ("xl/workbook.xml", ".xlsx"),
    ("xl/workbook.bin", ".xlsb"),
    ("Contents/content.hpf", ".hwpx"),
)
_MIMETYPES = {
    "application/hwp+zip": ".hwpx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
}
_JSON = re.compile(r'\s*(?:\[\s*)*\{\s*"')  # an object, or an array of objects
_NO_LINES = re.compile(r"\s*(?:\[|\{\s*\n)")  # JSON that goes over lines, where a line would hold an object
_HTML = re.compile(  # possessive: a thousand comments must not be tried in every combination
    rb"\s*+(?:<\?xml[^>]*+>\s*+|(?><!--.*?-->)\s*+)*+<(?:!doctype html|html|head|body|table|meta|div)\b",
    re.I | re.S,
)


def kind_of(path: Path) -> str:
    """Return the suffix of the format that the file really has.

    Raises:
        InputError: a format that is known but not read (old formats, pictures, DRM, lock files), an empty or a broken file.
    """
    size = path.stat().st_size
    name = path.name
    if name.startswith("~$"):
        raise InputError(
            f"{name}: 문서가 열려 있는 동안 오피스가 만드는 잠금 파일입니다. '{name[2:]}' 처럼 ~$ 가 없는 원래 파일을 넣으세요."
        )
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head.strip(b"\0"):
        raise InputError(f"{name}: 빈 파일입니다.")
    for magic, reason in _REFUSED:
        if head.startswith(magic):
            raise InputError(f"{name}: {reason}")
    kind = _binary_kind(path, head) or _text_kind(head, path)
    if kind not in (".gz", ".parquet", ".zip", *_TEXTS) and size > MAX_FILE_BYTES:
        raise InputError(
            f"{name}: 파일이 너무 큽니다 ({size >> 20:,}MB). {MAX_FILE_BYTES >> 20}MB 아래로 나누세요."
        )
    return kind


def _binary_kind(path: Path, head: bytes) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(path)
    if head.startswith(b"\x1f\x8b"):
        return ".gz"
    if head[257:262] == b"ustar":
        raise InputError(f"{path.name}: tar 묶음입니다. 풀어서 넣거나 ZIP으로 압축하세요.")
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_kind(path)
    if b"%PDF-" in head[:1024]:
        return ".pdf"
    if head.startswith(b"PAR1"):
        return ".parquet"
    plain = head.decode("utf-16", "ignore").encode() if head.startswith((b"\xff\xfe", b"\xfe\xff")) else head
    plain = plain.removeprefix(b"\xef\xbb\xbf")
    if b'progid="Excel.Sheet"' in plain:
        raise InputError(f"{path.name}: 엑셀 2003 XML입니다. 엑셀에서 XLSX로 저장하세요.")
    if b"<HWPML" in plain:
        raise InputError(f"{path.name}: HWPML 문서입니다. 한글에서 HWPX로 저장하세요.")
    return ".html" if _HTML.match(plain) else None


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            declared = ""
            if "mimetype" in names:
                with archive.open("mimetype") as file:
                    declared = file.read(100).decode("ascii", "replace").strip()
    except (*BROKEN_ZIP, OSError) as error:
        raise InputError(
            f"{path.name}: 깨진 파일입니다 ({cause(error)}). 원래 프로그램에서 열어 다시 저장하거나 다시 내려받으세요."
        ) from error
    for member, kind in _MEMBERS:
        if member in names:
            return kind
    if declared in _MIMETYPES:
        return _MIMETYPES[declared]
    if declared or "ppt/presentation.xml" in names or "[Content_Types].xml" in names:
        raise InputError(f"{path.name}: 읽지 않는 오피스 형식입니다. DOCX, HWPX, XLSX로 저장하세요.")
    return ".zip"


def _ole_kind(path: Path) -> str:
    if path.stat().st_size > MAX_FILE_BYTES:
        return ".hwp"  # refused for its size by the caller
    raw = path.read_bytes()
    for stream, reason in _STREAMS:
        if stream.encode("utf-16-le") in raw:
            raise InputError(f"{path.name}: {reason}")
    if "FileHeader".encode("utf-16-le") in raw:
        return ".hwp"
    if any(stream.encode("utf-16-le") + b"\0\0" in raw for stream in ("Workbook", "Book")):
        return ".xls"
    raise InputError(f"{path.name}: 엑셀(.xls)이나 한글(.hwp) 파일이 아니거나 깨졌습니다. 다시 저장하세요.")


def _text_kind(head: bytes, path: Path) -> str:
    """Return what a text is: what its suffix says if that is a text's, else by content; web systems call their CSV .xls.

    Raises:
        InputError: it is no text, or stands for a document that can be no text.
    """
    name, suffix = path.name, path.suffix.lower()
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = _decoded(head, wide).lstrip("\ufeff")
    if suffix == ".md":
        return ".txt"
    if suffix == ".txt":
        is_cut = path.stat().st_size > _HEAD
        if _is_table(text, "\t", is_cut):
            return ".tsv"  # as Excel saves "텍스트 (탭으로 분리)"
        if _is_table(text, ",", is_cut):
            log.info(
                "%s: 쉼표로 나눈 표처럼 보이지만 글 한 건으로 읽습니다. 줄마다 한 건으로 읽으려면 이름 끝을 .csv 로 바꾸세요.",
                name,
            )
    if suffix in _TEXTS:
        goes_on = suffix == ".jsonl" and is_json(text) and _NO_LINES.match(text)
        return ".json" if goes_on else suffix
    if not wide and (b"\0" in head or sum(byte < 9 or 13 < byte < 32 for byte in head) > len(head) // 50):
        raise InputError(
            f"{name}: 글이 아니거나(그림, 동영상, 프로그램 …) 깨진 파일입니다. 글이 든 파일이면 원래 프로그램에서 다시 저장하세요."
        )
    if text.lstrip().startswith("<?xml"):
        raise InputError(f"{name}: XML 문서입니다. 받은 곳에서 엑셀, CSV나 JSON으로 다시 받아 넣으세요.")
    if suffix in _NEVER_TEXT:
        raise InputError(
            f"{name}: 내용이 확장자와 다르거나 깨진 파일입니다. 원래 프로그램에서 다시 저장하세요."
        )
    if _MAIL.match(head) or suffix in _MAILS:
        return ".eml"
    if suffix in _PAGES and _TAG.match(text):
        return ".html"
    if is_json(text) or (suffix == ".json" and text.lstrip()[:1] in ("[", "{")):
        return ".json" if _NO_LINES.match(text) or not _has_lines(path) else ".jsonl"
    whole = [line for line in text.split("\n")[:10] if line.strip()]
    if len(whole) > 1 and all("\t" in line for line in whole[:-1]):
        return ".tsv"
    return ".csv" if len(whole) > 1 and all("," in line for line in whole[:-1]) else ".txt"


def _decoded(head: bytes, wide: bool) -> str:
    """Return the beginning of a text, whose last letter may be cut."""
    try:
        return codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return head.decode("utf-16" if wide else "cp949", "ignore")


def _is_table(text: str, delimiter: str, is_cut: bool) -> bool:
    """Tell whether a text, its last row left out where it is cut, is nothing but rows of cells, none longer than the header."""
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    rows = rows[:-1] if is_cut else rows
    widths = [len(row) for row in rows]
    return min(widths, default=0) > 1 < len(rows) and any(
        len(row) == max(widths) and _names_columns(row) for row in rows[:_HEADER_ROWS]
    )


def _names_columns(cells: Sequence[str]) -> bool:
    fields = [label_field(cell) for cell in cells if cell.strip()]
    return are_headings(fields) and Layout.of(cells, Columns()) is not None


def is_json(text: str) -> bool:
    """Tell whether a text begins like a JSON object, or an array of objects."""
    return _JSON.match(text) is not None


def _has_lines(path: Path) -> bool:
    """Tell whether the first object of a JSON file ends with its line, and others follow."""
    with path.open("rb") as file:
        line = file.readline(MAX_LINE).rstrip(b"\0\r\n \t")
        return line.endswith(b"}") and bool(file.read(_HEAD).strip(b"\0\r\n \t"))
