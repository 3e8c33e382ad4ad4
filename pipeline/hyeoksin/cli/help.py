"""Help pages wholly in Korean: ours are, but for the words that typer itself puts on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

__all__ = ["in_korean"]

_WORDS = (
    (r"^Usage: ", "사용법: "),
    (r"^Options:$", "옵션:"),
    (r"^Arguments:$", "인자:"),
    (r"^Commands:$", "명령:"),
    (r"\[OPTIONS\]", "[옵션]"),
    (r"\bCOMMAND \[ARGS\]", "명령 [인자]"),
    (r"Show this message and exit\.", "이 도움말을 보여 줍니다."),
    (r"\[env(\s+)var:", r"[환경\1변수:"),
    (r"(?<=[\[ ])default:", "기본:"),
    (r"(?<=[\[ ])required\]", "필수]"),
)


class _Context(typer.Context):
    def get_help(self) -> str:
        page = super().get_help()
        for pattern, word in _WORDS:
            page = re.sub(pattern, word, page, flags=re.MULTILINE)
        return page


def in_korean(app: typer.Typer) -> Any:
    """Return the app's command, with all its commands' help pages in Korean."""
    root = typer.main.get_command(app)
    for command in _within(root):
        command.context_class = _Context
    return root


def _within(command: Any) -> Iterator[Any]:
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _within(below)
