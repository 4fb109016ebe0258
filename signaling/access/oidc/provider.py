"""Requests to an OpenID provider: for its description, keys, tokens, and what it says (claims) about the person who signs in."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import quote_plus, urlsplit

import aiohttp
import msgspec
from joserfc.jwk import KeySet
from msgspec import Meta, Struct

from signaling.protocol.reading import Reader, Unreadable, by, read_object
from signaling.protocol.texts import Exact

TIMEOUT_S = 10.0
MOST_BYTES = 256 * 1024  # Longer responses of the provider are refused.
KNOWN_MS = 10 * 60_000  # The provider's description and its keys are cached for this many ms.
NEW_KEYS_MS = 60_000  # For tokens that name an unknown key, the provider's keys are fetched again only after this many ms.
# At least this many ms pass between a failed request and the next; otherwise each token of a stranger could cause a request to
# the provider.
AGAIN_MS = 5_000

# Errors of a token endpoint that concern this installation (RFC 6749, 5.2; RFC 8707; RFC 9449). Every other error concerns the
# person or their grant. Errors that no standard defines count as errors about the person, because many providers have an error
# code of their own for a disabled account.
_ABOUT_US = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_target",
        "invalid_dpop_proof",
        "use_dpop_nonce",
    }
)
_NO_REASON = "refused"  # text of `ProviderRefuses` when the provider's response has no error code

FormData = dict[str, str]
Connector = Callable[[bool], aiohttp.BaseConnector | None]
_Address = Annotated[str, by(Exact(2000))]
_Token = Annotated[str, by(Exact(32_768))]
_Words = Annotated[list[Annotated[str, by(Exact(200))]], Meta(max_length=200)]


T = TypeVar("T")


class ProviderAway(Exception):
    """The provider does not answer, or says that it cannot answer now."""


class ProviderRefuses(Exception):
    """The provider refuses a request. The exception's text is the provider's error code."""


class ClientRefused(ProviderRefuses):
    """The provider refuses this installation, because the client id, secret or settings are wrong.

    This refusal is not about the person.
    """


class BadProvider(Exception):
    """The provider is not usable. The exception's text is a sentence for the person who sets the provider up."""


class Description(Struct, kw_only=True):
    """The parts of a provider's description that Sangdam needs (OpenID Connect Discovery 1.0, 3)."""

    issuer: _Address
    authorization_endpoint: _Address
    token_endpoint: _Address
    jwks_uri: _Address
    userinfo_endpoint: _Address = ""
    token_endpoint_auth_methods_supported: _Words = msgspec.field(default_factory=lambda: ["client_secret_basic"])
    code_challenge_methods_supported: _Words = []
    authorization_response_iss_parameter_supported: bool = False


class Tokens(Struct, kw_only=True):
    """The response of the provider's token endpoint.

    `expires_in`: seconds until the access token expires, or None if the provider does not say this (RFC 6749, 5.1).
    """

    access_token: _Token
    id_token: _Token = ""
    refresh_token: _Token = ""
    expires_in: float | None = None


class _Refusal(Struct, kw_only=True):
    error: Annotated[str, by(Exact(200))] = ""


_read_description: Reader[Description] = Reader(Description)
_read_tokens: Reader[Tokens] = Reader(Tokens)
_read_refusal: Reader[_Refusal] = Reader(_Refusal)


