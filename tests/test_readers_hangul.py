"""HWPX: what tracked changes deleted, and what text boxes hold."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from hwpx import HwpxDocument

from hyeoksin.domain import Document
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.hangul import read_hangul


def paragraph(held: str) -> str:
    return f'<hp:p id="0" paraPrIDRef="0" styleIDRef="0"><hp:run charPrIDRef="0">{held}</hp:run></hp:p>'


def box(*paragraphs: str) -> str:
    return f"<hp:rect><hp:drawText><hp:subList>{''.join(paragraphs)}</hp:subList></hp:drawText></hp:rect>"


def deletion(text: str, number: int, end: bool = True) -> str:
    mark = f'Id="{number}" TcId="{number}"'
    return f"<hp:deleteBegin {mark}/>{text}" + (f"<hp:deleteEnd {mark}/>" if end else "")


def read(folder: Path, *paragraphs: str, rows: tuple[tuple[str, ...], ...] = ()) -> list[Document]:
    """Return the documents of a file of some paragraphs of OWPML and a table of paragraphs below them."""
    path, marks = folder / "과제.hwpx", list(paragraphs)
    with HwpxDocument.new() as document:
        for number in range(len(paragraphs)):
            document.add_paragraph(f"@{number}@")
        if rows:
            table = document.add_table(len(rows), len(rows[0]))
            for r, row in enumerate(rows):
                for c, held in enumerate(row):
                    table.set_cell_text(r, c, f"@{len(marks)}@")
                    marks.append(held)
        document.save_to_path(folder / "틀.hwpx")
    with zipfile.ZipFile(folder / "틀.hwpx") as frame, zipfile.ZipFile(path, "w") as whole:
        for member in frame.infolist():
            content = frame.read(member)
            if member.filename == "Contents/section0.xml":
                filled = re.sub(r"<hp:t>@(\d+)@</hp:t>", lambda m: marks[int(m[1])], content.decode())
                assert "@" not in re.sub(r"<hp:secPr.*</hp:secPr>", "", filled)
                content = filled.encode()
            whole.writestr(member, content)
    return [item for item in read_hangul(path, Columns()) if isinstance(item, Document)]


def test_what_was_deleted_is_left_out_of_paragraphs_and_cells(tmp_path: Path) -> None:
    cut = f"<hp:t>섬{deletion('산<hp:tab/>과', 1)}으로</hp:t>"
    over = (
        f"<hp:t>버스{deletion('가', 2, end=False)}</hp:t><hp:t>는<hp:deleteEnd Id='2' TcId='2'/> 간다</hp:t>"
    )
    open_end = f"<hp:t>{deletion('끝없는', 3, end=False)} 표시</hp:t>"
    (item,) = read(tmp_path, cut, over, open_end)
    assert item.text.split("\n") == ["섬으로", "버스 간다", "끝없는 표시"]
    rows = (("<hp:t>과제명</hp:t>", "<hp:t>내용</hp:t>"), ("<hp:t>버스</hp:t>", cut))
    (item,) = read(tmp_path, rows=rows)
    assert (item.title, item.text) == ("버스", "섬으로")


def test_text_boxes_are_read_in_cells_and_below_forms(tmp_path: Path) -> None:
    twice = f"<hp:switch><hp:case>{box(paragraph('<hp:t>상자</hp:t>'))}</hp:case><hp:default>{box(paragraph('<hp:t>상자</hp:t>'))}</hp:default></hp:switch>"
    held = paragraph(f"<hp:t>겉</hp:t>{box(paragraph('<hp:t>속</hp:t>'))}")
    cell = f"<hp:t>글</hp:t>{twice}{box(held, paragraph('<hp:t>끝</hp:t>'))}"
    rows = (("<hp:t>과제명</hp:t>", "<hp:t>내용</hp:t>"), ("<hp:t>버스</hp:t>", cell))
    (item,) = read(tmp_path, rows=rows)
    assert (item.title, item.text) == ("버스", "글\n상자\n겉\n속\n끝")


def test_a_list_in_a_text_box_is_read_row_by_row(tmp_path: Path) -> None:
    rows = "".join(
        "<hp:tr>" + "".join(
            f"<hp:tc><hp:subList>{paragraph(f'<hp:t>{text}</hp:t>')}</hp:subList>"
            f'<hp:cellAddr colAddr="{c}" rowAddr="{r}"/><hp:cellSpan colSpan="1" rowSpan="1"/></hp:tc>'
            for c, text in enumerate(texts)
        ) + "</hp:tr>"
        for r, texts in enumerate((("과제명", "내용"), ("버스", "섬"), ("투표", "주민")))
    )  # fmt: skip
    table = f'<hp:tbl rowCnt="3" colCnt="2">{rows}</hp:tbl>'
    items = read(tmp_path, box(paragraph("<hp:t>제1분과</hp:t>"), paragraph(table)))
    assert [(item.title, item.text) for item in items] == [("버스", "섬"), ("투표", "주민")]
    assert items[0].meta == {"소제목": "제1분과"}
