"""Turn what an OpenID provider says about a person (the claims) into a member of staff. Pure."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from signaling.protocol.texts import BadText, Seen
from signaling.protocol.words import Office, Role
from signaling.records import OidcSettings, ProviderRole, StaffRecord

_NAME = Seen(60, cut=True)
_MISSING = object()
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")


def role_of(claims: dict[str, Any], settings: OidcSettings) -> ProviderRole | None:
    """Return the role that the settings give a person, or None. The settings name the claim that says the role.

    The first rule whose value is in this claim decides. The claim is a text or a list of texts. A claim name with dots leads into
    nested objects, as Keycloak's "realm_access.roles" does, unless the whole name is the name of a claim, as in
    "https://shop.example/roles".
    """
    return role_for(values_of(claims, settings), settings)


def values_of(claims: dict[str, Any], settings: OidcSettings) -> list[str]:
    """Return the values of the role claim for which the settings have a rule."""
    found = _claim(claims, settings.role_claim)
    values = found if isinstance(found, list) else [found]
    return [rule.value for rule in settings.roles if rule.value in values]


def role_for(values: list[str], settings: OidcSettings) -> ProviderRole | None:
    """Return the role that the settings give a person with these values of the role claim, or None."""
    return next((rule.role for rule in settings.roles if rule.value in values), None)


def names_role(claims: dict[str, Any], settings: OidcSettings) -> bool:
    """Return whether the provider's claims contain the role claim of the settings, whatever its value is."""
    return _claim(claims, settings.role_claim) is not _MISSING


def _claim(found: Any, path: str) -> Any:
    """Return the claim to which a path of names with dots between them leads, or `_MISSING`. A name can itself contain dots."""
    if not isinstance(found, dict):
        return _MISSING
    if path in found:
        return found[path]
    dots = (n for n, letter in enumerate(path) if letter == ".")
    inner = (_claim(found[path[:n]], path[n + 1 :]) for n in dots if path[:n] in found)
    return next((each for each in inner if each is not _MISSING), _MISSING)


def login_of(claims: dict[str, Any]) -> str:
    """Return a login for a new member of staff.

    The login is made from the user name, the mail address or the id in the provider's claims. Characters that are not allowed in
    a login are replaced.
    """
    given = next((claims[name] for name in ("preferred_username", "email", "sub") if isinstance(claims.get(name), str)), "")
    return _UNFIT.sub("-", given.strip()).strip("-").lower()[:50] or "staff"


def shown_name(claims: dict[str, Any], login: str) -> str:
    """Return the name under which users see a member of staff, taken from the provider's claims.

    Without a usable name, return `login`.
    """
    for name in ("name", "given_name", "nickname"):
        try:
            if isinstance(claims.get(name), str) and (shown := _NAME(claims[name])):
                return shown
        except BadText:
            continue
    return login


def updated(member: StaffRecord, claims: dict[str, Any], settings: OidcSettings) -> StaffRecord | None:
    """Return the member as the provider describes them now, or None when they have no role any more."""
    role = role_of(claims, settings)
    if role is None:
        return None
    part, offices = place_of(role)
    return replace(member, role=part, offices=offices, name=shown_name(claims, member.name))


def place_of(role: ProviderRole) -> tuple[Role, list[Office]]:
    """Return the fields `role` and `offices` of the `StaffRecord` of a person to whom the provider gives this role."""
    if role == "counselor" or role == "professional":
        return role, []
    return "operator", [role]
