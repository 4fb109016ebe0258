"""The API token with which the request is made: its rights, and when it ends."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from signaling.access.api_tokens import RIGHTS
from signaling.protocol.words import TokenRight
from signaling.server.app_keys import RECORDS
from signaling.server.http.allowed import asker_of
from signaling.server.http.errors import answer
from signaling.server.http.token_routes import HOLDER

routes = web.RouteTableDef()


class ThisToken(Struct, kw_only=True):
    """The API token of the request. `rights`: what the token may do now. `sites`: the ids of the token's sites."""

    id: str
    name: str
    organisation: str
    rights: list[TokenRight]
    sites: list[str]
    expires_at: int


@routes.get("/api/v1/token")
async def token(request: web.Request) -> web.Response:
    await asker_of(request)
    holder = request[HOLDER]
    sites = await request.app[RECORDS].sites(holder.token.realm)
    return answer(
        ThisToken(
            id=holder.token.id,
            name=holder.token.name,
            organisation=holder.token.organisation,
            rights=[right for right in RIGHTS if right in holder.rights],
            sites=[site.id for site in sites],
            expires_at=holder.token.expires_at,
        )
    )
