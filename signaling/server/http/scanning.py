"""Let the virus scanner, if there is one, check the files and pictures that people send."""

from __future__ import annotations

from collections.abc import Awaitable

from aiohttp import web

from signaling.files import FileRefused
from signaling.files.clamd import Scanner
from signaling.server.app_keys import RECORDS

SCANNER: web.AppKey[Scanner] = web.AppKey("virus_scanner", Scanner)


async def noted(request: web.Request, subject: str, actor: str, scan: Awaitable[None]) -> None:
    """Wait for the result of a scan.

    If the scanner finds a virus, the audit log gets an entry about `subject` with the virus's name. Raises FileRefused when the
    scan fails or finds a virus.
    """
    try:
        await scan
    except FileRefused as error:
        if error.found:
            await request.app[RECORDS].audit(actor, "file.infected", subject, error.found)
        raise
