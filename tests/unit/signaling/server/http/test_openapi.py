"""The OpenAPI document describes every route.

The types in the document are those that the code reads from requests and sends in responses.
"""

from __future__ import annotations

import re
import typing
from pathlib import Path

import jsonschema
import msgspec
import pytest

from signaling.server.http.api_table import OPERATIONS, Media
from signaling.server.http.openapi import document, message_schema

from .conftest import Desk

TEXT = (Path(__file__).parents[5] / "docs" / "protocol.md").read_text()
METHODS = {"get", "post", "put", "delete", "options", "patch"}


async def test_document_has_exactly_the_routes_of_the_app(desk: Desk) -> None:
    canonical = {(route.method, route.resource.canonical) for route in desk.app.router.routes() if route.resource is not None}
    served = {(method, path) for method, path in canonical if method != "HEAD"}
    told = {
        (method.upper(), path) for path, methods in document()["paths"].items() for method in methods if method in METHODS
    } - {("GET", "/ws")}
    assert served - told == set(), "give each new route a row in signaling/server/http/api_table.py"
    assert told - served == set()


async def test_document_is_served_to_everyone(desk: Desk) -> None:
    reply = await desk.get("/api/openapi.json")
    assert reply.status == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert (await reply.json()) == msgspec.json.decode(msgspec.json.encode(document()))


def test_every_reference_leads_to_a_schema() -> None:
    whole = document()
    text = msgspec.json.encode(whole).decode()
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert names
    assert names <= set(whole["components"]["schemas"])
    assert not re.search(r"\\\\Z", text), "JSON Schema has ECMA's patterns"
    for schema in whole["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    operations = [each for methods in whole["paths"].values() for each in methods.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)


@pytest.mark.parametrize("side", ["client", "server"])
def test_every_example_of_the_protocol_fits_the_schema(side: typing.Literal["client", "server"]) -> None:
    validator = jsonschema.Draft202012Validator(message_schema(side))
    blocks = re.findall(rf"```json {side}\n(.*?)```", TEXT, re.DOTALL)
    lines = [line for block in blocks for line in block.strip().splitlines()]
    assert len(lines) > 20
    for line in lines:
        validator.validate(msgspec.json.decode(line))
    for wrong in ({"type": "no_such_message"}, {"type": 5}, [], {"text": "hello"}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(wrong)


@pytest.mark.slow
def test_limits_of_texts_are_told() -> None:
    schemas = document()["components"]["schemas"]
    assert schemas["CodeRequest"]["properties"]["site"]["maxLength"] == 256
    assert "2000 grapheme clusters" in schemas["NewNote"]["properties"]["text"]["description"]


def test_refusals_are_problem_details() -> None:
    whole = document()
    for methods in whole["paths"].values():
        for operation in (each for name, each in methods.items() if "default" in each["responses"] and name in METHODS):
            assert operation["responses"]["default"]["content"]["application/problem+json"]
    problem = whole["components"]["schemas"]["Problem"]
    assert {"title", "status", "detail", "reason", "message"} <= set(problem["required"])
    assert "wrong_credentials" in problem["properties"]["reason"]["enum"]


def test_every_json_answer_of_a_row_is_a_declared_type() -> None:
    bare = [each.path for each in OPERATIONS if each.answer in (dict, list, typing.Any) and not isinstance(each.answer, Media)]
    assert bare == []
