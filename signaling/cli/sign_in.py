"""`sangdam sign-in`, and the commands of `sangdam staff` for members who cannot sign in any more."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import click
import msgspec

from signaling.access.codes import signing_secret
from signaling.access.passwords import make_link
from signaling.access.sign_in_refused import SignInRefused
from signaling.config.secret import read_secret
from signaling.config.settings import Settings
from signaling.config.sources import SERVER
from signaling.mail import Postbox
from signaling.mail.accounts import AccountMails
from signaling.mail.unsubscribing import Addresses
from signaling.records import Change, Records, StaffRecord
from signaling.records.audit_entries import Entry
from signaling.records.checks import changes
from signaling.records.sign_ins import INSTALLATION, MOST_HOURS, STANDARD_HOURS, NoProvider, ProviderUse, Required, rules_of

from .options import setting_option
from .organisations import require_organisation
from .staff import member_of, staff
from .typed import audit_of, now_ms, settings_here, with_records

NO_PROVIDER = (
    "No sign-in provider is set up, so nobody could sign in any more. Set one up first, by `sangdam sign-in-provider` or in the "
    "operators' page under “Signing in”."
)


@staff.command("link")
@click.argument("login")
@setting_option(SERVER["public_url"])
@with_records
async def staff_link(records: Records, login: str, public_url: str) -> None:
    """Print a one-time link, valid for a day, with which a member of staff sets a new password."""
    await _print_link(records, await member_of(records, login), public_url)


@staff.command("invite")
@click.argument("login")
@setting_option(SERVER["public_url"])
@setting_option(SERVER["smtp"])
@setting_option(SERVER["secret_file"])
@with_records
async def staff_invite(
    records: Records, login: str, public_url: str, smtp: tuple[str, int] | None, secret_file: Path | None
) -> None:
    """Mail a member of staff a one-time link with which they set a password.

    The running server sends the mail. Without a mail server (--smtp) or an address (staff change --mail), print the link instead.
    """
    member = await member_of(records, login)
    if await _invited(records, member, public_url, smtp, secret_file):
        click.echo(f"A link goes to {member.mail}. It works once, within three days.")
        return
    await _print_link(records, member, public_url)


async def _invited(
    records: Records, member: StaffRecord, public_url: str, smtp: tuple[str, int] | None, secret_file: Path | None
) -> bool:
    """Queue a mail with a one-time link for the member. Return whether a mail was queued.

    No mail is queued if there is no mail server, if the member has no address, or if the member signs in at a provider.
    """
    if smtp is None:
        return False
    settings = replace(settings_here(), public_url=public_url, secret=read_secret(secret_file) if secret_file else b"")
    postbox = Postbox(records, Addresses(signing_secret(settings)), now_ms, enabled=True)
    audit = audit_of([Entry(action="staff.invite", subject=f"staff/{member.id}")])
    return await AccountMails(records, postbox, settings, Counter(), now_ms).invite(member, audit=audit)


async def _print_link(records: Records, member: StaffRecord, public_url: str) -> None:
    audit = audit_of([Entry(action="password.link", subject=f"staff/{member.id}")])
    try:
        link = await make_link(records, Settings(public_url=public_url), member, now_ms(), audit=audit)
    except SignInRefused as refused:
        raise click.ClickException(refused.sentence) from None
    click.echo(link)


@staff.command("reset-factors")
@click.argument("login")
@with_records
async def staff_reset_factors(records: Records, login: str) -> None:
    """Remove the second factors of somebody who has lost them, and sign them out everywhere.

    First make sure that the request really comes from the member. If a second factor is required, the member sets up a new one at
    the next sign-in.
    """
    member = await member_of(records, login)
    await records.remove_factors(member.id, audit=audit_of([Entry(action="factors.reset", subject=f"staff/{member.id}")]))
    click.echo(f"“{member.login}” signs in with the password alone now.")


@click.command("sign-in")
@click.option("--organisation", default="", help="Rules of this organisation. Without it, those for everybody.")
@click.option("--second-factor", type=click.Choice(["off", "required"]), help="Whether everyone needs a second factor.")
@click.option(
    "--provider", type=click.Choice(["offered", "only"]), help="Whether staff sign in at the provider only, without passwords."
)
@click.option("--hours", type=click.IntRange(0, MOST_HOURS), help="Hours for which a sign-in lasts; 0: 12 hours.")
@with_records
async def sign_in(
    records: Records, organisation: str, second_factor: Required | None, provider: ProviderUse | None, hours: int | None
) -> None:
    """Show or change the rules for signing in. Changed rules apply to each person from their next sign-in on.

    If the rules for everybody and the rules of an organisation differ, the stricter rule applies.
    """
    if organisation:
        await require_organisation(records, organisation)
    row = rules_of(organisation) if organisation else INSTALLATION
    given = {"second_factor": second_factor, "provider": provider, "hours": hours}
    wanted = {name: value for name, value in given.items() if value is not None}
    if wanted:
        before = await records.sign_in_rules(row)
        rules = msgspec.structs.replace(before, **wanted)
        was, now = changes(msgspec.to_builtins(before), msgspec.to_builtins(rules))
        change = Change(before=was, after=now) if was != now else None
        audit = audit_of([Entry(action="sign_in.rules", subject=row, change=change)])
        try:
            await records.save_sign_in_rules(rules, row, audit=audit)
        except NoProvider:
            raise click.ClickException(NO_PROVIDER) from None
    rules = await records.sign_in_rules(row)
    click.echo(f"second factor: {rules.second_factor}\nprovider: {rules.provider}\nhours: {rules.hours or STANDARD_HOURS}")
