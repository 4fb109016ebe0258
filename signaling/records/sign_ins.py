"""The sign-ins of one member of staff, new passwords, one-time links, and second factors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.exc import IntegrityError

from . import tables as t
from .auditing import Audited, add_all
from .database import Database, lock_parent
from .types import FIRST_ORGANISATION, Changed, SignInRecord, version_of

ID_LENGTH = 16  # number of characters in a sign-in's public id, which is the beginning of its token's hash
MOST_DEVICES = 30  # at most this many browsers are remembered for one member; the browser unused for longest is forgotten first
Required = Literal["off", "required"]
ProviderUse = Literal["offered", "only"]
STANDARD_HOURS = 12  # hours for which a sign-in lasts unless a rule sets another time
MOST_HOURS = 168  # a rule can let a sign-in last at most this many hours: a week
Acquaintance = Literal["known", "first", "new"]
INSTALLATION = "installation"  # id of the row with the rules for signing in that apply to everybody


class NoProvider(ValueError):
    """A rule lets staff sign in only at a provider, and after this change they could not sign in there. Nothing was stored."""


def rules_of(organisation: str) -> str:
    """Return the id of the row with an organisation's own rules for signing in."""
    return f"organisation/{organisation}"


def organisation_of(row: str) -> str:
    """Return the organisation whose sign-in rules this row holds. For the installation's row, return the first organisation."""
    return FIRST_ORGANISATION if row == INSTALLATION else row.partition("/")[2]


class TotpRecord(Struct, frozen=True, kw_only=True):
    """The authenticator app of a member of staff.

    `seed`: encrypted. `used_step`: number of the newest 30-second period whose code was used. `confirmed`: whether the member has
    entered a code of the app at least once.
    """

    staff: str
    seed: str
    used_step: int = 0
    confirmed: bool = False


class SignInRules(Struct, frozen=True, kw_only=True):
    """The rules for signing in, of the installation or of one organisation.

    For each rule, the stricter one of the installation's rule and the organisation's rule applies to a member. `second_factor`:
    whether everyone who signs in with a password needs a second factor. `provider`: "only" refuses passwords and passkeys.
    `hours`: how long a sign-in lasts; 0: the standard time (`STANDARD_HOURS`).
    """

    second_factor: Required = "off"
    provider: ProviderUse = "offered"
    hours: int = 0

    @property
    def life_ms(self) -> int:
        """The time (ms) for which a sign-in under these rules lasts."""
        return (self.hours or STANDARD_HOURS) * 3_600_000

    def and_also(self, other: SignInRules) -> SignInRules:
        """Return rules in which each rule is the stricter one of this object's rule and the rule of `other`."""
        hours = [each.hours for each in (self, other) if each.hours]
        return SignInRules(
            second_factor="required" if "required" in (self.second_factor, other.second_factor) else "off",
            provider="only" if "only" in (self.provider, other.provider) else "offered",
            hours=min(hours, default=0),
        )


