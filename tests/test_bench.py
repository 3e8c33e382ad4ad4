"""The measuring scripts and the notebooks stand on names that the package has."""

from __future__ import annotations

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted([*ROOT.glob("bench/*.py"), *ROOT.glob("notebooks/*.py"), *ROOT.glob("tests/fuzz/*.py")])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}/{script.stem}")
def test_what_a_script_imports_is_there(script: Path) -> None:
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hyeoksin"):
            module = import_module(str(node.module))
            names = [name.name for name in node.names if not hasattr(module, name.name)]
            missing = [name for name in names if find_spec(f"{node.module}.{name}") is None]
            assert not missing, f"{node.module}: {missing}"


@pytest.mark.parametrize("script", sorted(ROOT.glob("bench/*.py")), ids=lambda script: script.stem)
def test_a_script_that_is_run_by_hand_has_a_help(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    by_another = script.stem in ("annif_rank", "annif_suggest", "setfit_rank")  # accuracy.py runs them
    if "__main__" in text and not by_another:
        assert "parse_args()" in text or "parse_known_args()" in text
        assert "sys.argv" not in text
