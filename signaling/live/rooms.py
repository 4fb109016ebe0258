"""Keep the rooms of active sessions open on media workers.

A room is opened with its session's epoch (how often the room was opened) and gets the session's matrix (who hears and sees whom).
When the session has ended, the room is closed.

After any change, one task per room compares the actual state of the room with the wanted state, and sends the difference to the
worker. When a worker fails, the session's epoch increases. Then the same comparison opens the room on another worker.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

import structlog

from media.api import wire as media
from media.api.client import WorkerError, WorkerRefused, WorkerUnreachable
from signaling.live.chat import Lines
from signaling.live.clock import Now
from signaling.live.entry import Entry, RoomState
from signaling.live.index import Index
from signaling.live.meters import Meters
from signaling.live.peer_ends import PEER_ENDS, is_fault
from signaling.live.room_orders import DropOrder, RoomOrders
from signaling.live.sessions import Sessions
from signaling.live.translating import Translating
from signaling.mediaworkers.interface import MediaWorker, MediaWorkers
from signaling.protocol.client_messages import BoardMessage
from signaling.protocol.server_messages import Answer, BoardOut, Caption, PeerEnded, Speaking, encode
from signaling.protocol.texts import BadText, Seen
from signaling.recordings import Recordings
from signaling.records import Records
from signaling.records.types import RecordsAway, StaleEpoch, UnknownSession
from signaling.session.events import CaptionsFailed, PeerChanged, PeerOffered, RecordingFailed, RoomLost
from signaling.session.model import NotAllowed

log = structlog.get_logger(__name__)

# a browser's SDP offer waits at most this many seconds until its room is open; opening can take long if a worker must first start
READY_TIMEOUT_S = 8.0
RETRY_S = 0.1
RETRY_AFTER_FAULT_S = 1.0  # If the database has failed, the next try to open or change a room comes after this many seconds.
CLOSE_TIMEOUT_S = 1.0  # A server that ends waits at most this many seconds for its rooms to close.

# At most this many board updates of all rooms together wait to be stored. Until fewer wait, the server reads no workers' events.
JOURNAL_UPDATES = 10_000


CAPTION = Seen(2000, cut=True)  # rule by which a caption's words are checked and cut, because a speech model can write any text


class Rooms:
    def __init__(
        self,
        *,
        orders: RoomOrders,
        sessions: Sessions,
        index: Index,
        workers: MediaWorkers,
        records: Records,
        recordings: Recordings,
        lines: Lines,
        translating: Translating,
        meters: Meters,
        refused: Counter[str],
        now: Now,
    ) -> None:
        self._index = index
        self._workers = workers
        self._records = records
        self._recordings = recordings
        self._lines = lines
        self._translating = translating
        self._meters = meters
        self._refused = refused
        self._now = now
        self._orders = orders
        self._sessions = sessions
        self._tasks: set[asyncio.Task[None]] = set()
        self._journal: asyncio.Queue[tuple[int, media.BoardChanged]] = asyncio.Queue(JOURNAL_UPDATES)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """If the workers end with this server, close every room, so that this server gets the last strokes on the boards."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ending = [] if self._workers.outlive else self._index.entries.values()
        opened = [entry for entry in ending if entry.room.opened]
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await asyncio.gather(*(self._close_room(entry) for entry in opened))
                if opened:
                    await self._workers.heard(CLOSE_TIMEOUT_S)
                await self.flushed()
        except (TimeoutError, RecordsAway):
            log.warning("rooms not closed in time", rooms=len(opened))

    # --- commands to the worker -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Carry out the queued orders: bring a room to its wanted state, or close one peer connection.

        At most one task at a time works on the state of a room.
        """
        while True:
            order = await self._orders.next()
            if isinstance(order, DropOrder):
                self._spawn(self._drop_peer(order))
            elif order.room.task is None:
                order.room.task = self._spawn(self._drive(order))

    async def _drive(self, entry: Entry) -> None:
        room, failed = entry.room, ""
        try:
            while room.dirty:
                room.dirty = False
                room.kicked.clear()
                try:
                    await self._reconcile(entry)
                    failed = ""
                except WorkerError as error:
                    if str(error) != failed:
                        failed = str(error)
                        log.warning("room command failed", session=entry.id, error=failed)
                    room.opened, room.dirty = 0, True
                    with suppress(TimeoutError):
                        async with asyncio.timeout(RETRY_S):
                            await room.kicked.wait()
                except (StaleEpoch, UnknownSession):
                    self._refused["board_epoch"] += 1
                except Exception:  # for example, the database has failed; try again, because people wait for this room
                    log.exception("room not brought about", session=entry.id)
                    room.dirty, room.sent = True, None
                    await asyncio.sleep(RETRY_AFTER_FAULT_S)
        finally:
            room.task = None

    async def _reconcile(self, entry: Entry) -> None:
        room, session = entry.room, entry.session
        if session.state != "active":
            await self._close_room(entry)
            return
        epoch = session.epoch
        if room.opened != epoch or room.worker is None or not room.worker.usable:
            await self._open(entry, epoch)
        if room.worker is not None and room.opened == session.epoch:
            wanted = entry.grid.for_worker(epoch)
            if wanted != room.sent:
                # set `sent` before the call: another task may clear it during the call, so that the matrix (who hears and sees
                # whom) is sent again
                room.sent = wanted
                await room.worker.client.set_matrix(entry.id, wanted)
            room.ready.set()

    async def _open(self, entry: Entry, epoch: int) -> None:
        room = entry.room
        region = entry.session.region
        worker = self._workers.place(entry.id, region)
        if worker is None:
            raise WorkerUnreachable("no worker")
        updates = await self._board_so_far(entry, epoch)
        state = await worker.client.open_room(entry.id, media.OpenRoom(epoch=epoch, board=updates))
        self._meters.room_opened("any" if not region else "near" if worker.region == region else "far")
        room.worker, room.opened, room.sent = worker, epoch, None
        if room.kept:
            room.kept = False
            await self._take_peers(entry, state)

    async def _board_so_far(self, entry: Entry, epoch: int) -> list[bytes]:
        """Return the stored updates of the board. From now on, the database refuses updates of earlier epochs of the room.

        An epoch counts how often the room was opened. While the database is unavailable, the board starts empty. In this case the
        browsers send their copies of the board, as they do in every new room. After that, the database refuses updates of earlier
        epochs as soon as it has stored an update of this epoch.
        """
        try:
            await self.flushed()
            return await self._records.open_board(entry.id, epoch)
        except RecordsAway:
            log.warning("room opened without its board's journal", session=entry.id)
            return []

    async def _take_peers(self, entry: Entry, state: media.RoomState) -> None:
        """Take over the peer connections of a room that was already open on the worker."""
        known = {peer.peer for peer in state.peers}
        people = entry.session.people.values()
        believed = [(person.id, name) for person in people for name in (person.former_id, person.peer_id) if name]
        for participant, name in believed:
            if name not in known:
                await self._sessions.apply(entry, PeerChanged(participant, name, state.epoch, "gone"))
        for peer in state.peers:
            await self._sessions.apply(entry, PeerChanged(peer.participant, peer.peer, state.epoch, peer.state))

    async def _close_room(self, entry: Entry) -> None:
        room = entry.room
        room.ready.clear()
        if room.worker is not None and room.worker.usable and room.opened:
            try:
                await room.worker.client.close_room(entry.id, room.opened)
            except WorkerError as error:
                log.warning("room not closed", session=entry.id, error=str(error))
        self._workers.forget(entry.id)
        room.worker, room.opened, room.sent = None, 0, None

    async def _ready(self, entry: Entry) -> MediaWorker:
        room: RoomState = entry.room
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                while True:
                    await room.ready.wait()
                    if room.worker is not None and room.opened == entry.session.epoch:
                        return room.worker
                    room.ready.clear()
                    self._orders.kick(entry)
        except TimeoutError:
            raise NotAllowed("no_worker") from None

    async def offer(self, entry: Entry, participant: str, tab: str, sdp: str, reply_to: int | None) -> Answer:
        """Let the worker admit a new peer connection of this participant, which the browser offers by `sdp`.

        Raise `NotAllowed` with the worker's own reason, or with one of these reasons:

        - "no_worker": no worker has opened the room in time, or the worker cannot be reached
        - "wrong_state": meanwhile the participant has left or sent another SDP offer, or the room has moved to another worker
        """
        peer = f"peer-{secrets.token_hex(6)}"
        await self._sessions.apply(entry, PeerOffered(participant, peer, tab))
        worker, epoch = await self._ready(entry), entry.session.epoch
        person = entry.session.anyone(participant)
        # while `_ready` waited, the participant has left or sent another SDP offer, or the room has moved
        if person is None or person.peer_id != peer:
            raise NotAllowed("wrong_state")
        try:
            former = person.former_id
            command = media.AdmitPeer(epoch=epoch, peer=peer, participant=participant, sdp=sdp, former=former)
            admitted = await worker.client.admit(entry.id, command)
        except WorkerError as error:
            await self._sessions.apply(entry, PeerChanged(participant, peer, epoch, "gone"))
            if isinstance(error, WorkerRefused):
                self._refused[error.reason] += 1
                if error.reason in ("no_room", "stale_epoch"):
                    await self._sessions.apply(entry, RoomLost(epoch))
                raise NotAllowed(error.reason, error.message) from None
            raise NotAllowed("no_worker") from None
        return Answer(session=entry.id, sdp=admitted.sdp, peer=peer, epoch=epoch, id=reply_to)

    async def _drop_peer(self, drop: DropOrder) -> None:
        try:
            await drop.worker.client.close_peer(drop.room, drop.peer, drop.epoch)
        except WorkerError:
            self._refused["close_peer"] += 1

    async def board_in(self, entry: Entry, participant: str, message: BoardMessage) -> None:
        try:
            data = base64.b64decode(message.data, validate=True)
        except (binascii.Error, ValueError):
            raise NotAllowed("bad_board") from None
        if entry.session.state != "active":
            raise NotAllowed("wrong_state")
        worker = await self._ready(entry)
        try:
            command = media.BoardIn(epoch=entry.room.opened, participant=participant, data=data)
            await worker.client.board_in(entry.id, command)
        except WorkerRefused as error:
            raise NotAllowed(error.reason, error.message) from None
        except WorkerUnreachable:
            raise NotAllowed("no_worker") from None

    # --- events from the workers -----------------------------------------------------------------------------------------

    async def on_event(self, event: media.WorkerEvent) -> None:
        handler = self._ON_EVENT.get(type(event))
        if handler is not None:
            await handler(self, event)

    async def _peer_changed(self, event: media.PeerChanged) -> None:
        entry = self._index.entries.get(event.room)
        if entry is None:
            return
        if event.state in ("replaced", "gone"):
            # the limits on picture quality belong to the ended connection; the next connection reports its own limits
            entry.limits.pop(event.participant, None)
            self._say_why(entry, event)
        await self._sessions.apply(entry, PeerChanged(event.participant, event.peer, event.epoch, event.state))

    def _say_why(self, entry: Entry, event: media.PeerChanged) -> None:
        """Tell the participant's browser which fault ended its peer connection."""
        reason, client = event.reason, entry.holders.get(event.participant)
        if not is_fault(reason):
            return
        self._refused["peer." + reason] += 1
        log.info("peer ended", session=entry.id, peer=event.peer, reason=reason)
        if client is not None:
            client.send(PeerEnded(session=entry.id, peer=event.peer, reason=reason, message=PEER_ENDS[reason]))

    def captions_ready(self, entry: Entry) -> bool:
        """Return whether a captions process is connected to the worker of the session's room.

        If the room is not open, return whether a captions process is connected to any worker.
        """
        worker = entry.room.worker
        return worker.captions if worker is not None else any(each.captions for each in self._workers.usable())

    async def _captions_ready(self, event: media.CaptionsReady) -> None:
        for entry in list(self._index.running.values()):
            self._sessions.show(entry)

    async def _captioned(self, event: media.Captioned) -> None:
        """Send a caption to the participants who could hear its words and who want captions.

        Store a complete caption if the participants have agreed to keep captions.
        """
        entry = self._index.entries.get(event.room)
        if entry is None or event.epoch != entry.session.epoch or not entry.session.captions.on:
            return
        try:
            text = CAPTION(event.text)
        except BadText:
            return
        caption = Caption(
            session=entry.id,
            participant=event.participant,
            utterance=event.utterance,
            text=text,
            language=event.language,
            confidence=event.confidence,
            final=event.final,
            lost=event.lost,
        )
        frame = encode(caption)
        readers = [each for each in entry.session.captions.wanted if each in event.heard_by and each in entry.holders]
        for reader in readers:
            entry.holders[reader].send_encoded(frame)
        if event.final and text:
            self._translating.caption(entry, caption, readers)
        person = entry.session.anyone(event.participant)
        kept = event.kept and entry.session.captions.kept
        if event.final and text and kept and person is not None and person.captions == "yes":
            by_user = entry.session.user in (event.participant, *event.heard_by)
            args = {"language": event.language, "confidence": f"{event.confidence:.2f}"}
            line_id = f"caption-{event.epoch}-{event.utterance}"
            await self._lines.caption(entry, person, line_id, text, "all" if by_user else "staff", args)

    async def _captions_over(self, event: media.CaptionsOver) -> None:
        entry = self._index.entries.get(event.room)
        if entry is not None:
            await self._sessions.apply(entry, CaptionsFailed(event.epoch))

    async def _snapshot(self, event: media.Snapshot) -> None:
        """Correct the states of peer connections by a snapshot of the worker's rooms.

        A worker sends a snapshot when events may have been missed. If captions have ended in a room without this server's
        knowledge, the worker gets the room's matrix (who hears and sees whom) again. Then the worker starts captions again, or
        sends `CaptionsOver` again.
        """
        for room in event.rooms:
            entry = self._index.entries.get(room.room)
            if entry is None:
                continue
            for peer in room.peers:
                await self._sessions.apply(entry, PeerChanged(peer.participant, peer.peer, room.epoch, peer.state))
            if entry.session.captions.on and room.epoch == entry.session.epoch and not room.captions:
                entry.room.sent = None
                self._orders.kick(entry)

    async def _speaking_changed(self, event: media.SpeakingChanged) -> None:
        """Tell each participant which of the people whom they hear are speaking, and whether they are speaking themselves."""
        entry = self._index.entries.get(event.room)
        if entry is None or event.epoch != entry.session.epoch:
            return
        entry.speaking = event.participants
        for participant, client in entry.holders.items():
            audible = {participant, *entry.grid.hears.get(participant, ())}
            client.send(Speaking(session=entry.id, participants=[each for each in event.participants if each in audible]))

    async def _pictures_limited(self, event: media.PicturesLimited) -> None:
        entry = self._index.entries.get(event.room)
        if entry is not None and event.epoch == entry.session.epoch and entry.limits.get(event.participant, {}) != event.slots:
            entry.limits[event.participant] = event.slots
            self._sessions.show(entry)

    async def _board_out(self, event: media.BoardOut) -> None:
        entry = self._index.entries.get(event.room)
        if entry is None or event.epoch != entry.session.epoch:
            return
        person = entry.session.people.get(event.participant)
        if event.participant in entry.holders and person is not None and not person.is_camera:
            data = base64.b64encode(event.data).decode()
            entry.holders[event.participant].send(BoardOut(session=entry.id, data=data))

    async def _board_changed(self, event: media.BoardChanged) -> None:
        await self._journal.put((self._now(), event))

    async def _recording_over(self, event: media.RecordingOver) -> None:
        """Announce a closed recording segment, and stop recording if the worker could not write.

        Delete the segment if the session was erased, or if the user has withdrawn consent for this period of the recording.
        """
        entry = self._index.entries.get(event.room)
        if entry is None:
            record = await self._records.session(event.room)
            if record is None or record.end_reason == "erased":
                await self._recordings.erase(event.room)
            return
        if event.reason:
            await self._sessions.apply(entry, RecordingFailed(event.epoch, event.period, event.reason))
        if event.period <= entry.session.recording.erased:
            await self._recordings.erase(entry.id, entry.session.recording.erased)
        else:
            await self._sessions.recording_ready(entry, event.epoch, event.period)

    _ON_EVENT: ClassVar[dict[type[Any], Callable[[Rooms, Any], Awaitable[None]]]] = {
        media.Snapshot: _snapshot,
        media.PeerChanged: _peer_changed,
        media.SpeakingChanged: _speaking_changed,
        media.PicturesLimited: _pictures_limited,
        media.BoardOut: _board_out,
        media.BoardChanged: _board_changed,
        media.RecordingOver: _recording_over,
        media.CaptionsReady: _captions_ready,
        media.Captioned: _captioned,
        media.CaptionsOver: _captions_over,
    }

    async def journal(self) -> None:
        """Write board updates to the database, each with its room's epoch (how often the room was opened).

        `Records` refuses updates of an older epoch. Refusals are counted.

        Runs until cancelled.
        """
        while True:
            at, event = await self._journal.get()
            try:
                await self._records.insist(partial(self._records.append_board, event.room, event.epoch, event.update, at))
            except (StaleEpoch, UnknownSession):
                self._refused["board_epoch"] += 1
            except Exception:
                log.exception("board update not journalled", session=event.room)
            finally:
                self._journal.task_done()

    @property
    def waiting_for_records(self) -> int:
        """Return the number of board updates that the database does not have yet."""
        return self._journal.qsize()

    async def flushed(self) -> None:
        """Wait until the database contains every board update that the server has received.

        Raise `RecordsAway` if the database is unavailable, or becomes unavailable during the wait.
        """
        joining = asyncio.create_task(self._journal.join())
        leaving = asyncio.create_task(self._records.away.wait())
        try:
            await asyncio.wait((joining, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not joining.done():
                raise RecordsAway
        finally:
            joining.cancel()
            leaving.cancel()

    async def worker_died(self, rooms: list[str]) -> None:
        async with asyncio.TaskGroup() as moving:
            for room in rooms:
                if (entry := self._index.entries.get(room)) is not None:
                    moving.create_task(self._moved(entry))

    async def _moved(self, entry: Entry) -> None:
        entry.room.ready.clear()
        try:
            await self._sessions.apply(entry, RoomLost(entry.room.opened or entry.session.epoch))
        except Exception:
            log.exception("room not moved", session=entry.id)
