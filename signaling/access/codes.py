"""Identification codes: compact JWS (RFC 7515) that name the user's site, category and language.

There are two kinds of codes:

- *publishable*: the widget asks this server for a code. The server checks the page's origin and signs with its own key (`kid`
  "server"). Nobody vouches for the category and the language, which the browser names.
- *partner*: the back end of the site signs with one of the site's keys, which `kid` names. The key is a secret that the back end
  shares with us (HS256), or a private key of the back end (EdDSA, ES256). For a private key, we store the public key, or fetch
  it (`key_addresses.py`). The back end may vouch for the user and the product. A back end with an API token can instead ask this
  server to sign. Then the code has the `kid` "api:v1", and this server signs it with a separate key.

A code is valid for ten minutes at most. A code can be exchanged only once, because its id (`jti`) is stored.

The claims (fields of the payload) are `site`, `category`, `language`, `server` (our host and port), `jti`, and three times in
Unix seconds: `iat`, `nbf` (optional) and `exp`. Partners may add `user` {id, name, contact}, `product` {id, name, price, url} and
`claims` {name: text}.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from joserfc import jws
from joserfc.jwk import OctKey
from msgspec import UNSET, Meta, Struct, UnsetType

from signaling.config.secret import derived
from signaling.config.settings import Settings
from signaling.protocol.reading import Reader, Unreadable, by
from signaling.protocol.reasons import CodeReason
from signaling.protocol.texts import Exact, Seen
from signaling.records import Records, Site, SiteKey

from .key_addresses import KeyAddresses
from .rate_limits import Buckets, network_of
from .signing_keys import ALL_NAMES, BadKey, SigningKey, public, shared

ALGORITHM = "HS256"  # Algorithm with which this server signs identification codes.
# Allowed values of `typ` in an identification code, in lower case; our other tokens have another `typ` (RFC 8725, 3.11).
TYPES = ("", "jwt", "application/jwt")
SERVER_KID = "server"
API_KID = "api:v1"  # No key of a site can have this name, because the name contains “:”.
MOST_CHARS = 8192  # An identification code has at most this many characters.
MOST_LIFE_S = 600
LEEWAY_S = 10  # Seconds by which a partner's clock can be wrong without a refusal.
MOST_TRAIL = 50  # A browser sends at most this many steps (seen pages, clicks) with an identification code.
MOST_KEYS = 2  # A site may have at most this many signing keys at a time.

Kind = Literal["publishable", "partner"]

SENTENCES: dict[CodeReason, str] = {
    "unknown_site": "This server does not know the site.",
    "unknown_category": "This site has no such category.",
    "unknown_language": "This site does not offer that language.",
    "wrong_origin": "This page is not one of the site's allowed origins.",
    "bad_signature": "The code's signature does not match any key of the site.",
    "wrong_algorithm": "The code must be signed with the algorithm of its key: HS256, EdDSA or ES256.",
    "keys_unavailable": "The site's keys could not be fetched just now; try again in a minute.",
    "expired": "The code has expired; press the button again to get a new one.",
    "not_yet_valid": "The code is not valid yet; check the clock of the server that signed it.",
    "too_old": "The code is valid for longer than ten minutes.",
    "other_server": "The code was made for another counselling server.",
    "replayed": "The code has been used before; press the button again to get a new one.",
    "too_large": "The code is too large.",
    "malformed": "The code is not a well-formed identification code.",
    "trail_too_long": f"The trail has more than {MOST_TRAIL} steps.",
    "too_many_site": "Too many people are asking from this site at the moment; try again in a minute.",
    "too_many_address": "Too many attempts from your address; try again in a minute.",
}


class CodeRefused(Exception):
    """The identification code is refused. `reason` is a key of `SENTENCES`."""

    def __init__(self, reason: CodeReason) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = SENTENCES[reason]


_Short = Annotated[str, by(Seen(200))]
_Key = Annotated[str, Meta(min_length=1), by(Exact(200))]
_Seconds = Annotated[float, Meta(ge=0, le=1e11)]


class User(Struct, kw_only=True):
    """The user for whom the partner vouches."""

    id: Annotated[str, by(Exact(800))] = ""  # ids are compared byte by byte, so two ids that only look alike mean two users
    name: Annotated[str, by(Seen(60))] = ""
    contact: _Short = ""


class Product(Struct, kw_only=True):
    """The product for which the partner vouches."""

    id: _Short = ""
    name: _Short = ""
    price: Annotated[str, by(Seen(60))] = ""
    url: Annotated[str, by(Seen(2000))] = ""


class Vouched(Struct, kw_only=True, omit_defaults=True):
    """Those fields (claims) of an identification code for which a partner vouches."""

    category: _Key
    language: _Key
    user: User | None = None
    product: Product | None = None
    claims: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.-]+\Z")], Annotated[str, by(Seen(500))]],
        Meta(max_length=20),
    ] = {}


class Claims(Vouched, kw_only=True, omit_defaults=True):
    """The payload of an identification code. The module's docstring explains the claims."""

    site: _Key
    server: Annotated[str, Meta(min_length=1), by(Exact(300))]
    jti: Annotated[str, Meta(min_length=16), by(Exact(100))]
    iat: _Seconds
    exp: _Seconds
    nbf: _Seconds | None = None


