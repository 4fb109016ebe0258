"""A user's own thread: the user's conversations at one site.

The user can read these conversations and continue an open one, on any device. Only an identification code in which the partner
names the user gives the right to a thread. The user reads the chat lines, pictures and files that are for everybody in a
conversation. The user never gets notes, lines that only staff may read, or lines that the system wrote.
"""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.codes import site_of
from signaling.access.invites import InviteRefused
from signaling.access.rate_limits import Buckets
from signaling.access.threads import Vouched, signed_user
from signaling.protocol.reading import QueryReader, Reader, by
from signaling.protocol.session_views import Line
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Channel, Locale, OptionalId
from signaling.records import Records, SessionRecord, Site
from signaling.records.threads import OPEN_STATES, ThreadReader, thread_reader
from signaling.server.app_keys import CODES, LIVE, RECORDS, THREADS
from signaling.transcripts.drawings import count_of, drawing

from .bodies import MOST_JSON_BYTES, address_of, bearer, now_ms, path_id, read_json, read_query
from .errors import Refused, answer, not_found
from .transcripts import COPIES_TAKEN, copy_of
from .users import INVITE_SENTENCES, InviteAnswer

routes = web.RouteTableDef()
READS: web.AppKey[Buckets] = web.AppKey("threads_read", Buckets)

PAGE_SIZE = 20  # at most this many conversations on one page of a thread
LINES_AT_ONCE = 200  # at most this many chat lines of a conversation in one response
_DAY_MS = 86_400_000
_BEGINNING = Seen(120, cut=True)


class ThreadRequest(Struct, kw_only=True):
    code: Annotated[str, by(Exact(MOST_JSON_BYTES))]  # this limit is only rough: `access/codes.py` checks the exact length


class ThreadAnswer(Struct, kw_only=True):
    """The right to read a thread, that is, all conversations of a user at a site. `expires_at`: Unix ms.

    After this time, the page must exchange a new identification code.
    """

    token: str
    expires_at: int


class ThreadQuery(Struct, kw_only=True):
    """The query of a thread.

    `before`: return conversations that are older than the conversation with this id; "": the newest ones.
    """

    before: OptionalId = ""
    lang: Locale = ""


class LinesQuery(Struct, kw_only=True):
    """The query of a conversation. `before`: return chat lines with numbers below this; 0 for the newest lines."""

    before: Annotated[int, Meta(ge=0, le=1 << 53)] = 0
    lang: Locale = ""


class ThreadItem(Struct, kw_only=True):
    """A conversation of the thread.

    `open`: the user may continue it. `asleep`: nobody serves it until the user writes. `counselor`: the name of the last
    counselor, or "". `words`: the beginning of the user's first text, or "". `kept_until`: when the conversation is erased (Unix
    ms); null while it is open.
    """

    id: str
    started_at: int
    ended_at: int | None
    open: bool
    asleep: bool
    channel: Channel
    category: str
    counselor: str
    words: str
    kept_until: int | None


class ThreadPage(Struct, kw_only=True):
    """Conversations, newest first.

    `more`: there are older conversations. `kept_days`: for how many days after its end the server keeps a conversation.
    """

    items: list[ThreadItem]
    more: bool
    kept_days: int


class ThreadConversation(ThreadItem, kw_only=True):
    """A conversation with its chat lines, the oldest first.

    `older`: to get older lines, ask for lines before this number; 0 if there are no older lines. `board`: ids of the pictures
    that were put on the board. `drawings`: the number of pages of the board on which something is drawn. `message`: the message
    that the user left, or "".
    """

    lines: list[Line]
    older: int
    board: list[str]
    drawings: int
    message: str


_read_code: Reader[ThreadRequest] = Reader(ThreadRequest)
_read_page: QueryReader[ThreadQuery] = QueryReader(ThreadQuery)
_read_lines: QueryReader[LinesQuery] = QueryReader(LinesQuery)


@routes.post("/api/threads")
async def begin(request: web.Request) -> web.Response:
    """Exchange an identification code for a token that opens the thread of the user whom the code names.

    Each code can be exchanged once.
    """
    asked = await read_json(request, _read_code)
    now, codes = now_ms(), request.app[CODES]
    live = request.app[LIVE]
    live.admission.check(live.index.crowd, site_of(asked.code))
    await codes.prepare(asked.code)
    verified = await codes.exchange(asked.code, address=address_of(request), now=now)
    if verified.site.own_past == "off":
        raise Refused(403, "past_off", "This site does not show earlier conversations.")
    user = signed_user(verified)
    if not user:
        raise Refused(409, "unknown_person", "The site did not say who you are. Sign in there to see your conversations.")
    site = verified.site.id
    token, expires_at = request.app[THREADS].issue(Vouched(site, codes.user_ref(site, user)), now)
    return answer(ThreadAnswer(token=token, expires_at=expires_at))


@routes.get("/api/threads")
async def page(request: web.Request) -> web.Response:
    """Return one page of the thread: its conversations, newest first."""
    site, reader = await _reading(request)
    asked, records = read_query(request, _read_page), request.app[RECORDS]
    before = await records.in_thread(reader, asked.before) if asked.before else None
    if asked.before and before is None:
        raise not_found()
    found = await records.thread(reader, before=before, limit=PAGE_SIZE + 1)
    items = await _items(records, found[:PAGE_SIZE], site, asked.lang)
    return answer(ThreadPage(items=items, more=len(found) > PAGE_SIZE, kept_days=site.retention_days))


