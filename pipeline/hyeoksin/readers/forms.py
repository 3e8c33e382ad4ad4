"""What a document file is: a list of tasks, a form of labels and values, a press release, or plain narrative."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers.beside import forms_beside
from hyeoksin.readers.columns import UNREADABLE, Columns, Layout, guessed, is_told, label_field, region_of
from hyeoksin.readers.dates import cell_date
from hyeoksin.readers.headers import Header, are_headings, filled_fields, find_header
from hyeoksin.readers.labels import MIN_CONTENT, pairs_of
from hyeoksin.readers.notes import beginning, log
from hyeoksin.readers.press import is_local, press_document
from hyeoksin.readers.tables import Table, table_documents
from hyeoksin.uncalculated import is_fault

__all__ = ["Content", "documents", "form_documents", "is_form", "is_mostly_lists"]

_LOOKED_AT = 100  # rows that tell a form from a list
_MAX_ABOVE = 15  # rows that may tell of a list above its header
_MIN_NOTED = 300  # characters beside lists or forms whose loss is worth a note
_MIN_MISSED = 100  # the same beside a form that has no text of its own
_LISTED = "표 밖의 글이 더 길어 표(과제 목록) {n}줄까지 글 전체를 한 건으로 읽습니다. 과제마다 한 건으로 읽으려면 표만 따로 저장해 넣으세요."
_PLACEHOLDER = "상위 버전의 배포용 문서"


@dataclass(frozen=True, slots=True)
class Content:
    """What a parser found in a file.

    ``blocks`` are its paragraphs and tables in order, ``text`` its narrative where the parser knows better than the
    joined blocks, ``title`` and ``date`` what the file itself declares.
    """

    blocks: tuple[str | Table, ...]
    text: str = ""
    title: str = ""
    date: str | None = None
    meta: dict[str, str] = field(default_factory=dict)


def documents(content: Content, path: Path, columns: Columns) -> Iterator[Document | RowError]:
    """Yield the documents of a file: one per row of its task lists, one per form, or one for all of it.

    Raises:
        InputError: the file holds no text.
    """
    text = content.text or _joined(content.blocks)
    if _PLACEHOLDER in text[:500]:
        raise InputError(
            f"{path.name}: 배포용 문서라 본문을 읽을 수 없습니다. 배포용을 풀거나 원본 파일을 받아 넣으세요."
        )
    if not text.strip():
        raise InputError(f"{path.name}: 글이 없습니다. 내용이 그림으로만 들어 있지 않은지 확인하세요.")
    lists = list(_lists(content.blocks, columns))
    forms = [block for block in content.blocks if isinstance(block, Table) and is_form(block, columns)]
    titled = [form for form in forms if _is_titled(form, columns)]
    n_left = len(text) - _size(lists)
    if lists and n_left <= _size(lists):
        if titled or n_left > _MIN_NOTED:
            among = f"(과제 서식 {len(titled)}개 포함)" if titled else ""
            log.info("%s: 표의 줄만 읽고, 표 밖의 글 %d자%s는 읽지 않습니다.", path.name, n_left, among)
        for table, header in lists:
            yield from table_documents(table, header, path.name, columns)
    elif (press := press_document(text, path.stem, path.name)) is not None:
        yield press
    elif titled:
        blocks = _from_forms(content.blocks, forms)
        items = list(form_documents(blocks, path.name, columns))
        is_bare = any(isinstance(item, Document) and not item.text for item in items)
        if (n_left := _n_left(text, blocks, items)) > (_MIN_MISSED if is_bare else _MIN_NOTED):
            log.info("%s: 과제 서식만 읽고, 서식 밖의 글 %d자는 읽지 않습니다.", path.name, n_left)
        yield from items
    else:
        n_rows = sum(len(t.rows) - h.start - h.depth for t, h in lists if _names_tasks(h.layout, columns))
        if n_rows > 1:
            log.info("%s: %s", path.name, _LISTED.format(n=n_rows))
        yield _narrative(content, text, path)


def is_mostly_lists(tables: Sequence[Table], columns: Columns, n_characters: int) -> bool:
    """Tell whether lists of tasks hold at least half of a file's ``n_characters``."""
    n_listed = _size(list(_lists(tables, columns)))
    return n_listed > 0 and 2 * n_listed >= n_characters


def _is_titled(form: Table, columns: Columns) -> bool:
    return any(label_field(label, columns) == "title" for label, _ in pairs_of(form, columns))


