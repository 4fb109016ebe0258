"""The users' API: data for the chat panel, identification codes, sessions, and links that invite into a session."""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta, Struct, field

from signaling.access import brief as briefs
from signaling.access.admission import Crowded
from signaling.access.codes import CodeRefused, site_of
from signaling.access.invites import InviteRefused
from signaling.access.rate_limits import Buckets
from signaling.access.threads import signed_user
from signaling.live.guests import LINK_PREFIX
from signaling.live.site_views import form_view, site_view
from signaling.protocol.language_tags import accepted
from signaling.protocol.reading import QueryReader, Reader, by
from signaling.protocol.reasons import InviteReason
from signaling.protocol.session_views import CategoryView, FormFieldView, OpeningView, SiteView
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Channel, Locale
from signaling.records import Site
from signaling.records.opening_hours import is_open, next_opening
from signaling.records.threads import thread_reader
from signaling.server.app_keys import CODES, LIVE, RECORDS, SETTINGS

from .bodies import MOST_JSON_BYTES, Key, address_of, bearer, now_ms, path_id, read_json, read_query
from .errors import Refused, answer, not_found, refusal_of
from .try_page import page_origins

routes = web.RouteTableDef()
Typed = Annotated[str, by(Seen(1000, cut=True))]
FieldId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}\Z")]
WALKS: web.AppKey[Buckets] = web.AppKey("walks", Buckets)

_HELPERS_SHOWN = 3  # at most this many counselors' names in the greeting of the chat panel
_INVITE_STATUS: dict[InviteReason, int] = {"replayed": 409, "over": 410, "expired": 410}
INVITE_SENTENCES: dict[InviteReason, str] = {
    "bad_invite": "This link is not complete.",
    "expired": "This link has expired; ask for a new one.",
    "replayed": "This link has been used before; ask for a new one.",
    "over": "The conversation behind this link is over.",
}


class PanelView(Struct, kw_only=True):
    site: SiteView
    category: CategoryView
    language: str
    staffed: bool
    # names of counselors who could answer now; those who can take another session come first; empty if the site shows no names
    helpers: list[str]
    low_s: int | None
    high_s: int | None
    retention_days: int
    may_listen: bool  # whether the site lets an operator listen in
    own_past: bool  # whether users whom the identification code names may read their earlier conversations
    opening: OpeningView
    cobrowse: bool  # whether the site lets staff ask to see the page that the user is looking at
    # names of query parameters that stay in the page addresses that staff see; all other parameters are removed
    page_params: list[str]
    channels: list[Channel]
    form: list[FormFieldView]  # what the chat panel asks users before the conversation


class PanelQuery(Struct, kw_only=True):
    site: Key = ""
    category: Key = ""
    lang: Locale = ""


class CodeRequest(Struct, kw_only=True):
    site: Key
    category: Key
    language: Locale


class CodeAnswer(Struct, kw_only=True):
    code: str
    expires_at: int


class SessionRequest(Struct, kw_only=True):
    """A request for a session.

    `code`: the user's identification code. `when_open`: what to do if the user already has an open text conversation. This field
    matters only if `channel` is "text", the code names the user, and the site shows users their earlier conversations. "begin":
    begin another conversation. "ask": refuse the request with the reason `open_elsewhere`, so that the page can ask the user; the
    code is then used up. `purpose`: "later" when the user only wants to leave a message or book a callback. In this case, the
    form can be incomplete, and `channel` can be one that the site does not offer. `form`: id of a field → what the user has typed
    into the field. Unknown fields are ignored. `region`: the region where the user is: one of the names that operators give to
    `sangdam media --region`.
    """

    code: Annotated[str, by(Exact(MOST_JSON_BYTES))]  # this limit is only rough: `access/codes.py` checks the exact length
    channel: Channel
    locale: Locale = "en"
    when_open: Literal["begin", "ask"] = "begin"
    purpose: Literal["talk", "later"] = "talk"
    form: Annotated[dict[FieldId, Typed], Meta(max_length=20)] = {}
    region: Annotated[str, Meta(pattern=r"^[a-z0-9-]{0,32}\Z")] = ""
    supplement: briefs.Supplement = field(default_factory=briefs.Supplement)


