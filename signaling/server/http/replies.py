"""Saved replies. Staff find replies and edit their own. Operators edit the replies that a site shares, also as CSV."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Struct

from signaling.access.rights import of_site
from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.language_tags import canonical, lookup
from signaling.protocol.reading import QueryReader, Reader, by
from signaling.protocol.words import Locale, OptionalId
from signaling.records import Note, SavedReply, Site, StaffRecord, TooManyReplies
from signaling.records.replies import new_reply_id
from signaling.records.reply_csv import TEXT, TITLE, BadTable, Row, read, write
from signaling.server.app_keys import RECORDS

from .allowed import asked_site, asker_of
from .bodies import Key, now_ms, path_id, read_bytes, read_json, read_query
from .errors import Refused, answer, not_found
from .noting import noting
from .operator import read_language

routes = web.RouteTableDef()

MOST_CSV_BYTES = 4 * 1024 * 1024  # a CSV file of replies has at most this many bytes


class ReplyItem(Struct, kw_only=True):
    """One saved reply.

    `shared`: the reply belongs to the site, and only operators may change it. `pictures`: ids of its pictures.
    """

    id: str
    shared: bool
    language: str
    title: str
    text: str
    uses: int
    pictures: tuple[str, ...]

    @classmethod
    def of(cls, reply: SavedReply) -> ReplyItem:
        return cls(
            id=reply.id,
            shared=bool(reply.site),
            language=reply.language,
            title=reply.title,
            text=reply.text,
            uses=reply.uses,
            pictures=reply.pictures,
        )


class Imported(Struct, kw_only=True):
    added: int
    changed: int


class SiteItem(Struct, kw_only=True):
    """A site whose replies can be edited. `name`: the site's name, in the requested language if there is one."""

    id: str
    name: str
    languages: list[str]


class ReplyQuery(Struct, kw_only=True):
    """The query for saved replies.

    `site`: also return the replies that this site shares. `language`: return only replies in this language, and replies that suit
    every language.
    """

    site: Key = ""
    language: Locale = ""


class NewReply(Struct, kw_only=True):
    """A saved reply to be stored.

    `id`: the id of the reply to change; "" for a new reply. `language`: the reply's language; "" when the reply suits every
    language.
    """

    id: OptionalId = ""
    language: Locale = ""
    title: Annotated[str, by(TITLE)]
    text: Annotated[str, by(TEXT)]


_read_query: QueryReader[ReplyQuery] = QueryReader(ReplyQuery)
_read_reply: Reader[NewReply] = Reader(NewReply)


# --- requests of staff: insert and edit replies --------------------------------------------------------------------------


@routes.get("/api/replies")
async def find(request: web.Request) -> web.Response:
    """Return the replies that this member of staff may insert at a site. Without a site, return only the member's own replies."""
    asker = await asker_of(request)
    asked, records = read_query(request, _read_query), request.app[RECORDS]
    if not asked.site:
        found = await records.own_replies(asker.member.id)
    else:
        site = await records.site(asked.site)
        if site is None or not asker.may(of_site(site)):
            raise not_found()
        found = await records.replies_for(asker.member.id, site.id)
    return answer([ReplyItem.of(reply) for reply in found if _fits(reply, asked.language)])


@routes.post("/api/replies")
async def save_own(request: web.Request) -> web.Response:
    member = (await asker_of(request)).member
    asked = await read_json(request, _read_reply)
    language = canonical(asked.language) if asked.language else ""
    if asked.language and not language:
        raise _unknown_language()
    return await _save(request, member, _reply(asked, language, owner=member.id))


@routes.post("/api/replies/{id}/remove")
async def remove_own(request: web.Request) -> web.Response:
    member = (await asker_of(request)).member
    return await _remove(request, member, owner=member.id)


@routes.post("/api/replies/{id}/used")
async def used(request: web.Request) -> web.Response:
    """Count one use of a saved reply. Called when a member of staff has inserted the reply into a chat line."""
    asker = await asker_of(request)
    if not await request.app[RECORDS].count_reply(path_id(request, "id"), asker.member.id, asker.realm):
        raise not_found()
    return answer({})


# --- requests of operators: edit a site's replies ------------------------------------------------------------------------


