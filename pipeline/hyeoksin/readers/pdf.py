"""PDF: text by page with wrapped lines joined, and tables by their ruling lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import pi
from pathlib import Path
from typing import Any

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.forms import Content, documents
from hyeoksin.readers.limits import MAX_TEXT
from hyeoksin.readers.notes import beginning, log
from hyeoksin.readers.rulings import Box, Segment, ruled_tables
from hyeoksin.readers.tables import Cell, Places, Table

__all__ = ["read_pdf", "unwrapped"]

_FEW = 10  # letters below which a page, or a file by its mean, counts as scanned
_FULL = 0.8  # of the longest line of a page: such a line may go on in the next
_MAX_OBJECTS = 20_000  # drawings looked at on a page
_MAX_POINTS = 200  # of one drawing
_MAX_NAMED = 200  # characters of the pages that a note names
_SAMPLED = 100  # letters of a page that tell how its text runs


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
    unread: list[int] = []
    try:
        with pdfium.PdfDocument(path) as book:
            for number in range(len(book)):
                page = book[number]
                textpage, turns = _upright(page)
                # within bounds, lines that do not run across come out as one
                text = textpage.get_text_range() if turns else textpage.get_text_bounded()
                pages.append(unwrapped(_clean(text)))
                if len(pages[-1]) < _FEW and _is_drawn(page):
                    unread.append(number + 1)
                tables += _tables(page, textpage, turns, places, number + 1)
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
    if unread:
        _note_unread(unread, path)
    yield from documents(Content(tuple(tables), "\n".join(pages)), path, columns)


def _is_drawn(page: Any) -> bool:
    """Tell whether a page holds more than letters: a scan, or letters turned into lines."""
    import pypdfium2.raw as raw

    return any(drawing.type != raw.FPDF_PAGEOBJ_TEXT for drawing in page.get_objects())


def _note_unread(pages: Sequence[int], path: Path) -> None:
    log.info(
        "%s: %s쪽은 글자 층이 없거나 거의 없어 읽지 못했습니다. 그 쪽에 글이 있으면 문자 인식(OCR)을 거친 파일이나 원본 문서를 넣으세요.",
        path.name,
        beginning(_ranges(pages), _MAX_NAMED),
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Return rising numbers with runs drawn together.

    >>> _ranges([2, 3, 4, 7, 9, 10])
    '2-4, 7, 9-10'
    """
    held = {*numbers}
    starts = [n for n in numbers if n - 1 not in held]
    ends = [n for n in numbers if n + 1 not in held]
    return ", ".join(f"{a}-{b}" if a < b else f"{a}" for a, b in zip(starts, ends, strict=True))


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


def _upright(page: Any) -> tuple[Any, int]:
    """Return the text of a page, turned so that most of it runs across, and by how many quarters, clockwise.

    The text is asked, not the page's ``/Rotate``: a landscape list may stand on its side either way.
    """
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    n_letters = textpage.count_chars()
    sample = range(0, n_letters, max(1, n_letters // _SAMPLED))
    angles = (
        raw.FPDFText_GetCharAngle(textpage, i) for i in sample if not raw.FPDFText_IsGenerated(textpage, i)
    )
    counts = Counter(round(-angle / (pi / 2)) % 4 for angle in angles)  # radians, clockwise
    turns = max(counts, key=counts.__getitem__, default=0)
    if page.get_rotation() != 90 * turns:  # pdfium orders what stands in one line of the turned page
        textpage.close()
        page.set_rotation(90 * turns)
        textpage = page.get_textpage()
    return textpage, turns


def _turned(x: float, y: float, turns: int) -> tuple[float, float]:
    """Return where a point comes to stand when its page is turned clockwise by so many quarters."""
    for _ in range(turns % 4):
        x, y = y, -x
    return x, y


def _tables(page: Any, textpage: Any, turns: int, places: Places, number: int) -> Iterator[Table]:
    segments = [(*_turned(*segment[:2], turns), *_turned(*segment[2:], turns)) for segment in _segments(page)]
    for boxes in ruled_tables(segments):
        cells = (
            Cell(
                box.row,
                box.column,
                box.n_rows,
                box.n_columns,
                _joined(_within(textpage, box, turns)),
            )
            for box in boxes
        )
        table = places.table(cells, page=number)
        if table is not None:
            yield table


def _within(textpage: Any, box: Box, turns: int) -> str:
    """Return the text of a cell, whose bounds are those of the turned page."""
    left, bottom, right, top = box.bounds
    ends = [_turned(left, bottom, -turns), _turned(right, top, -turns)]
    return str(textpage.get_text_bounded(*map(min, *ends), *map(max, *ends)))


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
