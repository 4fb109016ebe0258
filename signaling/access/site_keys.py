"""Add a key to a site: a new secret, the partner's public key, or the address at which the partner publishes keys.

The pages, the API and the command line use this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from signaling.records import SiteKey
from signaling.records.checks import Invalid

from .codes import API_KID, MOST_KEYS, SERVER_KID, new_secret
from .signing_keys import BadKey, public, stored_form

Kind = Literal["HS256", "EdDSA", "ES256", "address", "unknown"]


def new_key(present: Sequence[SiteKey], kid: str, public_key: str, address: str, checked: Callable[[str], str]) -> SiteKey:
    """Return a new key for a site whose present keys are `present`.

    If neither `public_key` nor `address` is given, the key is a new secret. `checked`: returns an address in canonical form, or
    raises Invalid. Raises Invalid when the id is taken, the site has too many keys, or the key is not usable.
    """
    if kid in (SERVER_KID, API_KID) or any(key.kid == kid for key in present):
        raise Invalid({"kid": "taken"})
    if len(present) >= MOST_KEYS:
        raise Invalid({"kid": "too_many"})
    return key_of(kid, public_key, address, checked)


def key_of(kid: str, public_key: str, address: str, checked: Callable[[str], str]) -> SiteKey:
    """Return a site's key that has this public key, or this address of a set of public keys.

    If neither is given, the key is a new secret. Raises Invalid if both are given, or if the given one is not valid.
    """
    if public_key and address:
        raise Invalid({"address": "one_kind"})
    if address:
        return SiteKey(kid=kid, address=checked(address))
    if not public_key:
        return SiteKey(kid=kid, secret=new_secret())
    try:
        return SiteKey(kid=kid, public=stored_form(public_key))
    except BadKey as error:
        raise Invalid({"public": error.problem}) from None


def kind_of(key: SiteKey) -> Kind:
    """Return the algorithm of a site's key, or "address" for a key that is fetched.

    Return "unknown" for a key that a newer version of Sangdam has stored.
    """
    if key.address:
        return "address"
    if key.secret:
        return "HS256"
    try:
        return public(key.public).algorithm
    except BadKey:
        return "unknown"
