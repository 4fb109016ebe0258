"""`sangdam doctor`: examine an installation, say what is wrong, and say what to do.

Each check is a function in `machine.py`, `network.py`, `services.py` or `stores.py`. To add a check, write its function, and name
the function in `CHECKS`. Then add the sentences for each verdict of the check to every file in `languages/`.
"""

from __future__ import annotations

import asyncio

import structlog

from . import machine, network, services, stores
from .finding import Check, Examined, Finding, finding
from .network import reached
from .sentences import Told, told

__all__ = ["Examined", "Finding", "Told", "examine", "reached", "told"]

log = structlog.get_logger(__name__)

WITHIN_S = 10.0  # one check may take at most this many seconds
CHECKS: tuple[Check, ...] = (
    network.names,
    network.certificates,
    network.proxy,
    network.udp,
    network.relays,
    machine.udp_buffer,
    machine.udp_ports,
    machine.clock,
    machine.disk,
    machine.descriptors,
    machine.keys,
    stores.database,
    stores.redis,
    stores.workers,
    services.mail,
    services.push,
    services.captions,
    services.translation,
)


async def examine(of: Examined) -> list[Finding]:
    """Run all checks of an installation at the same time. Return their findings in the order of `CHECKS`."""
    found = await asyncio.gather(*(_one(check, of) for check in CHECKS))
    return [each for findings in found for each in findings]


async def _one(check: Check, of: Examined) -> list[Finding]:
    try:
        async with asyncio.timeout(WITHIN_S):
            return await check(of)
    except Exception as error:  # an error in one check must not hide the findings of other checks
        log.warning("check failed", check=check.__name__, error=type(error).__name__)
        return [finding("check.failed", "warning", check=check.__name__, why=type(error).__name__)]
