"""Where an audit goes: a new format is a function and a row in ``OUTPUTS``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hyeoksin.audit.result import Audit
from hyeoksin.errors import InputError
from hyeoksin.tabular import written_whole

__all__ = ["OUTPUTS", "is_audit", "write_audit"]


_HEAD = 100  # bytes


def _json(audit: Audit, path: Path) -> None:
    with written_whole(path) as part:
        part.write_text(audit.to_json(), encoding="utf-8", newline="\n")


def _html(audit: Audit, path: Path) -> None:
    from hyeoksin.audit.report import write_page

    write_page(audit, path)


def _xlsx(audit: Audit, path: Path) -> None:
    from hyeoksin.audit.report import write_sheets

    write_sheets(audit, path)


Output = Callable[[Audit, Path], None]
OUTPUTS: dict[str, Output] = {".html": _html, ".json": _json, ".xlsx": _xlsx}


def is_audit(path: Path) -> bool:
    """Tell whether a file is an audit that :func:`write_audit` wrote as JSON."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(_HEAD).startswith(b'{\n "manifest": {')


def write_audit(audit: Audit, path: Path) -> None:
    """Write the audit, by the suffix of ``path``.

    Raises:
        InputError: no such format, or the file cannot be written.
        MissingExtraError: a report needs the extra ``report``.
    """
    output = OUTPUTS.get(path.suffix.lower())
    if output is None:
        raise InputError(f"{path}: 쓸 수 없는 형식 '{path.suffix}'. 쓰는 형식: {', '.join(OUTPUTS)}.")
    output(audit, path)
