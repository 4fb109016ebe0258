"""Counting of requests that were cut off or mangled before a handler saw them, with one log line a minute.

aiohttp logs each such request with a traceback of its own parser. 200 of them wrote 439 KB.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from aiohttp import http_exceptions, web, web_response
from aiohttp.log import server_logger

from signaling.config import log
from signaling.server.app_keys import COUNTS

_log = log.get("signaling.server.http")

TELL_EVERY_S = 60.0
_THEIRS = (http_exceptions.HttpProcessingError, web.RequestPayloadError, ConnectionError)


class Mangled(logging.Filter):
    """A filter for aiohttp's server log. It counts and drops every record that a stranger can cause."""

    def __init__(self, counts: Counter[str], now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._counts = counts
        self._now = now
        self._untold = 0
        self._tell_at = now()

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, _THEIRS):
            return True
        self._counts["http.mangled"] += 1
        self._untold += 1
        if self._now() >= self._tell_at:
            self.tell(self._untold)
            self._untold, self._tell_at = 0, self._now() + TELL_EVERY_S
        return False

    def tell(self, count: int) -> None:
        _log.info("mangled_requests", count=count)


def setup(app: web.Application) -> None:
    # aiohttp's own responses name aiohttp and Python with their versions. It has no other setting for that.
    web_response.SERVER_SOFTWARE = "Sangdam"  # type: ignore[attr-defined]  # see above
    mangled = Mangled(app[COUNTS])

    async def begin(_: web.Application) -> None:
        server_logger.addFilter(mangled)

    async def end(_: web.Application) -> None:
        server_logger.removeFilter(mangled)

    app.on_startup.append(begin)
    app.on_cleanup.append(end)
