"""What the documents and the packaging name is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import typer.main

from hyeoksin.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_stands_in_the_readme() -> None:
    root = typer.main.get_command(app)
    names = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        names += [f"{name} {sub}" for sub in inner] if inner else [name]
    assert len(names) > 10
    assert [name for name in names if f"hyeoksin {name}" not in README] == []


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("demo", "test", "check", "train", "bench"):
        assert f"\n{target}:" in makefile


def test_every_command_and_option_of_the_deployment_exists() -> None:
    root = typer.main.get_command(app)
    deploy = ROOT / "docs" / "deploy"
    text = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "deploy.md", *deploy.iterdir())
    )
    text = text.replace('", "', " ")  # Docker's form of a command
    used = re.findall(r"hyeoksin (serve|store|keys|models|users)(?: ([a-z]+))?\b([^\n&>`]*)", text)
    assert len(used) > 10
    for name, sub, rest in used:
        command = root.commands[name]  # type: ignore[attr-defined]
        command = command.commands[sub] if hasattr(command, "commands") else command
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, (name, sub, rest)


def test_an_upgrade_waits_for_the_server() -> None:
    asked = re.findall(r"^ +systemctl start .*curl.*", (ROOT / "docs" / "deploy.md").read_text("utf-8"), re.M)
    assert asked
    assert all("--retry-connrefused" in line and "-fsS" in line for line in asked)


def test_the_documents_count_the_terms() -> None:
    terms = (ROOT / "corpus" / "duties" / "terms.tsv").read_text(encoding="utf-8").count("\n")
    for name in ("corpus/README.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        told = re.findall(
            r"(?:terms\.tsv`[^0-9]*|and )([0-9,]{5,})(?: terms| of them)", (ROOT / name).read_text("utf-8")
        )
        assert told == [f"{terms:,}"], name


def test_the_licences_go_into_the_package_and_into_the_image() -> None:
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["license-files"]
    dockerfile = (ROOT / "docs" / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    for name in named:
        assert (ROOT / name).is_file()
        assert re.search(rf"^COPY .*\b{name}\b", dockerfile, re.MULTILINE), name
