"""`sangdam sign-in`, and the commands of `sangdam staff` that let somebody in again."""

from __future__ import annotations

import time

import click

from signaling.access.passwords import make_link
from signaling.access.sign_in_refused import SignInRefused
from signaling.config.settings import Settings
from signaling.config.sources import SERVER
from signaling.records import Records, SignInRules
from signaling.records.sign_ins import Required

from .options import setting_option
from .staff import member_of, staff
from .typed import noted, with_records


@staff.command("link")
@click.argument("login")
@setting_option(SERVER["public_url"])
@with_records
async def staff_link(records: Records, login: str, public_url: str) -> None:
    """Print a one-time link, valid for a day, with which a member of staff sets a new password."""
    member = await member_of(records, login)
    try:
        link = await make_link(records, Settings(public_url=public_url), member, time.time_ns() // 1_000_000)
    except SignInRefused as refused:
        raise click.ClickException(refused.sentence) from None
    await noted(records, "password.link", f"staff/{member.id}")
    click.echo(link)


@staff.command("reset-factors")
@click.argument("login")
@with_records
async def staff_reset_factors(records: Records, login: str) -> None:
    """Remove the second factors of somebody who has lost them, and sign them out everywhere.

    Make sure that it is really them who asks. Where a second factor is required, they set up a new one at their next sign-in.
    """
    member = await member_of(records, login)
    await records.remove_factors(member.id)
    await noted(records, "factors.reset", f"staff/{member.id}")
    click.echo(f"“{member.login}” signs in with the password alone now.")


@click.command("sign-in")
@click.option("--second-factor", type=click.Choice(["off", "required"]), help="Whether everyone needs a second factor.")
@with_records
async def sign_in(records: Records, second_factor: Required | None) -> None:
    """Show or change the rules for signing in. They hold from everyone's next sign-in on."""
    if second_factor is not None:
        await records.save_sign_in_rules(SignInRules(second_factor=second_factor))
        await noted(records, "sign_in.rules", "installation")
    click.echo(f"second factor: {(await records.sign_in_rules()).second_factor}")
