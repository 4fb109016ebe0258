"""The OpenAPI 3.1 document of all HTTP routes, with the JSON Schema of all WebSocket messages.

The document is made from the types that the code itself decodes and encodes: those of `api_table.py` and `signaling/protocol`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from inspect import cleandoc
from typing import Any, Literal

import msgspec
from aiohttp import web
from msgspec import Struct, inspect

from signaling.protocol.client_messages import ClientMessage
from signaling.protocol.server_messages import ServerMessage

from .errors import Problem
from .operation import Media, Operation

routes = web.RouteTableDef()

_COMPONENTS = "#/components/schemas/"
TEMPLATE = f"{_COMPONENTS}{{name}}"
_HOLE = re.compile(r"{(\w+)}")
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "anyone": [],
    "user": [{"session": []}],
    "participant": [{"session": []}, {"staff": []}],
    "staff": [{"staff": []}],
    "operator": [{"staff": []}],
    "token": [{"token": []}],
}
_MENDED: dict[str, Callable[[str], str]] = {
    "pattern": lambda text: text.replace(r"\Z", "$"),
    "description": cleandoc,
    "$ref": lambda text: f"{_COMPONENTS}{_plain(text.removeprefix(_COMPONENTS))}" if text.startswith(_COMPONENTS) else text,
}
_BYTES = {"type": "string", "format": "binary"}  # the schema that generators of API clients read as bytes
Side = Literal["client", "server"]
SIDES: dict[Side, Any] = {"client": ClientMessage, "server": ServerMessage}


@routes.get("/api/openapi.json")
async def openapi(request: web.Request) -> web.Response:
    """Return the OpenAPI document. Programs of any origin may read it."""
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
    return web.Response(body=encoded(), content_type="application/json", headers=headers)


@cache
def encoded() -> bytes:
    """Return the OpenAPI document as JSON."""
    return msgspec.json.encode(document())


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    # `OPERATIONS` is imported here and not above, so that importing this module does not import every module with routes
    from .api_table import OPERATIONS

    kinds = [each for operation in OPERATIONS for each in (operation.answer, operation.parameters, operation.body)]
    types = [each for each in kinds if each is not None and not isinstance(each, Media)]
    schemas, components = msgspec.json.schema_components([*types, Problem, *SIDES.values()], ref_template=TEMPLATE)
    by_type = dict(zip(map(repr, types), schemas, strict=False))

    def content(kind: Any) -> dict[str, Any]:
        if isinstance(kind, Media):
            return {kind.type: {"schema": {"type": "string"} if kind.type.startswith("text/") else _BYTES}}
        return {"application/json": {"schema": by_type[repr(kind)]}}

    def described(operation: Operation) -> dict[str, Any]:
        answered: dict[str, Any] = {"description": operation.says}
        if operation.answer is not None:
            answered |= {"content": content(operation.answer)}
        found: dict[str, Any] = {
            "operationId": _operation_id(operation.method, operation.path),
            "summary": operation.says,
            "tags": [operation.who],
            "security": _SECURITY[operation.who],
            "parameters": [*_holes(operation.path), *_query(operation.parameters, components), *_headers(operation)],
            "responses": {
                "200" if operation.answer is not None else "204": answered,
                "default": {
                    "description": "A refusal. `reason` is for programs, `detail` for people.",
                    "content": {"application/problem+json": {"schema": schemas[len(types)]}},
                },
            },
        }
        if operation.who == "token" and operation.method == "GET":
            found["responses"]["304"] = {"description": "Unchanged since the answer with the entity tag of If-None-Match."}
        if operation.body is not None:
            found["requestBody"] = {"required": True, "content": content(operation.body)}
        return found

    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = described(operation)
    paths["/ws"] = {"get": _websocket(schemas[len(types) + 1 :])}
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "Sangdam",
            "version": version("sangdam"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "docs/protocol.md explains the order of requests and messages.",
        },
        "paths": paths,
        "components": {
            # generators of clients name their classes by the titles of schemas, so all titles must differ
            "schemas": {_plain(name): schema | {"title": _plain(name)} for name, schema in components.items()},
            "securitySchemes": {
                "session": {"type": "http", "scheme": "bearer", "description": "The token of one session."},
                "token": {"type": "http", "scheme": "bearer", "description": "An API token: docs/api.md."},
                "staff": {"type": "apiKey", "in": "cookie", "name": "__Host-sangdam", "description": "A sign-in of staff."},
            },
        },
    }
    ours: dict[str, Any] = ecma(whole)
    return ours


def message_schema(side: Side) -> dict[str, Any]:
    """Return the JSON Schema of the WebSocket messages that one `side`, clients or server, sends.

    The schema refers to no other document.
    """
    (schema,), components = msgspec.json.schema_components([SIDES[side]], ref_template="#/$defs/{name}")
    found: dict[str, Any] = ecma(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": components})
    return found


def _plain(name: str) -> str:
    """Return a component's name without dots, which generators of API clients refuse: `StaffViewsItem` for `staff_views.Item`."""
    *modules, kind = name.split(".")
    return "".join(part.title() for part in modules[-1].split("_")) + kind if modules else kind


def _websocket(schemas: tuple[dict[str, Any], ...] | list[dict[str, Any]]) -> dict[str, Any]:
    """Return the document's entry for the WebSocket. OpenAPI cannot describe messages, so an extension field describes them."""
    return {
        "operationId": "get_ws",
        "summary": "The WebSocket, subprotocol `sangdam.v1`. Every message is one JSON object.",
        "tags": ["participant"],
        "responses": {"101": {"description": "The WebSocket is open."}},
        "x-messages": dict(zip(SIDES, schemas, strict=True)),
    }


def _operation_id(method: str, path: str) -> str:
    return f"{method.lower()}_{re.sub(r'[^a-z0-9]+', '_', path.lower()).strip('_') or 'root'}"


def _holes(path: str) -> list[dict[str, Any]]:
    """Return the parameters in the path of a route."""
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _HOLE.findall(path)]


def _query(kind: type[Struct] | None, components: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters of a query, one for each field of its type, with the field's schema."""
    if kind is None:
        return []
    info: Any = inspect.type_info(kind)
    name = next(name for name, schema in components.items() if _is_schema_of(schema, info))
    fields = components[name]["properties"]
    return [
        {"name": field.encode_name, "in": "query", "required": field.required, "schema": fields[field.encode_name]}
        for field in info.fields
    ]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    """Return the headers that a request to this operation of the API may carry (docs/api.md)."""
    names = {"GET": "If-None-Match", "PUT": "If-Match", "POST": "Idempotency-Key"}
    if operation.who != "token" or operation.method not in names:
        return []
    name = names[operation.method]
    return [{"name": name, "in": "header", "required": False, "schema": {"type": "string"}}]


def _is_schema_of(schema: dict[str, Any], info: Any) -> bool:
    return schema.get("title") == info.cls.__name__ and list(schema.get("properties", {})) == [f.encode_name for f in info.fields]


def ecma(value: Any) -> Any:
    r"""Return the schema with ECMAScript's patterns, which JSON Schema uses.

    In such a pattern, `$` means what `\Z` means in Python.

    Remove the indentation of descriptions.

    Leave out `items: false` of a tuple: `maxItems` says the same, and the generator openapi-python-client fails on `items:
    false`.
    """
    if isinstance(value, list):
        return [ecma(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {name: each for name, each in value.items() if not (name == "items" and each is False and "maxItems" in value)}
    return {name: _MENDED.get(name, str)(each) if isinstance(each, str) else ecma(each) for name, each in kept.items()}
