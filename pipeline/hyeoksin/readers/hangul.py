"""HWPX and HWP 5: paragraphs and tables through python-hwpx; what is protected is refused."""

from __future__ import annotations

import warnings
import zipfile
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

__all__ = ["read_hangul"]

_PROTECTED = {
    "hwp5-password": "암호가 걸린 한글 문서입니다. 한글에서 암호를 풀고 다시 저장하세요.",
    "hwp5-distribution": "배포용 문서라 본문을 읽을 수 없습니다. 배포용을 풀거나 원본 파일을 받아 넣으세요.",
    "hwp5-drm": "문서보안(DRM)이 걸린 한글 문서입니다. 보안을 해제한 파일을 넣으세요.",
    "hwp5-version-unsupported": "읽지 않는 판의 한글 문서입니다. 한글에서 HWPX로 저장하세요.",
}


def read_hangul(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield the documents of an HWPX or HWP 5 file: the rows of its task lists, its forms, or its narrative.

    Raises:
        InputError: the file is 배포용 (for distribution), under a password or DRM, broken, or too large unpacked.
        MissingExtraError: python-hwpx is not installed.
    """
    try:
        from hwpx import Hwp5ConversionWarning, Hwp5Error, HwpxDocument, HwpxError
        from hwpx.opc.package import HwpxPackageError
        from lxml.etree import LxmlError
    except ModuleNotFoundError as error:
        raise MissingExtraError("python-hwpx", "docs") from error
    if zipfile.is_zipfile(path):
        check_package(path)
    try:
        _refuse_encrypted(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Hwp5ConversionWarning)  # pictures and drawings: no text is lost
            with HwpxDocument.open(path) as document:
                for section in document.sections:
                    _drop_deleted(section.element)
                text = document.text.plain()  # has text boxes and captions where they stand
                for section in document.sections:
                    _unbox(section.element)
                places = Places()
                blocks = tuple(
                    block for section in document.sections for block in _blocks(section.paragraphs, places)
                )
                content = Content(blocks, text)
    except Hwp5Error as error:
        reason = _PROTECTED.get(
            error.code, f"한글 문서가 깨졌습니다 ({cause(error)}). 한글에서 열어 다시 저장하세요."
        )
        raise InputError(f"{path.name}: {reason}") from error
    except (HwpxError, HwpxPackageError, LxmlError, LookupError, *BROKEN_ZIP) as error:
        raise InputError(
            f"{path.name}: 한글 문서가 깨졌습니다 ({cause(error)}). 한글에서 열어 다시 저장하세요."
        ) from error
    yield from documents(content, path, columns)


def _refuse_encrypted(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        try:
            manifest = archive.read("META-INF/manifest.xml")
        except KeyError:
            return
    if b"encryption-data" in manifest:
        raise InputError(
            f"{path.name}: 암호가 걸렸거나 배포용인 한글 문서입니다. 한글에서 풀고 다시 저장하세요."
        )


def _drop_deleted(section: Any) -> None:
    """Leave out what tracked changes deleted: within a paragraph, between the two marks of a deletion."""
    for paragraph in section.iter("{*}p"):
        texts = paragraph.findall("{*}run/{*}t")
        ends = {mark.get("Id") for text in texts for mark in text.findall("{*}deleteEnd")}
        deleted = set[str | None]()
        for text in texts:
            text.text = "" if deleted else text.text
            for mark in list(text.iterchildren("{*}*")):
                if mark.tag.endswith("}deleteBegin") and mark.get("Id") in ends:
                    deleted.add(mark.get("Id"))
                elif mark.tag.endswith("}deleteEnd"):
                    deleted.discard(mark.get("Id"))
                elif deleted:
                    text.remove(mark)
                if deleted:
                    mark.tail = ""


def _unbox(section: Any) -> None:
    """Put the paragraphs of text boxes below those that hold the boxes, from the last on: a box may hold another."""
    for box in reversed(list(section.iter("{*}drawText"))):
        other = next(box.iterancestors("{*}default"), None)  # of an hp:switch, which holds an object twice
        holder = next(box.iterancestors("{*}p"), None)
        if holder is None or (other is not None and other.getparent().find("{*}case") is not None):
            continue
        for paragraph in reversed(box.findall("{*}subList/{*}p")):
            holder.addnext(paragraph)


def _blocks(paragraphs: list[Any], places: Places) -> Iterator[str | Table]:
    """Yield paragraphs and tables in order; a table of one cell is a frame around what it holds."""
    for paragraph in paragraphs:
        if paragraph.text.strip():
            places.heading = paragraph.text
            yield paragraph.text
        for table in paragraph.tables:
            cells = [cell for row in table.rows for cell in row.cells]
            if len(cells) == 1:
                yield from _blocks(cells[0].paragraphs, places)
            elif (found := places.table(map(_cell, cells))) is not None:
                yield found


def _cell(cell: Any) -> Cell:
    (row, column), (n_rows, n_columns) = cell.address, cell.span
    return Cell(row, column, n_rows, n_columns, _text(cell))


def _text(cell: Any) -> str:
    parts: list[str] = []
    for paragraph in cell.paragraphs:
        parts.append(paragraph.text)
        parts += [_text(inner) for table in paragraph.tables for row in table.rows for inner in row.cells]
    return "\n".join(part for part in parts if part.strip())
