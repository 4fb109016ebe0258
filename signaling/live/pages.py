"""Co-browsing: pass the user's page to the staff who may see it, and pass pointers and links of staff to the user's browser.

The user's browser masks and compresses the page, and sends it in parts: a snapshot, and then each change. The server never reads
these parts, it only passes them on. The server keeps the newest snapshot and all later changes in memory, for staff who begin to
see the page later. The server forgets the snapshot and these changes as soon as nobody sees the page. While the session is
recorded, all parts that staff see are recorded.
"""

from __future__ import annotations

import asyncio
from typing import Final, Literal

import structlog

from signaling.config.web_addresses import BadAddress, endpoint, origin
from signaling.live.clock import Now
from signaling.live.connections import Client, Hub
from signaling.live.entry import Entry, ShownPage
from signaling.live.index import Index
from signaling.live.kept_pages import KeptPages
from signaling.live.sessions import Sessions
from signaling.protocol.client_messages import SendPage
from signaling.protocol.server_messages import LinkProposed, PageAgain, PageOut, PageState, Pointed, UserMe, Welcome, encode
from signaling.protocol.staff_messages import PointPage, ProposeLink
from signaling.recordings import Recordings
from signaling.session import cobrowse
from signaling.session.events import CobrowseChanged
from signaling.session.model import NotAllowed, Person

log = structlog.get_logger(__name__)

# At most this many bytes in one snapshot, in the form in which viewers get it (compressed, in base64). A page that is larger than
# this is not shown.
MOST_SNAPSHOT: Final = 2 * 1024 * 1024
MOST_AFTER: Final = 1024 * 1024  # If more than this many bytes follow a snapshot, the server asks the page for a new snapshot.
MOST_OF_ALL: Final = 256 * 1024 * 1024  # All pages together take at most this many bytes; further pages are not shown.

# If a viewer's send queue holds more than this many bytes, the viewer gets no changes until it gets the whole page again.
MOST_LATE: Final = 512 * 1024
# If a viewer's send queue holds more than this many messages, the viewer gets no changes until it gets the whole page again.
# Without this limit, the queue could become full, and then the connection of the viewer's console would be closed.
MOST_LATE_MESSAGES: Final = 300
# A new viewer gets at most this many messages at once. If there are more, the server asks the page for a new snapshot. A snapshot
# of more messages is refused as too large.
MOST_GIVEN: Final = 300
MOST_GIVEN_BYTES: Final = 3 * 1024 * 1024  # A new viewer gets at most this many bytes of messages at once (as `MOST_GIVEN`).
MOST_PARTS: Final = 4000  # If more than this many messages follow a snapshot, the server asks the page for a new snapshot.
CAUGHT_UP: Final = 64 * 1024  # A viewer who waits for the whole page gets it when their send queue holds at most this many bytes.
BURST: Final = 3 * 1024 * 1024  # A page that was quiet before may send at most this many bytes in one burst.
PER_S: Final = 192 * 1024  # A page may send at most this many bytes per second on average.
AGAIN_MS: Final = 3000  # Milliseconds after which a page that sent too much may send a new snapshot.
LOOK_S: Final = 0.5  # Seconds between two checks whether waiting viewers can get the whole page.
POINTER_QUEUE: Final = 128 * 1024  # While this many bytes or more wait to be sent to the user's page, no pointer is passed on.


