"""Saved replies: texts that staff insert into a chat line.

A reply belongs either to a site, whose staff share it, or to one member of staff.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from . import tables as t
from .auditing import Audited, Note, add_all
from .database import Database, lock_parent
from .realm import Realm
from .types import Change, Changed

MOST_SHARED = 1000  # one site has at most this many shared replies
MOST_OWN = 200  # one member of staff has at most this many private replies
MOST_PICTURES = 4  # one reply has at most this many pictures

MOST_NOTED = 200_000  # if a change's old and new texts together have more characters than this, the audit keeps none of the texts
_NOTED = ("site", "language", "title", "text")

_c = t.saved_reply.c
_p = t.reply_picture.c


class TooManyReplies(ValueError):
    """The site or the member of staff would have more replies than `most`. Nothing was stored."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class TooManyReplyPictures(ValueError):
    """The reply already has as many pictures as allowed. Nothing was stored."""


class ReplyPicture(Struct, frozen=True, kw_only=True):
    """A checked and re-encoded picture of a saved reply. `at`: when the picture was added, in Unix ms."""

    id: str
    reply: str
    mime: str
    width: int
    height: int
    data: bytes
    at: int


class SavedReply(Struct, frozen=True, kw_only=True):
    """A saved reply.

    A reply belongs either to a `site` or to its `owner`, a member of staff; the other of these two fields is "".

    `language`: "" when the reply suits every language. `uses`: how often the reply was inserted. `changed_at`: Unix ms.
    `pictures`: ids of the reply's pictures, oldest first. Saving a reply does not change the reply's pictures.
    """

    id: str
    site: str = ""
    owner: str = ""
    language: str = ""
    title: str
    text: str
    uses: int = 0
    changed_at: int = 0
    pictures: tuple[str, ...] = ()


def plain_reply(reply: SavedReply) -> dict[str, Any]:
    """Return the values of a shared reply for the audit: its site and its texts."""
    return {name: getattr(reply, name) for name in _NOTED}


def noted_replies(before: dict[str, Any], after: dict[str, Any]) -> Change | None:
    """Return a change of several replies for the audit. Return None if nothing changed, or the texts exceed `MOST_NOTED`.

    `before`, `after`: id of a reply → its texts (`plain_reply`), or None for no reply.
    """
    size = sum(len(each["text"]) for texts in (before, after) for each in texts.values() if each is not None)
    return Change(before={"replies": before}, after={"replies": after}) if after and size <= MOST_NOTED else None


def new_reply_id() -> str:
    """Return an id for a new reply."""
    return f"r-{secrets.token_urlsafe(9)}"


class Imported(NamedTuple):
    """The result of an import of replies: how many were added, and how many changed."""

    added: int
    changed: int


def _unnoted(_: Change | None) -> tuple[Audited, ...]:
    """Make no audit entry, for replies whose change is not audited."""
    return ()


