"""A restarted server continues its sessions."""

from __future__ import annotations

from signaling.session import Session, decode_snapshot, encode_snapshot
from signaling.session import events as ev
from signaling.session.effects import Reinstate
from tests.unit.signaling.session.call import NOW, Call


def restarted(call: Call) -> Call:
    call.session = decode_snapshot(encode_snapshot(call.session))
    call.give(ev.Restored(), 5)
    return call


def test_restart_keeps_the_enqueue_time_of_a_request(call: Call) -> None:
    restarted(call.enter())
    assert call.effects == [Reinstate("s-1.u1", "user", "lenses", NOW)]
    call.give(ev.Connected("u"))
    assert call.steps() == [("resume", "s-1.u1")]


def test_restart_continues_the_call_at_a_higher_epoch(call: Call) -> None:
    restarted(call.active().joined())
    assert call.session.epoch == 2
    assert Reinstate("s-1.u1", "user", "lenses", NOW, "jimin") in call.effects
    assert Reinstate(call.asked.request, "help", "lenses", NOW, "han") in call.effects
    for person in ("u", "jimin", "han"):
        call.give(ev.Connected(person))
    call.tick(300)
    assert (call.session.state, call.session.owner, call.asked.mode) == ("active", "jimin", "consultation")


def test_snapshot_holds_the_whole_session(call: Call) -> None:
    call.active().joined("whisper")
    copy = decode_snapshot(encode_snapshot(call.session))
    assert isinstance(copy, Session)
    assert copy == call.session
