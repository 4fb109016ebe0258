"""What is pushed in rounds, at most once a second: places of waiting users, queues of consoles, the operators' wallboard."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import datetime

import structlog

from matcher.types import Unavailable
from signaling import views
from signaling.live.clients import Client
from signaling.live.entry import Entry, House
from signaling.live.sessions import Sessions
from signaling.live.staffing import MATCHED_ROLES, Staffing
from signaling.messages import MessageLeft, Queue, QueueItem, Wallboard, encode
from signaling.records.types import DayCounts, MessageRecord, RecordsAway, Site, StaffRecord

log = structlog.get_logger(__name__)

ROUND_S = 1.0
COUNTS_EVERY_ROUNDS = 10
PLACES_A_ROUND = 500  # in turn; with 10,000 waiting each hears of their place every 20 s
QUEUE_ITEMS = 100

Queued = tuple[Entry, str, QueueItem]  # with the id of the category that is asked for


class Boards:
    def __init__(self, house: House, sessions: Sessions, staffing: Staffing) -> None:
        self.house = house
        self.sessions = sessions
        self.staffing = staffing
        self._counts = DayCounts(served=0, left=0, service_level_percent=None, rating=None)
        self._messages: list[MessageRecord] = []
        self._sites: dict[str, Site] = {}  # for the names in messages
        self._sent_queue: dict[Client, bytes] = {}
        self._turn = 0

    async def run(self) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(ROUND_S)
            rounds += 1
            try:
                await self.places()
                if self.sessions.changed or rounds % COUNTS_EVERY_ROUNDS == 0:
                    self.sessions.changed = False
                    if rounds % COUNTS_EVERY_ROUNDS == 0:
                        with suppress(RecordsAway):  # the day's figures stay as they were
                            await self.count()
                    self.push()
            except Exception:
                log.exception("round failed")

    # --- places ----------------------------------------------------------------------------------------------------------

    async def places(self) -> None:
        waiting = [entry for entry in self.house.entries.values() if entry.session.state == "waiting"]
        if len(waiting) > PLACES_A_ROUND:
            first = self._turn % len(waiting)
            self._turn += PLACES_A_ROUND
            waiting = (waiting + waiting)[first : first + PLACES_A_ROUND]
        for entry in waiting:
            await self.place(entry)

    async def place(self, entry: Entry) -> None:
        if entry.session.state == "waiting":
            with suppress(Unavailable):  # it stays where it was
                entry.place = await self.house.store.place(entry.session.request, self.house.now()) or entry.place
            self.sessions.show(entry)

    # --- queues ----------------------------------------------------------------------------------------------------------

    async def count(self) -> None:
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        self._counts = await self.house.records.counts_today(int(midnight.timestamp() * 1000))

    async def load_messages(self) -> None:
        self._messages = await self.house.records.messages(("new", "taken"))
        self._sites = {site.id: site for site in await self.house.records.sites()}
        self.sessions.changed = True

    def push(self) -> None:
        items: dict[str, list[Queued]] = {}
        for client in list(self._sent_queue):
            if client not in self.house.hub.clients:
                del self._sent_queue[client]
        for client in self.house.hub.clients:
            if client.staff is not None and client.staff.role in MATCHED_ROLES:
                if client.locale not in items:
                    items[client.locale] = self._queue_items(client.locale)
                self.push_queue(client, items[client.locale])
        wallboards: dict[str, bytes] = {}
        for client in self.house.hub.watchers():
            frame = wallboards.get(client.locale) or wallboards.setdefault(client.locale, encode(self.wallboard(client.locale)))
            client.send_encoded(frame)

    def push_queue(self, client: Client, items: list[Queued] | None = None) -> None:
        """Who waits that this member could serve, and the messages left, when that has changed."""
        record = client.staff
        if record is None or record.role not in MATCHED_ROLES:
            return
        kinds = ("user", "transfer") if record.role == "counselor" else ("help",)
        mine = [
            item
            for entry, category, item in (self._queue_items(client.locale) if items is None else items)
            if item.kind in kinds and self._serves(record, entry, category)
        ]
        messages = [self._message(each, client.locale) for each in self._messages if _for(record, each)][:QUEUE_ITEMS]
        frame = encode(Queue(waiting=mine[:QUEUE_ITEMS], messages=messages))
        if self._sent_queue.get(client) != frame:
            self._sent_queue[client] = frame
            client.send_encoded(frame)

    def _serves(self, record: StaffRecord, entry: Entry, category: str) -> bool:
        return self.staffing.serves(record, entry.site.id, entry.session.language, entry.site.category_path(category))

    def may_take(self, record: StaffRecord, message: str) -> bool:
        """Is this message one of those that the member is shown?"""
        return any(each.id == message and _for(record, each) for each in self._messages)

    def _queue_items(self, locale: str) -> list[Queued]:
        found: list[Queued] = []
        for entry in self.house.entries.values():
            session, asked = entry.session, entry.session.open_help()
            if session.state == "waiting":
                found.append((entry, session.category, views.queue_item(session, entry.category_name("", locale))))
            elif asked is not None and asked.state == "asking" and not asked.to:
                found.append(
                    (entry, asked.category, views.help_item(session, asked, entry.category_name(asked.category, locale)))
                )
        return sorted(found, key=lambda each: each[2].since)

    def wallboard(self, locale: str = "") -> Wallboard:
        """Names of sites and categories are in the viewer's language, where the site has it."""
        running = [entry for entry in self.house.entries.values() if entry.session.state in ("active", "after")]
        busy = Counter(person.staff for entry in running for person in entry.session.present() if person.staff)
        return Wallboard(
            now=self.house.now(),
            waiting=[item for _, _, item in self._queue_items(locale)][:QUEUE_ITEMS],
            sessions=[
                views.session_item(each.session, each.site_name(locale), each.category_name("", locale)) for each in running
            ],
            staff=self.staffing.items(busy),
            workers=self.house.workers.items(),
            served_today=self._counts.served,
            left_today=self._counts.left,
            service_level_percent=self._counts.service_level_percent,
            rating_today=self._counts.rating,
        )

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
        )


def _for(record: StaffRecord, message: MessageRecord) -> bool:
    """Messages go to counselors of that language and site."""
    sites = record.sites
    return record.role == "counselor" and message.language in record.languages and ("*" in sites or message.site in sites)
