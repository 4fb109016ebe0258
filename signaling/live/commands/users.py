"""Carry out the messages that users send: entering, leaving a message, callbacks and ratings."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from signaling.access.brief import with_field
from signaling.access.factors import qr_code
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.runtime import Live
from signaling.protocol import client_messages as msg
from signaling.protocol import server_messages as replies
from signaling.records.appointment_plan import offered
from signaling.records.opening_hours import callback_times, is_open, is_zone
from signaling.records.types import MessageRecord, RecordsAway, StaffRecord
from signaling.session import events as ev
from signaling.session.model import NotAllowed, Person
from signaling.session.views import brief_value

from .checks import Handler, Reply, agree, event, in_session, require_channel


async def _enter(live: Live, client: Client, entry: Entry, person: Person, message: msg.Enter) -> Reply:
    if entry.session.calling_back():
        await live.sessions.apply(entry, ev.UserMet(person.id, message.channel))
        await live.lines.question(entry, person, brief_value(entry.brief, "note"))
        return None
    await live.sessions.renew_site(entry)
    if not is_open(entry.site.hours_of(entry.session.category), live.wall()):
        live.sessions.show(entry)
        raise NotAllowed("closed")
    if live.owed.crowded:
        raise NotAllowed("unavailable")
    require_channel(entry, message.channel or entry.session.channel)
    preferred = await _preferred(live, entry)
    first = (preferred.id, preferred.name) if preferred else ("", "")
    await live.sessions.apply(entry, ev.Entered(message.channel, message.name.strip(), *first))
    await _note_typed(live, entry, person, message)
    await live.lines.question(entry, person, brief_value(entry.brief, "note"))
    await live.boards.places.look(entry)
    return None


async def _note_typed(live: Live, entry: Entry, person: Person, message: msg.Enter) -> None:
    """Add the name and the note that the user typed on entering, if any, to the session's brief (facts about the user)."""
    typed = {"user_name": message.name.strip() if person.name == message.name.strip() else "", "note": message.note.strip()}
    for name, value in typed.items():
        if value:
            entry.brief = with_field(entry.brief, name, value, "typed")
    if any(typed.values()):
        await live.sessions.save_brief(entry)


async def _preferred(live: Live, entry: Entry) -> StaffRecord | None:
    """Return the counselor of this user's last session, if this counselor is at work and serves this session.

    Otherwise return None. Also return None if the partner has not signed the user's identity.
    """
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
    await live.records.add_message(record)  # store the user's message first, so that it is kept even if the next step fails
    await live.sessions.apply(entry, ev.MessageGiven(person.id))
    live.boards.messages_changed()
    return None


async def _callback_times(live: Live, client: Client, entry: Entry, person: Person, message: msg.GetCallbackTimes) -> Reply:
    await live.sessions.renew_site(entry)
    plan = entry.site.appointments
    if plan is None:
        hours = entry.site.hours_of(entry.session.category)
        times = callback_times(hours, live.wall(), message.timezone)
        return replies.CallbackTimes(session=entry.id, times=times, id=message.id)
    known = person.staff or await live.appointments.known_to(entry)
    found = await live.appointments.times(entry, message.channel or entry.session.channel, message.timezone, known)
    return replies.CallbackTimes(
        session=entry.id,
        times=offered(found.anyone),
        minutes=plan.minutes,
        staff=found.known.id if found.known else "",
        staff_name=found.known.name if found.known else "",
        staff_times=offered(found.own),
        id=message.id,
    )


async def _callback(live: Live, client: Client, entry: Entry, person: Person, message: msg.AskCallback) -> Reply:
    await live.sessions.renew_site(entry)
    if entry.site.callbacks != "offered":
        raise NotAllowed("not_offered")
    if entry.session.state != "callback":
        live.appointments.require_place(entry.site)
    channel = message.channel or entry.session.channel
    if entry.site.appointments is not None:
        require_channel(entry, channel)
        if message.staff and message.staff != await live.appointments.known_to(entry):
            raise NotAllowed("out_of_hours")  # a user may choose only a member of staff whom the page has offered
    contact, note = message.contact.strip(), message.note.strip()
    zone = message.timezone if is_zone(message.timezone) else ""
    asked = ev.CallbackAsked(person.id, message.at, contact, note, reachable=entry.reachable, timezone=zone)
    await agree(live, entry, asked, message.staff, channel)
    live.mailing.callback_booked(entry)
    return None


async def _cancel_callback(live: Live, client: Client, entry: Entry, person: Person, message: msg.CancelCallback) -> Reply:
    await live.sessions.apply(entry, ev.CallbackCancelled(person.id))
    live.mailing.callback_cancelled(entry)
    return None


async def _rate(live: Live, client: Client, entry: Entry, person: Person, message: msg.Rate) -> Reply:
    await live.sessions.apply(entry, ev.Rated(person.id))
    save = partial(live.records.save_rating, entry.id, message.score, message.words, live.now())
    await live.owed.now_or_later(entry.id, lambda _: save(), "rating")
    return None


async def _continue_elsewhere(live: Live, client: Client, entry: Entry, person: Person, message: msg.ContinueElsewhere) -> Reply:
    url, expires_at = await live.returning.elsewhere(entry)
    return replies.Elsewhere(session=entry.id, url=url, qr=qr_code(url), expires_at=expires_at, id=message.id)


HANDLERS: dict[type[Any], Handler] = {
    msg.Enter: in_session(_enter),
    msg.Choose: event(lambda person, m: ev.Chose(person.id, m.choice)),
    msg.LeaveMessage: in_session(_leave_message),
    msg.GetCallbackTimes: in_session(_callback_times),
    msg.AskCallback: in_session(_callback),
    msg.CancelCallback: in_session(_cancel_callback),
    msg.ContinueElsewhere: in_session(_continue_elsewhere),
    msg.Rate: in_session(_rate),
}
