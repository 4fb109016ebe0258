"""`sangdam init` and `sangdam staff`."""

from __future__ import annotations

import sys
from typing import Any

import click
from msgspec.structs import replace

from signaling.access.identity import hash_password
from signaling.records import Records, StaffRecord

from .typed import a_name, an_id, ids_or_all, json_option, language_tags, noted, show, with_records

_ROLES = click.Choice(["counselor", "professional", "operator"])


def _staff_row(member: StaffRecord) -> dict[str, Any]:
    return {name: getattr(member, name) for name in StaffRecord.__struct_fields__ if name != "password_hash"}


async def _member(records: Records, login: str) -> StaffRecord:
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
@click.option("--login", prompt=True, callback=an_id, help="Name to sign in with.")
@click.option("--name", prompt=True, callback=a_name, help="Name that others see.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_records
async def init(records: Records, login: str, name: str, password_stdin: bool) -> None:
    """Add the first operator."""
    if any(member.role == "operator" for member in await records.all_staff()):
        raise click.ClickException("There is an operator already. Add others with: sangdam staff add --role operator LOGIN")
    await _add_staff(records, StaffRecord(id=login.lower(), login=login.lower(), name=name, role="operator"), password_stdin)


async def _add_staff(records: Records, member: StaffRecord, password_stdin: bool) -> None:
    if await records.staff_by_login(member.login):
        raise click.ClickException(f"Somebody signs in as “{member.login}” already.")
    await records.save_staff(replace(member, password_hash=_password(member, password_stdin)))
    await noted(records, "staff.add", f"staff/{member.id}")
    click.echo(f"{member.role} “{member.login}” may sign in now.")


@click.group()
def staff() -> None:
    """Manage counselors, professionals and operators."""


@staff.command("add")
@click.argument("login", callback=an_id)
@click.option("--name", required=True, callback=a_name, help="Name that users and staff see.")
@click.option("--role", type=_ROLES, required=True, help="Role of the new member of staff.")
@click.option("--language", "languages", multiple=True, callback=language_tags, help="Language that they speak. Repeatable.")
@click.option(
    "--site",
    "sites",
    multiple=True,
    default=("*",),
    show_default=True,
    callback=ids_or_all,
    help="Site that they serve; * for all. Repeatable. Not for operators.",
)
@click.option(
    "--category",
    "categories",
    multiple=True,
    default=("*",),
    show_default=True,
    callback=ids_or_all,
    help="Category that they serve; * for all. Repeatable. Not for operators.",
)
@click.option("--capacity", default=1, show_default=True, type=click.IntRange(1, 20), help="Sessions at the same time.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_records
async def staff_add(records: Records, login: str, name: str, role: str, password_stdin: bool, **given: Any) -> None:
    """Add a member of staff."""
    if role != "operator" and not given["languages"]:
        raise click.UsageError("A counselor or professional needs at least one --language.")
    if role == "operator" and (set(given["sites"]), set(given["categories"])) != ({"*"}, {"*"}):
        raise click.UsageError("An operator may see and do everything at every site; --site and --category cannot limit that.")
    values = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
    record = StaffRecord(id=login.lower(), login=login.lower(), name=name, role=role, **values)  # type: ignore[arg-type]  # click has checked role and values
    await _add_staff(records, record, password_stdin)


@staff.command("password")
@click.argument("login")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_records
async def staff_password(records: Records, login: str, password_stdin: bool) -> None:
    """Set a new password and sign the member of staff out everywhere."""
    member = await _member(records, login)
    await records.save_staff(replace(member, password_hash=_password(member, password_stdin)))  # this ends their sign-ins
    await noted(records, "staff.password", f"staff/{member.id}")


@staff.command("list")
@json_option
@with_records
async def staff_list(records: Records, as_json: bool) -> None:
    """List all staff."""
    show([_staff_row(member) for member in await records.all_staff()], as_json=as_json)


@staff.command("show")
@click.argument("login")
@json_option
@with_records
async def staff_show(records: Records, login: str, as_json: bool) -> None:
    """Show one member of staff."""
    show([_staff_row(await _member(records, login))], as_json=as_json, one=True)


@staff.command("remove")
@click.argument("login")
@with_records
async def staff_remove(records: Records, login: str) -> None:
    """Remove a member of staff and sign them out everywhere."""
    member = await _member(records, login)
    await records.remove_staff(member.id)
    await noted(records, "staff.remove", f"staff/{member.id}")
