"""Shipped data is found in a checkout and in an installed wheel, and its absence is said plainly."""

import runpy
import shutil
from pathlib import Path

import pytest

from hyeoksin import resources
from hyeoksin.errors import HyeoksinError
from hyeoksin.resources import resource


@pytest.mark.parametrize("name", ["plans", "crosswalk.csv", "agencies.yaml", "regions.csv", "dictionary.tsv"])
def test_every_data_file_is_there(name: str) -> None:
    assert resource(name).exists()


def test_the_plans_folder_holds_the_four_plans() -> None:
    assert {path.stem for path in resource("plans").glob("*.yaml")} == {"2019", "2020", "2022", "2024"}


def test_an_unknown_name_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        resource("model.bin")


def elsewhere(root: Path) -> Path:
    """Copy the module to where a package would be installed."""
    package = root / "site" / "hyeoksin"
    package.mkdir(parents=True)
    return Path(shutil.copy(resources.__file__, package / "resources.py"))


def test_an_incomplete_installation_says_what_is_missing(tmp_path: Path) -> None:
    module = runpy.run_path(str(elsewhere(tmp_path)))
    with pytest.raises(HyeoksinError, match=r"'regions\.csv' 이 없습니다"):
        module["resource"]("regions.csv")


def test_the_wheels_own_data_comes_before_a_checkouts(tmp_path: Path) -> None:
    copy = elsewhere(tmp_path)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "regions.csv").touch()
    module = runpy.run_path(str(copy))
    assert module["resource"]("regions.csv") == tmp_path / "corpus" / "regions.csv"
    own = copy.parent / "_data" / "regions.csv"
    own.parent.mkdir()
    own.touch()
    assert module["resource"]("regions.csv") == own
