"""Makes the sample files of tests/data/office: python tests/data/make_samples.py (needs the docs extra and xlwt).

All texts are invented. HWP 5 is written by python-hwpx; the protected ones are the same file with the flag set.
"""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import docx
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import xlwt
from hwpx import HwpxDocument
from hwpx.hwp5.cfb import CompoundFile, build_compound_file

OUT = Path(__file__).parent / "office"
HEADER = ("연번", "과제명", "추진내용", "담당부서", "예산(백만원)")
TASKS = (
    ("1", "섬마을 이동 진료버스 운영", "의사와 간호사가 섬을 돌며 진료하고 약을 지어 준다", "보건소", "120"),
    ("2", "주민참여예산 온라인 투표", "주민이 예산 사업을 제안하고 휴대전화로 투표해 고른다", "기획예산과", "15"),
    ("3", "전력 사용량으로 위기가구 찾기", "전기와 수도 사용량이 갑자기 줄어든 집을 찾아 읍면동이 방문한다", "복지정책과", "40"),
)  # fmt: skip
PRESS = (
    "청해군 보도자료",
    "보도시점: 2024. 3. 29.(금) 조간",
    "담당부서: 보건소 건강증진과",
    "담당자: 과장 김가온 (061-000-0000)",
    "청해군, 섬마을 찾아가는 이동 진료버스 운영",
    "청해군은 다음 달부터 의사와 간호사가 타는 이동 진료버스를 다섯 섬에 보낸다고 29일 밝혔다.",
    "진료버스는 섬마다 한 달에 두 번 찾아가 혈압과 혈당을 재고 약을 지어 준다.",
    "군수는 “아픈데 배를 타야 하는 어르신이 없도록 하겠다”고 말했다.",
)
FORM = (
    ("과제명", "빈집을 고쳐 청년에게 빌려주기"),
    ("담당부서", "도시재생과"),
    ("추진배경", "원도심에 빈집이 늘어 밤길이 어둡다"),
    ("주요내용", "빈집 20채를 고쳐 청년에게 시세의 절반으로 빌려준다"),
    ("예산", "300백만원"),
)
STORY = (
    "이동 진료버스가 섬에 왔다",
    "배가 하루에 두 번뿐인 섬에 진료버스가 들어왔다. 주민들은 아침부터 줄을 섰다.",
    "버스에는 의사 한 명과 간호사 두 명이 탄다. 다음 방문은 보름 뒤다.",
)


def delimited() -> None:
    lines = [",".join(cells) for cells in (HEADER, *TASKS)]
    text = "\r\n".join(lines) + "\r\n"
    for name, encoding in (("utf8", "utf-8"), ("bom", "utf-8-sig"), ("cp949", "cp949"), ("utf16", "utf-16")):
        (OUT / f"list_{name}.csv").write_bytes(text.encode(encoding))
    (OUT / "list.tsv").write_bytes(text.replace(",", "\t").encode("cp949"))
    bad = bytearray(text.encode("cp949"))
    bad[bad.index("투표해".encode("cp949"))] = 0xFF
    (OUT / "bad_byte.csv").write_bytes(bad)
    (OUT / "unclosed.csv").write_bytes(text.replace("2,주민", '2,"주민').encode("utf-8-sig"))
    (OUT / "press.txt").write_bytes("\r\n".join(PRESS).encode("utf-16"))


