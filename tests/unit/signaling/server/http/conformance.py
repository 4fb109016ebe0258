"""In every test that uses `desk`, compare each handler's requests and responses with the handler's row in `api_table.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from signaling.protocol.reading import QueryReader, Reader
from signaling.server.http.api_table import OPERATIONS, Media, Operation
from signaling.server.http.errors import Problem

ROWS = {(row.method, row.path): row for row in OPERATIONS}
_row: ContextVar[Operation | None] = ContextVar("row", default=None)


@contextmanager
def compared(app: web.Application, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compare what each handler reads and answers with the handler's row in `api_table.py`, until the test ends.

    Then fail if there are differences, and name each of them.
    """
    faults: list[str] = []

    def watch(kind: type[Reader[Any]] | type[QueryReader[Any]], field: str) -> None:
        read = kind.__call__

        def watched(self: Any, given: Any) -> Any:
            row = _row.get()
            if row is not None and self.kind.__module__.startswith("signaling.server.http.") and getattr(row, field) != self.kind:
                faults.append(f"{row.method} {row.path} reads {self.kind.__name__}, and its row says {getattr(row, field)}")
            return read(self, given)

        patch.setattr(kind, "__call__", watched)

    @web.middleware
    async def compare(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        row = ROWS.get((request.method, resource.canonical)) if resource is not None else None
        _row.set(row)
        response = await handler(request)
        if isinstance(response, web.Response) and row is not None:
            faults.extend(_differences(row, response))
        return response

    watch(Reader, "body")
    watch(QueryReader, "parameters")
    app.middlewares.insert(0, compare)
    yield
    assert faults == []


def _differences(row: Operation, response: web.Response) -> Iterator[str]:
    where = f"{row.method} {row.path}"
    body = response.body if isinstance(response.body, bytes) else b""
    if response.status >= 400:
        if response.content_type == "application/problem+json" and not _is(body, Problem):
            yield f"{where} refuses with {body!r}"
    elif response.status in (200, 204) and row.answer is None:
        if response.status != 204:
            yield f"{where} answers, and its row says 204"
    elif response.status == 200 and not isinstance(row.answer, Media) and not _is(body, row.answer):
        yield f"{where} answers {body[:300]!r}, which is no {row.answer}"


def _is(body: bytes, kind: Any) -> bool:
    """Return whether this JSON value is of this type and has no members that the type lacks."""
    try:
        value = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError:
        return False
    given = msgspec.json.decode(body)
    kept = msgspec.json.decode(msgspec.json.encode(value))
    return _within(given, kept)


def _within(given: Any, kept: Any) -> bool:
    """Return whether `kept` contains everything that `given` contains. `kept` can also contain defaults."""
    if isinstance(given, dict) and isinstance(kept, dict):
        return all(name in kept and _within(value, kept[name]) for name, value in given.items())
    if isinstance(given, list) and isinstance(kept, list):
        return len(given) == len(kept) and all(map(_within, given, kept))
    return bool(given == kept)