@routes.get("/api/operator/sites")
async def sites(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    language = read_query(request, read_language).lang
    found = await request.app[RECORDS].sites(asker.realm)
    return answer(
        [
            SiteItem(id=site.id, name=site.name(site.language_for(language) or language), languages=site.languages)
            for site in found
        ]
    )


@routes.get("/api/operator/sites/{site}/replies")
async def shared(request: web.Request) -> web.Response:
    site = await asked_site(request, await asker_of(request))
    return answer([ReplyItem.of(reply) for reply in await request.app[RECORDS].shared_replies(site.id)])


@routes.post("/api/operator/sites/{site}/replies")
async def save_shared(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    site = await asked_site(request, asker)
    asked = await read_json(request, _read_reply)
    return await _save(request, asker.member, _reply(asked, _language_of(site, asked.language), site=site.id))


@routes.post("/api/operator/sites/{site}/replies/{id}/remove")
async def remove_shared(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    site = await asked_site(request, asker)
    return await _remove(request, asker.member, site=site.id)


@routes.get("/api/operator/sites/{site}/replies.csv")
async def export_shared(request: web.Request) -> web.Response:
    site = await asked_site(request, await asker_of(request))
    found = await request.app[RECORDS].shared_replies(site.id)
    return web.Response(
        text=write(Row(reply.language, reply.title, reply.text) for reply in found),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="replies-{site.id}.csv"'},
    )


@routes.post("/api/operator/sites/{site}/replies.csv")
async def import_shared(request: web.Request) -> web.Response:
    """Add the replies of the CSV file from the request's body. Each row of the file is a reply.

    If the site already has a reply with the row's language and title, that reply gets the row's text.
    """
    asker = await asker_of(request)
    site = await asked_site(request, asker)
    try:
        rows = read(await read_bytes(request, MOST_CSV_BYTES), site.language_for)
    except BadTable as error:
        raise Refused(400, "bad_table", str(error)) from None
    now = now_ms()
    replies = [SavedReply(id=new_reply_id(), site=site.id, changed_at=now, **row._asdict()) for row in rows]
    try:
        note = noting(asker.member.id, "reply.import", f"site/{site.id}")
        stored = await request.app[RECORDS].import_replies(site.id, replies, note=note)
    except TooManyReplies as error:
        raise _too_many(error) from None
    return answer(Imported(added=stored.added, changed=stored.changed))


# --- helpers that both kinds of requests use -----------------------------------------------------------------------------


def _fits(reply: SavedReply, language: str) -> bool:
    return not (reply.language and language) or lookup(language, [reply.language]) is not None


async def _save(request: web.Request, member: StaffRecord, reply: SavedReply) -> web.Response:
    records = request.app[RECORDS]
    try:
        stored = await records.save_reply(reply, note=_noting(member, "reply.save", reply.id, reply.site))
    except LookupError:
        raise not_found() from None
    except TooManyReplies as error:
        raise _too_many(error) from None
    return answer(ReplyItem.of(stored))


async def _remove(request: web.Request, member: StaffRecord, *, site: str = "", owner: str = "") -> web.Response:
    records, reply = request.app[RECORDS], path_id(request, "id")
    note = _noting(member, "reply.remove", reply, site)
    if not await records.remove_reply(reply, site=site, owner=owner, note=note):
        raise not_found()
    return answer({})


def _noting(member: StaffRecord, action: AuditAction, reply: str, site: str) -> Note:
    """Return a function that makes the audit entry about a changed reply.

    `site`: the site that shares the reply; "" for a private reply of the member. The audit log does not keep the text of a
    private reply.
    """
    note = noting(member.id, action, f"reply/{reply}", site)
    return lambda change: note(change if site else None)


def _language_of(site: Site, asked: str) -> str:
    """Return the site's own language tag for this language.

    Return "" if no language is asked for. Raises Refused(unknown_language).
    """
    language = site.language_for(asked) if asked else ""
    if language is None:
        raise _unknown_language()
    return language


def _reply(asked: NewReply, language: str, *, site: str = "", owner: str = "") -> SavedReply:
    return SavedReply(
        id=asked.id or new_reply_id(),
        site=site,
        owner=owner,
        language=language,
        title=asked.title,
        text=asked.text,
        changed_at=now_ms(),
    )


def _unknown_language() -> Refused:
    return Refused(400, "unknown_language", "The site does not offer this language.")


def _too_many(error: TooManyReplies) -> Refused:
    return Refused(409, "too_many_replies", f"At most {error.most} replies can be saved. Remove some first.")
