"""Sign staff in at the OpenID provider of the installation, or of their organisation."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

import msgspec
import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from msgspec import Struct
from msgspec.structs import replace

from signaling.access.identity import SignedIn, sign_in_for, signed_in, token_hash
from signaling.access.sign_in_refused import SignInRefused
from signaling.config.seal import Seal, Unsealable
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.records import (
    Audited,
    Changed,
    OidcSettings,
    ProviderSignIn,
    Records,
    StaffRecord,
    audit_entries,
    version_of,
)
from signaling.records.auditing import entries_by
from signaling.records.oidc import source_of, sources_in_organisation
from signaling.records.owners import LastOwner
from signaling.records.sign_ins import INSTALLATION, organisation_of, rules_of

from . import people
from .provider import BadProvider, Connector, Description, Provider, ProviderAway, ProviderRefuses, Tokens
from .tokens import BadToken, Claims, UnknownKey, id_claims, is_id, logout_claims

log = structlog.get_logger(__name__)

STATE_LIFE_MS = 10 * 60_000
# ms for which a used logout token is remembered; a token older than this is refused because of its age
LOGOUT_MARK_MS = 10 * 60_000
# an access token counts as expired after this many seconds at the latest, even if its provider names a longer time
LONGEST_ACCESS_S = 366 * 86_400
USUAL_ACCESS_S = 300  # an access token counts as expired after this many seconds if its provider names no time
_STATE = "oidc state"
_CLIENT = "oidc client"
_Short = Annotated[str, by(Exact(500))]


class State(Struct, kw_only=True):
    """The secrets of one sign-in. An encrypted cookie in the browser holds these secrets while the person is at the provider.

    `of`: the owner of the provider: `INSTALLATION`, or the key `rules_of(organisation)`. `issuer`, `client_id`: the values in the
    provider's settings when the sign-in began.
    """

    state: _Short
    nonce: _Short
    verifier: _Short
    redirect_uri: _Short
    until: int
    of: _Short = INSTALLATION
    issuer: _Short = ""
    client_id: _Short = ""


class Kept(Struct, kw_only=True):
    """The provider's tokens of a sign-in. They are stored encrypted in the database.

    `until`: when the access token expires (Unix ms). `claim`: name of the ID token's field that says the role. `values`: the
    field's values for which the settings have a rule. This list is empty if there is a refresh token, or if the userinfo endpoint
    has named the role, at the sign-in or at a later check.
    """

    access_token: Annotated[str, by(Exact(32_768))]
    refresh_token: Annotated[str, by(Exact(32_768))]
    until: int
    values: list[_Short] = []
    claim: _Short = ""


_read_state: Reader[State] = Reader(State)
_read_kept: Reader[Kept] = Reader(Kept)


class Returned(NamedTuple):
    """The parameters with which the provider sends the browser back. `cookie`: the encrypted `State` from the browser.

    `callback`: the address of this server to which the browser was sent, without its query.
    """

    state: str
    code: str
    error: str
    iss: str
    cookie: str
    callback: str


class OidcSignIn:
    """Signs staff in by the code flow with PKCE, and signs them out when the provider sends a logout token."""

    def __init__(self, records: Records, seal: Seal, wall: Callable[[], int], guarded: Connector = lambda _: None) -> None:
        """Make the sign-in. `wall`: returns the machine's time, with which the provider's tokens are checked.

        `guarded`: returns the connector for requests to organisations' own providers. The organisations' owners typed the
        addresses of these providers, so the addresses are not trusted.
        """
        self._records = records
        self._seal = seal
        self._wall = wall
        self._guarded = guarded
        self._providers: dict[str, tuple[OidcSettings, Provider]] = {}  # Each key is the provider's owner (`State.of`).
        # Ids of members whose change of role was refused and logged, because they are the last owner of their organisation.
        self._last_owners: set[str] = set()

    async def of_organisation(self, organisation: str) -> tuple[str, OidcSettings] | None:
        """Return the owner (`State.of`) and the settings of the provider at which an organisation's people sign in.

        An organisation without a provider of its own uses the installation's provider. Return None when neither exists.
        `organisation`: "" while the organisation is not known.
        """
        found = await self._records.all_oidc_settings()
        return next(((of, found[of]) for of in (rules_of(organisation), INSTALLATION) if of in found), None)

    async def provider(self, of: str = INSTALLATION) -> tuple[OidcSettings, Provider]:
        """Return the settings of an OpenID provider, and the provider.

        `of`: to whom the provider belongs: `INSTALLATION`, or the key `rules_of(organisation)` of an organisation.
        Raises SignInRefused with the reason provider_off or provider_unavailable.
        """
        settings = await self._records.oidc_settings(of)
        if settings is None:
            self._providers.pop(of, None)
            raise SignInRefused("provider_off")
        return self._known(of, settings)

    async def sources_of(self, organisation: str) -> list[str]:
        """Return the names (`source_of`) of the organisation's own provider and of the installation's provider, if they exist."""
        found = await self._records.all_oidc_settings()
        return [source_of(of, found[of].issuer) for of in (rules_of(organisation), INSTALLATION) if of in found]

    async def sources(self) -> dict[str, tuple[str, OidcSettings, Provider]]:
        """Return all providers: name (`source_of`) → owner (`State.of`), settings, provider.

        A provider whose client secret cannot be decrypted is left out.
        """
        found = {}
        for of, settings in (await self._records.all_oidc_settings()).items():
            with suppress(SignInRefused):
                found[source_of(of, settings.issuer)] = (of, *self._known(of, settings))
        return found

    def _known(self, of: str, settings: OidcSettings) -> tuple[OidcSettings, Provider]:
        if of not in self._providers or self._providers[of][0] != settings:
            self._providers[of] = settings, self.provider_of(settings, of)
        return self._providers[of]

    def provider_of(self, settings: OidcSettings, of: str) -> Provider:
        """Return the provider of an owner (`State.of`) with these settings.

        Raises SignInRefused when the stored secret cannot be decrypted.
        """
        try:
            secret = self._seal.open(settings.client_secret, _CLIENT) if settings.client_secret else ""
        except Unsealable:  # the installation's key has changed since the secret was stored
            raise SignInRefused("provider_unavailable") from None
        connector: Connector = self._guarded if of != INSTALLATION else lambda _: None
        return Provider(settings.issuer, settings.client_id, secret, connector)

    def sealed_secret(self, secret: str, kept: str = "") -> str:
        """Encrypt the provider's client secret for the settings.

        `kept`: the stored, encrypted secret. Return `kept` if `secret` is empty, or if `kept` contains the same secret.
        """
        with suppress(Unsealable):
            if kept and secrets.compare_digest(self._seal.open(kept, _CLIENT).encode(), secret.encode()):
                return kept
        return self._seal.close(secret, _CLIENT) if secret else kept

    async def begin(self, callback: str, now: int, organisation: str = "") -> tuple[str, str]:
        """Begin a sign-in at the provider of an organisation (`of_organisation`).

        `callback`: the address to which the installation's provider sends browsers back (see `callback_of`). Return the
        provider's address to which the browser must go, and the value of the browser's cookie. Raises SignInRefused.
        """
        named = await self.of_organisation(organisation)
        of = named[0] if named else INSTALLATION
        settings, provider = await self.provider(of)
        redirect_uri = callback_of(callback, of)
        kept = State(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            until=now + STATE_LIFE_MS,
            of=of,
            issuer=settings.issuer,
            client_id=settings.client_id,
        )
        try:
            described = await provider.description(now)
        except (ProviderAway, ProviderRefuses, BadProvider) as error:
            raise _refusal(error) from None
        address: str = prepare_grant_uri(
            described.authorization_endpoint,
            settings.client_id,
            "code",
            redirect_uri=redirect_uri,
            scope=settings.scopes,
            state=kept.state,
            nonce=kept.nonce,
            code_challenge=create_s256_code_challenge(kept.verifier),
            code_challenge_method="S256",
        )
        return address, self._seal.close(msgspec.json.encode(kept).decode(), _STATE)

    async def finish(self, returned: Returned, *, address: str, device: str, now: int) -> SignedIn:
        """Sign in the person whom the provider sent back. Raises SignInRefused."""
        kept = await self._state(returned, now)
        settings, provider = await self.provider(kept.of)
        # `kept.issuer` and `kept.client_id` are empty if a server of an earlier version began this sign-in
        begun = (kept.issuer, kept.client_id)
        if begun not in (("", ""), (settings.issuer, settings.client_id)):
            raise SignInRefused("state_over")  # the settings now name another provider, which must not get the authorization code
        if returned.error or not returned.code:
            raise SignInRefused("provider_refused")
        try:
            described = await provider.description(now)
            _check_issuer(returned, described, settings)
            form = {
                "grant_type": "authorization_code",
                "code": returned.code,
                "redirect_uri": kept.redirect_uri,
                "code_verifier": kept.verifier,
            }
            tokens = await provider.tokens(form, now)
            claims, by_id_token = await self.claims(provider, settings, tokens, kept.nonce, now)
            tokens_kept = await self._kept(provider, settings, tokens, claims if by_id_token else {}, now)
        except (ProviderAway, ProviderRefuses, BadProvider, BadToken) as error:
            raise _refusal(error) from None
        if not people.names_role(claims, settings):
            log.warning("the sign-in provider names no role", claim=settings.role_claim)
            raise SignInRefused("no_role_claim")
        member = await self._member(claims, settings, kept.of)
        rules = await self._records.rules_for(member.organisation)
        token, made = sign_in_for(member, now, rules=rules, address=address, device=device)
        vouched = ProviderSignIn(
            token_hash=made.token_hash,
            issuer=source_of(kept.of, settings.issuer),
            subject=claims["sub"],
            sid=claims["sid"] if is_id(claims.get("sid")) else "",
            tokens=self.sealed(tokens_kept, made.token_hash),
            checked_at=now,
        )
        audit = [signed_in(made)]
        if not await self._records.add_provider_sign_in(made, vouched, kept.of, settings, audit=audit):
            raise SignInRefused("state_over")  # the member or the provider was removed during this sign-in
        return SignedIn(member, token, limited=False)

    async def claims(
        self, provider: Provider, settings: OidcSettings, tokens: Tokens, nonce: str | None, now: int
    ) -> tuple[Claims, bool]:
        """Check the ID token. Return its claims, and whether these claims name the person's role.

        If the ID token's claims do not name the role, the claims of the userinfo endpoint are returned, too. Raises BadToken,
        ProviderAway, ProviderRefuses and BadProvider.
        """
        given: dict[str, Any] = {"issuer": settings.issuer, "client_id": settings.client_id, "now_s": self._wall() // 1000}
        try:
            claims = id_claims(tokens.id_token, await provider.keys(now), nonce=nonce, **given)
        except UnknownKey:  # the provider might have published a new key
            claims = id_claims(tokens.id_token, await provider.keys(now, fresh=True), nonce=nonce, **given)
        if people.names_role(claims, settings):
            return claims, True
        more = await provider.user_info(tokens.access_token, now)
        if more and more.get("sub") != claims["sub"]:  # Core, 5.3.2
            raise BadToken("the user's info is of somebody else")
        return more | claims, False

    async def _kept(self, provider: Provider, settings: OidcSettings, tokens: Tokens, claims: Claims, now: int) -> Kept:
        """Return the part of the provider's answers that is stored with a new sign-in.

        `claims`: all claims of the ID token if the role is among them; otherwise {}.
        """
        kept = Kept(access_token=tokens.access_token, refresh_token=tokens.refresh_token, until=access_until(tokens, now))
        if kept.refresh_token or not claims:
            return kept
        try:
            confirmed = people.names_role(await provider.user_info(tokens.access_token, now), settings)
        except (ProviderAway, ProviderRefuses, BadProvider):
            confirmed = False  # a later check finds out whether the userinfo endpoint names the role (`checks.py`)
        return kept if confirmed else replace(kept, values=people.values_of(claims, settings), claim=settings.role_claim)

    def sealed(self, kept: Kept, right: str) -> str:
        """Encrypt the provider's tokens of a sign-in for the database.

        `right`: the hash of the sign-in's own token. Without this hash, the encrypted tokens cannot be decrypted.
        """
        return self._seal.close(msgspec.json.encode(kept).decode(), f"oidc tokens {right}")

    def opened(self, record: ProviderSignIn) -> Kept:
        """Return the stored tokens of a sign-in, decrypted. Raises Unsealable."""
        return _read_kept(self._seal.open(record.tokens, f"oidc tokens {record.token_hash}"))

    async def log_out(self, token: str, now: int, of: str = INSTALLATION) -> list[str]:
        """End the sign-ins that a provider's logout token names. `of`: the provider's owner (`State.of`).

        Return the ids of the staff who were signed out. Raises SignInRefused.
        """
        settings, provider = await self.provider(of)
        given: dict[str, Any] = {"issuer": settings.issuer, "client_id": settings.client_id, "now_s": self._wall() // 1000}
        try:
            try:
                claims = logout_claims(token, await provider.keys(now), **given)
            except UnknownKey:
                claims = logout_claims(token, await provider.keys(now, fresh=True), **given)
        except (ProviderAway, ProviderRefuses, BadProvider, BadToken) as error:
            raise _refusal(error) from None
        used = token_hash(f"{of} {claims['jti']}")  # two providers might use the same `jti`
        if not await self._records.use_code(f"oidc logout/{used}", now + LOGOUT_MARK_MS):
            raise SignInRefused("provider_refused")
        return await self._records.end_provider_sign_ins(
            source_of(of, settings.issuer), subject=claims.get("sub") or "", sid=claims.get("sid") or ""
        )

    async def _state(self, returned: Returned, now: int) -> State:
        """Return the `State` from the browser's cookie. Each `State` works once.

        Raises SignInRefused with the reason state_over.
        """
        try:
            kept = _read_state(self._seal.open(returned.cookie, _STATE))
        except Unsealable:
            raise SignInRefused("state_over") from None
        if not secrets.compare_digest(kept.state.encode(), returned.state.encode()) or now > kept.until:
            raise SignInRefused("state_over")
        # another provider sent the browser back, and that provider's authorization code must not be sent to this provider
        if kept.redirect_uri != returned.callback:
            raise SignInRefused("state_over")
        if not await self._records.use_code(f"oidc state/{kept.state}", kept.until):
            raise SignInRefused("state_over")
        return kept

    async def _member(self, claims: Claims, settings: OidcSettings, of: str) -> StaffRecord:
        """Return the member whom the claims describe. Add the member at the first sign-in. Raises SignInRefused.

        The installation's provider and the first organisation's own provider can have the same issuer. Then a person whom both
        providers know is one member.
        """
        own, *others = sources_in_organisation(of, settings.issuer)
        known = await self._records.staff_of_subject(own, claims["sub"])
        elsewhere = [found for each in others if (found := await self._records.staff_of_subject(each, claims["sub"]))]
        if any(not member.active for member in ([known] if known else elsewhere)):
            raise SignInRefused("no_role")  # this `member`, whom one of the providers knows, was deactivated
        if known is None and elsewhere:
            known = elsewhere[0]
            await self._records.know_by_subject(own, claims["sub"], known.id)
        if known is None:
            return await self._provision(claims, settings, of)
        try:
            member = await self.take_over(known, claims, settings)
        except Changed:  # perhaps the member has just been deactivated
            raise SignInRefused("state_over") from None
        if member is None:
            raise SignInRefused("no_role")
        return member

    async def take_over(self, known: StaffRecord, claims: Claims, settings: OidcSettings) -> StaffRecord | None:
        """Store the member's new role and name, and the audit entry. Return the stored member.

        Return None when the provider gives the member no role any more.

        The last owner of an organisation keeps their role, so that somebody can still run the organisation. Raises Changed if
        the stored member is no longer equal to `known`.
        """
        member = people.updated(known, claims, settings)
        if member is None or member == known:
            return member
        try:
            await self._records.save_staff(member, expected=version_of(known), audit=self._entries(known, member))
        except LastOwner:
            if known.id not in self._last_owners:
                self._last_owners.add(known.id)
                log.warning("the last owner keeps their role, which the sign-in provider takes away", staff=known.id)
            return known
        self._last_owners.discard(known.id)
        return member

    def _entries(self, before: StaffRecord | None, after: StaffRecord) -> list[Audited]:
        return entries_by("provider", [audit_entries.of_member(before, after)], after.organisation)

    async def _provision(self, claims: Claims, settings: OidcSettings, of: str) -> StaffRecord:
        role = people.role_of(claims, settings)
        if role is None:
            raise SignInRefused("no_role")
        login = people.login_of(claims)
        part, offices = people.place_of(role)
        made = StaffRecord(
            id=f"o-{secrets.token_hex(8)}",
            login=login,
            organisation=organisation_of(of),
            name=people.shown_name(claims, login),
            role=part,
            offices=offices,
            languages=[] if part == "operator" else settings.languages,
        )
        source = source_of(of, settings.issuer)
        try:
            member = await self._records.add_staff_of_subject(source, claims["sub"], made, audit=self._entries(None, made))
        except ValueError:  # the login is taken; the account with this login might belong to somebody else
            made = replace(made, login=f"{login}-{secrets.token_hex(3)}")
            member = await self._records.add_staff_of_subject(source, claims["sub"], made, audit=self._entries(None, made))
        if not member.active:  # the member was added and deactivated during this sign-in
            raise SignInRefused("no_role")
        return member


def access_until(tokens: Tokens, now: int) -> int:
    """Return the time (Unix ms) when an access token expires."""
    seconds = USUAL_ACCESS_S if tokens.expires_in is None else tokens.expires_in
    return now + int(min(max(seconds, 0), LONGEST_ACCESS_S) * 1000)


def callback_of(callback: str, of: str) -> str:
    """Return the address to which the provider of an owner (`State.of`) sends browsers back.

    `callback`: the address for the installation's provider. Each provider has its own address (RFC 9700, 4.4.2.2). With a common
    address, a dishonest provider A could redirect the browser to provider B. This server would then send B's authorization code
    to A.
    """
    return callback if of == INSTALLATION else f"{callback}/{organisation_of(of)}"


def _check_issuer(returned: Returned, described: Description, settings: OidcSettings) -> None:
    """Raise BadToken if the parameters in `returned` come from another provider than the one in `settings` (RFC 9207, 2.4)."""
    must_name_it = described.authorization_response_iss_parameter_supported
    if (returned.iss or must_name_it) and returned.iss != settings.issuer:
        raise BadToken("the answer is of another issuer")


def _refusal(error: Exception) -> SignInRefused:
    log.warning("the sign-in provider was no help", error=type(error).__name__, why=str(error))
    return SignInRefused("provider_unavailable" if isinstance(error, ProviderAway | BadProvider) else "provider_refused")
