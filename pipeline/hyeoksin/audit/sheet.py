"""The coding sheet: an XLSX workbook with lists to choose from, written for one or two coders and read back row by row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hyeoksin.codes import NONE, is_outside
from hyeoksin.errors import InputError
from hyeoksin.plan import Plan
from hyeoksin.tabular import CELL_LIMIT, Row, sheets, written_book

__all__ = ["About", "Coded", "SampleText", "read_sheet", "write_sheet"]

_FORMAT = "hyeoksin-audit-sample/2"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_CODING, _CODES, _ABOUT = "코딩", "분류표", "정보"
_CODERS = ("코더1", "코더2")
_AGREED = "합의"
_FIXED = ("순서", "글 번호", "출처", "제목", "내용")


@dataclass(frozen=True, slots=True)
class SampleText:
    """A drawn text: ``row`` is its place in the input, ``stratum`` the one it was drawn from."""

    row: int
    id: str
    stratum: int
    source: str = ""
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What a sheet must say so that it can be read back against the same input; ``sizes`` are the texts of each stratum."""

    plan: str
    plan_sha256: str
    model: str
    n_texts: int
    input_sha256: str
    margin: float
    seed: int
    coders: int
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Coded:
    """A sheet read back: the drawn texts and, per text, the codes of each coder (None: not coded) and what they agreed on."""

    about: About
    texts: tuple[SampleText, ...]
    codes: tuple[tuple[str | None, ...], ...]
    agreed: tuple[str | None, ...]


def write_sheet(path: Path, plan: Plan, about: About, texts: Sequence[SampleText]) -> None:
    """Write the workbook: a sheet to code in, the codes with their definitions, and a hidden one with what was drawn."""
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with written_book(path, options) as book:
        book.set_properties({"created": _EPOCH})  # the same sample gives the same bytes
        bold = book.add_format({"bold": True, "bg_color": "#DDE6F0", "border": 1, "text_wrap": True})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        page = book.add_worksheet(_CODING)
        codes = [f"{leaf.code} {leaf.title}" for leaf in plan.leaves] + [f"{NONE} 계획 밖"]
        _coding(page, about, texts, len(codes), bold, wrap)
        listed = book.add_worksheet(_CODES)
        for column, (name, width) in enumerate((("분류", 44), ("정의", 80))):
            listed.set_column(column, column, width)
            listed.write_string(0, column, name, bold)
        meanings = [leaf.definition for leaf in plan.leaves] + ["어느 항목에도 들지 않는 글."]
        for i, (code, meaning) in enumerate(zip(codes, meanings, strict=True), start=1):
            listed.write_string(i, 0, code, wrap)
            listed.write_string(i, 1, meaning, wrap)
        hidden = book.add_worksheet(_ABOUT)
        hidden.hide()
        fields = {name: getattr(about, name) for name in About.__slots__}
        hidden.write_string(0, 0, json.dumps({"format": _FORMAT, **fields}, ensure_ascii=False))
        for i, text in enumerate(texts, start=1):
            hidden.write_number(i, 0, text.row)
            hidden.write_string(i, 1, text.id)
            hidden.write_number(i, 2, text.stratum)


def _coding(page: Any, about: About, texts: Sequence[SampleText], n_codes: int, bold: Any, wrap: Any) -> None:
    coders = _CODERS[: about.coders]
    header = (*_FIXED, *coders, *((_AGREED,) if about.coders == 2 else ()), "메모")
    page.freeze_panes(1, 2)
    for column, name in enumerate(header):
        page.set_column(column, column, {"내용": 80, "제목": 40, "순서": 6, "출처": 24}.get(name, 28))
        page.write_string(0, column, name, bold)
    for i, text in enumerate(texts, start=1):
        page.write_number(i, 0, i)
        for column, value in enumerate((text.id, text.source, text.title, text.text), start=1):
            page.write_string(i, column, value[:CELL_LIMIT], wrap)
    first, last = len(_FIXED), len(header) - 2
    page.data_validation(
        1,
        first,
        len(texts),
        last,
        {
            "validate": "list",
            "source": f"='{_CODES}'!$A$2:$A${n_codes + 1}",
            "error_title": "분류 코드",
            "error_message": "목록에서 고르세요. 계획에 없는 글은 'NONE 계획 밖' 입니다.",
        },
    )


