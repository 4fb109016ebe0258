"""Set up an OpenID provider. The operators' page, `sangdam sign-in-provider` and `sangdam apply` use the same checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Struct, to_builtins

from signaling.access.sign_in_refused import SignInRefused
from signaling.protocol.language_tags import canonical
from signaling.protocol.reading import by
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Locale, Name
from signaling.records import Change, OidcSettings, ProviderRole, RoleRule
from signaling.records.checks import changes
from signaling.records.sign_ins import INSTALLATION, organisation_of

from .provider import BadProvider, ProviderAway, ProviderRefuses, is_safe
from .sign_in import OidcSignIn, callback_of

CALLBACK = "/api/oidc/callback"
LOGOUT = "/api/oidc/logout"
NEEDED = "Allow passwords first: by a rule for signing in, people sign in at the provider only."


class BadSettings(ValueError):
    """Settings of a provider are refused. The exception's text is a sentence that says what to change."""


class RoleItem(Struct, kw_only=True):
    """A rule for roles: people for whom the provider's role claim has the value `value` get the role `role` here."""

    value: Annotated[str, by(Seen(200))]
    role: ProviderRole


class ProviderForm(Struct, kw_only=True):
    """The provider's settings. `client_secret`: "" keeps the stored secret."""

    issuer: Annotated[str, by(Exact(500))]
    client_id: Annotated[str, Meta(min_length=1), by(Exact(200))]
    client_secret: Annotated[str, by(Exact(500))] = ""
    name: Name = ""
    scopes: Annotated[str, by(Exact(500))] = "openid profile email"
    role_claim: Annotated[str, Meta(min_length=1), by(Exact(200))] = "groups"
    roles: Annotated[list[RoleItem], Meta(max_length=50)] = []
    languages: Annotated[list[Locale], Meta(max_length=20)] = []


def settings_from(form: ProviderForm, stored: OidcSettings | None, oidc: OidcSignIn) -> OidcSettings:
    """Return the provider's settings from the form, in canonical form. Raises BadSettings if a field of the form is not valid.

    `stored`: the present settings. Their client secret stays if the issuer stays the same, and the form has no client secret or
    the same client secret.
    """
    if not is_safe(form.issuer):
        raise BadSettings("The issuer must be an address that begins with https://.")
    if not form.roles:
        raise BadSettings("Say which value of the claim gives which role. Without that, nobody can sign in.")
    languages = [tag for each in form.languages if (tag := canonical(each))]
    if not languages and any(rule.role in ("counselor", "professional") for rule in form.roles):
        raise BadSettings("Name at least one language that new counselors speak.")
    if "openid" not in form.scopes.split():
        raise BadSettings("The scopes must contain openid.")
    kept = stored.client_secret if stored is not None and stored.issuer == form.issuer else ""
    return OidcSettings(
        issuer=form.issuer,
        client_id=form.client_id,
        client_secret=oidc.sealed_secret(form.client_secret, kept),
        name=form.name,
        scopes=" ".join(form.scopes.split()),
        role_claim=form.role_claim,
        roles=[RoleRule(value=rule.value, role=rule.role) for rule in form.roles],
        languages=languages,
    )


async def check_answers(settings: OidcSettings, of: str, oidc: OidcSignIn, now: int) -> None:
    """Check that the provider answers, and that its description of itself fits the settings.

    Raises BadSettings. `of`: the owner of the provider: the installation, or one organisation (`State.of`).
    """
    try:
        await oidc.provider_of(settings, of).keys(now)
    except ProviderAway:
        raise BadSettings("The provider does not answer at this address.") from None
    except ProviderRefuses:
        raise BadSettings("The provider does not tell about itself at this address.") from None
    except BadProvider as error:
        raise BadSettings(str(error)) from None
    except SignInRefused:  # the installation's key has changed since the secret was stored
        raise BadSettings("The stored client secret cannot be read any more. Give it again.") from None


def plain(settings: OidcSettings) -> dict[str, Any]:
    """Return the provider's settings as plain values, without the client secret."""
    found: dict[str, Any] = to_builtins(settings)
    return {name: value for name, value in found.items() if name != "client_secret"}


def change_of(before: OidcSettings | None, after: OidcSettings | None) -> Change | None:
    """Return a change of the settings for the audit log. Return None if only the client secret has changed.

    The audit log never contains the client secret.
    """
    was, is_now = changes(plain(before) if before else None, plain(after) if after else None)
    return Change(before=was, after=is_now) if was != is_now else None


def addresses(origins: Iterable[str], of: str) -> tuple[list[str], str]:
    """Return the addresses that must be registered at a provider: callback addresses, and the back-channel logout address.

    `origins`: the origins of the staff's pages. `of`: the owner of the provider: the installation, or one organisation
    (`State.of`).
    """
    known = sorted(origins)
    own = "" if of == INSTALLATION else f"/{organisation_of(of)}"
    return [callback_of(each + CALLBACK, of) for each in known], known[0] + LOGOUT + own
