"""Dispatch client messages by a table. The sender's part in the session is checked here, once."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from matcher.types import Refused, Unavailable
from signaling.access.brief import with_field
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.runtime import Live
from signaling.live.staffing import MATCHED_ROLES
from signaling.protocol import client_messages as msg
from signaling.protocol import server_messages as replies
from signaling.protocol import staff_messages as staff_msg
from signaling.protocol.session_views import Media
from signaling.records.opening_hours import callback_times, is_open, may_call_back
from signaling.records.types import MessageRecord, RecordsAway, StaffRecord, UnknownSession
from signaling.session import events as ev
from signaling.session.model import FINAL_STATES, NotAllowed, Person
from signaling.session.views import brief_value

Reply = replies.Answer | replies.CallbackTimes | replies.Colleagues | replies.Ice | replies.Invite | None
Handler = Callable[[Live, Client, Any], Awaitable[Reply]]
InSession = Callable[[Live, Client, Entry, Person, Any], Awaitable[Reply]]


async def handle(live: Live, client: Client, message: msg.ClientMessage) -> None:
    """Carry out one message and reply to it. Raise `NotAllowed` with the reason if it is refused."""
    reply = await HANDLERS[type(message)](live, client, message)
    request_id = getattr(message, "id", None)
    if reply is not None:
        client.send(reply)
    elif request_id is not None and not isinstance(message, msg.GetLines | msg.Ping):
        client.send(replies.Ok(id=request_id))


def in_session(handler: InSession, *, listeners: bool = False) -> Handler:
    """Wrap a handler of participants' messages: find the session and the person.

    The connection must be the one that acts for the person. `listeners`: operators who listen in may send this message, too.
    """

    async def wrapped(live: Live, client: Client, message: Any) -> Reply:
        entry = live.index.entries.get(message.session)
        participant = client.staff.id if client.staff else client.participant
        person = entry.session.people.get(participant) if entry else None
        if entry is not None and person is None and listeners:
            person = entry.session.listeners.get(participant)
        if entry is None or person is None or person.gone:
            raise NotAllowed("not_yours")
        if not entry.holds(client, participant):
            raise NotAllowed("replaced")
        return await handler(live, client, entry, person, message)

    return wrapped


def _event(make: Callable[[Person, Any], ev.SessionEvent], *, listeners: bool = False) -> Handler:
    """Return a handler that passes the message to the session machine as one event."""

    async def apply(live: Live, client: Client, entry: Entry, person: Person, message: Any) -> Reply:
        await live.sessions.apply(entry, make(person, message))
        return None

    return in_session(apply, listeners=listeners)


def staff_only(handler: Handler, *roles: str) -> Handler:
    async def wrapped(live: Live, client: Client, message: Any) -> Reply:
        if client.staff is None or client.staff.role not in roles:
            raise NotAllowed("not_yours")
        return await handler(live, client, message)

    return wrapped


def user_only(handler: InSession) -> InSession:
    async def wrapped(live: Live, client: Client, entry: Entry, person: Person, message: Any) -> Reply:
        if person.role != "user":
            raise NotAllowed("not_yours")
        return await handler(live, client, entry, person, message)

    return wrapped


# --- everyone ----------------------------------------------------------------------------------------------------------


async def _hello(live: Live, client: Client, message: msg.Hello) -> Reply:
    raise NotAllowed("wrong_state")


async def _ping(live: Live, client: Client, message: msg.Ping) -> Reply:
    client.send(replies.Pong(now=live.now(), id=message.id))
    return None


async def _ice(live: Live, client: Client, entry: Entry, person: Person, message: msg.GetIce) -> Reply:
    if entry.session.state != "active":
        raise NotAllowed("wrong_state")
    turn = live.turn
    servers = [turn.server(entry.id, live.now())] if turn is not None else []
    return replies.Ice(session=entry.id, servers=servers, id=message.id)


async def _offer(live: Live, client: Client, entry: Entry, person: Person, message: msg.Offer) -> Reply:
    return await live.rooms.offer(entry, person.id, client.tab, message.sdp, message.id)


async def _line(live: Live, client: Client, entry: Entry, person: Person, message: msg.SendLine) -> Reply:
    await live.lines.receive(entry, client, person, message)
    return None


async def _edit_line(live: Live, client: Client, entry: Entry, person: Person, message: msg.EditLine) -> Reply:
    await live.lines.edit(entry, person, message)
    return None


async def _retract_line(live: Live, client: Client, entry: Entry, person: Person, message: msg.RetractLine) -> Reply:
    await live.lines.retract(entry, person, message)
    return None


async def _lines(live: Live, client: Client, entry: Entry, person: Person, message: msg.GetLines) -> Reply:
    await live.lines.catch_up(entry, client, person, message)
    return None


async def _typing(live: Live, client: Client, entry: Entry, person: Person, message: msg.Typing) -> Reply:
    live.lines.typing(entry, person, message)
    return None


async def _board(live: Live, client: Client, entry: Entry, person: Person, message: msg.BoardMessage) -> Reply:
    await live.rooms.board_in(entry, person.id, message)
    return None


async def _leave(live: Live, client: Client, entry: Entry, person: Person, message: msg.Leave) -> Reply:
    if entry.session.state not in ("after", "callback", "closed", "message_left"):  # leaving the page does not cancel a callback
        await live.sessions.apply(entry, ev.Left(person.id))
    return None


# --- the user ----------------------------------------------------------------------------------------------------------


async def _enter(live: Live, client: Client, entry: Entry, person: Person, message: msg.Enter) -> Reply:
    if entry.session.calling_back():
        await live.sessions.apply(entry, ev.UserMet(person.id, message.channel))
        await live.lines.question(entry, person, brief_value(entry.brief, "note"))
        return None
    await live.sessions.renew_site(entry)
    if not is_open(entry.site.hours_of(entry.session.category), live.now()):
        live.sessions.show(entry)
        raise NotAllowed("closed")
    if live.owed.crowded:
        raise NotAllowed("unavailable")
    preferred = await _preferred(live, entry)
    first = (preferred.id, preferred.name) if preferred else ("", "")
    await live.sessions.apply(entry, ev.Entered(message.channel, message.name.strip(), *first))
    await _note_typed(live, entry, person, message)
    await live.lines.question(entry, person, brief_value(entry.brief, "note"))
    await live.boards.places.look(entry)
    return None


async def _note_typed(live: Live, entry: Entry, person: Person, message: msg.Enter) -> None:
    """Put the fields that the user typed when entering into the brief."""
    typed = {"user_name": message.name.strip() if person.name == message.name.strip() else "", "note": message.note.strip()}
    for name, value in typed.items():
        if value:
            entry.brief = with_field(entry.brief, name, value, "typed")
    if any(typed.values()):
        await live.sessions.save_brief(entry)


async def _preferred(live: Live, entry: Entry) -> StaffRecord | None:
    """Return the counselor of the user's last session, if known."""
    if not entry.vouched:
        return None
    try:
        return live.staffing.preferred(entry, await live.records.served_by(entry.id))
    except RecordsAway:
        return None


