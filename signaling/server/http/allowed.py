"""Say which action each route carries out, and check by the table of rights (`access/rights.py`) whether a request is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from signaling.access.rights import Thing, anywhere, may, of_site, realm_of
from signaling.protocol.words import Action
from signaling.records import Realm, SessionRecord, Site, StaffRecord
from signaling.server.app_keys import RECORDS

from .bodies import path_id
from .errors import Refused, not_found
from .measured import route_of
from .staff import signed_in
from .token_routes import HOLDER, TOKEN_ROUTES

# the route needs no sign-in of staff; the request can contain a token of another kind, such as a session's
ANYONE: Final = "anyone"

ROUTES: Final[dict[str, Action | Literal["anyone"]]] = {
    "GET /": ANYONE,
    "GET /api/openapi.json": ANYONE,
    "GET /assets/{path}": ANYONE,
    "GET /call": ANYONE,
    "GET /console": ANYONE,
    "GET /healthz": ANYONE,
    "GET /operator": ANYONE,
    "GET /panel": ANYONE,
    "GET /readyz": ANYONE,
    "GET /widget.js": ANYONE,
    "GET /widget-api.js": ANYONE,
    "GET /cobrowse.js": ANYONE,
    "GET /page-frame": ANYONE,
    "GET /console.webmanifest": ANYONE,
    "GET /console-worker.js": ANYONE,
    "GET /call-worker.js": ANYONE,
    "GET /icons/{name}": ANYONE,
    "GET /api/push/key": ANYONE,
    "POST /api/push/open": ANYONE,
    "POST /api/push/browsers": "desk.work",
    "POST /api/push/browsers/remove": "desk.work",
    "POST /api/push/decline": "desk.work",
    "POST /api/sessions/{id}/push": "session.visit",
    "POST /api/sessions/{id}/push/remove": "session.visit",
    "GET /unsubscribe": ANYONE,
    "GET /mail-preview": ANYONE,
    "GET /calendar/{key}.ics": ANYONE,
    "POST /unsubscribe": ANYONE,
    "GET /api/panel": ANYONE,
    "GET /api/logos/{id}": ANYONE,
    "OPTIONS /api/codes": ANYONE,
    "POST /api/codes": ANYONE,
    "POST /api/invites": ANYONE,
    "POST /api/sessions": ANYONE,
    "POST /api/threads": ANYONE,
    "POST /api/sign-in": ANYONE,
    "POST /api/sign-out": ANYONE,
    "POST /api/password/reset": ANYONE,
    "POST /api/first-start": ANYONE,
    "POST /api/first-start/look": ANYONE,
    "POST /api/password/forgot": ANYONE,
    "POST /api/sign-ins/stranger": ANYONE,
    "GET /api/sign-in": ANYONE,
    "GET /api/oidc/begin": ANYONE,
    "GET /api/oidc/callback": ANYONE,
    "GET /api/oidc/callback/{organisation}": ANYONE,
    "POST /api/oidc/logout": ANYONE,
    "POST /api/oidc/logout/{organisation}": ANYONE,
    "GET /api/me": "account.own",
    "POST /api/password": "account.own",
    "GET /api/calendar": "account.own",
    "POST /api/calendar": "account.own",
    "POST /api/calendar/remove": "account.own",
    "POST /api/prove": "account.own",
    "GET /api/account/mail": "account.own",
    "POST /api/account/mail": "account.own",
    "POST /api/account/mail/confirm": ANYONE,
    "GET /api/sign-ins": "account.own",
    "POST /api/sign-ins/{id}/end": "account.own",
    "POST /api/sign-ins/end-others": "account.own",
    "POST /api/passkeys/begin": "account.own",
    "POST /api/passkeys": "account.own",
    "POST /api/passkeys/{id}/name": "account.own",
    "POST /api/passkeys/{id}/remove": "account.own",
    "POST /api/passkeys/sign-in/begin": ANYONE,
    "POST /api/passkeys/sign-in": ANYONE,
    "GET /api/second-factors": "account.own",
    "POST /api/second-factors/app": "account.own",
    "POST /api/second-factors/app/confirm": "account.own",
    "POST /api/second-factors/app/remove": "account.own",
    "POST /api/second-factors/recovery-codes": "account.own",
    "POST /api/sessions/{id}/visit": "session.visit",
    "POST /api/sessions/{id}/mail": "session.visit",
    "GET /api/sessions/{id}/transcript": "session.visit",
    "GET /api/threads": "session.visit",
    "GET /api/threads/{id}": "session.visit",
    "GET /api/threads/{id}/drawings/{number}": "session.visit",
    "GET /api/threads/{id}/transcript": "session.visit",
    "POST /api/threads/{id}/continue": "session.visit",
    "GET /api/sessions/{id}/recording": "session.visit",
    "POST /api/sessions/{id}/recording": "session.visit",
    "GET /api/sessions/{id}/recording/file": "session.visit",
    "POST /api/sessions/{id}/pictures": "session.talk",
    "POST /api/sessions/{id}/files": "session.talk",
    "GET /api/pictures/{id}": "past.see",
    "GET /api/files/{id}": "past.see",
    "GET /api/recordings/{session}": "past.play",
    "GET /api/recordings/{session}/board": "past.play",
    "GET /api/recordings/{session}/{segment}/{track}": "past.play",
    "GET /api/recordings/{session}/{segment}/page": "past.play",
    "GET /api/sessions/{id}/person": "session.serve",
    "GET /api/sessions/{id}/earlier/{other}": "session.serve",
    "GET /api/sessions/{id}/board": "session.serve",
    "POST /api/sessions/{id}/person/notes": "session.serve",
    "POST /api/sessions/{id}/person/notes/{note}/remove": "session.serve",
    "GET /api/replies": "desk.choose",
    "POST /api/replies": "desk.choose",
    "POST /api/replies/{id}/remove": "desk.choose",
    "POST /api/replies/{id}/used": "desk.choose",
    "POST /api/replies/{id}/pictures": "desk.choose",
    "POST /api/replies/{id}/pictures/{picture}/remove": "desk.choose",
    "GET /api/replies/pictures/{picture}": "replies.see",
    "POST /api/sessions/{id}/pictures/saved": "session.serve",
    "POST /api/operator/sites/{site}/replies/{id}/pictures": "replies.change",
    "POST /api/operator/sites/{site}/replies/{id}/pictures/{picture}/remove": "replies.change",
    "GET /api/sites/{site}/wrap-up": "desk.choose",
    "GET /api/operator/sessions": "past.read",
    "GET /api/operator/sessions/{id}": "past.read",
    "GET /api/operator/sessions/{id}/transcript": "past.read",
    "POST /api/operator/sessions/{id}/erase": "past.erase",
    "GET /api/operator/audit": "audit.read",
    "GET /api/operator/counts": "installation.see",
    "GET /api/operator/doctor": "installation.see",
    "GET /api/operator/reports": "reports.read",
    "GET /api/operator/reports/staff": "reports.read",
    "GET /api/operator/hours": "hours.change",
    "GET /api/operator/holidays": "hours.change",
    "POST /api/operator/sites/{site}/categories/{category}/hours": "hours.change",
    "GET /api/operator/appointments": "appointments.manage",
    "GET /api/operator/appointments/{session}/times": "appointments.manage",
    "POST /api/operator/appointments/{session}/move": "appointments.manage",
    "POST /api/operator/appointments/{session}/cancel": "appointments.manage",
    "GET /api/operator/sites": "sites.list",
    "GET /api/operator/sites/{site}/replies": "replies.change",
    "POST /api/operator/sites/{site}/replies": "replies.change",
    "POST /api/operator/sites/{site}/replies/{id}/remove": "replies.change",
    "GET /api/operator/sites/{site}/replies.csv": "replies.change",
    "POST /api/operator/sites/{site}/replies.csv": "replies.change",
    "GET /api/operator/wrap-up": "outcomes.read",
    "POST /api/operator/sites/{site}/wrap-up": "outcomes.change",
    "GET /api/operator/mails": "sites.change",
    "POST /api/operator/mails/{id}/retry": "sites.change",
    "GET /api/operator/mail": "sites.change",
    "POST /api/operator/sites/{site}/mail": "sites.change",
    "GET /api/operator/sites/{site}/mail/wording": "sites.change",
    "POST /api/operator/sites/{site}/mail/preview": "sites.change",
    "GET /try/{site}": "sites.change",
    "GET /api/settings/sites": "sites.change",
    "POST /api/settings/sites": "sites.add",
    "GET /api/settings/sites/{site}": "sites.change",
    "POST /api/settings/sites/{site}": "sites.change",
    "POST /api/settings/sites/{site}/remove": "sites.add",
    "GET /api/settings/sites/{site}/keys": "keys.change",
    "POST /api/settings/sites/{site}/keys": "keys.change",
    "POST /api/settings/sites/{site}/keys/{key}/remove": "keys.change",
    "POST /api/settings/sites/{site}/logo": "sites.change",
    "POST /api/settings/sites/{site}/logo/remove": "sites.change",
    "GET /api/settings/tokens": "tokens.change",
    "POST /api/settings/tokens": "tokens.change",
    "POST /api/settings/tokens/{id}/remove": "tokens.change",
    "GET /api/settings/webhooks": "webhooks.change",
    "POST /api/settings/webhooks": "webhooks.change",
    "POST /api/settings/webhooks/{id}": "webhooks.change",
    "POST /api/settings/webhooks/{id}/rotate": "webhooks.change",
    "POST /api/settings/webhooks/{id}/remove": "webhooks.change",
    "POST /api/settings/webhooks/{id}/test": "webhooks.change",
    "GET /api/settings/webhooks/{id}/deliveries": "webhooks.change",
    "POST /api/settings/webhooks/{id}/deliveries/{n}/send": "webhooks.change",
    "GET /api/settings/staff": "people.change",
    "POST /api/settings/staff": "people.change",
    "GET /api/settings/staff/{id}": "people.change",
    "POST /api/settings/staff/{id}": "people.change",
    "GET /api/settings/staff/{id}/hours": "people.change",
    "POST /api/settings/staff/{id}/hours": "people.change",
    "POST /api/settings/staff/{id}/link": "people.change",
    "POST /api/settings/staff/{id}/invite": "people.change",
    "POST /api/settings/preview/sites/{site}": "sites.change",
    "POST /api/settings/preview/sites/{site}/hours/{category}": "hours.change",
    "POST /api/settings/preview/staff": "people.change",
    "POST /api/operator/audit/{n}/undo": "audit.undo",
    "POST /api/operator/password-links": "people.change",
    "GET /api/operator/sign-in-rules": "sign_in.change",
    "POST /api/operator/sign-in-rules": "sign_in.change",
    "GET /api/settings/sign-in-rules": "sign_in.rules",
    "POST /api/settings/sign-in-rules": "sign_in.rules",
    "GET /api/operator/sign-in-provider": "sign_in.change",
    "POST /api/operator/sign-in-provider": "sign_in.change",
    "GET /api/settings/sign-in-provider": "sign_in.rules",
    "POST /api/settings/sign-in-provider": "sign_in.rules",
    "POST /api/operator/thresholds": "thresholds.change",
}


@dataclass(frozen=True, slots=True)
class Asker:
    """The sender of a request and the action that the request asks for.

    The sender is a member of staff, or software with a token.
    """

    member: StaffRecord
    action: Action

    @property
    def realm(self) -> Realm:
        """The realm of this request: the sites whose staff and sessions the request may list."""
        return realm_of(self.member, self.action)

    def may(self, thing: Thing) -> bool:
        """Return whether the asker may do this request's action to this object."""
        return may(self.member, self.action, thing)

    def require(self, thing: Thing) -> None:
        """Raise Refused(not_found) if the asker may not do this request's action to this object.

        The refusal is the same as for an object that does not exist, so that the asker does not learn that this object exists.
        """
        if not self.may(thing):
            raise not_found()


