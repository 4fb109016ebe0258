"""Text conversations sleep when their user has left, and wake with the user's next chat line."""

from __future__ import annotations

import pytest

from signaling.session import decode_snapshot, encode_snapshot
from signaling.session import events as ev
from signaling.session.effects import Enqueue
from signaling.session.model import NotAllowed
from signaling.session.standing import open_requests
from tests.unit.signaling.session.call import Call

DAY_S = 86_400


def asleep(*, gone: bool = True) -> Call:
    """Return a sleeping conversation.

    `gone`: the user has left. Otherwise the user is here, and the counselor has sent the conversation to sleep.
    """
    call = Call("text", sleeps_days=7).active()
    if gone:
        call.give(ev.Disconnected("u"))
        call.tick(60)
        call.tick(14 * 60)
    else:
        call.give(ev.PutToSleep("jimin"))
    assert call.session.state == "asleep"
    return call


def test_user_who_left_lets_the_conversation_sleep_and_frees_the_counselor() -> None:
    call = asleep()
    assert call.steps() == [("release", "s-1.u1")]
    assert call.over() == {}, "the counselor may still write into it"
    assert open_requests(call.session) == []


def test_counselor_sends_a_conversation_to_sleep() -> None:
    call = asleep(gone=False)
    assert call.steps() == [("release", "s-1.u1")]
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.PutToSleep("jimin"))


@pytest.mark.parametrize("who", ["u", "suho"])
def test_only_the_owner_sends_to_sleep(who: str) -> None:
    call = Call("text", sleeps_days=7).active()
    with pytest.raises(NotAllowed, match="not_yours"):
        call.give(ev.PutToSleep(who))


def test_calls_and_sites_without_threads_do_not_sleep() -> None:
    for call in (Call("voice", sleeps_days=7).active(), Call("text").active()):
        with pytest.raises(NotAllowed, match="wrong_state"):
            call.give(ev.PutToSleep("jimin"))
        call.give(ev.Disconnected("u"))
        call.tick(60)
        call.tick(15 * 60)
        assert call.session.state == "after"


def test_next_line_asks_the_same_counselor_first_and_then_everybody() -> None:
    call = asleep()
    call.give(ev.Connected("u"), 3600)
    assert call.session.state == "asleep", "to look is not to write"
    call.give(ev.Woken("u", "jimin", "Jimin"))
    [asked] = [each for each in call.effects if isinstance(each, Enqueue)]
    assert (asked.only, asked.enqueued_at) == ("jimin", call.now)
    assert call.over() == {"jimin": "woken"}
    call.tick(20)
    [asked] = [each for each in call.effects if isinstance(each, Enqueue)]
    assert asked.only == ""
    call.accept("suho")
    assert (call.session.state, call.session.owner, "asleep" in call.session.timers) == ("active", "suho", False)


def test_same_counselor_takes_it_up_again() -> None:
    call = asleep()
    call.give(ev.Connected("u"))
    call.give(ev.Woken("u", "jimin", "Jimin"))
    call.accept("jimin")
    assert (call.session.state, call.session.owner) == ("active", "jimin")
    assert not call.session.people["jimin"].gone


def test_woken_conversation_waits_although_its_user_has_left_again() -> None:
    call = asleep()
    call.give(ev.Connected("u"))
    call.give(ev.Woken("u", "jimin", "Jimin"))
    call.give(ev.Disconnected("u"), 1)
    assert call.steps() == [], "what they wrote is to be answered"
    call.tick(300)
    assert (call.session.state, [here for _, here, _ in open_requests(call.session)]) == ("waiting", [True])
    call.session = decode_snapshot(encode_snapshot(call.session))
    call.give(ev.Restored())
    call.tick(120)
    assert call.session.state == "waiting"
    call.accept("suho")
    call.tick(60)
    assert call.session.aside, "the absent user takes no place"
    call.tick(14 * 60)
    assert call.session.state == "asleep", "and it sleeps again"


def test_sleeping_conversation_closes_after_its_days() -> None:
    call = asleep()
    assert call.tick(7 * DAY_S - 1) == []
    call.tick(1)
    assert (call.session.state, call.session.end_reason, call.over()) == ("closed", "slept", {"jimin": "slept"})


def test_woken_conversation_that_nobody_takes_closes_some_day() -> None:
    call = asleep()
    call.give(ev.Woken("u"))
    call.tick(7 * DAY_S)
    assert (call.session.state, call.steps()) == ("closed", [("cancel", "s-1.u2")])


def test_woken_conversation_closes_some_day_even_if_its_counselor_was_lost() -> None:
    call = asleep()
    call.give(ev.Connected("u"))
    call.give(ev.Woken("u"))
    call.accept("suho").give(ev.Disconnected("suho"))
    call.tick(30)
    call.give(ev.Chose("u", "another"))
    call.give(ev.Disconnected("u"))
    assert call.session.state == "waiting"
    call.tick(7 * DAY_S)
    assert (call.session.state, call.session.end_reason) == ("closed", "slept")


def test_callback_instead_of_waiting_is_kept_and_ends_the_thread() -> None:
    call = asleep()
    call.give(ev.Connected("u"))
    call.give(ev.Woken("u"))
    call.give(ev.CallbackAsked("u", call.now + 9 * DAY_S * 1000, "010-1234-5678"))
    call.tick(8 * DAY_S)
    assert call.session.state == "callback", "the promise outlasts the days of sleep"
    call.tick(DAY_S)
    call.accept("suho")
    call.give(ev.UserMet("u", "voice"))
    call.give(ev.Disconnected("suho"))
    call.tick(30)
    call.give(ev.Chose("u", "another"))
    call.give(ev.Disconnected("u"))
    call.tick(60)
    assert call.session.state == "closed", "a call does not ring counselors for a user who has left"


def test_counselor_ends_it_with_a_wrap_up_and_the_user_at_once() -> None:
    call = asleep()
    call.give(ev.Left("jimin"))
    assert (call.session.state, call.steps(), "wrap_up" in call.session.timers) == ("after", [], True)
    call = asleep(gone=False)
    call.give(ev.Left("u"))
    assert (call.session.state, call.session.end_reason) == ("closed", "left")


def test_sleep_survives_a_restart() -> None:
    call = asleep()
    call.session = decode_snapshot(encode_snapshot(call.session))
    assert call.give(ev.Restored()) == []
    assert (call.session.state, call.session.owner) == ("asleep", "jimin")


def test_conversation_that_has_woken_is_not_closed_for_lack_of_room() -> None:
    """Too many conversations sleep, so the server closes some, one after the other. Meanwhile, the user of one of them writes."""
    call = asleep()
    call.give(ev.Connected("u"))
    call.give(ev.Woken("u"))
    call.give(ev.EndedBy("no_room"))
    assert call.session.state == "waiting"
    call = asleep()
    call.give(ev.EndedBy("no_room"))
    assert (call.session.state, call.session.end_reason) == ("closed", "no_room")
