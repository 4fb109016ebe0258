"""`sangdam outcomes`: the outcomes, tags and templates for notes that staff of a site choose from after a conversation."""

from __future__ import annotations

from typing import IO

import click
import msgspec
from msgspec.structs import replace

from signaling.protocol.reading import Reader, Unreadable
from signaling.records import Records
from signaling.records.audit_entries import of_site
from signaling.records.wrap_up import BadPlan, WrapUpPlan, check

from .sites import site_of
from .typed import audit_of, with_records

_read_plan: Reader[WrapUpPlan] = Reader(WrapUpPlan)


@click.group()
def outcomes() -> None:
    """Manage the choices of staff after a conversation: outcomes, tags, and templates for notes."""


@outcomes.command("show")
@click.argument("site_id", metavar="SITE")
@with_records
async def outcomes_show(records: Records, site_id: str) -> None:
    """Print the site's outcomes, tags and templates as JSON. To change the plan, edit this text and pass it to `set`."""
    plan = (await site_of(records, site_id)).wrap_up_plan
    click.echo(msgspec.json.format(msgspec.json.encode(plan), indent=2))


@outcomes.command("set")
@click.argument("site_id", metavar="SITE")
@click.argument("file", metavar="FILE.json", type=click.File("rb"))
@with_records
async def outcomes_set(records: Records, site_id: str, file: IO[bytes]) -> None:
    """Replace what staff of the site choose after a conversation, from a JSON file or from standard input (-)."""
    site = await site_of(records, site_id)
    try:
        plan = _read_plan(file.read())
        check(plan, site.categories)
    except (Unreadable, BadPlan) as error:
        raise click.ClickException(str(error)) from error
    changed = replace(site, wrap_up=plan)
    await records.save_site(changed, audit=audit_of(of_site(site, changed)))


@outcomes.command("reset")
@click.argument("site_id", metavar="SITE")
@with_records
async def outcomes_reset(records: Records, site_id: str) -> None:
    """Remove the site's own plan of choices, so that the standard plan applies."""
    site = await site_of(records, site_id)
    changed = replace(site, wrap_up=None)
    await records.save_site(changed, audit=audit_of(of_site(site, changed)))
