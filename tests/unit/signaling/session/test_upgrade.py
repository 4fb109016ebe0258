"""A text session becomes a voice call when its counselor has accepted the call, and not before."""

from __future__ import annotations

import pytest

from signaling.protocol.session_views import Brief, CategoryView, SessionView, SiteView
from signaling.session import NotAllowed, decode_snapshot, encode_snapshot, matrix, next_deadline, views
from signaling.session import events as ev
from signaling.session.effects import DropPeer, Step
from tests.unit.signaling.session.call import Call

AROUND = views.Surroundings(SiteView(id="s", name="S"), CategoryView(id="c", name="C"), Brief())
ASK = ev.ChannelChanged("u", "voice")
TAKE, LEAVE = ev.UpgradeAnswered("jimin", True), ev.UpgradeAnswered("jimin", False)


def seen(call: Call, viewer: str) -> SessionView:
    return views.session_view(call.session, viewer, AROUND, matrix.compute(call.session))


def written() -> Call:
    return Call("text").active()


def offer_refused(call: Call) -> str:
    with pytest.raises(NotAllowed) as refused:
        call.give(ev.PeerOffered("u", "p-1"))
    return refused.value.reason


def test_upgrade_request_rings_and_changes_nothing_yet() -> None:
    call = written()
    call.give(ASK)
    assert call.session.channel == "text"
    assert call.said() == ["channel.asked.voice"]
    for viewer in ("u", "jimin"):
        view = seen(call, viewer)
        assert view.upgrade is not None
        assert (view.upgrade.state, view.upgrade.channel, view.upgrade.until) == ("ringing", "voice", call.now + 30_000)
        assert view.room is not None
        assert not view.room.media
    assert offer_refused(call) == "channel"


@pytest.mark.parametrize("channel", ["voice", "video"])
def test_accepted_upgrade_switches_to_the_requested_channel(channel: views.Channel) -> None:
    call = written()
    call.give(ev.ChannelChanged("u", channel))
    call.give(TAKE, 5)
    assert (call.session.channel, call.session.upgrade) == (channel, None)
    assert call.said() == [f"channel.{channel}"]
    assert Step("becomes_call", call.session.request) in call.effects
    assert next_deadline(call.session) is None
    call.give(ev.PeerOffered("u", "p-1"))


def test_declined_or_missed_upgrade_can_be_requested_again() -> None:
    call = written()
    call.give(ASK)
    call.give(LEAVE)
    assert call.said() == ["channel.declined"]
    call.give(ASK, 10)
    call.tick(29)
    assert seen(call, "u").upgrade is not None
    call.tick(1)
    assert call.said() == ["channel.missed"]
    view = seen(call, "u")
    assert view.upgrade is not None
    assert (view.upgrade.state, view.channel) == ("missed", "text")
    with pytest.raises(NotAllowed) as refused:
        call.give(TAKE)
    assert refused.value.reason == "not_pending"


def test_only_the_owner_can_answer_an_upgrade() -> None:
    call = written()
    call.give(ASK)
    for who in ("u", "han", "stranger"):
        with pytest.raises(NotAllowed) as refused:
            call.give(ev.UpgradeAnswered(who, True))
        assert refused.value.reason == "not_yours"


def test_counselor_who_upgrades_has_accepted_the_request() -> None:
    call = written()
    call.give(ASK)
    call.give(ev.ChannelChanged("jimin", "video"))
    assert (call.session.channel, call.session.upgrade) == ("video", None)
    assert "upgrade" not in call.session.timers


def test_voice_call_gets_video_without_a_ring() -> None:
    call = Call().active()
    call.give(ev.ChannelChanged("u", "video"))
    assert (call.session.channel, call.session.upgrade) == ("video", None)


def test_repeated_upgrade_request_does_not_extend_the_ring() -> None:
    call = written()
    call.give(ASK)
    until = next_deadline(call.session)
    assert call.give(ev.ChannelChanged("u", "video"), 10) == []
    assert next_deadline(call.session) == until
    call.give(TAKE)
    assert call.session.channel == "video"


