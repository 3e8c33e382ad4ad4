"""Files broken by script: nothing crashes, nothing hangs, every failure has a Korean reason that names the file."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import InputError
from hyeoksin.readers import limits, read

N_FILES = 240


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    path = Path(__file__).parents[1] / "bench" / "broken_files.py"
    spec = importlib.util.spec_from_file_location("broken_files", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["broken_files"] = module
    spec.loader.exec_module(module)
    return module


def test_broken_files_are_read_or_refused(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SILENT_SECONDS", 60.0)
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", bench.BOMB_BYTES // 2)
    outcomes = [bench.outcome(path) for path in bench.mutants(tmp_path, N_FILES, seed=20261128)]
    assert len(outcomes) == N_FILES >= 200
    assert [(o.name, o.crash) for o in outcomes if o.crash] == []
    assert [(o.name, o.seconds) for o in outcomes if any("초 안에" in error for error in o.errors)] == []
    nothing = {o.name for o in outcomes if not o.documents and not o.errors}  # the command line says so
    assert nothing <= {"머리만.zip", "넓은.html"}
    assert all(o.name.split(".")[0] in error for o in outcomes for error in o.errors)
    assert all(re.search("[가-힣]", error) for o in outcomes for error in o.errors)
    assert sum(bool(o.errors) for o in outcomes) > N_FILES // 3


@pytest.mark.parametrize("suffix", ["docx", "hwpx", "xlsx", "ods"])
def test_entities_are_neither_multiplied_nor_fetched(bench: ModuleType, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"개체.{suffix}"
    path.write_bytes(dict(bench.MADE)[path.name]())
    try:
        bodies = [item.body for item in read(path) if isinstance(item, Document)]
    except InputError as error:
        bodies = [str(error)]
    assert all(len(body) < 1_000 and "root:" not in body for body in bodies)


def test_a_pdf_under_a_password_says_so(bench: ModuleType, tmp_path: Path) -> None:
    lock = b"trailer<</Encrypt<</Filter/Standard/V 1/R 2/P -4/O(%s)/U(%s)>>/ID[(a)(a)]" % (
        b"o" * 32,
        b"u" * 32,
    )
    path = tmp_path / "잠김.pdf"
    path.write_bytes((bench.SAMPLES / "story.pdf").read_bytes().replace(b"trailer<<", lock))
    with pytest.raises(InputError, match=r"잠김\.pdf: 암호가 걸린 PDF"):
        list(read(path))