def workbooks() -> None:
    with xlsxwriter.Workbook(OUT / "list.xlsx") as book:
        bold = book.add_format({"bold": True})
        page = book.add_worksheet("혁신과제")
        page.merge_range(0, 0, 0, 5, "2024년 청해군 혁신과제", bold)
        for column, name in ((0, "연번"), (1, "과제명"), (2, "추진내용"), (3, "담당부서")):
            page.merge_range(2, column, 3, column, name, bold)
        page.merge_range(2, 4, 2, 5, "예산", bold)
        page.write_row(3, 4, ["국비", "군비"], bold)
        page.merge_range(4, 0, 5, 0, 1)
        page.merge_range(4, 1, 5, 1, TASKS[0][1])
        page.write(4, 2, "의사와 간호사가 섬을 돌며 진료한다")
        page.write(5, 2, "섬마다 한 달에 두 번 약을 지어 준다")
        page.merge_range(4, 3, 5, 3, TASKS[0][3])
        page.write_row(4, 4, [80, 40])
        for row, (task, money) in enumerate(zip(TASKS[1:], ((5, 10), (20, 20)), strict=True), start=6):
            page.write_row(row, 0, [int(task[0]), *task[1:3]])
            page.write_row(row, 4, money)
        page.merge_range(6, 3, 7, 3, "기획예산과")
        page.write_row(8, 0, ["", "합계", "", "", 105, 70])
        form = book.add_worksheet("과제 서식")
        for row, pair in enumerate(FORM):
            form.write_row(row, 0, pair)
        book.add_worksheet("안내").write(0, 0, "작성 방법은 전화로 물어 주세요")
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet("과제")
    for row, cells in enumerate((HEADER, *TASKS)):
        for column, cell in enumerate(cells):
            page.write(row, column, cell)
    book.save(str(OUT / "list.xls"))
    (OUT / "list.ods").write_bytes(_ods())
    (OUT / "list.xlsb").write_bytes(_xlsb())
    columns = {name: [task[i] for task in TASKS] for i, name in enumerate(HEADER)}
    pq.write_table(pa.table(columns), OUT / "list.parquet")


def _zip(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _ods() -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    rows = "".join(
        "<table:table-row>" + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
        ) + "</table:table-row>"
        for cells in (HEADER, *TASKS)
    )  # fmt: skip
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{office}:office:1.0" '
        f'xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0" office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="과제">{rows}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        "</manifest:manifest>"
    )
    return _zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
        }
    )


