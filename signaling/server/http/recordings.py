"""Playback of recordings, for operators and for staff who took part in the call. Playback is audited."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from functools import partial
from typing import Literal

from aiohttp import web
from msgspec import Struct

from media.api import recording_files as disk
from signaling.protocol.session_views import Line
from signaling.protocol.words import GuestLabel, Role
from signaling.recordings import Segment, pieces
from signaling.records import SessionRecord, StaffRecord
from signaling.server.app_keys import RECORDINGS, RECORDS
from signaling.session import decode_snapshot
from signaling.session.model import Session

from .allowed import asker_of, of_session
from .board_steps import board_part
from .bodies import path_id, steady_ms
from .errors import answer, not_found
from .sending import WatchedFile

routes = web.RouteTableDef()

MOST_LINES = 5000  # the player gets at most the first 5,000 chat lines of a session
LOOK_MS = 15 * 60_000  # all requests of a member for one session's recording within this many milliseconds count as one playback
MOST_LOOKS = 1000  # at most this many playbacks are remembered at the same time


class Looks:
    """Recent playbacks of recordings. A player makes many requests for one playback, which gets one audit entry.

    `turn`: a lock that is held while an audit entry about a playback is being stored. So a playback's other requests wait for
    this entry.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self._since: OrderedDict[tuple[str, str], int] = OrderedDict()

    def is_new(self, staff: str, session: str, now: int) -> bool:
        """Return whether a request of this member begins a new playback. `now`: Unix ms."""
        since = self._since.get((staff, session))
        return since is None or now - since >= LOOK_MS

    def begin(self, staff: str, session: str, now: int) -> None:
        """Remember a playback. Call this only after the audit entry about the playback is stored. `now`: Unix ms."""
        self._since[staff, session] = now
        self._since.move_to_end((staff, session))
        if len(self._since) > MOST_LOOKS:
            self._since.popitem(last=False)


LOOKS: web.AppKey[Looks] = web.AppKey("recording_looks", Looks)


class PersonItem(Struct, kw_only=True):
    """A person in a recording. `label`: a guest's role in the conversation; "" for everybody else."""

    id: str
    name: str
    role: Role
    label: GuestLabel | Literal[""] = ""


class TrackItem(Struct, kw_only=True):
    """One recorded track. `url`: the address of its WebM file. Clients may read ranges of this file.

    `began`, `ended`: Unix ms. Time 0 of the file is the moment `began`.
    """

    url: str
    participant: str
    kind: disk.Kind
    began: int
    ended: int


class RecordingDetail(Struct, kw_only=True):
    """A session's recording.

    `pieces`: the recorded spans of time, each as begin and end (Unix ms). `lines`: at most the first 5,000 chat lines.
    `lines_cut`: whether the session has more lines. `pages`: addresses of the files with what staff saw of the user's page, in
    order. `site`: the session's site.
    """

    session: str
    site: str
    pieces: list[tuple[int, int]]
    tracks: list[TrackItem]
    people: list[PersonItem]
    lines: list[Line]
    lines_cut: bool
    pages: list[str]


@routes.get("/api/recordings/{session}")
async def recording(request: web.Request) -> web.Response:
    record, session, member, found = await _may_look(request)
    await _look(request, member, record.id)
    records = request.app[RECORDS]
    lines = await records.lines(record.id, 0, MOST_LINES + 1, "staff")
    tracks = [
        TrackItem(
            url=f"/api/recordings/{record.id}/{segment.name}/{track.n}",
            participant=track.participant,
            kind=track.kind,
            began=track.began,
            ended=track.ended,
        )
        for segment in found
        for track in segment.tracks
    ]
    return answer(
        RecordingDetail(
            session=record.id,
            site=record.site,
            pieces=[(piece.begin, piece.end) for piece in pieces(found)],
            tracks=tracks,
            people=_people(session),
            lines=lines[:MOST_LINES],
            lines_cut=len(lines) > MOST_LINES,
            pages=[f"/api/recordings/{record.id}/{each.name}/page" for each in await _with_page(request, record.id, found)],
        )
    )


@routes.get("/api/recordings/{session}/board")
async def board(request: web.Request) -> web.Response:
    """Return a part of the changes of the session's board, in order."""
    record, _, member, _ = await _may_look(request)
    await _look(request, member, record.id)
    return answer(await board_part(request, record.id))


@routes.get("/api/recordings/{session}/{segment}/{track:[0-9]{1,6}}")
async def track(request: web.Request) -> web.StreamResponse:
    record, _, member, _ = await _may_look(request)
    segment, number = path_id(request, "segment"), int(path_id(request, "track"))
    if disk.parse_folder(segment) is None:
        raise not_found()
    path = request.app[RECORDINGS].folder / record.id / segment / disk.track_name(number)
    if not await asyncio.to_thread(path.is_file):
        raise not_found()
    await _look(request, member, record.id)
    return WatchedFile(path, {"Content-Type": "video/webm"}, partial(_may_look, request))


@routes.get("/api/recordings/{session}/{segment}/page")
async def page(request: web.Request) -> web.StreamResponse:
    record, _, member, found = await _may_look(request)
    segment = next((each for each in found if each.name == path_id(request, "segment")), None)
    if segment is None or not await _with_page(request, record.id, [segment]):
        raise not_found()
    await _look(request, member, record.id)
    path = request.app[RECORDINGS].page_path(record.id, segment)
    return WatchedFile(path, {"Content-Type": "application/x-ndjson"}, partial(_may_look, request))


async def _with_page(request: web.Request, session: str, found: list[Segment]) -> list[Segment]:
    """Return the segments in which staff saw the user's page."""
    recordings = request.app[RECORDINGS]
    return [each for each in found if await asyncio.to_thread(recordings.page_path(session, each).is_file)]


async def _may_look(request: web.Request) -> tuple[SessionRecord, Session, StaffRecord, list[Segment]]:
    """Return the data for playback, if this member of staff may play the recording.

    Staff with the right to play the site's recordings may play it. If the right is limited to own conversations, the member must
    be the session's counselor, or the member's voice or video must be in the recording. Raises Refused with the reason
    signed_out, not_allowed or not_found. A recording that this member may not play counts as not found.
    """
    asker = await asker_of(request)
    member = asker.member
    record = await request.app[RECORDS].session(path_id(request, "session"))
    found = await request.app[RECORDINGS].of(record.id) if record is not None else []
    if record is None or not record.snapshot or not found:
        raise not_found()
    took_part = member.id == record.counselor or any(track.participant == member.id for one in found for track in one.tracks)
    asker.require(of_session(record, own=took_part))
    return record, decode_snapshot(record.snapshot), member, found


def _people(session: Session) -> list[PersonItem]:
    """Return the people whose voices can be in the recording: the session's people, and operators who had joined it."""
    people = {
        each.id: PersonItem(id=each.id, name=each.name, role=each.role, label=each.label) for each in session.people.values()
    }
    joined = {staff: PersonItem(id=staff, name=name, role="operator") for staff, name in session.supervisors.items()}
    return list((joined | people).values())


async def _look(request: web.Request, member: StaffRecord, session: str) -> None:
    """Store the audit entry about a playback before the first part of the recording is sent."""
    looks, now = request.app[LOOKS], steady_ms(request)
    if not looks.is_new(member.id, session, now):
        return
    async with looks.turn:
        if looks.is_new(member.id, session, now):  # another request of the same playback might have stored the entry meanwhile
            await request.app[RECORDS].audit(member.id, "recording.play", f"session/{session}")
            looks.begin(member.id, session, now)
