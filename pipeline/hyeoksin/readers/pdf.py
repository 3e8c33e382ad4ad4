"""PDF: text by page with wrapped lines joined, and tables by their ruling lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.forms import Content, documents
from hyeoksin.readers.limits import MAX_TEXT
from hyeoksin.readers.rulings import Segment, ruled_tables
from hyeoksin.readers.tables import Cell, Places, Table

__all__ = ["read_pdf", "unwrapped"]

_FEW = 10  # letters a page below which a file counts as scanned
_FULL = 0.8  # of the longest line of a page: such a line may go on in the next
_MAX_OBJECTS = 20_000  # drawings looked at on a page
_MAX_POINTS = 200  # of one drawing


def read_pdf(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield the documents of a PDF: its narrative, or the rows of its ruled task lists.

    Raises:
        InputError: no text layer (scanned), a password, or a broken file.
        MissingExtraError: pypdfium2 is not installed.
    """
    try:
        import pypdfium2 as pdfium
    except ModuleNotFoundError as error:
        raise MissingExtraError("pypdfium2", "docs") from error
    places = Places()
    pages: list[str] = []
    tables: list[Table] = []
    try:
        with pdfium.PdfDocument(path) as book:
            for number in range(len(book)):
                page = book[number]
                textpage = page.get_textpage()
                pages.append(unwrapped(_clean(textpage.get_text_bounded())))
                tables += _tables(page, textpage, places, number + 1)
                textpage.close()
                page.close()
                if sum(map(len, pages)) > MAX_TEXT:
                    raise InputError(f"{path.name}: {MAX_TEXT:,}자를 넘는 문서입니다. 나누어 넣으세요.")
    except pdfium.PdfiumError as error:
        reason = (
            "암호가 걸린 PDF입니다. 암호를 풀고 다시 저장하세요."
            if "password" in str(error).lower()
            else f"PDF 파일이 깨졌습니다 ({error}). 다시 저장하세요."
        )
        raise InputError(f"{path.name}: {reason}") from error
    if sum(map(len, pages)) < _FEW * len(pages) or not pages:
        raise InputError(
            f"{path.name}: 글자 층(텍스트 레이어)이 없는 스캔 PDF입니다. 문자 인식(OCR)을 거친 파일이나 원본 문서를 넣으세요."
        )
    yield from documents(Content(tuple(tables), "\n".join(pages)), path, columns)


def _clean(text: str) -> str:
    """Return text with control characters as spaces: some fonts give a space as U+0001."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "")
    return "".join(char if char >= " " or char in "\n\t" else " " for char in text).strip()


def unwrapped(text: str) -> str:
    """Join lines that the page's width broke, without a space: Korean breaks inside words.

    A space that stood at the end of the line stays; a lost one does less harm than a torn word.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    widest = max(map(len, lines), default=0)
    out = ""
    for line in lines:
        out += line
        ends = len(line) < _FULL * widest or line.rstrip()[-1] in ".?!:;"
        out = out.rstrip() + "\n" if ends else out
    return out.strip()


def _tables(page: Any, textpage: Any, places: Places, number: int) -> Iterator[Table]:
    for boxes in ruled_tables(list(_segments(page))):
        cells = (
            Cell(
                box.row,
                box.column,
                box.n_rows,
                box.n_columns,
                _joined(textpage.get_text_bounded(*box.bounds)),
            )
            for box in boxes
        )
        table = places.table(cells, page=number)
        if table is not None:
            yield table


def _joined(text: str) -> str:
    return "".join(_clean(text).split("\n"))


def _segments(page: Any) -> Iterator[Segment]:
    """Yield the straight lines that are drawn on a page, in its coordinates."""
    import ctypes

    import pypdfium2.raw as raw

    x, y = ctypes.c_float(), ctypes.c_float()
    for n_objects, drawing in enumerate(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH])):
        if n_objects >= _MAX_OBJECTS:
            return
        matrix = drawing.get_matrix()
        start = before = (0.0, 0.0)
        for index in range(min(raw.FPDFPath_CountSegments(drawing), _MAX_POINTS)):
            part = raw.FPDFPath_GetPathSegment(drawing, index)
            if not raw.FPDFPathSegment_GetPoint(part, x, y):
                continue
            point = matrix.on_point(x.value, y.value)
            kind = raw.FPDFPathSegment_GetType(part)
            if kind == raw.FPDF_SEGMENT_MOVETO:
                start = point
            elif kind == raw.FPDF_SEGMENT_LINETO:
                yield (*before, *point)
            before = point
            if raw.FPDFPathSegment_GetClose(part):
                yield (*point, *start)
