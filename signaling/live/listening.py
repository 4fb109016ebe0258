"""Let operators listen in on calls. If the site allows it, an operator can also whisper to the staff, and join the call.

Listening starts only at the operator's request. An audit entry is stored before the operator hears anything. While the database
is unavailable, nobody can begin to listen. Listening ends when the site no longer allows it. Whispering and joining also start at
the operator's request, have audit entries, and end when the site no longer allows them.
"""

from __future__ import annotations

import asyncio

from signaling.live.connections import Client, Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.sessions import Sessions
from signaling.protocol.server_messages import Replaced
from signaling.protocol.staff_messages import SetListening
from signaling.records import Records
from signaling.records.types import StaffRecord
from signaling.session import listening
from signaling.session.events import ListenedAs, ListenStarted, ListenStopped, ListenWhy
from signaling.session.model import NotAllowed

LOOK_S = 0.5  # seconds between two checks whether sites still allow listening in


class Listening:
    def __init__(self, *, sessions: Sessions, records: Records, index: Index, hub: Hub) -> None:
        self._records = records
        self._index = index
        self._hub = hub
        self.sessions = sessions

    async def start(self, client: Client, operator: StaffRecord, session: str) -> None:
        """Let the operator listen to the session from now on.

        Raise `NotAllowed` with the reason if the site or the session forbids it.
        """
        entry = self._index.entries.get(session)
        if entry is None:
            raise NotAllowed("unknown")
        await self.sessions.renew_site(entry)
        if entry.site.listening == "off":
            raise NotAllowed("listening_off")
        listening.check(entry.session, operator.id)
        again = operator.id in entry.session.listeners
        if not again:
            await self._records.audit(operator.id, "listen.begin", f"session/{entry.id}")
        former = entry.hold(operator.id, client)
        if former is not None and former is not client:
            former.send(Replaced(session=entry.id))
        try:
            await self.sessions.apply(entry, ListenStarted(operator.id, operator.name))
        except NotAllowed:
            entry.release(operator.id)
            await self._records.audit(operator.id, "listen.end", f"session/{entry.id}", "0 s")
            raise
        if client not in self._hub.clients:  # the operator's connection was closed while this method waited
            await self.stop(operator.id, session, "lost")
        elif again:
            self.sessions.show(entry)

    async def stop(self, operator: str, session: str, why: ListenWhy = "stopped") -> None:
        entry = self._index.entries.get(session)
        if entry is not None:
            await self.sessions.apply(entry, ListenStopped(operator, why))

    async def change(self, entry: Entry, operator: str, message: SetListening) -> None:
        """Let a listener whisper or join, or let them only listen again. Raise `NotAllowed` if the site forbids it."""
        await self.sessions.renew_site(entry)
        if message.how not in listening.ALLOWED[entry.site.listening]:
            raise NotAllowed("speaking_off")
        await self.sessions.apply(entry, ListenedAs(operator, message.how, message.mic, message.record))

    async def run(self) -> None:
        """Regularly check whether the sites of sessions with listeners still allow listening in. Runs until cancelled.

        The check is needed because the command line can change the setting.
        """
        while True:
            await asyncio.sleep(LOOK_S)
            for entry in [each for each in self._index.running.values() if each.session.listeners]:
                await self._look(entry)

    async def _look(self, entry: Entry) -> None:
        await self.sessions.renew_site(entry)
        allowed = listening.ALLOWED[entry.site.listening]
        for listener in list(entry.session.listeners.values()):
            if not allowed:
                await self.stop(listener.id, entry.id, "turned_off")
            elif listener.how not in allowed:
                await self.sessions.apply(entry, ListenedAs(listener.id, "listen"))
        self.sessions.show(entry)
