"""Group commit of session states: all saves that arrive during one transaction share the next transaction.

When ten thousand clients reconnect at the same time, one transaction for each session would take longer than any other step of
the reconnecting. In a shared transaction, saving a session takes a twentieth of the time that a transaction of its own takes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

import sqlalchemy as sa

from signaling.protocol.words import Channel, SessionState

from . import tables as t
from .announcing import Standing
from .leading import Leading
from .types import Overtaken, RecordsAway, UnknownSession

MOST_TOGETHER = 500  # at most this many saves in one transaction
# After a transaction, at most this many of the callers that waited for it go on in one iteration of the event loop. Each caller
# then works for up to 1 ms, and other work, such as a chat line, must not wait for all callers.
TOLD_A_TURN = 8

_c = t.session.c
_AS_GIVEN = ("state", "channel", "snapshot", "active_at", "ended_at", "end_reason", "counselor", "professional")
_KEPT_WHEN_NONE = ("waiting_at", "user_name")
_KEPT = sa.and_(_c.id == sa.bindparam("session_id"), _c.end_reason != "erased")
_SAVE = (
    sa.update(t.session)
    .where(_KEPT)
    .values(
        {name: sa.bindparam(f"new_{name}", type_=_c[name].type) for name in _AS_GIVEN}
        | {name: sa.func.coalesce(sa.bindparam(f"new_{name}", type_=_c[name].type), _c[name]) for name in _KEPT_WHEN_NONE}
    )
)

Save = dict[str, Any]


class Saves(Leading):
    """Saves states of sessions, several in one transaction."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._saves: list[tuple[Save, asyncio.Future[None]]] = []
        self._saving: asyncio.Task[None] | None = None
        # Callers whose save has ended, and whom `_tell` has not woken yet. Each has the exception if the save has failed.
        self._ended: deque[tuple[asyncio.Future[None], Exception | None]] = deque()

    async def close(self) -> None:
        """Finish the saves that are waiting, then close the database."""
        if self._saving is not None:
            await asyncio.gather(self._saving, return_exceptions=True)
        while self._ended:
            _tell(*self._ended.popleft())
        await super().close()

    async def save_session(
        self,
        session_id: str,
        *,
        state: SessionState,
        channel: Channel,
        snapshot: bytes,
        waiting_at: int | None = None,
        active_at: int | None = None,
        ended_at: int | None = None,
        end_reason: str = "",
        counselor: str = "",
        professional: str = "",
        user_name: str | None = None,
    ) -> None:
        """Save the whole present state of a session. Erased sessions stay erased.

        If `waiting_at` or `user_name` is None, the value that is stored stays. Raises UnknownSession when the session does not
        exist, Overtaken when another server leads, and RecordsAway when the database is unavailable.
        """
        save: Save = {
            "session_id": session_id,
            "new_state": state,
            "new_channel": channel,
            "new_snapshot": snapshot,
            "new_active_at": active_at,
            "new_ended_at": ended_at,
            "new_end_reason": end_reason,
            "new_counselor": counselor,
            "new_professional": professional,
            "new_waiting_at": waiting_at,
            "new_user_name": user_name,
        }
        written = asyncio.get_running_loop().create_future()
        self._saves.append((save, written))
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        while self._saves:
            together, self._saves = self._saves[:MOST_TOGETHER], self._saves[MOST_TOGETHER:]
            try:
                await self._write_together(together)
            except asyncio.CancelledError:  # the callers who wait for these saves are cancelled, too
                ended = {written for written, _ in self._ended}
                for _, written in together:
                    if written not in ended:
                        written.cancel()
                raise

    async def _write_together(self, together: list[tuple[Save, asyncio.Future[None]]]) -> None:
        """Write the saves in one transaction.

        If the database refuses the transaction, write each save alone, so that only the faulty save fails.
        """
        failed: Exception | None = None
        kept: set[str] = set()
        try:
            kept = await self._write([save for save, _ in together])
        except (RecordsAway, Overtaken) as error:
            failed = error
        except Exception as error:
            if len(together) > 1:
                for one in together:
                    await self._write_together([one])
                return
            failed = error
        others_wait = bool(self._ended)
        for save, written in together:
            self._ended.append((written, failed or (None if save["session_id"] in kept else UnknownSession(save["session_id"]))))
        if not others_wait:
            self._tell_some()

    def _tell_some(self) -> None:
        """Let the first `TOLD_A_TURN` callers go on now, and the other callers in the next turns of the event loop.

        The next transaction does not wait for them.
        """
        for _ in range(min(TOLD_A_TURN, len(self._ended))):
            _tell(*self._ended.popleft())
        if self._ended:
            asyncio.get_running_loop().call_soon(self._tell_some)

    async def _write(self, saves: list[Save]) -> set[str]:
        """Write the states of sessions. Return the ids of those sessions that exist, including erased ones."""
        ids = {save["session_id"] for save in saves}

        def write(connection: sa.Connection) -> set[str]:
            self.require_leading(connection)
            before = Standing(connection, ids)
            changed = connection.execute(_SAVE, saves).rowcount
            before.announce(saves)
            if changed == len(saves):
                return ids
            return set(connection.execute(sa.select(_c.id).where(_c.id.in_(ids))).scalars())

        return await self._transaction(write, writes=True)


def _tell(written: asyncio.Future[None], failed: Exception | None) -> None:
    if written.done():  # the caller of this save was cancelled and does not wait any more
        return
    if failed is None:
        written.set_result(None)
    else:
        written.set_exception(failed)
