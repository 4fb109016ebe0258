"""Routes of the settings page for an organisation's webhooks: endpoints, secrets, test events, and the state of recent events."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct, convert

from signaling.access.rights import Thing
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.records.announcing import EventType
from signaling.records.webhooks import Attempt, Delivery, Endpoint, SameEvents, TooManyEndpoints
from signaling.server.app_keys import ENDPOINTS, RECORDS
from signaling.webhooks.endpoints import EVENTS, entries
from signaling.webhooks.reach import BadEndpoint

from .allowed import Asker, asker_of
from .bodies import Key, path_id, read_json, steady_ms
from .errors import Refused, answer, not_found

routes = web.RouteTableDef()

_MOST_SITES = 1000  # a webhook names at most this many sites


class NewWebhook(Struct, kw_only=True):
    """A webhook to add. `sites`: only events of these sites are sent; null: events of all sites of the organisation."""

    url: Annotated[str, by(Exact(2000))]
    events: Annotated[list[EventType], Meta(max_length=len(EVENTS))]
    sites: Annotated[list[Key], Meta(max_length=_MOST_SITES)] | None = None


class ChangedWebhook(NewWebhook, kw_only=True):
    on: bool


class WebhookItem(Struct, kw_only=True):
    """A webhook. `state`: "on", "off", or "failed" if the server has switched it off. `why`: why the last try failed, or "".

    `sites`: null for all sites of the organisation. `failures`: number of failed tries since the last success. `waiting`: number
    of events that wait to be sent. `both_until`: until when the old secret also signs events (Unix ms), or 0. `well_at`: when an
    event was last delivered (Unix ms), or 0. `crowded`: too many events wait for this webhook, so the server stores no new events
    for it.
    """

    id: str
    url: str
    events: list[str]
    sites: list[str] | None
    state: str
    why: str
    failures: int
    waiting: int
    crowded: bool
    both_until: int
    well_at: int


class WebhookPage(Struct, kw_only=True):
    """The webhooks of an organisation. `events`: the types of events that can be chosen."""

    items: list[WebhookItem]
    events: list[str]


class WebhookSecret(Struct, kw_only=True):
    """A webhook's new secret. The secret is shown only in this response."""

    id: str
    secret: str


class DeliveryItem(Struct, kw_only=True):
    """An event for a webhook. `id`: the event's `webhook-id`. `at`: when the event was stored (Unix ms)."""

    n: int
    id: str
    type: str
    session: str
    state: str
    at: int
    next_at: int
    tries: int
    attempts: list[Attempt]


_read_new: Reader[NewWebhook] = Reader(NewWebhook)
_read_changed: Reader[ChangedWebhook] = Reader(ChangedWebhook)


@routes.get("/api/settings/webhooks")
async def page(request: web.Request) -> web.Response:
    asker, records = await asker_of(request), request.app[RECORDS]
    found = await records.endpoints(asker.realm)
    waiting = await records.waiting([each.id for each in found])
    items = [_item(each, waiting.get(each.id, 0), steady_ms(request)) for each in found]
    return answer(WebhookPage(items=items, events=list(EVENTS)))


@routes.post("/api/settings/webhooks")
async def add(request: web.Request) -> web.Response:
    """Add a webhook to the organisation of the signed-in member. The request is audited."""
    asker = await asker_of(request)
    asked = await read_json(request, _read_new)
    organisation = asker.member.organisation
    await _check_sites(request, asker, asked.sites)
    try:
        added, secret = await request.app[ENDPOINTS].add(organisation, asked.url, asked.events, asked.sites, by=asker.member.id)
    except BadEndpoint as error:
        raise Refused(400, "bad_webhook", str(error)) from None
    except SameEvents:
        raise _taken() from None
    except TooManyEndpoints:
        raise Refused(409, "too_many_webhooks", "There are as many webhooks as there may be. Remove one first.") from None
    return answer(WebhookSecret(id=added.id, secret=secret))


@routes.post("/api/settings/webhooks/{id}")
async def change(request: web.Request) -> web.Response:
    """Change a webhook, or switch it on or off. The request is audited."""
    asker = await asker_of(request)
    endpoint = await _asked(request, asker)
    asked = await read_json(request, _read_changed)
    await _check_sites(request, asker, asked.sites)
    try:
        await request.app[ENDPOINTS].change(
            endpoint, url=asked.url, events=asked.events, sites=asked.sites, on=asked.on, by=asker.member.id
        )
    except BadEndpoint as error:
        raise Refused(400, "bad_webhook", str(error)) from None
    except SameEvents:
        raise _taken() from None
    return answer({})


