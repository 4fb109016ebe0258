"""Start conversations and book appointments at the request of other software. A one-time link leads the user into the session."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import msgspec

from signaling.access.identity import token_hash
from signaling.config.shares import has_place
from signaling.live.appointments import Appointments, Sought
from signaling.live.chat import Lines
from signaling.live.clock import Now
from signaling.live.connections import Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.mailing import Mailing
from signaling.live.sessions import Sessions
from signaling.live.stored_sessions import StoredSessions
from signaling.mail.kinds import THREAD
from signaling.protocol.session_views import Brief, CallbackView
from signaling.protocol.words import Channel
from signaling.records import Audited, Records, SessionRecord, Site
from signaling.records.links import LinkRecord
from signaling.records.types import StaffRecord
from signaling.session import encode_snapshot, new_session
from signaling.session.events import CallbackAsked, CallbackMarked, Connected, Left, WithStaff
from signaling.session.inviting import invite, markable_callback
from signaling.session.model import NotAllowed, Person, Session
from signaling.session.views import callback_view

MOST_INVITED = 10_000  # Largest number of conversations, of all organisations, that wait for invited users; each takes 10 KB.
MOST_OF_SITE = 2_000  # Largest number of conversations of one site that wait for their invited users.


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A conversation that other software wants to start.

    `actor`: the id of the API token with which the other software asks, for the audit. `staff`: the author of `line`, or None if
    the site itself writes. `until`: the time (Unix ms) when the link expires.
    """

    actor: str
    site: Site
    category: str
    language: str
    channel: Channel
    brief: Brief
    user_ref: str
    user_name: str
    until: int
    line: str = ""
    staff: StaffRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTime:
    """The time of an appointment that other software wants to book.

    `staff`: id of the member of staff who has the appointment; "": the free member with the fewest appointments. `contact`: the
    user's mail address or telephone number, or "". `timezone`: IANA name of the user's time zone, or "". Mails tell the user
    times in this zone.
    """

    at: int
    staff: str
    contact: str
    note: str
    timezone: str


