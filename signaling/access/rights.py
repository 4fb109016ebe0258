"""The table of rights: which role may do which action, and to which objects (reach).

Every HTTP route, WebSocket message and page control asks this table.

An action that the table does not give to a role is refused. `docs/rights.md` shows the table, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from signaling.protocol.words import Action, StaffRole
from signaling.records.realm import Realm
from signaling.records.types import Site, StaffRecord

ALL = "*"

Holder = Literal[StaffRole, "user", "guest"]
Reach = Literal["own", "site", "organisation", "installation"]
"""Says on which objects a role may carry out an action.

own: sessions in which the person takes part or listens, and their own things. site: the member's sites. organisation: everything
of the member's organisation. installation: everything.
"""
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

_USER: Final[dict[Holder, Reach]] = {"user": "own"}
_GUEST: Final[dict[Holder, Reach]] = {"guest": "own"}
_STAFF: Final[dict[Holder, Reach]] = {"counselor": "own", "professional": "own"}
_LISTENERS: Final[dict[Holder, Reach]] = {"owner": "own", "supervisor": "own"}
_DESK: Final[dict[Holder, Reach]] = {"counselor": "site", "professional": "site"}
_SEES: Final[dict[Holder, Reach]] = {"owner": "organisation", "manager": "site", "supervisor": "site"}
_RUNS: Final[dict[Holder, Reach]] = {"owner": "organisation", "manager": "site"}
_SETS: Final[dict[Holder, Reach]] = {"administrator": "installation", "owner": "organisation", "manager": "site"}

TABLE: Final[dict[Action, dict[Holder, Reach]]] = {
    "account.own": dict.fromkeys(get_args(StaffRole), "own"),
    "session.visit": _USER,
    "session.join": _GUEST,
    "session.talk": _USER | _GUEST | _STAFF,
    "session.hear": _USER | _GUEST | _STAFF | _LISTENERS,
    "session.guests": _USER | _STAFF,
    "session.callback": _USER | _STAFF,
    "session.serve": _STAFF,
    "session.page": _USER | _STAFF,
    "desk.work": _DESK,
    "desk.look": _DESK,
    "desk.choose": _DESK,
    "live.watch": _SEES,
    "live.listen": {"owner": "organisation", "supervisor": "site"},
    "live.speak": _LISTENERS,
    "live.end": _SEES,
    "live.sign_out": _SEES,
    "sites.list": _SEES | {"administrator": "organisation"},
    "past.read": _SEES,
    "past.see": _USER | _GUEST | _SEES | _STAFF,
    "past.play": _SEES | _STAFF,
    "past.erase": _RUNS,
    "reports.read": _RUNS,
    "audit.read": {"administrator": "organisation", "owner": "organisation"},
    "audit.undo": {"administrator": "organisation", "owner": "organisation"},
    "thresholds.change": {"owner": "organisation", "manager": "organisation"},
    "outcomes.read": _SEES,
    "outcomes.change": _RUNS,
    "hours.change": _SETS,
    "replies.see": _RUNS | _DESK,
    "replies.change": _RUNS,
    "sites.change": _SETS,
    "webhooks.change": _RUNS,
    "sites.add": {"administrator": "installation", "owner": "organisation"},
    "keys.change": _SETS,
    "people.change": _SETS,
    "owners.change": {"administrator": "installation", "owner": "organisation"},
    "sign_in.change": {"administrator": "installation"},
    "sign_in.rules": {"administrator": "organisation", "owner": "organisation"},
    "organisations.change": {"administrator": "installation"},
    "messages.manage": _RUNS,
    "appointments.manage": _SEES,
    "tokens.change": {"administrator": "organisation", "owner": "organisation"},
    "installation.see": {"administrator": "installation"},
}

SAYS: Final[dict[Action, str]] = {
    "account.own": "Sign in and out, and see and change one's own account.",
    "session.visit": "Enter, wait, leave a message, ask for a callback, rate, read one's own conversations.",
    "session.join": "Enter a conversation to which one was invited as a guest.",
    "session.talk": "Write lines, send pictures and files, draw, speak and show.",
    "session.hear": "Receive the sound and pictures of a session.",
    "session.guests": "Invite and remove guests, and set an interpreter.",
    "session.callback": "See the times for a callback, and cancel a callback.",
    "session.serve": "Serve a session: brief, help, transfer, hold, notes, wrap-up, notes on the person.",
    "session.page": "See the page on which the user is, if the user agrees; agree, and stop it.",
    "desk.work": "Be available, and take calls and messages left.",
    "desk.look": "See a product's picture while a request rings.",
    "desk.choose": "Insert saved replies and choose outcomes.",
    "live.watch": "See the wallboard and the quality of calls.",
    "live.listen": "Listen in, where the site allows it.",
    "live.speak": "Whisper to the counselor of a call while listening in, or join the call, where the site allows it.",
    "live.end": "End a session.",
    "live.sign_out": "Sign a member of staff out.",
    "sites.list": "See the names of sites.",
    "past.read": "Search and read past sessions, and export them.",
    "past.see": "See the pictures and files of a session.",
    "past.play": "Play recordings.",
    "past.erase": "Erase a session.",
    "reports.read": "Read reports.",
    "audit.read": "Read the audit.",
    "audit.undo": "Undo a change that the audit shows.",
    "thresholds.change": "Choose the limits at which the wallboard's figures turn amber or red.",
    "outcomes.read": "See the outcomes and tags of sites.",
    "outcomes.change": "Change outcomes, tags and templates.",
    "hours.change": "See and change opening hours.",
    "replies.see": "See the pictures of saved replies.",
    "replies.change": "Change the replies that a site shares.",
    "sites.change": "See and change a site's settings and categories.",
    "sites.add": "Add and remove sites.",
    "webhooks.change": "See and change webhooks.",
    "keys.change": "Make and remove a site's signing keys.",
    "people.change": "See, add and change staff who are neither owners nor administrators.",
    "owners.change": "Add and change owners.",
    "sign_in.change": "See and change the rules for signing in of the whole installation, and its sign-in provider.",
    "sign_in.rules": "See and change the organisation's own rules for signing in, and its own sign-in provider.",
    "organisations.change": "Add organisations, and make administrators.",
    "messages.manage": "List and mark messages left, and list and mark callbacks (by the API).",
    "appointments.manage": "See, move and cancel callbacks and appointments.",
    "tokens.change": "See, make and remove API tokens.",
    "installation.see": "See media workers and the counts of refused requests.",
}

_WIDEST_FIRST: Final[tuple[Reach, ...]] = ("installation", "organisation", "site", "own")


@dataclass(frozen=True, slots=True)
class Thing:
    """The object of an action, such as a site or a session. `sites`: the sites to which the object belongs.

    `sites` None: the object belongs to the whole organisation. `own`: whether the object belongs to the person who acts, or is a
    session in which that person takes part.
    """

    organisation: str
    sites: frozenset[str] | None = None
    own: bool = False


def of_site(site: Site, *, own: bool = False) -> Thing:
    """Return a site as a `Thing`, for `may`."""
    return Thing(site.organisation, frozenset((site.id,)), own)


def of_member(member: StaffRecord) -> Thing:
    """Return a member of staff as a `Thing`, for `may`.

    A member who serves all sites counts as belonging to the whole organisation.
    """
    return Thing(member.organisation, None if ALL in member.sites else frozenset(member.sites))


def anywhere(roles: Iterable[Holder], action: Action) -> bool:
    """Return whether one of these roles may do the action to anything at all."""
    return any(role in TABLE[action] for role in roles)


def reach_of(roles: Collection[Holder], action: Action) -> Reach | None:
    """Return the widest reach in which these roles may do the action. Return None when none of the roles may do it."""
    found = {TABLE[action].get(role) for role in roles}
    return next((reach for reach in _WIDEST_FIRST if reach in found), None)


def may(member: StaffRecord, action: Action, thing: Thing) -> bool:
    """Return whether the member may do the action to the thing.

    With the reach “site”, the member must serve all sites of the thing, not only some.
    """
    reaches = {reach for role in member.roles if (reach := TABLE[action].get(role)) is not None}
    if "installation" in reaches:
        return True
    if not reaches or thing.organisation != member.organisation:
        return False
    if "organisation" in reaches or ("own" in reaches and thing.own):
        return True
    return "site" in reaches and _within(member, thing.sites)


def may_at(member: StaffRecord, action: Action, site: Site) -> bool:
    """Return whether the member may do the action at the site."""
    return may(member, action, of_site(site))


def realm_of(member: StaffRecord, action: Action) -> Realm:
    """Return the realm (organisation and sites) in which the member may do the action. Use the realm to restrict a list.

    Return a realm without sites if the member may not do the action, or may do it only to their own things.
    """
    reach = reach_of(member.roles, action)
    if reach in ("installation", "organisation"):
        return Realm(organisation=member.organisation)
    return served_by(member) if reach == "site" else Realm(organisation=member.organisation, sites=frozenset())


def served_by(member: StaffRecord) -> Realm:
    """Return the sites that a member of staff serves."""
    return Realm(organisation=member.organisation, sites=None if ALL in member.sites else frozenset(member.sites))


def may_give(member: StaffRecord, roles: Iterable[StaffRole], thing: Thing) -> bool:
    """Return whether the member may give staff these roles, take the roles away, or change staff who have them.

    `thing`: the staff member who is changed, as a `Thing` (`of_member`).
    """
    asked = set(roles)
    if "administrator" in asked:
        return may(member, "organisations.change", thing)
    return may(member, "owners.change" if "owner" in asked else "people.change", thing)


def _within(member: StaffRecord, sites: frozenset[str] | None) -> bool:
    return ALL in member.sites or (sites is not None and sites <= set(member.sites))
