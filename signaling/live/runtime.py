"""`Live`: all running sessions of one server. `Live` builds the parts, and offers them to HTTP and WebSocket handlers."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import structlog

from matcher.types import MatchStore, Unavailable
from signaling.access.admission import Admission
from signaling.access.invites import Invites
from signaling.access.turn_credentials import Turn
from signaling.config.settings import Bounds
from signaling.config.shares import Sites
from signaling.files import Files
from signaling.live.answering import Answering
from signaling.live.appointment_desk import AppointmentDesk
from signaling.live.appointments import Appointments
from signaling.live.arriving import Arriving
from signaling.live.briefs import Briefs
from signaling.live.call_quality import Calls
from signaling.live.chat import Lines
from signaling.live.clock import Now, wall_clock_ms
from signaling.live.connections import Hub
from signaling.live.earlier import Earlier
from signaling.live.effects import LiveEffects
from signaling.live.ended_rights import EndedRights
from signaling.live.entry import Entry
from signaling.live.erasing import Erasing
from signaling.live.guests import Guests
from signaling.live.index import Index
from signaling.live.inviting import Inviting
from signaling.live.listening import Listening
from signaling.live.loops import run_forever
from signaling.live.mailing import Mailing
from signaling.live.matcher_sync import Agreeing, Forgotten, never
from signaling.live.matching import Matching
from signaling.live.meters import Meters
from signaling.live.pages import Pages
from signaling.live.pending_writes import Owed
from signaling.live.presence import Presence
from signaling.live.pushing import Pushing
from signaling.live.queue_places import Places
from signaling.live.reading_along import ReadingAlongs
from signaling.live.requests import Requests
from signaling.live.returning import Returning
from signaling.live.room_orders import RoomOrders
from signaling.live.rooms import Rooms
from signaling.live.sessions import Sessions
from signaling.live.sleeping import Sleeping
from signaling.live.staff_boards import Boards
from signaling.live.staff_hours import StaffHours
from signaling.live.staffing import Staffing
from signaling.live.standby import StandBy
from signaling.live.stored_sessions import StoredSessions
from signaling.live.translating import Translating, Translator
from signaling.live.unattended import Unattended
from signaling.mail import Postbox, Sender
from signaling.mediaworkers.interface import MediaWorkers
from signaling.protocol.session_views import Line
from signaling.push import Sender as PushSender
from signaling.recordings import Recordings
from signaling.records import Records
from signaling.records.types import FileRecord
from signaling.session.model import NotAllowed, Person
from signaling.webhooks import Sender as WebhookSender

log = structlog.get_logger(__name__)

SWEEP_LONGEST_S = 5.0  # Largest number of seconds between two sweeps; in a sweep, the matcher ends what has expired.
SITES_S = 10.0  # Seconds between two counts of the sites and organisations, among which limits are divided.
RESTART_RETRY_MS = 300  # When this server ends, pages reconnect after this many milliseconds.
OWED_S = 3.0  # A closing server waits at most this many seconds until its pending writes are stored.
CLOSE_S = 4.0  # A closing server waits at most this many seconds in all for writes of sessions, mails, pushes and staff's times.


class Live:
    """The live sessions of one server. Start with `await start()`, end with `await close()`.

    A refused call raises `NotAllowed`.
    """

    def __init__(
        self,
        *,
        records: Records,
        store: MatchStore,
        workers: MediaWorkers,
        recordings: Recordings,
        files: Files,
        invites: Invites,
        postbox: Postbox,
        wallboard: str,
        pushes: PushSender,
        turn: Turn | None,
        refused: Counter[str],
        sender: Sender | None = None,
        webhooks: WebhookSender | None = None,
        forgotten: Forgotten = never,
        bounds: Bounds | None = None,
        translator: Translator | None = None,
        now: Now = wall_clock_ms,
        wall: Now = wall_clock_ms,
    ) -> None:
        """Make all parts of the live sessions. `refused` counts refused messages and calls by reason.

        `now`: a clock that never jumps. `wall`: the machine's clock, to which opening hours and booked times refer. `postbox`
        puts mails into the outbox. `wallboard`: the address of the operators' page. `forgotten` returns whether the matcher's
        store, if it is in Redis, has lost data since the last call.
        """
        self.records, self.store, self.workers, self.turn, self.refused, self.now = records, store, workers, turn, refused, now
        self.wall = wall
        self.sender, self._webhooks, self._pushes, self._recordings = sender, webhooks, pushes, recordings
        self.admission = Admission(bounds)
        self.index, self.hub, self.meters = Index(), Hub(), Meters()
        self.owed = Owed(records, self._count)
        # set when sessions and matcher may disagree; then `Agreeing` compares sessions and matcher
        self._unsettled = asyncio.Event()
        index, hub, owed, unsettled = self.index, self.hub, self.owed, self._unsettled
        self.earlier = Earlier(records=records, index=index)
        self.staff_hours = StaffHours(records, now)
        self.staffing = staffing = Staffing(store=store, hub=hub, index=index, hours=self.staff_hours, now=now)
        self.mailing = mailing = Mailing(
            postbox=postbox,
            records=records,
            index=index,
            staffing=staffing,
            wallboard=wallboard,
            count=refused,
            now=now,
            wall=wall,
        )
        self.pushing = pushing = Pushing(sender=pushes, records=records, index=index, hub=hub, count=refused, now=now)
        self.lines = Lines(records=records, owed=owed, answered=self._answered, now=now)
        self.requests = requests = Requests(staffing=staffing, store=store, refused=refused, unsettled=unsettled, now=now)
        orders = RoomOrders()
        self.sessions = sessions = Sessions(
            effects=LiveEffects(requests, self.lines, orders),
            index=index,
            records=records,
            owed=owed,
            recordings=recordings,
            refused=refused,
            mail_view=mailing.view,
            push_view=pushing.view,
            now=now,
            wall=wall,
        )
        self.translating = Translating(translator or Translator(""), records, self.index)
        sessions.translates = self.translating.enabled
        self.rooms = Rooms(
            orders=orders,
            sessions=sessions,
            index=index,
            workers=workers,
            records=records,
            recordings=recordings,
            lines=self.lines,
            translating=self.translating,
            meters=self.meters,
            refused=refused,
            now=now,
        )
        sessions.captions_ready = self.rooms.captions_ready
        self.pages = Pages(sessions=sessions, index=index, hub=hub, recordings=recordings, now=now)
        sessions.page_changed = self.pages.changed
        self.matching = Matching(
            requests=requests,
            sessions=sessions,
            staffing=staffing,
            store=store,
            records=records,
            index=index,
            hub=hub,
            meters=self.meters,
            pushing=pushing,
            now=now,
        )
        self.standby = StandBy(
            pushing=pushing,
            matching=self.matching,
            requests=requests,
            staffing=staffing,
            records=records,
            store=store,
            index=index,
            hub=hub,
            now=now,
        )
        self.matching.staff_moved = self.standby.changed
        self.calls = Calls(index=index, hub=hub, workers=workers, turn=turn)
        self.boards = Boards(
            sessions=sessions,
            staffing=staffing,
            calls=self.calls,
            places=Places(sessions=sessions, store=store, index=index, now=now),
            records=records,
            workers=workers,
            hub=hub,
            index=index,
            sends_mail=postbox.enabled,
            now=now,
        )
        self.listening = Listening(sessions=sessions, records=records, index=index, hub=hub)
        self.reading_along = ReadingAlongs(
            sessions=sessions,
            lines=self.lines,
            staffing=staffing,
            records=records,
            owed=owed,
            index=index,
            hub=hub,
            now=now,
        )
        self.agreeing = Agreeing(
            requests=requests,
            matching=self.matching,
            staffing=staffing,
            forgotten=forgotten,
            store=store,
            index=index,
            hub=hub,
            refused=refused,
            unsettled=unsettled,
            now=now,
        )
        self.presence = Presence(
            sessions=sessions,
            requests=requests,
            staffing=staffing,
            matching=self.matching,
            boards=self.boards,
            listening=self.listening,
            reading_along=self.reading_along,
            came_back=self._came_back,
            left=mailing.left,
            standby=self.standby,
            starting=self.agreeing.starting,
            records=records,
            store=store,
            index=index,
            hub=hub,
            refused=refused,
            now=now,
        )
        self.stored = StoredSessions(
            sessions=sessions,
            earlier=self.earlier,
            records=records,
            workers=workers,
            store=store,
            index=index,
            now=now,
        )
        self.ended_rights = EndedRights(
            requests=requests,
            sessions=sessions,
            staffing=staffing,
            let_go=self.presence.detach,
            records=records,
            store=store,
            index=index,
            hub=hub,
            refused=refused,
            now=now,
        )
        self.appointments = Appointments(records=records, index=index, staffing=staffing, now=now, wall=wall)
        self.desk = AppointmentDesk(
            appointments=self.appointments,
            sessions=sessions,
            mailing=self.mailing,
            records=records,
            index=index,
        )
        self.unattended = Unattended(records=records, index=index, staffing=staffing, now=now)
        self.answering = Answering(
            records=records,
            stored=self.stored,
            sessions=sessions,
            lines=self.lines,
            index=index,
            mailing=mailing,
        )
        self.arriving = Arriving(records=records, store=store, stored=self.stored, staffing=staffing, now=now)
        self.inviting = Inviting(
            records=records,
            stored=self.stored,
            sessions=sessions,
            lines=self.lines,
            mailing=mailing,
            appointments=self.appointments,
            index=index,
            hub=hub,
            url=invites.url,
            now=now,
        )
        self.guests = Guests(sessions=sessions, index=index, url=invites.url, now=now)
        self.returning = Returning(
            invites=invites,
            records=records,
            stored=self.stored,
            index=index,
            let_go=self.presence.detach,
            hide_page=self.pages.replaced,
            url=invites.url,
            now=now,
        )
        self.sleeping = Sleeping(sessions=sessions, staffing=staffing, places=self.boards.places, index=index, refused=refused)
        self.briefs = Briefs(sessions=sessions, mailing=mailing, index=index, now=now)
        self.erasing = Erasing(
            records=records,
            recordings=recordings,
            files=files,
            sessions=sessions,
            matching=self.matching,
            boards=self.boards,
            earlier=self.earlier,
            translating=self.translating,
            desk=self.desk,
            index=index,
        )
        self._tasks: list[asyncio.Task[None]] = []

    def _count(self, reason: str) -> None:
        self.refused[reason] += 1

    def _answered(self, entry: Entry, line: Line) -> None:
        self.mailing.answered(entry, line)
        self.pushing.answered(entry, line)

    def _came_back(self, entry: Entry) -> None:
        self.agreeing.came_back(entry)
        self.mailing.came_back(entry)
        self.pushing.looked(entry)

    async def start(self) -> None:
        self.meters.watch_records(self.records)
        await self.workers.start(self.rooms.on_event, self.rooms.worker_died)
        # start the workers first, because restored sessions open their rooms on the workers
        self._tasks = [asyncio.create_task(run_forever(self.rooms.run))]
        await self.stored.restore()
        self.reading_along.restore()
        # `insist` waits while the database is unavailable; without it, this server would fail in the middle of taking over
        for load in (self.mailing.start, self.pushing.start, self.boards.load_messages, self.erasing.start):
            await self.records.insist(load)
        loops = [
            self.matching.route,
            self.sessions.scheduler.run,
            self.sessions.follow_clock,
            self.rooms.journal,
            self.boards.run,
            self.calls.run,
            self.presence.keep_renewing,
            self.presence.keep_signed_in,
            self.staff_hours.run,
            self._sweep,
            self.erasing.watch,
            self.ended_rights.watch,
            self._count_sites,
            self.admission.watch,
            self.owed.run,
            self.listening.run,
            self.reading_along.run,
            self.meters.watch_loop,
            self.mailing.watch_queues,
            self.unattended.run,
            self.sleeping.bound,
            self.standby.watch,
            self.pages.catch_up,
            self.pages.kept.run,
            self.agreeing.run,
        ]
        self._unsettled.set()
        if self.pushing.enabled:
            loops.append(self._pushes.run)
        if self.sender is not None:
            loops.append(self.sender.run)
        if self._webhooks is not None:
            loops += [self._webhooks.run, self._webhooks.watch_crowds]
        self._tasks += [asyncio.create_task(run_forever(loop)) for loop in loops]
        with suppress(Unavailable):
            await self.standby.restore()

    def say_goodbye(self) -> None:
        """Tell every connected page to reconnect, because this server ends."""
        for client in list(self.hub.clients):
            client.bye("restart", RESTART_RETRY_MS)

    async def close(self) -> None:
        """Stop using the media workers, and end all tasks of the live sessions. Live sessions stay in the database."""
        await self.rooms.close()
        await self.workers.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.owed.settled(OWED_S)
                await self.mailing.close()
                await self.translating.close()
                await self.pushing.close()
                await self.staff_hours.close()
        except TimeoutError:
            log.warning("mails, pushes or working times of the last seconds are not stored")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._recordings.pages.write()

    async def _sweep(self) -> None:
        """Let the matcher end everything that has expired: rings, wrap-ups, and the matcher's sign-ins of staff who are gone.

        Runs until cancelled. The next sweep is at the matcher's next deadline, or after `SWEEP_LONGEST_S` if that is earlier.
        """
        while True:
            deadline = await self.store.next_deadline_ms()
            wait_s = SWEEP_LONGEST_S if deadline is None else (deadline - self.now()) / 1000
            await self.staffing.woken(min(max(wait_s, 0.01), SWEEP_LONGEST_S))
            await self.requests.sweep()

    async def _count_sites(self) -> None:
        """Count the sites and the organisations, because limits are divided among them. Runs until cancelled."""
        while True:
            self.admission.sites = Sites({site.id: site.organisation for site in await self.records.sites()})
            self.index.organisations = len(await self.records.organisations())
            await asyncio.sleep(SITES_S)

    # --- methods for HTTP handlers ---------------------------------------------------------------------------------------

    async def authorize_user(self, session_id: str, token: str) -> str | None:
        """Return the user's participant id if the token opens this session and the user may still connect. Else return None."""
        entry = await self.stored.by_token(token)
        return entry.session.user if entry is not None and entry.id == session_id else None

    def guest_in(self, session_id: str, token: str) -> Person | None:
        """Return the guest who is in this session with this credential, or None."""
        return self.guests.in_session(session_id, token)

    def staff_participant(self, session_id: str, staff_id: str) -> str | None:
        entry = self.index.entries.get(session_id)
        person = entry.session.people.get(staff_id) if entry else None
        return person.id if person is not None and person.staff and not person.gone else None

    def may_read_lines(self, session_id: str, staff_id: str) -> bool:
        """Return whether this member takes part in the session, or reads along because a colleague has mentioned this member."""
        entry = self.index.entries.get(session_id)
        reads = entry is not None and staff_id in entry.readers
        return reads or self.staff_participant(session_id, staff_id) is not None

    def in_conversation(self, staff_id: str) -> bool:
        return self.index.active_of(staff_id) > 0

    async def share_file(self, line_id: str, file: FileRecord) -> Line:
        """Store the chat line about a file, and show it to its audience.

        If the user sends the file, wake a sleeping conversation first. Raises NotAllowed, RecordsAway or UnknownSession. In these
        cases, neither the file nor the line stays in the database.
        """
        entry = self.index.entries.get(file.session)
        person = entry.session.people.get(file.author) if entry is not None else None
        if entry is None or person is None or person.gone:
            raise NotAllowed("wrong_state")
        if entry.session.state == "asleep" and person.id == entry.session.user:
            await self.sleeping.wake(entry)
        return await self.lines.share(entry, person, line_id, file)
