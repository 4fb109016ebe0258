"""The users' API: data for the panel, codes, sessions, invites, and the transcript."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from aiohttp import web
from msgspec import Struct, field

from signaling.access import brief as briefs
from signaling.access.admission import Crowded
from signaling.access.codes import CodeRefused, site_of
from signaling.access.invites import InviteRefused
from signaling.protocol.language_tags import lookup
from signaling.protocol.reading import QueryReader, Reader, by
from signaling.protocol.reasons import InviteReason
from signaling.protocol.session_views import CategoryView, Line, OpeningView, SiteView
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Channel, Locale
from signaling.records import Records
from signaling.records.opening_hours import is_open, next_opening
from signaling.server.app_keys import CODES, LIVE, RECORDS

from .bodies import MOST_JSON_BYTES, Key, address_of, bearer, now_ms, path_id, read_json, read_query
from .errors import Refused, answer, not_found, refusal_of

routes = web.RouteTableDef()

CHANNELS: tuple[Channel, ...] = ("text", "voice", "video")
_TRANSCRIPT_PAGE = 500
_HELPERS_SHOWN = 3  # names in the panel's greeting
_INVITE_STATUS: dict[InviteReason, int] = {"replayed": 409, "over": 410, "expired": 410}
INVITE_SENTENCES: dict[InviteReason, str] = {
    "bad_invite": "This link is not complete.",
    "expired": "This link has expired; ask for a new one.",
    "replayed": "This link has been used before; ask for a new one.",
    "over": "Nobody waits behind this link any more.",
}


class PanelView(Struct, kw_only=True):
    site: SiteView
    category: CategoryView
    language: str
    staffed: bool
    helpers: list[str]  # names of counselors at work, those who are free first
    low_s: int | None
    high_s: int | None
    retention_days: int
    may_listen: bool  # an operator may listen in
    opening: OpeningView
    page_params: list[str]  # query parameters that are not cut from page addresses
    channels: tuple[Channel, ...] = CHANNELS


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
    code: Annotated[str, by(Exact(MOST_JSON_BYTES))]  # `codes` checks the length
    channel: Channel
    locale: Locale = "en"
    supplement: briefs.Supplement = field(default_factory=briefs.Supplement)


class InviteRequest(Struct, kw_only=True):
    invite: Annotated[str, by(Exact(2000))]


class InviteAnswer(Struct, kw_only=True):
    session: str
    token: str
    channel: Channel
    locale: str


class SessionAnswer(Struct, kw_only=True):
    session: str
    token: str


_read_panel: QueryReader[PanelQuery] = QueryReader(PanelQuery)
_read_code: Reader[CodeRequest] = Reader(CodeRequest)
_read_session: Reader[SessionRequest] = Reader(SessionRequest)
_read_invite: Reader[InviteRequest] = Reader(InviteRequest)


@routes.get("/api/panel")
async def panel(request: web.Request) -> web.Response:
    """Return the panel's data, before the user has shared anything. An unknown language becomes the site's first."""
    asked = read_query(request, _read_panel)
    site = await request.app[RECORDS].site(asked.site)
    if site is None:
        raise CodeRefused("unknown_site")
    category = asked.category
    if category not in site.categories:
        raise CodeRefused("unknown_category")
    language = site.language_for(asked.lang) or (site.languages or ["en"])[0]
    now, hours, live = now_ms(), site.hours_of(category), request.app[LIVE]
    place = await live.estimate(site.id, category, language, now)
    return answer(
        PanelView(
            site=SiteView(
                id=site.id,
                name=site.name(language),
                accent=site.accent,
                privacy_url=site.privacy_url,
                home_url=site.home_url,
                file_mb=site.file_mb,
            ),
            category=CategoryView(id=category, name=site.category_name(category, language)),
            language=language,
            staffed=place.staffed,
            helpers=(await live.helpers(site.id, category, language))[:_HELPERS_SHOWN],
            low_s=place.low_s,
            high_s=place.high_s,
            retention_days=site.retention_days,
            may_listen=site.listening == "on",
            opening=OpeningView(
                open=is_open(hours, now), opens_at=next_opening(hours, now), callbacks=site.callbacks == "offered"
            ),
            page_params=site.page_params,
        )
    )


@routes.options("/api/codes")
async def codes_preflight(request: web.Request) -> web.Response:
    """Allow the request for origins of any site. The body names the site, and a preflight has no body."""
    origin = request.headers.get("Origin", "")
    if not any(origin in site.origins for site in await request.app[RECORDS].sites()):
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
        live.admission.check(live.crowd, asked.site)
        code, expires_at = await request.app[CODES].issue(
            site, asked.category, asked.language, origin=origin, address=address_of(request), now=now_ms()
        )
        response = answer(CodeAnswer(code=code, expires_at=expires_at))
    except (CodeRefused, Crowded) as error:
        response = refusal_of(request, error)
    if site is not None and origin in site.origins:  # so that the widget can read the reason of a refusal, too
        response.headers.update(_cors(origin))
    return response


@routes.post("/api/sessions")
async def sessions(request: web.Request) -> web.Response:
    """Exchange a code, once, for a session and the token that opens it. Crowded is raised before the code is used up."""
    asked = await read_json(request, _read_session)
    briefs.check_trail(asked.supplement)
    live = request.app[LIVE]
    async with live.admission.new(live.crowd, site_of(asked.code)):
        session, token = await _new_session(request, asked)
    return answer(SessionAnswer(session=session, token=token))


async def _new_session(request: web.Request, asked: SessionRequest) -> tuple[str, str]:
    now = now_ms()
    codes = request.app[CODES]
    verified = await codes.exchange(asked.code, address=address_of(request), now=now)
    site, claims = verified.site, verified.claims
    user_ref = codes.user_ref(site.id, claims.user.id if claims.user else "")
    brief = briefs.make_brief(verified, asked.supplement, now)
    return await request.app[LIVE].create_session(
        site=site.id,
        category=claims.category,
        language=claims.language,
        channel=asked.channel,
        brief=brief,
        user_ref=user_ref,
        user_name=briefs.user_name(brief),
        now=now,
    )


@routes.post("/api/invites")
async def invites(request: web.Request) -> web.Response:
    """Exchange an invite, once, for the session of the counselor who is calling back."""
    asked = await read_json(request, _read_invite, 4096)
    request.app[CODES].take_address(address_of(request), now_ms())
    try:
        entry, token = await request.app[LIVE].exchange_invite(asked.invite)
    except InviteRefused as error:
        raise Refused(_INVITE_STATUS.get(error.reason, 400), error.reason, INVITE_SENTENCES[error.reason]) from error
    session = entry.session
    return answer(InviteAnswer(session=session.id, token=token, channel=session.channel, locale=session.language))


@routes.get("/api/sessions/{id}/transcript")
async def transcript(request: web.Request) -> web.Response:
    """Return the lines for all as a text file."""
    session_id = path_id(request, "id")
    if await request.app[LIVE].authorize_user(session_id, bearer(request)) is None:
        raise not_found()
    records = request.app[RECORDS]
    session = await records.session(session_id)
    if session is None:
        raise not_found()
    site = await records.site(session.site)
    title = f"{site.name(session.language) if site else session.site} · {_time_of(session.started_at)}"
    lines = {line.seq: line for line in await _all_lines(records, session_id)}
    texts = [title, "", *(written(line, lines, session.language) for line in lines.values())]
    return web.Response(
        text="\n".join(texts) + "\n",
        content_type="text/plain",
        charset="utf-8",
        headers={"Content-Disposition": 'attachment; filename="conversation.txt"'},
    )


async def _all_lines(records: Records, session_id: str) -> list[Line]:
    """Return the lines for all that people wrote."""
    found: list[Line] = []
    after = 0
    while page := await records.lines(session_id, after, _TRANSCRIPT_PAGE, "all"):
        found += [line for line in page if line.kind != "system"]
        after = page[-1].seq
    return found


_ROLES = {
    "ko": {"user": "나", "counselor": "상담사", "professional": "전문가"},
    "en": {"user": "You", "counselor": "counselor", "professional": "professional"},
}


_STATES = {
    "ko": {"picture": "[사진]", "retracted": "[보내기 취소]", "edited": " (수정함)"},
    "en": {"picture": "[picture]", "retracted": "[unsent]", "edited": " (edited)"},
}
_QUOTE = Seen(60, cut=True)  # of the line to which another replies


def written(line: Line, lines: Mapping[int, Line], language: str) -> str:
    """Return a line as the user's copy of the conversation has it. `lines`: by number, for the quotes of replies."""
    words = _ROLES[lookup(language, _ROLES) or "en"]
    role = words.get(line.role, line.role)
    who = f"{line.name} ({role})" if line.name and line.role != "user" else line.name or role
    quoted = lines.get(line.reply_to)
    reply = f" (↩ “{_QUOTE(_content(quoted, language))}”)" if quoted is not None else ""
    edited = _STATES[lookup(language, _STATES) or "en"]["edited"] if line.change == "edited" else ""
    return f"[{_time_of(line.at)}] {who}{reply}: {_content(line, language)}{edited}"


def _content(line: Line, language: str) -> str:
    words = _STATES[lookup(language, _STATES) or "en"]
    if line.change == "retracted":
        return words["retracted"]
    return words["picture"] if line.kind == "picture" else line.text


def _time_of(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _cors(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
