"""The rows of the API in the table of HTTP routes."""

from __future__ import annotations

from signaling.server.http.operation import Operation

from . import whoami

OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/api/v1/token", "token", "The token of this request, and what it may do.", whoami.ThisToken),
)
