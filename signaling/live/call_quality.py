"""Poll the media workers for call quality while an operator watches the wallboard.

The wallboard shows the grades of all calls. An operator who watches one call also gets the details of that call.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import structlog

from media.api import wire as media
from media.api.client import WorkerError
from signaling.access.rights import may_at
from signaling.access.turn_credentials import Turn
from signaling.live.connections import Client, Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.quality_grade import grade, worst
from signaling.mediaworkers.interface import MediaWorker, MediaWorkers
from signaling.protocol.server_messages import CallQuality
from signaling.protocol.staff_views import PersonQuality, StreamQuality
from signaling.protocol.words import Grade
from signaling.session.model import Person

log = structlog.get_logger(__name__)

EVERY_S = 2.0  # Seconds between two polls of the media workers.
ANSWER_S = 1.5  # A media worker must answer a poll within this many seconds.
ADDRESSES_S = 300.0  # Seconds for which the resolved addresses of TURN servers are cached.


class Calls:
    """The quality of the running calls at the last poll of the media workers.

    `loads`: worker → the share of a CPU core that the worker uses. `grades`: session → grade of the worst connection among the
    session's participants. `changed`: whether the grades have changed since the wallboard was last sent.
    """

    def __init__(self, *, index: Index, hub: Hub, workers: MediaWorkers, turn: Turn | None) -> None:
        self._index = index
        self._hub = hub
        self._workers = workers
        self.turn = turn
        self.loads: dict[str, float] = {}
        self.grades: dict[str, Grade] = {}
        self.changed = False
        self._found: dict[str, list[media.PeerQuality]] = {}
        self._used: dict[str, tuple[float, float]] = {}
        self._relays: frozenset[str] = frozenset()
        self._relays_until_s = 0.0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            watchers = list(self._hub.watchers())
            if not watchers:
                self.loads, self.grades, self._found, self._used = {}, {}, {}, {}
                continue
            await self._look()
            for client in watchers:
                self.tell(client)

    async def look(self, client: Client) -> None:
        """Send the call quality to an operator who has just begun to watch a call.

        Poll the media workers first if no quality is known yet.
        """
        if not self._found:
            await self._look()
        self.tell(client)

    def tell(self, client: Client) -> None:
        entry = self._index.entries.get(client.watched)
        if entry is not None and client.staff is not None and may_at(client.staff, "live.watch", entry.site):
            client.send(self._quality(entry))

    # --- asking the workers ----------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        await self._find_relays()
        workers = self._workers.usable()
        answers = await asyncio.gather(*(self._ask(worker) for worker in workers))
        self._found = {room: peers for rooms in answers for room, peers in rooms.items()}
        grades = {room: worst(map(grade, _there(peers))) for room, peers in self._found.items()}
        before, self.grades = self.grades, {room: found for room, found in grades.items() if found is not None}
        self.changed = self.changed or self.grades != before
        known = {worker.id for worker in workers}
        self.loads = {worker: load for worker, load in self.loads.items() if worker in known}
        self._used = {worker: used for worker, used in self._used.items() if worker in known}

    async def _ask(self, worker: MediaWorker) -> dict[str, list[media.PeerQuality]]:
        try:
            async with asyncio.timeout(ANSWER_S):
                stats, rooms = await asyncio.gather(worker.client.stats(), worker.client.quality())
        except (WorkerError, TimeoutError):
            return {}
        now_s = asyncio.get_running_loop().time()
        before_s, used_s = self._used.get(worker.id, (now_s, stats.processor_s))
        self._used[worker.id] = (now_s, stats.processor_s)
        if now_s > before_s:
            self.loads[worker.id] = round((stats.processor_s - used_s) / (now_s - before_s), 3)
        return rooms

    async def _find_relays(self) -> None:
        """Find the addresses of our TURN servers. A connection whose packets come from one of these goes through a TURN server.

        A TURN server is not recognised if it sends from an address to which its name does not resolve.
        """
        loop = asyncio.get_running_loop()
        if self.turn is None or loop.time() < self._relays_until_s:
            return
        self._relays_until_s = loop.time() + ADDRESSES_S
        hosts = {urlsplit(url.replace(":", "://", 1)).hostname or "" for url in self.turn.urls}
        found: set[str] = set()
        for host in hosts:
            try:
                found |= {str(each[4][0]) for each in await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)}
            except OSError as error:
                log.info("relay not resolved", error=type(error).__name__)
        self._relays = frozenset(found)

    # --- sending the quality to operators --------------------------------------------------------------------------------

    def _quality(self, entry: Entry) -> CallQuality:
        peers = {peer.participant: peer for peer in _there(self._found.get(entry.id, ()))}
        people = [self._person(person, peers.get(person.id)) for person in entry.session.present() if not person.reading]
        return CallQuality(session=entry.id, people=people)

    def _person(self, person: Person, peer: media.PeerQuality | None) -> PersonQuality:
        told = PersonQuality(id=person.id, name=person.name, role=person.role)
        if peer is None:
            told.path = "text" if person.peer == "text_only" else "none"
            return told
        told.path = "relay" if peer.address in self._relays else "direct"
        told.grade = grade(peer)
        told.rtt_ms, told.carries_bps, told.concealed_percent = peer.rtt_ms, peer.carries_bps, peer.concealed_percent
        told.up, told.down = [_stream(each) for each in peer.up], [_stream(each) for each in peer.down]
        return told


def _there(peers: Iterable[media.PeerQuality]) -> list[media.PeerQuality]:
    return [peer for peer in peers if peer.state in ("live", "lost")]


def _stream(stream: media.StreamQuality) -> StreamQuality:
    return StreamQuality(
        kind=stream.kind,
        bps=stream.bps,
        layer=stream.layer,
        source=stream.source,
        lost_percent=stream.lost_percent,
        jitter_ms=stream.jitter_ms,
    )
