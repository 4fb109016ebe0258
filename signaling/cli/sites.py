"""`sangdam site`: partners' sites, their keys and their logos."""

from __future__ import annotations

import secrets
from typing import Any, BinaryIO, Final, TextIO

import click
from msgspec import to_builtins
from msgspec.structs import replace

from signaling.access.codes import MOST_KEYS, SERVER_KID
from signaling.access.signing_keys import MOST_TYPED_BYTES
from signaling.access.site_keys import kind_of, new_key
from signaling.config.sources import SERVER
from signaling.images.reencode import reencode
from signaling.images.refusal import PictureRefused
from signaling.records import Realm, Records, Site
from signaling.records.audit_entries import of_removed_site, of_site
from signaling.records.checks import Invalid, checked_site
from signaling.records.logos import MOST_PIXELS, Logo
from signaling.records.site_front import CHANNELS
from signaling.webhooks.reach import Reach

from .options import setting_option
from .organisations import require_organisation
from .site_options import site_options
from .typed import (
    an_id,
    an_id_or_none,
    audit_of,
    json_option,
    note_of,
    now_ms,
    show,
    valid,
    with_records,
)

MOST_LOGO_BYTES: Final = 8 * 1024 * 1024


def _site_row(site: Site) -> dict[str, Any]:
    """Return a site as a row to print. The row has the ids of the site's keys, and no secrets."""
    row = {name: getattr(site, name) for name in Site.__struct_fields__ if name not in ("categories", "keys", "wrap_up", "mail")}
    row["appointments"] = to_builtins(site.appointments)
    return row | {"categories": list(site.categories), "keys": [key.kid for key in site.keys]}


async def site_of(records: Records, site_id: str) -> Site:
    """Return the site with this id. Raises ClickException when there is no such site."""
    site = await records.site(site_id)
    if site is None:
        raise click.ClickException(f"There is no site “{site_id}”.")
    return site


@click.group()
def site() -> None:
    """Manage partners' sites."""


