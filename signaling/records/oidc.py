"""Sign-in at an OpenID provider: the provider's settings, the people whom the provider knows, and the tokens of each sign-in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Literal

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.exc import IntegrityError

from . import tables as t
from .auditing import Audited, add_all
from .database import Database
from .sign_ins import INSTALLATION, NoProvider, lock_providers, organisation_of, rules_of, store_sign_in
from .types import Changed, SignInRecord, StaffRecord, version_of

ProviderRole = Literal["owner", "manager", "supervisor", "counselor", "professional"]


class RoleRule(Struct, frozen=True, kw_only=True):
    """A rule: people with this `value` in the provider's attribute `role_claim` get this `role`. No rule makes administrators."""

    value: str
    role: ProviderRole


def source_of(of: str, issuer: str) -> str:
    """Return the name under which the database stores the people of a provider.

    `of`: `INSTALLATION`, or `rules_of(organisation)`. Two organisations can use the same issuer. A person who belongs to both
    organisations has two separate accounts.
    """
    return issuer if of == INSTALLATION else f"{of} {issuer}"


def sources_in_organisation(of: str, issuer: str) -> list[str]:
    """Return the names (`source_of`) under which the database can hold an organisation's people whom this issuer knows.

    The name for the provider of `of` comes first. There can be a second name, because the installation's provider and the first
    organisation's own provider both add people to the first organisation.
    """
    organisation = organisation_of(of)
    others = [row for row in (INSTALLATION, rules_of(organisation)) if row != of and organisation_of(row) == organisation]
    return [source_of(row, issuer) for row in (of, *others)]


class OidcSettings(Struct, frozen=True, kw_only=True):
    """The provider of an installation, or of one organisation.

    `name`: the provider's name on the sign-in button. `client_secret`: encrypted. `roles`: the first rule that fits a person
    decides the person's role. `languages`: the languages that new counselors and professionals get.
    """

    issuer: str
    client_id: str
    name: str = ""
    client_secret: str = ""
    scopes: str = "openid profile email"
    role_claim: str = "groups"
    roles: list[RoleRule] = []
    languages: list[str] = []

    def is_same_client(self, other: OidcSettings) -> bool:
        """Return whether both settings name the same provider and the same client id of this installation at the provider.

        If new settings name another client id or another provider than the old settings, the sign-ins at the old provider end.
        """
        return (self.issuer, self.client_id) == (other.issuer, other.client_id)


class ProviderSignIn(Struct, frozen=True, kw_only=True):
    """A sign-in that the provider vouches for.

    `issuer`: the provider, as `source_of` names it. `tokens`: encrypted. `failing_since` (Unix ms): 0 while checks of the sign-in
    at the provider succeed. If the provider does not answer: since when it has not answered. If the provider refuses this
    installation: when it last refused.
    """

    token_hash: str
    issuer: str
    subject: str
    sid: str
    tokens: str
    checked_at: int
    failing_since: int = 0


