"""Carry out the messages that operators send."""

from __future__ import annotations

from typing import Any

from signaling.access.rights import may, of_member
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.runtime import Live
from signaling.protocol import staff_messages as msg
from signaling.records import Audited
from signaling.session import events as ev
from signaling.session.model import NotAllowed, Person

from .allowed import check_entry
from .checks import Handler, Reply, in_session, staff_id


async def _watch(live: Live, client: Client, message: msg.Watch) -> Reply:
    watched = live.index.entries.get(message.session) if message.session else None
    if watched is not None:
        check_entry(client, message, watched)
    client.watching, client.watched = True, message.session or ""
    await live.boards.greet(client)
    await live.calls.look(client)
    return None


async def _end_session(live: Live, client: Client, message: msg.EndSession) -> Reply:
    entry = live.index.entries.get(message.session)
    if entry is None:
        raise NotAllowed("unknown")
    check_entry(client, message, entry)
    await live.records.audit(staff_id(client), "end_session", f"session/{entry.id}")
    await live.sessions.apply(entry, ev.EndedBy("operator"))
    return None


async def _listen(live: Live, client: Client, message: msg.Listen) -> Reply:
    if client.staff is None:
        raise NotAllowed("not_yours")
    entry = live.index.entries.get(message.session)
    if entry is not None:
        check_entry(client, message, entry)
    if message.on:
        await live.listening.start(client, client.staff, message.session)
    else:
        await live.listening.stop(client.staff.id, message.session)
    return None


async def _listen_as(live: Live, client: Client, entry: Entry, person: Person, message: msg.SetListening) -> Reply:
    await live.listening.change(entry, person.id, message)
    return None


async def _sign_out_staff(live: Live, client: Client, message: msg.SignOutStaff) -> Reply:
    member = await live.records.staff(message.staff)
    if member is None or client.staff is None or not may(client.staff, "live.sign_out", of_member(member)):
        raise NotAllowed("unknown")
    audit = [Audited(staff_id(client), "sign_out", f"staff/{message.staff}")]
    await live.records.remove_sign_ins_of(message.staff, audit=audit)
    await live.ended_rights.signed_out(member)
    return None


HANDLERS: dict[type[Any], Handler] = {
    msg.Watch: _watch,
    msg.EndSession: _end_session,
    msg.Listen: _listen,
    msg.SetListening: in_session(_listen_as),
    msg.SignOutStaff: _sign_out_staff,
}
