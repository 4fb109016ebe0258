"""Routes for staff in a session: notes about the user, the user's earlier conversations, and earlier states of the board."""

from __future__ import annotations

import secrets
from typing import Annotated

from aiohttp import web
from msgspec import Struct

from signaling.access.rights import served_by
from signaling.protocol.reading import QueryReader, Reader, by
from signaling.protocol.session_views import Line
from signaling.protocol.texts import Seen
from signaling.protocol.words import Channel, Locale, OptionalId
from signaling.records import PersonNote, Records, SessionRecord, Site, StaffRecord, TooManyNotes
from signaling.server.app_keys import LIVE, RECORDS

from .allowed import asker_of, of_session
from .board_steps import board_part
from .bodies import now_ms, path_id, read_json, read_query
from .errors import Refused, answer, not_found
from .noting import entry

routes = web.RouteTableDef()

DAY_MS = 86_400_000
MOST_LINES = 2000  # at most this many chat lines of an earlier conversation in one response


class NoteItem(Struct, kw_only=True):
    """A note about a person. `author`: the author's name. `mine`: whether the reader may change and remove the note."""

    id: str
    author: str
    mine: bool
    text: str
    at: int
    changed_at: int | None


class ConversationItem(Struct, kw_only=True):
    """An earlier conversation. `counselor`, `category`, `outcome` and `tags` are names."""

    id: str
    started_at: int
    ended_at: int | None
    channel: Channel
    category: str
    counselor: str
    outcome: str
    tags: list[str]
    rating: int | None
    notes: str


class PersonCard(Struct, kw_only=True):
    """The notes and earlier conversations that staff see about a user.

    `known`: the partner vouches for the user, so the server can find the user's notes and conversations.
    """

    known: bool
    notes: list[NoteItem] = []
    conversations: list[ConversationItem] = []


class Conversation(ConversationItem, kw_only=True):
    you: str  # the user's participant id in the conversation, or "" if the user wrote nothing
    lines: list[Line]
    lines_cut: bool


class CardQuery(Struct, kw_only=True):
    """The query for a `PersonCard`. `q`: return only conversations whose chat lines or notes contain this text; "" for all."""

    q: Annotated[str, by(Seen(200, cut=True))] = ""
    lang: Locale = ""


class NewNote(Struct, kw_only=True):
    """A request to store a note about a person. `id`: the id of the note to change; "" for a new note."""

    id: OptionalId = ""
    text: Annotated[str, by(Seen(2000, least=1, lines=True))]


_read_card: QueryReader[CardQuery] = QueryReader(CardQuery)
_read_note: Reader[NewNote] = Reader(NewNote)


@routes.get("/api/sessions/{id}/person")
async def card(request: web.Request) -> web.Response:
    member, here, site = await _served(request)
    if not here.user_ref:
        return answer(PersonCard(known=False))
    asked, records = read_query(request, _read_card), request.app[RECORDS]
    names = await _names(records, member)
    since = now_ms() - site.retention_days * DAY_MS
    found = await records.conversations_of(_person(here), since=since, q=asked.q)
    return answer(
        PersonCard(
            known=True,
            notes=[_note_item(note, names, member) for note in await records.notes_on(_person(here))],
            conversations=[_item(each, site, names, asked.lang) for each in found if each.id != here.id],
        )
    )


@routes.get("/api/sessions/{id}/earlier/{other}")
async def conversation(request: web.Request) -> web.Response:
    """Return an earlier conversation of the user of this session, with its chat lines. The request is audited."""
    member, here, site = await _served(request)
    records = request.app[RECORDS]
    other = await records.session(path_id(request, "other"))
    if other is None or not _same_person(here, other):
        raise not_found()
    await records.audit(member.id, "session.read", f"session/{other.id}", f"session/{here.id}")
    lines = await records.lines(other.id, 0, MOST_LINES + 1, "staff")
    item = _item(other, site, await _names(records, member), read_query(request, _read_card).lang)
    values = {name: getattr(item, name) for name in ConversationItem.__struct_fields__}
    you = next((line.author for line in lines if line.role == "user"), "")
    return answer(Conversation(**values, you=you, lines=lines[:MOST_LINES], lines_cut=len(lines) > MOST_LINES))


