"""Passkeys of staff (WebAuthn Level 3). A passkey replaces password and second factor, because its owner must unlock it.

A passkey works at one host name of the staff's pages. The browser gets each challenge together with a *ticket*, the same
challenge encrypted by us, and sends the ticket back. So every server of a cluster can check the challenge. The database stores
which challenges have been used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import webauthn
from msgspec import Struct
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from signaling.config.seal import Seal, Unsealable
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.records import Audited, PasskeyRecord, Records, StaffRecord, TooManyPasskeys

from .rate_limits import Buckets, network_of
from .sign_in_refused import SignInRefused

TICKET_LIFE_MS = 5 * 60_000
_TIMEOUT_MS = 120_000  # suggests to the browser how many ms a person has to unlock the passkey; a browser can choose another time
_SIGNING_IN = "passkey sign-in"


class Ticket(Struct):
    challenge: Annotated[str, by(Exact(200))]
    until: int


_read_ticket: Reader[Ticket] = Reader(Ticket)


class Passkeys:
    """Registers passkeys of staff, and checks them at sign-in."""

    def __init__(self, records: Records, seal: Seal) -> None:
        self._records = records
        self._seal = seal
        # limits the sign-ins from one network; the limit is high, because a whole shift of staff can share a network
        self._tries = Buckets(burst=60, per_minute=60)

    async def creation_options(self, member: StaffRecord, origin: str, now: int) -> tuple[dict[str, Any], str]:
        """Begin to register a passkey. Return the options for `navigator.credentials.create`, and a ticket.

        The ticket is the encrypted challenge. Pass the ticket to `add`.
        """
        host = host_of(origin)
        known = [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential)) for each in await self._at(member, host)]
        options = webauthn.generate_registration_options(
            rp_id=host,
            rp_name="Sangdam",
            user_id=_handle(member.id),
            user_name=member.login,
            user_display_name=member.name,
            timeout=_TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=known,
        )
        return options_to_json_dict(options), self._ticket(options.challenge, _adding(member.id), now)

    async def add(
        self,
        member: StaffRecord,
        origin: str,
        ticket: str,
        answer: str,
        name: str,
        now: int,
        *,
        audit: Iterable[Audited] = (),
    ) -> PasskeyRecord:
        """Store the passkey that a member's browser made. `answer`: the browser's answer to `creation_options`, as JSON.

        `audit`: entries to store with the passkey. Raises SignInRefused with the reason passkey_refused or too_many_passkeys.
        """
        challenge = await self._challenge(ticket, _adding(member.id), now)
        try:
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=host_of(origin),
                expected_origin=origin,
                require_user_verification=True,
            )
        except Exception as error:  # the library's parsers raise many classes of errors for malformed input
            raise SignInRefused("passkey_refused") from error
        credential = bytes_to_base64url(made.credential_id)
        record = PasskeyRecord(
            id=passkey_id(credential),
            staff=member.id,
            credential=credential,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name,
            host=host_of(origin),
            created_at=now,
        )
        try:
            if not await self._records.add_passkey(record, audit=audit):
                raise SignInRefused("passkey_refused")
        except TooManyPasskeys:
            raise SignInRefused("too_many_passkeys") from None
        return record

    def request_options(self, origin: str, now: int) -> tuple[dict[str, Any], str]:
        """Begin a sign-in by passkey. Return the options for the browser's `navigator.credentials.get`, and a ticket.

        The ticket is the encrypted challenge. Pass the ticket to `owner`. The options name no member, so the browser offers all
        passkeys that it has for this host.
        """
        options = webauthn.generate_authentication_options(
            rp_id=host_of(origin), timeout=_TIMEOUT_MS, user_verification=UserVerificationRequirement.REQUIRED
        )
        return options_to_json_dict(options), self._ticket(options.challenge, _SIGNING_IN, now)

    async def owner(self, origin: str, ticket: str, answer: str, *, address: str, now: int) -> StaffRecord:
        """Return the member of staff whose passkey signed the challenge. `answer`: the browser's answer, as JSON.

        Raises SignInRefused with the reason passkey_refused or too_many_sign_ins.
        """
        if not self._tries.take(network_of(address), now):
            raise SignInRefused("too_many_sign_ins")
        challenge = await self._challenge(ticket, _SIGNING_IN, now)
        try:
            given = parse_authentication_credential_json(answer)
        except Exception as error:
            raise SignInRefused("passkey_refused") from error
        known = await self._records.passkey(passkey_id(bytes_to_base64url(given.raw_id)))
        member = await self._records.staff(known.staff) if known else None
        if known is None or member is None or given.response.user_handle not in (None, _handle(member.id)):
            raise SignInRefused("passkey_refused")
        try:
            signed = webauthn.verify_authentication_response(
                credential=given,
                expected_challenge=challenge,
                expected_rp_id=known.host,
                expected_origin=origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=known.sign_count,
                require_user_verification=True,
            )
        except Exception as error:
            raise SignInRefused("passkey_refused") from error
        await self._records.used_passkey(known.id, signed.new_sign_count, now)
        return member

    async def _at(self, member: StaffRecord, host: str) -> list[PasskeyRecord]:
        return [each for each in await self._records.passkeys(member.id) if each.host == host]

    def _ticket(self, challenge: bytes, purpose: str, now: int) -> str:
        ticket = Ticket(challenge=bytes_to_base64url(challenge), until=now + TICKET_LIFE_MS)
        return self._seal.close(msgspec.json.encode(ticket).decode(), purpose)

    async def _challenge(self, ticket: str, purpose: str, now: int) -> bytes:
        """Decrypt a ticket. Return its challenge, and mark the challenge as used.

        Raises SignInRefused with the reason passkey_refused.
        """
        try:
            found = _read_ticket(self._seal.open(ticket, purpose))
        except Unsealable:
            raise SignInRefused("passkey_refused") from None
        if now > found.until or not await self._records.use_code(f"passkey/{found.challenge}", found.until):
            raise SignInRefused("passkey_refused")
        return base64url_to_bytes(found.challenge)


def host_of(origin: str) -> str:
    """Return the host of an origin, without the port: the id of the relying party. Return "" if the origin has no host."""
    return urlsplit(origin).hostname or ""


def passkey_id(credential: str) -> str:
    """Return a short id for a credential. The credential's own id can be as long as 1,023 bytes."""
    return hashlib.sha256(credential.encode()).hexdigest()[:32]


def _handle(staff: str) -> bytes:
    """Return the WebAuthn user handle of a member. The handle must not reveal who the member is (WebAuthn, 14.6.1)."""
    return hashlib.sha256(f"sangdam passkey {staff}".encode()).digest()


def _adding(staff: str) -> str:
    return f"passkey add {staff}"