@routes.get("/api/threads/{id}")
async def conversation(request: web.Request) -> web.Response:
    """Return a conversation of the thread, with its newest chat lines, or with the lines before the number in the query."""
    site, reader = await _reading(request)
    session, records = await _conversation(request, reader), request.app[RECORDS]
    asked = read_query(request, _read_lines)
    lines = await records.lines_before(session.id, asked.before, LINES_AT_ONCE + 1, "all")
    shown = lines[-LINES_AT_ONCE:]
    [item] = await _items(records, [session], site, asked.lang)
    values = {name: getattr(item, name) for name in ThreadItem.__struct_fields__}
    return answer(
        ThreadConversation(
            **values,
            lines=[line for line in shown if line.kind != "system" and line.role != "system"],
            older=shown[0].seq if len(lines) > LINES_AT_ONCE else 0,
            board=await records.board_pictures(session.id, "all"),
            drawings=await count_of(records, session.id),
            message=await records.left_message(session.id),
        )
    )


@routes.get("/api/threads/{id}/drawings/{number}")
async def board(request: web.Request) -> web.Response:
    """Return one page of the conversation's board, as it looked at last, as an SVG picture."""
    _, reader = await _reading(request)
    session = await _conversation(request, reader)
    _take_copy(request, reader)
    number = path_id(request, "number")
    drawn = await drawing(request.app[RECORDS], session, int(number)) if number.isdecimal() and len(number) < 4 else None
    if drawn is None:
        raise not_found()
    return web.Response(text=drawn, content_type="image/svg+xml", charset="utf-8")


@routes.get("/api/threads/{id}/transcript")
async def transcript(request: web.Request) -> web.StreamResponse:
    """Return a conversation of the thread to its user, as a file."""
    _, reader = await _reading(request)
    session = await _conversation(request, reader)
    _take_copy(request, reader)

    async def may_read() -> None:
        if not await user_may_read(request, session.id, bearer(request)):
            raise not_found()

    return await copy_of(request, session, may_read)


@routes.post("/api/threads/{id}/continue")
async def go_on(request: web.Request) -> web.Response:
    """Move one of the user's open conversations to this device.

    If a page on another device shows the conversation, the server tells that page that it was replaced.
    """
    _, reader = await _reading(request)
    session = await _conversation(request, reader)
    try:
        entry, token = await request.app[LIVE].returning.move(session.id)
    except InviteRefused as error:
        raise Refused(410, error.reason, INVITE_SENTENCES[error.reason]) from error
    here = entry.session
    return answer(InviteAnswer(session=here.id, token=token, channel=here.channel, locale=here.language))


async def user_may_read(request: web.Request, session_id: str, token: str) -> bool:
    """Return whether this token lets a user read the session.

    The token must be the session's token, or the token that opens all conversations of the session's user (the thread).
    """
    if await request.app[LIVE].authorize_user(session_id, token) is not None:
        return True
    found = await _reader(request, token)
    return found is not None and await request.app[RECORDS].in_thread(found[1], session_id) is not None


async def _reader(request: web.Request, token: str) -> tuple[Site, ThreadReader] | None:
    now = now_ms()
    user = request.app[THREADS].read(token, now)
    site = await request.app[RECORDS].site(user.site) if user is not None else None
    if user is None or site is None or site.own_past == "off":
        return None
    return site, thread_reader(site, user.user_ref, now)


async def _reading(request: web.Request) -> tuple[Site, ThreadReader]:
    """Return the site, and the user (as `ThreadReader`) whose thread the request's token opens.

    Raises Refused: signed_out if the token is not valid, and busy if this user has made too many requests.
    """
    found = await _reader(request, bearer(request))
    if found is None:
        raise Refused(401, "signed_out", "Ask the site for a new code.")
    if not request.app[READS].take(found[1].user_ref, now_ms()):
        raise Refused(429, "busy", "That was a lot at once. Try again in a minute.")
    return found


async def _conversation(request: web.Request, reader: ThreadReader) -> SessionRecord:
    """Return the conversation that the path names.

    Raises Refused(not_found) when this conversation is not in the reader's thread.
    """
    session = await request.app[RECORDS].in_thread(reader, path_id(request, "id"))
    if session is None:
        raise not_found()
    return session


def _take_copy(request: web.Request, reader: ThreadReader) -> None:
    if not request.app[COPIES_TAKEN].take(reader.user_ref, now_ms()):
        raise Refused(429, "busy", "That was many copies at once. Try again in a minute.")


async def _items(records: Records, found: list[SessionRecord], site: Site, language: str) -> list[ThreadItem]:
    names = {member.id: member.name for member in await records.all_staff(site.organisation)}
    words = await records.first_words([each.id for each in found])
    return [_item(each, site, names, _BEGINNING(words.get(each.id, "")), language) for each in found]


def _item(record: SessionRecord, site: Site, names: dict[str, str], words: str, language: str) -> ThreadItem:
    is_open = record.state in OPEN_STATES
    ended_at = None if is_open else record.ended_at
    return ThreadItem(
        id=record.id,
        started_at=record.started_at,
        ended_at=ended_at,
        open=is_open,
        asleep=record.state == "asleep",
        channel=record.channel,
        category=site.category_name(record.category, language or record.language),
        counselor=names.get(record.counselor, "") if record.active_at is not None else "",
        words=words,
        kept_until=None if ended_at is None else ended_at + site.retention_days * _DAY_MS,
    )
