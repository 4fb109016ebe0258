"""Sign-in at an OpenID provider, sign-out by the provider, and the settings of the provider.

The installation can have a provider, and each organisation can have a provider of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from msgspec import Struct

from signaling.access.oidc.setting_up import (
    CALLBACK,
    LOGOUT,
    NEEDED,
    BadSettings,
    ProviderForm,
    RoleItem,
    addresses,
    change_of,
    check_answers,
    settings_from,
)
from signaling.access.oidc.sign_in import STATE_LIFE_MS, Returned, callback_of
from signaling.access.rate_limits import Buckets, network_of
from signaling.access.sign_in_refused import SignInRefused
from signaling.protocol.reading import QueryReader, Reader, by
from signaling.protocol.reasons import SignInReason
from signaling.protocol.texts import Exact
from signaling.records import Audited, OidcSettings, RecordsAway, version_of
from signaling.records.sign_ins import INSTALLATION, NoProvider, organisation_of, rules_of
from signaling.server.app_keys import ACCOUNT_MAILS, OIDC, RECORDS, SETTINGS

from .allowed import Asker, asker_of
from .bodies import Key, address_of, path_id, read_bytes, read_json, read_query, steady_ms
from .errors import Refused, answer
from .noting import noting
from .staff import agent_of, begin

routes = web.RouteTableDef()

BEGINNINGS: web.AppKey[Buckets] = web.AppKey("oidc_beginnings", Buckets)
_COOKIE = "__Host-sangdam-oidc"
_MOST_LOGOUT_BYTES = 40_000  # a form with a logout token has at most this many bytes
_Long = Annotated[str, by(Exact(4000))]


class CallbackQuery(Struct, kw_only=True):
    """The query parameters of the address to which the provider sends the browser back. Other parameters are ignored."""

    state: _Long = ""
    code: _Long = ""
    error: _Long = ""
    iss: _Long = ""


class OrganisationQuery(Struct, kw_only=True):
    """The query of a sign-in. `organisation`: id of the organisation whose staff sign in; "" for the installation's provider."""

    organisation: Key = ""


class Offered(Struct, kw_only=True):
    """The ways to sign in. `provider`: the provider's name on the button, or "" when there is no provider.

    `mail`: whether the server can mail a link to somebody who has forgotten their password.
    """

    provider: str
    mail: bool


class NewSettings(Struct, kw_only=True):
    """The new settings of the OpenID provider. `provider`: null removes the provider."""

    provider: ProviderForm | None


class ProviderItem(Struct, kw_only=True):
    """The provider's settings without its secret."""

    issuer: str
    client_id: str
    has_secret: bool
    name: str
    scopes: str
    role_claim: str
    roles: list[RoleItem]
    languages: list[str]


class ProviderPage(Struct, kw_only=True):
    """The provider's settings, and the addresses of this server that the provider must know.

    `callbacks`: the addresses to which the provider sends people back. `logout`: the address for logout tokens. `pages`: the
    addresses of the pages with the button of the organisation's own provider; [] for the installation's provider.
    """

    provider: ProviderItem | None
    callbacks: list[str]
    logout: str
    pages: list[str]


_read_callback: QueryReader[CallbackQuery] = QueryReader(CallbackQuery)
_read_organisation: QueryReader[OrganisationQuery] = QueryReader(OrganisationQuery)
_read_settings: Reader[NewSettings] = Reader(NewSettings)


# --- signing in ----------------------------------------------------------------------------------------------------------


@routes.get("/api/sign-in")
async def offered(request: web.Request) -> web.Response:
    """Return the ways to sign in that the sign-in page offers."""
    found = await request.app[OIDC].of_organisation(read_query(request, _read_organisation).organisation)
    settings = found[1] if found else None
    provider = (settings.name or urlsplit(settings.issuer).hostname or "") if settings else ""
    return answer(Offered(provider=provider, mail=request.app[ACCOUNT_MAILS].enabled))


@routes.get("/api/oidc/begin")
async def begin_at_provider(request: web.Request) -> web.Response:
    """Send the browser to the sign-in page of the OpenID provider."""
    origin, now = _staff_origin(request), steady_ms(request)
    if not request.app[BEGINNINGS].take(network_of(address_of(request)), now):
        return _back(request, "too_many_sign_ins")
    try:
        organisation = read_query(request, _read_organisation).organisation
        address, cookie = await request.app[OIDC].begin(origin + CALLBACK, now, organisation)
    except SignInRefused as refused:
        return _back(request, refused.reason)
    response = _redirect(address)
    age = STATE_LIFE_MS // 1000
    response.set_cookie(_COOKIE, cookie, max_age=age, path="/", secure=True, httponly=True, samesite="Lax")
    return response


@routes.get(CALLBACK)
async def callback(request: web.Request) -> web.Response:
    """Sign in the person whom the installation's provider sent back, and show their page."""
    return await _come_back(request, INSTALLATION)


@routes.get(f"{CALLBACK}/{{organisation}}")
async def callback_of_organisation(request: web.Request) -> web.Response:
    """Sign in the person whom an organisation's own provider sent back, and show their page."""
    return await _come_back(request, rules_of(path_id(request, "organisation")))


async def _come_back(request: web.Request, of: str) -> web.Response:
    address = callback_of(_staff_origin(request) + CALLBACK, of)
    asked, now = read_query(request, _read_callback), steady_ms(request)
    returned = Returned(asked.state, asked.code, asked.error, asked.iss, request.cookies.get(_COOKIE, ""), address)
    try:
        signed_in = await request.app[OIDC].finish(returned, address=address_of(request), device=agent_of(request), now=now)
    except SignInRefused as refused:
        response = _back(request, refused.reason)
    except RecordsAway:
        response = _back(request, "provider_unavailable")
    else:
        response = _back(request)
        await begin(request, response, signed_in, now)
    response.set_cookie(_COOKIE, "", max_age=0, path="/", secure=True, httponly=True, samesite="Lax")
    return response


