"""The logos of sites. A logo is a picture next to the site's name in the panel and the call page. Anybody may see it."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .auditing import Audited, Note, add_all
from .sites_and_staff import Places
from .types import Change, Changed

MOST_PIXELS = 1024  # at most this many pixels in a logo's width, and in its height

MOST_FORMER = 10  # at most this many replaced logos of a site are kept, so that a change can be undone


class Logo(Struct, frozen=True, kw_only=True):
    """A site's logo: a checked and re-encoded picture."""

    id: str
    mime: str
    width: int
    height: int
    data: bytes


class Logos(Places):
    """The logos of sites, in the database."""

    async def save_logo(self, site_id: str, logo: Logo | None, now: int, *, note: Note) -> None:
        """Make `logo` the site's logo. None removes the site's logo.

        At most `MOST_FORMER` replaced logos of a site stay stored, the newest ones, so that a change can be undone. `now`: Unix
        ms. `note`: makes the audit entries, which are stored in the same transaction.
        """

        def save(connection: sa.Connection) -> None:
            before = _logo_of(connection, site_id)
            after = logo.id if logo is not None and before is not None else ""
            connection.execute(sa.update(t.site).where(t.site.c.id == site_id).values(logo=after))
            if logo is not None and before is not None:
                values = {name: getattr(logo, name) for name in Logo.__struct_fields__}
                connection.execute(sa.insert(t.site_logo).values(site=site_id, saved_at=now, **values))
            mine = t.site_logo.c.site == site_id, t.site_logo.c.id != after
            kept = sa.select(t.site_logo.c.id).where(*mine).order_by(t.site_logo.c.saved_at.desc()).limit(MOST_FORMER)
            ids = connection.execute(kept).scalars().all()
            connection.execute(sa.delete(t.site_logo).where(*mine, t.site_logo.c.id.not_in(ids)))
            add_all(connection, note(Change(before={"logo": before or ""}, after={"logo": after})))

        await self._transaction(save, writes=True)
        self._known.pop(site_id, None)

    async def restore_logo(self, site_id: str, logo_id: str, expected: str, *, audit: Iterable[Audited] = ()) -> bool:
        """Make a replaced logo the site's logo again, if the present logo is `expected`.

        `logo_id`, `expected`: ids of logos; "" stands for no logo. `audit`: audit entries to store in the same transaction.
        Return False when the replaced logo is no longer stored. Raises Changed when the site has another logo than `expected`, or
        was removed.
        """

        def restore(connection: sa.Connection) -> bool:
            if _logo_of(connection, site_id) != expected:
                raise Changed(site_id)
            here = (t.site_logo.c.site == site_id) & (t.site_logo.c.id == logo_id)
            if logo_id and connection.execute(sa.select(t.site_logo.c.id).where(here)).first() is None:
                return False
            connection.execute(sa.update(t.site).where(t.site.c.id == site_id).values(logo=logo_id))
            add_all(connection, audit)
            return True

        restored = await self._transaction(restore, writes=True)
        self._known.pop(site_id, None)
        return restored

    async def logo(self, logo_id: str) -> Logo | None:
        """Return the logo with this id, or None when no site has this logo now."""
        columns = [t.site_logo.c[name] for name in Logo.__struct_fields__]
        shown = t.site_logo.join(t.site, (t.site.c.id == t.site_logo.c.site) & (t.site.c.logo == t.site_logo.c.id))
        row = await self._first(sa.select(*columns).select_from(shown).where(t.site_logo.c.id == logo_id))
        return Logo(**row) if row else None


def _logo_of(connection: sa.Connection, site_id: str) -> str | None:
    """Return the id of the site's logo.

    Return "" for a site without a logo, and None when the site is gone. The site's row stays locked.
    """
    found = sa.select(t.site.c.logo).where(t.site.c.id == site_id).with_for_update()
    logo: str | None = connection.execute(found).scalar_one_or_none()
    return logo
