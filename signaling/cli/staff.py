"""`sangdam init` and `sangdam staff`: the first owner, and the accounts of staff."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast, get_args

import click
from msgspec.structs import replace

from matcher.rules import MOST_CAPACITY
from signaling.access.first_start import make_first_link
from signaling.access.identity import hash_password
from signaling.config.settings import Settings
from signaling.config.sources import SERVER
from signaling.protocol.own_texts import LANGUAGES
from signaling.protocol.words import Office, Role, StaffRole
from signaling.records import FIRST_ORGANISATION, Records, StaffRecord
from signaling.records.audit_entries import Entry, of_member
from signaling.records.owners import LastOwner

from .options import setting_option
from .organisations import require_organisation
from .typed import (
    a_mail_address,
    a_name,
    a_name_or_none,
    an_id,
    an_id_or_none,
    audit_of,
    ids_or_all,
    json_option,
    language_tags,
    show,
    with_records,
)

PARTS = ("counselor", "professional")
OPERATOR = "operator"  # a role of earlier versions, whose members were allowed to do everything
_OWNED = (
    "There is an owner already. Add others with: sangdam staff add --role owner LOGIN. "
    "To let somebody in again: sangdam staff link LOGIN, and sangdam staff reset-factors LOGIN."
)
_ROLES = click.Choice([*get_args(StaffRole), OPERATOR])


def _staff_row(member: StaffRecord) -> dict[str, Any]:
    return {name: getattr(member, name) for name in StaffRecord.__struct_fields__ if name != "password_hash"}


def _with_roles(member: StaffRecord, roles: tuple[str, ...]) -> StaffRecord:
    """Return a copy of the member with exactly these roles.

    Raises UsageError if one person is not allowed to have all these roles.
    """
    parts = [role for role in roles if role in PARTS]
    if len(set(parts)) > 1:
        raise click.UsageError("Nobody is both counselor and professional.")
    named = [role for role in roles if role not in PARTS]
    offices = [each for role in named for each in (("administrator", "owner") if role == OPERATOR else (role,))]
    part = cast(Role, parts[0] if parts else "operator")
    return replace(member, role=part, offices=cast(list[Office], list(dict.fromkeys(offices))))


async def member_of(records: Records, login: str) -> StaffRecord:
    """Return the member of staff with this login. Raises ClickException when nobody has the login."""
    member = await records.staff_by_login(login.lower())
    if member is None:
        raise click.ClickException(f"Nobody signs in as “{login}”.")
    return member


def _password(member: StaffRecord, from_stdin: bool) -> str:
    typed = (
        sys.stdin.readline().rstrip("\n") if from_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    try:
        return hash_password(typed, member.login, *member.name.split())
    except ValueError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.option("--login", default=None, callback=an_id_or_none, help="Name with which the owner signs in. Without it: a link.")
@click.option("--name", default=None, callback=a_name_or_none, help="Name of the owner that others see. [default: the login]")
@click.option("--password-stdin", is_flag=True, help="Read the owner's password from standard input.")
@setting_option(SERVER["public_url"])
@with_records
async def init(records: Records, login: str | None, name: str | None, password_stdin: bool, public_url: str) -> None:
    """Print a one-time link with which the first owner sets up the installation in the browser.

    With --login, add the first owner at once instead. The first owner is also the administrator of the installation.
    """
    if login is None:
        if name is not None or password_stdin:
            raise click.UsageError("--name and --password-stdin belong to --login.")
        link = await make_first_link(records, Settings(public_url=public_url), time.time_ns() // 1_000_000)
        if link is None:
            raise click.ClickException(_OWNED)
        click.echo("Open this link once, within a day. A page then leads you through the rest:")
        click.echo(link)
        if not public_url:
            click.echo("It works on this machine. If people reach Sangdam at another address, give that: --public-url https://…")
        return
    if any("owner" in member.offices for member in await records.all_staff()):
        raise click.ClickException(_OWNED)
    offices: list[Office] = ["administrator", "owner"]
    first = StaffRecord(id=login.lower(), login=login.lower(), name=name or login, role="operator", offices=offices)
    await _require_free(records, first)
    first = replace(first, password_hash=_password(first, password_stdin))
    if not await records.add_first_owner(first, audit=audit_of([of_member(None, first)])):
        raise click.ClickException(_OWNED)  # another `sangdam init` has added an owner while this one asked for the password
    _say_added(first)


async def _require_free(records: Records, member: StaffRecord) -> None:
    if await records.staff_by_login(member.login):
        raise click.ClickException(f"Somebody signs in as “{member.login}” already.")


async def _add_staff(records: Records, member: StaffRecord, password_stdin: bool) -> None:
    await _require_free(records, member)
    added = replace(member, password_hash=_password(member, password_stdin))
    await records.save_staff(added, audit=audit_of([of_member(None, added)]))
    _say_added(added)


def _say_added(member: StaffRecord) -> None:
    click.echo(f"{', '.join(member.roles)} “{member.login}” may sign in now.")


@click.group()
def staff() -> None:
    """Manage staff: owners, managers, supervisors, counselors, professionals."""


def _skills(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for a member's languages, sites, categories, capacity and mails to a command.

    For each option that is not given, the command gets None or an empty list.
    """
    count = click.IntRange(0, MOST_CAPACITY)
    everywhere = "* for all. Repeatable. Not for owners."
    for option in (
        click.option("--mail-language", "locale", type=click.Choice(LANGUAGES), help="Language of mails about their account."),
        click.option("--mail", callback=a_mail_address, help="Address to which mails about their account go; “-” for none."),
        click.option(
            "--texts-in-call/--no-texts-in-call",
            default=None,
            help="Whether new text sessions ring during a call. [default: yes]",
        ),
        click.option("--calls", type=count, help="Most calls (voice, video) at the same time. [default: 1]"),
        click.option("--texts", type=count, help="Most text sessions at the same time, also during a call. [default: 3]"),
        click.option(
            "--category", "categories", multiple=True, callback=ids_or_all, help=f"Category that they serve; {everywhere}"
        ),
        click.option("--site", "sites", multiple=True, callback=ids_or_all, help=f"Site that they serve; {everywhere}"),
        click.option(
            "--language", "languages", multiple=True, callback=language_tags, help="Language that they speak. Repeatable."
        ),
    ):
        command = option(command)
    return command


