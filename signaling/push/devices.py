"""The browsers that get pushes, and the installation's key for pushes. Browsers' addresses are checked, and stored encrypted."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from signaling.config.seal import Seal, Unsealable
from signaling.records import Records
from signaling.records.push import Device
from signaling.webhooks.reach import BadEndpoint, Reach

from .encryption import AUTH_BYTES, POINT_BYTES, point, unbase64
from .vapid import Vapid, new_key

_KEY = "push key"


class BadBrowser(ValueError):
    """The push address or the keys that a browser sent are refused. The exception's text is a sentence that says why."""


class Address(NamedTuple):
    """The push address of a browser (`endpoint`, a URL of its push service), and the browser's key and secret (base64url)."""

    endpoint: str
    p256dh: str
    auth: str

    @property
    def origin(self) -> str:
        """Return the origin of the browser's push service, such as "https://push.example"."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}"


class Devices:
    """The browsers that get pushes, and the installation's key that they trust. `enabled`: whether this server sends pushes."""

    def __init__(
        self, records: Records, seal: Seal, reach: Reach, now: Callable[[], int], *, subject: str, enabled: bool = True
    ) -> None:
        """Make the register of browsers. `subject`: an address of the operator (mailto: or https:) for push services, or ""."""
        self.enabled = enabled
        self._records = records
        self._seal = seal
        self._reach = reach
        self._now = now
        self._subject = subject
        self._vapid: Vapid | None = None
        self._making = asyncio.Lock()

    async def vapid(self) -> Vapid:
        """Return the installation's key for pushes. If there is none, or it cannot be decrypted, make and store a new key."""
        async with self._making:
            if self._vapid is None:
                self._vapid = Vapid(await self._pem(), self._subject)
            return self._vapid

    async def _pem(self) -> str:
        sealed = await self._records.push_key()
        if sealed:
            try:
                return self._seal.open(sealed, _KEY)
            except Unsealable:  # the stored key for pushes was encrypted under an earlier secret key of the installation
                pass
        stored = await self._records.add_push_key(self._seal.close(new_key(), _KEY), instead_of=sealed)
        return self._seal.open(stored, _KEY)

    async def add(
        self, address: Address, language: str, *, sign_in: str | None = None, session: str | None = None
    ) -> Device | None:
        """Store a browser to which pushes go, for a sign-in of staff or for a user's session.

        `language`: the language of the pushes. Return None if the sign-in has ended. Raises BadBrowser if the address or
        the keys are refused, and UnknownSession for an erased session.
        """
        device_id = f"d-{secrets.token_hex(8)}"
        address = self._checked(address)
        device = Device(
            id=device_id,
            sign_in=sign_in,
            session=session,
            host=urlsplit(address.endpoint).netloc,
            endpoint_hash=hashlib.sha256(address.endpoint.encode()).hexdigest(),
            sealed=self._seal.close("\n".join(address), _about(device_id)),
            language=language,
            created_at=self._now(),
        )
        return device if await self._records.add_device(device) else None

    def _checked(self, address: Address) -> Address:
        try:
            endpoint = self._reach.checked(address.endpoint)
        except BadEndpoint:
            raise BadBrowser("The address of the browser's push service is not one that this server sends to.") from None
        if not _are_keys(address):
            raise BadBrowser("The browser's keys for pushes are not valid.")
        return Address(endpoint, address.p256dh, address.auth)

    def address(self, device: Device) -> Address:
        """Return the push address and the keys of a stored browser.

        Raises Unsealable when the installation's secret key has changed since the browser was stored.
        """
        return Address(*self._seal.open(device.sealed, _about(device.id)).split("\n"))

    def is_of(self, device: Device, endpoint: str, auth: str) -> bool:
        """Return whether a request comes from a stored browser.

        Such a request contains the browser's push address and the secret `auth`, which only the browser and this server know.
        """
        try:
            known = self.address(device)
        except Unsealable:
            return False
        same = hmac.compare_digest(known.endpoint.encode(), endpoint.encode())
        return hmac.compare_digest(known.auth.encode(), auth.encode()) and same


def _are_keys(address: Address) -> bool:
    try:
        p256dh, auth = unbase64(address.p256dh), unbase64(address.auth)
        point(p256dh)
    except ValueError:
        return False
    return len(p256dh) == POINT_BYTES and len(auth) == AUTH_BYTES


def _about(device_id: str) -> str:
    return f"push {device_id}"
