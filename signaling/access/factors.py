"""Second factors of staff: an authenticator app (TOTP, RFC 6238) and recovery codes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable
from hmac import compare_digest
from unicodedata import normalize

import pyotp
import segno

from signaling.config.seal import Seal, Unsealable
from signaling.records import Audited, Records, StaffRecord

from .rate_limits import Buckets
from .sign_in_refused import SignInRefused

STEP_S = 30
DRIFT_STEPS = 1  # time steps (`STEP_S`) by which a phone's clock can be wrong without a refusal (RFC 6238, 5.2)
CODE_DIGITS = 6
RECOVERY_CODES = 10
RECOVERY_CHARACTERS = 20  # a recovery code has this many Base32 characters (100 random bits), so a fast hash is enough
_GROUP = 5  # A recovery code has a hyphen after each group of this many characters.


def matching_step(seed: str, code: str, now: int) -> int | None:
    """Return the time step to which a code of an authenticator app belongs, or None when the code is wrong.

    The step before and the step after `now` (Unix ms) are also accepted, because the phone's clock can be wrong.
    """
    app, step = pyotp.TOTP(seed, digits=CODE_DIGITS, interval=STEP_S), now // 1000 // STEP_S
    steps = range(step - DRIFT_STEPS, step + DRIFT_STEPS + 1)
    return next((each for each in steps if compare_digest(app.generate_otp(each).encode(), code.encode())), None)


def recovery_code() -> str:
    """Return a new recovery code, such as "abcde-fghij-…"."""
    letters = pyotp.random_base32(32)[:RECOVERY_CHARACTERS].lower()
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


def recovery_hash(code: str) -> str:
    """Return the hash under which a recovery code is stored. Spaces, hyphens and capitals make no difference."""
    return hashlib.sha256("".join(filter(str.isalnum, code.lower())).encode()).hexdigest()


def qr_code(address: str) -> str:
    """Return a QR code of this address as an SVG image. No other service sees the address, which contains a secret."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True)
    return drawn.getvalue().decode().strip()


class Factors:
    """Sets up and checks the second factors of staff.

    `name`: the name of this service that authenticator apps show. `wall`: returns the machine's time, because an app's codes
    depend on the time of day.
    """

    def __init__(self, records: Records, seal: Seal, name: str, wall: Callable[[], int]) -> None:
        self._records = records
        self._seal = seal
        self._name = name
        self._wall = wall
        # limits each member's guesses; at any time, three of the million possible codes of an authenticator app are right
        self._codes = Buckets(burst=6, per_minute=1)

    async def has_app(self, staff: str) -> bool:
        """Return whether this member of staff has set up an authenticator app and confirmed it."""
        found = await self._records.totp(staff)
        return found is not None and found.confirmed

    async def begin(self, staff: StaffRecord) -> tuple[str, str]:
        """Make a secret for a member's new authenticator app. Return the secret, and the address for the app's QR code.

        The app becomes the member's second factor when `confirm` gets the app's first code. Raises SignInRefused with the reason
        app_exists.
        """
        seed = pyotp.random_base32()
        if not await self._records.begin_totp(staff.id, self._seal.close(seed, _about(staff.id))):
            raise SignInRefused("app_exists")
        return seed, pyotp.TOTP(seed, digits=CODE_DIGITS, interval=STEP_S).provisioning_uri(
            name=staff.login, issuer_name=self._name
        )

    async def confirm(self, staff: str, code: str, now: int, *, audit: Iterable[Audited] = ()) -> list[str]:
        """Make the new authenticator app the member's second factor. Return new recovery codes for the member.

        `code`: the app's first code. `audit`: entries to store with the change. Raises SignInRefused with the reason
        wrong_code, app_exists or too_many_sign_ins.
        """
        if await self.has_app(staff):
            raise SignInRefused("app_exists")
        step, codes = await self._step_of(staff, code, now), _new_codes()
        if not await self._records.confirm_totp(staff, step, _hashes(codes), audit=audit):
            raise SignInRefused("wrong_code")
        return codes

    async def new_recovery_codes(self, staff: str, *, audit: Iterable[Audited] = ()) -> list[str]:
        """Replace the member's recovery codes, and return the new codes.

        The database stores only the hashes of the codes, so show the codes now. `audit`: entries to store with the change.
        """
        codes = _new_codes()
        await self._records.set_recovery_codes(staff, _hashes(codes), audit=audit)
        return codes

    async def take_code(self, staff: str, code: str, now: int) -> None:
        """Check the second factor that a member typed: a code of their app, or a recovery code. Each code works once.

        Raises SignInRefused with the reason wrong_code or too_many_sign_ins.
        """
        typed = _typed(code)
        if len(typed) == CODE_DIGITS and typed.isascii() and typed.isdigit():
            await self._take_app_code(staff, typed, now)
        elif not self._codes.take(staff, now):
            raise SignInRefused("too_many_sign_ins")
        elif not await self._records.use_recovery_code(staff, recovery_hash(code)):
            raise SignInRefused("wrong_code")

    async def _take_app_code(self, staff: str, code: str, now: int) -> None:
        if not await self._records.use_totp_step(staff, await self._step_of(staff, code, now)):
            raise SignInRefused("wrong_code")

    async def _step_of(self, staff: str, code: str, now: int) -> int:
        """Return the time step to which a code of the member's app belongs.

        Raises SignInRefused with the reason wrong_code or too_many_sign_ins.
        """
        if not self._codes.take(staff, now):
            raise SignInRefused("too_many_sign_ins")
        found = await self._records.totp(staff)
        try:
            seed = self._seal.open(found.seed, _about(staff)) if found else ""
        # the installation's key has changed since the app was set up; the member must use a recovery code, or somebody must run
        # `sangdam staff reset-factors`
        except Unsealable:
            seed = ""
        step = matching_step(seed, _typed(code), self._wall()) if seed else None
        if step is None:
            raise SignInRefused("wrong_code")
        return step


def _new_codes() -> list[str]:
    return [recovery_code() for _ in range(RECOVERY_CODES)]


def _hashes(codes: list[str]) -> list[str]:
    return [recovery_hash(code) for code in codes]


def _typed(code: str) -> str:
    """Return the code that a member typed, without spaces. Full-width digits of East Asian keyboards become ASCII digits."""
    return "".join(normalize("NFKC", code).split())


def _about(staff: str) -> str:
    return f"totp {staff}"
