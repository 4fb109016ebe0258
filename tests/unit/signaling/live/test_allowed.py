"""Every role sends every kind of message through the real dispatch, about sessions of its own and about sessions of others."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, Final, get_args, get_type_hints

import msgspec
import pytest

from signaling.access.rights import TABLE
from signaling.live.commands import HANDLERS, handle
from signaling.live.commands.allowed import ANYONE, MESSAGES, check_part
from signaling.live.connections import Client
from signaling.protocol.client_messages import ClientMessage
from signaling.protocol.staff_messages import SignOutStaff
from signaling.protocol.words import StaffRole
from signaling.records import Site, StaffRecord
from signaling.session.model import Listener, NotAllowed, Person

HERE, THERE, FOREIGN = (
    Site(id="shop"), Site(id="clinic"), Site(id="rival-shop", organisation="rival"),
)  # fmt: skip
# rights (`rights.TABLE`) to act on a session in which the sender takes no part, or on a member of staff
ABOUT_OTHERS: Final = ("live.end", "live.listen", "live.watch", "live.sign_out")
SAMPLES: Final[dict[Any, Any]] = {str: "x", int: 1, bool: True}


def names_thing(kind: type[Any]) -> bool:
    """Return whether messages of this kind name a session, or name a member of staff who is to be signed out."""
    return kind is SignOutStaff or any(field.name == "session" for field in msgspec.structs.fields(kind))


def message_of(kind: type[Any], thing: str) -> Any:
    """Return a message of this kind about a session or a member of staff.

    Every other required field has a sample value.
    """
    values: dict[str, Any] = {}
    hints = get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        if field.name == "session" or (kind is SignOutStaff and field.name == "staff"):
            values[field.name] = thing
        elif field.required:
            hint = hints[field.name]
            values[field.name] = SAMPLES[hint] if hint in SAMPLES else get_args(hint)[0]
    return kind(**values)


def entry(site: Site, *people: Person) -> Any:
    participants = {person.id: person for person in people if not isinstance(person, Listener)}
    listeners = {person.id: person for person in people if isinstance(person, Listener)}
    return SimpleNamespace(site=site, session=SimpleNamespace(people=participants, listeners=listeners), holds=lambda *_: True)


def client_of(role: StaffRole | str) -> Client:
    if role in ("user", "guest"):
        client = Client(tab="t")
        client.participant = "me"
        client.is_guest = role == "guest"
        return client
    desk_role = role in ("counselor", "professional")
    offices = [] if desk_role else [role]
    part = role if desk_role else "operator"
    member = StaffRecord(id="me", login="me", name="Me", role=part, offices=offices, sites=["shop"])
    return Client(tab="t", staff=member)


def live_with(role: str) -> Any:
    """Return an object that replaces `Live` and has four sessions, by id.

    "own": the sender takes part in the session or listens to it. "site": the session belongs to the sender's site.
    "organisation": the session belongs to another site of the sender's organisation. "installation": the session belongs to
    another organisation. Each session's site also has a member of staff with the same id as the session.
    """
    part: Any = role if role in ("user", "guest", "counselor", "professional") else "operator"
    own: Any = Person(id="me", role=part, name="", staff="" if part in ("user", "guest") else "me", entered=True)
    me = Listener(id="me", role=part, name="", since=0) if part == "operator" else own
    entries = {"own": entry(HERE, me), "site": entry(HERE), "organisation": entry(THERE), "installation": entry(FOREIGN)}

    async def member(place: str) -> StaffRecord:
        site = entries[place].site
        return StaffRecord(id=place, login=place, name="", role="counselor", sites=[site.id], organisation=site.organisation)

    async def session(place: str) -> Any:
        return entries[place]

    return SimpleNamespace(
        index=SimpleNamespace(entries=entries),
        now=lambda: 0,
        reading_along=SimpleNamespace(entry_for=lambda *_: None),
        records=SimpleNamespace(staff=member),
        stored=SimpleNamespace(any_session=session),
    )


def is_let_in(role: str, message: Any, place: str) -> bool:
    """Return whether the dispatch accepts the message.

    The object that replaces `Live` has only what the check of rights needs. So if anything but `NotAllowed` is raised, the
    message has passed the check.
    """
    try:
        asyncio.run(handle(live_with(role), client_of(role), message))
    except NotAllowed as refused:
        return refused.reason != "not_yours" and (place == "own" or refused.reason != "unknown")
    except Exception:
        return True
    return True


def test_every_message_has_an_action_and_a_handler() -> None:
    assert set(MESSAGES) == set(HANDLERS) == set(get_args(ClientMessage))


@pytest.mark.slow
@pytest.mark.parametrize("role", ["user", "guest", *get_args(StaffRole)])
def test_every_message_is_allowed_as_the_table_says(role: str) -> None:
    wrong = []
    for kind, action in MESSAGES.items():
        if action == ANYONE:
            continue
        reach = TABLE[action].get(role)
        for place, width in (("own", 0), ("site", 1), ("organisation", 2), ("installation", 3)):
            far = {None: -1, "own": 0, "site": 1, "organisation": 2, "installation": 3}[reach]
            expected = reach is not None
            if names_thing(kind) and action in ABOUT_OTHERS:
                expected = width <= far
            elif names_thing(kind) and not action.startswith("desk."):
                expected = reach == "own" and place == "own"
            if is_let_in(role, message_of(kind, place), place) != expected:
                wrong.append(f"{role} {kind.__name__} {place}")
    assert wrong == []


@pytest.mark.parametrize(("label", "entered"), [("family", True), ("family", False), ("camera", True)])
def test_guest_sends_only_what_their_part_allows(label: Any, entered: bool) -> None:
    person = Person(id="me", role="guest", name="", label=label, entered=entered)
    let_in = set()
    for kind, action in MESSAGES.items():
        if action == ANYONE:
            continue
        with suppress(NotAllowed):
            check_part(person, message_of(kind, "own"))
            let_in.add(kind.__name__)
    hears = {kind.__name__ for kind, action in MESSAGES.items() if action == "session.hear"}
    talks = {kind.__name__ for kind, action in MESSAGES.items() if action == "session.talk"}
    says = talks if label == "family" else {"SetMedia", "Leave"}
    assert let_in == {"EnterAsGuest"} | ((hears | says) if entered else set())


def test_page_of_the_operators_sends_no_message_of_the_desk() -> None:
    member = StaffRecord(id="me", login="me", name="Me", role="counselor", offices=["supervisor"])
    for kind, action in MESSAGES.items():
        if action.startswith("desk."):
            with pytest.raises(NotAllowed):
                asyncio.run(handle(live_with("counselor"), Client(tab="t", staff=member, desk=False), message_of(kind, "own")))
