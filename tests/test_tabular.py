"""CSV and XLSX rows: encodings, formulas, long cells, and files that are whole or not there."""

import errno
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyeoksin import tabular
from hyeoksin.errors import InputError
from hyeoksin.tabular import (
    CELL_LIMIT,
    decode,
    plain_cell,
    read_rows,
    safe_cell,
    sheet_name,
    write_csv,
    write_rows,
    written_book,
    written_whole,
)

KOREAN = "제목,내용\n찾아가는 진료버스,섬 마을을 매주 찾아간다\n"
CELLS = [("제목", "내용"), ("찾아가는 진료버스", "섬 마을을 매주 찾아간다")]


@pytest.fixture(params=[".csv", ".tsv", ".xlsx"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"결과{request.param}"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_every_encoding_that_an_office_saves_gives_the_same_rows(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "과제.csv"
    path.write_bytes(KOREAN.encode(encoding))
    assert [row.cells for row in read_rows(path)] == CELLS
    assert decode(path.read_bytes(), path) == (KOREAN, encoding)


def test_cp949_syllables_outside_euc_kr_are_read(tmp_path: Path) -> None:
    raw = "똠방각하".encode("cp949")
    with pytest.raises(UnicodeDecodeError):
        raw.decode("euc-kr")
    assert decode(raw, tmp_path / "a.csv") == ("똠방각하", "cp949")


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)),  # a photograph named .csv
        b"\xef\xbb\xbf\xc3\x28",  # says UTF-8 by its BOM, is not
        b"\xff\xfe\x00",  # half a UTF-16 character
    ],
)
def test_bytes_of_no_known_encoding_are_refused_with_advice(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "사진.csv"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"사진\.csv.*인코딩.*CSV UTF-8"):
        read_rows(path)


def test_decodable_binary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "과제.csv"
    path.write_bytes(KOREAN.encode("utf-16-le"))  # no BOM: valid UTF-8 or cp949 only by accident
    with pytest.raises(InputError, match=r"과제\.csv"):
        read_rows(path)
    path.write_bytes(b"abc\0def")
    with pytest.raises(InputError, match="이진"):
        read_rows(path)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_file_that_cannot_be_opened_is_an_input_error(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match="없는파일"):
        read_rows(tmp_path / f"없는파일{suffix}")


def test_a_broken_workbook_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "깨짐.xlsx"
    path.write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(InputError, match=r"깨짐\.xlsx.*엑셀"):
        read_rows(path)


def test_a_sheet_that_is_nothing_but_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "빈칸.xlsx"
    write_rows(path, ["제목"], [["가"]] * 20, sheet="결과")
    monkeypatch.setattr(tabular, "MAX_SHEET_CELLS", 20)
    with pytest.raises(InputError, match=r"빈칸\.xlsx: '결과' 시트가 너무 큽니다 \(21줄"):
        read_rows(path)


@pytest.mark.parametrize(
    ("delimiter", "suffix"), [(",", ".csv"), (";", ".csv"), ("|", ".csv"), ("\t", ".csv"), ("\t", ".tsv")]
)
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str, suffix: str) -> None:
    path = tmp_path / f"과제{suffix}"
    path.write_text(KOREAN.replace(",", delimiter), encoding="utf-8")
    assert [row.cells for row in read_rows(path)] == CELLS


def test_row_numbers_are_those_of_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "과제.csv"
    path.write_text('제목,내용\n\n,\n"두 줄\n제목",가\n끝,나\n', encoding="utf-8")
    assert [(row.number, row.cells[0]) for row in read_rows(path)] == [
        (1, "제목"),
        (4, "두 줄\n제목"),
        (5, "끝"),
    ]


@given(st.text())
def test_no_safe_cell_starts_like_a_formula_and_nothing_is_lost(text: str) -> None:
    safe = safe_cell(text)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert safe in (text, f"'{text}")