def read_sheet(path: Path, plan: Plan) -> Coded:
    """Read a coded sheet.

    Raises:
        InputError: no sheet of ours, another plan, or rows with codes that do not exist, each with its number and what to do.
    """
    if not path.is_file():
        raise InputError(f"{path}: 파일이 없습니다. 경로를 확인하세요.")
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        raise InputError(
            f"{path.name}: {path.suffix[1:].upper()} 파일에는 표본을 되짚을 숨은 '{_ABOUT}' 시트가 없습니다. hyeoksin audit-sample 이 "
            "만든 .xlsx 에 코딩을 옮겨 적고 .xlsx 로 저장하세요."
        )
    pages = {sheet.name: sheet.rows for sheet in sheets(path)}
    missing = [name for name in (_CODING, _ABOUT) if not pages.get(name)]
    if missing:
        raise InputError(
            f"{path.name}: '{', '.join(missing)}' 시트가 없습니다. hyeoksin audit-sample 이 만든 파일에 코딩해 그대로 저장하세요."
        )
    about = _about(path, pages[_ABOUT][0], plan)
    texts = tuple(_text(path, row) for row in pages[_ABOUT][1:])
    header, *rows = pages[_CODING]
    names = {name: column for column, name in enumerate(header.cells)}
    wanted = [*_FIXED[:2], *_CODERS[: about.coders]]
    lost = [name for name in wanted if name not in names]
    if lost:
        raise InputError(
            f"{path.name}: '{_CODING}' 시트에 열 {', '.join(lost)} 이(가) 없습니다. 머리글을 되돌리세요."
        )
    coders = [names[name] for name in _CODERS[: about.coders]]
    known = {leaf.code for leaf in plan.leaves} | {NONE}
    faults: list[str] = []
    by_number = _by_number(rows, names["순서"], len(texts), [*coders, names.get(_AGREED, coders[0])], faults)
    codes, agreed = [], []
    for number, text in enumerate(texts, start=1):
        row = by_number.get(str(number))
        if row is None or _cell(row, names["글 번호"]) != text.id.strip():
            faults.append(
                f"순서 {number}: 글 '{text.id}' 의 줄이 없거나 글 번호가 바뀌었습니다. 그 줄을 되돌리세요."
            )
            continue
        codes.append(tuple(_code(row, column, known, faults) for column in coders))
        agreed.append(_code(row, names[_AGREED], known, faults) if _AGREED in names else None)
    if faults:
        more = f"\n… 그 밖에 {len(faults) - 10}건" if len(faults) > 10 else ""
        raise InputError(f"{path.name}: 코딩한 표에 고칠 곳이 있습니다.\n" + "\n".join(faults[:10]) + more)
    if not any(code is not None for one in (*codes, agreed) for code in one):
        raise InputError(f"{path.name}: 코딩한 줄이 하나도 없습니다. '{_CODERS[0]}' 열을 채워 저장하세요.")
    return Coded(about, texts, tuple(codes), tuple(agreed))


def _by_number(
    rows: Sequence[Row], number: int, n_texts: int, coded: Sequence[int], faults: list[str]
) -> dict[str, Row]:
    """Return the rows by what their column ``number`` says; one that comes again, or a coded one of no drawn text, becomes a fault."""
    drawn = {str(i) for i in range(1, n_texts + 1)}
    found: dict[str, Row] = {}
    for row in rows:
        name = _cell(row, number)
        if name in found:
            faults.append(
                f"{row.number}번째 줄: 순서 {name} 이(가) {found[name].number}번째 줄에도 있습니다. 둘 가운데 하나를 지우세요."
            )
        elif name in drawn:
            found[name] = row
        elif any(_cell(row, column) for column in coded):
            faults.append(
                f"{row.number}번째 줄: 순서 '{name[:30]}' 은(는) 뽑은 글이 아닙니다. 순서를 되돌리거나 줄을 지우세요."
            )
    return found


def _about(path: Path, row: Row, plan: Plan) -> About:
    try:
        fields: Mapping[str, Any] = json.loads(row.cells[0])
        if fields["format"] != _FORMAT:
            raise ValueError(fields["format"])
        about = About(
            **{name: fields[name] for name in About.__slots__ if name != "sizes"},
            sizes=tuple(fields["sizes"]),
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"{path.name}: 숨은 '{_ABOUT}' 시트가 망가졌습니다. hyeoksin audit-sample 로 다시 뽑으세요."
        ) from error
    if about.plan_sha256 != plan.sha256:
        raise InputError(
            f"{path.name}: 계획 {about.plan} 으로 뽑은 표본입니다. --plan {about.plan} 으로 읽거나, 계획이 바뀌었으면 다시 뽑으세요."
        )
    return about


def _text(path: Path, row: Row) -> SampleText:
    try:
        return SampleText(int(row.cells[0]), row.cells[1], int(row.cells[2]))
    except (ValueError, IndexError) as error:
        raise InputError(
            f"{path.name}: 숨은 '{_ABOUT}' 시트의 {row.number}번째 줄이 망가졌습니다. 다시 뽑으세요."
        ) from error


def _cell(row: Row, column: int) -> str:
    return row.cells[column].strip() if column < len(row.cells) else ""


def _code(row: Row, column: int, known: set[str], faults: list[str]) -> str | None:
    """Return the code of a cell (``3-1 제목``, ``3-1`` or ``계획 밖``), None for an empty one; an unknown one becomes a fault."""
    cell = _cell(row, column)
    code = NONE if is_outside(cell) else cell.split()[0] if cell else ""
    if code and code not in known:
        faults.append(
            f"{row.number}번째 줄: 코드 '{cell[:30]}' 는 계획에 없습니다. '{_CODES}' 시트의 코드로 고치세요."
        )
    return code or None
