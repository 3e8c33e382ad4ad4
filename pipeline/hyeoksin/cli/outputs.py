"""Where a command may write, and in which form: never over what it reads, and never over what people filled in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import typer

__all__ = ["check_form", "is_input", "refuse_existing", "refuse_file", "refuse_inputs"]

_RUN_PARTS = ("records", "shards")
_RUN_FILES = ("manifest.json", "failed.jsonl", "run.json", "run.lock")
Own = Callable[[Path], bool]


def check_form(output: Path | None, forms: Collection[str], whose: str = "--output 의") -> None:
    """Refuse an output whose suffix is none of ``forms``; ``whose`` is how the message calls it.

    Raises:
        BadParameter: it is.
    """
    if output is not None and output.suffix.lower() not in forms:
        raise typer.BadParameter(f"{whose} 형식은 {', '.join(forms)} 입니다 (지금: '{output.suffix}').")


def refuse_existing(*outputs: Path | None) -> None:
    """Refuse a file that is there already.

    Raises:
        InputError: it is.
    """
    from hyeoksin.errors import InputError

    for output in outputs:
        if output is not None and output.exists():
            raise InputError(f"{output}: 이미 있습니다. 다른 이름을 주거나, 필요 없으면 먼저 지우세요.")


def refuse_file(output: Path) -> None:
    """Refuse an output folder where a file stands, at it or above it.

    Raises:
        BadParameter: there is one.
    """
    there = next((place for place in (output, *output.parents) if place.exists()), None)
    if there is not None and not there.is_dir():
        raise typer.BadParameter(
            f"--output 은 결과 폴더의 이름인데 {there} 은(는) 파일입니다. 새 폴더의 이름을 주세요."
        )


def refuse_inputs(
    output: Path | None,
    inputs: Iterable[Path | str | None],
    option: str = "--output",
    own: Own | None = None,
) -> frozenset[Path]:
    """Refuse an output that is one of the inputs, or a file in an input folder.

    Args:
        output: where the command would write.
        inputs: what it reads; of texts, the names of plans, only those count that are files.
        option: how the message calls the output.
        own: tells whether a file in an input folder is what a former run of the command wrote; such a file is written
            anew and returned (resolved), so that it is not read.

    Raises:
        BadParameter: it would overwrite an input.
    """
    if output is None:
        return frozenset()
    for place in _paths(inputs):
        if _is_same(output, place):
            raise typer.BadParameter(
                f"{option} 이 입력 {'폴더와' if place.is_dir() else '파일과'} 같습니다 ({place}). 다른 이름을 주세요."
            )
        if not _is_inside(output, place, whole=own is not None):
            continue
        if own is None or not own(output):
            raise typer.BadParameter(
                f"{option} 의 {output} 은(는) 입력 폴더 {place} 안에 이미 있는 파일입니다. 덮어쓰지 않으니 다른 이름이나 "
                "다른 폴더를 주세요."
            )
        typer.secho(f"알림: {output} 은(는) 앞선 실행의 결과여서 입력으로 읽지 않습니다.", err=True)
        return frozenset({output.resolve()})
    return frozenset()


def is_input(path: Path, inputs: Iterable[Path], own: Own) -> bool:
    """Tell whether a file is one of the inputs, or stands in an input folder and is not the command's ``own``."""
    return any(
        _is_same(path, place) or (_is_inside(path, place, whole=True) and not own(path)) for place in inputs
    )


def _paths(inputs: Iterable[Path | str | None]) -> Iterator[Path]:
    for one in inputs:
        if isinstance(one, Path):
            yield one
        elif one is not None and Path(one).is_file():  # a shipped plan's name may also be that of a folder
            yield Path(one)


def _is_same(path: Path, other: Path) -> bool:
    if path.exists() and other.exists():
        return path.samefile(other)
    return path.resolve() == other.resolve()


def _is_inside(path: Path, folder: Path, whole: bool) -> bool:
    """Tell whether a file stands in a folder; unless ``whole``, only the run's own files count in the folder of a batch run."""
    if not path.is_file() or not folder.is_dir() or not path.resolve().is_relative_to(folder.resolve()):
        return False
    if whole or not (folder / "records").is_dir():
        return True
    inner = path.resolve().relative_to(folder.resolve())
    return inner.parts[0] in _RUN_PARTS or str(inner) in _RUN_FILES
