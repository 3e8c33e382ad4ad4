"""Rows that could not be used: the first of them on the screen, all of them in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hyeoksin.cli.outputs import is_input

if TYPE_CHECKING:
    from hyeoksin.errors import RowError

__all__ = ["failed_place", "list_failed", "show_failed"]

_SHOWN = 5
_SUFFIX = ".failed.jsonl"


def failed_place(output: Path | None, inputs: Sequence[Path]) -> Path:
    """Return the file for the rows that could not be used: beside the output, else in this folder; never an input."""
    from hyeoksin.sinks import is_failed_list

    first = next((path.resolve().name for path in inputs), "") or "hyeoksin"
    base = output or Path(first)
    place = base.with_name(f"{base.stem}{_SUFFIX}")
    while is_input(place, inputs, is_failed_list) or any(_is_of(place, path) for path in inputs):
        place = place.with_name(f"{place.name.removesuffix(_SUFFIX)}-2{_SUFFIX}")
    return place


def _is_of(place: Path, path: Path) -> bool:
    """Tell whether a list stands beside a result that is read now: it speaks of how that one was made."""
    from hyeoksin.sinks import is_result

    beside = path.parent / f"{path.stem}{_SUFFIX}"  # "." has no name
    return beside.resolve() == place.resolve() and path.is_file() and is_result(path)


def show_failed(errors: Sequence[RowError]) -> None:
    """Show the first of the rows that could not be used."""
    for error in errors[:_SHOWN]:
        typer.secho(f"건너뜀 {error.source}: {error.reason}", fg=typer.colors.YELLOW, err=True)


def list_failed(
    failed: Sequence[RowError] | Sequence[str],
    output: Path | None,
    inputs: Sequence[Path],
    place: Path | None = None,
) -> None:
    """Write all rows that could not be used and end with 1; a clean run takes the list of a former one away.

    Args:
        failed: the rows, or their lines in the file.
        output: the result, None where it went to the screen.
        inputs: the files and folders that were read.
        place: where to write instead of beside the output.

    Raises:
        Exit: there are such rows.
    """
    from hyeoksin.sinks import write_failed

    if not failed:
        if output is not None:
            failed_place(output, inputs).unlink(missing_ok=True)
        return
    place = place or failed_place(output, inputs)
    write_failed(failed, place)
    typer.secho(f"{len(failed):,}건을 건너뛰었습니다. 까닭: {place}", fg=typer.colors.YELLOW, err=True)
    raise typer.Exit(1)
