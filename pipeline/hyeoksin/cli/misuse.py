"""A command line that was typed wrongly, told in Korean instead of typer's English."""

from __future__ import annotations

import re

import typer

__all__ = ["show_misuse"]

# of a whole message
_MESSAGES = (
    (r"Missing argument '?(.+?)'?\.(?s:.*)", "'{0}' 을(를) 주어야 합니다."),
    (r"Missing option '?(.+?)'?\.(?s:.*)", "옵션 '{0}' 을(를) 주어야 합니다."),
    (r"Missing command\.", "명령을 적지 않았습니다."),
    (r"No such command '(.*?)'\..*?'(.*)'.*", "'{0}' 라는 명령은 없습니다. 혹시 '{1}' 인가요?"),
    (r"No such command '(.*?)'\..*", "'{0}' 라는 명령은 없습니다."),
    (r"No such option: (\S+) \(?Possible options: (.*?)\)?", "'{0}' 라는 옵션은 없습니다. 비슷한 옵션: {1}."),
    (r"No such option: (\S+) Did you mean (.*?)\??", "'{0}' 라는 옵션은 없습니다. 비슷한 옵션: {1}."),
    (r"No such option: (\S+)", "'{0}' 라는 옵션은 없습니다."),
    (r"Option '(.*)' requires (?:an argument|\d+ arguments)\.", "옵션 '{0}' 뒤에 값을 적어야 합니다."),
    (r"Option '(.*)' does not take a value\.", "옵션 '{0}' 은(는) 값을 받지 않습니다."),
    (
        r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)",
        "쓰지 않는 말이 더 있습니다: {0}. 빈칸이 든 이름은 따옴표로 감싸세요.",
    ),
    (r"Invalid value for (.*?): (?s:(.*))", "{0}: {1}"),
    (r"Invalid value: (?s:(.*))", "{0}"),
)
# of a value
_VALUES = (
    (r"Input should be a valid integer.*", "정수여야 합니다."),
    (r"Input should be a valid number.*", "숫자여야 합니다."),
    (r"Input should be a valid boolean.*", "true 또는 false 여야 합니다."),
    (r"Input should be greater than or equal to (.+)", "{0} 이상이어야 합니다."),
    (r"Input should be less than or equal to (.+)", "{0} 이하여야 합니다."),
    (r"Input should be greater than (.+)", "{0} 보다 커야 합니다."),
    (r"Input should be less than (.+)", "{0} 보다 작아야 합니다."),
)


def show_misuse(error: typer.TyperException) -> None:
    """Show what is wrong with a command line and where its help is; a bare command group shows its help."""
    message, context = error.format_message(), getattr(error, "ctx", None)
    if context is not None and message == context.get_help():
        typer.echo(message, err=True)
        return
    typer.secho(f"오류: {_korean(message)}", fg=typer.colors.RED, err=True)
    if context is not None:
        typer.echo(f"도움말: {context.command_path} --help", err=True)


def _korean(message: str) -> str:
    for pattern, words in _MESSAGES:
        found = re.fullmatch(pattern, message)
        if found:
            return words.format(*map(_value, found.groups()))
    return _value(message)


def _value(message: str) -> str:
    for pattern, words in _VALUES:
        found = re.fullmatch(pattern, message.strip())
        if found:
            return words.format(*found.groups())
    return message
