"""`sangdam site`: partners' sites, their keys and their logos."""

from __future__ import annotations

import secrets
from typing import Any, BinaryIO, Final, TextIO, get_args

import click
from msgspec import to_builtins
from msgspec.structs import replace

from signaling.access.codes import MOST_KEYS, SERVER_KID
from signaling.access.signing_keys import MOST_TYPED_BYTES
from signaling.access.site_keys import kind_of, new_key
from signaling.config.sources import SERVER
from signaling.images.reencode import reencode
from signaling.images.refusal import PictureRefused
from signaling.protocol.words import Captions, Cobrowse, Listening
from signaling.records import FIRST_ORGANISATION, Realm, Records, Site
from signaling.records.appointment_plan import MOST_LEAD_MINUTES, MOST_NOTICE_MINUTES
from signaling.records.audit_entries import of_removed_site, of_site
from signaling.records.checks import MOST_GUESTS, Invalid, checked_site
from signaling.records.logos import MOST_PIXELS, Logo
from signaling.records.site_front import CHANNELS, MOST_LAUNCHER, MOST_NOTICE, Corner
from signaling.webhooks.reach import Reach

from .options import setting_option
from .organisations import require_organisation
from .typed import (
    MOST_FILE_MB,
    an_id,
    an_id_or_none,
    appointment_plan,
    colour,
    json_option,
    language_tags,
    link,
    name_option,
    noted,
    noted_all,
    now_ms,
    origins,
    parameters,
    show,
    texts_by_language,
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
@name_option
@click.option(
    "--origin",
    "origins",
    multiple=True,
    callback=origins,
    help="Origin of the site's pages, such as https://shop.example. Repeatable.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    callback=language_tags,
    help="Language that the site offers, the preferred one first. Repeatable.",
)
@click.option("--accent", default="", callback=colour, help="Accent colour as #rrggbb.")
@click.option("--privacy-url", default="", callback=link, help="Page of the privacy policy: https://…")
@click.option("--home-url", default="", callback=link, help="Home page: https://…")
@click.option(
    "--retention-days", default=90, show_default=True, type=click.IntRange(1, 3650), help="Days after which sessions are deleted."
)
@click.option(
    "--page-param",
    "page_params",
    multiple=True,
    callback=parameters,
    help="Query parameter that is not cut from page addresses. Repeatable.",
)
@click.option(
    "--recording",
    default="off",
    show_default=True,
    type=click.Choice(["off", "ask"]),
    help="Ask all participants for consent to recording.",
)
@click.option(
    "--callbacks", default="offered", show_default=True, type=click.Choice(["offered", "off"]), help="Offer to call users back."
)
@click.option(
    "--listening",
    default="off",
    show_default=True,
    type=click.Choice(get_args(Listening)),
    help="Let operators listen in on calls (on), also whisper to the counselor (whisper), also join (join). Users are told before"
    " they enter that an operator may listen in, and by name when one joins.",
)
@click.option(
    "--read-marks",
    default="on",
    show_default=True,
    type=click.Choice(["on", "off"]),
    help="Show people which of their lines were read. Staff see by whom, users do not.",
)
@click.option(
    "--staff-names",
    default="shown",
    show_default=True,
    type=click.Choice(["shown", "hidden"]),
    help="Name the counselors at work in the panel, before a conversation begins.",
)
@click.option(
    "--file-mb",
    default=25,
    show_default=True,
    type=click.IntRange(0, MOST_FILE_MB),
    help="Largest file that people may send each other, in MB. 0: pictures only.",
)
@click.option(
    "--organisation", default=FIRST_ORGANISATION, callback=an_id, help="Organisation that owns the site, if there are several."
)
@click.option(
    "--thread-days",
    default=7,
    show_default=True,
    type=click.IntRange(0, 90),
    help="Days for which a text conversation sleeps after its user has left. 0: it ends after 15 minutes.",
)
@click.option(
    "--own-past",
    default="shown",
    show_default=True,
    type=click.Choice(["shown", "off"]),
    help="Let users whom the site's code names read their own earlier conversations in the panel, on any device.",
)
@click.option(
    "--captions",
    default="live",
    show_default=True,
    type=click.Choice(get_args(Captions)),
    help="Let people in a call turn captions on (live), also keep them with the conversation if all agree (keep). Needs"
    " `sangdam captions`.",
)
@click.option(
    "--guests",
    default=0,
    show_default=True,
    type=click.IntRange(0, MOST_GUESTS),
    help="Guests whom people in a conversation may invite at a time, such as family or an interpreter. 0: none.",
)
@click.option(
    "--cobrowse",
    default="off",
    show_default=True,
    type=click.Choice(get_args(Cobrowse)),
    help="Let counselors ask to see the page on which the user is. strict: they see only the texts that the page shares; open:"
    " all but those that it marks as private.",
)
@click.option(
    "--channel",
    "channels",
    multiple=True,
    type=click.Choice(CHANNELS),
    help="Way to talk that the site offers. Repeatable. [default: text, voice and video]",
)
@click.option("--corner", default="right", show_default=True, type=click.Choice(get_args(Corner)), help="Corner of the launcher.")
@click.option(
    "--launcher",
    "launcher_texts",
    multiple=True,
    metavar="LANGUAGE=TEXT",
    callback=texts_by_language(MOST_LAUNCHER),
    help="Text on the launcher, such as en=Ask us. Repeatable.",
)
@click.option(
    "--waiting-notice",
    multiple=True,
    metavar="LANGUAGE=TEXT",
    callback=texts_by_language(MOST_NOTICE),
    help="Notice for users who wait. Repeatable.",
)
@click.option(
    "--recording-notice",
    multiple=True,
    metavar="LANGUAGE=TEXT",
    callback=texts_by_language(MOST_NOTICE),
    help="Notice that users read before they agree to a recording. Repeatable.",
)
@click.option(
    "--appointments",
    default="off",
    callback=appointment_plan,
    metavar="off|MINUTES[+PAUSE]",
    help="Let users book a counselor's time instead of a callback by anybody, such as 30+15: half an hour and a pause of 15"
    " minutes after it. Both are multiples of 15. [default: off]",
)
@click.option(
    "--appointment-notice",
    type=click.IntRange(0, MOST_NOTICE_MINUTES),
    help="Least minutes from booking an appointment to its start. [default: 60]",
)
@click.option(
    "--appointment-lead",
    type=click.IntRange(1, MOST_LEAD_MINUTES),
    help="Minutes before an appointment from which a place of its counselor is kept free. [default: 5]",
)
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

    The site's back end needs a key only if the site vouches for its users: see sangdam site key.
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
        await records.save_site(after)
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
            await records.save_site(after)
        except ValueError:
            raise click.ClickException(f"Another organisation had a site “{site_id}”. Take another id.") from None
    await noted_all(records, of_site(before, after))
    show([_site_row(await site_of(records, site_id))], as_json=as_json, one=True)


def _with_plan(before: Site | None, changed: Site, notice: int | None, lead: int | None) -> Site:
    """Return the changed site with this notice and lead time of its appointments, in minutes. With None, the present value stays.

    Raises UsageError when the site offers no appointments.
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
    await records.remove_site(site_id)
    await noted_all(records, [of_removed_site(found)], found.organisation)


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

    Without --public and --address, this makes a secret for HS256, and shows it once. A site may have two keys at a time.
    """
    found = await site_of(records, site_id)
    others = [key for key in found.keys if key.kid != kid]
    if remove:
        if len(others) == len(found.keys):
            raise click.ClickException(f"“{site_id}” has no key “{kid}”.")
        await records.save_site(replace(found, keys=others))
        await noted_all(records, of_site(found, replace(found, keys=others)))
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
    await records.save_site(replace(found, keys=[*others, key]))
    await noted_all(records, of_site(found, replace(found, keys=[*others, key])))
    shown = {"public": key.public} if key.public else {"address": key.address} if key.address else {"secret": key.secret}
    show([{"site": site_id, "kid": kid, "algorithm": kind_of(key), **shown}], as_json=as_json, one=True)


@site.command("logo")
@click.argument("site_id", metavar="ID")
@click.argument("file", required=False, type=click.File("rb"))
@click.option("--remove", is_flag=True, help="Remove the logo.")
@with_records
async def site_logo(records: Records, site_id: str, file: BinaryIO | None, remove: bool) -> None:
    """Set the picture beside the site's name in panel and call page, from a picture file."""
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
    change = await records.save_logo(site_id, logo, now_ms())
    await noted(records, "site.logo", f"site/{site_id}", change)
