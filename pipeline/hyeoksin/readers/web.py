"""HTML: the article without the menu, and tables; also the "Excel" files that web systems send as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from hyeoksin.decoding import decode
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers.columns import Columns, label_field
from hyeoksin.readers.dates import iso_date
from hyeoksin.readers.forms import Content, documents, is_form, is_mostly_lists
from hyeoksin.readers.labels import pairs_of
from hyeoksin.readers.limits import MAX_COLUMNS
from hyeoksin.readers.tables import Cell, Places, Table, table_of

__all__ = ["read_html"]

_PRUNED = ["//nav", "//header", "//footer", "//aside", "//form", "//script", "//style"]
_INLINE = frozenset((
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "tt", "u", "var",
))  # fmt: skip
_SURE = 20  # letters from which a piece of a line of the article is no word of the menu
_SEARCHED = 200_000  # letters of an article up to which pieces of lines are sought
_SHORT = 100  # characters below which an article is looked for more thoroughly


def read_html(path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield the documents of a web page: the rows of its task lists, or its article with title and date.

    Raises:
        InputError: no text is found.
        MissingExtraError: trafilatura is not installed.
    """
    try:
        import trafilatura
        from lxml import html
        from lxml.etree import LxmlError
    except ModuleNotFoundError as error:
        raise MissingExtraError("trafilatura", "docs") from error
    try:
        tree = html.fromstring(_decoded(path))
        places = dict(_tables(tree, columns))
        tables = tuple(places.values())
        if is_mostly_lists(tables, columns, len(tree.text_content())):
            yield from documents(Content(tables), path, columns)
            return
        for cell in tree.iter("td", "th"):
            for name in ("colspan", "rowspan"):  # trafilatura would write out a billion columns
                cell.attrib.pop(name, None)
        page: Any = None
        for fast in (True, False):  # the thorough way takes ten times as long
            if page is None or len(page.text or "") < _SHORT:
                page = trafilatura.bare_extraction(
                    deepcopy(tree), fast=fast, include_comments=False, prune_xpath=_PRUNED, with_metadata=True
                )
    except (LxmlError, ValueError) as error:
        raise InputError(
            f"{path.name}: 웹 문서가 깨졌습니다 ({error}). 브라우저에서 다시 저장하세요."
        ) from error
    if page is not None and page.text:
        title = str(page.title or "")
        article = str(page.text).removeprefix(title).strip()
        forms = [t for t in tables if is_form(t, columns)]
        # beside a text of its own, what stands around a form is the site's: 이전글, 다음글, 만족도 조사
        told = any(label_field(n, columns) == "text" and v for t in forms for n, v in pairs_of(t, columns))
        blocks = tuple(_blocks(tree, places, article)) if forms and not told else tables
        content = Content(blocks, article, title, iso_date(str(page.date or "")), _issuer(page))
    else:
        content = Content(tables or tuple(_lines(tree)))
    yield from documents(content, path, columns)


def _issuer(page: Any) -> dict[str, str]:
    return {"기관": str(page.sitename)} if page.sitename else {}


def _decoded(path: Path) -> str:
    """Return the page as text without the XML declaration, which lxml refuses in text."""
    raw = path.read_bytes()
    try:
        text = decode(raw, path)[0]
    except InputError:
        encoding = (
            "cp949" if re.search(rb"charset=[\"']?(?:euc-kr|cp949|ks_c_5601)", raw[:4096], re.I) else "utf-8"
        )
        text = raw.decode(encoding, "replace")
    return re.sub(r"[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", " ", re.sub(r"^\s*<\?xml[^>]*\?>", "", text))


def _blocks(tree: Any, tables: Mapping[Any, Table], article: str) -> Iterator[str | Table]:
    """Yield the tables and, between them, the lines of the article that stand in none of them."""
    from lxml.etree import iterwalk

    lines = {_squeezed(line.removeprefix("- ")) for line in article.split("\n")}
    whole = _squeezed(article) if len(article) <= _SEARCHED else ""

    def ended() -> Iterator[str]:
        bare, pieces = _squeezed("".join(parts)), {*map(_squeezed, parts)} - {""}
        if bare and (bare in lines or pieces <= lines or (len(bare) >= _SURE and bare in whole)):
            yield " ".join("".join(parts).split())
        parts.clear()

    parts: list[str] = []
    walk = iterwalk(tree, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event in ("start", "end") and element.tag not in _INLINE:
            yield from ended()
        if event == "start" and element in tables:
            yield tables[element]
            walk.skip_subtree()
        else:
            parts.append((element.text if event == "start" else element.tail) or "")


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _tables(tree: Any, columns: Columns) -> Iterator[tuple[Any, Table]]:
    """Yield with its element each table that holds no other table, and lists of tasks with what tables in their cells hold."""
    places, taken = Places(), set[Any]()
    for table in tree.iter("table"):
        if not taken.isdisjoint(table.iterancestors("table")):
            continue
        if table.find(".//table") is not None:
            if not _is_list(table, columns):
                continue  # a frame around what it holds
            taken.add(table)
        found = places.table(_cells(table))
        if found is not None:
            yield table, found


def _is_list(table: Any, columns: Columns) -> bool:
    """Tell whether a table lists tasks by its own rows, none of which is but a place for another table."""
    if table.xpath("(./tr | ./*/tr)[count(td | th) = 1][.//table]"):
        return False
    found = table_of(_cells(table), "")
    return found is not None and is_mostly_lists([found], columns, len(table.text_content()))


def _cells(table: Any) -> Iterator[Cell]:
    covered: dict[int, int] = {}  # column: the row under the cell that reaches down through it
    own = (row for row in table.iter("tr") if next(row.iterancestors("table")) is table)
    for number, row in enumerate(own):
        column = 0
        for cell in row.iter("td", "th"):
            if next(cell.iterancestors("tr")) is not row:
                continue
            while covered.get(column, 0) > number:
                column += 1
            n_rows, n_columns = _span(cell, "rowspan"), _span(cell, "colspan")
            yield Cell(number, column, n_rows, n_columns, _text(cell))
            covered |= {place: number + n_rows for place in range(column, column + n_columns) if n_rows > 1}
            column += n_columns
            if column >= MAX_COLUMNS:
                break


def _span(cell: Any, name: str) -> int:
    value = str(cell.get(name, "1")).strip()
    return (
        min(int(value), MAX_COLUMNS)
        if value.isascii() and value.isdigit() and value != "0" and len(value) < 9
        else 1
    )


def _text(cell: Any) -> str:
    for line_break in cell.iter("br", "td", "th"):
        if line_break is not cell:  # a cell of a table in it has a line of its own
            line_break.tail = "\n" + (line_break.tail or "")
    for inner in cell.iterfind(".//table"):
        inner.text = "\n" + (inner.text or "")
    return "\n".join(" ".join(line.split()) for line in cell.text_content().split("\n") if line.strip())


def _lines(tree: Any) -> Iterator[str]:
    """Yield the text of a page in which no article is found."""
    for element in tree.xpath("|".join(_PRUNED)):
        element.drop_tree()
    yield from (line.strip() for line in tree.text_content().split("\n") if line.strip())
