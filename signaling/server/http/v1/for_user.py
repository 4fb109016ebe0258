"""The user and the site in a request that starts a conversation or books an appointment for this user."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from signaling.access import brief as briefs
from signaling.access.codes import Vouched
from signaling.access.rights import of_site
from signaling.live.inviting import Wanted
from signaling.protocol.words import Channel
from signaling.records import Site
from signaling.server.app_keys import CODES, RECORDS
from signaling.server.http.allowed import Asker
from signaling.server.http.bodies import Key, now_ms
from signaling.server.http.errors import Refused, not_found


class ForUser(Vouched, kw_only=True):
    """A user for whom the token vouches, at one of the token's sites. `channel`: how the user and the counselor talk."""

    site: Key
    channel: Channel


async def asked_site(request: web.Request, asker: Asker, asked: ForUser) -> Site:
    """Return the site that the request names. Raises Refused with the reason not_found or not_offered."""
    site = await request.app[RECORDS].site(asked.site)
    if site is None:
        raise not_found()
    asker.require(of_site(site))
    if asked.channel not in site.channels:
        raise Refused(403, "not_offered", "The site does not offer this way to talk.")
    return site


def wanted(request: web.Request, asker: Asker, site: Site, asked: ForUser, until: int, **more: Any) -> Wanted:
    """Return a description of the session that is to begin for the user.

    `until`: when the user's link ends (Unix ms). `more`: other fields of `Wanted`. Raises CodeRefused with the reason
    unknown_category or unknown_language.
    """
    codes, now = request.app[CODES], now_ms()
    verified = codes.vouched(site, asked, now)
    brief = briefs.make_brief(verified, briefs.Supplement(), now)
    return Wanted(
        actor=asker.member.id,
        site=site,
        category=asked.category,
        language=verified.claims.language,
        channel=asked.channel,
        brief=brief,
        user_ref=codes.user_ref(site.id, asked.user.id if asked.user else ""),
        user_name=briefs.user_name(brief),
        until=until,
        **more,
    )
