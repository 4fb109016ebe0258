"""The logos of sites: pictures beside a site's name in panel and call page, which anybody may see."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .sites_and_staff import Places

MOST_PIXELS = 1024  # most pixels of a logo's width, and of its height


class Logo(Struct, frozen=True, kw_only=True):
    """A site's logo: a checked and re-encoded picture."""

    id: str
    mime: str
    width: int
    height: int
    data: bytes


class Logos(Places):
    """The logos of sites in the records."""

    async def save_logo(self, site_id: str, logo: Logo | None) -> None:
        """Store the site's logo in place of the former one. `logo` None removes the stored logo."""
        here = t.site.c.id == site_id

        def save(connection: sa.Connection) -> None:
            connection.execute(sa.delete(t.site_logo).where(t.site_logo.c.site == site_id))
            changed = connection.execute(sa.update(t.site).where(here).values(logo=logo.id if logo else "")).rowcount
            if logo is not None and changed:
                values = {name: getattr(logo, name) for name in Logo.__struct_fields__}
                connection.execute(sa.insert(t.site_logo).values(site=site_id, **values))

        await self._transaction(save, writes=True)
        self._known.pop(site_id, None)

    async def logo(self, logo_id: str) -> Logo | None:
        """Return the logo with this id, or None when it was replaced or removed."""
        row = await self._first(
            sa.select(*(t.site_logo.c[name] for name in Logo.__struct_fields__)).where(t.site_logo.c.id == logo_id)
        )
        return Logo(**row) if row else None
