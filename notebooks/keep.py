"""Run the notebooks' scripts and keep their outputs: ``python notebooks/keep.py [NAME …]``, from the repository's root."""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def executed(script: Path) -> nbformat.NotebookNode:
    """Return the notebook of a script, run from a clean state, without anything that changes from run to run."""
    notebook = jupytext.read(script)
    where = {"metadata": {"path": str(HERE.parent)}}
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", record_timing=False, resources=where
    ).execute()
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(path.stem for path in HERE.glob("[0-9]*.py")):
        nbformat.write(executed(HERE / f"{name}.py"), HERE / f"{name}.ipynb")
        print(name)