def action_of(request: web.Request) -> Action:
    """Return the action that the request's route carries out.

    Raises Refused(not_found) for a route without an action, because such a route is not for staff.
    """
    action = ROUTES.get(_route(request), ANYONE)
    if action == ANYONE:
        raise not_found()
    return action


def _route(request: web.Request) -> str:
    return f"{request.method.replace('HEAD', 'GET')} {route_of(request)}"


async def asker_of(request: web.Request) -> Asker:
    """Return the sender of this request, if the sender's roles or token allow the action for at least one object.

    The caller must check whether the action is allowed for the object of the request. Raises Refused with the reason signed_out
    or not_allowed, and Refused(not_found) for a route that is not for staff.
    """
    if HOLDER in request:
        return _holder(request)
    member, action = await signed_in(request), action_of(request)
    if not anywhere(member.roles, action):
        raise Refused(403, "not_allowed", "Your role does not allow this.")
    return Asker(member, action)


def _holder(request: web.Request) -> Asker:
    """Return the software whose token is in this request.

    Raises Refused(not_allowed) with the name of the right that the token lacks.
    """
    holder = request[HOLDER]
    right, action = TOKEN_ROUTES[_route(request)]
    if right is not None and right not in holder.rights:
        raise Refused(403, "not_allowed", f"This needs a token with the right “{right}”.")
    return Asker(holder.member, action)


async def asked_site(request: web.Request, asker: Asker) -> Site:
    """Return the site that the path names. Raises Refused(not_found) if there is no such site, or the asker may not act on it."""
    site = await request.app[RECORDS].site(path_id(request, "site"))
    if site is None:
        raise not_found()
    asker.require(of_site(site))
    return site


def of_session(session: SessionRecord, *, own: bool = False) -> Thing:
    """Return a session as a `Thing`, the form in which the table of rights checks objects."""
    return Thing(session.organisation, frozenset((session.site,)), own)
