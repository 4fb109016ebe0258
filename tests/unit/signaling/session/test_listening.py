"""An operator listens in. The tests check when this is allowed, who is told, what the audit log says, and when it ends."""

from __future__ import annotations

import pytest

from signaling.protocol.session_views import Media
from signaling.protocol.words import ListenAs
from signaling.session import NotAllowed, decode_snapshot, encode_snapshot
from signaling.session import events as ev
from signaling.session.effects import Audit, Note, Say
from tests.unit.signaling.session.call import Call

ON = ev.ListenStarted("ops", "Mina")


def a_call(channel: str = "voice", *, told: bool = True) -> Call:
    call = Call(channel)
    call.session.may_listen = told
    return call


def listened() -> Call:
    call = a_call().active()
    call.give(ON)
    call.give(ev.PeerOffered("ops", "p-ops"))
    call.give(ev.PeerChanged("ops", "p-ops", 1, "live"))
    return call


def refused(call: Call, event: ev.SessionEvent = ON) -> str:
    with pytest.raises(NotAllowed) as error:
        call.give(event)
    return error.value.reason


def test_everybody_is_told_when_listening_starts_and_ends() -> None:
    call = a_call().active()
    call.give(ON)
    assert call.effects == [
        Say("listening.on", {"name": "Mina"}, "all"),
        Note("listening", {"state": "on", "staff": "ops"}),
    ]
    assert call.give(ON) == []
    call.give(ev.ListenStopped("ops", "stopped"), 42)
    assert call.session.listeners == {}
    assert Say("listening.off", {"name": "Mina"}, "all") in call.effects
    assert Audit("ops", "listen.end", "42 s") in call.effects
    assert call.over() == {"ops": "stopped"}


def test_user_who_was_not_informed_is_not_listened_to() -> None:
    assert refused(a_call(told=False).active()) == "listening_off"


def test_only_a_running_call_can_be_listened_to() -> None:
    assert refused(a_call()) == "wrong_state"
    assert refused(a_call().enter()) == "wrong_state"
    assert refused(a_call("text").active()) == "channel"


def test_participant_cannot_listen_in_as_well() -> None:
    assert refused(a_call().active(), ev.ListenStarted("jimin", "Jimin")) == "not_yours"


def test_listener_is_not_a_participant() -> None:
    call = listened()
    for event in (
        ev.ChannelChanged("ops", "video"),
        ev.HelpAsked("ops"),
        ev.Held("ops", True),
        ev.ModeChanged("ops", "whisper"),
        ev.RecordingAnswered("ops", True),
        ev.Left("ops"),
        ev.WrappedUp("ops"),
        ev.HandedOver("ops"),
        ev.Rated("ops"),
        ev.Chose("ops", "another"),
    ):
        assert refused(call, event) in ("not_yours", "no_help"), event
    assert refused(call, ev.MediaChanged("ops", Media(mic=True))) == "not_yours"
    assert [person.id for person in call.session.present()] == ["u", "jimin"]


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (ev.ListenStopped("ops", "turned_off"), "turned_off"),
        (ev.PeerChanged("ops", "p-ops", 1, "lost"), "lost"),
        (ev.PeerReported("ops", "text_only"), "lost"),
        (ev.Left("u"), "ended"),
        (ev.EndedBy("operator"), "ended"),
        (ev.EndedBy("erased"), "ended"),
        (ev.Restored(), "lost"),
        (ev.Restored(room_kept=True), "lost"),
    ],
)
def test_listening_ends_at_once_and_is_audited(end: ev.SessionEvent, why: str) -> None:
    call = listened()
    call.give(end, 3)
    assert call.session.listeners == {}
    assert call.over()["ops"] == why
    assert Audit("ops", "listen.end", "3 s") in call.effects
    assert Note("listening", {"state": "off", "staff": "ops", "why": why}) in call.effects


def test_choosing_another_counselor_ends_listening() -> None:
    call = listened()
    call.give(ev.Disconnected("jimin"))
    call.tick(30)
    assert "ops" in call.session.listeners
    call.give(ev.Chose("u", "another"))
    assert call.session.listeners == {}