class Provider:
    """An OpenID provider, with its cached description and keys."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, connector: Connector = lambda _: None) -> None:
        """Make a provider.

        `connector`: returns the aiohttp connector for a request, or None for aiohttp's default connector. The argument says
        whether the request uses TLS.
        """
        self.issuer, self.client_id = issuer, client_id
        self._connector = connector
        self._secret = client_secret
        self._description: tuple[int, Description] | None = None
        self._keys: tuple[int, KeySet] | None = None
        self._turn = asyncio.Lock()
        # time (Unix ms) and error of the last failed request for the description or the keys
        self._failed: tuple[int, Exception] | None = None

    async def description(self, now: int) -> Description:
        """Return the provider's description of itself: the cached description if it is fresh, or else a newly fetched one.

        Raises ProviderAway, ProviderRefuses, BadProvider.
        """
        if not _is_known(self._description, now, KNOWN_MS):
            async with self._look(now):
                # another task might have fetched the description while this task waited
                if not _is_known(self._description, now, KNOWN_MS):
                    address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                    found = _read(await self._answer("GET", address), _read_description)
                    _check(found, self.issuer)
                    self._description = now, found
        return cast(tuple[int, Description], self._description)[1]

    async def keys(self, now: int, *, fresh: bool = False) -> KeySet:
        """Return the provider's public keys. `fresh`: fetch the keys again if the last fetch was more than a minute ago.

        Raises ProviderAway, ProviderRefuses, BadProvider.
        """
        most = NEW_KEYS_MS if fresh else KNOWN_MS
        if not _is_known(self._keys, now, most):
            described = await self.description(now)
            async with self._look(now):
                if not _is_known(self._keys, now, most):
                    body = await self._answer("GET", described.jwks_uri)
                    try:
                        self._keys = now, KeySet.import_key_set(_public(read_object(body)))
                    except Exception as error:  # joserfc raises many kinds of errors for keys that it does not know
                        raise BadProvider("The provider's keys cannot be read.") from error
        return cast(tuple[int, KeySet], self._keys)[1]

    @asynccontextmanager
    async def _look(self, now: int) -> AsyncIterator[None]:
        """Let one task at a time fetch the provider's description or keys. Other tasks wait until the `async with` block ends.

        If the last request failed less than `AGAIN_MS` ago, raises the same error again.
        """
        async with self._turn:
            if self._failed and 0 <= now - self._failed[0] < AGAIN_MS:
                raise type(self._failed[1])(str(self._failed[1]))
            try:
                yield
            except (ProviderAway, ProviderRefuses, BadProvider) as error:
                self._failed = now, error
                raise

    async def tokens(self, form: FormData, now: int) -> Tokens:
        """Send this form to the provider's token endpoint, and return the response.

        Raises ProviderAway, ProviderRefuses, ClientRefused, BadProvider.
        """
        described = await self.description(now)
        headers: dict[str, str] = {}
        methods = described.token_endpoint_auth_methods_supported
        if self._secret and "client_secret_basic" in methods:
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self._secret)}"  # RFC 6749, 2.3.1
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form = form | {"client_id": self.client_id} | ({"client_secret": self._secret} if self._secret else {})
        try:
            said = await self._answer("POST", described.token_endpoint, data=form, headers=headers)
        except ProviderRefuses as error:
            # perhaps a proxy in front of the provider answered, which knows nothing about the person
            if str(error) == _NO_REASON:
                raise BadProvider("The provider refuses, and its answer has no error code.") from None
            if str(error) in _ABOUT_US:
                raise ClientRefused(str(error)) from None
            raise
        return _read(said, _read_tokens)

    async def user_info(self, access_token: str, now: int) -> dict[str, Any]:
        """Return what the provider says (its claims) about the person to whom an access token belongs.

        Return {} when the provider has no userinfo endpoint.

        Raises ProviderAway, ProviderRefuses, BadProvider.
        """
        described = await self.description(now)
        if not described.userinfo_endpoint:
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        return _read(await self._answer("GET", described.userinfo_endpoint, headers=headers), read_object)

    async def _answer(
        self, method: str, address: str, *, data: FormData | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        if not is_safe(address):
            raise BadProvider("An address of the provider is not https.")
        asked = {"Accept": "application/json", **(headers or {})}
        connector = self._connector(address.startswith("https:"))
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as http,
                http.request(method, address, data=data, headers=asked, allow_redirects=False) as answer,
            ):
                body = await answer.content.read(MOST_BYTES + 1)
                while not answer.content.at_eof() and len(body) <= MOST_BYTES:
                    body += await answer.content.read(MOST_BYTES + 1 - len(body))
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ProviderAway(type(error).__name__) from None
        if status >= 500 or status == 429:
            raise ProviderAway(str(status))
        if len(body) > MOST_BYTES:
            raise BadProvider("The provider's answer is too long.")
        if status in (400, 401, 403):
            raise ProviderRefuses(_error_of(body))
        if status != 200:
            raise BadProvider(f"The provider answers with status {status}.")
        return body


def _public(keys: dict[str, Any]) -> Any:
    """Return the RSA, EC and OKP keys of a provider's key set.

    Keys of other kinds are left out, because joserfc does not know all of them.
    """
    found = keys.get("keys")
    return {"keys": [key for key in found if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP")]} if found else {}


def _is_known(found: tuple[int, Any] | None, now: int, most_ms: int) -> bool:
    return found is not None and now - found[0] <= most_ms


def is_safe(address: str) -> bool:
    """Return whether secrets may be sent to an address: over TLS, or to this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(found: Description, issuer: str) -> None:
    if found.issuer != issuer:
        raise BadProvider("The provider calls itself by another issuer. Copy the issuer from its settings, to the letter.")
    addresses = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri]
    addresses += [found.userinfo_endpoint] if found.userinfo_endpoint else []
    if not all(map(is_safe, addresses)):
        raise BadProvider("An address of the provider is not https.")
    if found.code_challenge_methods_supported and "S256" not in found.code_challenge_methods_supported:
        raise BadProvider("The provider does not support PKCE with S256.")


def _error_of(body: bytes) -> str:
    try:
        return _read_refusal(body).error[:60] or _NO_REASON
    except Unreadable:
        return _NO_REASON


def _read(body: bytes, reader: Callable[[bytes], T]) -> T:
    try:
        return reader(body)
    except Unreadable:
        raise BadProvider("The provider's answer is not what the standard says.") from None
