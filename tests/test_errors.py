"""The exception tree: one root to catch, messages that say where and what to do."""

import pickle

import pytest

from hyeoksin import errors
from hyeoksin.errors import (
    BusyError,
    HyeoksinError,
    InputError,
    MissingExtraError,
    RowError,
    StaleDecisionError,
)


@pytest.mark.parametrize("name", errors.__all__)
def test_everything_raised_on_purpose_has_one_root(name: str) -> None:
    assert issubclass(getattr(errors, name), HyeoksinError)


def test_a_bad_row_is_an_input_error_that_keeps_its_place() -> None:
    error = RowError("tasks.xlsx#row=12", "제목과 내용이 비어 있습니다")
    assert isinstance(error, InputError)
    assert (error.source, error.reason) == ("tasks.xlsx#row=12", "제목과 내용이 비어 있습니다")
    assert str(error) == "tasks.xlsx#row=12: 제목과 내용이 비어 있습니다"


def test_a_missing_library_names_the_command_that_installs_it() -> None:
    assert 'pip install ".[docs]"' in str(MissingExtraError("docx", "docs"))


MADE = [
    MissingExtraError("torch", "neural"),
    BusyError("바쁩니다", 3),
    RowError("tasks.csv#row=2", "비어 있습니다"),
    StaleDecisionError("{who} 먼저", 7, by="kim", who="kim"),
    HyeoksinError("{n}개", n=3),
]
PLAIN = [
    kind(f"{name} {{}}")
    for name in errors.__all__
    if (kind := getattr(errors, name)) not in (MissingExtraError, BusyError, RowError, StaleDecisionError)
]


@pytest.mark.parametrize("error", [*MADE, *PLAIN], ids=lambda error: type(error).__name__)
def test_errors_come_back_whole_from_another_process(error: HyeoksinError) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(back) is type(error)
    assert (str(back), back.args, vars(back)) == (str(error), error.args, vars(error))
