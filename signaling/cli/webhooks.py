"""`sangdam webhook`: manage webhooks, which tell other programs what happens."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from signaling.config.sources import SERVER
from signaling.records import FIRST_ORGANISATION, Realm, Records
from signaling.records.webhooks import Endpoint, SameEvents, TooManyEndpoints
from signaling.webhooks.endpoints import EVENTS, Endpoints, entries
from signaling.webhooks.reach import BadEndpoint, Reach

from .options import setting_option
from .organisations import require_organisation
from .sealing import seal_here, sealing_options
from .typed import an_id, ids_or_all, json_option, show, with_records

R = TypeVar("R")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _endpoints(records: Records, redis: str, secret_file: Path | None, allowed: Iterable[Any] = ()) -> Endpoints:
    return Endpoints(records, seal_here(redis, secret_file), Reach(allowed), _now_ms)


async def _found(records: Records, endpoint_id: str) -> Endpoint:
    endpoint = await records.endpoint(endpoint_id)
    if endpoint is None:
        raise click.ClickException(f"There is no webhook “{endpoint_id}”. List them with: sangdam webhook list")
    return endpoint


@click.group()
def webhook() -> None:
    """Manage webhooks, which tell other programs what happens, by signed messages over HTTPS (docs/webhooks.md)."""


@webhook.command("add")
@click.argument("url")
@click.option("--event", "events", multiple=True, type=click.Choice(EVENTS), help="An event to send. Repeatable. [default: all]")
@click.option("--site", "sites", multiple=True, callback=ids_or_all, help="Only events of this site. Repeatable. [default: all]")
@click.option("--organisation", default=FIRST_ORGANISATION, callback=an_id, help="Whose events. [default: main]")
@setting_option(SERVER["webhook_allow"])
@sealing_options
@with_records
async def webhook_add(
    records: Records,
    url: str,
    events: tuple[str, ...],
    sites: list[str],
    organisation: str,
    webhook_allow: tuple[Any, ...],
    redis: str,
    secret_file: Path | None,
) -> None:
    """Add a webhook, and print its secret. The secret cannot be read again."""
    await require_organisation(records, organisation)
    chosen = None if not sites or "*" in sites else sites
    theirs = {site.id for site in await records.sites(Realm(organisation=organisation))}
    for site in chosen or []:
        if site not in theirs:
            raise click.ClickException(f"There is no site “{site}” in this organisation.")
    endpoints = _endpoints(records, redis, secret_file, webhook_allow)
    try:
        added, secret = await endpoints.add(organisation, url, events or EVENTS, chosen, by="cli")
    except BadEndpoint as error:
        raise click.ClickException(str(error)) from None
    except SameEvents:
        raise click.ClickException("Another webhook sends one of these events to this address already.") from None
    except TooManyEndpoints:
        raise click.ClickException("There are as many webhooks as there may be. Remove one first.") from None
    show([{"id": added.id, "secret": secret}], as_json=True, one=True)


@webhook.command("list")
@json_option
@with_records
async def webhook_list(records: Records, as_json: bool) -> None:
    """List all webhooks. “waiting” is the number of messages that are not delivered yet."""
    found = await records.endpoints()
    waiting = await records.waiting([each.id for each in found])
    rows = [
        {
            "id": each.id,
            "organisation": each.organisation,
            "url": each.url,
            "events": each.events,
            "sites": each.sites if each.sites is not None else ["*"],
            "state": each.state,
            "why": each.why,
            "waiting": waiting.get(each.id, 0),
        }
        for each in found
    ]
    show(rows, as_json=as_json)


@webhook.command("rotate")
@click.argument("webhook_id", metavar="ID", callback=an_id)
@sealing_options
@with_records
async def webhook_rotate(records: Records, webhook_id: str, redis: str, secret_file: Path | None) -> None:
    """Make a new secret for a webhook, and print it.

    For one day, messages are signed with the new secret and with the old secret.
    """
    endpoint = await _found(records, webhook_id)
    secret = await _endpoints(records, redis, secret_file).rotate(endpoint, by="cli")
    show([{"id": endpoint.id, "secret": secret}], as_json=True, one=True)


@webhook.command("remove")
@click.argument("webhook_id", metavar="ID", callback=an_id)
@with_records
async def webhook_remove(records: Records, webhook_id: str) -> None:
    """Remove a webhook, and its messages that are not delivered yet."""
    endpoint = await _found(records, webhook_id)
    await records.remove_endpoint(endpoint.id, audit=entries("cli", "webhook.remove", endpoint))
