"""CSV records: quotes that never close, broken rows, streams."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.delimited import MAX_LINE, MAX_RECORD_LINES, Row, delimited_rows, records
from hyeoksin.errors import RowError


def parsed(text: str) -> list[tuple[int, list[str] | str]]:
    file = io.StringIO(text, newline="")
    return [(n, it) for n, it in records(iter(file.readline, ""), ",") if it]


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


def test_a_quote_that_swallows_a_long_file_is_found_early() -> None:
    lines = ["가,나\n", '1,"둘\n', *("3,넷\n" for _ in range(3 * MAX_RECORD_LINES))]
    taken = 0

    def counted() -> Iterator[str]:
        nonlocal taken
        for taken, line in enumerate(lines, start=1):  # noqa: B007 - read by the test
            yield line

    stream = records(counted(), ",")
    assert next(stream) == (1, ["가", "나"])
    number, reason = next(stream)
    assert (number, type(reason)) == (2, str)
    assert taken <= MAX_RECORD_LINES + 3
    assert sum(isinstance(found, list) for _, found in stream) == 3 * MAX_RECORD_LINES


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
    starts = [n for n, _ in records(iter(io.StringIO(text, newline="").readline, ""), ",")]
    assert starts == sorted(set(starts))
    assert (starts[:1] or [1]) == [1]
    assert all(1 <= n <= n_lines for n in starts)
