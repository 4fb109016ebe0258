"""Ask the OpenID provider about each sign-in every 30 seconds, and end the sign-ins that the provider no longer confirms.

Somebody who is deactivated at the provider, or no longer has a role, is signed out within a minute. While the provider does not
answer, sign-ins stay valid for at most an hour, so a failure of the provider does not end every conversation. While the provider
refuses this installation, for example because of a wrong client secret, sign-ins stay valid until they expire. Every other
refusal with an error code counts as a refusal of the person, and ends that person's sign-in. The audit log contains the error
code.

Some providers issue no refresh tokens. Then the server asks the userinfo endpoint with the access token, and a sign-in lasts
until the access token has expired. If only the ID token named the role, the userinfo endpoint shows only that the person is still
active. In that case, two other changes also end the sign-in: the member has another role than at sign-in, or the settings now
give another role for the values that the ID token named.

Each provider is asked in a task of its own. So an organisation's provider that is slow, or that answers nonsense, delays no other
organisation's checks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import structlog
from msgspec.structs import replace

from signaling.config.seal import Unsealable
from signaling.protocol.reading import Unreadable
from signaling.records import Audited, Changed, OidcSettings, ProviderSignIn, Records, RecordsAway

from . import people
from .provider import BadProvider, ClientRefused, FormData, Provider, ProviderAway, ProviderRefuses, Tokens
from .sign_in import Kept, OidcSignIn, access_until
from .tokens import BadToken, Claims

log = structlog.get_logger(__name__)

EVERY_MS = 30_000  # Milliseconds between two checks of one sign-in.
LOOK_S = 3.0  # Seconds between two searches for sign-ins that are due for a check.
AT_ONCE = 8  # At most this many sign-ins of one provider are checked at the same time.
MOST_DUE = 400  # One search finds at most this many of a provider's sign-ins that are due for a check.
EXCHANGED_S = 1.0  # When the server ends, it waits at most this many seconds for the exchange of refresh tokens.
PATIENCE_MS = 3_600_000  # A sign-in ends when its checks have failed for this many ms, because the provider did not answer.


class Checks:
    """Asks each OpenID provider regularly whether its people's sign-ins are still valid."""

    def __init__(self, records: Records, oidc: OidcSignIn, now: Callable[[], int]) -> None:
        self._records = records
        self._oidc = oidc
        self._now = now
        # provider (`source_of`) → the task that checks the provider's sign-ins now
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._refused: set[str] = set()  # the issuers that refuse this installation
        # the tasks that exchange refresh tokens now; such a task is not cancelled together with the check that needs its result
        self._exchanges: set[asyncio.Task[Tokens]] = set()

    async def look(self) -> None:
        """Begin to check the sign-ins whose last check was `EVERY_MS` ago or earlier.

        Leave out providers that are being asked already, and those whose client secret cannot be decrypted.
        """
        for source, (_, settings, provider) in (await self._oidc.sources()).items():
            if source not in self._asking:
                self._asking[source] = asyncio.create_task(self._look_at(source, settings, provider))
                self._asking[source].add_done_callback(partial(self._asked, source))

    def _asked(self, source: str, task: asyncio.Task[None]) -> None:
        del self._asking[source]

    async def done(self) -> None:
        """Wait until no provider is being asked."""
        while self._asking:
            await asyncio.wait(self._asking.values())

    async def close(self) -> None:
        """Cancel the checks that are under way. Wait at most `EXCHANGED_S` for refresh tokens that are being exchanged."""
        for task in self._asking.values():
            task.cancel()
        await self.done()
        if exchanges := set(self._exchanges):
            _, late = await asyncio.wait(exchanges, timeout=EXCHANGED_S)
            for each in late:
                each.cancel()
            await asyncio.gather(*exchanges, return_exceptions=True)

    async def _look_at(self, source: str, settings: OidcSettings, provider: Provider) -> None:
        """Check those sign-ins of one provider that are due for a check."""
        places = asyncio.Semaphore(AT_ONCE)

        async def in_turn(record: ProviderSignIn) -> None:
            async with places:
                await self._check(record, settings, provider)

        with suppress(RecordsAway):  # the sign-ins stay due, so the next search finds them again
            due = await self._records.due_provider_sign_ins(self._now() - EVERY_MS, MOST_DUE, source)
            await asyncio.gather(*map(in_turn, due))

    async def _check(self, record: ProviderSignIn, settings: OidcSettings, provider: Provider) -> None:
        """Check one sign-in. An unexpected error is logged and not raised, so that the checks of other sign-ins go on."""
        now = self._now()
        with suppress(RecordsAway):
            if not await self._records.take_provider_check(record, now):
                return
            try:
                await self._ask(record, settings, provider, now)
            except ClientRefused as error:
                await self._report(record, error, now)
            except (ProviderAway, BadProvider) as error:
                await self._wait(record, error, now)
            except (ProviderRefuses, BadToken, Unsealable, Unreadable) as error:
                await self._end(record, str(error))
            except RecordsAway:
                raise
            except Exception:
                log.exception("a sign-in could not be checked at its provider")

    async def _ask(self, record: ProviderSignIn, settings: OidcSettings, provider: Provider, now: int) -> None:
        """Ask the provider whether a sign-in is still valid. Store the member's new role or name.

        Raises ClientRefused when the provider refuses this installation. Raises ProviderAway or BadProvider when the provider
        gives no usable answer. After each of these three errors, the sign-in stays valid for now. Any other ProviderRefuses means
        that the sign-in must end. So does BadToken. So do Unsealable and Unreadable, with which the stored tokens cannot be read.
        """
        kept = self._oidc.opened(record)
        if kept.refresh_token:
            claims = await self._refresh(record, kept, settings, provider, now)
        elif now < kept.until:
            claims = await provider.user_info(kept.access_token, now)
        else:
            raise BadToken("the provider gave no refresh token, and its access token has ended")
        if claims and claims.get("sub") != record.subject:
            raise BadToken("the provider speaks of somebody else")
        if not kept.values:
            await self._take_over(record, claims, settings)
        elif people.names_role(claims, settings):  # from now on, an answer that names no role means that the role is gone
            known = self._oidc.sealed(replace(kept, values=[]), record.token_hash)
            await self._records.save_provider_check(record.token_hash, tokens=known)
            await self._take_over(record, claims, settings)
        else:
            await self._confirm(record, kept, settings)

    async def _refresh(self, record: ProviderSignIn, kept: Kept, settings: OidcSettings, provider: Provider, now: int) -> Claims:
        form = {"grant_type": "refresh_token", "refresh_token": kept.refresh_token}
        exchange = asyncio.create_task(self._exchange(form, record, kept, provider, now))
        self._exchanges.add(exchange)
        exchange.add_done_callback(self._exchanges.discard)
        given = await asyncio.shield(exchange)
        self._refused.discard(record.issuer)
        if not given.id_token:
            return await provider.user_info(given.access_token, now)
        try:
            claims, _ = await self._oidc.claims(provider, settings, given, None, now)
        except BadToken as error:  # a bad token shows that the settings or a clock are wrong, and nothing about the person
            raise BadProvider(f"The provider's new ID token is refused: {error}.") from None
        return claims

    async def _exchange(self, form: FormData, record: ProviderSignIn, kept: Kept, provider: Provider, now: int) -> Tokens:
        """Exchange a refresh token at the provider (`form`), and store the new tokens, even if the database is unavailable.

        Many providers accept a refresh token only once, and end the person's sign-in when it is used again.
        """
        given = await provider.tokens(form, now)
        new = replace(
            kept,
            access_token=given.access_token,
            # RFC 6749, 6: if the provider gives no new refresh token, the old one stays valid
            refresh_token=given.refresh_token or kept.refresh_token,
            until=access_until(given, now),
        )
        sealed = self._oidc.sealed(new, record.token_hash)
        await self._records.insist(lambda: self._records.save_provider_check(record.token_hash, tokens=sealed))
        return given

    async def _confirm(self, record: ProviderSignIn, kept: Kept, settings: OidcSettings) -> None:
        """Confirm a sign-in for which the provider named the role in the ID token, and nowhere else.

        Change nothing in the member's record. Raises BadToken if the member is gone, if the settings give no role any more, or if
        the member now has another role, for example because of a newer sign-in. The sign-in of the last owner of an organisation
        stays valid even if the role is another one.
        """
        member = await self._records.staff_of_subject(record.issuer, record.subject)
        if member is None:
            raise BadToken("the member of staff is gone")
        role = people.role_for(kept.values, settings)
        if role is None or kept.claim != settings.role_claim:
            raise BadToken("the settings give no role any more")
        differs = people.place_of(role) != (member.role, member.offices)
        if differs and not await self._records.is_last_owner(member):
            raise BadToken("the member has another role than at sign-in")
        if record.failing_since:
            await self._records.save_provider_check(record.token_hash)

    async def _take_over(self, record: ProviderSignIn, claims: Claims, settings: OidcSettings) -> None:
        """Store the member's role and name as the provider gives them now. Raises BadToken when the member has no role any more.

        If the member's `role` changes, `save_staff` ends all sign-ins of the member.
        """
        member = await self._records.staff_of_subject(record.issuer, record.subject)
        if member is None:
            raise BadToken("the member of staff is gone")
        try:
            changed = await self._oidc.take_over(member, claims, settings) if claims else member
        except Changed:  # somebody has just changed the member in the settings, so the next check tries again
            return
        if changed is None and not people.names_role(claims, settings):
            raise BadToken(f"the provider does not name the claim {settings.role_claim} any more")
        if changed is None:
            raise BadToken("the provider gives no role any more")
        if record.failing_since:
            await self._records.save_provider_check(record.token_hash)

    async def _report(self, record: ProviderSignIn, error: ClientRefused, now: int) -> None:
        """Log once that the provider refuses this installation. Store `failing_since`, which `sangdam doctor` reads."""
        if record.issuer not in self._refused:
            log.error("the sign-in provider refuses this installation; check its client and secret", why=str(error))
        self._refused.add(record.issuer)
        await self._records.save_provider_check(record.token_hash, failing_since=now)

    async def _wait(self, record: ProviderSignIn, error: Exception, now: int) -> None:
        since = record.failing_since or now
        if now - since > PATIENCE_MS:
            await self._end(record, "the provider does not answer")
            return
        if not record.failing_since:
            log.warning("the sign-in provider does not answer", error=type(error).__name__, why=str(error))
        await self._records.save_provider_check(record.token_hash, failing_since=since)

    async def _end(self, record: ProviderSignIn, why: str) -> None:
        sign_in = await self._records.sign_in(record.token_hash)
        if sign_in is None:
            return
        audit = [Audited("provider", "sign_in.end", f"staff/{sign_in.staff}", why)]
        if await self._records.remove_sign_in(record.token_hash, audit=audit):
            log.info("the provider ended a sign-in", staff=sign_in.staff, why=why)