def _from_forms(blocks: Sequence[str | Table], forms: Sequence[Table]) -> list[str | Table]:
    """Return the forms with the paragraphs below each; long ones above a lone form come after it."""
    start = blocks.index(forms[0])
    above = [b for b in blocks[:start] if isinstance(b, str) and len(b) >= MIN_CONTENT and len(forms) == 1]
    known = set(map(id, forms))
    below = (b for b in blocks[start + 1 :] if isinstance(b, str) or id(b) in known)
    return [forms[0], *above, *below]


def _n_left(text: str, blocks: Sequence[str | Table], items: Sequence[Document | RowError]) -> int:
    """Return how many letters of a file stand neither in its forms nor in a document."""
    lines = {line.strip() for item in items if isinstance(item, Document) for line in item.text.split("\n")}
    read = [cell for b in blocks if isinstance(b, Table) for row in b.rows for cell in row.cells]
    read += [line for b in blocks if isinstance(b, str) for line in b.split("\n") if line.strip() in lines]
    return len("".join(text.split())) - len("".join(" ".join(read).split()))


def _size(lists: Sequence[tuple[Table, Header]]) -> int:
    return sum(len(cell) for table, _ in lists for row in table.rows for cell in row.cells)


def _narrative(content: Content, text: str, path: Path) -> Document:
    issuer = content.meta.get("기관", "")
    return Document(
        id=path.stem,
        text=text.strip(),
        title=content.title,
        source=path.name,
        date=content.date,
        region=issuer if is_local(issuer) else None,
        meta=content.meta,
    )


def _lists(blocks: Sequence[str | Table], columns: Columns) -> Iterator[tuple[Table, Header]]:
    """Yield the tables that list tasks with their headers; one without a header goes on with the list before it.

    Beside a form or below narrative, a schedule or budget belongs to the task told there: only what names tasks counts.
    """
    last: tuple[int, Header] | None = None
    forms = [block for block in blocks if isinstance(block, Table) and is_form(block, columns)]
    told, known = any(_is_titled(form, columns) for form in forms), set(map(id, forms))
    for block in blocks:
        if isinstance(block, str):
            told = told or len(block) >= MIN_CONTENT
            continue
        width = max(len(row.cells) for row in block.rows)
        header = _list_header(block, columns)
        if header is None and last is not None and last[0] == width and id(block) not in known:
            header = Header(0, 0, last[1].layout)
        elif header is not None and told and not _names_tasks(header.layout, columns):
            header = None
        last = None if header is None else (width, header)
        if header is not None:
            yield block, header


def _names_tasks(layout: Layout, columns: Columns) -> bool:
    """Tell whether a list has titles, numbers, or a column that the user gave."""
    return bool(layout.places["title"] or layout.places["id"]) or any(asdict(columns).values())


def _list_header(table: Table, columns: Columns) -> Header | None:
    """Return the header of a table that lists tasks: a title or text column beside other known ones, rows below it."""
    if is_form(table, columns):
        return None
    header = find_header(table.rows[: 3 + (_list_start(table, columns) or 0)], columns, table.merges)
    if header is None or len(table.rows) <= header.start + header.depth:
        return None
    told = any(getattr(columns, name) for name in ("title", "text"))
    n_known = sum(label_field(cell.split(" ")[-1]) is not None for cell in header.layout.header)
    return header if told or n_known >= 2 else None


def is_form(table: Table, columns: Columns = Columns()) -> bool:  # noqa: B008 - frozen
    """Tell whether the rows of a table are labels with their values beside them."""
    if _list_start(table, columns) is not None:
        return False
    n_rows, has_content = 0, False
    for row in table.rows[:_LOOKED_AT]:
        cells = [cell for cell in row.cells if cell.strip()]
        fields = [label_field(cell, columns) for cell in cells[:2]]
        if fields and fields[0] in ("title", "text") and fields[1:] in ([], [None]):
            has_content = True  # left empty, perhaps
        if len(fields) == 2 and fields[0] is not None and fields[1] is None:
            n_rows += 1
        elif n_rows == 0 and are_headings(fields) and {"title", "text"} & {*filled_fields(row, columns)}:
            return False  # names side by side: the header of a list (제안자, 성명 alone are a form's)
    return n_rows >= 2 and has_content


def _list_start(table: Table, columns: Columns) -> int | None:
    """Return where the header of a list stands below labels that tell of the list (제목, 작성일), None in a form."""
    rows = [filled_fields(row, columns) for row in table.rows[:_LOOKED_AT]]
    labels = [fields[0] if fields and fields[1:2] in ([], [None]) else None for fields in rows]
    for start, fields in enumerate(rows[:-1][: _MAX_ABOVE + 1]):
        n_known = sum(field is not None for field in fields)
        if n_known >= 3 and "title" in fields and are_headings(fields):
            told = (*labels[:start], *labels[start + 1 :])
            return None if "text" in told or "title" in labels[start + 1 :] else start
    return None


