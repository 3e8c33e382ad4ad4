"""The one exception tree.

::

    HyeoksinError               everything that this package raises on purpose
    ├── PlanError               a plan, crosswalk, agency or region file is wrong (file and line in the text)
    ├── ModelError              a model folder is damaged, unknown, or made for another plan
    │   └── EditionError        it learnt another edition of the plan
    ├── InputError              a file of documents cannot be read at all
    │   └── RowError            one row of it cannot be used; the others go on
    ├── StoreError              the store cannot do what was asked; nothing of it was saved
    │   ├── StaleDecisionError  another person (or another tab) was first: look again, then decide
    │   ├── NotStoredError      no such project, item, user, job or model
    │   ├── RefusedError        the store's rules forbid it (closed round, unknown code, name taken, nothing to undo)
    │   ├── StoreBusyError      another program holds the store; the same call works a moment later
    │   ├── StoreFullError      no room on the disk
    │   ├── StoreUnavailableError   the database does not answer; the same call works once it does
    │   └── StoreDamagedError   the file is no store, damaged, or made by a newer version
    ├── MissingExtraError       an optional library is not installed
    └── JudgeError              the server's classifier cannot answer now
        ├── BusyError           too many texts wait; try again after ``retry_after`` seconds
        ├── SlowError           no answer in time
        └── UnknownPlanError    the model that answers learnt another edition of the texts' plan; waiting does not help

Messages are Korean, because an officer reads them in the terminal and the web page; each says what is wrong, where,
and what to do.
"""

__all__ = [
    "BusyError",
    "EditionError",
    "HyeoksinError",
    "InputError",
    "JudgeError",
    "MissingExtraError",
    "ModelError",
    "NotStoredError",
    "PlanError",
    "RefusedError",
    "RowError",
    "SlowError",
    "StaleDecisionError",
    "StoreBusyError",
    "StoreDamagedError",
    "StoreError",
    "StoreFullError",
    "StoreUnavailableError",
    "UnknownPlanError",
]


class HyeoksinError(Exception):
    """Root of all errors raised on purpose.

    Args:
        message: Korean; with ``values``, a template whose holes ``{name}`` they fill, so that pages can translate it.
        values: by name.
    """

    def __init__(self, message: str = "", **values: object) -> None:
        super().__init__(message.format_map(values) if values else message)
        self.message = message
        self.values = values

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle without calling the constructor, whose arguments differ: workers raise in other processes."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(
    kind: type[HyeoksinError], args: tuple[object, ...], attributes: dict[str, object]
) -> HyeoksinError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class PlanError(HyeoksinError):
    """A plan, crosswalk, agency or region file is wrong."""


class ModelError(HyeoksinError):
    """A model folder is damaged, unknown, or was made for another plan."""


class EditionError(ModelError):
    """A model learnt another edition of the plan."""


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


class StoreError(HyeoksinError):
    """The store cannot do what was asked; nothing of it was saved (unless the subclass says otherwise)."""


class StaleDecisionError(StoreError):
    """Another person, or another tab, changed the item after it was read.

    Args:
        item: the item's number.
        by: who was first (empty: a new model's answer came in).
        message: Korean; ``values`` fill it.
    """

    def __init__(self, message: str, item: int, by: str = "", **values: object) -> None:
        super().__init__(message, **values)
        self.item = item
        self.by = by


class NotStoredError(StoreError):
    """No such project, item, user, job or model."""


class RefusedError(StoreError):
    """The store's rules forbid it: a closed round, an unknown code, a name that is taken, nothing to undo."""


class StoreBusyError(StoreError):
    """Another program holds the store for too long; the same call works a moment later."""


class StoreFullError(StoreError):
    """There is no room on the disk; the same call works once there is."""


class StoreUnavailableError(StoreError):
    """The database does not answer. A write may or may not have arrived: repeat it with the same ``key``."""


class StoreDamagedError(StoreError):
    """The file is no store, is damaged, or was made by a newer version."""


class MissingExtraError(HyeoksinError):
    """An optional library is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(
            "'{library}' 라이브러리가 없습니다. hyeoksin 폴더에서: pip install \".[{extra}]\"",
            library=library,
            extra=extra,
        )
        self.library = library
        self.extra = extra


class JudgeError(HyeoksinError):
    """The server's classifier cannot answer now."""


class BusyError(JudgeError):
    """Too many texts wait, or the model is still being read."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SlowError(JudgeError):
    """No answer came in time."""


class UnknownPlanError(JudgeError):
    """The model that answers learnt another edition of the plan: the same texts can be judged once another model answers."""
