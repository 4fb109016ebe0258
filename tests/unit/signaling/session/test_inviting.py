"""A conversation that other software has started waits for its user.

A callback ends when other software reports that staff called the user by other means, or will not call the user.
"""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed, decode_snapshot, encode_snapshot, model, new_session, receive
from signaling.session import events as ev
from signaling.session.effects import Enqueue
from signaling.session.inviting import invite
from tests.unit.signaling.session.call import NOW, Call
from tests.unit.signaling.session.test_appointment import kept
from tests.unit.signaling.session.test_callback import asked, calling, due

HOUR = 3_600_000
UNTIL = NOW + 72 * HOUR


def invited(channel: model.Channel = "text", staff: str = "", sleeps_days: int = 7) -> model.Session:
    session = new_session(
        id="s-1",
        site="shop",
        category="c",
        language="ko",
        channel=channel,
        user="u",
        name="민아",
        now=NOW,
        sleeps_days=sleeps_days,
    )
    invite(session, UNTIL, staff, staff.title())
    return session


@pytest.mark.parametrize("channel", ["text", "voice", "video"])
def test_conversation_waits_until_its_link_ends(channel: model.Channel) -> None:
    session = decode_snapshot(encode_snapshot(invited(channel)))
    receive(session, ev.Restored(False), NOW + HOUR)
    receive(session, ev.Ticked(), UNTIL - 1)
    assert (session.state, session.invited) == ("asleep" if channel == "text" else "preparing", True)
    receive(session, ev.Ticked(), UNTIL)
    assert session.state == "closed"


@pytest.mark.parametrize("sleeps_days", [0, 7])
def test_visited_conversation_sleeps_on_and_wakes_by_a_line(sleeps_days: int) -> None:
    session, came = invited(sleeps_days=sleeps_days), UNTIL - HOUR
    receive(session, ev.Connected("u"), came)
    receive(session, ev.Disconnected("u"), came + 1000)
    receive(session, ev.Ticked(), UNTIL + HOUR)
    assert (session.state, session.invited) == ("asleep", False)
    receive(session, ev.Woken("u"), UNTIL + HOUR)
    assert session.state == "waiting"


def test_counselor_of_the_first_line_owns_the_conversation() -> None:
    session = invited(staff="jimin")
    assert (session.owner, session.people["jimin"].name) == ("jimin", "Jimin")
    receive(session, ev.Connected("jimin"), NOW)
    receive(session, ev.Connected("u"), NOW)
    out = receive(session, ev.Woken("u", "jimin", "Jimin"), NOW)
    assert [each.only for each in out if isinstance(each, Enqueue)] == ["jimin"]


def test_invited_caller_prepares_as_long_as_any_other() -> None:
    session = invited("voice")
    receive(session, ev.Connected("u"), NOW + HOUR)
    receive(session, ev.Ticked(), NOW + HOUR + model.IDLE_MS - 1)
    assert session.state == "preparing"
    receive(session, ev.Entered(), NOW + HOUR + model.IDLE_MS - 1)
    assert session.state == "waiting"


@pytest.mark.parametrize(("done", "state", "why"), [(True, "done", "hung_up"), (False, "missed", "callback_missed")])
def test_callback_is_settled_from_outside(done: bool, state: str, why: str) -> None:
    for begun in (asked(Call()), due(Call())):
        rang = begun.session.callback.state == "due"
        begun.give(ev.CallbackMarked(done))
        assert (begun.session.callback.state, begun.session.state, begun.session.end_reason) == (state, "closed", why)
        assert begun.steps() == ([("cancel", begun.session.request)] if rang else [])


@pytest.mark.parametrize("done", [True, False])
def test_settled_appointment_gives_its_kept_place_back(done: bool) -> None:
    begun = kept(Call())
    begun.give(ev.CallbackMarked(done))
    assert begun.steps() == [("cancel", begun.session.request)]


def test_callback_that_a_counselor_has_or_hears_ringing_is_theirs() -> None:
    ringing = due(Call())
    ringing.give(ev.RingStarted(ringing.session.request, "r-1", "jimin", NOW, 1))
    for call, reason in ((ringing, "ringing"), (calling(Call()), "wrong_state"), (Call(), "wrong_state")):
        with pytest.raises(NotAllowed, match=reason):
            call.give(ev.CallbackMarked(True))