def _changed(member: StaffRecord, given: dict[str, Any]) -> StaffRecord:
    """Return the member, changed by the given options. Raises UsageError if two options contradict each other."""
    changed = replace(member, **{name: value for name, value in given.items() if value is not None and value != []})
    if not changed.roles:
        raise click.UsageError("Give at least one --role.")
    if changed.role != "operator" and not changed.languages:
        raise click.UsageError("A counselor or professional needs at least one --language.")
    limited = (set(changed.sites), set(changed.categories)) != ({"*"}, {"*"})
    if changed.role == "operator" and "owner" in changed.offices and limited:
        raise click.UsageError("An owner may see and do everything at every site; --site and --category cannot limit that.")
    if changed.role != "operator" and not changed.texts + changed.calls:
        raise click.UsageError("Give at least one of --texts and --calls. Whoever takes neither gets no requests at all.")
    return changed


_ownerless_option = click.option(
    "--leave-without-owner", is_flag=True, help="Do this even to the last owner of an organisation, which nobody can then run."
)


@contextmanager
def _last_owner_refused() -> Iterator[None]:
    """Turn LastOwner into a ClickException, which says that the change would leave an organisation without an owner."""
    try:
        yield
    except LastOwner as error:
        raise click.ClickException(
            f"Not saved: “{error.login}” is the last owner of the organisation. Make somebody else an owner first, "
            "or give --leave-without-owner."
        ) from None


@staff.command("add")
@click.argument("login", callback=an_id)
@click.option("--name", required=True, callback=a_name, help="Name that users and staff see.")
@click.option("--role", "roles", type=_ROLES, multiple=True, required=True, help="Role of the new member of staff. Repeatable.")
@click.option(
    "--organisation", default=FIRST_ORGANISATION, callback=an_id, help="Organisation of the member, if there are several."
)
@_skills
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_records
async def staff_add(
    records: Records, login: str, name: str, roles: tuple[str, ...], organisation: str, password_stdin: bool, **given: Any
) -> None:
    """Add a member of staff. Without --site, the member serves all sites; without --category, all categories.

    The role “operator”, which earlier versions had, means owner and administrator.
    """
    await require_organisation(records, organisation)
    member = StaffRecord(id=login.lower(), login=login.lower(), name=name, role="operator", organisation=organisation)
    member = _with_roles(member, roles)
    await _add_staff(records, _changed(member, given), password_stdin)


@staff.command("change")
@click.argument("login")
@click.option("--name", callback=a_name_or_none, help="Name that users and staff see.")
@click.option("--role", "roles", type=_ROLES, multiple=True, help="Role. Repeatable. The given roles replace all present ones.")
@click.option("--active/--inactive", default=None, help="Whether the member may sign in. --inactive ends what they have open.")
@_skills
@_ownerless_option
@json_option
@with_records
async def staff_change(
    records: Records, login: str, as_json: bool, roles: tuple[str, ...], leave_without_owner: bool, **given: Any
) -> None:
    """Change a member of staff. Settings whose option is not given keep their value.

    The change takes effect within a second, also for a member who is at work. The member's present sessions continue, even if
    they are more than a smaller new capacity allows.
    """
    member = await member_of(records, login)
    changed = _changed(_with_roles(member, roles) if roles else member, given)
    if changed == member:
        raise click.UsageError("Nothing to change: give at least one option with another value.")
    with _last_owner_refused():
        audit = audit_of([of_member(member, changed)])
        await records.save_staff(changed, keep_owner=not leave_without_owner, audit=audit)
    show([_staff_row(changed)], as_json=as_json, one=True)


@staff.command("password")
@click.argument("login")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_records
async def staff_password(records: Records, login: str, password_stdin: bool) -> None:
    """Set a new password and sign the member of staff out everywhere."""
    member = await member_of(records, login)
    # saving a new password also ends the sign-ins of the member
    audit = audit_of([Entry(action="staff.password", subject=f"staff/{member.id}")])
    await records.save_staff(replace(member, password_hash=_password(member, password_stdin)), audit=audit)


@staff.command("list")
@click.option("--organisation", default=None, callback=an_id_or_none, help="List only this organisation's staff.")
@json_option
@with_records
async def staff_list(records: Records, organisation: str | None, as_json: bool) -> None:
    """List all staff."""
    show([_staff_row(member) for member in await records.all_staff(organisation)], as_json=as_json)


@staff.command("show")
@click.argument("login")
@json_option
@with_records
async def staff_show(records: Records, login: str, as_json: bool) -> None:
    """Show one member of staff."""
    show([_staff_row(await member_of(records, login))], as_json=as_json, one=True)


@staff.command("remove")
@click.argument("login")
@_ownerless_option
@with_records
async def staff_remove(records: Records, login: str, leave_without_owner: bool) -> None:
    """Remove a member of staff and sign them out everywhere."""
    member = await member_of(records, login)
    with _last_owner_refused():
        audit = audit_of([Entry(action="staff.remove", subject=f"staff/{member.id}")], member.organisation)
        await records.remove_staff(member.id, keep_owner=not leave_without_owner, audit=audit)
