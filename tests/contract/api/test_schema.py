"""`/api/v1` answers as its OpenAPI document says, whatever a client sends. Schemathesis makes the requests."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from signaling.server.app_keys import COUNTS
from signaling.server.http.openapi import document
from signaling.server.http.token_routes import PREFIX, TOKEN_ROUTES

CASES = 25  # number of requests to each route; the requests to all routes take about ten seconds
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
KNOWN = {"id": "s-schema", "site": "demo-shop", "category": "cameras"}


def _document() -> dict[str, Any]:
    whole = document()
    return whole | {"paths": {path: each for path, each in whole["paths"].items() if path.startswith(PREFIX)}}


OPERATIONS = {
    f"{each.ok().method.upper()} {each.ok().path}": each.ok()
    for each in schemathesis.openapi.from_dict(_document()).get_all_operations()
    if isinstance(each, Ok)
}


def test_document_has_every_route_of_the_api() -> None:
    assert set(OPERATIONS) == set(TOKEN_ROUTES)


@pytest.mark.parametrize("route", sorted(OPERATIONS))
def test_route_answers_as_the_document_says(server: Any, route: str) -> None:
    @seed(0)
    @settings(max_examples=CASES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[route].as_strategy())
    def check(case: schemathesis.Case[Any]) -> None:
        for name, value in KNOWN.items():
            if len(str((case.path_parameters or {}).get(name, ""))) % 2:  # in about half of the requests, use an id that exists
                case.path_parameters[name] = value
        response = case.call(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"})
        case.validate_response(response, checks=list(CHECKS))

    check()
    assert server.app[COUNTS]["http.internal"] == 0
