"""If the matcher has lost its state, a session gives the matcher the same requests again."""

from __future__ import annotations

import pytest

from signaling.session import events as ev
from signaling.session.effects import Enqueue, Reinstate
from signaling.session.standing import open_requests
from tests.unit.signaling.session.call import NOW, Call


def asked_before(call: Call) -> Enqueue:
    return next(effect for effect in call.effects if isinstance(effect, Enqueue))


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
def test_restored_request_equals_the_original(begun) -> None:
    call = begun(Call())
    told, here, ringing = open_requests(call.session)[-1]
    asked = asked_before(call)
    assert told == Reinstate(
        asked.request, asked.kind, asked.category, asked.enqueued_at, "", asked.excluded, asked.only, asked.first
    )
    assert (here, ringing) == (True, None)


def test_restored_staff_keep_the_sessions_they_serve() -> None:
    call = Call().active().joined()
    found = [(told.request, told.kind, told.staff) for told, _, _ in open_requests(call.session)]
    assert found == [("s-1.u1", "user", "jimin"), ("s-1.h2", "help", "han")]


def test_waiting_request_of_a_disconnected_user_is_reported_as_gone() -> None:
    call = Call().enter()
    call.give(ev.Disconnected("u"))
    assert open_requests(call.session) == [(Reinstate("s-1.u1", "user", "lenses", NOW), False, None)]
