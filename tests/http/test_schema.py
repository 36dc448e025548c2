"""The API is as its OpenAPI document says: valid and invalid generated requests to every route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from tests.proof.attacks.sizes import FULL
from tests.servers import running

EXAMPLES = 40 if FULL else 6
"""The number of requests to each route."""
PASSWORD = "correct horse battery"
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@dataclass(frozen=True)
class Api:
    document: Any
    token: str


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server with an account and a message."""
    with running("suhbat", tmp_path_factory.mktemp("schema") / "data", send_rate="0") as server:
        status, answer = server.request("POST", "/api/v1/accounts", {"user_id": "ali", "password": PASSWORD})
        assert status == 201
        token = answer["token"]
        server.request("POST", "/api/v1/conversations/lobby/messages", {"text": "salom"}, token=token)
        yield Api(schemathesis.openapi.from_url(f"{server.url}/openapi.json"), token)


@pytest.fixture(scope="module")
def document(api: Api) -> Any:
    # A session that was ended, or an account that is gone, would make all that follows 401.
    # An event stream does not end; its contract is in tests/transport/test_event_streams.py.
    return api.document.exclude(method="DELETE", path_regex="/(me|sessions)").exclude(path_regex="/events$")


def test_every_answer_is_documented(document: Any, api: Api) -> None:
    """No 5xx, and no status, `code`, media type or body that the document lacks."""
    routes = 0
    for found in document.get_all_operations():
        operation = found.ok()
        routes += 1

        @given(case=operation.as_strategy())
        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        def holds(case: Any) -> None:
            case.call_and_validate(headers={"Authorization": f"Bearer {api.token}"}, checks=CHECKS)

        holds()
    assert routes > 40
