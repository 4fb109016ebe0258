"""Send the webhooks' events in the outbox. In a cluster, only the leading server runs this.

At most `PLACES` events at a time are sent to one endpoint, so a slow endpoint does not delay events to other endpoints. After
each failure, an event waits longer for its next try. Later events of the same session wait until that event is delivered or given
up. An endpoint that fails again and again is paused as a whole, and then tried with one event at a time. An endpoint is switched
off if it has accepted no event for three days, or answers with the status `GONE`. The server then mails the organisation's owners
and the people who get the alerts of the endpoint's sites.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import structlog

from signaling.config.seal import Unsealable
from signaling.mail import Postbox
from signaling.records import Audited, Realm, Records, RecordsAway
from signaling.records.announcing import KEPT_TRYING_MS
from signaling.records.outbox import MailRefused
from signaling.records.webhooks import Attempt, Delivery, Endpoint

from .endpoints import Endpoints
from .sending import Outcome, Poster
from .signing import headers

log = structlog.get_logger(__name__)

LOOK_S = 1.0  # at most this many seconds pass between two searches of the outbox for events that are due
AWAY_S = 5.0  # while the database is unavailable, the sender tries to read it again after this many seconds
CROWD_LOOK_S = 60.0
PLACES = 4  # at most this many events are sent to one endpoint at the same time
LEASE_MS = 25_000  # ms for which one task has an event to itself; a try to send it takes at most 15 s
LATER_S = (5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600)  # seconds until the next try after each failure; the last one repeats
TROUBLED = 3  # number of failures in a row after which an endpoint is paused
# seconds for which an endpoint is paused after `TROUBLED` failures in a row and after each further one; the last one repeats
PAUSES_S = (5, 15, 60, 300)
GONE = 410  # HTTP status by which a receiver says that it wants no more messages (Standard Webhooks)
MOST_TOLD = 10  # a mail about a switched-off endpoint goes to at most this many addresses


class Sender:
    """Sends the events in the outbox to the webhooks' endpoints."""

    def __init__(
        self,
        records: Records,
        endpoints: Endpoints,
        poster: Poster,
        postbox: Postbox,
        *,
        page: str,
        count: Counter[str],
        now: Callable[[], int],
        wall: Callable[[], int],
    ) -> None:
        """Make a sender. `page`: the address of the operators' page, for mails. `wall`: the computer's clock, for signatures."""
        self._records = records
        self._endpoints = endpoints
        self._poster = poster
        self._postbox = postbox
        self._page = page
        self._count = count
        self._now = now
        self._wall = wall
        self._under_way: dict[str, set[int]] = {}  # endpoint → numbers of the events that are being sent
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send events until cancelled."""
        try:
            while True:
                try:
                    self._endpoints.announced.clear()
                    await self._look()
                    await self._rest()
                except RecordsAway:
                    await asyncio.sleep(AWAY_S)
        finally:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def watch_crowds(self) -> None:
        """Store at intervals which endpoints have too many waiting events. Runs until cancelled."""
        while True:
            with suppress(RecordsAway):
                await self._records.mark_crowded()
            await asyncio.sleep(CROWD_LOOK_S)

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._endpoints.announced.wait()

    async def _look(self) -> None:
        """Start a task for each event that is due and that its endpoint's limit allows."""
        now = self._now()
        self._under_way = {endpoint: numbers for endpoint, numbers in self._under_way.items() if numbers}
        busy = [endpoint for endpoint, numbers in self._under_way.items() if len(numbers) >= PLACES]
        for endpoint in await self._records.endpoints_due(now, busy):
            taken = len(self._under_way.get(endpoint.id, ()))
            free = (1 if endpoint.failures >= TROUBLED else PLACES) - taken
            if free > 0:
                for delivery in await self._records.claim_deliveries(endpoint.id, now, free, LEASE_MS):
                    self._begin(endpoint, delivery)

    def _begin(self, endpoint: Endpoint, delivery: Delivery) -> None:
        numbers = self._under_way.setdefault(endpoint.id, set())
        if delivery.n in numbers:
            return
        numbers.add(delivery.n)
        task = asyncio.create_task(self._safely(endpoint, delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _safely(self, endpoint: Endpoint, delivery: Delivery) -> None:
        try:
            await self._try(endpoint, delivery)
        except RecordsAway:
            self._count["webhook.not_stored"] += 1  # after `LEASE_MS` the event is sent again, under the same id
        except Exception:
            log.exception("webhook failed", endpoint=endpoint.id)
        finally:
            self._under_way[endpoint.id].discard(delivery.n)
            self._endpoints.announced.set()  # the endpoint can take another event, and the session's next event can be sent

    async def _try(self, endpoint: Endpoint, delivery: Delivery) -> None:
        at = self._now()
        try:
            signed = headers(self._endpoints.secrets_of(endpoint), delivery.event, self._wall(), delivery.body)
        except Unsealable:
            outcome = Outcome(why="no_secret")
        else:
            outcome = await self._poster.post(endpoint.url, signed, delivery.body)
        attempt = Attempt(at=at, took_ms=outcome.took_ms, status=outcome.status, why=outcome.why, answer=outcome.answer)
        if outcome.well:
            self._count["webhook.sent"] += 1
            hurry = self._under_way[endpoint.id] if endpoint.failures >= TROUBLED else None
            await self._records.delivered(delivery, attempt, hurry=hurry)
            return
        self._count["webhook.failed"] += 1
        await self._failed(endpoint, delivery, attempt, outcome)

    async def _failed(self, endpoint: Endpoint, delivery: Delivery, attempt: Attempt, outcome: Outcome) -> None:
        now = self._now()
        wait_s = max(LATER_S[min(delivery.tries, len(LATER_S) - 1)], outcome.retry_after_s)
        in_a_row = endpoint.failures + 1 - TROUBLED
        pause_s = PAUSES_S[min(in_a_row, len(PAUSES_S) - 1)] if in_a_row >= 0 else 0
        if outcome.retry_after_s:
            pause_s = max(pause_s, outcome.retry_after_s)
        # a status such as 400 might be about this event only, so it does not count as a failure of the endpoint
        counts = not 400 <= outcome.status < 500 or outcome.status == 429
        await self._records.not_delivered(delivery, attempt, now + wait_s * 1000, now + pause_s * 1000, counts=counts)
        if outcome.status == GONE:
            await self._disable(endpoint, "410")
        elif now >= delivery.until:
            # if the endpoint has accepted another event since this event was queued, it refuses only this event
            if endpoint.well_at > delivery.until - KEPT_TRYING_MS:
                await self._records.give_up_delivery(delivery.n)
            else:
                await self._disable(endpoint, outcome.why or str(outcome.status))

    async def _disable(self, endpoint: Endpoint, why: str) -> None:
        subject, organisation = f"webhook/{endpoint.id}", endpoint.organisation
        audit = [Audited("server", "webhook.disabled", subject, why, organisation=organisation)]
        if not await self._records.disable_endpoint(endpoint.id, why, audit=audit):
            return
        self._count["webhook.disabled"] += 1
        log.warning("webhook endpoint switched off", endpoint=endpoint.id, why=why)
        if self._postbox.enabled:
            await self._tell(endpoint)

    async def _tell(self, endpoint: Endpoint) -> None:
        """Queue mails that say that the endpoint is switched off.

        The mails go to the organisation's owners and to the people who get the alerts of the endpoint's sites. At most
        `MOST_TOLD` addresses get one.
        """
        told: dict[str, str] = {}  # mail address that gets the mail → language of the mail
        for member in await self._records.all_staff(endpoint.organisation):
            if "owner" in member.roles and member.active and member.mail:
                told[member.mail] = member.locale or next(iter(member.languages), "en")
        for site in await self._records.sites(Realm(organisation=endpoint.organisation)):
            if endpoint.sites is None or site.id in endpoint.sites:
                for address in site.mail.alerts:
                    told.setdefault(address, next(iter(site.languages), "en"))
        args = {"host": urlsplit(endpoint.url).hostname or "", "page": self._page}
        for address, language in list(told.items())[:MOST_TOLD]:
            try:
                key = f"webhook/{endpoint.id}/{address}"
                await self._postbox.post(
                    "webhook_off", address, organisation=endpoint.organisation, language=language, args=args, key=key
                )
            except MailRefused as error:
                self._count[f"mail.{error.reason}"] += 1
