"""Send the lists of waiting users to the consoles of staff, and the wallboard to operators. Each second, a round sends changes.

A console gets its list (the queue) at once when it connects, and when somebody takes or answers a message that a user left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from heapq import nsmallest
from typing import Literal

import structlog
from msgspec import structs

from signaling.access.rights import anywhere, may_at, realm_of
from signaling.live.call_quality import Calls
from signaling.live.clock import Now
from signaling.live.connections import Client, Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.queue_places import Places
from signaling.live.sessions import Sessions
from signaling.live.staffing import MATCHED_ROLES, Staffing
from signaling.live.trend import SPAN_MS, trend
from signaling.mediaworkers.interface import MediaWorkers
from signaling.protocol.mail_addresses import address_in
from signaling.protocol.server_messages import Queue, Trend, Wallboard, encode
from signaling.protocol.staff_views import MessageLeft, QueueItem, SessionItem, ThresholdItem, WorkerItem
from signaling.records import Realm, Records, Threshold
from signaling.records.outbox import MailState
from signaling.records.types import DayCounts, MessageRecord, RecordsAway, Site, StaffRecord
from signaling.session import views

log = structlog.get_logger(__name__)

ROUND_S = 1.0  # Seconds between two rounds, in which changes are sent to consoles and operators.
COUNTS_EVERY_ROUNDS = 10  # Today's sessions are counted again after this many rounds (of `ROUND_S` seconds each).
ANSWERS_EVERY_ROUNDS = 4  # The states of mails about answered messages are read again after this many rounds of `ROUND_S`.
TREND_EVERY_ROUNDS = 60  # The wallboard's curves (trend) are sent again after this many rounds (of `ROUND_S` seconds each).
QUEUE_ITEMS = 50  # Largest number of items of each list in a member's queue.

# In one round, the server sends the lists of waiting people (queues) to consoles, in all at most this many bytes. So a few
# seconds pass until a long list has reached a thousand consoles.
QUEUE_BYTES_A_ROUND = 4 * 1024 * 1024

# The values on which a member's queue depends: organisation, role, locale, languages, sites, categories, and the member's id if
# they have appointments (otherwise ""). Members with equal values form a group and see the same queue.
Group = tuple[str, str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...], str]


class Boards:
    def __init__(
        self,
        *,
        sessions: Sessions,
        staffing: Staffing,
        calls: Calls,
        places: Places,
        records: Records,
        workers: MediaWorkers,
        hub: Hub,
        index: Index,
        sends_mail: bool,
        now: Now,
    ) -> None:
        self._records = records
        self._workers = workers
        self._hub = hub
        self._index = index
        self._now = now
        self.sessions = sessions
        self.staffing = staffing
        self.places = places
        self.calls = calls
        self._counts: dict[Realm, DayCounts] = {}  # Realm (sites) whose wallboard somebody watches → counts of today's sessions.
        self._thresholds: dict[str, list[ThresholdItem]] = {}  # Organisation → its thresholds for the wallboard's figures.
        self._messages: dict[str, list[MessageRecord]] = {}  # Organisation → the messages that users left.
        self._messages_changed = True
        self._sends_mail = sends_mail
        # id of a mail about an answered message → the mail's state, and the reason for the state
        self._answers: dict[str, tuple[MailState, str]] = {}
        self._sites: dict[str, Site] = {}  # Id → site; the list of users' messages shows the sites' names.

        # Id → name of each member of staff; the list of users' messages shows who has taken a message.
        self._takers: dict[str, str] = {}
        self._frames: dict[Group, bytes] = {}  # Group of staff → the queue that this round (see `run`) sends to them, encoded.
        self._behind: list[Client] = []  # Consoles to which the present round has not sent the queue yet.

    async def run(self) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(ROUND_S)
            rounds += 1
            try:
                await self.places.round()
                if rounds % ANSWERS_EVERY_ROUNDS == 0 and any(state == "queued" for state, _ in self._answers.values()):
                    self._messages_changed = True  # a queued mail may have been sent or refused since the last check
                await self._round(counting=rounds % COUNTS_EVERY_ROUNDS == 0)
                if rounds % TREND_EVERY_ROUNDS == 0:
                    await self._push_trend()
            except Exception:
                log.exception("round failed")

    async def _round(self, *, counting: bool) -> None:
        with suppress(RecordsAway):  # while the database is unavailable, the results of the last round stay
            if self._messages_changed:
                await self.load_messages()
            if counting:
                await self.count()
        if self.sessions.changed or self.calls.changed or counting:
            self.sessions.changed = self.calls.changed = False
            await self.push()
        elif self._behind:
            await self._push_queues()

    # --- queues of the consoles ------------------------------------------------------------------------------------------

    async def count(self) -> None:
        """Count today's sessions in every realm (sites of one organisation) whose wallboard somebody watches."""
        watched = {realm for client in self._hub.watchers() if (realm := _watched_by(client)) is not None}
        self._counts = {realm: await self._count(realm) for realm in watched}

    async def _count(self, realm: Realm) -> DayCounts:
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return await self._records.counts_today(int(midnight.timestamp() * 1000), realm)

    async def load_thresholds(self, organisation: str) -> None:
        """Read the thresholds of an organisation. A figure without a stored threshold has the default threshold."""
        self._thresholds[organisation] = thresholds(await self._records.thresholds(organisation))
        self.sessions.changed = True

    async def greet(self, client: Client) -> None:
        """Send the wallboard and its curves (trend) to an operator who has just opened the wallboard."""
        realm = _watched_by(client)
        if realm is None or client.staff is None:
            return
        client.send(await self.read(client.staff, client.locale))
        client.send(await self._trend(realm))

    async def read(self, member: StaffRecord, locale: str = "") -> Wallboard:
        """Count today's sessions again, and return the wallboard of this member."""
        realm = realm_of(member, "live.watch")
        self._counts[realm] = await self._count(realm)
        if realm.organisation not in self._thresholds:
            await self.load_thresholds(realm.organisation)
        return self.wallboard(member, locale)

    async def _trend(self, realm: Realm) -> Trend:
        now = self._now()
        return trend(await self._records.waits(now - SPAN_MS, realm), now)

    async def _push_trend(self) -> None:
        frames: dict[Realm, bytes] = {}
        with suppress(RecordsAway):  # while the database is unavailable, the pages go on showing the last curves
            for client in list(self._hub.watchers()):
                realm = _watched_by(client)
                if realm is None:
                    continue
                if realm not in frames:
                    frames[realm] = encode(await self._trend(realm))
                client.send_encoded(frames[realm])

    def messages_changed(self) -> None:
        """Record a change of the messages that users have left. The next round (`ROUND_S`) reads all these messages.

        If many messages change within one second, one round reads them together.
        """
        self._messages_changed = True

    async def load_messages(self) -> None:
        self._messages_changed = False
        try:
            realms = [Realm(organisation=each.id) for each in await self._records.organisations()]
            self._messages = {each.organisation: await self._records.messages(realm=each) for each in realms}
            answered = [each.mail for found in self._messages.values() for each in found if each.mail]
            self._answers = await self._records.answers_mailed(answered)
            self._sites = {site.id: site for site in await self._records.sites()}
            self._takers = {member.id: member.name for member in await self._records.all_staff()}
        except RecordsAway:
            self._messages_changed = True
            raise
        self.sessions.changed = True

    async def push(self) -> None:
        """Send the queues to the consoles whose queue has changed, and the wallboard to the operators who watch it.

        When this round's byte limit is reached, the remaining consoles wait for the next round.
        """
        self._frames.clear()
        behind = dict.fromkeys(self._behind)
        matched = [each for each in self._hub.staff_clients() if each.desk and each.staff and each.staff.role in MATCHED_ROLES]
        self._behind = [*(each for each in matched if each not in behind), *behind]  # `_push_queues` begins at the end
        await self._push_queues()
        wallboards: dict[tuple[Realm, tuple[str, ...], str], bytes] = {}
        for client in self._hub.watchers():
            realm = _watched_by(client)
            if realm is None or client.staff is None:
                continue
            group = realm, client.staff.roles, client.locale
            if group not in wallboards:
                wallboards[group] = encode(self.wallboard(client.staff, client.locale))
            client.send_encoded(wallboards[group])

    async def _push_queues(self) -> None:
        spent = built = 0
        while self._behind and spent < QUEUE_BYTES_A_ROUND:
            spent += self.push_queue(self._behind.pop())
            # building a queue takes milliseconds, so a chat line must not wait until the queues of all groups are built
            if len(self._frames) != built:
                built = len(self._frames)
                await asyncio.sleep(0)
        if self._behind:
            # Some consoles wait for the next round. It checks all consoles, because the first ones may miss a change by then.
            self.sessions.changed = True

    def push_queue(self, client: Client) -> int:
        """Send this member the queue that they may see.

        The queue contains the waiting users whom the member could serve, open requests for help or transfer, booked callbacks,
        and the messages that users left. Return the number of bytes that were sent. If the queue has not changed since it was
        last sent, send nothing and return 0.
        """
        record = client.staff
        if record is None or record.role not in MATCHED_ROLES or client.closing:
            return 0
        group = (
            record.organisation,
            record.role,
            client.locale,
            tuple(record.languages),
            tuple(record.sites),
            tuple(record.categories),
            self._has_appointments(record),
        )
        frame = self._frames.get(group)
        if frame is None:
            frame = self._frames[group] = encode(self._queue(record, client.locale))
        if client.queue_sent == hash(frame):
            return 0
        client.queue_sent = hash(frame)
        client.send_encoded(frame)
        return len(frame)

    def _has_appointments(self, record: StaffRecord) -> str:
        """Return the member's id if they have appointments, else "".

        Only the member's own queue shows the names of the users who booked these appointments, so no other member shares this
        queue.
        """
        mine = any(_staff_of(entry) == record.id for entry in self._index.callbacks.values())
        return record.id if mine else ""

    def _queue(self, record: StaffRecord, locale: str) -> Queue:
        counselor = record.role == "counselor"
        items = self._asking("transfer" if counselor else "help", record, locale)
        waiting = self._waiting(record) if counselor else []
        for entry in nsmallest(QUEUE_ITEMS, waiting, key=_since):
            items.append(views.queue_item(entry.session, entry.category_name("", locale)))
        items.sort(key=lambda item: item.since)
        messages = [self._message(each, locale) for each in self._messages_for(record)]
        more = len(waiting) - min(len(waiting), QUEUE_ITEMS) + max(0, len(items) - QUEUE_ITEMS)
        callbacks = self._to_come(locale, record) if counselor else []
        return Queue(waiting=items[:QUEUE_ITEMS], more=more, callbacks=callbacks, messages=messages[:QUEUE_ITEMS])

    def _waiting(self, record: StaffRecord) -> list[Entry]:
        """Return the waiting sessions and due callbacks that this member could serve."""
        found: list[Entry] = []
        for (_, language, category), queue in self._index.queues.items():
            here = next(iter(queue.values())).site
            if self.staffing.serves(record, here, language, here.category_path(category)):
                found.extend(queue.values())
        found.extend(entry for entry in self._index.callbacks.values() if entry.session.in_line() and self._may(record, entry))
        return found

    def _to_come(self, locale: str, record: StaffRecord) -> list[QueueItem]:
        """Return the callbacks that are not due yet and that this member could serve."""
        found = [entry for entry in self._index.callbacks.values() if not entry.session.in_line() and self._may(record, entry)]
        items = self._soonest(found, locale)
        mine = iter(self._named([item for item in items if item.staff == record.id]))
        return [next(mine) if item.staff == record.id else item for item in items]

    def _soonest(self, found: list[Entry], locale: str) -> list[QueueItem]:
        soonest = nsmallest(QUEUE_ITEMS, found, key=_since)
        return [views.queue_item(entry.session, entry.category_name("", locale)) for entry in soonest]

    def _may(self, record: StaffRecord, entry: Entry) -> bool:
        session = entry.session
        return self.staffing.serves(record, entry.site, session.language, entry.site.category_path(session.category))

    def _asking(self, kind: str, record: StaffRecord, locale: str) -> list[QueueItem]:
        """Return the help or transfer requests that this member could answer."""
        found = []
        for entry in self._index.running.values():
            asked = entry.session.open_help()
            if asked is None or asked.state != "asking" or asked.to:
                continue
            item = views.help_item(entry.session, asked, entry.category_name(asked.category, locale))
            path = entry.site.category_path(asked.category)
            if item.kind == kind and self.staffing.serves(record, entry.site, entry.session.language, path):
                found.append(item)
        return found

    def message(self, record: StaffRecord, message: str) -> MessageRecord | None:
        """Return the message with this id that a user left, or None if it is not in the member's queue."""
        return next((each for each in self._messages_for(record) if each.id == message), None)

    def may_take(self, record: StaffRecord, message: str) -> bool:
        """Return whether the member may answer this message that a user left: it is among the messages for the member."""
        return any(each.id == message for each in self._messages_for(record))

    def _messages_for(self, record: StaffRecord) -> list[MessageRecord]:
        """Return the messages that users left and that this member may answer.

        A counselor gets the messages that are in one of their languages and from a site that they serve. Other staff get none.
        """
        if record.role != "counselor":
            return []
        everywhere = "*" in record.sites
        found = self._messages.get(record.organisation, [])
        return [each for each in found if each.language in record.languages and (everywhere or each.site in record.sites)]

    # --- the wallboard ---------------------------------------------------------------------------------------------------

    def wallboard(self, member: StaffRecord, locale: str = "") -> Wallboard:
        """Return the wallboard of the sites that this member may watch.

        The names of sites and categories are in the language `locale`, if there are names in this language.
        """
        index, realm = self._index, realm_of(member, "live.watch")
        callbacks = [entry for entry in index.callbacks.values() if realm.has(entry.site)]
        asking = [entry for entry in index.waiting.values() if realm.has(entry.site)]
        asking += [entry for entry in callbacks if entry.session.in_line()]
        running = [entry for entry in index.running.values() if realm.has(entry.site)]
        counts = self._counts.get(realm, NO_COUNTS)
        waiting = [
            views.queue_item(entry.session, entry.category_name("", locale))
            for entry in nsmallest(QUEUE_ITEMS, asking, key=_since)
        ]
        for entry in running:
            asked = entry.session.open_help()
            if asked is not None and asked.state == "asking" and not asked.to:
                waiting.append(views.help_item(entry.session, asked, entry.category_name(asked.category, locale)))
        return Wallboard(
            now=self._now(),
            waiting=sorted(waiting, key=lambda item: item.since)[:QUEUE_ITEMS],
            more=max(0, len(asking) - QUEUE_ITEMS),
            callbacks=self._named(self._soonest([each for each in callbacks if not each.session.in_line()], locale)),
            sessions=[self._session(each, locale, member) for each in running],
            staff=self.staffing.items(realm),
            workers=self._worker_items() if _sees_workers(member) else [],
            served_today=counts.served,
            left_today=counts.left,
            service_level_percent=counts.service_level_percent,
            rating_today=counts.rating,
            thresholds=self._thresholds.get(realm.organisation, list(DEFAULT_THRESHOLDS)),
        )

    def _named(self, items: list[QueueItem]) -> list[QueueItem]:
        """Return the items with the users' names, without the users' contacts.

        An operator who wants to see a contact must open the session, and opening a session is audited.
        """
        sessions = [self._index.entries[item.session].session for item in items]
        return [
            structs.replace(item, name=session.people[session.user].name) for item, session in zip(items, sessions, strict=True)
        ]

    def _worker_items(self) -> list[WorkerItem]:
        return [structs.replace(item, load=self.calls.loads.get(item.id)) for item in self._workers.items()]

    def _session(self, entry: Entry, locale: str, member: StaffRecord) -> SessionItem:
        names = entry.site_name(locale), entry.category_name("", locale)
        may_listen = entry.site.listening != "off" and may_at(member, "live.listen", entry.site)
        item = views.session_item(entry.session, *names, may_listen=may_listen)
        item.quality = self.calls.grades.get(entry.id) if entry.session.state == "active" else None
        return item

    def _message(self, record: MessageRecord, locale: str) -> MessageLeft:
        site = self._sites.get(record.site)
        language = (site.language_for(locale) if site else None) or record.language
        return MessageLeft(
            id=record.id,
            session=record.session,
            site=site.name(language) if site else record.site,
            category=site.category_name(record.category, language) if site else record.category,
            language=record.language,
            contact=record.contact,
            text=record.text,
            at=record.at,
            state=record.state,
            taken_by=record.taken_by,
            taken_by_name=self._takers.get(record.taken_by, record.taken_by),
            by_mail=self._sends_mail and bool(address_in(record.contact)),
            answer=self._answer(record)[0],
            why=self._answer(record)[1],
        )

    def _answer(self, record: MessageRecord) -> tuple[Literal["", MailState], str]:
        """Return the state of the mail about the answer to this message, and the reason for the state.

        A mail that is no longer in the outbox counts as sent.
        """
        if not record.mail:
            return "", ""
        refused = record.mail.removeprefix("refused/")
        return ("refused", refused) if refused != record.mail else self._answers.get(record.mail, ("sent", ""))


