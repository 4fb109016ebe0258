"""Connect to the primary among several PostgreSQL servers, so that a failover needs no change of settings.

    postgresql+asyncpg://sangdam@/sangdam?host=10.0.0.6:5432&host=10.0.0.7:5432

asyncpg tries the hosts in order, and one timeout covers all hosts. A host that does not answer would use up this timeout each
time that a connection is opened. So this module gives each host a short timeout of its own, and tries the last primary first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # asyncpg has no type annotations
import structlog

log = structlog.get_logger(__name__)

EACH_S = 1.0  # seconds that one host gets to accept a connection and to say whether it is the primary
PORT = 5432

Connect = Callable[..., Awaitable[Any]]
Host = tuple[str, int]


class Primary:
    """Connects to the first host that accepts writes. An instance is the `async_creator_fn` of SQLAlchemy's asyncpg dialect."""

    def __init__(self, connect: Connect = asyncpg.connect) -> None:
        self._connect = connect
        self._last: Host | None = None

    async def __call__(self, *, host: list[str], port: list[int] | int = PORT, **options: Any) -> Any:
        """Return a connection to the primary.

        Raises the error of the last host that failed, or ConnectionError when all hosts are replicas.
        """
        ports = port if isinstance(port, list) else [port] * len(host)
        found = list(zip(host, (each or PORT for each in ports), strict=True))
        tried = sorted(found, key=lambda each: each != self._last)
        options["target_session_attrs"] = "read-write"
        error: Exception = ConnectionError("no host of the database takes writes")
        for name, number in tried:
            try:
                async with asyncio.timeout(EACH_S):
                    made = await self._connect(host=name, port=number, **options)
            except asyncpg.exceptions.TargetServerAttributeNotMatched:  # this host is a replica: try the next one
                continue
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as failed:
                error = failed
                continue
            if self._last not in (None, (name, number)):
                log.warning("the records have another primary", host=name, port=number)
            self._last = name, number
            return made
        raise error
