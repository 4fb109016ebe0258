"""The tests check who is asked for consent to a recording, when the recording starts, and what a refusal stops."""

from __future__ import annotations

import pytest

from signaling.protocol.session_views import RecordingView
from signaling.session import NotAllowed, Session, matrix, new_session, receive, views
from signaling.session import events as ev
from signaling.session.effects import Effect, EraseRecording, Say

NOW = 1_790_000_000_000


class Call:
    """A voice call of user and counselor on a site that records."""

    def __init__(self, *, offered: bool = True, channel: str = "voice") -> None:
        self.session = new_session(
            id="s-1", site="shop", category="c", language="ko", channel=channel, user="u", name="민아", now=NOW, recording=offered
        )
        self.effects: list[Effect] = []
        for event in (ev.Connected("u"), ev.Entered(), ev.Accepted("s-1.u1", "jimin", "Jimin", True, 1)):
            self.give(event)

    def give(self, event: ev.SessionEvent, now: int = NOW) -> None:
        self.effects = receive(self.session, event, now)

    def says(self, who: str, agree: bool) -> None:
        self.give(ev.RecordingAnswered(who, agree))

    def agreed(self) -> Call:
        self.says("u", True)
        self.says("jimin", True)
        return self

    def reading(self) -> Call:
        self.give(ev.HelpAsked("jimin"))
        self.give(ev.Accepted("s-1.h2", "han", "Han", True, 2))
        return self

    def said(self) -> list[tuple[str, dict[str, str]]]:
        return [(effect.text, effect.args) for effect in self.effects if isinstance(effect, Say)]

    @property
    def erased(self) -> bool:
        return EraseRecording() in self.effects

    @property
    def recorded(self) -> list[str] | None:
        record = matrix.compute(self.session).record
        return None if record is None else record.participants

    def view(self, viewer: str) -> RecordingView | None:
        return views.recording_view(self.session, self.session.people[viewer])


def test_recording_starts_only_when_everybody_has_agreed() -> None:
    call = Call()
    assert call.recorded is None
    assert call.view("u") == RecordingView(state="asking", waiting_for=["u", "jimin"])
    call.says("u", True)
    assert call.recorded is None
    assert call.view("jimin") == RecordingView(state="asking", waiting_for=["jimin"])
    call.says("jimin", True)
    assert call.recorded == ["u", "jimin"]
    assert call.said() == [("recording.on", {})]
    assert call.view("u") == RecordingView(state="on", you="yes", kept=True)


def test_next_call_after_text_is_recorded_only_if_all_agree_again() -> None:
    call = Call().agreed()
    call.give(ev.ChannelChanged("u", "text"))
    assert (call.recorded, call.erased, call.said()) == (None, False, [("channel.text", {})])
    assert call.view("jimin") is None, "a text conversation asks nobody"
    call.give(ev.ChannelChanged("jimin", "voice"))
    assert call.recorded is None
    assert call.view("u") == RecordingView(state="asking", waiting_for=["u", "jimin"], kept=True)
    call.agreed()
    assert call.recorded == ["u", "jimin"]
    call.says("u", False)
    assert call.erased, "a refusal erases what was recorded of both calls"


def test_user_may_delete_the_recording_while_the_call_goes_on_as_text() -> None:
    call = Call().agreed()
    call.give(ev.ChannelChanged("u", "text"))
    assert call.view("u") == RecordingView(state="off", kept=True)
    for who, agree in (("jimin", False), ("u", True)):
        with pytest.raises(NotAllowed):
            call.says(who, agree)
    call.says("u", False)
    assert (call.erased, call.view("u")) == (True, None)


def test_site_without_recording_asks_nobody() -> None:
    call = Call(offered=False)
    assert call.view("u") is None
    with pytest.raises(NotAllowed):
        call.says("u", True)


def test_text_session_is_recorded_only_once_it_becomes_a_call() -> None:
    call = Call(channel="text")
    assert call.view("u") is None
    call.give(ev.ChannelChanged("u", "voice"))
    assert call.view("u") is None
    call.give(ev.UpgradeAnswered("jimin", True))
    assert call.view("u") == RecordingView(state="asking", waiting_for=["u", "jimin"])


