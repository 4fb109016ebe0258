"""Build the parts that decide which staff may sign in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from signaling.access.codes import signing_secret
from signaling.access.factors import Factors
from signaling.access.identity import Identity
from signaling.access.oidc.checks import LOOK_S, Checks
from signaling.access.oidc.sign_in import OidcSignIn
from signaling.access.passkeys import Passkeys
from signaling.access.passwords import Passwords
from signaling.config.seal import Seal
from signaling.live.clock import Now, wall_clock_ms
from signaling.live.loops import run_forever
from signaling.mail.accounts import AccountMails
from signaling.webhooks.sending import guarded

from .app_keys import (
    ACCOUNT_MAILS,
    CLOCK,
    COUNTS,
    FACTORS,
    IDENTITY,
    NODE,
    OIDC,
    PASSKEYS,
    PASSWORDS,
    POSTBOX,
    REACH,
    RECORDS,
    SEAL,
    SETTINGS,
)


def setup(app: web.Application, clock: Now = wall_clock_ms) -> None:
    """Give the application the parts that check sign-ins.

    The application must already have `SETTINGS`, `RECORDS`, `COUNTS`, `POSTBOX` and `REACH`. `clock`: the server's steady clock,
    which decides when sign-ins end. Codes of authenticator apps and tokens of the OpenID provider contain times from other
    computers' clocks, so they are checked by this computer's clock.
    """
    app[CLOCK] = clock
    settings, records = app[SETTINGS], app[RECORDS]
    app[SEAL] = seal = Seal(signing_secret(settings))
    app[FACTORS] = factors = Factors(records, seal, f"Sangdam {settings.server_name}", wall_clock_ms)
    app[IDENTITY] = identity = Identity(records, factors)
    app[OIDC] = oidc = OidcSignIn(records, seal, wall_clock_ms, guarded(app[REACH]))
    app[PASSKEYS] = Passkeys(records, seal)
    app[PASSWORDS] = Passwords(records, identity)
    app[ACCOUNT_MAILS] = mails = AccountMails(records, app[POSTBOX], settings, app[COUNTS], clock)
    app.on_cleanup.append(lambda _: mails.close())
    checks = Checks(records, oidc, clock)

    async def checking(app: web.Application) -> AsyncIterator[None]:
        async def look() -> None:
            await asyncio.sleep(LOOK_S)
            node = app.get(NODE)
            # only the leader checks sign-ins at the provider; otherwise two servers would use the same refresh token
            if node is None or node.leads:
                await checks.look()

        task = asyncio.create_task(run_forever(look))
        yield
        task.cancel()
        await asyncio.wait({task})
        await checks.close()

    app.cleanup_ctx.append(checking)
