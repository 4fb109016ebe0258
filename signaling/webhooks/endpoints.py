"""Make and change webhooks' endpoints, with their secrets. The command line and the operators' page use this code."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Final, get_args
from urllib.parse import urlsplit

from msgspec.structs import replace

from signaling.config.seal import Seal, Unsealable
from signaling.protocol.audit_actions import AuditAction
from signaling.records import Audited, Records
from signaling.records.announcing import KEPT_TRYING_MS, TEST, Event, EventType
from signaling.records.webhooks import Endpoint

from .reach import BadEndpoint, Reach
from .signing import new_secret

EVENTS: Final[tuple[EventType, ...]] = get_args(EventType)
_MOST_SHOWN = 10  # an audit entry about an endpoint names at most this many sites
BOTH_VALID_MS = 24 * 3_600_000  # ms for which an endpoint's old secret also signs, after a new secret was made


class Endpoints:
    """The webhooks' endpoints of all organisations, with their secrets. Each change is stored with its audit entry.

    `by`: the actor of a change, for its audit entry.
    """

    def __init__(self, records: Records, seal: Seal, reach: Reach, now: Callable[[], int]) -> None:
        self._records = records
        self._seal = seal
        self._reach = reach
        self._now = now
        self.announced = asyncio.Event()  # set when the sender should look at the outbox at once

    async def add(
        self, organisation: str, url: str, events: Iterable[str], sites: Collection[str] | None = None, *, by: str
    ) -> tuple[Endpoint, str]:
        """Add an endpoint to which webhooks are sent. Return the endpoint and its secret, which is never shown again.

        `sites`: the sites whose events the endpoint gets; None: all sites of the organisation. Raises BadEndpoint if the URL or
        the events are refused, SameEvents if another endpoint gets one of these events at the same URL, and TooManyEndpoints if
        the organisation already has as many endpoints as allowed.
        """
        endpoint_id, secret = f"wh-{secrets.token_hex(6)}", new_secret()
        added = Endpoint(
            id=endpoint_id,
            organisation=organisation,
            url=self._reach.checked(url),
            events=checked_events(events),
            sites=sorted(sites) if sites is not None else None,
            secret=self._seal.close(secret, _about(endpoint_id)),
            created_at=self._now(),
        )
        await self._records.add_endpoint(added, audit=entries(by, "webhook.add", added))
        return added, secret

    async def change(
        self, endpoint: Endpoint, *, url: str, events: Iterable[str], sites: Collection[str] | None, on: bool, by: str
    ) -> None:
        """Change an endpoint, or switch it on or off.

        Raises BadEndpoint if the URL or the events are refused. Raises SameEvents if another endpoint that is switched on gets
        one of these events at the same URL, so that the event would arrive twice.
        """
        changed = {
            "url": self._reach.checked(url),
            "events": checked_events(events),
            "sites": sorted(sites) if sites is not None else None,
            "paused_until": 0,
        }
        turned = {} if on == (endpoint.state == "on") else {"state": "on" if on else "off", "why": "", "failures": 0}
        await self._records.change_endpoint(
            endpoint.id,
            try_until=self._now() + KEPT_TRYING_MS if turned and on else 0,
            audit=entries(by, "webhook.change", replace(endpoint, **changed)),
            **changed,
            **turned,
        )
        self.announced.set()

    async def rotate(self, endpoint: Endpoint, *, by: str) -> str:
        """Give an endpoint a new secret. Return the new secret. For a day, messages are signed with both secrets."""
        secret = new_secret()
        await self._records.change_endpoint(
            endpoint.id,
            secret=self._seal.close(secret, _about(endpoint.id)),
            old_secret=endpoint.secret,
            old_until=self._now() + BOTH_VALID_MS,
            audit=entries(by, "webhook.rotate", endpoint),
        )
        return secret

    async def test(self, endpoint: Endpoint, *, by: str) -> int:
        """Queue a test message to an endpoint. The message only shows whether messages arrive. Return the delivery's number."""
        now = self._now()
        event = Event(TEST, endpoint.organisation, "", now, secrets.token_hex(16), {"endpoint": endpoint.id})
        n = await self._records.announce_to(endpoint.id, event, audit=entries(by, "webhook.test", endpoint))
        self.announced.set()
        return n

    async def send_again(self, endpoint: Endpoint, n: int, *, by: str) -> bool:
        """Queue an event for an endpoint again. `n`: the delivery's number.

        Return False when there is no such delivery, or the event is still waiting.
        """
        audit = entries(by, "webhook.resend", endpoint)
        sent = await self._records.send_again(endpoint.id, n, self._now(), audit=audit)
        self.announced.set()
        return sent

    def secrets_of(self, endpoint: Endpoint) -> list[str]:
        """Return the secrets that sign an endpoint's messages now, the newest first.

        Raises Unsealable when the installation's key has changed.
        """
        found = [self._seal.open(endpoint.secret, _about(endpoint.id))]
        if endpoint.old_secret and self._now() < endpoint.old_until:
            with suppress(Unsealable):  # the old secret was encrypted under another key: only the new secret signs
                found.append(self._seal.open(endpoint.old_secret, _about(endpoint.id)))
        return found


def entries(by: str, action: AuditAction, endpoint: Endpoint) -> list[Audited]:
    """Return the audit entry about a change of an endpoint."""
    subject = f"webhook/{endpoint.id}"
    return [Audited(by, action, subject, _described(endpoint), organisation=endpoint.organisation)]


def _described(endpoint: Endpoint) -> str:
    """Return the audit's text about an endpoint: host, events and sites.

    The text leaves out the rest of the endpoint's URL, because it can contain a secret.
    """
    sites = ["*"] if endpoint.sites is None else endpoint.sites[:_MOST_SHOWN]
    more = "" if endpoint.sites is None or len(endpoint.sites) <= _MOST_SHOWN else ", …"
    return f"{urlsplit(endpoint.url).hostname}: {', '.join(endpoint.events)}; {', '.join(sites)}{more}"


def checked_events(names: Iterable[str]) -> list[str]:
    """Return the events that somebody chose for an endpoint, in the order of `EVENTS`.

    Raises BadEndpoint for an unknown event, and when no event is chosen.
    """
    chosen = set(names)
    if unknown := sorted(chosen - set(EVENTS)):
        raise BadEndpoint(f"There is no event “{unknown[0]}”. Events are: {', '.join(EVENTS)}.")
    if not chosen:
        raise BadEndpoint("Choose one event at least.")
    return [each for each in EVENTS if each in chosen]


def _about(endpoint_id: str) -> str:
    return f"webhook {endpoint_id}"
