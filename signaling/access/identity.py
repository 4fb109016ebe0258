"""Sign-in of staff: passwords, second factors, sign-ins stored by the server, and the cookie with a sign-in's token."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections import OrderedDict
from contextlib import suppress
from functools import cache
from typing import NamedTuple

import argon2
import structlog
from aiohttp import web

from signaling.records import Audited, Records, RecordsAway, SignInRecord, SignInRules, StaffRecord
from signaling.records.sign_ins import MOST_HOURS, STANDARD_HOURS

from .devices import coarse_network
from .factors import Factors
from .rate_limits import Buckets, network_of
from .sign_in_refused import SignInRefused

log = structlog.get_logger(__name__)

COOKIE = "__Host-sangdam"
DEVICE_COOKIE = "__Host-sangdam-device"  # cookie by which a browser is recognised at the next sign-in; it gives no rights
DEVICE_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_DEVICE_LIFE_S = 400 * 86_400  # Browsers keep a cookie for at most this long.
SIGN_IN_LIFE_MS = STANDARD_HOURS * 3_600_000  # A sign-in ends after this time, unless the organisation's rules name another time.
IDLE_MS = 3_600_000  # A sign-in ends when it was not used for this time.
SEEN_MS = 60_000  # The time of a sign-in's last use is stored again only after this many ms.
MOST_PASSWORD = 200  # A staff password has at most this many characters.
LEAST_PASSWORD = 8  # A staff password has at least this many characters.
# A password is refused when an attacker needs fewer guesses than this, by zxcvbn's estimate. So the 30,000 most common leaked
# passwords are refused.
LEAST_GUESSES = 1_000_000
# zxcvbn gets only this many characters from the beginning of a password, because zxcvbn's time grows with the square of their
# number.
_JUDGED = 72
UNKNOWN = "unknown"  # The actor of a refused sign-in in the audit log, because nobody was authenticated.

_hasher = argon2.PasswordHasher()  # Argon2id with the parameters of RFC 9106's low-memory profile, which are the defaults.
_HASHING_AT_ONCE = 2  # At most this many password hashes are computed at the same time; each takes 64 MiB for about 50 ms.


MOST_KNOWN = 20_000  # largest number of pairs of a login and a network that `Identity` remembers


class Given(NamedTuple):
    """A try to sign in: login and password, with the IP address and the browser (`device`) from which the try comes.

    `code`: a code of an authenticator app, a recovery code, or "" without a second factor.
    """

    login: str
    password: str
    code: str = ""
    address: str = ""
    device: str = ""


class SignedIn(NamedTuple):
    """A new sign-in. `limited`: whether the member can only set up a second factor and sign out."""

    staff: StaffRecord
    token: str
    limited: bool


def hash_password(password: str, *about: str) -> str:
    """Return the argon2id hash of a password. Hashing is slow on purpose: call this in a thread.

    `about`: words that an attacker would try first for this person, such as their login. Raises ValueError with a sentence
    when the password is too short, too long, or easily guessed.
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise ValueError(f"A password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters.")
    from zxcvbn import zxcvbn  # imported here because loading its lists of common passwords takes 0.1 s

    if zxcvbn(password[:_JUDGED], ["sangdam", *about])["guesses"] < LEAST_GUESSES:
        raise ValueError("This password is one of the first that somebody else would try. Choose several unrelated words.")
    return _hasher.hash(password)


