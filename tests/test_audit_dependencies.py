"""What ``make check`` says of known vulnerabilities, above all where it could not ask."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[1] / ".ci" / "audit_dependencies.py"


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("audit_dependencies", PATH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SAFE = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "words", "code", "strict"),
    [
        ([SAFE], "1 packages audited, 0 vulnerabilities.", 0, 0),
        ([SAFE, BAD], "VULNERABLE b 2: PYSEC-1, fixed in 3", 1, 1),
        ([SAFE, SKIPPED], "1 packages audited, NOT AUDITED: c", 0, 1),
        ([SKIPPED], "NOT AUDITED: the advisory service cannot be reached", 0, 1),
        ([BAD, SKIPPED], "VULNERABLE b 2", 1, 1),
        (None, "NOT AUDITED: the advisory service cannot be reached", 0, 1),
    ],
)
def test_verdict(script: Any, packages: list[Any] | None, words: str, code: int, strict: int) -> None:
    report = None if packages is None else {"dependencies": packages}
    lines, found = script.verdict(report)
    assert words in "\n".join(lines)
    assert found == code
    assert script.verdict(report, strict=True)[1] == strict


def test_a_service_that_does_not_answer_in_time_is_no_finding(script: Any, tmp_path: Path) -> None:
    assert script.report(tmp_path / "none.txt", 0.01) is None