async def _leave_message(live: Live, client: Client, entry: Entry, person: Person, message: msg.LeaveMessage) -> Reply:
    if entry.session.state not in ("preparing", "waiting") and not entry.session.owner_lost:
        raise NotAllowed("wrong_state")
    record = MessageRecord(
        id=f"m-{secrets.token_hex(6)}",
        session=entry.id,
        site=entry.site.id,
        category=entry.session.category,
        language=entry.session.language,
        contact=message.contact.strip(),
        text=message.text,
        at=live.now(),
    )
    await live.records.add_message(record)  # first: the message is stored whatever happens next
    await live.sessions.apply(entry, ev.MessageGiven(person.id))
    live.boards.messages_changed()
    return None


async def _callback_times(live: Live, client: Client, entry: Entry, person: Person, message: msg.GetCallbackTimes) -> Reply:
    await live.sessions.renew_site(entry)
    hours = entry.site.hours_of(entry.session.category)
    times = callback_times(hours, live.now(), message.timezone)
    return replies.CallbackTimes(session=entry.id, times=times, id=message.id)


async def _callback(live: Live, client: Client, entry: Entry, person: Person, message: msg.AskCallback) -> Reply:
    await _check_time(live, entry, message.at)
    if entry.site.callbacks != "offered":
        raise NotAllowed("not_offered")
    if entry.session.state != "callback" and len(live.index.callbacks) >= MOST_CALLBACKS:
        raise NotAllowed("full")
    contact = message.contact.strip()
    if not entry.reachable:
        contact = contact or (entry.session.callback.contact if entry.session.callback else "")
        if len(contact) < LEAST_CONTACT:
            raise NotAllowed("no_contact")
    await live.sessions.apply(entry, ev.CallbackAsked(person.id, message.at, contact, message.note.strip()))
    return None


