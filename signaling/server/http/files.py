"""Upload and download of files in a conversation. A user never gets a file that is meant for staff."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import Annotated
from urllib.parse import quote, unquote

from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.admission import Crowded
from signaling.access.rate_limits import Buckets, network_of
from signaling.access.rights import may
from signaling.files import Content, Part, file_name, look
from signaling.images.fair_line import Full, Who
from signaling.protocol.reading import QueryReader
from signaling.protocol.session_views import Line
from signaling.protocol.words import Audience
from signaling.records import FileRecord, StaffRecord
from signaling.server.app_keys import FILES, IDENTITY, LIVE, RECORDS

from .allowed import of_session
from .bodies import address_of, bearer, now_ms, parts_of, path_id, read_query, steady_ms
from .errors import Refused, answer, not_found
from .file_bodies import MOST_A_SESSION, MOST_SESSION_BYTES, Arriving, Intake
from .person import is_earlier
from .pictures import OVER, participant_of, read_via
from .scanning import SCANNER, noted
from .sending import WatchedFile
from .threads import user_may_read

routes = web.RouteTableDef()

MB = 1_000_000
# this header has the file's name, percent-encoded; the name is not in the address, because proxies log addresses
NAME_HEADER = "File-Name"
_TRY_AGAIN_S = 5.0  # seconds after which a client may try again, if too many files are arriving
_SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"
INTAKE: web.AppKey[Intake] = web.AppKey("file_intake", Intake)
UPLOADS: web.AppKey[Buckets] = web.AppKey("file_uploads", Buckets)


class UploadQuery(Struct, kw_only=True):
    line: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+\Z")]
    audience: Audience = "all"


class FileAnswer(Struct, kw_only=True):
    """The reply to an upload: the chat line that shows the file."""

    line: Line


_read_upload: QueryReader[UploadQuery] = QueryReader(UploadQuery)


@routes.post("/api/sessions/{id}/files")
async def upload(request: web.Request) -> web.Response:
    """Store the file from the request's body, and show it as a chat line.

    `line` is the client's id for this chat line. A file that is sent again with the same `line` is shown once.
    """
    session_id = path_id(request, "id")
    participant, is_user = await participant_of(request, session_id)
    asked = read_query(request, _read_upload)
    if is_user and asked.audience == "staff":
        raise Refused(403, "not_allowed", "Only staff may share files among staff.")
    name = file_name(unquote(request.headers.get(NAME_HEADER, ""), errors="replace"))
    most = await _most_bytes(request, session_id, is_user)
    if not request.app[UPLOADS].take(f"{session_id} {participant}", now_ms()):
        raise Refused(429, "too_many_files", "Too many files at the same time. Try again in a minute.")
    size = request.content_length or most
    actor = "user" if is_user else participant
    who = Who(network_of(address_of(request)), f"{session_id} {participant}")
    try:
        async with request.app[INTAKE].place(who, session_id, size) as arriving:
            await _check_room(request, session_id, size, arriving)
            line = await _received(request, FileAsked(session_id, participant, actor, asked.line, asked.audience, name, most))
    except Full:
        raise Crowded("files", _TRY_AGAIN_S) from None
    return answer(FileAnswer(line=line))


class FileAsked(Struct, frozen=True):
    """A file that a client is about to send.

    `participant`: the sender. `actor`: the sender's name in the audit log. `line`: the id of the chat line that shows the file.
    `most_bytes`: a larger file is refused.
    """

    session: str
    participant: str
    actor: str
    line: str
    audience: Audience
    name: str
    most_bytes: int


async def _most_bytes(request: web.Request, session_id: str, is_user: bool) -> int:
    """Return the largest size of a file that this session accepts now.

    Raises Refused with the reason wrong_state, files_off or file_too_large.
    """
    records = request.app[RECORDS]
    session = await records.session(session_id)
    if session is None or session.state in OVER or (is_user and session.state == "after"):
        raise Refused(409, "wrong_state", "The conversation is over.")
    site = await records.site(session.site)
    most_mb = site.file_mb if site is not None else 0
    if not most_mb:
        raise Refused(403, "files_off", "Only pictures can be sent here.")
    if (request.content_length or 0) > most_mb * MB:
        raise Refused(413, "file_too_large", f"The file is too large. The limit is {most_mb} MB.")
    return most_mb * MB


async def _check_room(request: web.Request, session_id: str, size: int, arriving: Arriving) -> None:
    """Check that the session and the disk have room for the files that are arriving now.

    `size`: the bytes of this file. `arriving`: the session's arriving files, including this file. Raises Refused with the reason
    session_full or disk_full.
    """
    count, stored = await request.app[RECORDS].file_use(session_id)
    if count + arriving.files > MOST_A_SESSION or stored + arriving.size_bytes > MOST_SESSION_BYTES:
        raise Refused(409, "session_full", f"A conversation may have {MOST_A_SESSION} files and 500 MB at most.")
    if not await asyncio.to_thread(request.app[INTAKE].has_disk_for, size):
        raise Refused(507, "disk_full", "There is no room for files at the moment. Send it later, or in another way.")


async def _received(request: web.Request, asked: FileAsked) -> Line:
    """Receive, check and store the file, and return the chat line that shows it."""
    files = request.app[FILES]
    async with files.part() as part:
        async for piece in parts_of(request, asked.most_bytes):
            await part.write(piece)
        await part.finish()
        content = await asyncio.to_thread(look, part.path, asked.name)
        await noted(request, f"session/{asked.session}", asked.actor, request.app[SCANNER].check_file(part.path))
        return await _shown(request, asked, part, content)


async def _shown(request: web.Request, asked: FileAsked, part: Part, content: Content) -> Line:
    files = request.app[FILES]
    record = FileRecord(
        id=f"file-{secrets.token_urlsafe(12)}",
        session=asked.session,
        audience=asked.audience,
        author=asked.participant,
        name=content.name,
        kind=content.kind,
        mime=content.mime,
        size=part.size_bytes,
        locked=content.locked,
        at=now_ms(),
    )
    await files.keep(part, asked.session, record.id)
    line = None
    try:
        line = await request.app[LIVE].share_file(asked.line, record)
    finally:
        if line is None or line.args.get("file") != record.id:
            await files.drop(asked.session, record.id)
    return line


@routes.get("/api/files/{id}")
async def download(request: web.Request) -> web.StreamResponse:
    """Send the file as a download, so that browsers save it and never show it as a page of ours."""
    file = await _readable(request)
    path = request.app[FILES].path(file.session, file.id)
    if not await asyncio.to_thread(path.is_file):
        raise not_found()
    headers = {
        "Content-Type": file.mime,
        "Content-Disposition": f"attachment; filename=\"file.{file.kind}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": _SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return WatchedFile(path, headers, partial(_still_readable, request))


async def _readable(request: web.Request) -> FileRecord:
    """Return the file if this client may read it. Raises Refused(not_found) otherwise.

    If a member of staff who takes no part in the session reads the file, this is audited.
    """
    file = await _still_readable(request)
    member = None if bearer(request) else await request.app[IDENTITY].who(request, steady_ms(request))
    if member is not None and request.app[LIVE].staff_participant(file.session, member.id) is None:
        await request.app[RECORDS].audit(member.id, "file.read", f"session/{file.session}", file.id)
    return file


async def _still_readable(request: web.Request) -> FileRecord:
    file = await request.app[RECORDS].file(path_id(request, "id"))
    if file is None:
        raise not_found()
    if token := bearer(request):
        guest = request.app[LIVE].guest_in(file.session, token)
        readable = file.at >= guest.entered_at if guest else await user_may_read(request, file.session, token)
        if file.audience != "all" or not readable:
            raise not_found()
        return file
    member = await request.app[IDENTITY].who(request, steady_ms(request))
    if member is None or not await _staff_may_read(request, file, member):
        raise not_found()
    return file


async def _staff_may_read(request: web.Request, file: FileRecord, member: StaffRecord) -> bool:
    """Return whether this member of staff may read the file.

    A member with the right `past.see` for this conversation may read the file. If the right is limited to own conversations, the
    member must take part in this conversation or read along. A member who takes part in another conversation of the same user may
    read the file, too, if the request names the other conversation as `?via=`.
    """
    session = await request.app[RECORDS].session(file.session)
    if session is None:
        return False
    own = request.app[LIVE].may_read_lines(file.session, member.id)
    if may(member, "past.see", of_session(session, own=own)):
        return True
    via = read_query(request, read_via).via
    return bool(via) and await is_earlier(request, via, member, session)
