"""Who a member of staff is: argon2id passwords, server-side sign-ins, and the cookie that stands for them."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from contextlib import suppress
from functools import cache

import argon2
import structlog
from aiohttp import web

from signaling.records import Records, RecordsAway, SignInRecord, StaffRecord

from .rate_limits import Buckets, network_of

log = structlog.get_logger(__name__)

COOKIE = "__Host-sangdam"
SIGN_IN_LIFE_MS = 12 * 3_600_000
IDLE_MS = 3_600_000  # a sign-in that nobody uses for so long ends
SEEN_MS = 60_000  # how often a use is written down
MOST_PASSWORD = 200
LEAST_PASSWORD = 8
LEAST_GUESSES = 1_000_000  # zxcvbn's estimate; 30,000 leaked passwords, and what is made from one, need fewer
_JUDGED = 72  # characters: zxcvbn's time grows with the square of them
UNKNOWN = "unknown"  # the actor of a refused sign-in: nobody has shown who they are

SENTENCES = {
    "wrong_credentials": "Login or password is wrong.",
    "too_many_sign_ins": "Too many attempts; try again in a minute.",
}

_hasher = argon2.PasswordHasher()  # argon2id, the parameters of RFC 9106's low-memory profile
_HASHING_AT_ONCE = 2  # each takes 64 MiB for about 50 ms


class SignInRefused(Exception):
    """`reason`: wrong_credentials, too_many_sign_ins."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = SENTENCES[reason]


def hash_password(password: str, *about: str) -> str:
    """Slow on purpose: call it in a thread. `about`: the words that others try first for this person, such as their login.
    ValueError with a sentence: shorter than 8 or longer than 200 characters, or easily guessed."""
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise ValueError(f"A password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters.")
    from zxcvbn import zxcvbn  # here, because its lists of common passwords and words take a tenth of a second

    if zxcvbn(password[:_JUDGED], ["sangdam", *about])["guesses"] < LEAST_GUESSES:
        raise ValueError("This password is one of the first that somebody else would try. Choose several unrelated words.")
    return _hasher.hash(password)


def token_hash(token: str) -> str:
    """What is stored of a 256-bit random token; so much chance needs no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()  # a header may be no UTF-8


class Identity:
    def __init__(self, records: Records) -> None:
        self._records = records
        self._hashing = asyncio.Semaphore(_HASHING_AT_ONCE)
        # One address trying many logins (a whole shift may sign in behind one), a login tried from one address, from everywhere.
        self._by_address = Buckets(burst=100, per_minute=60)
        self._by_login_and_address = Buckets(burst=6, per_minute=6)
        self._by_login = Buckets(burst=30, per_minute=20)
        self._noted = Buckets(burst=100, per_minute=60, most_keys=2)  # of unknown logins, and of throttled ones

    async def sign_in(self, login: str, password: str, *, address: str, now: int) -> tuple[StaffRecord, str]:
        """Return the member of staff and a new token for their cookie. SignInRefused."""
        network, login = network_of(address), login.strip().lower()
        # In this order, each only when the one before allows: one address alone cannot lock a member of staff out everywhere.
        if not (
            self._by_address.take(network, now)
            and self._by_login_and_address.take(f"{network} {login}", now)
            and self._by_login.take(login, now)
        ):
            if self._noted.take("throttled", now):
                log.warning("sign-in throttled", network=network)
            raise SignInRefused("too_many_sign_ins")
        staff = await self._records.staff_by_login(login)
        async with self._hashing:
            nobodys = await asyncio.to_thread(_nobodys_hash)  # whoever it is, so that the first unknown login takes no longer
            right = await asyncio.to_thread(_fits, staff.password_hash if staff and staff.password_hash else nobodys, password)
        if staff is None or not right:
            await self._note_refused(staff, network, now)
            raise SignInRefused("wrong_credentials")
        token = secrets.token_urlsafe(32)
        made = SignInRecord(token_hash=token_hash(token), staff=staff.id, created_at=now, expires_at=now + SIGN_IN_LIFE_MS)
        if not await self._records.add_sign_in(made, password_hash=staff.password_hash):
            raise SignInRefused("wrong_credentials")  # removed, or given a new password, in this moment
        return staff, token

    async def _note_refused(self, staff: StaffRecord | None, network: str, now: int) -> None:
        """In the log and the audit, for both kinds alike. A login that nobody has is not repeated: it may be a password."""
        if staff is None and not self._noted.take(UNKNOWN, now):
            return
        name = staff.id if staff else UNKNOWN
        log.warning("sign-in refused", staff=name, network=network)
        await self._records.audit(UNKNOWN, "sign_in.refused", f"staff/{name}", now, network)

    async def who(self, request: web.Request, now: int) -> StaffRecord | None:
        """The member of staff whose cookie the request carries."""
        return await self.who_holds(request.cookies.get(COOKIE, ""), now)

    async def who_holds(self, token: str, now: int) -> StaffRecord | None:
        if not token:
            return None
        found = await self._records.sign_in(token_hash(token))
        if found is None or not found.stands(now, IDLE_MS):
            return None
        if now - max(found.created_at, found.seen_at) > SEEN_MS:
            with suppress(RecordsAway):
                await self._records.saw_sign_ins([found.token_hash], now)
        return await self._records.staff(found.staff)

    async def sign_out(self, request: web.Request) -> None:
        """End the sign-in whose cookie the request carries, if any."""
        await self._records.remove_sign_in(right_of(request))


def right_of(request: web.Request) -> str:
    """Return what names the sign-in of this request's cookie: what lives by it ends with it. "" without a cookie."""
    token = request.cookies.get(COOKIE, "")
    return token_hash(token) if token else ""


def set_cookie(response: web.StreamResponse, token: str) -> None:
    """`__Host-`: only this very host, only over TLS (browsers count http://NAME.localhost as safe)."""
    response.set_cookie(COOKIE, token, max_age=SIGN_IN_LIFE_MS // 1000, path="/", secure=True, httponly=True, samesite="Lax")


def drop_cookie(response: web.StreamResponse) -> None:
    response.set_cookie(COOKIE, "", max_age=0, path="/", secure=True, httponly=True, samesite="Lax")


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """What the password of an unknown login is compared with, so that it takes as long as a wrong one."""
    return _hasher.hash(secrets.token_urlsafe(16))