async def _check_time(live: Live, entry: Entry, at: int) -> None:
    await live.sessions.renew_site(entry)
    if not may_call_back(entry.site.hours_of(entry.session.category), at, live.now()):
        raise NotAllowed("out_of_hours")


async def _rate(live: Live, client: Client, entry: Entry, person: Person, message: msg.Rate) -> Reply:
    await live.sessions.apply(entry, ev.Rated(person.id))
    save = partial(live.records.save_rating, entry.id, message.score, message.words)
    await live.owed.now_or_later(entry.id, lambda _: save(), "rating")
    return None


# --- staff -------------------------------------------------------------------------------------------------------------


async def _help(live: Live, client: Client, entry: Entry, person: Person, message: staff_msg.AskHelp) -> Reply:
    if message.category and message.category not in entry.site.categories:
        raise NotAllowed("unknown")
    await live.sessions.apply(entry, ev.HelpAsked(person.id, message.note, message.category))
    return None


async def _transfer(live: Live, client: Client, entry: Entry, person: Person, message: staff_msg.AskTransfer) -> Reply:
    if not person.staff:
        raise NotAllowed("not_yours")
    if bool(message.staff) == bool(message.category) or message.category not in ("", *entry.site.categories):
        raise NotAllowed("unknown")
    name = entry.category_name(message.category) if message.category else ""
    if message.staff:
        colleague = next((each for each in live.staffing.colleagues(entry, person.staff) if each.id == message.staff), None)
        if colleague is None:
            raise NotAllowed("unknown")
        name = colleague.name
    await live.sessions.apply(
        entry, ev.TransferAsked(person.id, message.how, name, message.staff, message.category, message.note)
    )
    return None


async def _colleagues(live: Live, client: Client, entry: Entry, person: Person, message: staff_msg.GetColleagues) -> Reply:
    if not person.staff:
        raise NotAllowed("not_yours")
    return replies.Colleagues(session=entry.id, people=live.staffing.colleagues(entry, person.staff), id=message.id)


async def _move_callback(live: Live, client: Client, entry: Entry, person: Person, message: staff_msg.MoveCallback) -> Reply:
    await _check_time(live, entry, message.at)
    await live.sessions.apply(entry, ev.CallbackMoved(person.id, message.at))
    return None


async def _invite(live: Live, client: Client, entry: Entry, person: Person, message: staff_msg.GetInvite) -> Reply:
    url, expires_at = await live.invite(entry, person.id)
    return replies.Invite(session=entry.id, url=url, expires_at=expires_at, id=message.id)


async def _state(live: Live, client: Client, message: staff_msg.SetState) -> Reply:
    staff, store, now = _staff_id(client), live.store, live.now()
    available = message.state == "available"
    if live.staffing.state(staff) == "wrap_up":
        step = store.wrapped_up(staff, now, available=available)
    else:
        step = store.set_available(staff, now) if available else store.set_away(staff, now)
    try:
        await live.requests.call(step)
    except Refused as refused:
        raise NotAllowed(refused.reason) from None
    await live.requests.settled()
    return None


async def _texts_in_call(live: Live, client: Client, message: staff_msg.SetTextsInCall) -> Reply:
    record = await live.records.staff(_staff_id(client))
    if record is None:
        raise NotAllowed("unknown")
    await live.staff_changed(replace(record, texts_in_call=message.on))
    return None


def _staff_id(client: Client) -> str:
    if client.staff is None:
        raise NotAllowed("not_yours")
    return client.staff.id


async def _accept(live: Live, client: Client, message: staff_msg.Accept) -> Reply:
    await live.matching.accept(message.reservation, client)
    return None


async def _decline(live: Live, client: Client, message: staff_msg.Decline) -> Reply:
    await live.matching.decline(message.reservation, client, message.reason)
    return None