def test_listener_moves_with_the_room_to_another_worker() -> None:
    call = listened()
    call.give(ev.RoomLost(1))
    assert call.session.listeners["ops"].peer == "none"
    call.give(ev.PeerOffered("ops", "p-2"))
    call.give(ev.PeerChanged("ops", "p-2", 2, "live"))
    assert call.session.listeners["ops"].peer == "live"


def listened_as(how: ListenAs, *, recording: bool = False) -> Call:
    call = listened()
    call.session.recording.offered = recording
    call.give(ev.ListenedAs("ops", how, mic=True, record=True if recording else None))
    return call


def test_only_staff_are_told_of_a_whisper() -> None:
    call = listened_as("whisper")
    assert call.effects == [
        Say("listening.whisper", {"name": "Mina"}, "staff"),
        Audit("ops", "listen.whisper"),
        Note("listening", {"state": "whisper", "staff": "ops"}),
    ]
    call.give(ev.ListenedAs("ops", "listen", mic=True))
    assert call.effects[0] == Say("listening.quiet", {"name": "Mina"}, "staff")
    assert call.session.listeners["ops"].media == Media(), "whoever only listens has no microphone on"


def test_everybody_is_told_by_name_who_joins() -> None:
    call = listened_as("join")
    assert call.effects[:2] == [Say("listening.joined", {"name": "Mina"}, "all"), Audit("ops", "listen.join")]
    assert call.session.supervisors == {"ops": "Mina"}
    call.give(ev.ListenedAs("ops", "whisper"))
    assert call.said() == ["listening.on", "listening.whisper"]
    call.give(ev.ListenedAs("ops", "join"))
    assert call.said() == ["listening.joined"]
    call.give(ev.ListenStopped("ops", "stopped"))
    assert call.said() == ["listening.off"]
    assert call.session.supervisors == {"ops": "Mina"}, "the recording still needs the name"


def test_muting_changes_the_microphone_and_tells_nobody_again() -> None:
    call = listened_as("whisper")
    assert call.session.listeners["ops"].media.mic
    assert call.give(ev.ListenedAs("ops", "whisper", mic=False)) == []
    assert not call.session.listeners["ops"].media.mic


@pytest.mark.parametrize("how", ["listen", "whisper", "join"])
def test_only_a_listener_whispers_or_joins(how: ListenAs) -> None:
    call = a_call().active()
    for person in ("ops", "jimin", "u"):
        assert refused(call, ev.ListenedAs(person, how)) == "not_yours"


def test_nobody_joins_a_recorded_call_without_an_answer() -> None:
    call = listened()
    call.session.recording.offered = True
    for person in ("u", "jimin"):
        call.give(ev.RecordingAnswered(person, True))
    assert call.session.recording.on
    assert refused(call, ev.ListenedAs("ops", "join")) == "recording"
    call.give(ev.ListenedAs("ops", "whisper"))
    assert call.session.recording.on, "a whisper needs no answer, because it is not recorded"
    call.give(ev.ListenedAs("ops", "join", record=True))
    assert call.session.recording.on
    call.give(ev.ListenedAs("ops", "join", record=False))
    assert not call.session.recording.on
    assert Say("recording.off", {"name": "Mina"}) in call.effects
    call.give(ev.ListenedAs("ops", "listen"))
    assert call.session.recording.on, "the call is recorded again once it is without the person who refuses"


def test_operator_who_goes_on_in_another_tab_only_listens() -> None:
    call = listened()
    call.give(ev.ListenedAs("ops", "join", mic=True))
    call.give(ON)
    listener = call.session.listeners["ops"]
    assert (listener.how, listener.media) == ("listen", Media())
    assert Say("listening.on", {"name": "Mina"}) in call.effects
    assert Audit("ops", "listen.quiet") in call.effects


def test_snapshot_keeps_listening() -> None:
    call = listened_as("join")
    assert decode_snapshot(encode_snapshot(call.session)) == call.session