def _xlsb() -> bytes:
    """Return a workbook of binary records ([MS-XLSB]) with one sheet of inline strings."""

    def record(kind: int, payload: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        size, length = b"", len(payload)
        while True:
            size += bytes([length & 0x7F | (0x80 if length > 127 else 0)])
            length >>= 7
            if not length:
                return head + size + payload

    def wide(text: str) -> bytes:
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    cells = b""
    for row, line in enumerate((HEADER, *TASKS)):
        cells += record(0, struct.pack("<IIHHBI", row, 0, 300, 0, 0, 0))
        for column, cell in enumerate(line):
            cells += record(6, struct.pack("<II", column, 0) + wide(cell))
    dimension = struct.pack("<IIII", 0, len(TASKS), 0, len(HEADER) - 1)
    sheet = record(129) + record(148, dimension) + record(145) + cells + record(146) + record(130)
    bundle = struct.pack("<II", 0, 1) + wide("rId1") + wide("과제")
    workbook = record(131) + record(143) + record(156, bundle) + record(144) + record(132)
    schema = "http://schemas.openxmlformats.org"
    return _zip(
        {
            "[Content_Types].xml": f'<?xml version="1.0"?><Types xmlns="{schema}/package/2006/content-types">'
            '<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
            "_rels/.rels": f'<?xml version="1.0"?><Relationships xmlns="{schema}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{schema}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.bin"/></Relationships>',
            "xl/workbook.bin": workbook,
            "xl/_rels/workbook.bin.rels": f'<?xml version="1.0"?><Relationships xmlns="{schema}/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{schema}/officeDocument/2006/relationships/worksheet" '
            'Target="worksheets/sheet1.bin"/></Relationships>',
            "xl/worksheets/sheet1.bin": sheet,
        }
    )


def word() -> None:
    book = docx.Document()
    book.add_paragraph("2024년 청해군 혁신과제 제출")
    book.add_paragraph("제1분과 과제")
    table = book.add_table(len(TASKS) + 1, len(HEADER))
    for row, cells in enumerate((HEADER, *TASKS)):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    table.cell(2, 3).text = ""
    table.cell(1, 3).merge(table.cell(2, 3))
    book.save(str(OUT / "list.docx"))
    book = docx.Document()
    table = book.add_table(3, 2)
    for row, line in enumerate(PRESS[:3]):
        for column, cell in enumerate(line.split(": ") if ": " in line else [line]):
            table.cell(row, column).text = cell
    table.cell(0, 0).merge(table.cell(0, 1))
    for line in PRESS[3:]:
        book.add_paragraph(line)
    book.save(str(OUT / "press.docx"))
    book = docx.Document()
    for line in STORY:
        book.add_paragraph(line)
    book.save(str(OUT / "story.docx"))
    book = docx.Document()
    book.add_paragraph("혁신과제 제출 서식")
    table = book.add_table(0, 4)
    for pairs in ((FORM[0], FORM[1]), (FORM[2],), (FORM[3],), (FORM[4],)):
        cells = table.add_row().cells
        for place, (label, value) in enumerate(pairs):
            cells[2 * place].text, cells[2 * place + 1].text = label, value
        if len(pairs) == 1:
            cells[1].merge(cells[3])
    book.save(str(OUT / "form.docx"))


def hangul() -> None:
    def table(book: HwpxDocument, rows: tuple[tuple[str, ...], ...]) -> None:
        found = book.add_table(len(rows), len(rows[0]))
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                found.set_cell_text(row, column, cell)

    for kind in ("list", "press", "form", "story"):
        book = HwpxDocument.new()
        if kind == "list":
            book.add_paragraph("2024년 청해군 혁신과제 제출")
            table(book, (HEADER, *TASKS))
        elif kind == "form":
            book.add_paragraph("혁신과제 제출 서식")
            table(book, FORM)
        else:
            for line in PRESS if kind == "press" else STORY:
                book.add_paragraph(line)
        book.save_to_path(OUT / f"{kind}.hwpx")
        book.save_to_path(OUT / f"{kind}.hwp")
    raw = (OUT / "story.hwp").read_bytes()
    for name, bit in (("password", 1), ("distribution", 2), ("drm", 4)):
        (OUT / f"protected_{name}.hwp").write_bytes(flagged(raw, 1 << bit))
    book = HwpxDocument.new()
    book.add_paragraph("이 문서는 상위 버전의 배포용 문서입니다. 한글에서 열어 주세요.")
    book.save_to_path(OUT / "placeholder.hwp")
    book.save_to_path(OUT / "placeholder.hwpx")


def flagged(raw: bytes, flags: int) -> bytes:
    """Return an HWP 5 file with more bits set in its FileHeader."""
    file = CompoundFile(raw)
    streams = {path: file.read(path) for path in file.stream_paths()}
    head = bytearray(streams["FileHeader"])
    head[36:40] = struct.pack("<I", struct.unpack_from("<I", head, 36)[0] | flags)
    streams["FileHeader"] = bytes(head)
    return build_compound_file(list(streams.items()))


def pages() -> None:
    article = "".join(f"<p>{line}</p>" for line in PRESS[5:])
    menu = "<nav><ul><li>군정소식</li><li>민원안내</li><li>조직도</li></ul></nav>"
    (OUT / "press.html").write_text(
        f'<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>{PRESS[4]} | 청해군</title>'
        '<meta property="og:site_name" content="청해군"><meta property="article:published_time" content="2024-03-29">'
        f"</head><body><header>청해군 누리집</header>{menu}<main><article><h1>{PRESS[4]}</h1>{article}</article></main>"
        "<footer>우편번호 00000 개인정보처리방침 저작권정책</footer></body></html>",
        encoding="utf-8",
    )
    rows = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>" for cells in (HEADER, *TASKS))
    table = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset=euc-kr"></head><body><table border=1>{rows}</table></body></html>'
    (OUT / "list.html").write_bytes(table.encode("cp949"))
    (OUT / "really_html.xls").write_bytes(table.encode("cp949"))


def _pdf(contents: list[str]) -> bytes:
    """Return a PDF of these page contents with a Korean font by name: letters by UTF-16 code."""
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(contents)}/Kids[{' '.join(f'{6 + 2 * i} 0 R' for i in range(len(contents)))}]>>",
        "<</Type/Font/Subtype/Type0/BaseFont/HYSMyeongJo-Medium/Encoding/UniKS-UTF16-H/DescendantFonts[4 0 R]>>",
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/HYSMyeongJo-Medium/DW 1000/FontDescriptor 5 0 R"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(Korea1)/Supplement 1>>>>",
        "<</Type/FontDescriptor/FontName/HYSMyeongJo-Medium/Flags 6/FontBBox[0 -148 1001 880]/ItalicAngle 0/Ascent 880"
        "/Descent -148/CapHeight 880/StemV 93>>",
    ]
    for i, content in enumerate(contents):
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents {7 + 2 * i} 0 R>>"
        )
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
    out, places = b"%PDF-1.5\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj{body}endobj\n".encode("ascii")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    tail = f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}trailer<</Size {len(places) + 1}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF"
    return out + tail.encode("ascii")


