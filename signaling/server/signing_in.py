"""Build the parts that decide who of the staff may come in."""

from __future__ import annotations

from aiohttp import web

from signaling.access.codes import signing_secret
from signaling.access.factors import Factors
from signaling.access.identity import Identity
from signaling.access.passkeys import Passkeys
from signaling.access.passwords import Passwords
from signaling.config.seal import Seal

from .app_keys import FACTORS, IDENTITY, PASSKEYS, PASSWORDS, RECORDS, SETTINGS


def setup(app: web.Application) -> None:
    """Add the parts to the application, which has its settings and records already."""
    settings, records = app[SETTINGS], app[RECORDS]
    seal = Seal(signing_secret(settings))
    app[FACTORS] = factors = Factors(records, seal, f"Sangdam {settings.server_name}")
    app[IDENTITY] = identity = Identity(records, factors)
    app[PASSKEYS] = Passkeys(records, seal)
    app[PASSWORDS] = Passwords(records, identity)
