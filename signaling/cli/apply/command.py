"""`sangdam apply`: change the installation so that it matches a file, or write a file that describes the present installation."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import click
import msgspec

from signaling.access.codes import new_secret
from signaling.access.oidc.setting_up import NEEDED, BadSettings, check_answers, settings_from
from signaling.access.oidc.sign_in import OidcSignIn
from signaling.access.passwords import make_link
from signaling.config.settings import Settings
from signaling.config.sources import SERVER
from signaling.mail.from_addresses import check_from
from signaling.records import Changed, OidcSettings, Records, TooManyReplies
from signaling.records.audit_entries import Entry
from signaling.records.mail_plan import MailPlan
from signaling.records.sign_ins import NoProvider
from signaling.webhooks.reach import Reach

from ..options import setting_option
from ..sealing import given_secret, seal_here, sealing_options
from ..sign_in_provider import oidc_here
from ..typed import audit_of, with_records
from .difference import Difference, differences
from .installation import Installation, load
from .problems import BadFile
from .storing import Storing
from .tables import Document, ProviderTable, document_of, provider_in, to_toml
from .wanted import Wanted

HEAD = (
    "# Made by `sangdam apply --export`. It holds no passwords and no secrets. Bring it back with `sangdam apply FILE.toml`.\n\n"
)


@click.command()
@click.argument("file", metavar="[FILE.toml]", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--export", is_flag=True, help="Print the file of the present installation instead.")
@click.option("--prune", is_flag=True, help="Also remove what the file does not name, of each kind that it names.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@setting_option(SERVER["public_url"])
@setting_option(SERVER["webhook_allow"])
@setting_option(SERVER["mail_from"])
@setting_option(SERVER["mail_from_allow"])
@sealing_options
@with_records
async def apply(
    records: Records,
    file: Path | None,
    export: bool,
    prune: bool,
    dry_run: bool,
    yes: bool,
    public_url: str,
    webhook_allow: tuple[Any, ...],
    mail_from: str,
    mail_from_allow: tuple[str, ...],
    redis: str,
    secret_file: Path | None,
) -> None:
    """Make the installation as a file describes it: organisations, sites, categories, hours, staff, replies.

    First show what would be added, changed and removed, and ask for confirmation. A key that the file leaves out keeps its
    value. New staff get a one-time link. New keys get a secret. Each link and secret is printed once. Applying the same file
    again changes nothing.
    """
    if export == (file is not None):
        raise click.UsageError("Give a FILE.toml to apply, or --export.")
    present = await load(records)
    if file is None:
        click.echo(HEAD + to_toml(document_of(present)), nl=False)
        return
    now = time.time_ns() // 1_000_000
    checked_mail = partial(check_from, own=mail_from, allowed=mail_from_allow)
    # the key is read only when it is needed, to encrypt the client secret of a sign-in provider
    oidc = cache(lambda: oidc_here(records, seal_here(redis, secret_file), webhook_allow))
    wanted = _read(present, file, prune=prune, reach=Reach(webhook_allow), checked_mail=checked_mail, oidc=oidc, now=now)
    await _require_answers(oidc, present, wanted, file, now)
    if not _say(*differences(*_documents(present, wanted))) or dry_run:
        return
    if not yes:
        click.confirm("Do this?", abort=True)
    try:
        await Storing(records, present, wanted).store()
    except Changed as error:
        raise click.ClickException(
            f"Somebody has just changed “{error}”. What came before it is stored; run this again."
        ) from None
    except NoProvider:
        raise click.ClickException(f"Not stored: {NEEDED} What came before it is stored.") from None
    except (ValueError, TooManyReplies) as error:
        raise click.ClickException(f"Not stored: {error}. What came before it is stored.") from None
    await _hand_over(records, present, wanted, Settings(public_url=public_url), now)


def _read(
    present: Installation,
    file: Path,
    *,
    prune: bool,
    reach: Reach,
    checked_mail: Callable[[MailPlan, MailPlan | None], MailPlan],
    oidc: Callable[[], OidcSignIn],
    now: int,
) -> Installation:
    """Return the installation that the file asks for. Raises ClickException with one line for each problem of the file."""
    try:
        document: Document = tomllib.loads(file.read_text(encoding="utf-8"))
        return Wanted(
            present,
            document,
            prune=prune,
            new_secret=new_secret,
            checked_address=reach.checked_field,
            checked_mail=checked_mail,
            provider_from=partial(_provider_from, oidc),
            now=now,
        ).installation()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} is no TOML: {error}") from None
    except BadFile as error:
        raise _refused(file, error) from None


def _refused(file: Path, error: Exception) -> click.ClickException:
    lines = "\n".join(f"  {line}" for line in str(error).splitlines())
    return click.ClickException(f"{file} cannot be applied, and nothing was changed:\n{lines}")


def _provider_from(oidc: Callable[[], OidcSignIn], table: ProviderTable, present: OidcSettings | None) -> OidcSettings:
    """Make a sign-in provider's settings from its table in the file. Raises ValueError if they are not valid.

    Raises ValueError also if the client secret cannot be read.
    """
    secret = given_secret(table.client_secret_env, table.client_secret_file)
    return settings_from(msgspec.structs.replace(table, client_secret=secret), present, oidc())


async def _require_answers(
    oidc: Callable[[], OidcSignIn], present: Installation, wanted: Installation, file: Path, now: int
) -> None:
    """Ask each new or changed sign-in provider for its description.

    Raises ClickException if a description does not fit the file.
    """
    for row, provider in wanted.providers.items():
        if provider != present.providers.get(row):
            try:
                await check_answers(provider, row, oidc(), now)
            except BadSettings as error:
                raise _refused(file, error) from None


def _documents(present: Installation, wanted: Installation) -> tuple[Document, Document]:
    """Return the tables of the two installations, to compare them.

    The tables contain no client secret. If a client secret changes, the tables contain a word instead, such as "(new)".
    """
    before, after = document_of(present), document_of(wanted)
    for row, provider in wanted.providers.items():
        known = present.providers.get(row)
        if provider.client_secret != (known.client_secret if known else ""):
            if known:
                provider_in(before, row)["client_secret"] = "(stored)" if known.client_secret else "(none)"
            provider_in(after, row)["client_secret"] = "(new)" if provider.client_secret else "(none)"
    return before, after


def _say(found: list[Difference], same: int) -> bool:
    """Print what applying the file would change. Return whether anything would change.

    `same`: the number of tables that would not change.
    """
    for each in found:
        for line in each.lines():
            click.echo(line)
    count = {verb: sum(each.verb == verb for each in found) for verb in ("add", "change", "remove")}
    if not found:
        click.echo(f"Nothing to change: {same} stay as they are.")
    else:
        click.echo(f"{count['add']} to add, {count['change']} to change, {count['remove']} to remove; {same} stay as they are.")
    return bool(found)


async def _hand_over(records: Records, before: Installation, after: Installation, settings: Settings, now: int) -> None:
    """Print the one-time links of new staff and the secrets of new signing keys.

    Sangdam never shows the links and secrets again.
    """
    click.echo("Done.")
    for member in after.staff.values():
        if member.login not in before.staff and member.active:
            audit = audit_of([Entry(action="password.link", subject=f"staff/{member.id}")])
            link = await make_link(records, settings, member, now, audit=audit)
            click.echo(f"One-time link for {member.login}, valid for a day: {link}")
    for site in after.sites.values():
        known = {key.kid for key in before.sites[site.id].keys} if site.id in before.sites else set()
        for key in site.keys:
            if key.kid not in known and key.secret:
                click.echo(f"Secret of the key “{key.kid}” of {site.id}: {key.secret}")
