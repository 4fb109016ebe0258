"""Check the sender of a command: the sender's role in the session, and whether the connection acts for the sender."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.runtime import Live
from signaling.protocol import server_messages as replies
from signaling.protocol.words import Channel
from signaling.records.opening_hours import may_call_back
from signaling.session import events as ev
from signaling.session.model import NotAllowed, Person

from .allowed import check_part

Reply = (
    replies.Answer | replies.CallbackTimes | replies.Colleagues | replies.Elsewhere | replies.GuestLink | replies.Ice
    | replies.Invite | None
)  # fmt: skip
Handler = Callable[[Live, Client, Any], Awaitable[Reply]]
InSession = Callable[[Live, Client, Entry, Person, Any], Awaitable[Reply]]


def in_session(handler: InSession) -> Handler:
    """Wrap a handler of participants' messages. The wrapper finds the session and the person for the handler.

    The wrapper refuses a connection that does not act for the person, and a message that the person's role in the session does
    not allow.
    """

    async def wrapped(live: Live, client: Client, message: Any) -> Reply:
        entry = live.index.entries.get(message.session)
        participant = client.staff.id if client.staff else client.participant
        person = entry.session.people.get(participant) if entry else None
        if entry is not None and person is None:
            person = entry.session.listeners.get(participant)
        if entry is None or person is None or person.gone:
            raise NotAllowed("not_yours")
        check_part(person, message)
        if not entry.holds(client, participant):
            raise NotAllowed("replaced")
        return await handler(live, client, entry, person, message)

    return wrapped


def event(make: Callable[[Person, Any], ev.SessionEvent]) -> Handler:
    """Return a handler that turns the message into one event and passes the event to the session's state machine."""

    async def apply(live: Live, client: Client, entry: Entry, person: Person, message: Any) -> Reply:
        await live.sessions.apply(entry, make(person, message))
        return None

    return in_session(apply)


def staff_id(client: Client) -> str:
    if client.staff is None:
        raise NotAllowed("not_yours")
    return client.staff.id


def require_channel(entry: Entry, channel: Channel) -> None:
    """Raise NotAllowed if the site does not offer this channel (text, voice or video)."""
    if channel not in entry.site.channels:
        raise NotAllowed("not_offered")


async def agree(live: Live, entry: Entry, booking: ev.CallbackAsked | ev.CallbackMoved, staff: str, channel: Channel) -> None:
    """Book a time at which staff call the user. If the site offers appointments, book one with this member ("": anyone).

    Otherwise book a callback.
    """
    if entry.site.appointments is not None:
        await live.appointments.book(
            entry,
            booking.at,
            channel,
            staff,
            lambda with_staff: live.sessions.apply(entry, replace(booking, with_staff=with_staff)),
        )
        return
    if not may_call_back(entry.site.hours_of(entry.session.category), booking.at, live.wall()):
        raise NotAllowed("out_of_hours")
    await live.sessions.apply(entry, booking)
    await live.appointments.release(entry)