@routes.post("/api/settings/webhooks/{id}/rotate")
async def rotate(request: web.Request) -> web.Response:
    """Make a new secret for a webhook. For one day, events are also signed with the old secret. The request is audited."""
    asker = await asker_of(request)
    endpoint = await _asked(request, asker)
    secret = await request.app[ENDPOINTS].rotate(endpoint, by=asker.member.id)
    return answer(WebhookSecret(id=endpoint.id, secret=secret))


@routes.post("/api/settings/webhooks/{id}/remove")
async def remove(request: web.Request) -> web.Response:
    """Remove a webhook and its waiting events. The request is audited."""
    asker = await asker_of(request)
    endpoint = await _asked(request, asker)
    await request.app[RECORDS].remove_endpoint(endpoint.id, audit=entries(asker.member.id, "webhook.remove", endpoint))
    return answer({})


@routes.post("/api/settings/webhooks/{id}/test")
async def test(request: web.Request) -> web.Response:
    """Send a test event to one webhook. The request is audited."""
    asker = await asker_of(request)
    endpoint = await _asked(request, asker)
    if endpoint.state != "on":
        raise Refused(409, "wrong_state", "This webhook is switched off.")
    await request.app[ENDPOINTS].test(endpoint, by=asker.member.id)
    return answer({})


@routes.get("/api/settings/webhooks/{id}/deliveries")
async def deliveries(request: web.Request) -> web.Response:
    endpoint = await _asked(request, await asker_of(request))
    return answer([_delivery(each) for each in await request.app[RECORDS].deliveries(endpoint.id)])


@routes.post("/api/settings/webhooks/{id}/deliveries/{n}/send")
async def send_again(request: web.Request) -> web.Response:
    """Send an event to its webhook again, under the same id. The request is audited."""
    asker = await asker_of(request)
    endpoint = await _asked(request, asker)
    n = path_id(request, "n")
    if endpoint.state != "on":
        raise Refused(409, "wrong_state", "This webhook is switched off.")
    is_number = n.isascii() and n.isdigit() and len(n) < 19
    if not (is_number and await request.app[ENDPOINTS].send_again(endpoint, int(n), by=asker.member.id)):
        raise Refused(409, "wrong_state", "This event waits already, or is no longer kept.")
    return answer({})


async def _asked(request: web.Request, asker: Asker) -> Endpoint:
    """Return the webhook that the path names.

    Raises Refused(not_found) when there is no such webhook or the asker may not see it.
    """
    endpoint = await request.app[RECORDS].endpoint(path_id(request, "id"))
    if endpoint is None:
        raise not_found()
    asker.require(Thing(endpoint.organisation, None if endpoint.sites is None else frozenset(endpoint.sites)))
    return endpoint


async def _check_sites(request: web.Request, asker: Asker, sites: list[str] | None) -> None:
    """Raise Refused when any of these sites is not allowed for the asker. None stands for all sites of the organisation."""
    asker.require(Thing(asker.member.organisation, None if sites is None else frozenset(sites)))
    if sites is None:
        return
    theirs = {site.id for site in await request.app[RECORDS].sites(asker.realm)}
    if not sites or not theirs.issuperset(sites):
        raise not_found()


def _taken() -> Refused:
    sentence = (
        "Another webhook sends one of these events to this address already. "
        "Change that one. If you do not see it, it serves other sites as well: ask an owner."
    )
    return Refused(409, "webhook_taken", sentence)


def _item(endpoint: Endpoint, waiting: int, now: int) -> WebhookItem:
    return WebhookItem(
        id=endpoint.id,
        url=endpoint.url,
        events=endpoint.events,
        sites=endpoint.sites,
        state=endpoint.state,
        why=endpoint.why,
        failures=endpoint.failures,
        waiting=waiting,
        crowded=endpoint.crowded,
        both_until=endpoint.old_until if endpoint.old_until > now else 0,
        well_at=endpoint.well_at,
    )


def _delivery(found: Delivery) -> DeliveryItem:
    return DeliveryItem(
        n=found.n,
        id=found.event,
        type=found.type,
        session=found.session,
        state=found.state,
        at=found.at,
        next_at=max(found.next_at, found.at),
        tries=found.tries,
        attempts=convert(found.attempts, list[Attempt]),
    )