def test_refusal_prevents_recording_and_can_be_withdrawn() -> None:
    call = Call()
    call.says("u", False)
    assert call.view("jimin") == RecordingView(state="off", waiting_for=["jimin"], refused_by=["u"])
    call.says("jimin", True)
    assert call.recorded is None
    call.says("u", True)
    assert call.recorded == ["u", "jimin"]


def test_counselor_revocation_stops_recording_and_keeps_the_files() -> None:
    call = Call().agreed()
    call.says("jimin", False)
    assert call.recorded is None
    assert call.said() == [("recording.off", {"name": "Jimin"})]
    assert not call.erased
    assert call.view("u") == RecordingView(state="off", you="yes", refused_by=["jimin"], kept=True)


def test_user_revocation_deletes_the_recording() -> None:
    call = Call().agreed()
    call.says("u", False)
    assert call.recorded is None
    assert call.erased
    assert call.said() == [("recording.erased", {})]
    assert call.view("jimin") == RecordingView(state="off", you="yes", refused_by=["u"])
    call.says("u", True)
    assert matrix.compute(call.session).record is not None
    assert call.session.recording.period == 2
    assert call.session.recording.erased == 1


def test_user_can_revoke_for_a_day_after_the_call() -> None:
    call = Call().agreed()
    call.give(ev.Left("u"))
    assert call.recorded is None
    assert call.view("u") == RecordingView(state="off", you="yes", kept=True)
    with pytest.raises(NotAllowed):
        call.says("jimin", False)
    call.says("u", False)
    assert call.erased
    late = Call().agreed()
    late.give(ev.Left("u"))
    with pytest.raises(NotAllowed):
        late.give(ev.RecordingAnswered("u", False), NOW + 25 * 3_600_000)


def test_professional_is_asked_first_and_not_recorded_while_reading() -> None:
    call = Call().agreed().reading()
    assert call.recorded == ["u", "jimin"]
    with pytest.raises(NotAllowed) as refused:
        call.give(ev.HelpJoined("han"))
    assert refused.value.reason == "recording"
    call.give(ev.HelpJoined("han", True))
    assert call.recorded == ["jimin", "han"]
    call.give(ev.ModeChanged("jimin", "conference"))
    assert call.recorded == ["u", "jimin", "han"]
    assert call.session.recording.period == 1


def test_recording_stops_if_a_professional_who_refused_enters() -> None:
    call = Call().agreed().reading()
    call.give(ev.HelpJoined("han", False))
    assert call.recorded is None
    assert ("recording.off", {"name": "Han"}) in call.said()
    call.give(ev.Left("han"))
    assert call.recorded == ["u", "jimin"]
    assert call.session.recording.period == 2


def test_new_counselor_is_asked_for_consent() -> None:
    call = Call().agreed()
    call.give(ev.Disconnected("jimin"))
    call.give(ev.Ticked(), NOW + 31_000)
    call.give(ev.Chose("u", "another"))
    assert call.recorded is None
    call.give(ev.Accepted("s-1.u1", "suho", "Suho", True, 3))
    assert call.view("suho") == RecordingView(state="asking", waiting_for=["suho"], kept=True)
    call.says("suho", True)
    assert call.recorded == ["u", "suho"]


def test_full_disk_stops_recording_with_a_reason_but_not_the_call() -> None:
    call = Call().agreed()
    call.give(ev.RecordingFailed(epoch=1, period=7, reason="disk_full"))
    assert call.recorded is not None
    call.give(ev.RecordingFailed(epoch=1, period=1, reason="disk_full"))
    assert call.recorded is None
    assert call.said() == [("recording.failed", {"reason": "disk_full"})]
    assert call.session.state == "active"
    assert call.view("u") == RecordingView(state="off", you="yes", failed="disk_full", kept=True)
    call.says("jimin", True)
    assert call.session.recording.period == 2


def test_recording_continues_in_the_next_room_after_worker_failure() -> None:
    call = Call().agreed()
    call.give(ev.RoomLost(1))
    assert call.recorded == ["u", "jimin"]
    assert matrix.compute(call.session).for_worker(call.session.epoch).epoch == 2


def test_erased_session_records_nothing() -> None:
    call = Call().agreed()
    call.give(ev.EndedBy("erased"))
    session: Session = call.session
    assert call.recorded is None
    assert session.state == "closed"
