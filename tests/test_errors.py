"""The exception tree: one root to catch, messages that say where and what to do."""

import pytest

from hyeoksin import errors
from hyeoksin.errors import HyeoksinError, InputError, MissingExtraError, RowError


@pytest.mark.parametrize("name", errors.__all__)
def test_everything_raised_on_purpose_has_one_root(name: str) -> None:
    assert issubclass(getattr(errors, name), HyeoksinError)


def test_a_bad_row_is_an_input_error_that_keeps_its_place() -> None:
    error = RowError("tasks.xlsx#row=12", "제목과 내용이 비어 있습니다")
    assert isinstance(error, InputError)
    assert (error.source, error.reason) == ("tasks.xlsx#row=12", "제목과 내용이 비어 있습니다")
    assert str(error) == "tasks.xlsx#row=12: 제목과 내용이 비어 있습니다"


def test_a_missing_library_names_the_command_that_installs_it() -> None:
    assert "pip install 'hyeoksin[docs]'" in str(MissingExtraError("docx", "docs"))
