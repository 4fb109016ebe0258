"""Sites with their categories and keys, staff, sign-ins, and used identification codes and invites."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from time import monotonic
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import asdict
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from . import tables as t
from .appointment_plan import AppointmentPlan
from .auditing import Audited, add_all
from .database import Database
from .mail_plan import MailPlan
from .opening_hours import Hours
from .owners import is_owner, other_active_staff, require_owner
from .realm import Realm
from .sign_ins import store_sign_in
from .site_front import FormField
from .together import Together
from .types import Category, Changed, SignInRecord, Site, SiteKey, StaffRecord, version_of
from .wrap_up import WrapUpPlan

_STAFF_COLUMNS = StaffRecord.__struct_fields__
KNOWN_S = 1.0  # a site is cached for this many seconds after it was read
MOST_KNOWN = 1000  # at most this many sites are in the cache
# one query reads at most this many sites, or at most this many sign-ins; one statement stores at most this many uses of sign-ins
MOST_TOGETHER = 64
_HIGH_OFFICES = frozenset({"owner", "administrator"})
_SITE_COLUMNS = tuple(column.name for column in t.site.columns)


_SIGN_IN_COLUMNS = SignInRecord.__struct_fields__
_SIGN_INS = sa.select(
    *(t.sign_in.c[name] for name in _SIGN_IN_COLUMNS), *(t.staff.c[name].label(f"staff_{name}") for name in _STAFF_COLUMNS)
).select_from(t.sign_in.join(t.staff, t.staff.c.id == t.sign_in.c.staff))


class Places(Database):
    """The sites and the staff in the database."""

    # --- sites ---------------------------------------------------------------------------------------------------------

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._known: dict[str, tuple[float, Site]] = {}
        self._asked_sites = Together(self._sites_by_id, MOST_TOGETHER)
        self._asked_sign_ins = Together(self._read_signed_in, MOST_TOGETHER)
        self._told_uses = Together(self._store_uses, MOST_TOGETHER)

    async def site(self, site_id: str) -> Site | None:
        """Return the site with this id, or None when there is no such site.

        The site is cached for a second, because one visit of a user reads it several times. So a change by another process can
        become visible up to a second late.
        """
        read_s, known = self._known.get(site_id, (0.0, None))
        if known is not None and monotonic() - read_s < KNOWN_S:
            return known
        asked_s = monotonic()
        found = await self._asked_sites.ask(site_id)
        if found is None:
            return None
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[site_id] = asked_s, found
        return found

    async def _sites_by_id(self, ids: Collection[str]) -> dict[str, Site]:
        return {site.id: site for site in await self._sites(t.site.c.id.in_(_padded(ids)))}

    async def sites(self, realm: Realm | None = None) -> list[Site]:
        """Return all sites of the realm (an organisation, or some of its sites), in the order of their ids.

        Without a realm, return all sites.
        """
        return await self._sites(realm.where(t.site.c.organisation, t.site.c.id) if realm else sa.true())

    async def _sites(self, which: sa.ColumnElement[bool]) -> list[Site]:
        query = sa.select(t.site).where(which).order_by(t.site.c.id)
        return await self._read(lambda connection: _read_sites(connection, query))

    async def save_site(self, site: Site, *, expected: str | None = None, audit: Iterable[Audited] = ()) -> None:
        """Insert or replace the whole site with its categories and keys.

        During a rolling upgrade, a newer server can have stored fields that this version does not know. These fields keep their
        values.

        `expected`: the version (`version_of`) of the stored site; "" for a new site. `audit`: audit entries to store in the same
        transaction. Raises Changed when another version is stored. Raises ValueError("id_taken") when another organisation had a
        site with this id, and sessions of that site are still stored.
        """
        try:
            await self._save_site(site, expected, audit)
        except IntegrityError:  # another transaction has stored a new site with this id first; this second try finds that site
            await self._save_site(site, expected, audit)
        self._known.pop(site.id, None)

    async def _save_site(self, site: Site, expected: str | None, audit: Iterable[Audited]) -> None:
        same = sa.select(t.site).where(t.site.c.id == site.id).with_for_update()
        async with self._writing() as connection:
            if expected is not None:
                stored = await connection.run_sync(_read_sites, same)
                if (version_of(stored[0]) if stored else "") != expected:
                    raise Changed(site.id)
            former = (await connection.execute(same)).mappings().first()
            if former is not None:
                await connection.execute(sa.update(t.site).where(t.site.c.id == site.id).values(_site_row(site, former)))
            elif await _has_foreign_past(connection, site):
                raise ValueError("id_taken")
            else:
                await connection.execute(sa.insert(t.site).values(_site_row(site, {})))
            await connection.run_sync(_replace_rows, t.category, "id", site.id, _category_rows(site))
            keys = [asdict(key) | {"site": site.id, "position": n} for n, key in enumerate(site.keys)]
            await connection.run_sync(_replace_rows, t.site_key, "kid", site.id, keys)
            await connection.run_sync(add_all, audit)

    async def remove_site(self, site_id: str, *, audit: Iterable[Audited] = ()) -> bool:
        """Remove a site. The site's sessions stay until their retention ends. Return False when there is no such site.

        `audit`: audit entries to store in the same transaction.
        """

        def remove(connection: sa.Connection) -> bool:
            if not connection.execute(sa.delete(t.site).where(t.site.c.id == site_id)).rowcount:
                return False
            add_all(connection, audit)
            return True

        removed = await self._transaction(remove, writes=True)
        self._known.pop(site_id, None)
        return removed

    # --- staff ---------------------------------------------------------------------------------------------------------

    async def staff(self, staff_id: str) -> StaffRecord | None:
        """Return the member of staff with this id, or None."""
        return await self._one_staff(t.staff.c.id == staff_id)

    async def staff_by_login(self, login: str) -> StaffRecord | None:
        """Return the member of staff with this login, or None."""
        return await self._one_staff(t.staff.c.login == login)

    async def staff_by_mail(self, address: str, most: int) -> list[StaffRecord]:
        """Return at most `most` members of staff with this mail address. Upper and lower case count as equal."""
        same = sa.func.lower(t.staff.c.mail) == address.lower()
        rows = await self._all(sa.select(t.staff).where(t.staff.c.mail != "", same).order_by(t.staff.c.login).limit(most))
        return [StaffRecord(**row) for row in rows]

    async def is_last_owner(self, member: StaffRecord) -> bool:
        """Return whether this member is the only active owner of their organisation."""
        if not is_owner(member):
            return False
        return not any(is_owner(StaffRecord(**row)) for row in await self._all(other_active_staff(member)))

    async def _one_staff(self, which: sa.ColumnElement[bool]) -> StaffRecord | None:
        row = await self._first(sa.select(t.staff).where(which))
        return StaffRecord(**row) if row else None

    async def all_staff(self, organisation: str | None = None) -> list[StaffRecord]:
        """Return all staff of the organisation, in the order of their logins.

        Without an organisation, return the staff of all organisations.
        """
        which = sa.true() if organisation is None else t.staff.c.organisation == organisation
        return [StaffRecord(**row) for row in await self._all(sa.select(t.staff).where(which).order_by(t.staff.c.login))]

    async def save_staff(
        self, record: StaffRecord, *, expected: str | None = None, keep_owner: bool = True, audit: Iterable[Audited] = ()
    ) -> None:
        """Insert or replace a member of staff.

        A new password, another `role` or deactivation ends all sign-ins of this member. Some changes end the member's one-time
        links: a new password, deactivation, promotion to owner or administrator, and a changed or removed mail address.
        `expected`, `audit`: as for `save_site`. `keep_owner`: whether the organisation must keep an active owner. Raises Changed,
        LastOwner, and ValueError("login_taken") when another member of staff has this login.
        """
        values = {name: getattr(record, name) for name in _STAFF_COLUMNS}
        mine = t.staff.c.id == record.id
        try:
            async with self._writing() as connection:
                before = (await connection.execute(sa.select(t.staff).where(mine).with_for_update())).first()
                if expected is not None:
                    stored = version_of(StaffRecord(**before._mapping)) if before is not None else ""
                    if stored != expected:
                        raise Changed(record.id)
                if before is None:
                    await connection.execute(sa.insert(t.staff).values(values))
                await connection.run_sync(add_all, audit)
                if before is None:
                    return
                if keep_owner:
                    await require_owner(connection, StaffRecord(**before._mapping), record)
                await connection.execute(sa.update(t.staff).where(mine).values(values))
                same = (before.password_hash, before.role) == (record.password_hash, record.role)
                if not (same and record.active):
                    await connection.execute(sa.delete(t.sign_in).where(t.sign_in.c.staff == record.id))
                # A promotion ends the member's links for a new password: the person who made a link might not be allowed to make
                # one for an owner.
                promoted = _HIGH_OFFICES & set(record.offices) - set(before.offices)
                # a link might have been mailed to the old address, which might have been mistyped
                moved = before.mail not in ("", record.mail)
                if before.password_hash != record.password_hash or promoted or moved or not record.active:
                    await connection.execute(sa.delete(t.reset_link).where(t.reset_link.c.staff == record.id))
        except IntegrityError as error:
            raise ValueError("login_taken") from error

    async def save_texts_in_call(self, staff_id: str, *, on: bool) -> None:
        """Store whether a member of staff takes text conversations during a call.

        Nothing else of the member changes. If the member has been removed meanwhile, this method does not store the member again.
        """
        await self._do(sa.update(t.staff).where(t.staff.c.id == staff_id).values(texts_in_call=on))

    async def change_mail(self, staff_id: str, before: str, after: str, *, audit: Iterable[Audited] = ()) -> bool:
        """Replace a member's mail address `before` by `after`, and end the member's one-time links.

        Return False if the stored address is not `before`, or the member may not sign in any more. `audit`: audit entries to
        store in the same transaction.
        """
        mine = sa.and_(t.staff.c.id == staff_id, t.staff.c.mail == before, t.staff.c.active)

        def change(connection: sa.Connection) -> bool:
            if not connection.execute(sa.update(t.staff).where(mine).values(mail=after)).rowcount:
                return False
            connection.execute(sa.delete(t.reset_link).where(t.reset_link.c.staff == staff_id))
            add_all(connection, audit)
            return True

        return await self._transaction(change, writes=True)

    async def remove_staff(self, staff_id: str, *, keep_owner: bool = True, audit: Iterable[Audited] = ()) -> bool:
        """Remove a member of staff and their sign-ins. Return False when there is no such member.

        `keep_owner`: whether the organisation must keep an active owner. `audit`: audit entries to store in the same transaction.
        Raises LastOwner.
        """
        mine = t.staff.c.id == staff_id
        async with self._writing() as connection:
            before = (await connection.execute(sa.select(t.staff).where(mine))).first()
            if before is not None and keep_owner:
                await require_owner(connection, StaffRecord(**before._mapping), None)
            await connection.run_sync(add_all, audit if before is not None else ())
            return (await connection.execute(sa.delete(t.staff).where(mine))).rowcount > 0

    # --- sign-ins ------------------------------------------------------------------------------------------------------

    async def add_sign_in(self, record: SignInRecord, *, password_hash: str | None = None, audit: Iterable[Audited] = ()) -> bool:
        """Store a sign-in.

        Return False, and store nothing, when the member of staff is gone or deactivated, or has another password hash than
        `password_hash` (None: any). `audit`: audit entries to store in the same transaction.
        """
        return await self._transaction(lambda connection: store_sign_in(connection, record, password_hash, audit), writes=True)

    async def sign_in(self, token_hash: str) -> SignInRecord | None:
        """Return the sign-in with this hash of its token, or None."""
        row = await self._first(sa.select(t.sign_in).where(t.sign_in.c.token_hash == token_hash))
        return SignInRecord(**row) if row else None

    async def sign_ins(self, token_hashes: Collection[str], staff: Collection[str]) -> list[tuple[SignInRecord, StaffRecord]]:
        """Return sign-ins, each with its member of staff.

        These are the sign-ins with the given hashes, and all sign-ins of the members in `staff`.
        """
        wanted = t.sign_in.c.token_hash.in_(_padded(token_hashes)) | t.sign_in.c.staff.in_(staff)
        return await self._made(_SIGN_INS.where(wanted), _sign_in_of)

    async def signed_in(self, token_hash: str) -> tuple[SignInRecord, StaffRecord] | None:
        """Return the sign-in with this hash of its token, and the sign-in's member. Return None if there is no such sign-in.

        Simultaneous calls of this method share a query.
        """
        return await self._asked_sign_ins.ask(token_hash)

    async def _read_signed_in(self, token_hashes: Collection[str]) -> dict[str, tuple[SignInRecord, StaffRecord]]:
        return {sign_in.token_hash: (sign_in, member) for sign_in, member in await self.sign_ins(token_hashes, ())}

    async def saw_sign_in(self, token_hash: str, now: int) -> None:
        """Store that this sign-in was used at `now` (Unix ms). Simultaneous calls of this method share a transaction."""
        await self._told_uses.ask((token_hash, now))

    async def _store_uses(self, uses: Collection[tuple[str, int]]) -> dict[tuple[str, int], None]:
        await self.saw_sign_ins({token_hash for token_hash, _ in uses}, max(now for _, now in uses))
        return {}

    async def saw_sign_ins(self, token_hashes: Collection[str], now: int) -> None:
        """Store that these sign-ins were used at `now` (Unix ms)."""
        used = t.sign_in.c.token_hash.in_(token_hashes) & (t.sign_in.c.seen_at < now)
        await self._do(sa.update(t.sign_in).where(used).values(seen_at=now))

    async def remove_sign_in(self, token_hash: str, *, audit: Iterable[Audited] = ()) -> bool:
        """End a sign-in. Return False when there is no such sign-in. `audit`: audit entries to store in the same transaction."""
        return await self._do(sa.delete(t.sign_in).where(t.sign_in.c.token_hash == token_hash), audit) > 0

    async def remove_sign_ins_of(self, staff_id: str, *, audit: Iterable[Audited] = ()) -> int:
        """End all sign-ins of this member of staff. Return how many sign-ins ended.

        `audit`: audit entries to store in the same transaction. The entries are not stored if no sign-in ended.
        """
        return await self._do(sa.delete(t.sign_in).where(t.sign_in.c.staff == staff_id), audit)

    # --- identification codes ------------------------------------------------------------------------------------------

    async def use_code(self, jti: str, expires_at: int) -> bool:
        """Mark a one-time code, such as an identification code or an invite, as used. `jti`: the code's id.

        The code stays marked as used at least until `expires_at` (Unix ms; see `purge`). Return False when the code was used
        before.
        """
        try:
            await self._do(sa.insert(t.used_code).values(jti=jti, expires_at=expires_at))
        except IntegrityError:
            return False
        return True


def _site_row(site: Site, former: sa.RowMapping | dict[str, Any]) -> dict[str, Any]:
    """Return the row of a site for the table of sites. `former`: the stored row, or {}."""
    plain = {name: _keeping(former.get(name), getattr(site, name)) for name in ("wrap_up", "mail", "appointments")}
    return {name: getattr(site, name) for name in _SITE_COLUMNS} | plain


def _category_rows(site: Site) -> list[dict[str, Any]]:
    return [
        {
            "site": site.id,
            "id": c.id,
            "parent": c.parent,
            "names": c.names,
            "position": n,
            "hours": _plain(c.hours),
            "priority": c.priority,
            "widens_s": c.widens_s,
            "form": _plain(c.form),
        }
        for n, c in enumerate(site.categories.values())
    ]


def _keeping(stored: Any, value: WrapUpPlan | MailPlan | AppointmentPlan | None) -> Any:
    """Return the value as JSON. Keep the fields of the stored JSON that only a newer version of this server knows."""
    if value is None or not isinstance(stored, dict):
        return _plain(value)
    return {name: each for name, each in stored.items() if name not in value.__struct_fields__} | _plain(value)


def _replace_rows(connection: sa.Connection, table: sa.Table, name: str, site: str, rows: list[dict[str, Any]]) -> None:
    """Replace a site's rows in a table. `name`: the column that tells the rows of a site apart.

    A row that stays is updated and not inserted anew, so columns that only a newer version of the server knows keep their values.
    """
    c = table.c
    stored = set(connection.execute(sa.select(c[name]).where(c.site == site)).scalars())
    gone = stored - {row[name] for row in rows}
    connection.execute(sa.delete(table).where(c.site == site, c[name].in_(gone)))
    for row in rows:
        here = sa.and_(c.site == site, c[name] == row[name])
        connection.execute(sa.update(table).where(here).values(row) if row[name] in stored else sa.insert(table).values(row))


async def _has_foreign_past(connection: AsyncConnection, site: Site) -> bool:
    """Return whether another organisation had a site with this id, and sessions of that site are still stored.

    Users and notes about them are found by the site's id. So a new site with this id would show these users and notes to another
    organisation's staff.
    """
    theirs = (t.session.c.site == site.id) & (t.session.c.organisation != site.organisation)
    return (await connection.execute(sa.select(t.session.c.id).where(theirs).limit(1))).first() is not None


def _read_sites(connection: sa.Connection, query: sa.Select[Any]) -> list[Site]:
    rows = connection.execute(query).mappings().all()
    ids = [row["id"] for row in rows]
    categories = connection.execute(sa.select(t.category).where(t.category.c.site.in_(ids)).order_by(t.category.c.position))
    keys = connection.execute(sa.select(t.site_key).where(t.site_key.c.site.in_(ids)).order_by(t.site_key.c.position))
    return _assemble(rows, list(categories.mappings()), list(keys.mappings()))


def _assemble(rows: Sequence[sa.RowMapping], categories: Iterable[sa.RowMapping], keys: Iterable[sa.RowMapping]) -> list[Site]:
    by_site: dict[str, dict[str, Category]] = {row["id"]: {} for row in rows}
    keys_by_site: dict[str, list[SiteKey]] = {row["id"]: [] for row in rows}
    for c in categories:
        hours = msgspec.convert(c["hours"], Hours) if c["hours"] else None
        widens_s = tuple(c["widens_s"]) if c["widens_s"] else None
        form = None if c["form"] is None else msgspec.convert(c["form"], list[FormField])
        by_site[c["site"]][c["id"]] = Category(
            id=c["id"], parent=c["parent"], names=c["names"], hours=hours, priority=c["priority"], widens_s=widens_s, form=form
        )
    for k in keys:
        keys_by_site[k["site"]].append(SiteKey(**{name: k[name] for name in SiteKey.__struct_fields__}))
    return [
        Site(
            **(
                dict(row)
                | {
                    "wrap_up": msgspec.convert(row["wrap_up"], WrapUpPlan) if row["wrap_up"] else None,
                    "mail": msgspec.convert(row["mail"] or {}, MailPlan),
                    "appointments": msgspec.convert(row["appointments"], AppointmentPlan) if row["appointments"] else None,
                }
            ),
            categories=by_site[row["id"]],
            keys=keys_by_site[row["id"]],
        )
        for row in rows
    ]


def _plain(value: Hours | WrapUpPlan | MailPlan | AppointmentPlan | list[FormField] | None) -> Any:
    return None if value is None else msgspec.to_builtins(value)


def _sign_in_of(row: sa.Row[Any]) -> tuple[SignInRecord, StaffRecord]:
    """Return the sign-in and the member in a row of `_SIGN_INS`."""
    columns = len(_SIGN_IN_COLUMNS)
    return (
        SignInRecord(**dict(zip(_SIGN_IN_COLUMNS, row[:columns], strict=True))),
        StaffRecord(**dict(zip(_STAFF_COLUMNS, row[columns:], strict=True))),
    )


def _padded(values: Collection[str]) -> list[str]:
    """Return the values, and repeat the last value until the number of values is a power of two.

    PostgreSQL prepares a statement for each number of values, and a connection keeps only a hundred statements.
    """
    found = list(values)
    return found + found[-1:] * ((1 << max(0, len(found) - 1).bit_length()) - len(found))
