"""Health checks.

A process supervisor asks whether this server is alive. A load balancer asks whether this server can handle requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import structlog
from aiohttp import web

from matcher.types import Unavailable
from signaling.cluster.node import state_of
from signaling.server.app_keys import BUS, LIVE, NODE, RECORDS

from .errors import answer

log = structlog.get_logger(__name__)

routes = web.RouteTableDef()

ANSWER_S = 2.0  # seconds in which the database and Redis must answer a health check


@routes.get("/healthz")
async def healthz(request: web.Request) -> web.Response:
    """Answer 200 while this process runs, even if it cannot reach the database, because a restart would not help then."""
    return answer({"ok": True})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Answer 200 when this server leads, or knows a leader; otherwise 503.

    `missing` names what is unreachable: records (the database), redis, leader, workers.

    Without the database, Redis or workers, the status is still 200: calls continue on this server, and another server could not
    do better. If the process of a leader was suspended, another server might lead now. So a leader whose lease has expired checks
    the lease first.
    """
    app = request.app
    missing = [] if await _answers(app[RECORDS].site("")) else ["records"]
    serves, node = True, app.get(NODE)
    state = "leading"
    if node is not None:
        if state_of(node) == "leading":
            await _answers(node.check())
        state = state_of(node)
        serves = state in ("leading", "standing by")
        if not serves:
            missing.append("leader")
        if not await _answers(app[BUS].ping()):
            missing.append("redis")
    if state == "leading" and not any(worker.state == "live" for worker in app[LIVE].workers.items()):
        missing.append("workers")
    return answer({"ok": serves, "state": state, "missing": missing}, 200 if serves else 503)


async def _answers(question: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(ANSWER_S):
            await question
    except (Unavailable, TimeoutError):
        return False
    except Exception as error:
        log.warning("not ready", error=type(error).__name__)
        return False
    return True