def test_upgrade_requests_are_limited_to_twenty() -> None:
    call = written()
    for _ in range(20):
        call.give(ASK)
        call.give(LEAVE)
    with pytest.raises(NotAllowed) as refused:
        call.give(ASK)
    assert refused.value.reason == "too_often"


def test_next_counselor_is_rung_for_the_requested_channel() -> None:
    call = written()
    call.give(ASK)
    call.give(ev.Disconnected("jimin"))
    call.tick(30)  # this tick ends the ring, and also ends the wait for the counselor
    call.give(ASK)
    steps = [effect for effect in call.give(ev.Chose("u", "another")) if isinstance(effect, Step)]
    assert (call.session.state, call.session.channel, call.session.upgrade) == ("waiting", "voice", None)
    assert steps == [Step("requeue", call.session.request), Step("becomes_call", call.session.request)]


def test_matcher_learns_that_a_waiting_text_became_a_call() -> None:
    call = Call("text").enter()
    assert Step("becomes_call", call.session.request) in call.give(ev.ChannelChanged("u", "voice"))
    assert call.give(ev.ChannelChanged("u", "video")) != []
    assert Step("becomes_call", call.session.request) not in call.effects


def test_matcher_learns_that_a_transfer_under_way_became_a_call() -> None:
    call = written()
    call.give(ev.TransferAsked("jimin", "consult", "Suho", staff="suho"))
    call.give(ev.ChannelChanged("jimin", "voice"))
    wanted = [call.session.request, call.session.help.request]
    assert [effect.request for effect in call.effects if isinstance(effect, Step)] == wanted


@pytest.mark.parametrize("end", [ev.Left("u"), ev.Left("jimin"), ev.EndedBy("operator"), ev.EndedBy("erased")])
def test_session_end_ends_the_upgrade_ring(end: ev.SessionEvent) -> None:
    call = written()
    call.give(ASK)
    call.give(end)
    assert call.session.upgrade is None
    assert "upgrade" not in call.session.timers


def test_upgrade_ring_survives_a_restart() -> None:
    call = written()
    call.give(ASK)
    call.session = decode_snapshot(encode_snapshot(call.session))
    call.give(ev.Restored())
    assert seen(call, "jimin").upgrade is not None
    assert "upgrade" in call.session.timers


def test_call_goes_on_as_text_and_may_become_a_call_again() -> None:
    call = written()
    call.give(ev.ChannelChanged("jimin", "video"))
    for person in ("u", "jimin"):
        call.give(ev.PeerOffered(person, f"p-{person}"))
    call.give(ev.ChannelChanged("u", "text"))
    assert (call.session.channel, call.session.state, call.said()) == ("text", "active", ["channel.text"])
    assert Step("becomes_text", call.session.request) in call.effects
    assert {each.peer for each in call.effects if isinstance(each, DropPeer)} == {"p-u", "p-jimin"}
    view = seen(call, "u")
    assert view.room is not None
    assert not view.room.media
    assert offer_refused(call) == "channel"
    call.give(ASK)
    call.give(TAKE)
    assert call.session.channel == "voice"


def test_call_with_a_third_person_or_none_does_not_become_text() -> None:
    call = Call("voice").enter()
    with pytest.raises(NotAllowed, match="channel"):
        call.give(ev.ChannelChanged("u", "text"))
    call.accept()
    call.give(ev.HelpAsked("jimin", "?"))
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.ChannelChanged("u", "text"))


def test_operator_stops_listening_when_a_call_goes_on_as_text() -> None:
    call = Call("voice").active()
    call.session.may_listen = True
    call.give(ev.ListenStarted("ops", "Ops"))
    call.give(ev.ChannelChanged("u", "text"))
    assert call.session.listeners == {}
    assert call.over() == {"ops": "ended"}
