"""Carry out the messages that all participants send: connection, media, chat and board."""

from __future__ import annotations

from typing import Any

from signaling.access.factors import qr_code
from signaling.live.clock import wall_clock_ms
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.runtime import Live
from signaling.protocol import client_messages as msg
from signaling.protocol import server_messages as replies
from signaling.protocol.session_views import Media
from signaling.session import events as ev
from signaling.session.model import NotAllowed, Person

from .checks import Handler, Reply, event, in_session, require_channel


async def _hello(live: Live, client: Client, message: msg.Hello) -> Reply:
    raise NotAllowed("wrong_state")


async def _ping(live: Live, client: Client, message: msg.Ping) -> Reply:
    client.send(replies.Pong(now=live.now(), id=message.id))
    return None


async def _looking(live: Live, client: Client, message: msg.Looking) -> Reply:
    client.looking = message.on
    entry = live.index.entries.get(client.session)
    if message.on and entry is not None and entry.holds(client, entry.session.user):
        live.pushing.looked(entry)
    return None


async def _ice(live: Live, client: Client, entry: Entry, person: Person, message: msg.GetIce) -> Reply:
    if entry.session.state != "active":
        raise NotAllowed("wrong_state")
    turn = live.turn
    # use the machine's clock, because the TURN server compares the time when the credentials expire with its own clock
    servers = [turn.server(entry.id, wall_clock_ms())] if turn is not None else []
    return replies.Ice(session=entry.id, servers=servers, id=message.id)


async def _offer(live: Live, client: Client, entry: Entry, person: Person, message: msg.Offer) -> Reply:
    return await live.rooms.offer(entry, person.id, client.tab, message.sdp, message.id)


async def _line(live: Live, client: Client, entry: Entry, person: Person, message: msg.SendLine) -> Reply:
    if entry.session.state == "asleep" and person.role == "user":
        await live.sleeping.wake(entry)
    live.reading_along.check_mentions(entry, person, message.mentions)
    line = await live.lines.receive(entry, client, person, message)
    if message.mentions:
        await live.reading_along.mention(entry, person, message.mentions, line.seq)
    return None


async def _edit_line(live: Live, client: Client, entry: Entry, person: Person, message: msg.EditLine) -> Reply:
    await live.lines.edit(entry, person, message)
    return None


async def _retract_line(live: Live, client: Client, entry: Entry, person: Person, message: msg.RetractLine) -> Reply:
    await live.lines.retract(entry, person, message)
    return None


async def _read(live: Live, client: Client, entry: Entry, person: Person, message: msg.ReportRead) -> Reply:
    await live.lines.read(entry, person, message)
    return None


async def _page(live: Live, client: Client, entry: Entry, person: Person, message: msg.GetLines) -> Reply:
    await live.lines.page(entry, client, person, message)
    return None


_page_of_participant = in_session(_page)


async def _lines(live: Live, client: Client, message: msg.GetLines) -> Reply:
    entry = live.reading_along.entry_for(client, message.session)
    if entry is None:
        return await _page_of_participant(live, client, message)
    await live.lines.pages(entry, client, "staff", message)
    return None


async def _typing(live: Live, client: Client, entry: Entry, person: Person, message: msg.Typing) -> Reply:
    live.lines.typing(entry, person, message)
    return None


async def _board(live: Live, client: Client, entry: Entry, person: Person, message: msg.BoardMessage) -> Reply:
    await live.rooms.board_in(entry, person.id, message)
    return None


async def _leave(live: Live, client: Client, entry: Entry, person: Person, message: msg.Leave) -> Reply:
    # in the states listed here, leaving the page does not end the session: for example, a user keeps their callback
    if entry.session.state not in ("after", "callback", "closed", "message_left"):
        await live.sessions.apply(entry, ev.Left(person.id))
    return None


async def _captions(live: Live, client: Client, entry: Entry, person: Person, message: msg.SetCaptions) -> Reply:
    if message.on and not live.rooms.captions_ready(entry):
        raise NotAllowed("captions_off")
    await live.sessions.apply(entry, ev.CaptionsAsked(person.id, message.on, message.translate))
    return None


async def _translate(live: Live, client: Client, entry: Entry, person: Person, message: msg.TranslateLine) -> Reply:
    await live.translating.line(entry, client, person, message.seq, message.language)
    return None


async def _invite_guest(live: Live, client: Client, entry: Entry, person: Person, message: msg.InviteGuest) -> Reply:
    guest, url, expires_at = await live.guests.invite(entry, person, message.label)
    return replies.GuestLink(session=entry.id, guest=guest, url=url, qr=qr_code(url), expires_at=expires_at, id=message.id)


async def _enter_as_guest(live: Live, client: Client, entry: Entry, person: Person, message: msg.EnterAsGuest) -> Reply:
    await live.sessions.apply(entry, ev.GuestEntered(person.id, message.name, message.record, entry.last_seq + 1))
    return None


async def _add_channel(live: Live, client: Client, entry: Entry, person: Person, message: msg.AddChannel) -> Reply:
    require_channel(entry, message.channel)
    await live.sessions.apply(entry, ev.ChannelChanged(person.id, message.channel))
    return None


HANDLERS: dict[type[Any], Handler] = {
    msg.Hello: _hello,
    msg.Ping: _ping,
    msg.Looking: _looking,
    msg.GetIce: in_session(_ice),
    msg.Offer: in_session(_offer),
    msg.PeerReport: event(lambda person, m: ev.PeerReported(person.id, m.state)),
    msg.SetMedia: event(
        lambda person, m: ev.MediaChanged(
            person.id, Media(mic=m.mic, camera=m.camera, screen=m.screen, interrupted=m.interrupted)
        )
    ),
    msg.AddChannel: in_session(_add_channel),
    msg.SendLine: in_session(_line),
    msg.EditLine: in_session(_edit_line),
    msg.RetractLine: in_session(_retract_line),
    msg.ReportRead: in_session(_read),
    msg.GetLines: _lines,
    msg.Typing: in_session(_typing),
    msg.BoardMessage: in_session(_board),
    msg.Leave: in_session(_leave),
    msg.AnswerRecording: event(lambda person, m: ev.RecordingAnswered(person.id, m.agree)),
    msg.SetCaptions: in_session(_captions),
    msg.TranslateLine: in_session(_translate),
    msg.InviteGuest: in_session(_invite_guest),
    msg.EnterAsGuest: in_session(_enter_as_guest),
    msg.RemoveGuest: event(lambda person, m: ev.GuestRemoved(person.id, m.guest)),
    msg.SetInterpreter: event(lambda person, m: ev.InterpreterSet(person.id, m.guest, m.side, m.original)),
    msg.KeepCaptions: event(lambda person, m: ev.CaptionsAnswered(person.id, m.agree)),
}