async def _note_taker(live: Live, client: Client, session: str) -> tuple[Entry, Person]:
    """Return the session and the person who writes notes in it.

    That person is in the room, has handed over, or writes within `LATE_NOTES_MS` after the session closed by itself.
    """
    staff = _staff_id(client)
    entry = await live.any_session(session)
    person = entry.session.people.get(staff) if entry else None
    if entry is None or person is None:
        raise NotAllowed("unknown")
    late_ms = live.now() - (entry.session.ended_at or live.now())
    if person.gone and (late_ms > LATE_NOTES_MS or (late_ms == 0 and live.staffing.state(staff) != "wrap_up")):
        raise NotAllowed("too_late")
    if not person.gone and not entry.holds(client, staff):
        raise NotAllowed("replaced")
    return entry, person


async def _notes(live: Live, client: Client, message: staff_msg.TypeNotes) -> Reply:
    """Keep notes while they are typed. The owner's last words count even if the session has just closed."""
    entry, person = await _note_taker(live, client, message.session)
    if entry.session.state not in FINAL_STATES:
        await live.sessions.apply(entry, ev.NotesTyped(person.id, message.notes, message.outcome))
    elif person.id == entry.session.owner and message.notes.strip():
        await live.sessions.save_wrap_up(entry, person.staff, message.notes, message.outcome)
    else:
        raise NotAllowed("too_late")
    return None


async def _wrap_up(live: Live, client: Client, message: staff_msg.WrapUp) -> Reply:
    """Save a wrap-up. The owner's wrap-up closes the session.

    The wrap-up of a professional, or of a counselor who has handed over, becomes a staff note. Notes that were still being
    written when the session closed by itself are kept.
    """
    staff = _staff_id(client)
    entry, person = await _note_taker(live, client, message.session)
    if not person.gone and entry.session.state != "after":
        raise NotAllowed("wrong_state")
    if person.draft is not None:  # the wrap-up replaces the draft
        await live.sessions.apply(entry, ev.NotesTyped(staff, ""))
    if staff == entry.session.owner:
        await live.sessions.save_wrap_up(entry, staff, message.notes, message.outcome)
    elif message.notes.strip():
        await live.lines.note(entry, person, message.notes)
    if not person.gone:
        await live.sessions.apply(entry, ev.WrappedUp(staff))
    await live.requests.settled()  # the client may be faster than the matcher's event about its state
    if live.staffing.state(staff) == "wrap_up":
        await _wrapped_up(live, staff)
    return None


async def _wrapped_up(live: Live, staff: str) -> None:
    try:
        await live.requests.call(live.store.wrapped_up(staff, live.now()))
    except (Refused, Unavailable):
        live.refused["matcher_wrapped_up"] += 1
    await live.requests.settled()


async def _message_state(live: Live, client: Client, message: staff_msg.MessageTake | staff_msg.MessageDone) -> Reply:
    state: Any = "taken" if isinstance(message, staff_msg.MessageTake) else "done"
    if client.staff is None or not live.boards.may_take(client.staff, message.message):
        raise NotAllowed("unknown")
    try:
        await live.records.set_message_state(message.message, state, _staff_id(client))
    except LookupError:
        raise NotAllowed("unknown") from None
    except ValueError:
        raise NotAllowed("wrong_state") from None
    await live.boards.load_messages()
    live.boards.push()
    return None


# --- operators ---------------------------------------------------------------------------------------------------------


async def _watch(live: Live, client: Client, message: staff_msg.Watch) -> Reply:
    client.watching, client.watched = True, message.session or ""
    await live.boards.greet(client)
    await live.calls.look(client)
    return None


async def _end_session(live: Live, client: Client, message: staff_msg.EndSession) -> Reply:
    entry = live.index.entries.get(message.session)
    if entry is None:
        raise NotAllowed("unknown")
    now = live.now()
    await live.records.audit(_staff_id(client), "end_session", f"session/{entry.id}", now)
    await live.sessions.apply(entry, ev.EndedBy("operator"))
    return None


async def _listen(live: Live, client: Client, message: staff_msg.Listen) -> Reply:
    if client.staff is None:
        raise NotAllowed("not_yours")
    if message.on:
        await live.listening.start(client, client.staff, message.session)
    else:
        await live.listening.stop(client.staff.id, message.session)
    return None


