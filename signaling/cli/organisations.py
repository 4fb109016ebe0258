"""`sangdam organisation`: several organisations on one installation. No organisation sees anything of another."""

from __future__ import annotations

import click

from signaling.records import Organisation, Records
from signaling.records.audit_entries import Entry

from .typed import a_name, an_id, audit_of, json_option, show, with_records


async def require_organisation(records: Records, organisation_id: str) -> None:
    """Raise ClickException when there is no such organisation."""
    if await records.organisation(organisation_id) is None:
        raise click.ClickException(f"There is no organisation “{organisation_id}”. Add it with: sangdam organisation add")


@click.group()
def organisation() -> None:
    """Manage organisations. An installation for one organisation needs none of these commands."""


@organisation.command("add")
@click.argument("organisation_id", metavar="ID", callback=an_id)
@click.option("--name", required=True, callback=a_name, help="Name that its staff see.")
@click.option("--update", is_flag=True, help="Change the name of an existing organisation.")
@with_records
async def organisation_add(records: Records, organisation_id: str, name: str, update: bool) -> None:
    """Add an organisation. Then give it an owner: sangdam staff add --organisation ID --role owner LOGIN."""
    exists = await records.organisation(organisation_id) is not None
    if exists != update:
        what = "exists already; use --update" if exists else "does not exist yet"
        raise click.ClickException(f"Organisation “{organisation_id}” {what}.")
    audit = audit_of([Entry(action="organisation.save", subject=f"organisation/{organisation_id}")])
    await records.save_organisation(Organisation(id=organisation_id, name=name), audit=audit)


@organisation.command("list")
@json_option
@with_records
async def organisation_list(records: Records, as_json: bool) -> None:
    """List all organisations."""
    show([{"id": each.id, "name": each.name} for each in await records.organisations()], as_json=as_json)
