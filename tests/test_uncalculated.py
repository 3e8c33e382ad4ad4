"""Cells without a value in an XLSX or ODS: errors and formulas without a result, and nothing of what is neither."""

from __future__ import annotations

import io
import zipfile

import pytest

from hyeoksin import uncalculated
from hyeoksin.uncalculated import UNCALCULATED, is_fault, missing_values, without_formula

BOOK = (
    '<workbook xmlns="m" xmlns:r="r"><sheets><sheet name="과제 &amp; 표" sheetId="1" r:id="rId7"/>'
    "<sheet name='덧' sheetId='2' r:id='rId8'/></sheets></workbook>"
)
RELATIONS = (
    '<Relationships><Relationship Id="rId7" Target="worksheets/one.xml"/>'
    "<Relationship Target='/xl/worksheets/two.xml' Id='rId8'/></Relationships>"
)
ROWS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>#REF!</t></is></c><c r="B1" s="3"/><c r="C1" t="e"><v>#REF!</v></c></row>'
    '<row r="2"><c r="A2"><f>B2</f></c><c r="AB2"><f t="shared" si="0"/><v/></c><c r="C2"><f>1</f><v>1</v></c>'
    '<c r="D2" t="str"><f>""</f><v></v></c><c r="E2" t="inlineStr"><f>B2</f><is><t>섬</t></is></c></row></sheetData>'
    "<conditionalFormatting><formula>1</formula></conditionalFormatting>"
)
FOUND = {(1, 2): "#REF!", (2, 0): UNCALCULATED, (2, 27): UNCALCULATED}


def packed(**members: str) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out


def book(one: str, two: str) -> io.BytesIO:
    return packed(**{
        "xl/workbook.xml": BOOK, "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/one.xml": f'<worksheet xmlns="m"><sheetData>{one}</worksheet>',
        "xl/worksheets/two.xml": f'<x:worksheet xmlns:x="m"><x:sheetData>{two}</x:worksheet>',
    })  # fmt: skip


def prefixed(xml: str) -> str:
    return xml.replace("<", "<x:").replace("<x:/", "</x:")


@pytest.mark.parametrize("chunk", [1, 100, 1 << 20])
def test_cells_without_a_value_are_found_by_sheet(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(uncalculated, "_CHUNK", chunk)
    assert missing_values(book(ROWS, prefixed(ROWS))) == {"과제 & 표": FOUND, "덧": FOUND}
    assert (
        missing_values(
            book(ROWS.replace('t="e"', 't="n"').replace("<f", "<g").replace("</f", "</g"), "</x:sheetData>")
        )
        == {}
    )


ODS = (
    '<o:d xmlns:o="office" xmlns:t="table" xmlns:x="text" xmlns:c="calc"><t:table t:name="과제 &amp; 표"><t:table-header-rows>'
    '<t:table-row t:number-rows-repeated="2"><t:table-cell t:number-columns-repeated="2"/>%s%s</t:table-row>'
    "</t:table-header-rows><t:table-row>%s%s</t:table-row></t:table><t:table t:name='덧'><t:table-row>%s</t:table-row></t:table></o:d>"
)
MISSING = (
    '<t:table-cell t:formula="of:=X" o:value-type="string" o:string-value="" c:value-type="error"><x:p>#N/A</x:p></t:table-cell>',
    '<t:table-cell t:formula="of:=X" o:value-type="float" o:value="0" c:value-type="error"><x:p>Err:502</x:p></t:table-cell>',
    '<t:table-cell t:number-columns-repeated="2" t:formula="of:=X"/>',
)
THERE = '<t:table-cell t:formula="of:=X" o:value-type="string"><x:p>#N/A</x:p></t:table-cell>'


@pytest.mark.parametrize("chunk", [1, 1 << 20])
def test_cells_without_a_value_are_found_in_an_ods(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(uncalculated, "_CHUNK", chunk)
    first, second, third = MISSING
    assert missing_values(packed(**{"content.xml": ODS % (first, THERE, second, third, first)})) == {
        "과제 & 표": {
            (1, 2): "#N/A", (2, 2): "#N/A", (3, 0): UNCALCULATED, (3, 1): UNCALCULATED, (3, 2): UNCALCULATED,
        },
        "덧": {(1, 0): "#N/A"},
    }  # fmt: skip
    assert missing_values(packed(**{"content.xml": ODS % ((THERE,) * 5)})) == {}
    for one in MISSING:
        assert missing_values(packed(**{"content.xml": ODS % ("", "", "", "", one)})) != {}


@pytest.mark.parametrize(
    "file", [io.BytesIO(b"PK\x03\x04 broken"), io.BytesIO(b""), packed(a="b"), packed(**{"xl/workbook.xml": BOOK})]
)  # fmt: skip
def test_of_what_is_no_workbook_nothing_is_told(file: io.BytesIO) -> None:
    assert missing_values(file) == {}


@pytest.mark.parametrize(
    ("cell", "fault"),
    [("#REF!", True), ("#N/A", True), ("#수식!", True), ("#혁신", False), ("", False), ("N/A", False)],
)
def test_errors_are_told_from_texts(cell: str, fault: bool) -> None:
    assert is_fault(cell) == fault


@pytest.mark.parametrize(
    "cell",
    ['=A1&"x"', "=SUM(C2:C6)", "=$B$2", "=과제!A1", "='지난 해'!A1", '="과제 "&A1', "=1+1", "=-(B2+1)", "= B2 * 2", "=VLOOKUP(A2,Z:Z,1)"],
)  # fmt: skip
def test_a_formula_of_a_csv_has_no_value(cell: str) -> None:
    assert without_formula(cell) == UNCALCULATED


@pytest.mark.parametrize(
    "cell",
    ["", "=", "=> 추진", "=== 개요 ===", "= 목적", "=1단계 추진", "=A1 등급 지원", '="001"', "'=A1", " =A1", "A=1", "=1 - 가. 추진"],
)  # fmt: skip
def test_other_cells_of_a_csv_stay(cell: str) -> None:
    assert without_formula(cell) == cell