class Pages:
    """Passes users' pages on to the staff who may see them (co-browsing)."""

    def __init__(self, *, sessions: Sessions, index: Index, hub: Hub, recordings: Recordings, now: Now) -> None:
        self._sessions = sessions
        self._index = index
        self._hub = hub
        self.kept = KeptPages(recordings.pages, now)
        self._now = now
        self._late: set[str] = set()  # Ids of the sessions in which a viewer waits for the whole page.
        self._held_bytes = 0  # Number of bytes of all pages in memory.

    # --- the connection that sends the page ------------------------------------------------------------------------------

    def attach(self, client: Client, entry: Entry) -> None:
        """Let this connection, which a browser tab with the user's page has opened, send that page from now on.

        If another tab sent its page before, the connection of that tab is closed.
        """
        entry = self._index.entries.setdefault(entry.id, entry)
        user = entry.session.people[entry.session.user]
        client.session, client.participant, client.page = entry.id, user.id, True
        client.send(Welcome(now=self._now(), user=UserMe(id=user.id, name=user.name), resumed=True))
        self._hub.add(client)
        page = entry.page
        if page.client is not None:
            page.client.bye("replaced")
        page.client, page.told, page.refused = client, 0, ""
        page.spare_bytes, page.spared_at = BURST, self._now()
        self._break_off(entry, more=False)
        self._forget(page)
        self.changed(entry)
        self._sessions.show(entry)

    def detach(self, client: Client) -> None:
        """Forget a closed connection that sent a page."""
        self._hub.remove(client)
        entry = self._index.entries.get(client.session)
        if entry is not None and entry.page.client is client:
            entry.page.client = None
            self._forget(entry.page)
            self.kept.settle(entry)
            self._sessions.show(entry)
            self._sessions.forget_if_done(entry)

    async def replaced(self, entry: Entry) -> None:
        """Close the connection over which the user's page is shown to staff, because the session continues with another token.

        The user may now be on another device. Co-browsing ends, because the user has agreed to show the page on the former device
        only.
        """
        if (client := entry.page.client) is not None:
            client.bye("replaced")
            self.detach(client)
        if entry.session.cobrowse.state == "on":
            await self._sessions.apply(entry, CobrowseChanged(entry.session.user, on=False))

    async def stop(self, client: Client, session: str) -> None:
        """End co-browsing, because the user pressed "stop" on the page that staff see. `client`: this page's connection."""
        entry = self._index.entries.get(session)
        if entry is None or entry.page.client is not client:
            raise NotAllowed("replaced")
        await self._sessions.apply(entry, CobrowseChanged(client.participant, on=False))

    def receive(self, client: Client, message: SendPage) -> None:
        """Pass one part of the page on to its viewers, and keep the part for later viewers.

        Ignore a part of the page if nobody sees the page. If an earlier part is missing, ignore all parts until the next
        snapshot. Raise NotAllowed if the user now shows a page over another connection, or if the page sends too many bytes.
        """
        entry = self._index.entries.get(message.session)
        if entry is None or entry.page.client is not client:
            raise NotAllowed("replaced")
        page = entry.page
        if page.skipping:
            page.skipping = message.more
            return
        if entry.session.cobrowse.state != "on":  # co-browsing was just stopped; the stop is being stored
            page.stale = True
            return
        if not page.viewers or (page.stale and not message.first):
            return
        if not self._spare(page, len(message.data)):
            page.stale = True
            self._break_off(entry, more=message.more)
            self._again(entry, AGAIN_MS)
            raise NotAllowed("too_often")
        if message.first and not page.in_snapshot:
            self._forget(page)
            page.stale = page.asked = False
            page.kept_whole = page.kept is not None
        page.in_snapshot = message.first and message.more
        frame = encode(PageOut(session=entry.id, data=message.data, first=message.first, more=message.more))
        if self._held_bytes + len(frame) > MOST_OF_ALL:
            self._break_off(entry, more=message.more)
            self._refuse(entry, "crowded")
            return
        page.frames.append(frame)
        page.frames_bytes += len(frame)
        self._held_bytes += len(frame)
        if message.first:
            page.snapshot_bytes += len(frame)
            if page.snapshot_bytes > MOST_SNAPSHOT or len(page.frames) > MOST_GIVEN:
                self._break_off(entry, more=message.more)
                self._refuse(entry, "large")
                return
        for participant, viewer in page.viewers.items():
            self._pass(page, entry.id, participant, viewer, frame)
        self.kept.keep(entry, message)
        after = page.frames_bytes - page.snapshot_bytes
        if after > 2 * MOST_AFTER or len(page.frames) > 2 * MOST_PARTS:
            page.stale = True
            self._break_off(entry, more=message.more)
        if (after > MOST_AFTER or len(page.frames) > MOST_PARTS) and not page.asked:
            self._again(entry, 0)

    def _break_off(self, entry: Entry, *, more: bool) -> None:
        """Tell viewers to forget the parts of a change of the page, because the change will not be completed.

        `more`: whether further parts of this change will arrive. The server ignores such parts.

        Without this message, viewers would join the incomplete parts to the next snapshot, and could read neither the parts nor
        the snapshot.
        """
        page = entry.page
        page.in_snapshot, page.skipping = False, more
        self.kept.keep(entry, None)
        for participant, viewer in page.viewers.items():
            self._pass(page, entry.id, participant, viewer, _broken_off(entry.id))

    def _spare(self, page: ShownPage, size: int) -> bool:
        now = self._now()
        page.spare_bytes = min(BURST, page.spare_bytes + max(0, now - page.spared_at) * PER_S // 1000)
        page.spared_at = now
        if size > page.spare_bytes:
            return False
        page.spare_bytes -= size
        return True

    def _again(self, entry: Entry, after_ms: int) -> None:
        if entry.page.client is not None:
            entry.page.asked = True
            entry.page.client.send(PageAgain(session=entry.id, after_ms=after_ms))

    def _refuse(self, entry: Entry, why: Literal["large", "crowded"]) -> None:
        """Stop showing the page until staff ask for the page again or the user goes to another page."""
        self._forget(entry.page)
        entry.page.refused = why
        log.info("page not shown", session=entry.id, why=why)
        self.changed(entry)
        self._sessions.show(entry)

    # --- viewers -----------------------------------------------------------------------------------------------------------

    def watch(self, client: Client, entry: Entry, person: Person, *, on: bool) -> None:
        """Begin (`on`) or stop showing the user's page to this member of staff. Raises NotAllowed if they may not see it."""
        page = entry.page
        if not on:
            page.viewers.pop(person.id, None)
        elif not cobrowse.sees(entry.session, person):
            raise NotAllowed("not_yours")
        elif page.viewers.get(person.id) is not client:
            page.viewers[person.id] = client
            page.refused = ""
            page.behind.discard(person.id)
            self._give(entry, person.id, client)
        self.changed(entry)
        self._sessions.show(entry)

    def _give(self, entry: Entry, participant: str, viewer: Client) -> bool:
        """Give this viewer the whole page now, or later when the viewer's send queue has room.

        Return whether the viewer has got the page now.
        """
        page = entry.page
        if len(page.frames) > MOST_GIVEN or page.frames_bytes > MOST_GIVEN_BYTES:
            if not page.asked:
                self._again(entry, 0)
        elif viewer.queued_bytes <= CAUGHT_UP and viewer.queued_messages <= MOST_GIVEN:
            page.behind.discard(participant)
            for frame in (_broken_off(entry.id), *page.frames):
                viewer.send_encoded(frame)
            return True
        page.behind.add(participant)
        self._late.add(entry.id)
        return False

    def _pass(self, page: ShownPage, session: str, participant: str, viewer: Client, frame: bytes) -> None:
        if participant in page.behind:
            return
        if viewer.queued_bytes > MOST_LATE or viewer.queued_messages > MOST_LATE_MESSAGES:
            page.behind.add(participant)
            self._late.add(session)
        else:
            viewer.send_encoded(frame)

    async def catch_up(self) -> None:
        """Send the whole page to viewers whose network was too slow, as soon as their send queue is nearly empty.

        Runs until cancelled.
        """
        while True:
            await asyncio.sleep(LOOK_S)
            for session in list(self._late):
                entry = self._index.entries.get(session)
                if entry is None or not self._caught_up(entry):
                    self._late.discard(session)

    def _caught_up(self, entry: Entry) -> bool:
        """Give the whole page to the viewers who wait for it. Return whether some viewers still wait."""
        page = entry.page
        for participant in list(page.behind):
            viewer = page.viewers.get(participant)
            if viewer is None:
                page.behind.discard(participant)
            else:
                self._give(entry, participant, viewer)
        return bool(page.behind)

    def changed(self, entry: Entry) -> None:
        """Stop passing the page on to viewers who may no longer see it, and tell the user's browser who sees the page.

        Call this method after every change of the session or of the page's viewers.
        """
        page, session = entry.page, entry.session
        for participant, viewer in list(page.viewers.items()):
            person = session.people.get(participant)
            if person is None or not entry.holds(viewer, participant) or not cobrowse.sees(session, person):
                del page.viewers[participant]
                page.behind.discard(participant)
        if not page.viewers:
            self._forget(page)
        if entry.lock.locked():  # the session is not saved yet; after saving, `Sessions.apply` calls this method again
            entry.refresh_due = True
            return
        if self.kept.settle(entry) and page.frames and not page.asked:
            self._again(entry, 0)
        if page.client is None:
            return
        on = session.cobrowse.state == "on"
        by = session.people.get(session.cobrowse.by)
        state = PageState(
            session=entry.id,
            on=on,
            texts="open" if session.cobrowse.rule == "open" else "strict",
            by=by.name if on and by is not None else "",
            seen_by=[] if page.refused else [session.people[each].name for each in page.viewers],
            recorded=page.kept is not None,
            origins=list(entry.site.origins) if on else [],
        )
        told = hash(frame := encode(state))
        if told != page.told:
            page.told = told
            page.client.send_encoded(frame)

    def _forget(self, page: ShownPage) -> None:
        self._held_bytes -= page.frames_bytes
        page.frames.clear()
        page.frames_bytes = page.snapshot_bytes = 0
        page.stale, page.asked, page.in_snapshot = True, False, False

    # --- what staff show on the page -----------------------------------------------------------------------------------------

    def point(self, client: Client, entry: Entry, person: Person, message: PointPage) -> None:
        """Show a mark of a member of staff on the user's page: a pointer, a frame or a stroke. Raises NotAllowed."""
        target = self._target(client, entry, person)
        if target is not None and target.queued_bytes < POINTER_QUEUE:
            target.send(Pointed(session=entry.id, name=person.name, kind=message.kind, node=message.node, spots=message.spots))

    def link(self, client: Client, entry: Entry, person: Person, message: ProposeLink) -> None:
        """Propose that the user opens another page of the same site. Raises NotAllowed."""
        try:
            url = endpoint(message.url.partition("#")[0])
            known = origin("/".join(url.split("/")[:3])) in entry.site.origins
        except BadAddress:
            known = False
        if not known:
            raise NotAllowed("unknown")
        target = self._target(client, entry, person)
        if target is not None:
            target.send(LinkProposed(session=entry.id, name=person.name, url=message.url))

    def _target(self, client: Client, entry: Entry, person: Person) -> Client | None:
        if entry.page.viewers.get(person.id) is not client:
            raise NotAllowed("not_yours")
        return entry.page.client


def _broken_off(session: str) -> bytes:
    """Return an empty part of a page. An empty part tells a viewer to forget the earlier parts of the same change."""
    return encode(PageOut(session=session, data=""))