@routes.post(LOGOUT)
async def logout(request: web.Request) -> web.Response:
    """Accept a logout token of the provider (Back-Channel Logout 1.0). The sign-ins that the token names end within a second."""
    return await _log_out(request, INSTALLATION)


@routes.post(f"{LOGOUT}/{{organisation}}")
async def logout_of_organisation(request: web.Request) -> web.Response:
    """Accept a logout token of an organisation's own provider."""
    return await _log_out(request, rules_of(path_id(request, "organisation")))


async def _log_out(request: web.Request, of: str) -> web.Response:
    text = (await read_bytes(request, _MOST_LOGOUT_BYTES)).decode("ascii", "replace")
    token = _form_value(text, "logout_token")
    now = steady_ms(request)
    await request.app[OIDC].log_out(token, now, of)
    return answer({})


def _staff_origin(request: web.Request) -> str:
    """Return the origin to which the browser sent this request. Raises Refused(not_found) if this is not an origin for staff."""
    settings = request.app[SETTINGS]
    origin = f"{urlsplit(settings.url).scheme}://{request.host}"
    if origin not in settings.staff_origins:
        raise Refused(404, "not_found", "Staff sign in at their own addresses.")
    return origin


def _back(request: web.Request, reason: SignInReason | None = None) -> web.Response:
    """Redirect the browser to the page that staff use at this host. The page explains `reason`.

    The reason is behind "#" in the address, so that no log contains it.
    """
    return _redirect(_page_of(request.host) + (f"#not-signed-in={reason}" if reason else ""))


def _page_of(host: str) -> str:
    """Return the path of the page that staff use at this host."""
    return "/operator" if host.startswith("operator.") else "/console"


def _redirect(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address})


def _form_value(body: str, name: str) -> str:
    try:
        return parse_qs(body, max_num_fields=10).get(name, [""])[0]
    except ValueError:  # `parse_qs` refuses a form with too many fields
        return ""


# --- settings ------------------------------------------------------------------------------------------------------------


@routes.get("/api/operator/sign-in-provider")
async def provider(request: web.Request) -> web.Response:
    await asker_of(request)
    return await _page(request, INSTALLATION)


@routes.post("/api/operator/sign-in-provider")
async def save_provider(request: web.Request) -> web.Response:
    """Store the settings of the installation's provider, after checking that the provider's published description matches them.

    The client secret is never shown again.
    """
    return await _save(request, await asker_of(request), INSTALLATION, INSTALLATION)


@routes.get("/api/settings/sign-in-provider")
async def own_provider(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    return await _page(request, rules_of(asker.member.organisation))


@routes.post("/api/settings/sign-in-provider")
async def save_own_provider(request: web.Request) -> web.Response:
    """Store the settings of the provider that only the signed-in member's organisation uses.

    People who sign in at this provider become staff of this organisation only.
    """
    asker = await asker_of(request)
    of = rules_of(asker.member.organisation)
    return await _save(request, asker, of, of)


async def _save(request: web.Request, asker: Asker, of: str, subject: str) -> web.Response:
    form = (await read_json(request, _read_settings)).provider
    stored = await request.app[RECORDS].oidc_settings(of)
    wanted = None if form is None else await checked(request, form, stored, of)
    note = noting(asker.member.id, "sign_in.provider", subject, wanted.issuer if wanted else "")
    await store(request, wanted, of, stored, note(change_of(stored, wanted)))
    return await _page(request, of)


async def store(
    request: web.Request, wanted: OidcSettings | None, of: str, stored: OidcSettings | None, audit: Iterable[Audited]
) -> None:
    """Store the provider's settings; None removes the provider. `stored`: the settings that were read before the change.

    `audit`: audit entries to store in the same transaction. Raises Refused(bad_provider) when the sign-in rules allow only this
    provider, and the change removes it or names another issuer. Raises Changed when the settings have been changed since they
    were read.
    """
    try:
        expected = version_of(stored) if stored else ""
        await request.app[RECORDS].save_oidc_settings(wanted, of, expected=expected, audit=audit)
    except NoProvider:
        raise _bad(NEEDED) from None


async def checked(request: web.Request, form: ProviderForm, stored: OidcSettings | None, of: str) -> OidcSettings:
    """Return the provider's settings from the form, if they are valid, and the provider's published description fits them.

    Raises Refused(bad_provider) with a sentence that says what to change.
    """
    oidc = request.app[OIDC]
    try:
        settings = settings_from(form, stored, oidc)
        await check_answers(settings, of, oidc, steady_ms(request))
    except BadSettings as error:
        raise _bad(str(error)) from None
    return settings


async def _page(request: web.Request, of: str) -> web.Response:
    settings = await request.app[RECORDS].oidc_settings(of)
    origins = sorted(request.app[SETTINGS].staff_origins)
    item = None
    if settings is not None:
        item = ProviderItem(
            issuer=settings.issuer,
            client_id=settings.client_id,
            has_secret=bool(settings.client_secret),
            name=settings.name,
            scopes=settings.scopes,
            role_claim=settings.role_claim,
            roles=[RoleItem(value=rule.value, role=rule.role) for rule in settings.roles],
            languages=settings.languages,
        )
    callbacks, logout = addresses(origins, of)
    pages = [f"{each}{_page_of(urlsplit(each).netloc)}?organisation={organisation_of(of)}" for each in origins]
    return answer(ProviderPage(provider=item, callbacks=callbacks, logout=logout, pages=[] if of == INSTALLATION else pages))


def _bad(sentence: str) -> Refused:
    return Refused(400, "bad_provider", sentence)
