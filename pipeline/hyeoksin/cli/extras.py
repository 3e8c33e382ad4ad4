"""Optional libraries are asked for before the work that needs them at its end."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

__all__ = ["need", "need_for"]

_FORMS = {  # extra and modules, by the suffix of an output
    ".html": ("report", ("jinja2", "matplotlib", "fontTools", "squarify", "PIL")),
    ".parquet": ("parquet", ("pyarrow",)),
}


def need(extra: str, *modules: str) -> None:
    """Refuse to begin where a module is not installed.

    Raises:
        MissingExtraError: naming the extra that brings it.
    """
    from hyeoksin.errors import MissingExtraError

    for module in modules:
        if find_spec(module) is None:
            raise MissingExtraError(module, extra)


def need_for(output: Path | None) -> None:
    """Refuse to begin what could not be written in the form of ``output``.

    Raises:
        MissingExtraError: naming the extra that brings what is missing.
    """
    if output is not None and output.suffix.lower() in _FORMS:
        extra, modules = _FORMS[output.suffix.lower()]
        need(extra, *modules)
