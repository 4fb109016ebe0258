"""Carry out the messages that counselors and professionals send."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from matcher.types import Refused, Unavailable
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.runtime import Live
from signaling.protocol import server_messages as replies
from signaling.protocol import staff_messages as msg
from signaling.session import events as ev
from signaling.session.model import FINAL_STATES, WRAP_UP_MS, NotAllowed, Person

from .checks import Handler, Reply, agree, event, in_session, staff_id

# a member who has left a conversation may save notes until this many milliseconds after the end of the conversation
LATE_NOTES_MS = 15 * 60_000


async def _help(live: Live, client: Client, entry: Entry, person: Person, message: msg.AskHelp) -> Reply:
    if message.category and message.category not in entry.site.categories:
        raise NotAllowed("unknown")
    await live.sessions.apply(entry, ev.HelpAsked(person.id, message.note, message.category))
    return None


async def _transfer(live: Live, client: Client, entry: Entry, person: Person, message: msg.AskTransfer) -> Reply:
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


async def _colleagues(live: Live, client: Client, entry: Entry, person: Person, message: msg.GetColleagues) -> Reply:
    if not person.staff:
        raise NotAllowed("not_yours")
    found = live.staffing.mentionable if message.purpose == "mention" else live.staffing.colleagues
    return replies.Colleagues(session=entry.id, people=found(entry, person.staff), id=message.id)


async def _read_along(live: Live, client: Client, message: msg.ReadAlong) -> Reply:
    if message.on:
        await live.reading_along.start(client, message.session)
    else:
        await live.reading_along.stop(staff_id(client), message.session)
    return None


async def _move_callback(live: Live, client: Client, entry: Entry, person: Person, message: msg.MoveCallback) -> Reply:
    await live.sessions.renew_site(entry)
    channel = entry.session.channel
    staff = await live.appointments.owner_or_anyone(entry, person.staff, channel)
    await agree(live, entry, ev.CallbackMoved(person.id, message.at), staff, channel)
    live.mailing.callback_booked(entry)
    return None


async def _invite(live: Live, client: Client, entry: Entry, person: Person, message: msg.GetInvite) -> Reply:
    url, expires_at = await live.returning.invite(entry, person.id)
    return replies.Invite(session=entry.id, url=url, expires_at=expires_at, id=message.id)


async def _state(live: Live, client: Client, message: msg.SetState) -> Reply:
    staff, store, now = staff_id(client), live.store, live.now()
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


async def _texts_in_call(live: Live, client: Client, message: msg.SetTextsInCall) -> Reply:
    record = await live.records.staff(staff_id(client))
    if record is None:
        raise NotAllowed("unknown")
    await live.presence.take_texts_in_call(replace(record, texts_in_call=message.on))
    return None


async def _accept(live: Live, client: Client, message: msg.Accept) -> Reply:
    await live.matching.accept(message.reservation, client)
    return None


async def _decline(live: Live, client: Client, message: msg.Decline) -> Reply:
    await live.matching.decline(message.reservation, staff_id(client), message.reason)
    return None


async def _note_taker(live: Live, client: Client, session: str) -> tuple[Entry, Person]:
    """Return the session and the member of staff who writes notes in it. Raises NotAllowed if the member may not write notes now.

    A member may write while they are in the room, while they wrap up after a hand-over, and until `LATE_NOTES_MS` after the end
    of the conversation. A member who has other sessions is never in the state "wrap_up". Such a member may write until
    `WRAP_UP_MS` after the hand-over.
    """
    staff = staff_id(client)
    entry = await live.stored.any_session(session)
    person = entry.session.people.get(staff) if entry else None
    if entry is None or person is None:
        raise NotAllowed("unknown")
    late_ms = live.now() - (entry.session.ended_at or live.now())
    wraps_up = live.staffing.state(staff) == "wrap_up" or live.now() - person.handed_over_at <= WRAP_UP_MS
    if person.gone and (late_ms > LATE_NOTES_MS or (late_ms == 0 and not wraps_up)):
        raise NotAllowed("too_late")
    if not person.gone and not entry.holds(client, staff):
        raise NotAllowed("replaced")
    return entry, person


async def _notes(live: Live, client: Client, message: msg.TypeNotes) -> Reply:
    """Store the draft of notes while a member of staff types them.

    If the session has just closed, the last draft of the session's owner is saved as the wrap-up.
    """
    entry, person = await _note_taker(live, client, message.session)
    if entry.session.state not in FINAL_STATES:
        await live.sessions.apply(entry, ev.NotesTyped(person.id, message.notes, message.outcome, tuple(message.tags)))
    elif person.id == entry.session.owner and message.notes.strip():
        await live.sessions.save_wrap_up(entry, person.staff, message.notes, message.outcome, message.tags)
    else:
        raise NotAllowed("too_late")
    return None


async def _wrap_up(live: Live, client: Client, message: msg.WrapUp) -> Reply:
    """Save a wrap-up. The wrap-up of the session's owner closes the session.

    The wrap-up of a professional, or of a counselor who has handed over, becomes a note for staff. If the session closed by
    itself while a member was still writing notes, these notes are saved, too.
    """
    staff = staff_id(client)
    entry, person = await _note_taker(live, client, message.session)
    if not person.gone and entry.session.state != "after":
        raise NotAllowed("wrong_state")
    if staff == entry.session.owner and not message.outcome and _needs_outcome(entry):
        raise NotAllowed("outcome_needed")
    if person.draft is not None:  # delete the draft of the notes, because the wrap-up replaces it
        await live.sessions.apply(entry, ev.NotesTyped(staff, ""))
    if staff == entry.session.owner:
        await live.sessions.save_wrap_up(entry, staff, message.notes, message.outcome, message.tags)
    elif message.notes.strip():
        await live.lines.note(entry, person, message.notes)
    if not person.gone:
        await live.sessions.apply(entry, ev.WrappedUp(staff))
    # The matcher's event about this member's state can arrive after the browser's message, so wait for this event first.
    await live.requests.settled()
    if live.staffing.state(staff) == "wrap_up":
        await _wrapped_up(live, staff)
    return None


def _needs_outcome(entry: Entry) -> bool:
    return entry.site.wrap_up_plan.needs_outcome(entry.site.category_path(entry.session.category))


async def _wrapped_up(live: Live, staff: str) -> None:
    try:
        await live.requests.call(live.store.wrapped_up(staff, live.now()))
    except (Refused, Unavailable):
        live.refused["matcher_wrapped_up"] += 1
    await live.requests.settled()


async def _message_answer(live: Live, client: Client, message: msg.MessageAnswer) -> Reply:
    found = live.boards.message(client.staff, message.message) if client.staff else None
    if client.staff is None or found is None:
        raise NotAllowed("unknown")
    if not message.text.strip():
        raise NotAllowed("empty")
    await live.answering.answer(client, client.staff, found, message.text)
    await live.boards.load_messages()
    await live.boards.push()
    return None


async def _message_state(live: Live, client: Client, message: msg.MessageTake | msg.MessageDone) -> Reply:
    state: Any = "taken" if isinstance(message, msg.MessageTake) else "done"
    if client.staff is None or not live.boards.may_take(client.staff, message.message):
        raise NotAllowed("unknown")
    try:
        await live.records.set_message_state(message.message, state, staff_id(client))
    except LookupError:
        raise NotAllowed("unknown") from None
    except ValueError:
        raise NotAllowed("wrong_state") from None
    await live.boards.load_messages()
    await live.boards.push()
    return None


HANDLERS: dict[type[Any], Handler] = {
    msg.AnswerUpgrade: event(lambda person, m: ev.UpgradeAnswered(person.id, m.take)),
    msg.PutToSleep: event(lambda person, m: ev.PutToSleep(person.id)),
    msg.MoveCallback: in_session(_move_callback),
    msg.MissCallback: event(lambda person, m: ev.CallbackMissed(person.id)),
    msg.GetInvite: in_session(_invite),
    msg.SetState: _state,
    msg.SetTextsInCall: _texts_in_call,
    msg.Accept: _accept,
    msg.Decline: _decline,
    msg.AskHelp: in_session(_help),
    msg.AskTransfer: in_session(_transfer),
    msg.GetColleagues: in_session(_colleagues),
    msg.ReadAlong: _read_along,
    msg.CancelHelp: event(lambda person, m: ev.HelpCancelled(person.id)),
    msg.Join: event(lambda person, m: ev.HelpJoined(person.id, m.record)),
    msg.SetMode: event(lambda person, m: ev.ModeChanged(person.id, m.mode, m.hear_user)),
    msg.Hold: event(lambda person, m: ev.Held(person.id, m.on)),
    msg.HandOver: event(lambda person, m: ev.HandedOver(person.id)),
    msg.TypeNotes: _notes,
    msg.WrapUp: _wrap_up,
    msg.MessageTake: _message_state,
    msg.MessageAnswer: _message_answer,
    msg.MessageDone: _message_state,
}
