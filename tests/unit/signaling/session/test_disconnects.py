"""If people disconnect, a session waits for them. The session continues without staff who are not allowed to return."""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed, encode_snapshot, model, next_deadline
from signaling.session import events as ev
from signaling.session.effects import DropPeer, Transfer
from tests.unit.signaling.session.call import Call, S


@pytest.mark.parametrize(("channel", "patience_s"), [("voice", 120), ("text", 900)])
def test_session_waits_for_a_disconnected_user(channel: model.Channel, patience_s: int) -> None:
    call = Call(channel).active()
    call.give(ev.Disconnected("u"))
    call.tick(patience_s - 1)
    assert call.session.state == "active"
    call.tick(1)
    assert (call.session.state, call.session.end_reason) == ("after", "user_lost")
    assert ("complete", "s-1.u1") in call.steps()


def test_owner_back_within_30_s_stays_owner(call: Call) -> None:
    call.active().give(ev.Disconnected("jimin"))
    call.give(ev.Connected("jimin"), 29)
    call.tick(60)
    assert (call.session.owner, call.session.owner_lost) == ("jimin", False)


def test_owner_disconnect_gives_the_user_three_choices(call: Call) -> None:
    call.active().give(ev.Disconnected("jimin"))
    call.tick(30)
    assert call.session.choices == ["wait", "another", "message"]
    call.give(ev.Chose("u", "another"))
    assert call.steps() == [("requeue", "s-1.u1")]
    assert (call.session.state, call.over()) == ("waiting", {"jimin": "lost"})
    call.accept("suho")
    assert (call.session.owner, call.session.epoch) == ("suho", 2)


def test_wait_for_a_disconnected_owner_ends_on_return(call: Call) -> None:
    call.active().give(ev.Disconnected("jimin"))
    call.tick(30)
    call.give(ev.Chose("u", "wait"))
    assert call.session.choices == ["another", "message"]
    call.give(ev.Connected("jimin"), 300)
    assert (call.session.choices, call.session.owner_lost) == ([], False)


def test_removed_staff_lose_their_peers_at_once(call: Call) -> None:
    call.active().give(ev.PeerOffered("jimin", "p-1"))
    call.give(ev.RightEnded("jimin", returns=True))
    assert DropPeer("p-1") in call.effects
    assert next_deadline(call.session) == call.now + 30 * S, "they may sign in again"
    call.give(ev.Connected("jimin"), 10)
    assert next_deadline(call.session) is None


def test_page_that_another_one_replaced_is_no_longer_heard(call: Call) -> None:
    call.active().give(ev.PeerOffered("u", "p-1", tab="laptop"))
    call.give(ev.RightEnded("u", returns=True))
    assert DropPeer("p-1") in call.effects
    assert not call.session.people["u"].connected
    call.give(ev.Connected("u"), 10)
    call.give(ev.PeerOffered("u", "p-2", tab="phone"))
    assert (call.session.people["u"].peer_id, next_deadline(call.session)) == ("p-2", None)


def test_session_does_not_wait_for_removed_staff(call: Call) -> None:
    call.active().give(ev.RightEnded("jimin", returns=False))
    call.tick(0)
    assert call.session.choices == ["wait", "another", "message"]
    before = encode_snapshot(call.session)
    assert call.give(ev.RightEnded("jimin", returns=False)) == []
    assert encode_snapshot(call.session) == before


def test_wait_ends_if_the_disconnected_owner_is_removed(call: Call) -> None:
    call.active().give(ev.Disconnected("jimin"))
    call.give(ev.RightEnded("jimin", returns=False), 5)
    call.tick(0)
    assert call.session.owner_lost


def test_professional_takes_over_at_once_from_a_removed_owner(call: Call) -> None:
    call.active().joined().give(ev.RightEnded("jimin", returns=False))
    call.tick(0)
    assert call.session.owner == "han"


def test_removal_of_a_reading_professional_continues_the_search(call: Call) -> None:
    call.active().reading().give(ev.RightEnded("han", returns=False))
    call.tick(0)
    assert call.asked.state == "asking"
    assert not call.session.owner_lost


def test_user_can_leave_a_message_if_the_owner_is_gone_or_none_came(call: Call) -> None:
    with pytest.raises(NotAllowed):
        call.active().give(ev.MessageGiven("u"))
    call.give(ev.Disconnected("jimin"))
    call.tick(30)
    call.give(ev.MessageGiven("u"))
    assert (call.session.state, call.over()) == ("message_left", {"jimin": "message_left"})
    waiting = Call().enter()
    waiting.give(ev.MessageGiven("u"))
    assert waiting.steps() == [("unserved", "s-1.u1")]
    assert waiting.session.state == "message_left"


def test_joined_professional_becomes_owner_if_the_owner_disconnects(call: Call) -> None:
    call.active().joined().give(ev.Disconnected("jimin"))
    call.tick(30)
    assert (call.session.owner, call.asked.state) == ("han", "handed_over")
    assert Transfer("s-1.u1", "han") in call.effects
    assert call.over() == {"jimin": "handed_over"}
