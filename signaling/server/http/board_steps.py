"""Return the changes of a board with their times, one part in each response.

With these changes, a page can show the board as it was at any time.
"""

from __future__ import annotations

import base64
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.protocol.reading import QueryReader
from signaling.server.app_keys import RECORDS

from .bodies import read_query

PART_BYTES = 256 * 1024
"""One response has at most this many bytes of a board's changes, before base64. A larger change is in a response of its own."""

Number = Annotated[int, Meta(ge=0, le=1 << 53)]


class BoardStepItem(Struct, kw_only=True):
    """One change of a board. `at`: Unix ms; 0 for a change from an older version, which stored no times.

    `update`: a Yjs update in base64.
    """

    at: int
    update: str


class BoardHistory(Struct, kw_only=True):
    """A part of the changes of a session's board, in order.

    `epoch`, `next`: the page sends these values back to get the next part. `next` is 0 at the end.
    """

    steps: list[BoardStepItem]
    epoch: int
    next: int


class PartQuery(Struct, kw_only=True):
    """The query for a part of a board's changes. `epoch`, `after`: `epoch` and `next` of the previous part."""

    epoch: Number = 0
    after: Number = 0


_read_part: QueryReader[PartQuery] = QueryReader(PartQuery)


async def board_part(request: web.Request, session: str) -> BoardHistory:
    """Return the requested part of the changes of a session's board. Raises Refused(bad_request)."""
    asked = read_query(request, _read_part)
    part = await request.app[RECORDS].board_part(session, asked.epoch, asked.after, PART_BYTES)
    steps = [BoardStepItem(at=step.at, update=base64.b64encode(step.update).decode()) for step in part.steps]
    return BoardHistory(steps=steps, epoch=part.epoch, next=part.last if part.more else 0)