class Replies(Database):
    """The saved replies in the database."""

    async def replies_for(self, staff: str, site: str) -> list[SavedReply]:
        """Return the replies that this member of staff may insert on this site, the most used first."""
        return await self._replies((_c.site == site) | (_c.owner == staff), _c.uses.desc())

    async def own_replies(self, staff: str) -> list[SavedReply]:
        """Return the private replies of this member of staff, in the order of their titles."""
        return await self._replies(_c.owner == staff)

    async def shared_replies(self, site: str) -> list[SavedReply]:
        """Return the replies that the site shares, in the order of their titles."""
        return await self._replies(_c.site == site)

    async def save_reply(self, reply: SavedReply, *, note: Note = _unnoted) -> SavedReply:
        """Insert the reply, or replace the texts of the stored reply with the same id. Return the reply as stored.

        `note`: makes the audit entries, which are stored in the same transaction. Raises LookupError when a reply with this id
        belongs to another site or member, and TooManyReplies.
        """

        def save(connection: sa.Connection) -> SavedReply:
            known = connection.execute(sa.select(t.saved_reply).where(_c.id == reply.id).with_for_update()).mappings().first()
            if known is not None and (known["site"] or "", known["owner"] or "") != (reply.site, reply.owner):
                raise LookupError(reply.id)
            if known is None:
                _lock(connection, reply.site, reply.owner)
                _require_room(connection, reply, 1)
                connection.execute(sa.insert(t.saved_reply).values(_row(reply)))
                add_all(connection, note(Change(before=None, after=plain_reply(reply))))
                return reply
            stored = replace(reply, uses=known["uses"])
            connection.execute(sa.update(t.saved_reply).where(_c.id == reply.id).values(_row(stored)))
            found = connection.execute(sa.select(_p.id).where(_p.reply == reply.id).order_by(_p.at, _p.id)).scalars()
            add_all(connection, note(Change(before={name: known[name] or "" for name in _NOTED}, after=plain_reply(reply))))
            return replace(stored, pictures=tuple(found))

        return await self._transaction(save, writes=True)

    async def import_replies(
        self, site: str, replies: Sequence[SavedReply], *, gone: Collection[str] = (), note: Note = _unnoted
    ) -> Imported:
        """Store replies that a site shares, all or none. Return how many replies were added and how many changed.

        A reply replaces the text of the site's reply with the same language and title. `gone`: ids of the site's replies to
        remove first. `note`: makes the audit entries, which are stored in the same transaction. Raises TooManyReplies if the site
        would have too many replies.
        """

        def store(connection: sa.Connection) -> Imported:
            _lock(connection, site)
            theirs = _c.site == site
            leaving = theirs & _c.id.in_(list(gone))
            former = {
                row["id"]: {name: row[name] or "" for name in _NOTED}
                for row in connection.execute(sa.select(t.saved_reply).where(leaving)).mappings()
            }
            connection.execute(sa.delete(t.saved_reply).where(leaving))
            known = {(row.language, row.title): row for row in connection.execute(sa.select(t.saved_reply).where(theirs))}
            added = [reply for reply in replies if (reply.language, reply.title) not in known]
            changed = [reply for reply in replies if (row := known.get((reply.language, reply.title))) and row.text != reply.text]
            if added:
                _require_room(connection, added[0], len(added))
                connection.execute(sa.insert(t.saved_reply), [_row(reply) for reply in added])
            for reply in changed:
                here = _c.id == known[reply.language, reply.title].id
                connection.execute(sa.update(t.saved_reply).where(here).values(text=reply.text, changed_at=reply.changed_at))
            before: dict[str, Any] = former | {reply.id: None for reply in added}
            after: dict[str, Any] = dict.fromkeys(former) | {reply.id: plain_reply(reply) for reply in added}
            for reply in changed:
                row = known[reply.language, reply.title]
                after[row.id] = plain_reply(reply)
                before[row.id] = after[row.id] | {"text": row.text}
            add_all(connection, note(noted_replies(before, after)))
            return Imported(len(added), len(changed))

        return await self._transaction(store, writes=True)

    async def put_replies_back(
        self, site: str, present: Mapping[str, Any], wanted: Mapping[str, Any], now: int, *, audit: Iterable[Audited] = ()
    ) -> None:
        """Restore earlier texts of replies that a site shares, all or none.

        `present`: the texts that are stored now. `wanted`: the texts to restore. Both map the id of a reply to its texts
        (`plain_reply`), or to None for no reply. `audit`: audit entries to store in the same transaction. Raises Changed when a
        reply has other texts than in `present`, and TooManyReplies.
        """

        def put(connection: sa.Connection) -> None:
            _lock(connection, site)
            rows = connection.execute(sa.select(t.saved_reply).where(_c.site == site, _c.id.in_(list(wanted)))).mappings()
            stored = {row["id"]: {name: row[name] for name in _NOTED} for row in rows}
            if any(stored.get(reply) != present[reply] for reply in wanted):
                raise Changed(site)
            fresh = [
                SavedReply(id=reply, changed_at=now, **texts)
                for reply, texts in wanted.items()
                if texts is not None and reply not in stored
            ]
            if fresh:
                _require_room(connection, fresh[0], len(fresh))
                connection.execute(sa.insert(t.saved_reply), [_row(reply) for reply in fresh])
            for reply, texts in wanted.items():
                here = _c.id == reply
                if texts is None:
                    connection.execute(sa.delete(t.saved_reply).where(here))
                elif reply in stored:
                    connection.execute(sa.update(t.saved_reply).where(here).values(changed_at=now, **texts))
            add_all(connection, audit)

        await self._transaction(put, writes=True)

    async def remove_reply(self, reply: str, *, site: str = "", owner: str = "", note: Note = _unnoted) -> bool:
        """Remove a saved reply of this site or this owner. Return False when there is no such reply.

        `note`: makes the audit entries, which are stored in the same transaction.
        """
        this = (_c.id == reply) & _belongs(site, owner)

        def remove(connection: sa.Connection) -> bool:
            found = connection.execute(sa.select(t.saved_reply).where(this).with_for_update()).mappings().first()
            connection.execute(sa.delete(t.saved_reply).where(this))
            if found is not None:
                add_all(connection, note(Change(before={name: found[name] or "" for name in _NOTED}, after=None)))
            return found is not None

        return await self._transaction(remove, writes=True)

    async def count_reply(self, reply: str, staff: str, realm: Realm) -> bool:
        """Count one use of a saved reply.

        `realm`: the sites of this member of staff. Return False when the member cannot insert this reply.
        """
        shared = _c.site.in_(sa.select(t.site.c.id).where(realm.where(t.site.c.organisation, t.site.c.id)))
        theirs = sa.and_(_c.id == reply, shared | (_c.owner == staff))
        return await self._do(sa.update(t.saved_reply).where(theirs).values(uses=_c.uses + 1)) > 0

    # --- pictures of replies -------------------------------------------------------------------------------------------

    async def add_reply_picture(
        self, picture: ReplyPicture, *, site: str = "", owner: str = "", audit: Iterable[Audited] = ()
    ) -> None:
        """Add a picture to a reply of this site or this owner. `audit`: audit entries to store in the same transaction.

        Raises LookupError when there is no such reply, and TooManyReplyPictures.

        """

        def add(connection: sa.Connection) -> None:
            theirs = sa.select(_c.id).where(_c.id == picture.reply, _belongs(site, owner)).with_for_update()
            if connection.execute(theirs).first() is None:
                raise LookupError(picture.reply)
            count = sa.select(sa.func.count()).select_from(t.reply_picture).where(_p.reply == picture.reply)
            if connection.execute(count).scalar_one() >= MOST_PICTURES:
                raise TooManyReplyPictures
            values = {name: getattr(picture, name) for name in ReplyPicture.__struct_fields__}
            connection.execute(sa.insert(t.reply_picture).values(values))
            add_all(connection, audit)

        await self._transaction(add, writes=True)

    async def remove_reply_picture(
        self, picture: str, reply: str, *, site: str = "", owner: str = "", audit: Iterable[Audited] = ()
    ) -> bool:
        """Remove a picture from a reply of this site or this owner. Return False when there is no such picture.

        `audit`: audit entries to store in the same transaction.
        """
        theirs = sa.select(_c.id).where(_c.id == reply, _belongs(site, owner))
        this = (_p.id == picture) & _p.reply.in_(theirs)

        def remove(connection: sa.Connection) -> bool:
            if not connection.execute(sa.delete(t.reply_picture).where(this)).rowcount:
                return False
            add_all(connection, audit)
            return True

        return await self._transaction(remove, writes=True)

    async def reply_picture(self, picture: str) -> tuple[ReplyPicture, str, str] | None:
        """Return the picture with the site and the owner of its reply, or None when there is no such picture."""
        joined = t.reply_picture.join(t.saved_reply)
        row = await self._first(sa.select(t.reply_picture, _c.site, _c.owner).select_from(joined).where(_p.id == picture))
        if row is None:
            return None
        values = {name: row[name] for name in ReplyPicture.__struct_fields__}
        return ReplyPicture(**values), row["site"] or "", row["owner"] or ""

    async def _replies(self, which: sa.ColumnElement[bool], *order: sa.ColumnElement[int]) -> list[SavedReply]:
        rows = await self._all(sa.select(t.saved_reply).where(which).order_by(*order, _c.title, _c.id))
        joined = t.reply_picture.join(t.saved_reply)
        pictures: dict[str, tuple[str, ...]] = {}
        found = sa.select(_p.id, _p.reply).select_from(joined).where(which).order_by(_p.at, _p.id)
        for row in await self._all(found):
            pictures[row["reply"]] = (*pictures.get(row["reply"], ()), row["id"])
        return [
            SavedReply(
                **(dict(row) | {"site": row["site"] or "", "owner": row["owner"] or ""}), pictures=pictures.get(row["id"], ())
            )
            for row in rows
        ]


def _belongs(site: str, owner: str) -> sa.ColumnElement[bool]:
    return _c.site == site if site else _c.owner == owner


def _lock(connection: sa.Connection, site: str, owner: str = "") -> None:
    """Lock the row of this site or, if `site` is "", of the member `owner`. The lock lasts until the end of the transaction."""
    lock_parent(connection, t.site if site else t.staff, site or owner)


def _require_room(connection: sa.Connection, reply: SavedReply, more: int) -> None:
    most = MOST_SHARED if reply.site else MOST_OWN
    count = sa.select(sa.func.count()).select_from(t.saved_reply).where(_belongs(reply.site, reply.owner))
    if connection.execute(count).scalar_one() + more > most:
        raise TooManyReplies(most)


def _row(reply: SavedReply) -> dict[str, object]:
    values = {name: getattr(reply, name) for name in SavedReply.__struct_fields__ if name != "pictures"}
    return values | {"site": reply.site or None, "owner": reply.owner or None}
