"""Webhooks go from the database, SQLite or PostgreSQL, to a real receiver."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from signaling.config.seal import Seal
from signaling.live.clock import wall_clock_ms
from signaling.mail import Postbox
from signaling.mail.unsubscribing import Addresses
from signaling.records import MessageRecord, Records, Site
from signaling.records.mail_plan import MailPlan
from signaling.records.webhooks import Delivery, Endpoint
from signaling.webhooks import Endpoints, Sender
from signaling.webhooks.endpoints import BOTH_VALID_MS, EVENTS
from signaling.webhooks.reach import Reach
from signaling.webhooks.sending import Poster
from tests import PATIENCE_S

from .conftest import STARTED
from .receiver import Receiver

SECRET = b"s" * 32
WITHIN_S = PATIENCE_S
DAY_MS = 86_400_000
OPS = "ops"


class Office:
    """Webhook endpoints and the senders of servers, with a real database."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.ahead_ms = 0
        self.reach = Reach([ip_network("127.0.0.0/8")])
        self.endpoints = Endpoints(records, Seal(SECRET), self.reach, self.now)
        self.count: Counter[str] = Counter()

    def now(self) -> int:
        return wall_clock_ms() + self.ahead_ms

    def skip(self, seconds: float) -> None:
        self.ahead_ms += int(seconds * 1000)

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        postbox = Postbox(self.records, Addresses(SECRET), self.now, enabled=True)
        endpoints = Endpoints(self.records, Seal(SECRET), self.reach, self.now)
        sender = Sender(
            self.records,
            endpoints,
            Poster(self.reach),
            postbox,
            page="https://x.example",
            count=self.count,
            now=self.now,
            wall=wall_clock_ms,
        )
        task = asyncio.create_task(sender.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def add(self, receiver: Receiver, events: Any = EVENTS, sites: list[str] | None = None) -> Endpoint:
        added, receiver.secret = await self.endpoints.add("main", receiver.url, events, sites, by=OPS)
        return added

    async def converse(self, session: str, *, at: int = STARTED) -> None:
        """Take a session from the queue to its end, with a request for help and a rating."""
        given: dict[str, Any] = {"channel": "voice", "snapshot": b"{}", "waiting_at": at}
        await self.records.save_session(session, state="waiting", **given)
        await self.records.save_session(session, state="active", active_at=at + 9_000, **given)
        await self.records.add_event(session, "help", at + 20_000, {"state": "asking", "category": "lenses"})
        await self.records.save_session(
            session, state="after", active_at=at + 9_000, ended_at=at + 60_000, end_reason="hung_up", **given
        )
        await self.records.save_rating(session, 5, "thanks", at + 70_000)


LIFE = ["session.started", "session.accepted", "session.help_asked", "session.ended", "session.rated"]


async def until(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    try:
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(what()) from None


@pytest.fixture
async def office(records: Records) -> Office:
    return Office(records)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    await found.up()
    yield found
    await found.down()


async def state_of(office: Office, endpoint: Endpoint, done: Callable[[list[Delivery]], bool]) -> list[Delivery]:
    """Wait until `done` returns True for the endpoint's deliveries. Return the deliveries, the newest first."""
    found: list[Delivery] = []
    try:
        async with asyncio.timeout(WITHIN_S):
            while not done(found := await office.records.deliveries(endpoint.id)):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(found) from None
    return found


async def test_conversation_is_told_in_order_and_says_nothing_of_its_people(office: Office, receiver: Receiver) -> None:
    await office.add(receiver)
    await office.converse("s-1")
    await office.records.add_message(
        MessageRecord(
            id="m-1", session="s-1", site="shop", category="cameras", language="ko", contact="mina@example.com", text="안녕",
            at=STARTED,
        )
    )  # fmt: skip
    await office.records.add_event("s-1", "callback", STARTED + 80_000, {"state": "due"})
    for number, change in enumerate(("booked", "moved", "due", "cancelled")):
        about = {"change": change, "staff": "jimin", "at": STARTED, "minutes": 30}
        await office.records.add_event("s-1", "appointment", STARTED + 81_000 + number, about)
    await office.records.announce_recording("s-1", 1, 2, STARTED)
    await office.records.erase_session("s-1")
    async with office.sending():
        await until(lambda: len(receiver.seen) == 13, lambda: receiver.seen)
    assert receiver.of("s-1") == [
        *LIFE, "message.left", "callback.due", "appointment.booked", "appointment.moved", "appointment.due",
        "appointment.cancelled", "recording.ready", "person.erased",
    ]  # fmt: skip
    started, accepted, asked, ended, rated = receiver.seen[:5]
    about = {"session": "s-1", "site": "shop", "category": "cameras", "channel": "voice"}
    assert started == {
        "type": "session.started", "timestamp": "2026-09-21T14:13:20.000Z", "version": 1, "data": about, "id": started["id"]
    }  # fmt: skip
    assert accepted["data"]["waited_ms"] == 9_000
    assert asked["data"]["help_category"] == "lenses"
    assert (ended["data"]["reason"], rated["data"]["score"]) == ("hung_up", 5)
    assert receiver.seen[7]["data"] == about | {"staff": "jimin", "starts_at": STARTED, "minutes": 30}
    told = "".join(body for body, _ in receiver.raw)
    assert not any(word in told for word in ("mina", "안녕", "thanks", "t1"))


async def test_receiver_killed_and_back_gets_each_event_once_in_order(office: Office, receiver: Receiver) -> None:
    endpoint = await office.add(receiver)
    async with office.sending():
        await office.converse("s-0")
        await until(lambda: receiver.of("s-0") == LIFE, lambda: receiver.seen)
        await receiver.down()
        for session in ("s-1", "s-2", "s-3"):
            await office.converse(session)
        await state_of(office, endpoint, lambda found: sum(each.tries for each in found) > 7)
        await receiver.up()
        for _ in range(4):
            office.skip(120)
            await asyncio.sleep(0.3)
        await until(lambda: len(receiver.seen) == 20, lambda: receiver.seen)
    assert all(receiver.of(f"s-{number}") == LIFE for number in range(4))
    assert set(receiver.ids.values()) == {1}, "nothing twice"


async def test_two_servers_deliver_each_event_once(office: Office, receiver: Receiver) -> None:
    await office.add(receiver)
    async with AsyncExitStack() as servers:
        for _ in range(2):
            await servers.enter_async_context(office.sending())
        for number in range(4):
            await office.converse(f"s-{number}")
        await until(lambda: len(receiver.seen) >= 20, lambda: receiver.seen)
        await asyncio.sleep(0.3)  # if an event were delivered twice, the second delivery would arrive now
    assert set(receiver.ids.values()) == {1}
    assert all(receiver.of(f"s-{number}") == LIFE for number in range(4))


async def test_event_whose_server_died_is_sent_again_under_its_id(office: Office, receiver: Receiver) -> None:
    endpoint = await office.add(receiver, ["session.rated"])
    await office.records.save_rating("s-1", 4, "", STARTED)
    # a server claims an event, so that for 60 s no other server delivers it, and dies before the delivery
    [claimed] = await office.records.claim_deliveries(endpoint.id, office.now(), 5, 60_000)
    assert await office.records.claim_deliveries(endpoint.id, office.now(), 5, 60_000) == [], "leased"
    async with office.sending():
        office.skip(61)
        await until(lambda: len(receiver.seen) == 1, lambda: receiver.seen)
    assert receiver.ids == {claimed.event: 1}


async def test_slow_endpoint_delays_no_other(office: Office, receiver: Receiver) -> None:
    slow = Receiver(hangs=True)
    await slow.up()
    await office.add(slow)
    await office.add(receiver)
    async with office.sending():
        for number in range(4):
            await office.converse(f"s-{number}")
        await until(lambda: len(receiver.seen) == 20, lambda: receiver.seen)
        assert slow.tries <= 4, "places at one endpoint"
    await slow.down()


async def test_endpoint_gets_its_sites_and_its_chosen_events_only(office: Office, receiver: Receiver) -> None:
    await office.records.save_site(Site(id="other", names={"en": "Other"}, languages=["en"], accent="#0b7a75"))
    elsewhere = Receiver(port=receiver.port)
    await office.add(elsewhere, EVENTS, ["other"])
    await office.add(receiver, ["session.ended"], ["shop"])
    async with office.sending():
        await office.converse("s-1")
        await until(lambda: len(receiver.seen) == 1, lambda: receiver.seen)
        await asyncio.sleep(0.2)
    assert (receiver.of("s-1"), receiver.tries) == (["session.ended"], 1)


async def test_both_secrets_sign_for_a_day_after_a_rotation(office: Office, receiver: Receiver) -> None:
    endpoint = await office.add(receiver, ["session.rated"])
    former = receiver.secret
    newer = await office.endpoints.rotate(endpoint, by=OPS)
    async with office.sending():
        await office.records.save_rating("s-1", 4, "", STARTED)
        await until(lambda: len(receiver.raw) == 1, lambda: receiver.raw)
        body, headers = receiver.raw[0]
        assert Webhook(newer).verify(body, headers)["data"]["score"] == 4, "and the receiver has verified by the former one"
        office.skip(BOTH_VALID_MS / 1000)
        stored = await office.records.endpoint(endpoint.id)
        assert stored is not None
        assert office.endpoints.secrets_of(stored) == [newer]
        assert former not in repr(stored)
        assert newer not in repr(stored), "sealed"
    with pytest.raises(WebhookVerificationError):
        Webhook(former).verify(body + " ", headers)


async def test_refused_event_holds_back_its_session_alone_and_goes_by_hand(office: Office, receiver: Receiver) -> None:
    receiver.answers = {"session.accepted": 400}
    receiver.body = "no such customer" + "x" * 5000
    endpoint = await office.add(receiver)
    async with office.sending():
        await office.converse("s-1")
        await office.records.save_rating("s-2", 1, "", STARTED)
        await until(lambda: receiver.of("s-2") == ["session.rated"], lambda: receiver.seen)
        found = await state_of(office, endpoint, lambda found: any(each.attempts and each.state == "queued" for each in found))
        [refused] = [each for each in found if each.attempts and each.state == "queued"]
        assert refused.attempts[0]["status"] == 400
        assert refused.attempts[0]["answer"].startswith("no such customer")
        assert len(refused.attempts[0]["answer"]) <= 1024
        assert receiver.of("s-1") == ["session.started"]
        receiver.answers = {}
        office.skip(10)
        await until(lambda: receiver.of("s-1") == LIFE, lambda: receiver.seen)
        assert await office.endpoints.send_again(endpoint, refused.n, by=OPS)
        await until(lambda: receiver.ids[refused.event] == 2, lambda: receiver.ids)


async def test_endpoint_is_switched_off_after_three_days_and_its_people_are_told(office: Office, receiver: Receiver) -> None:
    site = await office.records.site("shop")
    assert site is not None
    plan = MailPlan(alerts=["ops@shop.example"])
    await office.records.save_site(Site(id="shop", names=site.names, languages=["ko"], accent=site.accent, mail=plan))
    await receiver.down()
    endpoint = await office.add(receiver)
    await office.converse("s-1")
    async with office.sending():
        for _ in range(12):
            await asyncio.sleep(0.1)
            office.skip(8 * 3600)
        await state_of(office, endpoint, lambda found: {each.state for each in found} == {"failed"})
        async with asyncio.timeout(WITHIN_S):
            while not (mails := (await office.records.mails())[0]):
                await asyncio.sleep(0.02)
    stored = await office.records.endpoint(endpoint.id)
    assert stored is not None
    assert (stored.state, stored.why) == ("failed", "unreachable")
    [mail] = mails
    assert (mail.kind, mail.address, mail.args["host"]) == ("webhook_off", "ops@shop.example", "127.0.0.1")
    entry = (await office.records.audits())[0][0]
    assert (entry.action, entry.subject) == ("webhook.disabled", f"webhook/{endpoint.id}")
    assert entry.at <= wall_clock_ms(), "the entry tells the machine's time, which is days behind the sender's clock"
    await receiver.up()
    await office.endpoints.change(stored, url=stored.url, events=EVENTS, sites=None, on=True, by=OPS)
    for each in reversed(await office.records.deliveries(endpoint.id)):
        assert await office.endpoints.send_again(endpoint, each.n, by=OPS)
    async with office.sending():
        await until(lambda: receiver.of("s-1") == LIFE, lambda: receiver.seen)


async def test_webhook_that_was_off_for_days_survives_its_next_failure(office: Office, receiver: Receiver) -> None:
    await receiver.down()
    endpoint = await office.add(receiver, ["session.rated"])
    await office.records.save_rating("s-1", 4, "", STARTED)
    for on in (False, True):
        present = await office.records.endpoint(endpoint.id)
        assert present is not None
        await office.endpoints.change(present, url=present.url, events=present.events, sites=None, on=on, by=OPS)
        office.skip(0 if on else 4 * DAY_MS / 1000)
    async with office.sending():
        await state_of(office, endpoint, lambda found: bool(found[0].attempts))
        await asyncio.sleep(0.1)  # a server that switches the webhook off does so right after it has stored the attempt
    found = await office.records.endpoint(endpoint.id)
    assert found is not None
    assert (found.state, found.failures) == ("on", 1)


async def test_events_of_a_webhook_that_is_off_go_after_seven_days(office: Office, receiver: Receiver) -> None:
    endpoint = await office.add(receiver, ["session.rated"])
    await office.records.save_rating("s-1", 4, "", STARTED)
    week_later = office.now() + 7 * DAY_MS + 1000
    await office.records.purge(week_later)
    assert len(await office.records.deliveries(endpoint.id)) == 1, "the sender still tries it"
    await office.endpoints.change(endpoint, url=endpoint.url, events=endpoint.events, sites=None, on=False, by=OPS)
    await office.records.purge(week_later - 2000)
    assert len(await office.records.deliveries(endpoint.id)) == 1
    await office.records.purge(week_later)
    assert await office.records.deliveries(endpoint.id) == []


async def test_receiver_that_is_gone_gets_no_more(office: Office, receiver: Receiver) -> None:
    receiver.answers = {"session.started": 410}
    endpoint = await office.add(receiver)
    async with office.sending():
        await office.converse("s-1")
        await state_of(office, endpoint, lambda found: {each.state for each in found} == {"failed"})
    assert receiver.tries == 1


async def test_saves_that_were_kept_back_lose_no_event(office: Office, receiver: Receiver) -> None:
    await office.add(receiver)
    await office.records.save_session(  # the first save: earlier states were kept back, because the database was unavailable
        "s-1", state="closed", channel="text", snapshot=b"", waiting_at=STARTED, active_at=STARTED + 1, ended_at=STARTED + 2,
        end_reason="left",
    )  # fmt: skip
    async with office.sending():
        await until(lambda: len(receiver.seen) == 3, lambda: receiver.seen)
    assert receiver.of("s-1") == ["session.started", "session.accepted", "session.ended"]