async def _sign_out_staff(live: Live, client: Client, message: staff_msg.SignOutStaff) -> Reply:
    member = await live.records.staff(message.staff)
    if member is None:
        raise NotAllowed("unknown")
    await live.records.audit(_staff_id(client), "sign_out", f"staff/{message.staff}", live.now())
    await live.records.remove_sign_ins_of(message.staff)
    await live.staff_signed_out(member)
    return None


LATE_NOTES_MS = 15 * 60_000  # notes are accepted so long after the end of the conversation

LEAST_CONTACT = 3  # characters, the same as for a message left
MOST_CALLBACKS = 5_000  # at the same time; a callback stays in memory for up to two weeks, beside the live sessions

HANDLERS: dict[type[Any], Handler] = {
    msg.Hello: _hello,
    msg.Ping: _ping,
    msg.Enter: in_session(user_only(_enter)),
    msg.GetIce: in_session(_ice, listeners=True),
    msg.Offer: in_session(_offer, listeners=True),
    msg.PeerReport: _event(lambda person, m: ev.PeerReported(person.id, m.state), listeners=True),
    msg.SetMedia: _event(lambda person, m: ev.MediaChanged(person.id, Media(mic=m.mic, camera=m.camera, screen=m.screen))),
    msg.AddChannel: _event(lambda person, m: ev.ChannelChanged(person.id, m.channel)),
    staff_msg.AnswerUpgrade: _event(lambda person, m: ev.UpgradeAnswered(person.id, m.take)),
    msg.SendLine: in_session(_line),
    msg.EditLine: in_session(_edit_line),
    msg.RetractLine: in_session(_retract_line),
    msg.GetLines: in_session(_lines),
    msg.Typing: in_session(_typing),
    msg.BoardMessage: in_session(_board),
    msg.Leave: in_session(_leave),
    msg.Choose: _event(lambda person, m: ev.Chose(person.id, m.choice)),
    msg.LeaveMessage: in_session(user_only(_leave_message)),
    msg.GetCallbackTimes: in_session(_callback_times),
    msg.AskCallback: in_session(user_only(_callback)),
    msg.CancelCallback: _event(lambda person, m: ev.CallbackCancelled(person.id)),
    staff_msg.MoveCallback: in_session(_move_callback),
    staff_msg.MissCallback: _event(lambda person, m: ev.CallbackMissed(person.id)),
    staff_msg.GetInvite: in_session(_invite),
    msg.Rate: in_session(user_only(_rate)),
    staff_msg.SetState: staff_only(_state, *MATCHED_ROLES),
    staff_msg.SetTextsInCall: staff_only(_texts_in_call, *MATCHED_ROLES),
    staff_msg.Accept: staff_only(_accept, *MATCHED_ROLES),
    staff_msg.Decline: staff_only(_decline, *MATCHED_ROLES),
    staff_msg.AskHelp: in_session(_help),
    staff_msg.AskTransfer: in_session(_transfer),
    staff_msg.GetColleagues: in_session(_colleagues),
    staff_msg.CancelHelp: _event(lambda person, m: ev.HelpCancelled(person.id)),
    staff_msg.Join: _event(lambda person, m: ev.HelpJoined(person.id, m.record)),
    staff_msg.SetMode: _event(lambda person, m: ev.ModeChanged(person.id, m.mode, m.hear_user)),
    staff_msg.Hold: _event(lambda person, m: ev.Held(person.id, m.on)),
    msg.AnswerRecording: _event(lambda person, m: ev.RecordingAnswered(person.id, m.agree)),
    staff_msg.HandOver: _event(lambda person, m: ev.HandedOver(person.id)),
    staff_msg.TypeNotes: staff_only(_notes, *MATCHED_ROLES),
    staff_msg.WrapUp: staff_only(_wrap_up, *MATCHED_ROLES),
    staff_msg.MessageTake: staff_only(_message_state, *MATCHED_ROLES),
    staff_msg.MessageDone: staff_only(_message_state, *MATCHED_ROLES),
    staff_msg.Watch: staff_only(_watch, "operator"),
    staff_msg.EndSession: staff_only(_end_session, "operator"),
    staff_msg.Listen: staff_only(_listen, "operator"),
    staff_msg.SignOutStaff: staff_only(_sign_out_staff, "operator"),
}

REFUSALS = (NotAllowed, UnknownSession)