@given(st.text() | st.text(st.sampled_from("'=+a")))
def test_plain_cell_undoes_safe_cell(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text


ATTACKS = ['=HYPERLINK("http://x")', "+1", "-1+2", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"]


def test_formulas_leave_for_csv_as_text(tmp_path: Path) -> None:
    path = tmp_path / "결과.csv"
    write_csv(path, ["제목", "내용"], [[attack, "가"] for attack in ATTACKS])
    assert [row.cells[0] for row in read_rows(path)[1:]] == [f"'{attack}" for attack in ATTACKS]


def test_formulas_leave_for_xlsx_as_strings(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "결과.xlsx"
    write_rows(path, ["제목"], [[attack] for attack in ATTACKS], sheet="결과")
    assert [row.cells[0] for row in read_rows(path)[1:]] == [attack.strip() for attack in ATTACKS]
    with zipfile.ZipFile(path) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in page
        assert "hyperlink" not in page


def test_a_code_typed_into_a_workbook_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "물음.xlsx"
    write_rows(path, ["코드", "제목", "상위코드"], [["", "버스", "3"]], sheet="물음")
    page = openpyxl.load_workbook(path).worksheets[0]
    assert [page.cell(2, column).number_format for column in (1, 2, 3)] == ["@", "General", "@"]
    # the rows below, which nobody has written yet
    assert [page.column_dimensions[letter].number_format for letter in "ABC"] == ["@", "General", "@"]


def test_numbers_stay_numbers_in_both_kinds(table: Path) -> None:
    write_rows(table, ["제목", "확률", "행"], [["진료버스", 0.75, 3]], sheet="결과")
    assert read_rows(table)[1].cells == ("진료버스", "0.75", "3")


def test_nothing_is_an_empty_cell(table: Path) -> None:
    write_rows(table, ["제목", "기관", "끝"], [["진료버스", None, "x"]], sheet="결과")
    assert read_rows(table)[1].cells == ("진료버스", "", "x")


def test_a_cell_longer_than_excel_holds_is_cut_in_xlsx_only(tmp_path: Path) -> None:
    long = "혁" * (CELL_LIMIT + 5)
    for suffix, length in ((".xlsx", CELL_LIMIT), (".csv", CELL_LIMIT + 5)):
        path = tmp_path / f"결과{suffix}"
        write_rows(path, ["내용"], [[long]], sheet="결과")
        assert len(read_rows(path)[1].cells[0]) == length


def test_rows_that_no_sheet_holds_are_refused_for_xlsx_only(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabular, "MAX_SHEET_ROWS", 2)
    write_rows(table, ["제목"], [["가"]] * 2, sheet="결과")
    assert len(read_rows(table)) == 3
    if table.suffix != ".xlsx":
        write_rows(table, ["제목"], [["가"]] * 3, sheet="결과")
        return
    with pytest.raises(InputError, match=r"결과\.xlsx: .* 2줄까지만 .*\.csv.*나누어"):
        write_rows(table, ["제목"], [["가"]] * 3, sheet="결과")
    assert len(read_rows(table)) == 3


@pytest.mark.parametrize("sheet", ["2026/하반기", "[안] 혁신: 계획?*\\", "가" * 40, f"가{'나' * 29}'다"])
def test_any_sheet_name_is_made_fit_for_excel(tmp_path: Path, sheet: str) -> None:
    path = tmp_path / "결과.xlsx"
    write_rows(path, ["제목"], [["가"]], sheet=sheet)
    (name,) = {row.sheet for row in read_rows(path)}
    assert name[0] == sheet[0] or name[0] == "_"
    assert len(name) <= 31


@pytest.mark.parametrize(("text", "name"), [("'26년_계획'", "26년_계획"), ("''", "표"), ("", "표")])
def test_a_sheet_is_not_called_by_an_apostrophe_at_its_end(text: str, name: str) -> None:
    assert sheet_name(text) == name


def test_a_csv_opens_in_excel_without_broken_korean(tmp_path: Path) -> None:
    path = tmp_path / "새 폴더" / "결과.csv"
    write_csv(path, ["제목"], [["진료버스"]])
    assert path.read_bytes().startswith("\ufeff제목\r\n".encode())


CELL = st.text(st.sampled_from("가힣ㄱa1,;\"'\n|· "), min_size=1, max_size=8).map(str.strip).filter(bool)


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
def test_rows_come_back_as_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("표")
    for suffix in (".tsv", ".xlsx"):
        path = folder / f"표{suffix}"
        write_rows(path, ["제목", "내용"], rows, sheet="표")
        assert [row.cells for row in read_rows(path)] == [("제목", "내용"), *rows]


class StoppedError(Exception):
    """What breaks a writer half-way."""


def broken() -> Iterator[list[str]]:
    yield ["첫 줄"]
    raise StoppedError


def test_writing_that_fails_leaves_the_old_file_and_nothing_else(table: Path) -> None:
    write_rows(table, ["제목"], [["옛 내용"]], sheet="결과")
    before = table.read_bytes()
    with pytest.raises(StoppedError):
        write_rows(table, ["제목"], broken(), sheet="결과")
    assert table.read_bytes() == before
    assert list(table.parent.iterdir()) == [table]


def test_writing_that_fails_makes_no_new_file(table: Path) -> None:
    with pytest.raises(StoppedError):
        write_rows(table, ["제목"], broken(), sheet="결과")
    assert list(table.parent.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "파일").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="쓸 수 없습니다"), written_whole(tmp_path / "파일" / "결과.csv"):
        pass


def test_a_workbook_on_a_full_disk_is_one_clear_message_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "표.xlsx"
    for place in ("xlsxwriter.workbook.Workbook._store_workbook", "pathlib.Path.write_bytes"):
        with monkeypatch.context() as patched:
            patched.setattr(place, full)
            with (
                pytest.raises(InputError, match=r"표\.xlsx: 디스크가 가득 차"),
                written_book(path, {}) as book,
            ):
                book.add_worksheet("표")
    assert list(tmp_path.iterdir()) == []
