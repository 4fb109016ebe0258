"""Parts that the administrative commands share: opening the database, options, checks of input, printing tables and JSON."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from signaling.config import web_addresses
from signaling.config.private_files import private_data
from signaling.config.settings import Settings
from signaling.files import Files
from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.language_tags import canonical as language_tag
from signaling.protocol.mail_addresses import BadAddress, address_of
from signaling.protocol.texts import BadText, Exact, Rule, Seen
from signaling.recordings import Recordings
from signaling.records import Audited, Note, Records
from signaling.records.appointment_plan import AppointmentPlan
from signaling.records.audit_entries import Entry
from signaling.records.auditing import entries_by
from signaling.records.checks import Invalid
from signaling.records.opening import CannotOpen, opened

from .options import CONFIG, STORAGE, settings_from, storage_options

T = TypeVar("T")

MOST_NAME = 100  # a name that is typed has at most this many characters
MOST_FILE_MB = 500
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


async def open_records(settings: Settings) -> Records:
    """Open the database. Raises ClickException with a sentence when the database cannot be opened."""
    try:
        return await opened(settings.database_url)
    except CannotOpen as error:
        raise click.ClickException(str(error)) from error


def with_records(command: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Turn an async function into a command. The command opens the database and passes it as the first argument."""

    @storage_options
    @wraps(command)
    def run(**given: Any) -> None:
        async def main() -> None:
            settings = settings_from(given)
            options = {name: value for name, value in given.items() if name not in (*STORAGE, CONFIG)}
            click.get_current_context().obj = settings
            private_data(settings.data_dir, settings.recordings_dir, settings.files_dir)
            records = await open_records(settings)
            try:
                await command(records, **options)
            finally:
                await records.close()

        asyncio.run(main())

    return run


def recordings_here() -> Recordings:
    """Return the recordings in the folder that the running command's options name."""
    return Recordings(settings_here().recordings_dir)


def files_here() -> Files:
    """Return the sent files in the folder that the running command's options name."""
    return Files(settings_here().files_dir)


def settings_here() -> Settings:
    """Return the storage settings from the running command's options: where the database, the recordings and the files are."""
    found: Settings = click.get_current_context().obj
    return found


def now_ms() -> int:
    """Return the time of this machine, in Unix ms."""
    return time.time_ns() // 1_000_000


# --- checks of what was typed ------------------------------------------------------------------------------------------


def an_id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the id that was typed if it is valid. Raises BadParameter otherwise."""
    if not _ID.fullmatch(value):
        raise click.BadParameter("letters, digits, “-”, “_” and “.” only, 64 at most")
    return value


def an_id_or_none(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the id that was typed, or None if the option is not given. Raises BadParameter if the id is not valid."""
    return None if value is None else an_id(context, parameter, value)


def a_name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the person's name that was typed if it is valid. Raises BadParameter otherwise."""
    return _named(value)