class InviteRequest(Struct, kw_only=True):
    invite: Annotated[str, by(Exact(2000))]


class InviteAnswer(Struct, kw_only=True):
    """The session to which a link leads.

    `part`: the role in which the person with the link enters. "camera": the user's phone as a second camera.
    """

    session: str
    token: str
    channel: Channel
    locale: str
    part: Literal["user", "guest", "camera"] = "user"


class SessionAnswer(Struct, kw_only=True):
    session: str
    token: str


_read_panel: QueryReader[PanelQuery] = QueryReader(PanelQuery)
_read_code: Reader[CodeRequest] = Reader(CodeRequest)
_read_session: Reader[SessionRequest] = Reader(SessionRequest)
_read_visit: Reader[briefs.Supplement] = Reader(briefs.Supplement)
_read_invite: Reader[InviteRequest] = Reader(InviteRequest)


@routes.get("/api/panel")
async def panel(request: web.Request) -> web.Response:
    """Return the data that the user's chat panel shows at first, when the server knows nothing about the user yet."""
    asked = read_query(request, _read_panel)
    site = await request.app[RECORDS].site(asked.site)
    if site is None:
        raise CodeRefused("unknown_site")
    category = asked.category
    if category not in site.categories:
        raise CodeRefused("unknown_category")
    language = _language(request, site, asked.lang)
    now, hours, live = now_ms(), site.hours_of(category), request.app[LIVE]
    place = await live.arriving.estimate(site.id, category, language, now)
    helpers = await live.arriving.helpers(site.id, category, language) if site.staff_names == "shown" else []
    return answer(
        PanelView(
            site=site_view(site, language),
            category=CategoryView(id=category, name=site.category_name(category, language)),
            language=language,
            staffed=place.staffed,
            helpers=helpers[:_HELPERS_SHOWN],
            low_s=place.low_s,
            high_s=place.high_s,
            retention_days=site.retention_days,
            may_listen=site.listening != "off",
            own_past=site.own_past == "shown",
            opening=OpeningView(
                open=is_open(hours, now), opens_at=next_opening(hours, now), callbacks=site.callbacks == "offered"
            ),
            cobrowse=site.cobrowse != "off",
            page_params=site.page_params,
            channels=site.channels,
            form=form_view(site, category, language),
        )
    )


def _language(request: web.Request, site: Site, asked: str) -> str:
    """Return the site's language that fits the page's language (`asked`).

    If no language of the site fits, return the one that fits a language of the browser, or else the site's first language.
    """
    wanted = (asked, *accepted(request.headers.get("Accept-Language", "")))
    return next((found for each in wanted if (found := site.language_for(each))), (site.languages or ["en"])[0])


@routes.options("/api/codes")
async def codes_preflight(request: web.Request) -> web.Response:
    """Answer a CORS preflight.

    An origin is allowed if it is an origin of any site. Only the body of the later request names its site, and a preflight has no
    body.
    """
    origin = request.headers.get("Origin", "")
    sites = await request.app[RECORDS].sites()
    if not any(origin in page_origins(request.app[SETTINGS], site) for site in sites):
        raise CodeRefused("wrong_origin")
    return web.Response(
        status=204,
        headers=_cors(origin)
        | {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "content-type",
            "Access-Control-Max-Age": "3600",
        },
    )


@routes.post("/api/codes")
async def codes(request: web.Request) -> web.Response:
    asked = await read_json(request, _read_code, 2048)
    origin = request.headers.get("Origin", "")
    records, live = request.app[RECORDS], request.app[LIVE]
    site = await records.site(asked.site)
    try:
        live.admission.check(live.index.crowd, asked.site)
        code, expires_at = await request.app[CODES].issue(
            site, asked.category, asked.language, origin=origin, address=address_of(request), now=now_ms()
        )
        response = answer(CodeAnswer(code=code, expires_at=expires_at))
    except (CodeRefused, Crowded) as error:
        response = refusal_of(request, error)
    if site is not None and origin in page_origins(
        request.app[SETTINGS], site
    ):  # even a refusal gets these headers, so that the widget can read the reason
        response.headers.update(_cors(origin))
    return response


