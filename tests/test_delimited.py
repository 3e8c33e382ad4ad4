"""CSV records: quotes that never close, broken rows, streams."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin import delimited
from hyeoksin.delimited import MAX_LINE, MAX_RECORD_LINES, Row, delimited_rows, records
from hyeoksin.errors import RowError


def parsed(text: str) -> list[tuple[int, list[str] | str]]:
    file = io.StringIO(text, newline="")
    return [(line, it) for _, line, it in records(iter(file.readline, ""), ",") if it]


def numbers(text: str) -> tuple[list[int], list[int]]:
    """Return the lines of good records and of bad ones."""
    found = parsed(text)
    return [n for n, it in found if isinstance(it, list)], [n for n, it in found if isinstance(it, str)]


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ('가,나\n1,"둘\n셋",\n2,넷\n', [1, 2, 4], []),
        ('가,나,다\n1,"둘\n2,셋,넷\n3,다섯"\n4,여섯,일곱\n', [1, 3, 4, 5], [2]),  # two stray quotes
        ('가,나\n1,"둘\n셋"\n2,넷\n', [1, 2, 4], []),
        ('가,나\n1,"둘\n2,셋\n3,넷\n', [1, 3, 4], [2]),  # never closed
        ('가,나\n1,"둘\n2,셋\n3,"넷"\n', [1, 3, 4], [2]),  # closed by the quote of another row
        ('가,나\n1,"둘\n2,"셋"\n3,넷\n', [1, 3, 4], [2]),
        ('가,나\n1,"둘 "셋" 넷"\n2,다\n', [1, 2, 3], []),  # quotes inside, as Excel forgives them
        ('가,나\n1,둘 "셋" 넷\n', [1, 2], []),
        ('가,나\n1,"둘', [1], [2]),
        ('가,나\n1,"둘\n둘째 "인용" 줄"\n2,다\n', [1, 4], [2, 3]),  # what is left of a lost record is no row
        ('"가,나\n1,둘\n', [2], [1]),
    ],
)
def test_an_unclosed_quote_costs_its_own_record_only(text: str, good: list[int], bad: list[int]) -> None:
    assert numbers(text) == (good, bad)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('가,나\n1,"둘\n둘째\n셋째"\n\n , \n2,셋\n', [1, 2, 3, 4, 5]),
        ('가,나\n1,"둘\n2,셋\n3,넷\n', [1, 2, 3, 4]),  # as they will stand once the quote is closed
        ('가,나\n1,"둘\n둘째 "인용" 줄"\n2,다\n3,라\n', [1, 2, 2, 3, 4]),  # the rest of a lost one
        ('가,나\n1,"둘\n2,셋,넷\n3,다\n', [1, 2, 3, 4]),  # one with too many cells is
    ],
)
def test_rows_count_as_in_an_office_program(text: str, rows: list[int]) -> None:
    assert [row for row, _, _ in records(iter(io.StringIO(text, newline="").readline, ""), ",")] == rows


def test_a_broken_row_is_told_by_its_line_in_an_editor_too(tmp_path: Path) -> None:
    path = tmp_path / "과제.csv"
    path.write_bytes('가,나\n1,"둘\n둘째"\n2,"셋\n3,넷\n4,'.encode() + b"\xff\n")
    errors = [row for row in delimited_rows(path) if isinstance(row, RowError)]
    assert [error.source for error in errors] == ["과제.csv#row=3", "과제.csv#row=5"]
    assert [error.reason.rpartition(" (")[2] for error in errors] == [
        "메모장에서는 4번째 줄)",
        "메모장에서는 6번째 줄)",
    ]


@pytest.mark.parametrize("line", ["둘, 셋, 넷\n", "둘\n", '둘 ""셋"", 넷\n'])
def test_a_long_quoted_cell_is_one_cell(line: str) -> None:
    body = line * (MAX_RECORD_LINES + 200)
    text = f'번호,제목,내용\n1,버스,섬\n2,진료,"{body}"\n3,투표,마을\n'
    assert [it[0] for _, it in parsed(text)] == ["번호", "1", "2", "3"]
    assert parsed(text)[2] == (3, ["2", "진료", body.replace('""', '"')])


@pytest.mark.parametrize("end", ["", '9,"다섯"\n', '9","열\n'])
def test_a_quote_that_swallows_a_long_file_costs_its_own_record(end: str) -> None:
    text = '가,나\n1,"둘\n' + "3,넷\n" * (3 * MAX_RECORD_LINES) + end
    found = parsed(text)
    assert [n for n, it in found if isinstance(it, str)] == [2]
    assert [n for n, _ in found] == list(range(1, len(text.splitlines()) + 1))


def test_a_quote_that_swallows_a_header_costs_the_header() -> None:
    good, bad = numbers('"가,나\n' + "1,둘\n" * (2 * MAX_RECORD_LINES) + '3","넷"\n')
    assert (bad, good[0]) == ([1], 2)


def test_lines_are_looked_through_for_the_end_of_a_long_record_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_LINE", 12_000)
    lines, taken, ends = ["가,나\n", *['둘","셋\n'] * 5_000], 0, []

    def counted() -> Iterator[str]:
        nonlocal taken
        for taken, line in enumerate(lines, start=1):  # noqa: B007 - read by the test
            yield line

    for _, number, found in records(counted(), ","):
        assert isinstance(found, list) == (number in (1, len(lines)))
        ends.append(taken)
    assert sorted(set(ends)) == [1, 2_002, 3_003, 4_004, 5_001]
    assert len(ends) == len(lines)


def test_an_endless_line_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "한줄.csv"
    path.write_text("가,나\n" + "다," * (MAX_LINE // 2 + 10) + "\n라,마\n", encoding="utf-8")
    rows = list(delimited_rows(path))
    assert [type(row) for row in rows] == [Row, RowError, RowError, Row]
    assert rows[-1].cells == ("라", "마")


def test_a_bad_byte_costs_its_own_row(tmp_path: Path) -> None:
    raw = bytearray(("과제명,내용\n" + "이동 진료버스,섬으로 간다\n" * 9).encode("cp949"))
    raw[raw.rindex("섬".encode("cp949"))] = 0xFF
    (tmp_path / "과제.csv").write_bytes(raw)
    *rows, last = delimited_rows(tmp_path / "과제.csv")
    assert [row.number for row in rows if isinstance(row, Row)] == list(range(1, 10))
    assert isinstance(last, RowError)
    assert last.source == "과제.csv#row=10"
    assert "간다" in last.reason


CELL = st.text(st.sampled_from('가나1,;"\n '), max_size=6)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=6))
def test_what_the_csv_module_writes_comes_back(rows: list[tuple[str, str, str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    assert [tuple(cells) for _, cells in parsed(out.getvalue())] == rows


@given(st.text(st.sampled_from('가,"\n\r a'), max_size=60))
def test_every_line_belongs_to_one_record(text: str) -> None:
    file = io.StringIO(text, newline="")
    n_lines = sum(1 for _ in iter(file.readline, ""))
    starts = [line for _, line, _ in records(iter(io.StringIO(text, newline="").readline, ""), ",")]
    assert starts == sorted(set(starts))
    assert (starts[:1] or [1]) == [1]
    assert all(1 <= n <= n_lines for n in starts)