def a_name_or_none(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the person's name that was typed, or None if the option is not given.

    Raises BadParameter if the name is not valid.
    """
    return None if value is None else a_name(context, parameter, value)


def a_mail_address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return the mail address that was typed, "" for “-”, or None if the option is not given.

    Raises BadParameter if the text is no mail address.
    """
    if value is None or value == "-":
        return value and ""
    try:
        return address_of(value)
    except BadAddress as error:
        raise click.BadParameter(str(error)) from None


def by_language(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Parse names by language: ("ko_KR=카메라", "en=Cameras") becomes {"ko-KR": "카메라", "en": "Cameras"}."""
    names = {_tag(language): _named(name) for language, is_said, name in (value.partition("=") for value in values) if is_said}
    if len(names) != len(values):
        raise click.BadParameter("give each name once, as LANGUAGE=NAME, such as ko=카메라")
    return names


def texts_by_language(most: int) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], dict[str, str]]:
    """Return a callback that reads texts of at most `most` characters, such as "en=Ask us", by language."""

    def read(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
        pairs = [value.partition("=") for value in values]
        texts = {_tag(language): _text(Seen(most, least=1), text) for language, is_said, text in pairs if is_said}
        if len(texts) != len(values):
            raise click.BadParameter("give each text once, as LANGUAGE=TEXT, such as en=Ask us")
        return texts

    return read


def language_tags(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """Return the typed language tags in canonical form. Raises BadParameter if one of them is not valid."""
    return [_tag(value) for value in values]


def a_language(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the language tag in canonical form, or "" if the option is not given."""
    return _tag(value) if value else ""


def ids_or_all(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """Return the ids that were typed. “*” is valid, and means all ids. Raises BadParameter if one of them is not valid."""
    return [value if value == "*" else an_id(_context, _parameter, value) for value in values]


def parameters(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """Return the typed names of query parameters of a page's address, if they are valid."""
    return [_text(Exact(100), value) for value in values]


def origins(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[str]:
    """Return the typed origins in canonical form, without duplicates. Raises BadParameter if one of them is not valid."""
    return list(dict.fromkeys(_address(web_addresses.origin, value) for value in values))


def link(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the address of a page in canonical form, or "" if the option is not given."""
    return _address(web_addresses.page, value) if value else ""


def _address(read: Callable[[str], str], value: str) -> str:
    try:
        return read(value)
    except web_addresses.BadAddress as error:
        raise click.BadParameter(str(error)) from None


def _tag(value: str) -> str:
    tag = language_tag(value)
    if not tag:
        raise click.BadParameter(f"“{_shown(value)}” is no language; languages look like ko, en-US or zh-Hant")
    return tag


def _named(value: str) -> str:
    return _text(Seen(MOST_NAME, least=1), value)


def _text(rule: Rule, value: str) -> str:
    try:
        return rule(value)
    except BadText as error:
        raise click.BadParameter(f"it {error}") from None


def _shown(value: str) -> str:
    return Seen(40, cut=True)(value)


def colour(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the colour if it is valid, or "" if the option is not given."""
    if value and not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise click.BadParameter("give the colour as #rrggbb")
    return value


def appointment_plan(_context: click.Context, _parameter: click.Parameter, value: str) -> AppointmentPlan | None:
    """Parse the plan of a site's appointments: "30+15" for half an hour and a pause of 15 minutes, "off" for no appointments.

    Return None for "off".
    """
    if value == "off":
        return None
    minutes, _, pause = (part.strip() for part in value.partition("+"))
    allowed = {str(each) for each in range(0, 121, 15)}
    if {minutes, pause or "0"} <= allowed and minutes != "0" and int(pause or 0) <= 60:
        return AppointmentPlan(minutes=int(minutes), buffer_minutes=int(pause or 0))
    raise click.BadParameter("write “off”, or minutes and pause such as 30+15, in steps of 15")


def valid(check: Callable[[T], T], settings: T) -> T:
    """Return `settings` in the form in which `check` returns them.

    If `check` raises Invalid, raise ClickException with a sentence for each problem.
    """
    try:
        return check(settings)
    except Invalid as error:
        raise click.ClickException(f"Not saved: {error}.") from None


name_option = click.option(
    "--name", "names", multiple=True, callback=by_language, metavar="LANG=NAME", help="Name in one language. Repeatable."
)


# --- printing tables and JSON ------------------------------------------------------------------------------------------


def show(rows: list[dict[str, Any]], *, as_json: bool, one: bool = False) -> None:
    """Print rows as a table or as a JSON list.

    With `one`, there is only one row. The row is printed with one line for each key, or as a JSON object.
    """
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows[0] if one else rows), indent=2))
        return
    if not rows:
        click.echo("None.")
        return
    table = Table(*rows[0]) if not one else Table(show_header=False)
    if one:
        for key, value in rows[0].items():
            table.add_row(key, _cell(value))
    else:
        for row in rows:
            table.add_row(*map(_cell, row.values()))
    Console().print(table)


def _cell(value: Any) -> Text:
    return Text(_words(value))  # rich would interpret markup in a plain str, and people can type such markup


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={_words(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return "" if value is None else str(value)


def audit_of(entries: Iterable[Entry], organisation: str = "") -> list[Audited]:
    """Return the audit entries about a change that this command makes.

    With these entries, the page of the audit can undo the change. Store these entries in the transaction of the change.
    `organisation`: the organisation that a removed thing belonged to; "" if nothing is removed.
    """
    return entries_by("cli", entries, organisation)


def note_of(action: AuditAction, subject: str) -> Note:
    """Return a function that makes the audit entry about a change.

    The transaction that makes the change calls this function, because only the transaction knows the former values.
    """
    return lambda change: audit_of([Entry(action=action, subject=subject, change=change)])


async def noted(records: Records, action: AuditAction, subject: str, *, detail: str = "") -> None:
    """Write an audit entry about an action of this command. The action changes no settings."""
    await records.audit("cli", action, subject, detail)
