"""Let the virus scanner look at everything that people send."""

from __future__ import annotations

from collections.abc import Awaitable

from aiohttp import web

from signaling.files import FileRefused
from signaling.files.clamd import Scanner
from signaling.server.app_keys import RECORDS

from .bodies import now_ms

SCANNER: web.AppKey[Scanner] = web.AppKey("virus_scanner", Scanner)


async def noted(request: web.Request, subject: str, actor: str, scan: Awaitable[None]) -> None:
    """Wait for the result of a scan.

    A virus is audited under `subject`, by the name that the scanner gives it. Raises FileRefused.
    """
    try:
        await scan
    except FileRefused as error:
        if error.found:
            await request.app[RECORDS].audit(actor, "file.infected", subject, now_ms(), error.found)
        raise
