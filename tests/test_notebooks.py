"""Notebooks: the script is the source, the notebook its kept outputs; both agree, and each runs from a clean state.

``notebooks/keep.py`` runs them in the repository's root, these tests where Jupyter opens them.
"""

from __future__ import annotations

import os
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "notebooks").glob("[0-9]*.py"))
NAMES = [
    "01_first_look",
    "02_train_and_evaluate",
    "03_read_the_mistakes",
    "04_archive_in_parallel",
    "05_coverage_audit",
    "06_a_new_plan",
]
LARGEST = 100_000  # bytes of an output


def test_there_are_six() -> None:
    assert [path.stem for path in SCRIPTS] == NAMES
    assert sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")) == NAMES


def _pair(path: Path) -> tuple[nbformat.NotebookNode, nbformat.NotebookNode]:
    return jupytext.read(path), nbformat.read(path.with_suffix(".ipynb"), as_version=4)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_script_and_notebook_say_the_same(path: Path) -> None:
    script, kept = _pair(path)
    assert [(c.cell_type, c.source) for c in kept.cells] == [(c.cell_type, c.source) for c in script.cells]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_outputs_are_kept_small_and_clean(path: Path) -> None:
    _, kept = _pair(path)
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert {output.output_type for output in outputs} <= {"stream", "execute_result", "display_data"}
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    assert any("image/png" in output.get("data", {}) for output in outputs)
    sizes = [
        len(str(body)) * (3 / 4 if kind == "image/png" else 1)
        for o in outputs
        for kind, body in o.get("data", {}).items()
    ]
    assert max(sizes) <= LARGEST


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.stem)
def test_runs_from_a_clean_state(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", "")])))
    script, kept = _pair(path)
    done = NotebookClient(
        script, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT / "notebooks")}}
    ).execute()
    made = [[sorted(o.get("data", {"text": ""})) for o in c.get("outputs", ())] for c in done.cells]
    assert made == [[sorted(o.get("data", {"text": ""})) for o in c.get("outputs", ())] for c in kept.cells]