class _Header(Struct):
    """The header of an identification code.

    `crit` names extensions that the receiver must understand (RFC 7515, 4.1.11). We know no extension and refuse every `crit`,
    even null.
    """

    alg: Annotated[str, by(Exact(200))]
    kid: Annotated[str, by(Exact(200))] = ""
    typ: Annotated[str, by(Exact(200))] = ""
    crit: UnsetType = UNSET


class _Peek(Struct):
    site: Annotated[str, by(Exact(200))]


_read_header: Reader[_Header] = Reader(_Header)
_read_peek: Reader[_Peek] = Reader(_Peek)
_read_claims: Reader[Claims] = Reader(Claims)


@dataclass(frozen=True, slots=True)
class Unverified:
    """A well-formed identification code whose signature is not checked yet. `site`: the site whose keys must be tried.

    `algorithm`: the name of the algorithm in the code's header.
    """

    code: str
    algorithm: str
    kid: str
    site: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """A verified identification code. `claims.language` is one of the site's languages."""

    site: Site
    claims: Claims
    kind: Kind


@dataclass(frozen=True, slots=True)
class Server:
    """This server, as issuer and receiver of identification codes.

    `name`: host and port of its public address. `secret`: its signing key. `try_origin`: the origin of the
    page on which staff can try the widget of any site.
    """

    name: str
    secret: bytes
    try_origin: str = ""

    @property
    def api_secret(self) -> bytes:
        """Return the key that signs identification codes for partners with an API token."""
        return derived(self.secret, "codes by API")


def read(code: str) -> Unverified:
    """Parse an identification code without checking its signature.

    Raises CodeRefused with the reason too_large, malformed or wrong_algorithm.
    """
    if len(code) > MOST_CHARS:
        raise CodeRefused("too_large")
    parts = code.split(".")
    if len(parts) != 3:
        raise CodeRefused("malformed")
    header_bytes, payload, _ = (_unpack(part) for part in parts)
    try:
        header = _read_header(header_bytes)
        site = _read_peek(payload).site
    except Unreadable as error:
        raise CodeRefused("malformed") from error
    if header.alg not in ALL_NAMES:
        raise CodeRefused("wrong_algorithm")
    if header.typ.lower() not in TYPES:
        raise CodeRefused("malformed")
    return Unverified(code, header.alg, header.kid, site, payload)


def site_of(code: str) -> str:
    """Return the site that the code names, or "" when the code is malformed. The code is not verified."""
    try:
        return read(code).site
    except CodeRefused:
        return ""


def verify(
    unverified: Unverified, site: Site | None, now_ms: int, server: Server, addresses: KeyAddresses | None = None
) -> Verified:
    """Check the signature, the times (`iat`, `nbf`, `exp`) and the other fields of an identification code.

    `site`: the record of `unverified.site`, or None when there is no such site. `addresses`: the keys that partners publish.
    Raises CodeRefused with the reason unknown_site, keys_unavailable, bad_signature, wrong_algorithm, malformed, other_server,
    too_old, not_yet_valid, expired, unknown_category or unknown_language.
    """
    if site is None:
        raise CodeRefused("unknown_site")
    key = _key_of(site, unverified.kid, server, addresses)
    if key is None:
        raise CodeRefused("bad_signature")
    if not key.allows(unverified.algorithm):
        raise CodeRefused("wrong_algorithm")
    if not key.signed(unverified.code):
        raise CodeRefused("bad_signature")
    ours = unverified.kid == SERVER_KID
    try:
        claims = _read_claims(unverified.payload)
    except Unreadable as error:
        raise CodeRefused("malformed") from error
    if claims.server != server.name:
        raise CodeRefused("other_server")
    _check_times(claims, now_ms / 1000)
    claims.language = check_place(site, claims.category, claims.language)
    return Verified(site, claims, "publishable" if ours else "partner")


