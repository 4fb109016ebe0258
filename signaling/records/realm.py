"""The part of an installation that somebody may see: one organisation, or some of its sites."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from .types import FIRST_ORGANISATION, Site


class Realm(Struct, frozen=True, kw_only=True):
    """An organisation, or some of its sites.

    `sites`: ids of these sites; None: all sites of the organisation, including removed sites.
    """

    organisation: str = FIRST_ORGANISATION
    sites: frozenset[str] | None = None

    def has(self, site: Site) -> bool:
        """Return whether the site belongs to this realm."""
        return site.organisation == self.organisation and (self.sites is None or site.id in self.sites)

    def meets(self, other: Realm) -> bool:
        """Return whether a site can belong to both realms (`self` and `other`)."""
        if self.organisation != other.organisation:
            return False
        return self.sites is None or other.sites is None or not self.sites.isdisjoint(other.sites)

    def where(self, organisation: sa.ColumnElement[str], site: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """Return the SQL condition that the organisation and the site in these two columns of a row belong to this realm."""
        inside = organisation == self.organisation
        return inside if self.sites is None else sa.and_(inside, site.in_(sorted(self.sites)))


WHOLE = Realm()  # the realm of the first organisation, with all its sites