class Oidc(Database):
    """The settings of OpenID providers, the staff whom the providers know, and the sign-ins of these staff."""

    async def oidc_settings(self, of: str = INSTALLATION) -> OidcSettings | None:
        """Return the settings of one provider, or None if there is no such provider.

        `of`: `INSTALLATION` for the installation's provider, or `rules_of(organisation)` for an organisation's own provider.
        """
        return (await self.all_oidc_settings()).get(of)

    async def all_oidc_settings(self) -> dict[str, OidcSettings]:
        """Return the settings of every provider. The keys are `INSTALLATION` and `rules_of(organisation)`."""
        rows = await self._all(sa.select(t.oidc_settings))
        return {row["id"]: msgspec.convert(row["settings"], OidcSettings) for row in rows}

    async def save_oidc_settings(
        self,
        settings: OidcSettings | None,
        of: str = INSTALLATION,
        *,
        expected: str | None = None,
        audit: Iterable[Audited] = (),
    ) -> None:
        """Store a provider's settings. None removes the provider.

        If the provider is removed, or its issuer or client id changes, the sign-ins at this provider end. `expected`: the version
        (`version_of`) of the stored settings; "" for none. `audit`: audit entries to store in the same transaction. Raises
        Changed when the stored settings have another version. Raises NoProvider when the provider is removed, or its issuer
        changes, while a rule lets staff sign in only at this provider. A new issuer would not know these staff. Such a rule of an
        organisation needs the organisation's own provider or, if the organisation has no provider, the installation's provider.
        While such a rule for the whole installation exists, no provider can be removed.
        """
        this = t.oidc_settings.c.id == of

        def save(connection: sa.Connection) -> None:
            rows = lock_providers(connection)
            before = connection.execute(sa.select(t.oidc_settings.c.settings).where(this)).scalar_one_or_none()
            old = msgspec.convert(before, OidcSettings) if before else None
            if expected is not None and (version_of(old) if old else "") != expected:
                raise Changed(of)
            c = t.sign_in_rules.c
            needed = sa.select(c.id).where(c.provider == "only")
            needed = needed.where(c.id.not_in(rows - {of})) if of == INSTALLATION else needed.where(c.id.in_((of, INSTALLATION)))
            elsewhere = settings is None or (old is not None and old.issuer != settings.issuer)
            if old is not None and elsewhere and connection.execute(needed).first() is not None:
                raise NoProvider
            connection.execute(sa.delete(t.oidc_settings).where(this))
            if settings is not None:
                values = msgspec.to_builtins(settings)
                connection.execute(sa.insert(t.oidc_settings).values(id=of, settings=values))
            if old and not (settings and old.is_same_client(settings)):
                source = source_of(of, old.issuer)
                theirs = sa.select(t.provider_sign_in.c.token_hash).where(t.provider_sign_in.c.issuer == source)
                connection.execute(sa.delete(t.sign_in).where(t.sign_in.c.token_hash.in_(theirs)))
            add_all(connection, audit)

        await self._transaction(save, writes=True)

    async def staff_of_subject(self, issuer: str, subject: str) -> StaffRecord | None:
        """Return the member of staff whom the provider knows by this subject, or None."""
        joined = t.staff.join(t.staff_subject, t.staff_subject.c.staff == t.staff.c.id)
        mine = (t.staff_subject.c.issuer == issuer) & (t.staff_subject.c.subject == subject)
        row = await self._first(sa.select(*t.staff.c).select_from(joined).where(mine))
        return StaffRecord(**row) if row else None

    async def add_staff_of_subject(
        self, issuer: str, subject: str, record: StaffRecord, *, audit: Iterable[Audited] = ()
    ) -> StaffRecord:
        """Add a member whom the provider knows by this subject, and return the member.

        If another sign-in of the same person has added the member already, return the stored member. Raises
        ValueError("login_taken") when another member of staff has this login. `audit`: audit entries to store in the same
        transaction.
        """
        values = {name: getattr(record, name) for name in StaffRecord.__struct_fields__}

        def add(connection: sa.Connection) -> None:
            connection.execute(sa.insert(t.staff).values(values))
            connection.execute(sa.insert(t.staff_subject).values(issuer=issuer, subject=subject, staff=record.id))
            add_all(connection, audit)

        try:
            await self._transaction(add, writes=True)
        except IntegrityError:
            if (stored := await self.staff_of_subject(issuer, subject)) is not None:
                return stored
            raise ValueError("login_taken") from None
        return record

    async def know_by_subject(self, issuer: str, subject: str, staff: str) -> None:
        """Store that a provider knows a member of staff by this subject. `issuer`: the provider's name (`source_of`)."""
        with suppress(IntegrityError):  # another sign-in of this person has stored the same row, or the member was removed
            await self._do(sa.insert(t.staff_subject).values(issuer=issuer, subject=subject, staff=staff))

    async def is_of_provider(self, staff: str, issuers: Collection[str] | None = None) -> bool:
        """Return whether a provider knows this member of staff.

        If so, only this provider decides whether the member may sign in. `issuers`: consider only these providers, as `source_of`
        names them; None: all providers.
        """
        c = t.staff_subject.c
        known = sa.select(c.staff).where(c.staff == staff, sa.true() if issuers is None else c.issuer.in_(issuers))
        return await self._first(known) is not None

    async def add_provider_sign_in(
        self,
        sign_in: SignInRecord,
        record: ProviderSignIn,
        of: str,
        settings: OidcSettings,
        *,
        audit: Iterable[Audited] = (),
    ) -> bool:
        """Store a sign-in for which a provider vouches.

        `of`: whose provider it is: `INSTALLATION`, or `rules_of(organisation)`. `settings`: the provider's settings when the
        sign-in began. `audit`: audit entries to store in the same transaction.

        Return False, and store nothing, when the member of staff is gone or deactivated. Do the same when the provider was
        removed or replaced meanwhile, because nobody would ask the old provider about the sign-in any more.
        """
        values = {name: getattr(record, name) for name in ProviderSignIn.__struct_fields__}
        present = sa.select(t.oidc_settings.c.settings).where(t.oidc_settings.c.id == of).with_for_update()

        def add(connection: sa.Connection) -> bool:
            lock_providers(connection)  # a change of the provider waits for this transaction, and then ends the new sign-in
            stored = connection.execute(present).scalar_one_or_none()
            if stored is None or not msgspec.convert(stored, OidcSettings).is_same_client(settings):
                return False
            if not store_sign_in(connection, sign_in, audit=audit):
                return False
            connection.execute(sa.insert(t.provider_sign_in).values(values))
            return True

        return await self._transaction(add, writes=True)

    async def due_provider_sign_ins(self, before: int, most: int, issuer: str) -> list[ProviderSignIn]:
        """Return up to `most` sign-ins of a provider that were last checked before `before` (Unix ms).

        The sign-in with the oldest check comes first. `issuer`: the provider, as `source_of` names it.
        """
        c = t.provider_sign_in.c
        due = sa.select(t.provider_sign_in).where(c.issuer == issuer, c.checked_at < before)
        rows = await self._all(due.order_by(t.provider_sign_in.c.checked_at).limit(most))
        return [ProviderSignIn(**row) for row in rows]

    async def take_provider_check(self, record: ProviderSignIn, now: int) -> bool:
        """Reserve the next check of a sign-in, so that no other server makes the same check.

        The check asks the provider about the sign-in. Return False when another server has already reserved the check.
        """
        c = t.provider_sign_in.c
        same = (c.token_hash == record.token_hash) & (c.checked_at == record.checked_at)
        return await self._do(sa.update(t.provider_sign_in).where(same).values(checked_at=now)) > 0

    async def save_provider_check(self, token_hash: str, *, tokens: str | None = None, failing_since: int = 0) -> None:
        """Store the result of checking a sign-in at the provider. `tokens`: new encrypted tokens; None: keep the stored tokens.

        `failing_since`: as in `ProviderSignIn` (Unix ms).
        """
        values: dict[str, object] = {"failing_since": failing_since} | ({} if tokens is None else {"tokens": tokens})
        await self._do(sa.update(t.provider_sign_in).where(t.provider_sign_in.c.token_hash == token_hash).values(values))

    async def end_provider_sign_ins(self, issuer: str, *, subject: str = "", sid: str = "") -> list[str]:
        """End the sign-ins of a person (`subject`), or of one session at the provider (`sid`).

        Store an audit entry for each member whose sign-ins end. Return the ids of the members of staff whose sign-ins ended.
        With neither `subject` nor `sid`, end no sign-in.
        """
        c = t.provider_sign_in.c
        these = c.issuer == issuer
        these &= c.subject == subject if subject else sa.true()
        these &= c.sid == sid if sid else sa.true()
        hashes = sa.select(c.token_hash).where(these)

        def end(connection: sa.Connection) -> list[str]:
            ended = sa.delete(t.sign_in).where(t.sign_in.c.token_hash.in_(hashes)).returning(t.sign_in.c.staff)
            staff = sorted(set(connection.execute(ended).scalars()))
            add_all(connection, [Audited("provider", "sign_in.end", f"staff/{each}") for each in staff])
            return staff

        return await self._transaction(end, writes=True) if subject or sid else []
