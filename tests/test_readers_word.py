"""DOCX: what content controls, tracked changes and text boxes hold."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from docx.oxml.ns import nsdecls
from docx.oxml.parser import parse_xml

from hyeoksin.domain import Document
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.word import read_docx


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def control(held: str, about: str = "") -> str:
    return f"<w:sdt><w:sdtPr>{about}</w:sdtPr><w:sdtContent>{held}</w:sdtContent></w:sdt>"


def cell(held: str) -> str:
    return f"<w:tc><w:p>{held}</w:p></w:tc>"


def row(*cells: str) -> str:
    return f"<w:tr>{''.join(cells)}</w:tr>"


def box(*paragraphs: str) -> str:
    return f"<w:txbxContent>{''.join(paragraphs)}</w:txbxContent>"


def drawn(choice: str, fallback: str) -> str:
    """Return a text box as Word writes it: for itself, and once more for older programs."""
    namespace = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    return (
        f'<w:r><mc:AlternateContent xmlns:mc="{namespace}"><mc:Choice Requires="wps"><w:drawing>{choice}</w:drawing>'
        f"</mc:Choice><mc:Fallback><w:pict>{fallback}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


def read(folder: Path, body: str) -> list[Document]:
    """Return the documents of a file whose body holds some blocks of WordprocessingML."""
    book = docx.Document()
    for block in parse_xml(f"<w:body {nsdecls('w')}>{body}</w:body>"):
        book.element.body.insert(len(book.element.body) - 1, block)
    book.save(str(folder / "과제.docx"))
    return [item for item in read_docx(folder / "과제.docx", Columns()) if isinstance(item, Document)]


BOX = box(f"<w:p>{run('상자')}</w:p>")


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (control(f"<w:p>{run('섬으로')}</w:p>"), "섬으로"),
        (f"<w:p>{run('섬')}{control(run('으로') + control(run(' 간다')))}</w:p>", "섬으로 간다"),
        (f'<w:p>{run("섬")}<w:ins w:id="1">{run("으로")}</w:ins></w:p>', "섬으로"),
        (f'<w:p>{run("섬")}<w:del w:id="1"><w:r><w:delText>산</w:delText></w:r></w:del></w:p>', "섬"),
        (f'<w:p>{run("섬")}<w:moveFrom w:id="1">{run("산")}</w:moveFrom></w:p>', "섬"),
        (f"<w:p>{run('섬')}{control(run('여기를 누르세요'), '<w:showingPlcHdr/>')}</w:p>", "섬"),
        (
            f"<w:p>{run('섬')}</w:p>"
            + control(
                f"<w:p>{run('차례 1')}</w:p>",
                '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>',
            ),
            "섬",
        ),
        (f"<w:p>{run('섬')}{drawn(BOX, BOX)}</w:p><w:p>{run('끝')}</w:p>", "섬\n상자\n끝"),
        (f"<w:p>{drawn('', BOX)}</w:p>", "상자"),
        (f"<w:p><w:r><w:pict>{BOX}{box(f'<w:p>{drawn(BOX, BOX)}</w:p>')}</w:pict></w:r></w:p>", "상자\n상자"),
        (f'<w:p>{run("섬")}<w:del w:id="1"><w:r><w:pict>{BOX}</w:pict></w:r></w:del></w:p>', "섬"),
    ],
)
def test_what_shows_on_the_page_is_read(tmp_path: Path, block: str, text: str) -> None:
    (item,) = read(tmp_path, block)
    assert item.text == text


def test_tables_rows_and_cells_in_controls_are_read(tmp_path: Path) -> None:
    head = row(cell(run("과제명")), cell(run("추진내용")))
    first = row(control(cell(run("버스"))), cell(control(run("섬으로"))))
    second = control(row(cell(run("투표")), cell(run("주민이"))))
    items = read(tmp_path, control(f"<w:tbl><w:tblPr/><w:tblGrid/>{head}{first}{second}</w:tbl>"))
    assert [(item.title, item.text) for item in items] == [("버스", "섬으로"), ("투표", "주민이")]


def test_a_text_box_in_a_cell_belongs_to_the_cell(tmp_path: Path) -> None:
    head = row(cell(run("과제명")), cell(run("추진내용")))
    first = row(cell(run("버스")), cell(run("섬으로") + drawn(BOX, BOX)))
    (item,) = read(tmp_path, f"<w:tbl><w:tblPr/><w:tblGrid/>{head}{first}</w:tbl>")
    assert (item.title, item.text) == ("버스", "섬으로\n상자")
