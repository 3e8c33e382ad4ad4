"""DOCX: paragraphs and tables in their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hyeoksin.causes import cause
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers.archives import check_package
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.forms import Content, documents
from hyeoksin.readers.kinds import BROKEN_ZIP
from hyeoksin.readers.tables import Cell, Places, Table

__all__ = ["read_docx"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_DELETED = tuple(_W + name for name in ("del", "moveFrom"))
_WRAPPERS = tuple(_W + name for name in ("sdt", "ins", "moveTo", "smartTag", "customXml", "fldSimple"))
_CONTENTS = f"{_W}docPartGallery[@{_W}val='Table of Contents']"


def read_docx(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield the documents of a DOCX file: the rows of its task lists, its forms, or its narrative.

    Raises:
        InputError: the file cannot be opened or is too large unpacked.
        MissingExtraError: python-docx is not installed.
    """
    try:
        import docx
        from docx.opc.exceptions import OpcError
        from lxml.etree import LxmlError
    except ModuleNotFoundError as error:
        raise MissingExtraError("python-docx", "docs") from error
    check_package(path)
    try:
        document = docx.Document(str(path))
        _unwrap(document.element.body)
        _unbox(document.element.body)
        blocks = tuple(_blocks(document, Places()))
    except (OpcError, LxmlError, KeyError, AttributeError, IndexError, *BROKEN_ZIP) as error:
        raise InputError(
            f"{path.name}: 워드 문서가 깨졌습니다 ({cause(error)}). 워드에서 열어 다시 저장하세요."
        ) from error
    yield from documents(Content(blocks), path, columns)


def _unwrap(body: Any) -> None:
    """Put what content controls and tracked insertions hold in their place: python-docx passes over both.

    A table of contents stays out, and so does the prompt of a control that nobody filled in; what was deleted is
    wrapped as well, and stays so.
    """
    for wrapper in list(body.iter(*_WRAPPERS)):
        held = wrapper
        if wrapper.tag == f"{_W}sdt":
            held = wrapper.find(f"{_W}sdtContent")
            if held is None or wrapper.find(f"{_W}sdtPr//{_CONTENTS}") is not None:
                continue
            if wrapper.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None:
                for text in held.iter(f"{_W}t"):
                    text.text = ""
        for child in list(held):
            wrapper.addprevious(child)
        wrapper.getparent().remove(wrapper)


def _unbox(body: Any) -> None:
    """Put what text boxes hold below the paragraphs that hold the boxes, from the last on: a box may hold another.

    Word writes a box twice (``mc:Choice``, and ``mc:Fallback`` for older programs), and python-docx passes over both.
    """
    for fallback in list(body.iter(f"{_MC}Fallback")):
        if fallback.getparent().find(f"{_MC}Choice//{_W}txbxContent") is not None:
            fallback.getparent().remove(fallback)
    for box in reversed(list(body.iter(f"{_W}txbxContent"))):
        holder = next(box.iterancestors(f"{_W}p"), None)
        if holder is None or next(box.iterancestors(*_DELETED), None) is not None:
            continue
        for block in reversed(list(box)):
            holder.addnext(block)


def _blocks(holder: Any, places: Places) -> Iterator[str | Table]:
    """Yield paragraphs and tables of a document or cell; a table of one cell is a frame around what it holds."""
    for block in holder.iter_inner_content():
        if not hasattr(block, "rows"):
            if block.text.strip():
                places.heading = block.text
                yield block.text
            continue
        cells = list(_cells(block))
        if len(cells) == 1:
            yield from _blocks(cells[0][0], places)
        elif (table := places.table(cell for _, cell in cells)) is not None:
            yield table


def _cells(table: Any) -> Iterator[tuple[Any, Cell]]:
    """Yield the cells of a Word table once each: python-docx repeats a merged cell at every place that it covers."""
    rows = [list(row.cells) for row in table.rows]
    reach: dict[Any, list[int]] = {}
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            place = reach.setdefault(cell._tc, [r, c, r, c])
            place[2], place[3] = max(place[2], r), max(place[3], c)
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            top, left, bottom, right = reach[cell._tc]
            if (top, left) == (r, c):
                yield cell, Cell(r, c, bottom - r + 1, right - c + 1, _text(cell))


def _text(cell: Any) -> str:
    parts = (
        block.text if not hasattr(block, "rows") else "\n".join(inner.text for _, inner in _cells(block))
        for block in cell.iter_inner_content()
    )
    return "\n".join(part for part in parts if part.strip())