NO_COUNTS = DayCounts(served=0, left=0, service_level_percent=None, rating=None)
DEFAULT_THRESHOLDS = (
    ThresholdItem(figure="waiting", amber=3, red=8),
    ThresholdItem(figure="longest_s", amber=60, red=180),
    ThresholdItem(figure="level", amber=80, red=60),
    ThresholdItem(figure="left", amber=5, red=15),
    ThresholdItem(figure="poor", amber=1, red=3),
)


def thresholds(stored: Sequence[Threshold]) -> list[ThresholdItem]:
    """Return the threshold of every figure of the wallboard: the stored threshold if there is one, else the default."""
    found = {one.figure: one for one in stored}
    return [
        structs.replace(item, amber=found[item.figure].amber, red=found[item.figure].red) if item.figure in found else item
        for item in DEFAULT_THRESHOLDS
    ]


def _staff_of(entry: Entry) -> str:
    return entry.session.callback.staff if entry.session.callback is not None else ""


def _since(entry: Entry) -> int:
    """Return the time when the session began to wait. For a callback, return the time when it is due."""
    called = entry.session.callback
    return called.due_at if entry.session.state == "callback" and called is not None else entry.session.enqueued_at


def _watched_by(client: Client) -> Realm | None:
    """Return the sites (a realm) that the person at this connection may watch, or None if they may watch nothing."""
    if client.staff is None or not anywhere(client.staff.roles, "live.watch"):
        return None
    return realm_of(client.staff, "live.watch")


def _sees_workers(member: StaffRecord) -> bool:
    return anywhere(member.roles, "installation.see")
