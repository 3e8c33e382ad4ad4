"""Schemathesis on the interface: made-up requests, valid and invalid ones, for every operation, and all its checks.

More of it by hand, on a running server: ``st run http://127.0.0.1:8000/api/v1/openapi.json -H "Authorization: Bearer $KEY"
--checks all --phases examples,coverage,fuzzing -n 100``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings

from api_client import Free, filled_store, headers
from hyeoksin.web.api.app import PREFIX, create_api
from hyeoksin.web.api.keys import Keyring, caller_of
from hyeoksin.web.api.problems import handle_problems
from hyeoksin.web.judge import Judge

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its dependencies deprecate while they are imported
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import positive_data_acceptance

APP = create_api(Judge(), None, None, Free(), Path())  # type: ignore[arg-type]  # the fixture brings store and keys
SERVER = FastAPI(openapi_url=None)
SERVER.mount(PREFIX, APP)
handle_problems(SERVER)  # as hyeoksin.web does for addresses that the mount does not know
SCHEMA = schemathesis.openapi.from_asgi(f"{PREFIX}/openapi.json", SERVER)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.fixture(scope="module")
def served(judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("schema")
    store = filled_store(folder)
    APP.state.judge, APP.state.store, APP.state.folder = judge, store, folder
    APP.state.keyring = Keyring(partial(caller_of, store))
    yield
    store.close()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.label)
def test_no_request_finds_a_fault(served: None, operation: Any, mode: GenerationMode) -> None:
    if mode is GenerationMode.NEGATIVE and not (
        operation.path_parameters or operation.query or operation.body
    ):
        pytest.skip("takes nothing that could be wrong")

    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=4,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        answer = case.call(headers=headers("officer"))
        excluded = [positive_data_acceptance] if names_what_is_not(answer) else []
        case.validate_response(answer, excluded_checks=excluded)

    check()


def names_what_is_not(answer: Any) -> bool:
    """Tell whether a decision names a code or an agency that there is not: a schema cannot list those of every round."""
    if answer.status_code != 422:
        return False
    faults = answer.json()["errors"]
    return all(f["field"] in ("code", "agency") and "없습니다. /" in f["detail"] for f in faults)
