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
    """One route.

    `who`: who may call the route. `says`: a short description. `answer`: type of the response; None: the response has no body
    (204). `parameters`: type of the query. `body`: type of the request's body.
    """

    method: str
    path: str
    who: Who
    says: str
    answer: Any = None
    parameters: type[Struct] | None = None
    body: Any = None
