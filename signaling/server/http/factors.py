"""Second factors of the signed-in member of staff: the authenticator app, recovery codes and passkeys."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from signaling.access.factors import qr_code
from signaling.access.sign_in_refused import SignInRefused
from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.reading import Reader
from signaling.records import Audited, PasskeyRecord, SignInRecord, StaffRecord
from signaling.server.app_keys import FACTORS, RECORDS

from .bodies import read_json, steady_ms
from .errors import answer, not_found
from .noting import entry
from .staff import Code, holder_of, signed_out

routes = web.RouteTableDef()

# milliseconds for which staff may change their second factors after they have proved who they are
PROOF_MS = 10 * 60_000


class PasskeyItem(Struct, kw_only=True):
    """A passkey. `host`: the host of the pages where the passkey works. `used_at`: 0 if it was never used."""

    id: str
    name: str
    host: str
    created_at: int
    used_at: int

    @classmethod
    def of(cls, record: PasskeyRecord) -> PasskeyItem:
        """Return the stored passkey as its owner sees it, without its public key."""
        return cls(id=record.id, name=record.name, host=record.host, created_at=record.created_at, used_at=record.used_at)


class SecondFactors(Struct, kw_only=True):
    """The member's second factors. `app`: whether an authenticator app is set up.

    `required`: whether a rule requires a second factor.

    `by_provider`: whether the member signs in at the OpenID provider; such a member has neither a password nor second factors
    here.
    """

    app: bool
    recovery_codes: int
    passkeys: list[PasskeyItem]
    required: bool
    by_provider: bool


class NewApp(Struct, kw_only=True):
    """A new authenticator app.

    `secret`: the app's secret, for typing into the app. `address`: an `otpauth:` URI with the secret. `qr`: an SVG image of
    `address`.
    """

    secret: str
    address: str
    qr: str


class AppCode(Struct, kw_only=True):
    code: Code


class RecoveryCodes(Struct, kw_only=True):
    recovery_codes: list[str]


_read_code: Reader[AppCode] = Reader(AppCode)


@routes.get("/api/second-factors")
async def second_factors(request: web.Request) -> web.Response:
    member, _ = await holder_of(request, limited=True)
    records = request.app[RECORDS]
    return answer(
        SecondFactors(
            app=await request.app[FACTORS].has_app(member.id),
            recovery_codes=await records.recovery_codes_left(member.id),
            passkeys=[PasskeyItem.of(each) for each in await records.passkeys(member.id)],
            required=(await records.rules_for(member.organisation)).second_factor == "required",
            by_provider=await records.is_of_provider(member.id),
        )
    )


@routes.post("/api/second-factors/app")
async def begin_app(request: web.Request) -> web.Response:
    """Begin to set up an authenticator app."""
    member, _ = await proved(request)
    seed, address = await request.app[FACTORS].begin(member)
    return answer(NewApp(secret=seed, address=address, qr=qr_code(address)))


@routes.post("/api/second-factors/app/confirm")
async def confirm_app(request: web.Request) -> web.Response:
    """Turn on the authenticator app, if the request contains a valid code of the app.

    A sign-in that was only for setting up the app gets full rights.
    """
    member, sign_in = await proved(request)
    asked, now = await read_json(request, _read_code, 1024), steady_ms(request)
    codes = await request.app[FACTORS].confirm(member.id, asked.code, now, audit=own(member, "app.add"))
    await request.app[RECORDS].prove(sign_in.token_hash, now, limited=False)
    return answer(RecoveryCodes(recovery_codes=codes))


@routes.post("/api/second-factors/app/remove")
async def remove_app(request: web.Request) -> web.Response:
    """Remove the authenticator app and its recovery codes."""
    member, _ = await proved(request, limited=False)
    if not await request.app[RECORDS].remove_totp(member.id, audit=own(member, "app.remove")):
        raise not_found()
    return answer({})


@routes.post("/api/second-factors/recovery-codes")
async def make_recovery_codes(request: web.Request) -> web.Response:
    """Replace the recovery codes of the signed-in member by new ones."""
    member, _ = await proved(request, limited=False)
    if not await request.app[FACTORS].has_app(member.id):
        raise not_found()
    codes = await request.app[FACTORS].new_recovery_codes(member.id, audit=own(member, "recovery_codes.make"))
    return answer(RecoveryCodes(recovery_codes=codes))


async def proved(request: web.Request, *, limited: bool = True) -> tuple[StaffRecord, SignInRecord]:
    """Return the member and the sign-in of this request, if the member has proved who they are within the last `PROOF_MS`.

    `limited`: whether a limited sign-in is enough. A limited sign-in was made with the password alone, so it can only set up the
    member's first factor. Otherwise somebody who knows the password could change the member's factors. Raises
    Refused(signed_out), and SignInRefused with the reason by_provider or prove_first.
    """
    member, sign_in = await holder_of(request, limited=limited)
    if sign_in.limited and await _has_factor(request, member):
        raise signed_out()
    # The OpenID provider can deactivate a member. If the member had a second factor here, they could still sign in with it.
    if await request.app[RECORDS].is_of_provider(member.id):
        raise SignInRefused("by_provider")
    if steady_ms(request) - sign_in.proved_at > PROOF_MS:
        raise SignInRefused("prove_first")
    return member, sign_in


async def _has_factor(request: web.Request, member: StaffRecord) -> bool:
    return await request.app[FACTORS].has_app(member.id) or bool(await request.app[RECORDS].passkeys(member.id))


def own(member: StaffRecord, action: AuditAction) -> tuple[Audited]:
    """Return the audit entry of a member who changes their own second factors."""
    return entry(member.id, action, f"staff/{member.id}")
