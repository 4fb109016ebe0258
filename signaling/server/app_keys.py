"""Typed keys of the shared objects in the aiohttp application."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aiohttp import web

from signaling.config.settings import Settings
from signaling.files import Files
from signaling.recordings import Recordings
from signaling.records import Records

if TYPE_CHECKING:
    from signaling.access.codes import Codes
    from signaling.access.factors import Factors
    from signaling.access.identity import Identity
    from signaling.access.key_addresses import KeyAddresses
    from signaling.access.oidc.sign_in import OidcSignIn
    from signaling.access.passkeys import Passkeys
    from signaling.access.passwords import Passwords
    from signaling.access.threads import Threads
    from signaling.cluster.node import Node
    from signaling.cluster.redis_bus import Bus
    from signaling.config.seal import Seal
    from signaling.live import Live
    from signaling.live.clock import Now
    from signaling.mail import Postbox
    from signaling.mail.accounts import AccountMails
    from signaling.push import Devices
    from signaling.webhooks import Endpoints
    from signaling.webhooks.reach import Reach

RECORDS: web.AppKey[Records] = web.AppKey("records", Records)
# the steady clock, which decides when sign-ins and links end and when mails and webhook events are due
CLOCK: web.AppKey[Now] = web.AppKey("clock")
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
BUS: web.AppKey[Bus] = web.AppKey("bus")  # an application has `BUS` and `NODE` only in a cluster
NODE: web.AppKey[Node] = web.AppKey("node")
LIVE: web.AppKey[Live] = web.AppKey("live")
CODES: web.AppKey[Codes] = web.AppKey("codes")
KEY_ADDRESSES: web.AppKey[KeyAddresses] = web.AppKey("key_addresses")
REACH: web.AppKey[Reach] = web.AppKey("reach")
THREADS: web.AppKey[Threads] = web.AppKey("threads")
ENDPOINTS: web.AppKey[Endpoints] = web.AppKey("endpoints")
PUSH_DEVICES: web.AppKey[Devices] = web.AppKey("push_devices")
POSTBOX: web.AppKey[Postbox] = web.AppKey("postbox")
ACCOUNT_MAILS: web.AppKey[AccountMails] = web.AppKey("account_mails")
# reason → how often this server has refused or closed a request, message or connection for this reason
COUNTS: web.AppKey[Counter[str]] = web.AppKey("counts", Counter)
IDENTITY: web.AppKey[Identity] = web.AppKey("identity")
SEAL: web.AppKey[Seal] = web.AppKey("seal")
FACTORS: web.AppKey[Factors] = web.AppKey("factors")
OIDC: web.AppKey[OidcSignIn] = web.AppKey("oidc")
PASSKEYS: web.AppKey[Passkeys] = web.AppKey("passkeys")
PASSWORDS: web.AppKey[Passwords] = web.AppKey("passwords")
FILES: web.AppKey[Files] = web.AppKey("files", Files)
RECORDINGS: web.AppKey[Recordings] = web.AppKey("recordings", Recordings)