class SignIns(Database):
    """The sign-ins of staff, and the means by which a member proves who they are: passwords, links, second factors."""

    # --- sign-ins of one member ------------------------------------------------------------------------------------------

    async def sign_ins_of(self, staff: str) -> list[SignInRecord]:
        """Return this member's sign-ins, the newest first."""
        mine = sa.select(t.sign_in).where(t.sign_in.c.staff == staff).order_by(t.sign_in.c.created_at.desc())
        return [SignInRecord(**row) for row in await self._all(mine)]

    async def end_sign_in(self, staff: str, sign_in_id: str, *, audit: Iterable[Audited] = ()) -> bool:
        """End one sign-in of this member. Return False when this member has no such sign-in.

        `audit`: audit entries to store in the same transaction.
        """
        this = sa.func.substr(t.sign_in.c.token_hash, 1, ID_LENGTH) == sign_in_id
        return await self._do(sa.delete(t.sign_in).where(t.sign_in.c.staff == staff, this), audit) > 0

    async def end_other_sign_ins(self, staff: str, keep: str, *, audit: Iterable[Audited] = ()) -> int:
        """End all sign-ins of this member except the sign-in with the token hash `keep`. Return how many sign-ins ended.

        `audit`: audit entries to store in the same transaction. The entries are not stored if no sign-in ended.
        """
        return await self._do(sa.delete(t.sign_in).where(t.sign_in.c.staff == staff, t.sign_in.c.token_hash != keep), audit)

    async def prove(self, token_hash: str, now: int, *, limited: bool | None = None) -> None:
        """Store that the member with this sign-in has proved who they are, at `now` (Unix ms).

        `limited`: if given, store whether the sign-in is limited to setting up a second factor.
        """
        values: dict[str, int | bool] = {"proved_at": now}
        if limited is not None:
            values["limited"] = limited
        await self._do(sa.update(t.sign_in).where(t.sign_in.c.token_hash == token_hash).values(values))

    # --- devices ---------------------------------------------------------------------------------------------------------

    async def know_device(self, staff: str, device: str, sign_in: str, now: int) -> Acquaintance:
        """Remember the browser in which a member has just signed in, by the hash of the browser's own token.

        `sign_in`: the public id of the new sign-in. A known browser keeps the id of its first sign-in, because the mail about
        this browser contains that id. Return "known" if the member has signed in with this browser before, "first" if the member
        had no remembered browser yet, and "new" otherwise.
        """
        c = t.staff_device.c
        mine, this = c.staff == staff, (c.staff == staff) & (c.token_hash == device)

        def know(connection: sa.Connection) -> Acquaintance:
            lock_parent(connection, t.staff, staff)
            if connection.execute(sa.update(t.staff_device).where(this).values(at=now)).rowcount:
                return "known"
            others = list(connection.execute(sa.select(c.token_hash).where(mine).order_by(c.at.desc())).scalars())
            connection.execute(sa.insert(t.staff_device).values(staff=staff, token_hash=device, sign_in=sign_in, at=now))
            if forgotten := others[MOST_DEVICES - 1 :]:
                connection.execute(sa.delete(t.staff_device).where(mine, c.token_hash.in_(forgotten)))
            return "new" if others else "first"

        return await self._transaction(know, writes=True)

    async def end_sign_in_of_stranger(self, staff: str, sign_in_id: str, at: int, *, audit: Iterable[Audited] = ()) -> int:
        """End a sign-in that a stranger made in this member's name, and forget the stranger's browser.

        All later sign-ins of the member end, too. The stranger might have signed in again with the same browser, and there is no
        mail about a second sign-in with a known browser. Return how many sign-ins ended. `at`: when the reported sign-in began
        (Unix ms). `audit`: audit entries to store in the same transaction.
        """

        def end(connection: sa.Connection) -> int:
            device = t.staff_device.c
            connection.execute(sa.delete(t.staff_device).where(device.staff == staff, device.sign_in == sign_in_id))
            this = sa.func.substr(t.sign_in.c.token_hash, 1, ID_LENGTH) == sign_in_id
            ended = sa.delete(t.sign_in).where(t.sign_in.c.staff == staff, this | (t.sign_in.c.created_at >= at))
            add_all(connection, audit)
            return connection.execute(ended).rowcount

        return await self._transaction(end, writes=True)

    # --- passwords -------------------------------------------------------------------------------------------------------

    async def change_password(
        self, staff: str, before: str, password_hash: str, keep: str, *, audit: Iterable[Audited] = ()
    ) -> bool:
        """Replace the member's password hash `before` by `password_hash`.

        End the member's one-time links, and all their sign-ins except the sign-in with the token hash `keep`. Return False, and
        change nothing, when the stored password hash is not `before`. `audit`: audit entries to store in the same transaction.
        """

        def change(connection: sa.Connection) -> bool:
            mine = (t.staff.c.id == staff) & (t.staff.c.password_hash == before)
            if not connection.execute(sa.update(t.staff).where(mine).values(password_hash=password_hash)).rowcount:
                return False
            connection.execute(sa.delete(t.sign_in).where(t.sign_in.c.staff == staff, t.sign_in.c.token_hash != keep))
            connection.execute(sa.delete(t.reset_link).where(t.reset_link.c.staff == staff))
            add_all(connection, audit)
            return True

        return await self._transaction(change, writes=True)

    async def add_reset_link(
        self, token_hash: str, staff: str, expires_at: int, *, alone: bool = True, audit: Iterable[Audited] = ()
    ) -> None:
        """Store a one-time link for a new password, which works until `expires_at` (Unix ms).

        `alone`: the link replaces the member's earlier links. `audit`: audit entries to store in the same transaction.
        """

        def add(connection: sa.Connection) -> None:
            if alone:
                connection.execute(sa.delete(t.reset_link).where(t.reset_link.c.staff == staff))
            connection.execute(sa.insert(t.reset_link).values(token_hash=token_hash, staff=staff, expires_at=expires_at))
            add_all(connection, audit)

        await self._transaction(add, writes=True)

    async def reset_link_owner(self, token_hash: str, now: int) -> str | None:
        """Return the id of the member for whom this link was made. Return None when the link is unknown, used or expired."""
        row = await self._first(sa.select(t.reset_link.c.staff).where(_usable(token_hash, now)))
        return row["staff"] if row else None

    async def use_reset_link(self, token_hash: str, password_hash: str, now: int, *, audit: Iterable[Audited] = ()) -> str | None:
        """Set the password of the link's owner: the member for whom the link was made.

        End all sign-ins and all other reset links of the owner. Return the owner's id, or None when the link is unknown, used or
        expired. `audit`: audit entries to store in the same transaction.
        """

        def use(connection: sa.Connection) -> str | None:
            found = connection.execute(sa.delete(t.reset_link).where(_usable(token_hash, now)).returning(t.reset_link.c.staff))
            staff = found.scalar_one_or_none()
            if staff is None:
                return None
            connection.execute(sa.delete(t.reset_link).where(t.reset_link.c.staff == staff))
            connection.execute(sa.update(t.staff).where(t.staff.c.id == staff).values(password_hash=password_hash))
            connection.execute(sa.delete(t.sign_in).where(t.sign_in.c.staff == staff))
            add_all(connection, audit)
            return str(staff)

        return await self._transaction(use, writes=True)

    # --- authenticator app and recovery codes ----------------------------------------------------------------------------

    async def totp(self, staff: str) -> TotpRecord | None:
        """Return this member's authenticator app, or None."""
        row = await self._first(sa.select(t.totp).where(t.totp.c.staff == staff))
        return TotpRecord(**row) if row else None

    async def begin_totp(self, staff: str, seed: str) -> bool:
        """Store an unconfirmed authenticator app with its encrypted seed. Return False when the member has a confirmed app."""

        def begin(connection: sa.Connection) -> bool:
            lock_parent(connection, t.staff, staff)
            mine = t.totp.c.staff == staff
            connection.execute(sa.delete(t.totp).where(mine, ~t.totp.c.confirmed))
            if connection.execute(sa.select(t.totp.c.staff).where(mine)).first():
                return False
            connection.execute(sa.insert(t.totp).values(staff=staff, seed=seed, used_step=0, confirmed=False))
            return True

        return await self._transaction(begin, writes=True)

    async def use_totp_step(self, staff: str, step: int) -> bool:
        """Mark the authenticator app's code of this 30-second step as used.

        Return False when this code or a later code was already used.
        """
        return await self._do(sa.update(t.totp).where(_fresh(staff, step)).values(used_step=step)) > 0

    async def confirm_totp(self, staff: str, step: int, hashes: list[str], *, audit: Iterable[Audited] = ()) -> bool:
        """Confirm the authenticator app, and store the hashes of new recovery codes.

        `step`: number of the 30-second step whose code the member has typed. Return False, and store nothing, when the code of
        this step or of a later step was already used. `audit`: audit entries to store in the same transaction.
        """

        def confirm(connection: sa.Connection) -> bool:
            used = sa.update(t.totp).where(_fresh(staff, step)).values(used_step=step, confirmed=True)
            if not connection.execute(used).rowcount:
                return False
            _replace_recovery_codes(connection, staff, hashes)
            add_all(connection, audit)
            return True

        return await self._transaction(confirm, writes=True)

    async def remove_totp(self, staff: str, *, audit: Iterable[Audited] = ()) -> bool:
        """Remove this member's authenticator app and recovery codes. Return False when there was no app.

        `audit`: audit entries to store in the same transaction.
        """

        def remove(connection: sa.Connection) -> bool:
            connection.execute(sa.delete(t.recovery_code).where(t.recovery_code.c.staff == staff))
            if not connection.execute(sa.delete(t.totp).where(t.totp.c.staff == staff)).rowcount:
                return False
            add_all(connection, audit)
            return True

        return await self._transaction(remove, writes=True)

    async def remove_factors(self, staff: str, *, audit: Iterable[Audited] = ()) -> None:
        """Remove all second factors of this member, and end all their sign-ins.

        `audit`: audit entries to store in the same transaction.
        """
        tables = (t.recovery_code, t.totp, t.passkey, t.sign_in)

        def remove(connection: sa.Connection) -> None:
            for table in tables:
                connection.execute(sa.delete(table).where(table.c.staff == staff))
            add_all(connection, audit)

        await self._transaction(remove, writes=True)

    async def set_recovery_codes(self, staff: str, hashes: list[str], *, audit: Iterable[Audited] = ()) -> None:
        """Replace this member's recovery codes. `audit`: audit entries to store in the same transaction."""

        def replace(connection: sa.Connection) -> None:
            lock_parent(connection, t.staff, staff)
            _replace_recovery_codes(connection, staff, hashes)
            add_all(connection, audit)

        await self._transaction(replace, writes=True)

    async def recovery_codes_left(self, staff: str) -> int:
        """Return how many unused recovery codes this member has."""
        mine = sa.select(sa.func.count().label("n")).select_from(t.recovery_code).where(t.recovery_code.c.staff == staff)
        row = await self._first(mine)
        return int(row["n"]) if row else 0

    async def use_recovery_code(self, staff: str, code_hash: str) -> bool:
        """Remove a recovery code, because it was used. Return False when this member has no such unused code."""
        this = (t.recovery_code.c.staff == staff) & (t.recovery_code.c.code_hash == code_hash)
        return await self._do(sa.delete(t.recovery_code).where(this)) > 0

    # --- rules -----------------------------------------------------------------------------------------------------------

    async def sign_in_rules(self, of: str = INSTALLATION) -> SignInRules:
        """Return the sign-in rules of the installation, or of an organisation. `of`: `INSTALLATION`, or the row `rules_of(…)`."""
        return (await self._rules(t.sign_in_rules.c.id == of)).get(of, SignInRules())

    async def rules_for(self, organisation: str) -> SignInRules:
        """Return the sign-in rules that apply to an organisation's staff.

        Each rule is the stricter one of the organisation's rule and the installation's rule.
        """
        found = await self._rules(t.sign_in_rules.c.id.in_((INSTALLATION, rules_of(organisation))))
        return found.get(INSTALLATION, SignInRules()).and_also(found.get(rules_of(organisation), SignInRules()))

    async def all_sign_in_rules(self) -> dict[str, SignInRules]:
        """Return all stored sign-in rules: the row's id (`INSTALLATION` or `rules_of(…)`) → the rules in that row."""
        return await self._rules(sa.true())

    async def _rules(self, which: sa.ColumnElement[bool]) -> dict[str, SignInRules]:
        rows = await self._all(sa.select(t.sign_in_rules).where(which))
        return {row["id"]: _rules_in(row) for row in rows}

    async def save_sign_in_rules(
        self, rules: SignInRules, of: str = INSTALLATION, *, expected: str | None = None, audit: Iterable[Audited] = ()
    ) -> None:
        """Store the sign-in rules of the installation (row `INSTALLATION`) or of an organisation (its row is `rules_of`).

        `expected`: the version (`version_of`) of the stored rules. `audit`: audit entries to store in the same transaction.
        Raises Changed when the stored rules have another version. Raises NoProvider when the rules let staff sign in at the
        provider only, but neither this row nor the installation has a provider.
        """
        values = {name: getattr(rules, name) for name in SignInRules.__struct_fields__}
        this = t.sign_in_rules.c.id == of

        def save(connection: sa.Connection) -> None:
            if rules.provider == "only" and not lock_providers(connection) & {of, INSTALLATION}:
                raise NoProvider
            row = connection.execute(sa.select(t.sign_in_rules).where(this).with_for_update()).mappings().first()
            if expected is not None and version_of(_rules_in(row)) != expected:
                raise Changed(of)
            if row is None:
                connection.execute(sa.insert(t.sign_in_rules).values(id=of, **values))
            else:
                connection.execute(sa.update(t.sign_in_rules).where(this).values(values))
            add_all(connection, audit)

        try:
            await self._transaction(save, writes=True)
        except IntegrityError:  # somebody else has stored the first rules of this row at the same time
            raise Changed(of) from None


