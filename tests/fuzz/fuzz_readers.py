"""Coverage-guided fuzzing of the parsers that we wrote: python tests/fuzz/fuzz_readers.py TARGET [libFuzzer options].

Targets: csv, decode, kind, header, form, press, date, pdf_table, jsonl. Needs ``pip install atheris`` (Linux). A finding is
any exception that is not ours.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hyeoksin"]):
    from hyeoksin.decoding import detect
    from hyeoksin.delimited import Row, delimited_rows
    from hyeoksin.errors import InputError
    from hyeoksin.readers.columns import Columns
    from hyeoksin.readers.dates import iso_date
    from hyeoksin.readers.forms import Content, documents
    from hyeoksin.readers.headers import find_header
    from hyeoksin.readers.kinds import kind_of
    from hyeoksin.readers.lines import documents_from_lines
    from hyeoksin.readers.merged import Merge
    from hyeoksin.readers.press import press_document
    from hyeoksin.readers.rulings import ruled_tables
    from hyeoksin.readers.tables import Table, table_documents

_WORDS = (
    "",
    "과제명",
    "내용",
    "추진내용",
    "부서",
    "예산",
    "합계",
    "1",
    "버스 운영",
    "섬으로 간다",
    "제목",
    "연번",
)
_FILE = Path(tempfile.mkdtemp()) / "a.csv"


def _file(data: bytes) -> Path:
    _FILE.write_bytes(data)
    return _FILE


def _tables(data: bytes) -> list[Table]:
    given = atheris.FuzzedDataProvider(data)
    tables = []
    for _ in range(given.ConsumeIntInRange(1, 3)):
        rows = tuple(
            Row(n, tuple(given.PickValueInList(list(_WORDS)) for _ in range(given.ConsumeIntInRange(1, 5))))
            for n in range(1, given.ConsumeIntInRange(2, 7))
        )
        merges = tuple(
            Merge(*(given.ConsumeIntInRange(0, 6) for _ in range(4)))
            for _ in range(given.ConsumeIntInRange(0, 3))
        )
        tables.append(Table(rows, "table=1", merges))
    return tables


def csv(data: bytes) -> None:
    list(delimited_rows(_file(data)))


def decode(data: bytes) -> None:
    data.decode(detect(_file(data)), "surrogateescape")


def kind(data: bytes) -> None:
    kind_of(_file(data))


def header(data: bytes) -> None:
    for table in _tables(data):
        found = find_header(table.rows, Columns(), table.merges)
        if found is not None:
            list(table_documents(table, found, "a", Columns()))


def form(data: bytes) -> None:
    list(documents(Content(tuple(_tables(data))), Path("a.docx"), Columns()))


def press(data: bytes) -> None:
    press_document("보도자료\n" + data.decode("utf-8", "replace"), "a", "a")


def date(data: bytes) -> None:
    iso_date(data.decode("utf-8", "replace"))


def pdf_table(data: bytes) -> None:
    given = atheris.FuzzedDataProvider(data)
    segments = [
        tuple(float(given.ConsumeIntInRange(0, 60)) for _ in range(4))
        for _ in range(given.ConsumeIntInRange(0, 40))
    ]
    list(ruled_tables(segments))


def jsonl(data: bytes) -> None:
    list(documents_from_lines(data.decode("utf-8", "surrogateescape").split("\n"), "a", Columns()))


TARGETS: dict[str, Callable[[bytes], None]] = {
    f.__name__: f for f in (csv, decode, kind, header, form, press, date, pdf_table, jsonl)
}


def main() -> None:
    target = TARGETS[sys.argv.pop(1)]

    def one(data: bytes) -> None:
        with contextlib.suppress(InputError):
            target(data)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
