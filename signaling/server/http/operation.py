"""One row of the table of HTTP routes (`api_table.py`)."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from msgspec import Struct

Who = Literal["anyone", "user", "participant", "staff", "operator", "token"]


class Media(NamedTuple):
    """The body of a request or a response, if it is not JSON. `type`: the media type of the body."""

    type: str


class Nothing(Struct, kw_only=True):
    """The empty JSON object, for a response without data."""


class Operation(NamedTuple):
    """One route: its method and path, who may call it, and the types of its request and response.

    `answer` None: the response has no body (204).
    """

    method: str
    path: str
    who: Who
    says: str
    answer: Any = None
    parameters: type[Struct] | None = None
    body: Any = None