def form_documents(
    blocks: Sequence[str | Table], name: str, columns: Columns
) -> Iterator[Document | RowError]:
    """Yield one document per form; a title label that comes again starts the next form.

    ``blocks`` are tables and the paragraphs below them, which belong to the form that they follow.
    """
    found, below = list[tuple[str, str]](), list[str]()
    place, seen, n_forms = name, set[str](), 0
    n_tables = sum(isinstance(block, Table) for block in blocks)
    for block in blocks:
        if isinstance(block, str):
            below.append(block.strip())
            continue
        for label, value in (
            pair for form in forms_beside(block, columns) for pair in pairs_of(form, columns)
        ):
            is_title = label_field(label, columns) == "title"
            if is_title and label in seen:
                yield _form(found, below, place, columns)
                found, below, seen = [], [], set()
            if is_title and not seen:
                n_forms += 1
                several = n_tables > 1 or n_forms > 1 or block.place.startswith("sheet=")
                place = f"{name}#{block.place}" if block.place and several else name
                if n_forms > 1:
                    place += f"{'&' if '#' in place else '#'}form={n_forms}"
            if is_title:
                seen.add(label)
            found.append((label, value))
    yield _form(found, below, place, columns)


def _form(
    pairs: Sequence[tuple[str, str]], below: Sequence[str], source: str, columns: Columns
) -> Document | RowError:
    """Return the document of a form; beside a text of its own, only the long paragraphs ``below`` it count."""
    values: dict[str, list[str]] = {}
    meta: dict[str, str] = {}
    regions: dict[str, str] = {}
    faulty = has_text = False
    for label, value in sorted(pairs, key=lambda pair: not is_told(pair[0], columns)):
        kind = label_field(label, columns)
        if is_fault(value):
            name, faulty = " ".join(label.split()), True
            log.info(
                "%s: '%s' 칸은 엑셀 오류나 계산되지 않은 수식(%s)이라 읽지 못했습니다. 엑셀에서 고쳐 저장하세요.",
                source,
                name,
                value,
            )
            continue
        if not value and (kind is not None or not label):
            continue
        is_content = len(value) >= MIN_CONTENT and (kind is None or (kind == "title" and kind in values))
        if kind == "text" or is_content or not label:
            has_text = has_text or kind == "text" or len(value) >= MIN_CONTENT
            values.setdefault("text", []).append(value)
        elif kind == "region" and label not in regions:
            regions[label] = value
        elif kind in (None, "meta", "region") or kind in values:
            _add(meta, label, value)
        elif kind == "date" and cell_date(value) is None:
            _add(meta, label, value)
            log.info(
                "%s: 날짜 '%s'은(는) 읽지 못해 비워 두었습니다. 2024-03-29 처럼 적어 주세요.",
                source,
                beginning(value, 30),
            )
        else:
            values[kind] = [value]
    places = [label for label in regions if is_told(label, columns)][:1] or _region_labels([*regions])
    for label in (label for label in regions if label not in places):
        _add(meta, label, regions[label])
    title = " ".join("".join(values.get("title", ())).split())
    least = 1 if title and not has_text else MIN_CONTENT
    values.setdefault("text", []).extend(line for line in below if len(line) >= least)
    if not title and not values["text"]:
        return RowError(
            source, UNREADABLE if faulty else "과제명과 내용이 모두 비어 있습니다. 서식을 채워 넣으세요."
        )
    return Document(
        id=values.get("id", [source])[0],
        title=title,
        text="\n".join(values["text"]),
        source=source,
        date=cell_date(values.get("date", [""])[0]),
        region=region_of([regions[label] for label in places]),
        meta=meta,
    )


def _add(meta: dict[str, str], label: str, value: str) -> None:
    """Keep a value under its label, with what stands there already."""
    name = " ".join(label.split())
    meta[name] = "\n".join(filter(None, (meta.get(name, ""), value)))


def _region_labels(labels: Sequence[str]) -> list[str]:
    return [labels[i] for i in guessed(labels)["region"]]


def _joined(blocks: Sequence[str | Table]) -> str:
    lines: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            lines.append(block)
        else:
            lines += ["\t".join(cell for cell in row.cells if cell.strip()) for row in block.rows]
    return "\n".join(line for line in lines if line.strip())
