"""The findings of `sangdam doctor` for operators. The running server makes the same checks as the command."""

from __future__ import annotations

import asyncio

from aiohttp import web
from msgspec import Struct

from media.api.client import WorkerError
from signaling.doctor import Examined, Told, examine, told
from signaling.doctor.finding import WorkerFacts
from signaling.server.app_keys import LIVE, SETTINGS

from .allowed import asker_of
from .bodies import read_query
from .errors import answer
from .operator import read_language

routes = web.RouteTableDef()

# each examination holds this lock, so that only one runs at a time
TURN: web.AppKey[asyncio.Lock] = web.AppKey("doctor", asyncio.Lock)


class Report(Struct, kw_only=True):
    findings: list[Told]


@routes.get("/api/operator/doctor")
async def doctor(request: web.Request) -> web.Response:
    """Examine this server and its computer now, and return the findings as sentences."""
    await asker_of(request)
    language = read_query(request, read_language).lang
    async with request.app[TURN]:
        found = await examine(Examined(settings=request.app[SETTINGS], workers=lambda: _workers(request.app)))
    return answer(Report(findings=[told(each, language) for each in found]))


async def _workers(app: web.Application) -> list[WorkerFacts]:
    """Return what the media workers of this server report about themselves. Workers that do not answer are left out."""
    workers = app[LIVE].workers.usable()
    stats = await asyncio.gather(*(worker.client.stats() for worker in workers), return_exceptions=True)
    facts = []
    for worker, said in zip(workers, stats, strict=True):
        if isinstance(said, WorkerError):
            continue
        if isinstance(said, BaseException):
            raise said
        facts.append(WorkerFacts(name=worker.place, version=said.version, fast_path=said.fast_path))
    return facts
