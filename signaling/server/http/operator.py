"""The routes for operators: find, read and erase sessions, read the audit log, and read counts of refusals."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web
from msgspec import Meta, Struct, field

from signaling.access.api_tokens import ACTOR
from signaling.access.brief import earlier_session
from signaling.protocol.reading import QueryReader, by
from signaling.protocol.session_views import Brief, CallbackView, EarlierSession, Line
from signaling.protocol.texts import Seen
from signaling.protocol.words import Channel, Locale, Role, SessionState
from signaling.records import Audited, AuditRecord, Change, Realm, Records, Search, SessionRecord, Site, StaffRecord
from signaling.records.audit_entries import Undoable, undoable
from signaling.server.app_keys import COUNTS, FILES, LIVE, RECORDINGS, RECORDS
from signaling.session import decode_snapshot
from signaling.session.views import callback_view

from .allowed import Asker, asker_of, of_session
from .bodies import Key, path_id, read_query
from .errors import answer, not_found

routes = web.RouteTableDef()

_MOST_LINES = 5000  # at most this many chat lines of a session in one response
_RATINGS = {"": None, "none": 0} | {str(score): score for score in range(1, 6)}
_decode_brief = msgspec.json.Decoder(Brief).decode


class SessionItem(Struct, kw_only=True):
    """One session in the list.

    `counselor` and `professional` are names. `site_name` and `category_name` are in the requested language (`?lang=`) if the
    site has names in that language.
    """

    id: str
    site: str
    site_name: str
    category: str
    category_name: str
    language: str
    channel: Channel
    state: SessionState
    user_name: str
    counselor: str
    professional: str
    started_at: int
    waiting_at: int | None
    active_at: int | None
    ended_at: int | None
    end_reason: str
    rating: int | None
    outcome: str
    outcome_name: str
    tags: list[str]  # names of the session's tags


class SessionPage(Struct, kw_only=True):
    items: list[SessionItem]
    total: int
    page: int
    page_size: int = 50


class Person(Struct, kw_only=True):
    """A person who wrote chat lines in the session. `id`: the id of this person in the chat lines and events."""

    id: str
    name: str
    role: Role


class EventItem(Struct, kw_only=True):
    kind: str
    at: int
    data: dict[str, Any]


class Rating(Struct, kw_only=True):
    score: int
    words: str


class WrapUpItem(Struct, kw_only=True):
    staff: str  # the name of the member of staff
    notes: str


class SessionDetail(SessionItem, kw_only=True):
    """One session with its content. `board`: the whole board as one Yjs update, in base64.

    `lines`: at most the first 5,000 chat lines. `lines_cut`: whether there are more lines.
    """

    brief: Brief
    lines: list[Line]
    lines_cut: bool
    board: str
    participants: list[Person]
    events: list[EventItem]
    rated: Rating | None
    wrap_up: WrapUpItem | None
    callback: CallbackView | None
    recorded: bool


class AuditItem(Struct, kw_only=True):
    """An audit entry.

    `actor`: the name of the person or API token that acted, or a word such as "cli" (the command line), "user" or "system".
    `name`: the subject's name, or "" if it has none. `change`: the changed settings before and after, or null. `n`: the number of
    the entry; a request to undo the change contains this number. `undoable`: "yes", or why the change cannot be undone; "" for an
    entry that changes no settings.
    """

    n: int
    actor: str
    action: str
    subject: str
    name: str
    at: int
    detail: str
    change: Change | None
    undoable: Undoable


class AuditPage(Struct, kw_only=True):
    items: list[AuditItem]
    total: int
    page: int
    page_size: int = 100


# the limit keeps the number of skipped rows within the range of the database's integers
Page = Annotated[int, Meta(ge=1, le=10_000_000)]


class LanguageQuery(Struct, kw_only=True):
    lang: Locale = ""


class PageQuery(LanguageQuery, kw_only=True):
    page: Page = 1


class FilterQuery(LanguageQuery, kw_only=True):
    """The filters of the search. An empty filter matches every session.

    `q`: a text that the session's names, notes or chat lines contain. `from`, `to`: only sessions that began between these times
    (Unix ms; `to` is exclusive).
    """

    state: Key = ""
    site: Key = ""
    outcome: Key = ""
    rating: Literal["", "1", "2", "3", "4", "5", "none"] = ""
    q: Annotated[str, by(Seen(200, cut=True))] = ""
    from_ms: int | None = field(default=None, name="from")
    to: int | None = None

    def search(self, realm: Realm) -> Search:
        """Return a search with these filters, limited to the sites of this realm."""
        return Search(
            state=self.state,
            site=self.site,
            outcome=self.outcome,
            rating=_RATINGS[self.rating],
            q=self.q,
            from_ms=self.from_ms,
            to_ms=self.to,
            realm=realm,
        )


class SearchQuery(FilterQuery, kw_only=True):
    """The query of a search for sessions: filters, and the number of a page of results."""

    page: Page = 1


read_language: QueryReader[LanguageQuery] = QueryReader(LanguageQuery)
_read_page: QueryReader[PageQuery] = QueryReader(PageQuery)
_read_search: QueryReader[SearchQuery] = QueryReader(SearchQuery)


@routes.get("/api/operator/sessions")
async def sessions(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    asked, records = read_query(request, _read_search), request.app[RECORDS]
    found, total = await records.search_sessions(asked.search(asker.realm), asked.page)
    return answer(SessionPage(items=await items_of(request, asker, found, asked.lang), total=total, page=asked.page))


async def items_of(request: web.Request, asker: Asker, found: list[SessionRecord], language: str) -> list[SessionItem]:
    """Return the found sessions as items of a list, with names in this language."""
    names = await _names(request, asker.member, language)
    return [SessionItem(**_item(each, names)) for each in found]


@routes.get("/api/operator/sessions/{id}")
async def session(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    found = await asked_session(request, asker)
    await request.app[RECORDS].audit(asker.member.id, "session.read", f"session/{found.id}")
    return answer(await detail_of(request, asker, found, read_query(request, read_language).lang))


async def asked_session(request: web.Request, asker: Asker) -> SessionRecord:
    """Return the session that the path names.

    Raises Refused(not_found) when there is no such session or the asker may not see it.
    """
    found = await request.app[RECORDS].session(path_id(request, "id"))
    if found is None:
        raise not_found()
    asker.require(of_session(found))
    return found


async def detail_of(request: web.Request, asker: Asker, found: SessionRecord, language: str) -> SessionDetail:
    """Return a session with its content: brief (what is known about the user), chat lines, board, people and events."""
    records = request.app[RECORDS]
    names = await _names(request, asker.member, language)
    lines = await records.lines(found.id, 0, _MOST_LINES + 1, "staff")
    events = await records.events(found.id)
    brief = _decode_brief(found.brief)
    brief.earlier_sessions = await _earlier(records, found, names)
    return SessionDetail(
        **_item(found, names),
        brief=brief,
        lines=lines[:_MOST_LINES],
        lines_cut=len(lines) > _MOST_LINES,
        board=base64.b64encode(await records.board(found.id)).decode(),
        participants=_people(lines),
        events=[EventItem(kind=e.kind, at=e.at, data=e.data) for e in events],
        rated=Rating(score=found.rating_score, words=found.rating_words) if found.rating_score is not None else None,
        wrap_up=_wrap_up(found, names.staff),
        callback=callback_view(decode_snapshot(found.snapshot)) if found.snapshot else None,
        recorded=bool(await request.app[RECORDINGS].of(found.id)),
    )


async def _earlier(records: Records, found: SessionRecord, names: _Names) -> list[EarlierSession]:
    site, user = names.sites.get(found.site), (found.site, found.user_ref)
    if site is None or not found.user_ref:
        return []
    earlier = await records.earlier_sessions({user}, before=found.started_at)
    return [earlier_session(each, names.staff, site, found.language) for each in earlier.get(user, [])]


@routes.post("/api/operator/sessions/{id}/erase")
async def erase(request: web.Request) -> web.Response:
    """End the session if it still runs, and erase its content."""
    asker = await asker_of(request)
    await erase_session(request, asker, (await asked_session(request, asker)).id)
    return answer({})


async def erase_session(request: web.Request, asker: Asker, session_id: str) -> None:
    """End the session if it still runs. Erase its content in the database, its recordings and its files. Store an audit entry."""
    await request.app[LIVE].erasing.erased(session_id)
    audit = Audited(asker.member.id, "session.erase", f"session/{session_id}")
    await request.app[RECORDS].erase_session(session_id, audit=audit)
    await request.app[RECORDINGS].erase(session_id)
    await request.app[FILES].erase(session_id)


@routes.get("/api/operator/audit")
async def audit(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    records = request.app[RECORDS]
    asked = read_query(request, _read_page)
    found, total = await records.audits(asked.page, asker.realm.organisation)
    names = await _names(request, asker.member, asked.lang)
    return answer(AuditPage(items=[_audit_item(entry, names) for entry in found], total=total, page=asked.page))


@routes.get("/api/operator/counts")
async def counts(request: web.Request) -> web.Response:
    """Return how many requests, messages and connections this server has refused or closed since its start, by reason."""
    await asker_of(request)
    return answer(dict(sorted(request.app[COUNTS].items())))


@dataclass(frozen=True, slots=True)
class _Names:
    """Finds the names of staff, tokens, sites and categories by their ids. `staff`: id of a member or token → name."""

    staff: dict[str, str]
    sites: dict[str, Site]
    language: str

    def of_site(self, record: SessionRecord) -> tuple[str, str]:
        """Return the names of the session's site and category, or their ids if they were removed."""
        site = self.sites.get(record.site)
        if site is None:
            return record.site, record.category
        language = site.language_for(self.language) or record.language
        return site.name(language), site.category_name(record.category, language)

    def of_outcome(self, record: SessionRecord) -> str:
        """Return the name of the outcome, or its id if the site or the outcome was removed."""
        site = self.sites.get(record.site)
        return site.outcome_name(record.wrap_up_outcome, self.language) if site else record.wrap_up_outcome

    def of_tags(self, record: SessionRecord) -> list[str]:
        """Return the names of the session's tags."""
        site = self.sites.get(record.site)
        return [site.tag_name(tag, self.language) if site else tag for tag in record.wrap_up_tags]


