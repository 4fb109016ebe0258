"""Export all stored data about a person as a zip file, or erase the data.

The request names the person by their id at the partner's site.
"""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.records import SessionRecord
from signaling.records.people import Held
from signaling.server.app_keys import CODES, RECORDS
from signaling.server.http.allowed import Asker, asker_of
from signaling.server.http.bodies import Key, read_json
from signaling.server.http.errors import answer, not_found
from signaling.server.http.headers import secure
from signaling.server.http.sending import while_standing

from . import sessions
from .gate import require_same_rights
from .zipped import Export

routes = web.RouteTableDef()


class PersonRequest(Struct, kw_only=True):
    """A person. `user_id`: the person's id in identification codes. `site`: id of a site; "" for all sites of the token."""

    user_id: Annotated[str, Meta(min_length=1), by(Exact(800))]
    site: Key = ""


class PersonHeld(Struct, kw_only=True):
    """The result of a search for a person. `sessions`: the ids of the person's sessions, oldest first."""

    sessions: list[str]
    held: Held


_read: Reader[PersonRequest] = Reader(PersonRequest)


@routes.post("/api/v1/people/find")
async def find(request: web.Request) -> web.Response:
    """Count the stored data about a person.

    The request's body names the person, because the addresses of requests end up in logs.
    """
    asker = await asker_of(request)
    ids = [each.id for each in await _sessions(request, asker, await read_json(request, _read))]
    return answer(PersonHeld(sessions=ids, held=await request.app[RECORDS].held(ids)))


@routes.post("/api/v1/people/export")
async def export(request: web.Request) -> web.StreamResponse:
    """Return all stored data about a person as a zip file. The request is audited.

    When the token ends or loses a right, the connection is cut. Raises Refused(not_found) when no session of the person is
    stored.
    """
    asker = await asker_of(request)
    found = await _sessions(request, asker, await read_json(request, _read))
    if not found:
        raise not_found()
    for each in found:
        await request.app[RECORDS].audit(asker.member.id, "person.export", f"session/{each.id}")
    response = web.StreamResponse(headers={"Content-Disposition": 'attachment; filename="person.zip"'})
    response.content_type = "application/zip"
    secure(request, response.headers)
    await response.prepare(request)

    async def send() -> None:
        async for piece in Export(request, asker, found).pieces():
            await response.write(piece)
        await response.write_eof()

    await while_standing(request, send(), lambda: require_same_rights(request))
    return response


@routes.post("/api/v1/people/erase")
async def erase(request: web.Request) -> web.Response:
    """Erase all sessions of a person with their content. The response contains the counts of stored data before and after."""
    asker = await asker_of(request)
    found = await _sessions(request, asker, await read_json(request, _read))
    held, recordings = await sessions.held_of(request, [each.id for each in found])
    subject = f"organisation/{asker.member.organisation}"
    detail = f"{len(found)} sessions, {held.lines} lines, {recordings} recordings"
    # write the audit entry first, so that nothing is erased if the entry cannot be written
    await request.app[RECORDS].audit(asker.member.id, "person.erase", subject, detail)
    return answer(await sessions.erase_all(request, found))


async def _sessions(request: web.Request, asker: Asker, asked: PersonRequest) -> list[SessionRecord]:
    """Return the person's sessions at the sites of the token."""
    records, codes = request.app[RECORDS], request.app[CODES]
    sites = await records.sites_with_past(asker.realm)
    wanted = sites & {asked.site} if asked.site else sites
    return await records.sessions_of({(site, codes.user_ref(site, asked.user_id)) for site in wanted}, asker.realm)