@routes.get("/api/sessions/{id}/board")
async def board(request: web.Request) -> web.Response:
    """Return a part of the changes of the session's board. With the changes, a page can show the board as it was earlier."""
    _, here, _ = await _served(request)
    return answer(await board_part(request, here.id))


@routes.post("/api/sessions/{id}/person/notes")
async def save_note(request: web.Request) -> web.Response:
    member, here, _ = await _served(request)
    asked, records, now = await read_json(request, _read_note), request.app[RECORDS], now_ms()
    if not here.user_ref:
        raise Refused(409, "unknown_person", "The site does not know this visitor, so a note cannot stay with them.")
    note = asked.id or f"n-{secrets.token_urlsafe(9)}"
    audit = entry(member.id, "note.save", f"session/{here.id}", note)
    if asked.id:
        if not await records.change_note(note, _person(here), member.id, asked.text, now, audit=audit):
            raise not_found()
    else:
        site, user_ref = _person(here)
        added = PersonNote(id=note, site=site, user_ref=user_ref, session=here.id, author=member.id, text=asked.text, at=now)
        try:
            await records.add_note(added, audit=audit)
        except TooManyNotes:
            raise Refused(409, "too_many_notes", "There are too many notes on this visitor. Remove some first.") from None
        except LookupError:
            raise not_found() from None
    return answer({"id": note})


@routes.post("/api/sessions/{id}/person/notes/{note}/remove")
async def remove_note(request: web.Request) -> web.Response:
    member, here, _ = await _served(request)
    note = path_id(request, "note")
    audit = entry(member.id, "note.remove", f"session/{here.id}", note)
    if not await request.app[RECORDS].remove_note(note, _person(here), member.id, audit=audit):
        raise not_found()
    return answer({})


async def is_earlier(request: web.Request, session: str, member: StaffRecord, other: SessionRecord) -> bool:
    """Return whether `member` takes part in `session`, and `session` has the same user as `other`."""
    if request.app[LIVE].staff_participant(session, member.id) is None:
        return False
    here = await request.app[RECORDS].session(session)
    return here is not None and _same_person(here, other)


async def _served(request: web.Request) -> tuple[StaffRecord, SessionRecord, Site]:
    """Return the member who asks, the session that the path names, and its site.

    Raises Refused(signed_out), and Refused(not_found) when the member takes no part in the session.
    """
    asker, session = await asker_of(request), path_id(request, "id")
    member = asker.member
    if request.app[LIVE].staff_participant(session, member.id) is None:
        raise not_found()
    here = await request.app[RECORDS].session(session)
    site = await request.app[RECORDS].site(here.site) if here else None
    if here is None or site is None or not served_by(member).has(site):
        raise not_found()
    asker.require(of_session(here, own=True))
    return member, here, site


def _person(here: SessionRecord) -> tuple[str, str]:
    return here.site, here.user_ref


def _same_person(here: SessionRecord, other: SessionRecord) -> bool:
    return bool(here.user_ref) and _person(here) == _person(other)


async def _names(records: Records, asker: StaffRecord) -> dict[str, str]:
    return {member.id: member.name for member in await records.all_staff(asker.organisation)}


def _note_item(note: PersonNote, names: dict[str, str], member: StaffRecord) -> NoteItem:
    return NoteItem(
        id=note.id,
        author=names.get(note.author, note.author),
        mine=note.author == member.id,
        text=note.text,
        at=note.at,
        changed_at=note.changed_at,
    )


def _item(record: SessionRecord, site: Site, names: dict[str, str], language: str) -> ConversationItem:
    shown = language or record.language
    return ConversationItem(
        id=record.id,
        started_at=record.started_at,
        ended_at=record.ended_at,
        channel=record.channel,
        category=site.category_name(record.category, shown),
        counselor=names.get(record.counselor, record.counselor),
        outcome=site.outcome_name(record.wrap_up_outcome, shown),
        tags=[site.tag_name(tag, shown) for tag in record.wrap_up_tags],
        rating=record.rating_score,
        notes=record.wrap_up_notes,
    )