@site.command("add")
@click.argument("site_id", metavar="ID", callback=an_id)
@site_options
@click.option("--update", is_flag=True, help="Change an existing site. Options that are not given keep their value.")
@json_option
@with_records
async def site_add(
    records: Records,
    site_id: str,
    appointment_notice: int | None,
    appointment_lead: int | None,
    update: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Add a site, or change one.

    If the site's back end vouches for its users, add a signing key to the site: see sangdam site key.
    """
    before = await records.site(site_id)
    if (before is not None) != update:
        raise click.ClickException(f"Site “{site_id}” {'exists already; use --update' if before else 'does not exist yet'}.")
    await require_organisation(records, given["organisation"])
    given["channels"] = given["channels"] or CHANNELS
    values: dict[str, Any] = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    if before is not None:
        context = click.get_current_context()
        typed = click.core.ParameterSource.COMMANDLINE
        values = {name: value for name, value in values.items() if context.get_parameter_source(name) == typed}
        if values.get("organisation", before.organisation) != before.organisation:
            raise click.UsageError("A site cannot move to another organisation.")
        changed = _with_plan(before, replace(before, **values), appointment_notice, appointment_lead)
        after = valid(checked_site, changed)
        await records.save_site(after, audit=audit_of(of_site(before, after)))
    else:
        missing = [
            option
            for option, name in (("--name", "names"), ("--origin", "origins"), ("--language", "languages"))
            if not given[name]
        ]
        if missing:
            raise click.UsageError(f"A new site needs {', '.join(missing)}.")
        try:
            new = _with_plan(None, replace(Site(id=site_id), **values), appointment_notice, appointment_lead)
            after = valid(checked_site, new)
            await records.save_site(after, audit=audit_of(of_site(None, after)))
        except ValueError:
            raise click.ClickException(f"Another organisation had a site “{site_id}”. Take another id.") from None
    show([_site_row(await site_of(records, site_id))], as_json=as_json, one=True)


def _with_plan(before: Site | None, changed: Site, notice: int | None, lead: int | None) -> Site:
    """Return the site with these two times for its appointments, in minutes. None keeps the present value.

    `notice`: the least time from booking to the start. `lead`: how many minutes before the start the server begins to keep a
    place of the counselor free. Raises UsageError if a time is given and the site offers no appointments.
    """
    plan, former = changed.appointments, before.appointments if before else None
    if plan is None:
        if notice is not None or lead is not None:
            raise click.UsageError("The site gives no appointments. Give --appointments, too, such as 30+15.")
        return changed
    if former is not None:
        plan = replace(plan, notice_minutes=former.notice_minutes, lead_minutes=former.lead_minutes)
    if notice is not None:
        plan = replace(plan, notice_minutes=notice)
    if lead is not None:
        plan = replace(plan, lead_minutes=lead)
    return replace(changed, appointments=plan)


@site.command("list")
@click.option("--organisation", default=None, callback=an_id_or_none, help="List only this organisation's sites.")
@json_option
@with_records
async def site_list(records: Records, organisation: str | None, as_json: bool) -> None:
    """List all sites."""
    realm = None if organisation is None else Realm(organisation=organisation)
    rows = [_site_row(found) for found in await records.sites(realm)]
    short = ("id", "names", "origins", "languages", "categories", "keys")
    show(rows if as_json else [{name: row[name] for name in short} for row in rows], as_json=as_json)


@site.command("show")
@click.argument("site_id", metavar="ID")
@json_option
@with_records
async def site_show(records: Records, site_id: str, as_json: bool) -> None:
    """Show one site."""
    show([_site_row(await site_of(records, site_id))], as_json=as_json, one=True)


@site.command("remove")
@click.argument("site_id", metavar="ID")
@with_records
async def site_remove(records: Records, site_id: str) -> None:
    """Remove a site. The site's past sessions stay until their retention ends."""
    found = await site_of(records, site_id)
    await records.remove_site(site_id, audit=audit_of([of_removed_site(found)], found.organisation))


@site.command("key")
@click.argument("site_id", metavar="ID")
@click.argument("kid", metavar="KEY", callback=an_id)
@click.option(
    "--public",
    "public_key",
    type=click.File(errors="replace"),
    help="File with the back end's public key: PEM or JWK; “-” reads it here.",
)
@click.option("--address", default="", metavar="URL", help="Where the back end publishes its keys, as a JWK set.")
@click.option("--remove", is_flag=True, help="Remove the key. From then on, codes signed with this key are refused.")
@setting_option(SERVER["webhook_allow"])
@json_option
@with_records
async def site_key(
    records: Records,
    site_id: str,
    kid: str,
    public_key: TextIO | None,
    address: str,
    remove: bool,
    webhook_allow: tuple[Any, ...],
    as_json: bool,
) -> None:
    """Add a signing key of the site's back end, or remove one.

    Without --public and --address, the command makes a secret for HS256 and prints it once. A site can have two keys at the same
    time.
    """
    found = await site_of(records, site_id)
    others = [key for key in found.keys if key.kid != kid]
    if remove:
        if len(others) == len(found.keys):
            raise click.ClickException(f"“{site_id}” has no key “{kid}”.")
        changed = replace(found, keys=others)
        await records.save_site(changed, audit=audit_of(of_site(found, changed)))
        return
    if kid == SERVER_KID or len(others) < len(found.keys):
        raise click.ClickException(f"Key “{kid}” exists already; choose another name.")
    if len(others) >= MOST_KEYS:
        raise click.ClickException(f"“{site_id}” has {MOST_KEYS} keys already; remove one first.")
    typed = public_key.read(MOST_TYPED_BYTES + 1) if public_key else ""
    if public_key and not typed.strip():
        raise click.ClickException("The file with the public key is empty.")
    try:
        key = new_key(found.keys, kid, typed, address, Reach(webhook_allow).checked_field)
    except Invalid as error:
        raise click.ClickException(f"Not saved: {error}.") from None
    changed = replace(found, keys=[*others, key])
    await records.save_site(changed, audit=audit_of(of_site(found, changed)))
    shown = {"public": key.public} if key.public else {"address": key.address} if key.address else {"secret": key.secret}
    show([{"site": site_id, "kid": kid, "algorithm": kind_of(key), **shown}], as_json=as_json, one=True)


@site.command("logo")
@click.argument("site_id", metavar="ID")
@click.argument("file", required=False, type=click.File("rb"))
@click.option("--remove", is_flag=True, help="Remove the logo.")
@with_records
async def site_logo(records: Records, site_id: str, file: BinaryIO | None, remove: bool) -> None:
    """Set a site's logo from a picture file. The panel and the call page show the logo next to the site's name."""
    await site_of(records, site_id)
    if (file is not None) == remove:
        raise click.UsageError("Name a file, or give --remove.")
    try:
        picture = reencode(file.read(MOST_LOGO_BYTES)) if file is not None else None
    except PictureRefused as refused:
        raise click.ClickException(f"The picture cannot be used ({refused.reason}).") from None
    if picture is not None and max(picture.width, picture.height) > MOST_PIXELS:
        raise click.ClickException(f"A logo has at most {MOST_PIXELS} × {MOST_PIXELS} pixels.")
    name = f"logo-{secrets.token_urlsafe(12)}"
    logo = None
    if picture is not None:
        logo = Logo(id=name, mime=picture.mime, width=picture.width, height=picture.height, data=picture.data)
    await records.save_logo(site_id, logo, now_ms(), note=note_of("site.logo", f"site/{site_id}"))
