"""`Live`: all running sessions of one server. It builds the parts and offers their methods to HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from contextlib import suppress
from functools import partial

import msgspec
import structlog

from matcher.estimate import either
from matcher.types import MatchStore, Place, Unavailable
from signaling.access.admission import Admission, Crowd
from signaling.access.brief import Supplement, walked, with_field
from signaling.access.identity import token_hash
from signaling.access.invites import InviteRefused, Invites
from signaling.access.turn_credentials import Turn
from signaling.config.settings import Bounds
from signaling.files import Files
from signaling.live.answering import Answering
from signaling.live.call_quality import Calls
from signaling.live.chat import Lines
from signaling.live.clock import Now, wall_clock_ms
from signaling.live.connections import Hub
from signaling.live.earlier import Earlier
from signaling.live.effects import LiveEffects
from signaling.live.ended_rights import EndedRights
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.listening import Listening
from signaling.live.loops import run_forever
from signaling.live.mailing import Mailing, address_for
from signaling.live.matcher_sync import Agreeing, Forgotten
from signaling.live.matching import Matching
from signaling.live.meters import Meters
from signaling.live.pending_writes import Owed
from signaling.live.presence import Presence
from signaling.live.queue_places import Places
from signaling.live.reading_along import ReadingAlongs
from signaling.live.requests import Requests
from signaling.live.room_orders import RoomOrders
from signaling.live.rooms import Rooms
from signaling.live.sessions import Sessions
from signaling.live.staff_boards import Boards
from signaling.live.staffing import Staffing, matched_site
from signaling.live.stored_sessions import StoredSessions, entry_of
from signaling.live.unattended import Unattended
from signaling.mail import Postbox, Sender
from signaling.mail.kinds import THREAD
from signaling.mediaworkers.interface import MediaWorkers
from signaling.protocol.server_messages import SessionOver, Wallboard
from signaling.protocol.session_views import Brief, Line
from signaling.protocol.words import Channel
from signaling.recordings import Recordings
from signaling.records import Records, UnknownSession
from signaling.records.links import LinkUnusable
from signaling.records.threads import OPEN_STATES
from signaling.records.types import FileRecord, RecordsAway, SessionRecord, StaffRecord
from signaling.session import encode_snapshot, new_session
from signaling.session.events import EndedBy, Woken
from signaling.session.model import NotAllowed
from signaling.webhooks import Sender as WebhookSender

log = structlog.get_logger(__name__)

SWEEP_LONGEST_S = 5.0
ERASURES_S = 0.5
SITES_S = 10.0
SLEEP_LOOK_S = 10.0
MOST_ASLEEP = 20_000  # sleeping conversations in memory, about 10 KB each
RESTART_RETRY_MS = 300
OWED_S = 3.0  # seconds that a closing server waits for unavailable records


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
        turn: Turn | None,
        refused: Counter[str],
        sender: Sender | None = None,
        webhooks: WebhookSender | None = None,
        forgotten: Forgotten | None = None,
        bounds: Bounds | None = None,
        now: Now = wall_clock_ms,
    ) -> None:
        """`refused` counts refusals by reason.

        `postbox` puts mails into the outbox. `wallboard`: the address of the operators' page.
        `forgotten` returns whether a store outside of this process has lost its memory since the last call.
        """
        self.records, self.store, self.workers, self.recordings, self.files = records, store, workers, recordings, files
        self.invites, self.turn, self.refused, self.now = invites, turn, refused, now
        self.sender, self._webhooks = sender, webhooks
        self.admission = Admission(bounds)
        self.index, self.hub, self.meters = Index(), Hub(), Meters()
        self.owed = Owed(records, self._count)
        self._unsettled = asyncio.Event()  # set when sessions and matcher may disagree
        index, hub, owed, unsettled = self.index, self.hub, self.owed, self._unsettled
        self.earlier = Earlier(records=records, index=index)
        self.staffing = staffing = Staffing(store=store, hub=hub, index=index, now=now)
        self.lines = Lines(records=records, owed=owed, now=now)
        self.requests = requests = Requests(staffing=staffing, store=store, refused=refused, unsettled=unsettled, now=now)
        orders = RoomOrders()
        self.sessions = sessions = Sessions(
            effects=LiveEffects(requests, self.lines, orders),
            index=index,
            records=records,
            owed=owed,
            recordings=recordings,
            refused=refused,
            now=now,
        )
        self.rooms = Rooms(
            orders=orders,
            sessions=sessions,
            index=index,
            workers=workers,
            records=records,
            recordings=recordings,
            refused=refused,
        )
        self.matching = Matching(
            requests=requests,
            sessions=sessions,
            staffing=staffing,
            store=store,
            records=records,
            index=index,
            hub=hub,
            meters=self.meters,
            now=now,
        )
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
            now=now,
        )
        self.listening = Listening(sessions=sessions, records=records, index=index, hub=hub, now=now)
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
        self.presence = Presence(
            sessions=sessions,
            requests=requests,
            staffing=staffing,
            matching=self.matching,
            boards=self.boards,
            listening=self.listening,
            reading_along=self.reading_along,
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
        self.mailing = Mailing(
            postbox=postbox,
            records=records,
            index=index,
            staffing=staffing,
            wallboard=wallboard,
            count=refused,
            now=now,
        )
        self.unattended = Unattended(records=records, index=index, staffing=staffing, now=now)
        self.lines.answered, self.presence.came_back = self.mailing.answered, self.mailing.came_back
        sessions.mail_view = self.mailing.view
        self.boards.sends_mail = postbox.enabled
        self.answering = Answering(
            records=records,
            stored=self.stored,
            sessions=sessions,
            lines=self.lines,
            index=index,
            mailing=self.mailing,
            now=now,
        )
        self.agreeing = (
            None
            if forgotten is None
            else Agreeing(
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
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._erasures_seen = 0

    def _count(self, reason: str) -> None:
        self.refused[reason] += 1

    async def start(self) -> None:
        self.meters.watch_records(self.records)
        await self.workers.start(self.rooms.on_event, self.rooms.worker_died)
        # started first, because restored sessions open their rooms
        self._tasks = [asyncio.create_task(run_forever(self.rooms.run))]
        await self.stored.restore()
        await self.mailing.start()
        self.reading_along.restore()
        await self.boards.load_messages()
        self._erasures_seen, _ = await self.records.erasures(0)
        loops = [
            self.matching.route,
            self.sessions.scheduler.run,
            self.rooms.journal,
            self.boards.run,
            self.calls.run,
            self.staffing.keep_renewing,
            self._sweep,
            self._notice_erasures,
            self.ended_rights.watch,
            self._count_sites,
            self.admission.watch,
            self.owed.run,
            self.listening.run,
            self.reading_along.run,
            self.meters.watch_loop,
            self.mailing.watch_queues,
            self.unattended.run,
            self.bound_sleep,
        ]
        if self.sender is not None:
            loops.append(self.sender.run)
        if self._webhooks is not None:
            loops += [self._webhooks.run, self._webhooks.watch_crowds]
        if self.agreeing is not None:
            self._unsettled.set()
            loops.append(self.agreeing.run)
        self._tasks += [asyncio.create_task(run_forever(loop)) for loop in loops]

    def say_goodbye(self) -> None:
        """Tell every client to reconnect."""
        for client in list(self.hub.clients):
            client.bye("restart", RESTART_RETRY_MS)

    async def close(self) -> None:
        """End the workers and all tasks. Live sessions stay in the records."""
        await self.rooms.close()
        await self.workers.close()
        await self.owed.settled(OWED_S)
        await self.mailing.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sweep(self) -> None:
        """End what has expired at the matcher (rings, leases, wrap-ups) when it is due. Runs until cancelled."""
        while True:
            deadline = await self.store.next_deadline_ms()
            wait_s = SWEEP_LONGEST_S if deadline is None else (deadline - self.now()) / 1000
            await self.staffing.woken(min(max(wait_s, 0.01), SWEEP_LONGEST_S))
            await self.requests.sweep()

    async def _notice_erasures(self) -> None:
        """End sessions within a second after another process has erased them (`sangdam session erase`). Runs until cancelled."""
        while True:
            await asyncio.sleep(ERASURES_S)
            seen = self._erasures_seen
            self._erasures_seen, erased = await self.records.erasures(seen)
            for session_id in erased:
                await self.erased(session_id)
            if self._erasures_seen != seen:
                for site in await self.records.changed_sites(seen):
                    await self.site_changed(site)

    async def _count_sites(self) -> None:
        """Count the sites, because the limit of waiting users is divided among them. Runs until cancelled."""
        while True:
            self.admission.sites = len(await self.records.sites())
            await asyncio.sleep(SITES_S)

    # --- methods for HTTP handlers ---------------------------------------------------------------------------------------

    @property
    def crowd(self) -> Crowd:
        return self.index.crowd

    async def create_session(
        self,
        *,
        site: str,
        category: str,
        language: str,
        channel: Channel,
        brief: Brief,
        user_ref: str,
        user_name: str,
        now: int,
    ) -> tuple[str, str]:
        """Make a session. Return its id and its token. Only the token's hash is stored."""
        found = await self.records.site(site)
        if found is None:
            raise NotAllowed("unknown")
        session_id, token = f"s-{secrets.token_hex(8)}", secrets.token_urlsafe(32)
        session = new_session(
            id=session_id,
            site=site,
            category=category,
            language=language,
            channel=channel,
            user=f"u-{secrets.token_hex(6)}",
            name=user_name,
            now=now,
            recording=found.recording == "ask",
            listening=found.listening != "off",
            sleeps_days=found.thread_days,
        )
        record = SessionRecord(
            id=session_id,
            organisation=found.organisation,
            site=site,
            category=category,
            language=language,
            channel=channel,
            token_hash=token_hash(token),
            user_ref=user_ref,
            user_name=user_name,
            brief=msgspec.json.encode(brief),
            snapshot=encode_snapshot(session),
            started_at=now,
        )
        await self.records.create_session(record)
        entry = entry_of(record, session, found, brief)
        with suppress(RecordsAway):  # the session exists; without the records, its counselor sees no earlier sessions
            await self.earlier.read([(entry, record)])
        self.index.entries[session_id] = entry
        self.sessions.refresh(entry)
        return session_id, token

    async def authorize_user(self, session_id: str, token: str) -> str | None:
        """Return the user's participant id if the token opens this session and the session may still be opened."""
        entry = await self.stored.by_token(token)
        return entry.session.user if entry is not None and entry.id == session_id else None

    def staff_participant(self, session_id: str, staff_id: str) -> str | None:
        entry = self.index.entries.get(session_id)
        person = entry.session.people.get(staff_id) if entry else None
        return person.id if person is not None and person.staff and not person.gone else None

    def may_read_lines(self, session_id: str, staff_id: str) -> bool:
        """Return whether this member takes part in the session or reads along."""
        entry = self.index.entries.get(session_id)
        reads = entry is not None and staff_id in entry.readers
        return reads or self.staff_participant(session_id, staff_id) is not None

    def in_conversation(self, staff_id: str) -> bool:
        return self.index.active_of(staff_id) > 0

    async def estimate(self, site: str, category: str, language: str, now: int) -> Place:
        found = await self.records.site(site)
        if found is None:
            return Place(1, None, None, False)
        path, priority = found.category_path(category), found.priority_of(category)
        try:
            name = matched_site(found.organisation, site)
            ask = partial(self.store.estimate, "user", name, language, path or (category,), now, priority)
            return either(await ask("text"), await ask("call"))
        except Unavailable:
            counselors = [each for each in self.staffing.known.values() if each.role == "counselor"]
            return Place(1, None, None, any(self.staffing.serves(each, found, language, path) for each in counselors))

    async def helpers(self, site: str, category: str, language: str) -> list[str]:
        """Return the names of counselors who may answer such a request now. Free counselors come first."""
        found = await self.records.site(site)
        return self.staffing.helpers(found, language, found.category_path(category) or (category,)) if found else []

    async def wake(self, entry: Entry) -> None:
        """Wake a sleeping conversation: its user has written, or asks for a counselor."""
        staff = self.staffing.preferred(entry, entry.session.people[entry.session.owner].staff)
        first = (staff.id, staff.name) if staff is not None else ("", "")
        try:
            await self.sessions.apply(entry, Woken(entry.session.user, *first))
        except NotAllowed:
            if entry.session.state == "asleep":
                raise
            return  # another line of the user has woken it in this moment
        await self.boards.places.look(entry)

    async def bound_sleep(self) -> None:
        """Close the conversations that have slept longest, if too many sleep. Runs until cancelled."""
        while True:
            await asyncio.sleep(SLEEP_LOOK_S)
            for entry in list(self.index.asleep.values())[: max(0, len(self.index.asleep) - MOST_ASLEEP)]:
                self.refused["too_many_asleep"] += 1
                await self.sessions.apply(entry, EndedBy("no_room"))

    async def share_file(self, line_id: str, file: FileRecord) -> Line:
        """Store a file's line and show it to its audience.

        Raises NotAllowed, RecordsAway or UnknownSession. In these cases nothing is stored.
        """
        entry = self.index.entries.get(file.session)
        person = entry.session.people.get(file.author) if entry is not None else None
        if entry is None or person is None or person.gone:
            raise NotAllowed("wrong_state")
        if entry.session.state == "asleep" and person.id == entry.session.user:
            await self.wake(entry)
        return await self.lines.share(entry, person, line_id, file)

    async def site_changed(self, site: str) -> None:
        """Show a site's changed settings on all open pages of its sessions."""
        await self.sessions.site_changed(site)

    async def hours_changed(self, site: str) -> None:
        await self.sessions.hours_changed(site)

    async def thresholds_changed(self, organisation: str) -> None:
        """Read the thresholds of an organisation's wallboard again, because somebody has changed them."""
        await self.boards.load_thresholds(organisation)

    async def wallboard(self, member: StaffRecord, locale: str) -> Wallboard:
        """Return what this member's wallboard shows now."""
        return await self.boards.read(member, locale)

    def messages_changed(self) -> None:
        """Show consoles that the state of a message has changed."""
        self.boards.messages_changed()

    async def set_product_picture(self, session_id: str, picture_id: str) -> None:
        entry = self.index.entries.get(session_id)
        if entry is None:
            raise NotAllowed("unknown")
        entry.brief = with_field(entry.brief, "product_picture", picture_id, "claimed")
        await self.sessions.save_brief(entry)

    async def walked(self, session_id: str, seen: Supplement) -> None:
        """Show staff which page of the site the user visits now. Raise NotAllowed when the conversation is over."""
        entry = self.index.entries.get(session_id)
        if entry is None or entry.session.state in ("after", "closed", "message_left"):
            raise NotAllowed("wrong_state")
        brief = walked(entry.brief, seen, entry.site, self.now())
        if brief != entry.brief:
            entry.brief = brief
            await self.sessions.save_brief(entry)

    async def give_contact(self, entry: Entry, address: str) -> None:
        """Remember the mail address that the user gave. A contact that the partner signed stays."""
        former = address_for(entry)
        entry.brief = with_field(entry.brief, "user_contact", address, "typed")
        if former and former != address_for(entry):
            await self.mailing.leave(entry, former)
        await self.sessions.save_brief(entry)

    async def invite(self, entry: Entry, participant: str) -> tuple[str, int]:
        """Return a new link for the user whom this counselor calls back, and its expiry in ms."""
        session, now = entry.session, self.now()
        if participant != session.owner or not session.calling_back():
            raise NotAllowed("wrong_state")
        await self.records.audit(session.people[participant].staff, "callback.invite", f"session/{entry.id}", now)
        return self.invites.issue(entry.id, session.request, now)

    async def exchange_invite(self, invite: str) -> tuple[Entry, str]:
        """Exchange a one-time link for the session and a new token, which replaces the former one. Raise `InviteRefused`."""
        claims = self.invites.read(invite, self.now())
        entry = self.index.entries.get(claims.session)
        if entry is None or entry.session.request != claims.request or not entry.session.calling_back():
            raise InviteRefused("over")
        new = secrets.token_urlsafe(32)
        if not await self.records.use_invite(f"invite/{claims.jti}", claims.exp * 1000, entry.id, token_hash(new)):
            raise InviteRefused("replayed")
        return await self._renewed(entry, new)

    async def exchange_link(self, token: str) -> tuple[Entry, str]:
        """Exchange a mail's one-time link for its session and a new token, which replaces the former one.

        Raise `InviteRefused`.
        """
        link, new = token_hash(token), secrets.token_urlsafe(32)
        try:
            entry = await self.stored.returning(await self.records.link_subject(link, THREAD, self.now()))
            if entry is None:
                raise InviteRefused("over")
            await self.records.use_link(link, THREAD, self.now(), session_token=token_hash(new))
        except LinkUnusable as error:
            raise InviteRefused(error.reason) from error
        except UnknownSession:  # it was erased in this moment
            raise InviteRefused("over") from None
        return await self._renewed(entry, new)

    async def move_to_user(self, session_id: str) -> tuple[Entry, str]:
        """Give an open conversation to another page of its user, whom the caller has recognised. Raise `InviteRefused`."""
        entry = self.index.entries.get(session_id)
        if entry is None or entry.session.state not in OPEN_STATES:
            raise InviteRefused("over")
        new = secrets.token_urlsafe(32)
        await self.records.save_token(entry.id, token_hash(new))
        return await self._renewed(entry, new)

    async def _renewed(self, entry: Entry, token: str) -> tuple[Entry, str]:
        """Open the session by its new token, which the records have. Tell a page that is open with the former one."""
        if entry.id in self.index.entries:
            self.index.change_token(entry, token_hash(token))
        else:
            entry.token_hash = token_hash(token)  # the session is over; it is loaded when its user connects
        if (former := entry.holders.get(entry.session.user)) is not None:
            former.bye("replaced")
            await self.presence.detach(former)
        return entry, token

    async def erased(self, session_id: str) -> None:
        """End an erased session and remove it from every page."""
        entry = self.index.entries.get(session_id)
        await self.recordings.erase(session_id)
        await self.files.erase(session_id)
        for changed in self.earlier.forget(session_id):
            self.sessions.show(changed)
            self.matching.renew_briefs(changed)
        if entry is not None:
            await self.sessions.apply(entry, EndedBy("erased"))
            for participant in list(entry.holders):
                if (client := entry.release(participant)) is not None:
                    client.send(SessionOver(session=session_id, reason="erased"))
                    if participant == entry.session.user:
                        client.bye("token")
            self.sessions.forget_if_done(entry)
            self.boards.messages_changed()

    async def staff_signed_out(self, member: StaffRecord, right: str = "") -> None:
        """End the member's connections that depend on one sign-in. `right`: the hash of its token, or "" for all connections.

        The sessions of these connections follow the rules for a disconnected owner. If the member has no connection left, they
        are signed out at the matcher.
        """
        clients = self.hub.all_of_staff(member.id)
        await self.ended_rights.end([client for client in clients if right in ("", client.right)])
        if not clients:
            await self.ended_rights.sign_out(member)

    async def signed_in_again(self, member: StaffRecord, former: str) -> None:
        """Let a browser's other tabs reconnect after `member` has signed in there. Tabs of another member are signed out.

        `former`: the hash of the token with which these tabs were signed in before.
        """
        theirs = [client for client in self.hub.staff_clients() if client.right == former]
        same = [client for client in theirs if client.staff is not None and client.staff.id == member.id]
        await self.ended_rights.restart(same)
        await self.ended_rights.end([client for client in theirs if client not in same])

    def password_changed(self, record: StaffRecord) -> None:
        """Give the member's open consoles the new record. Otherwise `EndedRights` would make these consoles reconnect."""
        for client in self.hub.of_staff(record.id):
            client.staff = record

    async def staff_changed(self, record: StaffRecord) -> None:
        """Save a choice that a member of staff made in the console. Their open consoles stay connected."""
        skills = self.staffing.skills(record)
        await self.records.save_texts_in_call(record.id, on=record.texts_in_call)
        for client in self.hub.all_of_staff(record.id):
            client.staff = record
        if skills is not None:
            self.staffing.known[record.id] = record
            await self.presence.sign_in(record, skills)
        self.staffing.show(record)
