"""Carry out the messages of co-browsing."""

from __future__ import annotations

from typing import Any

from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.runtime import Live
from signaling.protocol import client_messages as msg
from signaling.protocol import staff_messages as staff
from signaling.session import events as ev
from signaling.session.model import NotAllowed, Person

from .checks import Handler, Reply, in_session


async def _set(live: Live, client: Client, entry: Entry, person: Person, message: msg.SetCobrowse) -> Reply:
    await live.sessions.apply(entry, ev.CobrowseChanged(person.id, message.on))
    return None


_set_by_participant = in_session(_set)


async def _cobrowse(live: Live, client: Client, message: msg.SetCobrowse) -> Reply:
    if not client.page:
        return await _set_by_participant(live, client, message)
    if message.on:  # only the call page starts co-browsing, because it shows the user what staff will see and asks for consent
        raise NotAllowed("not_yours")
    await live.pages.stop(client, message.session)
    return None


async def _no_page(live: Live, client: Client, entry: Entry, person: Person, message: msg.SendPage) -> Reply:
    raise NotAllowed("wrong_state")


_page_of_participant = in_session(_no_page)


async def _page(live: Live, client: Client, message: msg.SendPage) -> Reply:
    if not client.page:  # only a connection whose `hello` had `page` may send a page
        return await _page_of_participant(live, client, message)
    live.pages.receive(client, message)
    return None


async def _watch(live: Live, client: Client, entry: Entry, person: Person, message: staff.WatchPage) -> Reply:
    live.pages.watch(client, entry, person, on=message.on)
    return None


async def _point(live: Live, client: Client, entry: Entry, person: Person, message: staff.PointPage) -> Reply:
    live.pages.point(client, entry, person, message)
    return None


async def _link(live: Live, client: Client, entry: Entry, person: Person, message: staff.ProposeLink) -> Reply:
    live.pages.link(client, entry, person, message)
    return None


HANDLERS: dict[type[Any], Handler] = {
    msg.SetCobrowse: _cobrowse,
    msg.SendPage: _page,
    staff.WatchPage: in_session(_watch),
    staff.PointPage: in_session(_point),
    staff.ProposeLink: in_session(_link),
}