def _key_of(site: Site, kid: str, server: Server, addresses: KeyAddresses | None) -> SigningKey | None:
    """Return the key with the id `kid` that may sign identification codes for this site, or None.

    Raises CodeRefused with the reason keys_unavailable.
    """
    if kid in (SERVER_KID, API_KID):
        return shared(server.secret if kid == SERVER_KID else server.api_secret)
    if (stored := _stored(site, kid)) is not None:
        try:
            return shared(secret_bytes(stored.secret)) if stored.secret else public(stored.public)
        except BadKey:  # a newer version of this server has stored a kind of key that this version does not know
            return None
    published = [addresses.keys(key.address) for key in site.keys if key.address] if addresses else []
    found = next((keys[kid] for keys in published if keys is not None and kid in keys), None)
    if found is None and None in published:
        raise CodeRefused("keys_unavailable")
    return found


def _stored(site: Site, kid: str) -> SiteKey | None:
    return next((key for key in site.keys if key.kid == kid and not key.address), None)


def check_place(site: Site, category: str, language: str) -> str:
    """Check that the site has this category and language. Return the site's own language tag for `language`.

    Raises CodeRefused with the reason unknown_category or unknown_language.
    """
    if category not in site.categories:
        raise CodeRefused("unknown_category")
    ours = site.language_for(language)
    if ours is None:
        raise CodeRefused("unknown_language")
    return ours


def sign(claims: Claims, kid: str, secret: bytes) -> str:
    """Return an identification code with these claims, signed with `secret`.

    Partners with a shared secret make codes in this way.
    """
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": kid}
    return jws.serialize_compact(header, msgspec.json.encode(claims), OctKey.import_key(secret), algorithms=[ALGORITHM])


def secret_bytes(secret: str) -> bytes:
    """Decode the secret of a site's key, which is stored and given to the partner as base64url without padding."""
    return base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))


def new_secret() -> str:
    """Return a new random secret of 32 bytes for a site's key, as base64url."""
    return secrets.token_urlsafe(32)


def _check_times(claims: Claims, now_s: float) -> None:
    if claims.exp <= claims.iat:
        raise CodeRefused("malformed")
    if claims.exp - claims.iat > MOST_LIFE_S:
        raise CodeRefused("too_old")
    if max(claims.iat, claims.nbf or 0) > now_s + LEEWAY_S:
        raise CodeRefused("not_yet_valid")
    if claims.exp + LEEWAY_S <= now_s:
        raise CodeRefused("expired")


def _unpack(part: str) -> bytes:
    """Decode one part of an identification code from base64url. Raises CodeRefused with the reason malformed.

    Only the canonical form is accepted. Otherwise several texts would stand for the same code (RFC 4648, 3.5).
    """
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise CodeRefused("malformed") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=") != part.encode():
        raise CodeRefused("malformed")
    return data


