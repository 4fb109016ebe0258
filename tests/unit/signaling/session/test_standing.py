"""What a matcher that has forgotten is told again is what it was asked before."""

from __future__ import annotations

import pytest

from signaling.session import events as ev
from signaling.session.standing import open_requests
from tests.unit.signaling.session.test_machine import NOW, Call


def asked_before(call: Call) -> ev.Enqueue:
    return next(effect for effect in call.effects if isinstance(effect, ev.Enqueue))


def entered(call: Call) -> Call:
    return call.enter()


def returning(call: Call) -> Call:
    call.give(ev.Entered(None, "", "jimin", "Jimin"))
    return call


def helped(call: Call) -> Call:
    return call.active().help()


def passed_on(call: Call) -> Call:
    call.active().give(ev.TransferAsked("jimin", "now", "Suho", "suho", "", "battery"))
    return call


@pytest.mark.parametrize("begun", [entered, returning, helped, passed_on])
def test_a_request_is_told_again_as_it_was_asked(begun) -> None:
    call = begun(Call())
    told, here, ringing = open_requests(call.session)[-1]
    asked = asked_before(call)
    assert told == ev.Reinstate(
        asked.request, asked.kind, asked.category, asked.enqueued_at, "", asked.excluded, asked.only, asked.first
    )
    assert (here, ringing) == (True, None)


def test_who_serves_is_told_with_what_they_serve() -> None:
    call = Call().active().joined()
    found = [(told.request, told.kind, told.staff) for told, _, _ in open_requests(call.session)]
    assert found == [("s-1.u1", "user", "jimin"), ("s-1.h2", "help", "han")]


def test_who_waits_and_is_away_is_not_in_the_running() -> None:
    call = Call().enter()
    call.give(ev.Disconnected("u"))
    assert open_requests(call.session) == [(ev.Reinstate("s-1.u1", "user", "lenses", NOW), False, None)]