def token_hash(token: str) -> str:
    """Return the hash under which a token is stored. A fast hash suffices, because the token has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()  # a cookie need not be UTF-8


class Identity:
    """Signs staff in and out, and finds the member of staff to whom a cookie belongs."""

    def __init__(self, records: Records, factors: Factors) -> None:
        self._records = records
        self._factors = factors
        self._hashing = asyncio.Semaphore(_HASHING_AT_ONCE)
        # These buckets limit tries to sign in: tries from one network with any login, tries with one login from one network, and
        # tries with one login from all networks. The first limit is high, because a whole shift of staff can share an IP address.
        self._by_address = Buckets(burst=100, per_minute=60)
        self._by_login_and_address = Buckets(burst=6, per_minute=6)
        self._by_login = Buckets(burst=30, per_minute=20)
        # Each key is “network login”: somebody has signed in with this login from this network, by password. The limit
        # `_by_login` does not apply to such a pair. So strangers who guess a member's password from elsewhere cannot lock the
        # member out of their usual place.
        self._known: OrderedDict[str, None] = OrderedDict()
        self._noted = Buckets(burst=100, per_minute=60, most_keys=2)  # limits the log entries about refused sign-ins

    async def sign_in(self, given: Given, now: int) -> SignedIn:
        """Sign a member in by password, and by a code of their authenticator app if they have one. Raises SignInRefused."""
        network, login = network_of(given.address), given.login.strip().lower()
        staff = await self._check(await self._records.staff_by_login(login), login, given.password, network, now)
        rules = await self.rules_of(staff)
        required = rules.second_factor == "required"
        if await self._factors.has_app(staff.id):
            if not given.code:
                self._by_login_and_address.give_back(f"{network} {login}")
                raise SignInRefused("code_needed")
            try:
                await self._factors.take_code(staff.id, given.code, now)
            except SignInRefused:
                await self._note_refused(staff, network, now)
                raise
            limited = False
        elif required and await self._records.passkeys(staff.id):
            raise SignInRefused("passkey_needed")
        else:
            limited = required
        self._remember(f"{network} {login}")
        token = await self.add(staff, now, rules=rules, address=given.address, device=given.device, limited=limited)
        return SignedIn(staff, token, limited)

    async def rules_of(self, staff: StaffRecord) -> SignInRules:
        """Return the sign-in rules of a member's organisation, for a sign-in without the OpenID provider.

        Raises SignInRefused with the reason provider_only if the organisation allows sign-ins at its provider only.
        """
        rules = await self._records.rules_for(staff.organisation)
        if rules.provider == "only":
            raise SignInRefused("provider_only")
        return rules

    async def add(
        self, staff: StaffRecord, now: int, *, rules: SignInRules, address: str, device: str, limited: bool = False
    ) -> str:
        """Store a new sign-in of a member who has proved who they are, and its audit entry.

        Return the sign-in's token, which goes into the cookie. `rules`: the sign-in rules of the member's organisation.
        Raises SignInRefused.
        """
        token, made = sign_in_for(staff, now, rules=rules, address=address, device=device, limited=limited)
        if not await self._records.add_sign_in(made, password_hash=staff.password_hash, audit=[signed_in(made)]):
            raise SignInRefused("wrong_credentials")  # the member was removed or got a new password during this sign-in
        return token

    async def check_password(self, staff: StaffRecord, password: str, *, address: str, now: int) -> None:
        """Check the password of a member who is signed in. Raises SignInRefused, also when there were too many tries."""
        try:
            await self._check(staff, staff.login, password, network_of(address), now)
        except SignInRefused as refused:
            raise SignInRefused("wrong_password") if refused.reason == "wrong_credentials" else refused from None

    async def _check(self, staff: StaffRecord | None, login: str, password: str, network: str, now: int) -> StaffRecord:
        """Check the password of a try to sign in. Return the member to whom the login belongs. Raises SignInRefused."""
        # The three limits are asked in this order, and a limit that refuses a try keeps the later limits from counting the try.
        # So a stranger at one address cannot use up a member's limit for all addresses.
        pair = f"{network} {login}"
        if not (
            self._by_address.take(network, now)
            and self._by_login_and_address.take(pair, now)
            and (pair in self._known or self._by_login.take(login, now))
        ):
            if self._noted.take("throttled", now):
                log.warning("sign-in throttled", network=network)
            raise SignInRefused("too_many_sign_ins")
        async with self._hashing:
            # make this hash for known logins, too; otherwise the first try with an unknown login would take longer, which would
            # show strangers that the login is unknown
            nobodys = await asyncio.to_thread(_nobodys_hash)
            right = await asyncio.to_thread(_fits, staff.password_hash if staff and staff.password_hash else nobodys, password)
        if staff is None or not right:
            await self._note_refused(staff, network, now)
            raise SignInRefused("wrong_credentials")
        return staff

    def _remember(self, pair: str) -> None:
        self._known[pair] = None
        self._known.move_to_end(pair)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    async def _note_refused(self, staff: StaffRecord | None, network: str, now: int) -> None:
        """Write a refused sign-in to the server's log and the audit log.

        Refusals with an unknown login are written only up to a limit (`_noted`). Neither log contains an unknown login, because
        somebody might have typed their password into the field for the login.
        """
        if staff is None and not self._noted.take(UNKNOWN, now):
            return
        name = staff.id if staff else UNKNOWN
        log.warning("sign-in refused", staff=name, network=network)
        await self._records.audit(UNKNOWN, "sign_in.refused", f"staff/{name}", network)

    async def who(self, request: web.Request, now: int) -> StaffRecord | None:
        """Return the member of staff whose sign-in cookie the request has. Return None if there is no valid sign-in."""
        return await self.who_holds(request.cookies.get(COOKIE, ""), now)

    async def who_holds(self, token: str, now: int) -> StaffRecord | None:
        """Return the member of staff to whom a sign-in's token belongs. Return None for an invalid or limited sign-in.

        Store the time of this use.
        """
        found = await self._records.signed_in(token_hash(token)) if token else None
        if found is None or not await self._is_used(found[0], now):
            return None
        sign_in, member = found
        return None if sign_in.limited else member

    async def sign_in_of(self, token: str, now: int) -> SignInRecord | None:
        """Return the sign-in with this token, even a limited sign-in. Return None when the sign-in has ended.

        Store the time of this use.
        """
        if not token:
            return None
        found = await self._records.sign_in(token_hash(token))
        return found if found is not None and await self._is_used(found, now) else None

    async def _is_used(self, sign_in: SignInRecord, now: int) -> bool:
        """Store the time of this use, and return True. Return False if the sign-in has ended."""
        if not sign_in.stands(now, IDLE_MS):
            return False
        if now - max(sign_in.created_at, sign_in.seen_at) > SEEN_MS:
            with suppress(RecordsAway):
                await self._records.saw_sign_in(sign_in.token_hash, now)
        return True

    def stands(self, sign_in: SignInRecord, now: int) -> bool:
        """Return whether a sign-in of staff is still valid at `now` (Unix ms)."""
        return sign_in.stands(now, IDLE_MS)


def sign_in_for(
    staff: StaffRecord, now: int, *, rules: SignInRules, address: str, device: str, limited: bool = False
) -> tuple[str, SignInRecord]:
    """Make a new sign-in of a member. Return the sign-in's token and its record. The record is not stored yet.

    `rules`: as for `Identity.add`.
    """
    token = secrets.token_urlsafe(32)
    made = SignInRecord(
        token_hash=token_hash(token),
        staff=staff.id,
        created_at=now,
        expires_at=now + rules.life_ms,
        device=device,
        network=coarse_network(address),
        proved_at=now,
        limited=limited,
    )
    return token, made


def signed_in(sign_in: SignInRecord) -> Audited:
    """Return the audit entry about a new sign-in."""
    return Audited(sign_in.staff, "sign_in", f"staff/{sign_in.staff}")


def right_of(request: web.Request) -> str:
    """Return the hash of the token in the request's sign-in cookie, or "" without a cookie.

    A WebSocket that was opened with the cookie keeps this hash, and is closed when the sign-in ends.
    """
    token = request.cookies.get(COOKIE, "")
    return token_hash(token) if token else ""


def set_cookie(response: web.StreamResponse, token: str) -> None:
    """Set the sign-in cookie. The sign-in in the database can end before the cookie expires.

    The cookie's `__Host-` prefix limits the cookie to this host and to TLS. Chromium and Firefox also accept the
    cookie at http://NAME.localhost; WebKit does not.
    """
    response.set_cookie(COOKIE, token, max_age=MOST_HOURS * 3600, path="/", secure=True, httponly=True, samesite="Lax")


def set_device_cookie(response: web.StreamResponse, token: str) -> None:
    """Set the cookie by which this server recognises a browser at the next sign-in. Signing out leaves this cookie in place."""
    response.set_cookie(DEVICE_COOKIE, token, max_age=_DEVICE_LIFE_S, path="/", secure=True, httponly=True, samesite="Lax")


def drop_cookie(response: web.StreamResponse) -> None:
    """Remove the sign-in cookie from the browser."""
    response.set_cookie(COOKIE, "", max_age=0, path="/", secure=True, httponly=True, samesite="Lax")


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """Return the hash of a random password. The password that comes with an unknown login is checked against this hash.

    So the reply takes as long as for a wrong password.
    """
    return _hasher.hash(secrets.token_urlsafe(16))
