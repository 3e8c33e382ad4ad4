"""PDF: text by page, and tables by their ruling lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.forms import Content, documents
from hyeoksin.readers.limits import MAX_TEXT

__all__ = ["read_pdf"]

_FEW = 10  # letters a page below which a file counts as scanned


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
    try:
        with pdfium.PdfDocument(path) as book:
            pages: list[str] = []
            for page in book:
                textpage = page.get_textpage()
                pages.append(_clean(textpage.get_text_bounded()))
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
    if sum(map(len, pages)) < _FEW * len(pages):
        raise InputError(
            f"{path.name}: 글자 층(텍스트 레이어)이 없는 스캔 PDF입니다. 문자 인식(OCR)을 거친 파일이나 원본 문서를 넣으세요."
        )
    yield from documents(Content(tuple(pages)), path, columns)


def _clean(text: str) -> str:
    """Return text with control characters as spaces: some fonts give a space as U+0001."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe", "")
    return "".join(char if char >= " " or char in "\n\t" else " " for char in text).strip()
