"""A user's copy of the recording of their session.

After the session, the user asks for the copy, waits until the server has made it, and downloads it.
"""

from __future__ import annotations

import asyncio
from functools import partial

from aiohttp import web

from signaling.recordings import Segment
from signaling.recordings.copies import Copies, TooMany
from signaling.server.app_keys import LIVE, RECORDINGS, RECORDS

from .bodies import bearer, path_id
from .errors import Refused, answer, not_found
from .sending import WatchedFile

routes = web.RouteTableDef()

COPIES: web.AppKey[Copies] = web.AppKey("recording_copies", Copies)
OVER = ("after", "closed", "message_left")  # in these states of a session, its user can get the copy of the recording


def setup(app: web.Application) -> None:
    app[COPIES] = Copies(app[RECORDINGS])
    app.on_shutdown.append(_close)


async def _close(app: web.Application) -> None:
    await app[COPIES].close()


@routes.get("/api/sessions/{id}/recording")
async def look(request: web.Request) -> web.Response:
    session, _, _ = await _own(request)
    return answer(await request.app[COPIES].look(session))


@routes.post("/api/sessions/{id}/recording")
async def make(request: web.Request) -> web.Response:
    session, user, segments = await _own(request)
    records = request.app[RECORDS]
    found, organisations = await records.session(session), await records.organisations()
    organisation = found.organisation if found is not None else ""
    try:
        copy = await request.app[COPIES].make(session, segments, user, organisation, len(organisations))
    except TooMany as error:
        raise Refused(503, "busy", "Other copies are being made; try again in a minute.") from error
    await records.audit("user", "recording.copy", f"session/{session}")
    return answer(copy)


@routes.get("/api/sessions/{id}/recording/file")
async def file(request: web.Request) -> web.StreamResponse:
    session, _, _ = await _own(request)
    path = request.app[RECORDINGS].copy_path(session)
    if not await asyncio.to_thread(path.is_file):
        raise not_found()
    headers = {"Content-Type": "video/webm", "Content-Disposition": f'attachment; filename="{path.name}"'}
    return WatchedFile(path, headers, partial(_own, request))


async def _own(request: web.Request) -> tuple[str, str, list[Segment]]:
    """Return the ids of the session and its user, and the session's recorded segments.

    Raises Refused(not_found) in three cases: the token is not this session's, the session is not over, or no sound or video was
    recorded.
    """
    entry = await request.app[LIVE].stored.by_token(bearer(request))
    if entry is None or entry.id != path_id(request, "id") or entry.session.state not in OVER:
        raise not_found()
    segments = await request.app[RECORDINGS].of(entry.id)
    if not any(segment.tracks for segment in segments):
        raise not_found()
    return entry.id, entry.session.user, segments
