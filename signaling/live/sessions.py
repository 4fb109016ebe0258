"""Run the state machine of each session: apply events, then save the session, carry out effects and send views to its people.

Every change of a live session goes through `Sessions.apply`. There is one exception: if an event of the matcher changes nothing
but the number of the newest event (the fence), `only_noted` remembers that number.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import msgspec
import structlog

from signaling.live.clock import Now, ahead_ms
from signaling.live.earlier import brief_for_staff
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.pending_writes import Owed
from signaling.live.scheduler import Scheduler
from signaling.live.site_views import site_view
from signaling.protocol.server_messages import SessionOver, SessionUpdate, encode
from signaling.protocol.session_views import CategoryView, MailView, OpeningView, PushView, WaitingView
from signaling.recordings import Recordings
from signaling.records import Audited, Records
from signaling.records.opening_hours import is_open, next_opening
from signaling.records.types import RecordsAway, UnknownSession
from signaling.session import decode_snapshot, encode_snapshot, matrix, next_deadline, receive, views
from signaling.session.effects import (
    Audit,
    DropPeer,
    Effect,
    Enqueue,
    EraseCaptions,
    EraseRecording,
    KeepNotes,
    Note,
    Over,
    Reinstate,
    Say,
    Step,
    Transfer,
)
from signaling.session.events import SessionEvent, Ticked
from signaling.session.model import FINAL_STATES, Person

log = structlog.get_logger(__name__)
# seconds between two checks whether the machine's clock has jumped; after a jump, a booked call can begin this many seconds late
FOLLOW_S = 10.0


class Effects(Protocol):
    """The methods by which other parts of the server carry out what a change of a session requires: the effects of the change."""

    async def ask_matcher(self, entry: Entry, effect: Enqueue | Step | Transfer | Reinstate) -> None: ...
    async def say(self, entry: Entry, say: Say) -> None: ...
    async def erase_captions(self, entry: Entry) -> None:
        """Delete the stored captions of the session."""

    async def keep_note(self, entry: Entry, author: Person, text: str) -> None:
        """Store a note that only staff of the session see."""

    def drop_peer(self, entry: Entry, peer: str) -> None: ...
    def room_changed(self, entry: Entry) -> None: ...


class Sessions:
    """Applies events to live sessions, and sends the participants their views (what their pages show of the session)."""

    def __init__(
        self,
        *,
        effects: Effects,
        index: Index,
        records: Records,
        owed: Owed,
        recordings: Recordings,
        refused: Counter[str],
        mail_view: Callable[[Entry], MailView | None],
        push_view: Callable[[Entry], PushView | None],
        now: Now,
        wall: Now,
    ) -> None:
        """`mail_view` and `push_view` return how a session's user can be reached by mail and by push.

        `wall`: the machine's clock, to which opening hours and booked times refer.
        """
        self._index = index
        self._records = records
        self._owed = owed
        self._recordings = recordings
        self._refused = refused
        self._now, self._wall = now, wall
        self._effects = effects
        self.scheduler = Scheduler(self._tick, now)
        self._mail_view = mail_view
        self._push_view = push_view
        self.captions_ready: Callable[[Entry], bool] = lambda entry: False  # `Live` sets this when it has made `Rooms`.

        # `Live` sets this callback when it has made the object for co-browsing (`Pages`).
        self.page_changed: Callable[[Entry], None] = lambda entry: None
        self.translates = False  # Whether there is a translation service.
        self.changed = True  # Whether a session has changed since staff were last sent the wallboard and the queues.

    async def apply(self, entry: Entry, event: SessionEvent, *, at_once: bool = False) -> None:
        """Apply one event: decide, save, carry out the effects, and show the participants their new views.

        Raise `NotAllowed`, or the exception with which `Records` refuses to save. After an exception, the session is unchanged.
        If the database is unavailable, the session continues with the change, and is saved later. With `at_once`, raise
        RecordsAway instead.
        """
        changed = False
        try:
            async with entry.lock:
                before, grid_before = encode_snapshot(entry.session), entry.grid
                room_before = (entry.session.state, entry.session.epoch)
                try:
                    effects = receive(entry.session, event, self._now())
                    grid = matrix.compute(entry.session)
                    entry.session.slots = grid.slots
                    if room_before == (entry.session.state, entry.session.epoch):
                        self._narrow(entry, grid)
                    after = encode_snapshot(entry.session)
                    if after != before:
                        await self._save(entry, after, at_once=at_once)
                except BaseException:
                    entry.session = decode_snapshot(before)
                    if entry.grid != grid_before:
                        entry.grid = grid_before
                        self._effects.room_changed(entry)
                    raise
                changed = after != before or bool(effects)
                self._narrow(entry, grid)
                try:
                    for effect in sorted(effects, key=lambda each: not isinstance(each, DropPeer)):
                        await self._carry_out(entry, effect)
                finally:
                    entry.grid = grid  # the new rights apply only now: nobody is heard before the chat line that announces them
        finally:
            if changed or (entry.refresh_due and not entry.lock.locked()):
                self.refresh(entry)

    def _narrow(self, entry: Entry, grid: matrix.Matrix) -> None:
        """Take away at once the rights that the new matrix (`grid`) does not give.

        New rights follow after the chat lines that announce them.
        """
        if grid == entry.grid:
            return
        common = grid.common(entry.grid)
        if common.for_worker(0) != entry.grid.for_worker(0):
            entry.grid = common
            self._effects.room_changed(entry)

    async def _save(self, entry: Entry, snapshot: bytes, *, at_once: bool) -> None:
        session = entry.session
        save = partial(
            self._records.save_session,
            session.id,
            state=session.state,
            channel=session.channel,
            snapshot=snapshot,
            waiting_at=session.enqueued_at or None,
            active_at=session.active_at,
            ended_at=session.ended_at,
            end_reason=session.end_reason,
            counselor=_counselor(entry),
            professional=_professional(entry),
            user_name=session.people[session.user].name,
        )
        try:
            if at_once and self._owed:
                raise RecordsAway
            await (save() if at_once else self._owed.now_or_later(session.id, lambda _: save(), "state"))
        except UnknownSession:
            log.info("session no longer in the records", session=session.id)

    async def _carry_out(self, entry: Entry, effect: Effect) -> None:
        try:
            match effect:
                case Enqueue() | Step() | Transfer() | Reinstate():
                    await self._effects.ask_matcher(entry, effect)
                case Say():
                    await self._effects.say(entry, effect)
                case Note():
                    await self.note(entry, effect.kind, dict(effect.data))
                case Audit():
                    await self._audit(entry, effect)
                case DropPeer():
                    self._effects.drop_peer(entry, effect.peer)
                case KeepNotes():
                    await self._keep_notes(entry, effect)
                case EraseRecording():
                    await self._recordings.erase(entry.id)
                case EraseCaptions():
                    await self._effects.erase_captions(entry)
                case Over():
                    self._over(entry, effect)
        except UnknownSession:
            self._refused["erased"] += 1  # the session was erased, so store nothing more about it
        except Exception:
            log.exception("effect failed", session=entry.id, effect=type(effect).__name__)

    async def _audit(self, entry: Entry, effect: Audit) -> None:
        audit = Audited(effect.actor, effect.action, f"session/{entry.id}", effect.detail)
        await self._owed.now_or_later(entry.id, lambda again: self._records.store_audit(audit, again=again))

    async def _keep_notes(self, entry: Entry, effect: KeepNotes) -> None:
        person = entry.session.people[effect.participant]
        if person.id == entry.session.owner:
            await self.save_wrap_up(entry, person.staff, effect.notes, effect.outcome, effect.tags)
        elif effect.notes.strip():
            await self._effects.keep_note(entry, person, effect.notes)

    async def save_wrap_up(self, entry: Entry, staff: str, notes: str, outcome: str, tags: Sequence[str] = ()) -> None:
        save = partial(self._records.save_wrap_up, entry.id, staff, notes, outcome, tags)
        await self._owed.now_or_later(entry.id, lambda _: save(), "wrap_up")

    async def note(self, entry: Entry, kind: str, data: dict[str, Any]) -> None:
        add = partial(self._records.add_event, entry.id, kind, self._now(), data)
        await self._owed.now_or_later(entry.id, lambda again: add(again=again))

    async def recording_ready(self, entry: Entry, epoch: int, period: int) -> None:
        """Tell webhooks that a segment of the session's recording can be played now."""
        ready = partial(self._records.announce_recording, entry.id, epoch, period, self._now())
        await self._owed.now_or_later(entry.id, lambda _: ready())

    def _over(self, entry: Entry, effect: Over) -> None:
        client = entry.release(effect.participant)
        if client is not None:
            client.send(SessionOver(session=entry.id, reason=effect.reason))
            if client.is_guest:
                client.bye("token")

    async def _tick(self, key: str) -> None:
        entry = self._index.entries.get(key)
        if entry is not None:
            await self.apply(entry, Ticked(ahead_ms(self._now, self._wall)))
            self._set_timer(entry)

    def _set_timer(self, entry: Entry) -> None:
        self.scheduler.set(entry.id, next_deadline(entry.session, ahead_ms(self._now, self._wall)))

    async def follow_clock(self) -> None:
        """Set the timers of booked calls again when the difference between the machine's clock and the steady clock has changed.

        Runs until cancelled.
        """
        before = 0
        while True:
            ahead = ahead_ms(self._now, self._wall)
            if ahead != before:
                for entry in list(self._index.callbacks.values()):
                    self._set_timer(entry)
            before = ahead
            await asyncio.sleep(FOLLOW_S)

    # --- showing views to clients --------------------------------------------------------------------------------------

    def refresh(self, entry: Entry) -> None:
        self.changed = True
        self._index.note(entry)
        self._set_timer(entry)
        self._effects.room_changed(entry)
        self.page_changed(entry)
        self.show(entry)
        self.forget_if_done(entry)

    def forget_if_done(self, entry: Entry) -> None:
        """Remove a closed session from memory, unless a page still shows the session.

        The user can rate the session on that page.
        """
        if entry.session.state in FINAL_STATES and not entry.holders:
            self._index.entries.pop(entry.id, None)
            self._index.forget(entry)
            self.scheduler.set(entry.id, None)

    def show(self, entry: Entry) -> None:
        """Send each connected participant what their page shows of the session (their view), if it has changed.

        While `apply` runs, the session is not saved yet, and chat lines that announce the change are missing. In that case, the
        views are sent at the end of `apply`.
        """
        entry.refresh_due = entry.lock.locked()
        if entry.refresh_due:
            return
        viewers = [
            (participant, client)
            for participant, client in entry.holders.items()
            # an operator who has just stopped listening in, or is about to start, gets no view
            if client.greeted and entry.session.anyone(participant) is not None
        ]
        if not viewers:  # nobody is connected, for example because the user has just disconnected
            return
        around = self.surroundings(entry)
        for participant, client in viewers:
            view = views.session_view(entry.session, participant, around, entry.grid, entry.limits.get(participant))
            frame = encode(SessionUpdate(session=view))
            said = hash(frame)
            if entry.sent.get(participant) != said:
                entry.sent[participant] = said
                client.send_encoded(frame)

    def surroundings(self, entry: Entry) -> views.Surroundings:
        session, site = entry.session, entry.site
        waiting = self.waiting(entry) if session.state == "waiting" else None
        opening = self._opening(entry) if session.state in ("preparing", "waiting", "callback") or session.owner_lost else None
        return views.Surroundings(
            site=site_view(site, session.language),
            category=CategoryView(id=session.category, name=entry.category_name()),
            brief=brief_for_staff(entry, self._now()),
            categories=tuple(CategoryView(id=each, name=entry.category_name(each)) for each in site.categories),
            waiting=waiting,
            opening=opening,
            listening=site.listening,
            reachable=entry.reachable,
            mail=self._mail_view(entry),
            push=self._push_view(entry),
            captions_ready=self.captions_ready(entry),
            page=views.PageSeen(
                ready=entry.page.client is not None,
                seen_by=tuple(entry.page.viewers) if entry.page.client is not None and not entry.page.refused else (),
                too_large=entry.page.refused == "large",
                crowded=entry.page.refused == "crowded",
            ),
            translates=self.translates,
            names_hidden=site.staff_names == "hidden",
            guests=site.guests,
            now=self._now(),
            offer_message=waiting is not None and self._offers_message(entry, waiting.staffed),
        )

    def standing(self, entry: Entry) -> tuple[bool, bool]:
        """Return whether the user may leave a message, and whether the category is open.

        Each of the two can change while a user waits.
        """
        return self._offers_message(entry, self.waiting(entry).staffed), self._open(entry)

    def _offers_message(self, entry: Entry, staffed: bool) -> bool:
        long_wait = self._now() - entry.session.enqueued_at >= views.LONG_WAIT_MS
        return long_wait or not staffed or not self._open(entry)

    def _open(self, entry: Entry) -> bool:
        return is_open(entry.site.hours_of(entry.session.category), self._wall())

    def _opening(self, entry: Entry) -> OpeningView:
        hours, now = entry.site.hours_of(entry.session.category), self._wall()
        return OpeningView(
            open=is_open(hours, now), opens_at=next_opening(hours, now), callbacks=entry.site.callbacks == "offered"
        )

    def waiting(self, entry: Entry) -> WaitingView:
        session, place = entry.session, entry.place
        ringing = session.ringing is not None
        if place is None:
            return WaitingView(place=1, ringing=ringing, since=session.enqueued_at, asking_for=session.preferred_name)
        return WaitingView(
            place=place.place,
            low_s=place.low_s,
            high_s=place.high_s,
            staffed=place.staffed or ringing,
            ringing=ringing,
            since=session.enqueued_at,
            asking_for=session.preferred_name,
        )

    async def renew_site(self, entry: Entry) -> None:
        """Read the session's site again, because the site's settings may have changed since they were last read.

        Keep the known settings if the database fails.
        """
        with suppress(RecordsAway):
            entry.site = await self._records.site(entry.site.id) or entry.site

    async def site_changed(self, site_id: str) -> None:
        """Read the site again for all live sessions of this site, and send the changed views to the participants."""
        for entry in [each for each in self._index.entries.values() if each.site.id == site_id]:
            await self.renew_site(entry)
            self.show(entry)

    async def hours_changed(self, site_id: str) -> None:
        """Show the changed opening hours at once to this site's users who wait, or have not asked for a counselor yet."""
        for entry in list(self._index.entries.values()):
            if entry.site.id == site_id and entry.session.state in ("preparing", "waiting"):
                await self.renew_site(entry)
                self.show(entry)

    async def save_brief(self, entry: Entry) -> None:
        save = partial(self._records.save_brief, entry.id, msgspec.json.encode(entry.brief))
        await self._owed.now_or_later(entry.id, lambda _: save(), "brief")
        self.show(entry)


def _counselor(entry: Entry) -> str:
    """Return the last counselor who owned (was responsible for) the session.

    If the session had no counselor, return its owner (a professional). If it has no owner, return "".
    """
    session = entry.session
    if session.counselor:
        return session.counselor
    # a server of an earlier version has stored this session without its last counselor
    first = next((person.staff for person in session.people.values() if person.role == "counselor" and person.entered), "")
    owner = session.people.get(session.owner)
    return first or (owner.staff if owner else "")


def _professional(entry: Entry) -> str:
    """Return the professional who is or was in the session, or "".

    A counselor who takes over the session does not count as a professional.
    """
    asked = entry.session.professional()
    if asked is not None and asked.role == "professional":
        return asked.staff
    return next((person.staff for person in entry.session.people.values() if person.role == "professional"), "")
