from __future__ import annotations

from pathlib import Path

import typer.main

from hyeoksin.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_every_command_stands_in_the_readme() -> None:
    root = typer.main.get_command(app)
    names = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        names += [f"{name} {sub}" for sub in inner] if inner else [name]
    assert len(names) > 10
    assert [name for name in names if f"hyeoksin {name}" not in README] == []


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (Path(__file__).parents[1] / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test", "check", "train", "bench"):
        assert f"\n{target}:" in makefile
