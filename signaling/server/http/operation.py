"""One row of the table of HTTP routes (`api_table.py`)."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from msgspec import Struct

Who = Literal["anyone", "user", "participant", "staff", "operator", "token"]


class Media(NamedTuple):
    """A body that is no JSON."""

    type: str


class Nothing(Struct, kw_only=True):
    """The empty object."""


class Operation(NamedTuple):
    """One route. `answer` None: an answer without a body (204)."""

    method: str
    path: str
    who: Who
    says: str
    answer: Any = None
    parameters: type[Struct] | None = None
    body: Any = None