def store_sign_in(
    connection: sa.Connection, record: SignInRecord, password_hash: str | None = None, audit: Iterable[Audited] = ()
) -> bool:
    """Store a sign-in, with its audit entries.

    Return False, and store nothing, when the member of staff is removed or deactivated. Do the same when `password_hash` is given
    and the member's stored password hash differs from it.
    """
    here = sa.and_(t.staff.c.id == record.staff, t.staff.c.active)
    # locks the member's row: a password change waits for this transaction, and then ends the new sign-in
    present = connection.execute(sa.select(t.staff.c.password_hash).where(here).with_for_update(read=True)).scalar_one_or_none()
    if present is None or password_hash not in (None, present):
        return False
    connection.execute(sa.insert(t.sign_in).values({name: getattr(record, name) for name in SignInRecord.__struct_fields__}))
    add_all(connection, audit)
    return True


def _fresh(staff: str, step: int) -> sa.ColumnElement[bool]:
    return (t.totp.c.staff == staff) & (t.totp.c.used_step < step)


def _replace_recovery_codes(connection: sa.Connection, staff: str, hashes: list[str]) -> None:
    connection.execute(sa.delete(t.recovery_code).where(t.recovery_code.c.staff == staff))
    connection.execute(sa.insert(t.recovery_code), [{"staff": staff, "code_hash": each} for each in hashes])


def lock_providers(connection: sa.Connection) -> set[str]:
    """Return the rows of the sign-in providers that are set up, and lock these rows until the end of the transaction.

    While the rows are locked, nobody can remove a provider. So a caller can check that a provider exists, and then store a rule
    that needs it.
    """
    return set(connection.execute(sa.select(t.oidc_settings.c.id).order_by(t.oidc_settings.c.id).with_for_update()).scalars())


def _rules_in(row: sa.RowMapping | None) -> SignInRules:
    return SignInRules(**{name: row[name] for name in SignInRules.__struct_fields__}) if row is not None else SignInRules()


def _usable(token_hash: str, now: int) -> sa.ColumnElement[bool]:
    return (t.reset_link.c.token_hash == token_hash) & (t.reset_link.c.expires_at > now)
