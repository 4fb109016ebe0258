"""A walk over every message with every role, in own sessions and in those of others, through the real dispatch."""

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
from signaling.protocol.words import StaffRole
from signaling.records import Site, StaffRecord
from signaling.session.model import Listener, NotAllowed, Person

HERE, THERE, FOREIGN = (
    Site(id="shop"), Site(id="clinic"), Site(id="rival-shop", organisation="rival"),
)  # fmt: skip  # a table
ABOUT_A_SESSION: Final = ("live.end", "live.listen")  # messages about a session in which the sender takes no part
SAMPLES: Final[dict[Any, Any]] = {str: "x", int: 1, bool: True}


def message_of(kind: type[Any], session: str) -> Any:
    """Return a message of this kind about the session, with a sample for every required field."""
    values: dict[str, Any] = {}
    hints = get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        if field.name == "session":
            values["session"] = session
        elif field.required:
            hint = hints[field.name]
            values[field.name] = SAMPLES[hint] if hint in SAMPLES else get_args(hint)[0]
    return kind(**values)


def entry(site: Site, *people: Person) -> Any:
    participants = {person.id: person for person in people if not isinstance(person, Listener)}
    listeners = {person.id: person for person in people if isinstance(person, Listener)}
    return SimpleNamespace(site=site, session=SimpleNamespace(people=participants, listeners=listeners), holds=lambda *_: True)


def client_of(role: StaffRole | str) -> Client:
    if role == "user":
        client = Client(tab="t")
        client.participant = "me"
        return client
    desk_role = role in ("counselor", "professional")
    offices = [] if desk_role else [role]
    part = role if desk_role else "operator"
    member = StaffRecord(id="me", login="me", name="Me", role=part, offices=offices, sites=["shop"])
    return Client(tab="t", staff=member)


def live_with(role: str) -> Any:
    """Return live sessions: one in which the person takes part or listens, and three of others."""
    part: Any = role if role in ("user", "counselor", "professional") else "operator"
    me = Listener(id="me", role=part, name="", since=0) if part == "operator" else Person(id="me", role=part, name="", staff="me")
    entries = {"own": entry(HERE, me), "site": entry(HERE), "organisation": entry(THERE), "installation": entry(FOREIGN)}
    return SimpleNamespace(
        index=SimpleNamespace(entries=entries), now=lambda: 0, reading_along=SimpleNamespace(entry_for=lambda *_: None)
    )


def is_let_in(role: str, message: Any, place: str) -> bool:
    """Return whether the dispatch lets the message in. Beyond the rights, the stand-in for `Live` has nothing and fails."""
    try:
        asyncio.run(handle(live_with(role), client_of(role), message))
    except NotAllowed as refused:
        return refused.reason != "not_yours" and (place == "own" or refused.reason != "unknown")
    except Exception:
        return True
    return True


def test_every_message_has_an_action_and_a_handler() -> None:
    assert set(MESSAGES) == set(HANDLERS) == set(get_args(ClientMessage))


@pytest.mark.parametrize("role", ["user", *get_args(StaffRole)])
def test_every_message_is_allowed_as_the_table_says(role: str) -> None:
    wrong = []
    for kind, action in MESSAGES.items():
        if action == ANYONE:
            continue
        reach = TABLE[action].get(role)
        with_session = any(field.name == "session" for field in msgspec.structs.fields(kind))
        for place, width in (("own", 0), ("site", 1), ("organisation", 2), ("installation", 3)):
            far = {None: -1, "own": 0, "site": 1, "organisation": 2, "installation": 3}[reach]
            expected = reach is not None
            if with_session and (action in ABOUT_A_SESSION or action == "live.watch"):
                expected = width <= far
            elif with_session and not action.startswith("desk."):
                expected = reach == "own" and place == "own"
            if kind.__name__ in ("TypeNotes", "WrapUp", "SignOutStaff"):  # handlers of these messages read the records first
                continue
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
