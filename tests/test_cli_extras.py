"""A missing library is named before the work, with the command that installs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hyeoksin.cli import extras
from hyeoksin.cli.extras import need, need_for
from hyeoksin.errors import MissingExtraError
from test_cli import hyeoksin, refused


@pytest.mark.parametrize(
    ("line", "module", "extra"),
    [
        ("train", "torch", "neural"),
        ("simulate --decisions 과제.csv -o 보고.html", "matplotlib", "report"),
        ("batch 과제.csv -o 묶음", "pyarrow", "batch"),
        ("audit 과제.csv -o 감사.html", "jinja2", "report"),
        ("audit 과제.csv -o 감사.json", "duckdb", "audit"),
        ("audit-sample 과제.csv -o 표본.xlsx", "duckdb", "audit"),
        ("audit-read 표본.xlsx --from 과제.csv", "duckdb", "audit"),
        ("classify 과제.csv -o 결과.parquet", "pyarrow", "parquet"),
        ("classify 과제.csv --duplicates", "rensa", "batch"),
        ("duplicates 과제.csv -o 묶음.csv", "rensa", "batch"),
        ("drift 앞.csv 뒤.csv", "rensa", "batch"),
    ],
)
def test_what_is_missing_is_named_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, module: str, extra: str
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == module else name)
    said = refused(hyeoksin(*line.split(), folder=tmp_path))  # no input is there: it would be missed next
    assert f"'{module}'" in said
    assert f".[{extra}]" in said


def test_a_form_that_needs_nothing_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    for output in (None, Path("a.xlsx"), Path("a.json")):
        need_for(output)
    with pytest.raises(MissingExtraError):
        need("neural", "torch")