class Codes:
    """Issues and exchanges identification codes by the rules of this module, with a rate limit for each site and IP address."""

    def __init__(self, records: Records, server: Server, addresses: KeyAddresses | None = None) -> None:
        self._records = records
        self._server = server
        self._addresses = addresses
        # Many people in an office or behind a mobile carrier share one IP address. A session takes two tokens from the bucket of
        # its address: one when the identification code is issued and one when it is exchanged. With a partner's code, a session
        # takes only the second token. So an address can begin 120 sessions at once, then 60 a minute. A session also takes two
        # tokens from the bucket of its site. So from this bucket alone, a site can begin 150 sessions at once, then 300 a minute.
        self._by_site = Buckets(burst=300, per_minute=600)
        self._by_address = Buckets(burst=240, per_minute=120)
        # The second bucket of a site, `_by_site_first`, is as large as `_by_site`. It serves only the first session of each
        # address in a minute. So a few busy addresses cannot use up all of the site's tokens.
        self._first_of_address = Buckets(burst=2, per_minute=2)
        self._by_site_first = Buckets(burst=300, per_minute=600)

    @classmethod
    def open(cls, settings: Settings, records: Records, addresses: KeyAddresses | None = None) -> Codes:
        """Return the `Codes` of a server with these settings. `addresses`: the keys that partners publish."""
        server = Server(settings.server_name, signing_secret(settings), settings.staff_url("operator"))
        return cls(records, server, addresses)

    async def issue(
        self, site: Site | None, category: str, language: str, *, origin: str, address: str, now: int
    ) -> tuple[str, int]:
        """Return a new publishable identification code and the time (Unix ms) when it expires.

        Raises CodeRefused with the reason too_many_address, unknown_site, wrong_origin, too_many_site, unknown_category or
        unknown_language.
        """
        self.take_address(address, now)
        if site is None:
            raise CodeRefused("unknown_site")
        if origin not in site.origins and origin != (self._server.try_origin or None):
            raise CodeRefused("wrong_origin")
        language = check_place(site, category, language)
        self._take_site(site.id, address, now)
        now_s = now // 1000
        claims = Claims(
            site=site.id,
            category=category,
            language=language,
            server=self._server.name,
            jti=secrets.token_urlsafe(16),
            iat=now_s,
            nbf=now_s,
            exp=now_s + MOST_LIFE_S,
        )
        return sign(claims, SERVER_KID, self._server.secret), int(claims.exp) * 1000

    def vouch(self, site: Site, claims: Vouched, now: int) -> tuple[str, int]:
        """Return a new identification code for a partner with an API token, and the time (Unix ms) when it expires.

        Raises CodeRefused with the reason unknown_category, unknown_language or too_large.
        """
        signed = self.vouched(site, claims, now).claims
        code = sign(signed, API_KID, self._server.api_secret)
        if len(code) > MOST_CHARS:
            raise CodeRefused("too_large")
        return code, int(signed.exp) * 1000

    def vouched(self, site: Site, claims: Vouched, now: int) -> Verified:
        """Return the claims of a partner who uses an API token, in the form of a verified identification code.

        The API token has authenticated the partner, so no signature is needed. Raises CodeRefused with the reason
        unknown_category or unknown_language.
        """
        now_s = now // 1000
        signed = Claims(
            site=site.id,
            category=claims.category,
            language=check_place(site, claims.category, claims.language),
            server=self._server.name,
            jti=secrets.token_urlsafe(16),
            iat=now_s,
            exp=now_s + MOST_LIFE_S,
            user=claims.user,
            product=claims.product,
            claims=claims.claims,
        )
        return Verified(site, signed, "partner")

    async def prepare(self, code: str) -> None:
        """Fetch the partner's keys that can verify this identification code, if the site publishes keys at an address.

        Never raises. Call this before `exchange`. The partner's server can take some seconds, so do not call this inside the
        block of `Admission.new`.
        """
        try:
            unverified = read(code)
        except CodeRefused:
            return
        site = await self._records.site(unverified.site)
        kid = unverified.kid
        if self._addresses is None or site is None or kid in (SERVER_KID, API_KID) or _stored(site, kid) is not None:
            return
        await asyncio.gather(*(self._addresses.prepare(key.address, kid) for key in site.keys if key.address))

    async def exchange(self, code: str, *, address: str, now: int) -> Verified:
        """Verify an identification code and mark it as used.

        Raises CodeRefused with any reason except wrong_origin and trail_too_long.
        """
        self.take_address(address, now)
        unverified = read(code)
        site = await self._records.site(unverified.site)
        verified = verify(unverified, site, now, self._server, self._addresses)
        self._take_site(verified.site.id, address, now)
        # The database stores site and `jti` of a used code. So a partner cannot use up a `jti` of another partner. Both are
        # stored until the code has expired.
        spent_until = int((verified.claims.exp + LEEWAY_S) * 1000) + 60_000
        if not await self._records.use_code(f"{verified.site.id}/{verified.claims.jti}", spent_until):
            raise CodeRefused("replayed")
        return verified

    def user_ref(self, site_id: str, user_id: str) -> str:
        """Return a keyed hash of `user_id`, the partner's id for a user. Return "" when `user_id` is "".

        The database keeps only the hash. By the hash, the server finds the same user's other sessions. The hash does not reveal
        the partner's id.
        """
        return hmac.new(self._server.secret, f"{site_id}\0{user_id}".encode(), hashlib.sha256).hexdigest() if user_id else ""

    def _take_site(self, site: str, address: str, now: int) -> None:
        """Count one HTTP request against the rate limit of the site. Raises CodeRefused with the reason too_many_site."""
        is_first = self._first_of_address.take(f"{site} {network_of(address)}", now)
        if not ((is_first and self._by_site_first.take(site, now)) or self._by_site.take(site, now)):
            raise CodeRefused("too_many_site")

    def take_address(self, address: str, now: int) -> None:
        """Count one HTTP request against the rate limit of the client's IP address.

        Raises CodeRefused with the reason too_many_address.
        """
        if not self._by_address.take(network_of(address), now):
            raise CodeRefused("too_many_address")


def signing_secret(settings: Settings) -> bytes:
    """Return the key with which this server signs identification codes.

    The key is derived from the cluster's secret, if there is one. Otherwise the key is in a file in `data_dir`. The first start
    of the server makes this file.
    """
    return derived(settings.secret, "codes") if settings.secret else server_secret(settings.data_dir)


def server_secret(data_dir: Path) -> bytes:
    """Return the 32 bytes of `data_dir/server.key`. If the file is missing, make it. Only the file's owner can read it.

    Raises ValueError when the file is too short.
    """
    path = data_dir / "server.key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        secret = secrets.token_bytes(32)
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(secret)
    if len(secret) < 32:
        raise ValueError(f"{path} is damaged: remove it to get a new key (codes not yet exchanged become invalid)")
    return secret
