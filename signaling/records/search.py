"""A search for sessions: its filters, and their condition in SQL."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .realm import Realm


class Search(Struct, frozen=True, kw_only=True):
    """The filters of a search.

    An empty filter matches every session. `q`: only sessions with this text, ignoring case, in the session's id, the user's name,
    the staff's ids, the wrap-up notes or the lines. `rating`: 1 to 5, or 0 for sessions without a rating. `from_ms` is
    inclusive, `to_ms` exclusive (Unix ms). `realm`: only sessions of this organisation, or of
    these sites.
    """

    state: str = ""
    site: str = ""
    outcome: str = ""
    rating: int | None = None
    q: str = ""
    from_ms: int | None = None
    to_ms: int | None = None
    realm: Realm | None = None

    def where(self) -> sa.ColumnElement[bool]:
        """Return the SQL condition that a session meets these filters."""
        c = t.session.c
        wanted: list[sa.ColumnElement[bool]] = [self.realm.where(c.organisation, c.site) if self.realm else sa.true()]
        if self.state:
            wanted.append(c.state == self.state)
        if self.site:
            wanted.append(c.site == self.site)
        if self.outcome:
            wanted.append(c.wrap_up_outcome == self.outcome)
        if self.rating is not None:
            wanted.append(c.rating_score == self.rating if self.rating else c.rating_score.is_(None))
        if self.from_ms is not None:
            wanted.append(c.started_at >= self.from_ms)
        if self.to_ms is not None:
            wanted.append(c.started_at < self.to_ms)
        if self.q:
            said = sa.select(t.line.c.session).where(t.line.c.text.icontains(self.q, autoescape=True))
            columns = (c.id, c.user_name, c.counselor, c.professional, c.wrap_up_notes)
            named = [column.icontains(self.q, autoescape=True) for column in columns]
            wanted.append(sa.or_(*named, c.id.in_(said)))
        return sa.and_(*wanted)
