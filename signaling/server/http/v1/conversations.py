"""Start a conversation, which the user then enters by a one-time link."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.rights import served_by
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Channel
from signaling.records import Site, StaffRecord
from signaling.records.checks import Invalid
from signaling.server.app_keys import LIVE, RECORDS
from signaling.server.http.allowed import asker_of
from signaling.server.http.bodies import read_json, steady_ms
from signaling.server.http.errors import answer

from .for_user import ForUser, asked_site, wanted

routes = web.RouteTableDef()

_HOUR_MS = 3_600_000
MOST_LINE = 4000  # the first chat line, which other software writes, has at most this many characters


class FirstLine(Struct, kw_only=True):
    """The first chat line, which the user sees on entering.

    `staff`: the id of the counselor who is named as the line's author; "" for the site's name.
    """

    text: Annotated[str, by(Seen(MOST_LINE, least=1, lines=True))]
    staff: Annotated[str, by(Exact(64))] = ""


class NewConversation(ForUser, kw_only=True):
    """A conversation to start for a user for whom the token vouches.

    `link_hours`: for how many hours the link works; 720 (30 days) at most.
    """

    channel: Channel = "text"
    line: FirstLine | None = None
    link_hours: Annotated[int, Meta(ge=1, le=720)] = 72


class StartedConversation(Struct, kw_only=True):
    """A conversation that waits for its user.

    `link`: the user's link, which works once. `expires_at`: when the link ends (Unix ms).
    """

    session: str
    link: str
    expires_at: int


_read: Reader[NewConversation] = Reader(NewConversation)


@routes.post("/api/v1/conversations")
async def start(request: web.Request) -> web.Response:
    """Start a conversation. A text conversation is asleep until its user writes. Then it waits for a counselor."""
    asker, asked = await asker_of(request), await read_json(request, _read)
    site = await asked_site(request, asker, asked)
    if asked.line and asked.channel != "text":
        raise Invalid({"line": "text_only"})
    until = steady_ms(request) + asked.link_hours * _HOUR_MS
    line, staff = asked.line.text if asked.line else "", await _author(request, site, asked)
    session, link = await request.app[LIVE].inviting.start(wanted(request, asker, site, asked, until, line=line, staff=staff))
    return answer(StartedConversation(session=session, link=link, expires_at=until))


async def _author(request: web.Request, site: Site, asked: NewConversation) -> StaffRecord | None:
    """Return the counselor who is named as the author of the first chat line, or None for the site's name.

    Raises Invalid when this counselor does not serve the site.
    """
    if asked.line is None or not asked.line.staff:
        return None
    staff = await request.app[RECORDS].staff(asked.line.staff)
    if staff is None or not staff.active or staff.role != "counselor" or not served_by(staff).has(site):
        raise Invalid({"line.staff": "unknown"})
    return staff
