"""The one exception tree.

::

    HyeoksinError               everything that this package raises on purpose
    ├── PlanError               a plan, crosswalk, agency or region file is wrong (file and line in the text)
    ├── ModelError              a model folder is damaged, unknown, or made for another plan
    ├── InputError              a file of documents cannot be read at all
    │   └── RowError            one row of it cannot be used; the others go on
    └── MissingExtraError       an optional library is not installed

Messages are Korean, because an officer reads them in the terminal and the web page; each says what is wrong, where,
and what to do.
"""

__all__ = ["HyeoksinError", "InputError", "MissingExtraError", "ModelError", "PlanError", "RowError"]


class HyeoksinError(Exception):
    """Root of all errors raised on purpose."""


class PlanError(HyeoksinError):
    """A plan, crosswalk, agency or region file is wrong."""


class ModelError(HyeoksinError):
    """A model folder is damaged, unknown, or was made for another plan."""


class InputError(HyeoksinError):
    """A file of documents cannot be read at all."""


class RowError(InputError):
    """One row of a file cannot be used.

    Args:
        source: where the row stands, as in a record (``tasks.xlsx#row=12``).
        reason: what is wrong and what to do, in Korean.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class MissingExtraError(HyeoksinError):
    """An optional library is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"'{library}' 라이브러리가 없습니다. 설치: pip install 'hyeoksin[{extra}]'")
        self.library = library
        self.extra = extra
