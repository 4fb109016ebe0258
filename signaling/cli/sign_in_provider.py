"""`sangdam sign-in-provider`: set up the OpenID provider at which staff sign in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec

from signaling.access.oidc.setting_up import (
    NEEDED,
    BadSettings,
    ProviderForm,
    addresses,
    change_of,
    check_answers,
    plain,
    settings_from,
)
from signaling.access.oidc.sign_in import OidcSignIn
from signaling.config.seal import Seal
from signaling.config.settings import Settings
from signaling.config.sources import SERVER
from signaling.protocol.reading import Reader, Unreadable
from signaling.records import Changed, OidcSettings, Records, version_of
from signaling.records.audit_entries import Entry
from signaling.records.sign_ins import INSTALLATION, NoProvider, rules_of
from signaling.webhooks.reach import Reach
from signaling.webhooks.sending import guarded

from .options import setting_option
from .organisations import require_organisation
from .sealing import given_secret, seal_here, sealing_options
from .typed import audit_of, json_option, now_ms, show, with_records

_read_form: Reader[ProviderForm] = Reader(ProviderForm)


def oidc_here(records: Records, seal: Seal, allowed: Iterable[Any]) -> OidcSignIn:
    """Return an `OidcSignIn` for this command. `allowed`: the networks in which organisations' own providers may be."""
    return OidcSignIn(records, seal, now_ms, guarded(Reach(allowed)))


def _roles(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[dict[str, str]]:
    """Parse rules such as ("desk=counselor",). The role is the part after the last "="."""
    found = [value.rpartition("=") for value in values]
    if not all(value and role for value, _, role in found):
        raise click.BadParameter("give each rule as VALUE=ROLE, such as desk=counselor")
    return [{"value": value, "role": role} for value, _, role in found]


@click.command("sign-in-provider")
@click.option("--organisation", default="", help="The own provider of this organisation. Without it, the installation's one.")
@click.option("--issuer", help="The issuer, exactly as the provider's own description writes it.")
@click.option("--client-id", help="The id that Sangdam has at the provider.")
@click.option(
    "--client-secret-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="File with the client's secret."
)
@click.option("--client-secret-env", default="", metavar="NAME", help="Environment variable with the client's secret.")
@click.option("--name", help="The provider's name on the button.")
@click.option("--scopes", help="The scopes to ask for, with spaces. [default: openid profile email]")
@click.option("--role-claim", help="The claim that says what somebody may do here. [default: groups]")
@click.option(
    "--role", "roles", multiple=True, callback=_roles, metavar="VALUE=ROLE", help="Who gets which role. Repeatable; replaces all."
)
@click.option("--language", "languages", multiple=True, help="A language of new counselors. Repeatable; replaces all.")
@click.option("--remove", is_flag=True, help="Remove the provider. People who signed in there are signed out.")
@setting_option(SERVER["public_url"])
@setting_option(SERVER["webhook_allow"])
@sealing_options
@json_option
@with_records
async def sign_in_provider(
    records: Records,
    organisation: str,
    client_secret_file: Path | None,
    client_secret_env: str,
    remove: bool,
    public_url: str,
    webhook_allow: tuple[Any, ...],
    redis: str,
    secret_file: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Show, set up or remove the OpenID provider at which staff sign in.

    Settings whose option is not given keep their value. The command asks the provider for its description, so the provider must
    be reachable. The client secret is stored encrypted, and never shown again.
    """
    if organisation:
        await require_organisation(records, organisation)
    of = rules_of(organisation) if organisation else INSTALLATION
    stored = await records.oidc_settings(of)
    changed = {name: value for name, value in given.items() if value not in (None, (), [])}
    if remove:
        if changed or client_secret_file or client_secret_env:
            raise click.UsageError("--remove stands alone.")
        await _store(records, None, of, stored)
    elif changed or client_secret_file or client_secret_env:
        oidc = oidc_here(records, seal_here(redis, secret_file), webhook_allow)
        try:
            secret = given_secret(client_secret_env, client_secret_file)
            wanted = settings_from(_form(stored, changed, secret), stored, oidc)
            await check_answers(wanted, of, oidc, now_ms())
        except (BadSettings, ValueError) as error:
            raise click.ClickException(f"Not saved: {error}") from None
        await _store(records, wanted, of, stored)
    present = await records.oidc_settings(of)
    if present is None:
        click.echo("No sign-in provider is set up.")
        return
    callbacks, logout = addresses(Settings(public_url=public_url).staff_origins, of)
    secret_shown = {"client_secret": "stored" if present.client_secret else "none"}
    at_provider = {"register callback addresses": callbacks, "register back-channel logout": logout}
    show([plain(present) | secret_shown | at_provider], as_json=as_json, one=True)


def _form(stored: OidcSettings | None, changed: dict[str, Any], secret: str) -> ProviderForm:
    """Return the stored settings with the changes, in the form in which the page sends settings.

    Raises ValueError if the issuer or client id of a new provider is missing, or if a value is not valid.
    """
    if stored is None and not changed.keys() >= {"issuer", "client_id"}:
        raise ValueError("A new provider needs --issuer and --client-id.")
    fields = (plain(stored) if stored else {}) | changed | {"client_secret": secret}
    try:
        return _read_form(msgspec.json.encode(fields))
    except Unreadable as error:
        raise ValueError(str(error)) from None


async def _store(records: Records, wanted: OidcSettings | None, of: str, stored: OidcSettings | None) -> None:
    detail, change = wanted.issuer if wanted else "", change_of(stored, wanted)
    audit = audit_of([Entry(action="sign_in.provider", subject=of, detail=detail, change=change)]) if wanted != stored else []
    try:
        await records.save_oidc_settings(wanted, of, expected=version_of(stored) if stored else "", audit=audit)
    except NoProvider:
        raise click.ClickException(NEEDED) from None
    except Changed:
        raise click.ClickException("Somebody has just changed the provider. Run this again.") from None
