"""One row of the table of HTTP routes (`api_table.py`)."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from msgspec import Struct

Who = Literal["anyone", "user", "participant", "staff", "operator", "token"]


class Media(NamedTuple):
    """A body of a request or answer that is not JSON. `type`: its media type."""

    type: str


class Nothing(Struct, kw_only=True):
    """The empty JSON object, for an answer that says nothing more."""


class Operation(NamedTuple):
    """One route: its method and path, who may call it, and the types of its request and answer.

    `answer` None: an answer without a body (204).
    """

    method: str
    path: str
    who: Who
    says: str
    answer: Any = None
    parameters: type[Struct] | None = None
    body: Any = None