class Inviting:
    """Starts conversations and books appointments for other software.

    The other software can also report that staff have called a user back by other means, or could not reach the user. In both
    cases, this class ends the callback.
    """

    def __init__(
        self,
        *,
        records: Records,
        stored: StoredSessions,
        sessions: Sessions,
        lines: Lines,
        mailing: Mailing,
        appointments: Appointments,
        index: Index,
        hub: Hub,
        url: str,
        now: Now,
    ) -> None:
        """Make the object with the server's parts. `url`: the origin of the users' pages."""
        self._records = records
        self._stored = stored
        self._sessions = sessions
        self._lines = lines
        self._mailing = mailing
        self._appointments = appointments
        self._index = index
        self._hub = hub
        self._url = url
        self._now = now
        self._starting: list[Site] = []  # the sites of the conversations that are being stored, one entry for each conversation

    async def start(self, wanted: Wanted) -> tuple[str, str]:
        """Start a conversation. Return the session's id, and the link by which the user enters.

        Raise NotAllowed("full") or RecordsAway.
        """
        organisations = len(await self._records.organisations())
        with self._place_for(wanted.site, organisations):
            return await self._start(wanted)

    @contextmanager
    def _place_for(self, site: Site, organisations: int) -> Iterator[None]:
        """Count a conversation while it is being stored, so that simultaneous requests do not exceed the limits.

        The limits are `MOST_OF_SITE`, and `MOST_INVITED`, which `has_place` divides among the organisations. Raise
        NotAllowed("full") if a limit is reached already.
        """
        theirs = [entry.site for entry in self._index.invited.values()] + self._starting
        of_site = sum(each.id == site.id for each in theirs)
        counts = Counter(each.organisation for each in theirs)
        if of_site >= MOST_OF_SITE or not has_place(counts, site.organisation, MOST_INVITED, organisations):
            raise NotAllowed("full")
        self._starting.append(site)
        try:
            yield
        finally:
            self._starting.remove(site)

    async def _start(self, wanted: Wanted) -> tuple[str, str]:
        session = self._new_session(wanted)
        invite(session, wanted.until, *((wanted.staff.id, wanted.staff.name) if wanted.staff else ()))
        detail = f"first line in the name of {wanted.staff.id}" if wanted.staff else ""
        audit = Audited(wanted.actor, "conversation.start", f"session/{session.id}", detail)
        entry = await self._stored.add(_record(session, wanted), session, wanted.site, wanted.brief, audit)
        try:
            link = await self._link(entry, wanted.until)
            if wanted.line:
                author = wanted.staff.id if wanted.staff else "site"
                name = wanted.staff.name if wanted.staff else wanted.site.name(wanted.language)
                await self._lines.answer(entry, Person(id=author, role="counselor", name=name), "first", wanted.line)
        except Exception:
            # the other software, which asked for this conversation, gets no link and asks again: nobody could ever enter this one
            await self._sessions.apply(entry, Left(session.user))
            raise
        for client in self._hub.of_staff(session.owner)[-1:] if session.owner else []:
            entry.hold(session.owner, client)
            await self._sessions.apply(entry, Connected(session.owner))
            self._sessions.show(entry)
        return entry.id, link

    async def book(self, wanted: Wanted, time: WantedTime) -> tuple[Entry, str]:
        """Book an appointment for a user who has no conversation yet. Mail the user, if a mail address is known.

        Return the new session, and the link by which the user enters. Raise NotAllowed (not_offered, full, out_of_hours,
        no_contact) or RecordsAway.
        """
        site = wanted.site
        if site.appointments is None or site.callbacks != "offered":
            raise NotAllowed("not_offered")
        self._appointments.require_place(site)
        # Check this before the session is stored. Otherwise each refused request would leave a closed session in the database.
        # With this check, a closed session is left only if another booking takes the time before `book` takes it.
        await self._appointments.require_free(Sought(site, wanted.category, wanted.language), time.at, wanted.channel, time.staff)
        session = self._new_session(wanted)
        entry = await self._stored.add(_record(session, wanted), session, site, wanted.brief)
        # store the link before the booking: if storing the link failed after the booking, the other software would ask again and
        # book a second time
        link = await self._link(entry, wanted.until)
        asked = CallbackAsked(session.user, time.at, time.contact, time.note, reachable=entry.reachable, timezone=time.timezone)

        async def apply(with_staff: WithStaff) -> None:
            await self._sessions.apply(entry, replace(asked, with_staff=with_staff))

        audit = Audited(wanted.actor, "appointment.book", f"session/{entry.id}")
        try:
            await self._appointments.book(entry, time.at, wanted.channel, time.staff, apply, audit=audit)
        except Exception:
            await self._sessions.apply(entry, Left(session.user))
            raise
        self._mailing.callback_booked(entry)
        return entry, link

    def _new_session(self, wanted: Wanted) -> Session:
        site = wanted.site
        return new_session(
            id=f"s-{secrets.token_hex(8)}",
            site=site.id,
            category=wanted.category,
            language=wanted.language,
            channel=wanted.channel,
            user=f"u-{secrets.token_hex(6)}",
            name=wanted.user_name,
            now=self._now(),
            recording=site.recording == "ask",
            captions=site.captions,
            cobrowse=site.cobrowse,
            listening=site.listening != "off",
            sleeps_days=site.thread_days,
            guests=site.guests,
        )

    async def _link(self, entry: Entry, until: int) -> str:
        """Return a link that opens the session once and expires at `until` (Unix ms)."""
        token = secrets.token_urlsafe(32)
        await self._records.add_link(
            LinkRecord(
                token_hash=token_hash(token), purpose=THREAD, subject=entry.id, session=entry.id, mail="", expires_at=until
            )
        )
        return f"{self._url}/call#invite={token}"

    async def mark_callback(self, session_id: str, actor: str, *, done: bool) -> CallbackView | None:
        """Store that a user was called back by other means, or was not reached. Return the callback.

        `actor`: the id of the API token with which other software reports this, for the audit. Raise NotAllowed if the session
        has no callback that can be marked now.
        """
        entry = self._index.entries.get(session_id)
        if entry is None:
            raise NotAllowed("wrong_state")
        markable_callback(entry.session)
        detail = "done" if done else "failed"
        # write the audit entry first: if that fails, the callback stays as it is
        await self._records.audit(actor, "callback.mark", f"session/{entry.id}", detail)
        await self._sessions.apply(entry, CallbackMarked(done))
        self._mailing.callback_settled(entry)
        return callback_view(entry.session)


def _record(session: Session, wanted: Wanted) -> SessionRecord:
    return SessionRecord(
        id=session.id,
        organisation=wanted.site.organisation,
        site=wanted.site.id,
        category=wanted.category,
        language=wanted.language,
        channel=wanted.channel,
        state=session.state,
        # nobody uses this token: the user gets another token when they open the link
        token_hash=token_hash(secrets.token_urlsafe(32)),
        user_ref=wanted.user_ref,
        user_name=wanted.user_name,
        brief=msgspec.json.encode(wanted.brief),
        snapshot=encode_snapshot(session),
        started_at=session.created_at,
    )