@routes.post("/api/sessions")
async def sessions(request: web.Request) -> web.Response:
    """Exchange an identification code for a session and the token that opens the session.

    Each code works once. If the server is too busy (Crowded), the code is not used up.
    """
    asked = await read_json(request, _read_session)
    briefs.check_trail(asked.supplement)
    live = request.app[LIVE]
    await request.app[CODES].prepare(asked.code)
    async with live.admission.new(live.index.crowd, site_of(asked.code)):
        session, token = await _new_session(request, asked)
    return answer(SessionAnswer(session=session, token=token))


async def _new_session(request: web.Request, asked: SessionRequest) -> tuple[str, str]:
    now = now_ms()
    codes = request.app[CODES]
    verified = await codes.exchange(asked.code, address=address_of(request), now=now)
    site, claims = verified.site, verified.claims
    user_ref = codes.user_ref(site.id, claims.user.id if claims.user else "")
    asks = asked.when_open == "ask" and asked.channel == "text" and site.own_past == "shown" and signed_user(verified)
    if asks and await request.app[RECORDS].open_text(thread_reader(site, user_ref, now)):
        raise Refused(409, "open_elsewhere", "You have an open conversation, in another window or on another device.")
    missing = briefs.missing(site.form_of(claims.category), asked.form)
    if asked.purpose == "talk":
        if asked.channel not in site.channels:
            raise Refused(403, "not_offered", "The site does not offer this way to talk.")
        if missing:
            raise Refused(400, "form_needed", f"The form lacks: {', '.join(missing)}.")
    brief = briefs.make_brief(verified, asked.supplement, now, asked.form)
    return await request.app[LIVE].arriving.create_session(
        site=site.id,
        category=claims.category,
        language=claims.language,
        channel=asked.channel,
        brief=brief,
        user_ref=user_ref,
        user_name=briefs.user_name(brief),
        form_missing=bool(missing),
        region=asked.region,
    )


@routes.post("/api/sessions/{id}/visit")
async def visit(request: web.Request) -> web.Response:
    """Store which page of the site the user visits now. Staff in the session see this page's address."""
    session_id = path_id(request, "id")
    if await request.app[LIVE].authorize_user(session_id, bearer(request)) is None:
        raise not_found()
    if not request.app[WALKS].take(session_id, now_ms()):
        raise Refused(429, "too_often", "The page was told too often.")
    seen = await read_json(request, _read_visit)
    briefs.check_trail(seen)
    await request.app[LIVE].briefs.walked(session_id, seen)
    return web.Response(status=204)


@routes.post("/api/invites")
async def invites(request: web.Request) -> web.Response:
    """Exchange a link for the session to which the link leads.

    Each link works once. The link can come from a counselor who calls the user back, from a mail, from another device of the
    user, or from other software. Further links are for guests, and for the user's phone as a camera.
    """
    asked = await read_json(request, _read_invite, 4096)
    request.app[CODES].take_address(address_of(request), now_ms())
    part: Literal["user", "guest", "camera"] = "user"
    try:
        if asked.invite.startswith(LINK_PREFIX):
            entry, guest, token = await request.app[LIVE].guests.come(asked.invite)
            part = "camera" if guest.is_camera else "guest"
        else:
            entry, token = await request.app[LIVE].returning.exchange(asked.invite)
    except InviteRefused as error:
        raise Refused(_INVITE_STATUS.get(error.reason, 400), error.reason, INVITE_SENTENCES[error.reason]) from error
    session = entry.session
    return answer(InviteAnswer(session=session.id, token=token, channel=session.channel, locale=session.language, part=part))


def _cors(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