def _line(x: float, y: float, text: str, size: int = 10) -> str:
    return f"BT /F1 {size} Tf {x} {y} Td <{text.encode('utf-16-be').hex()}> Tj ET"


def pdf() -> None:
    def flowing(lines: tuple[str, ...]) -> str:
        pieces = [line[i : i + 45] for line in lines for i in range(0, len(line), 45)]
        return "\n".join(_line(50, 780 - 20 * n, piece) for n, piece in enumerate(pieces))

    (OUT / "press.pdf").write_bytes(_pdf([flowing(PRESS)]))
    (OUT / "story.pdf").write_bytes(_pdf([flowing(STORY[:2]), flowing(STORY[2:])]))
    xs, ys = (40, 80, 200, 420, 490, 560), [740 - 40 * n for n in range(len(TASKS) + 2)]
    rules = [f"{xs[0]} {y} m {xs[-1]} {y} l S" for y in ys] + [f"{x} {ys[0]} m {x} {ys[-1]} l S" for x in xs]
    words = [_line(50, 780, "2024년 청해군 혁신과제", 14)]
    for row, cells in enumerate((HEADER, *TASKS)):
        for column, cell in enumerate(cells):
            wide = max(2, int((xs[column + 1] - xs[column] - 4) // 9))
            wide -= len(cell) % wide == 1  # pdfium drops a line of one letter in a font that it does not have
            for n, start in enumerate(range(0, len(cell), wide)):
                words.append(_line(xs[column] + 2, ys[row] - 12 - 11 * n, cell[start : start + wide], 9))
    (OUT / "list.pdf").write_bytes(_pdf(["\n".join([*rules, *words])]))
    (OUT / "scanned.pdf").write_bytes(_pdf(["0.5 g 50 50 400 600 re f"]))


def archives() -> None:
    inner = _zip({"press.hwpx": (OUT / "press.hwpx").read_bytes()})
    members = {
        "과제/목록.xlsx": (OUT / "list.xls").read_bytes(),
        "속.zip": inner,
        "보도.txt": "\n".join(PRESS),
    }
    with zipfile.ZipFile(OUT / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(_Cp949Info(name, (2024, 3, 29, 9, 0, 0)), content)


class _Cp949Info(zipfile.ZipInfo):
    """A member whose name is written as Windows in Korea writes it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the standard library's name
        return self.filename.encode("cp949"), self.flag_bits


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    for make in (delimited, workbooks, word, hangul, pages, pdf, archives):
        make()
