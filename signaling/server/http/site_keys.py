"""The keys with which a site's back end signs identification codes.

Operators list, add and remove them on the settings page or by the API.
"""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from signaling.access.key_addresses import NotFetched
from signaling.access.signing_keys import MOST_TYPED_BYTES
from signaling.access.site_keys import Kind, kind_of, new_key
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.records import Site, SiteKey, version_of
from signaling.records.audit_entries import of_key
from signaling.records.auditing import entries_by
from signaling.records.checks import Invalid
from signaling.server.app_keys import KEY_ADDRESSES, REACH, RECORDS

from .allowed import Asker, asked_site, asker_of
from .bodies import path_id, read_json
from .errors import Refused, answer

routes = web.RouteTableDef()


class NewKey(Struct, kw_only=True):
    """A key to add. `public`: the partner's public key, in PEM or as a JWK. `address`: where the partner publishes its keys.

    If `public` and `address` are empty, the server makes a secret, which the site and the server then share.
    """

    kid: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^(?!\.{1,2}\Z)[A-Za-z0-9_.-]+\Z")]
    public: Annotated[str, by(Exact(MOST_TYPED_BYTES))] = ""
    address: Annotated[str, by(Exact(2000))] = ""


class KeyItem(Struct, kw_only=True):
    """A signing key of a site, or the address where its keys are, as operators see it.

    A secret is never shown here. `kind`: the algorithm of the key, or "address" if the server fetches the keys from an address.
    `keys`: how many keys the server last found at the address; null before the first fetch, and for a key without an address.
    """

    kid: str
    kind: Kind
    public: str
    address: str
    keys: int | None = None


class AddedKey(KeyItem, kw_only=True):
    """A new key. `secret`: shown only in this response; "" when the key has no secret."""

    secret: str


class KeyList(Struct, kw_only=True):
    items: list[KeyItem]


_read_key: Reader[NewKey] = Reader(NewKey)


@routes.get("/api/settings/sites/{site}/keys")
async def listed(request: web.Request) -> web.Response:
    site = await asked_site(request, await asker_of(request))
    return answer(KeyList(items=[_item(request, key) for key in site.keys]))


@routes.post("/api/settings/sites/{site}/keys")
async def add(request: web.Request) -> web.Response:
    """Add a key. A site can have at most two keys, so that its back end can change from one key to the next."""
    asker = await asker_of(request)
    site, asked = await asked_site(request, asker), await read_json(request, _read_key, 2 * MOST_TYPED_BYTES)
    key = new_key(site.keys, asked.kid, asked.public, asked.address, request.app[REACH].checked_field)
    if key.address:
        await _look(request, key.address)
    await _save(request, asker, site, [*site.keys, key], key)
    return answer(AddedKey(**asdict(_item(request, key)), secret=key.secret))


@routes.post("/api/settings/sites/{site}/keys/{key}/remove")
async def remove(request: web.Request) -> web.Response:
    """Remove a key. After this, the server refuses identification codes that are signed with this key."""
    asker = await asker_of(request)
    site, kid = await asked_site(request, asker), path_id(request, "key")
    key = next((each for each in site.keys if each.kid == kid), None)
    if key is None:
        raise Refused(404, "not_found", "There is no such key.")
    await _save(request, asker, site, [each for each in site.keys if each is not key], key)
    return answer({})


async def _look(request: web.Request, address: str) -> None:
    """Fetch the keys at the address once, so that a wrong address is noticed now and not by the site's users. Raises Invalid."""
    try:
        await request.app[KEY_ADDRESSES].look(address)
    except NotFetched:
        raise Invalid({"address": "no_keys"}) from None


async def _save(request: web.Request, asker: Asker, site: Site, keys: list[SiteKey], key: SiteKey) -> None:
    """Store the site's keys. `key`: the key that is added or removed."""
    audit = entries_by(asker.member.id, [of_key(site, key, added=key in keys)])
    await request.app[RECORDS].save_site(replace(site, keys=keys), expected=version_of(site), audit=audit)


def _item(request: web.Request, key: SiteKey) -> KeyItem:
    known = request.app[KEY_ADDRESSES].keys(key.address) if key.address else None
    count = None if known is None else len(known)
    return KeyItem(kid=key.kid, kind=kind_of(key), public=key.public, address=key.address, keys=count)
