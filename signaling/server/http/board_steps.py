"""The changes of a board with their times, from which a page shows the board as it was at any time."""

from __future__ import annotations

import base64

from msgspec import Struct

from signaling.records import Records


class BoardStepItem(Struct, kw_only=True):
    """One change of a board. `at`: Unix ms; 0 for a change from an older version, which stored no times.

    `update`: a Yjs update in base64.
    """

    at: int
    update: str


async def board_steps(records: Records, session: str) -> list[BoardStepItem]:
    """Return the changes of a session's board, in order."""
    steps = await records.board_steps(session)
    return [BoardStepItem(at=step.at, update=base64.b64encode(step.update).decode()) for step in steps]