async def _names(request: web.Request, asker: StaffRecord, language: str = "") -> _Names:
    records, theirs = request.app[RECORDS], asker.organisation
    staff = {member.id: member.name for member in await records.all_staff(theirs)}
    staff |= {f"{ACTOR}{token.id}": f"{token.name} (API)" for token in await records.api_tokens(theirs)}
    return _Names(staff, {site.id: site for site in await records.sites(Realm(organisation=theirs))}, language)


def _item(record: SessionRecord, names: _Names) -> dict[str, Any]:
    same = ("id", "site", "category", "language", "channel", "state", "user_name",
            "started_at", "waiting_at", "active_at", "ended_at", "end_reason")  # fmt: skip
    site_name, category_name = names.of_site(record)
    return {name: getattr(record, name) for name in same} | {
        "site_name": site_name,
        "category_name": category_name,
        "counselor": names.staff.get(record.counselor, record.counselor),
        "professional": names.staff.get(record.professional, record.professional),
        "rating": record.rating_score,
        "outcome": record.wrap_up_outcome,
        "outcome_name": names.of_outcome(record),
        "tags": names.of_tags(record),
    }


def _people(lines: list[Line]) -> list[Person]:
    """Return the people who wrote chat lines in the session, in the order of their first lines."""
    people: dict[str, Person] = {}
    for line in lines:
        if line.author and line.role != "system":
            people.setdefault(line.author, Person(id=line.author, name=line.name, role=line.role))
    return list(people.values())


def _wrap_up(record: SessionRecord, names: dict[str, str]) -> WrapUpItem | None:
    if not (record.wrap_up_notes or record.wrap_up_outcome or record.wrap_up_tags):
        return None
    staff = names.get(record.wrap_up_staff, record.wrap_up_staff)
    return WrapUpItem(staff=staff, notes=record.wrap_up_notes)


def _audit_item(entry: AuditRecord, names: _Names) -> AuditItem:
    kind, _, subject = entry.subject.partition("/")
    if kind in ("staff", "token"):
        name = names.staff.get(subject if kind == "staff" else entry.subject, "")
    else:
        site = names.sites.get(subject.partition("/")[0]) if kind == "site" else None
        name = site.name(site.language_for(names.language) or site.languages[0]) if site else ""
    actor = names.staff.get(entry.actor, entry.actor)
    return AuditItem(
        n=entry.n,
        actor=actor,
        action=entry.action,
        subject=entry.subject,
        name=name,
        at=entry.at,
        detail=entry.detail,
        change=entry.change,
        undoable=undoable(entry.action, entry.change),
    )
