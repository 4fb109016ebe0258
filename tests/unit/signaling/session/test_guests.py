"""The tests check who may invite and remove guests, how guests enter by links and leave, and how an interpreter is heard."""

from __future__ import annotations

import pytest

from signaling.protocol.session_views import Media
from signaling.protocol.words import GuestLabel, Mode, Original
from signaling.session import NotAllowed, decode_snapshot, encode_snapshot, matrix, views
from signaling.session import events as ev
from signaling.session.effects import Audit, DropPeer, Say
from signaling.session.model import CAMERA_LINK_MS, GUEST_LINK_MS, GUEST_LOST_MS, MOST_INVITATIONS
from tests.unit.signaling.session.call import Call, S
from tests.unit.signaling.session.test_property import NOWHERE

LINK_S, LOST_S = GUEST_LINK_MS / S, GUEST_LOST_MS / S


def a_call(guests: int = 2, channel: str = "voice", *, recording: bool = False) -> Call:
    call = Call(channel)  # type: ignore[arg-type]  # tests give the channel as a plain text
    call.session.guests_most = guests
    call.session.recording.offered = recording
    return call.active()


def come(call: Call, guest: str = "g", by: str = "jimin", label: GuestLabel = "family") -> Call:
    call.give(ev.GuestInvited(by, guest, label, f"link-{guest}"))
    call.give(ev.GuestCame(guest, f"token-{guest}"))
    call.give(ev.Connected(guest))
    return call


def inside(call: Call, guest: str = "g", by: str = "jimin", label: GuestLabel = "family") -> Call:
    come(call, guest, by, label).give(ev.GuestEntered(guest, guest.title()))
    call.give(ev.MediaChanged(guest, Media(mic=True)))
    return live(call, guest)


def live(call: Call, *people: str) -> Call:
    for person in people:
        call.give(ev.PeerOffered(person, f"p-{person}"))
        call.give(ev.PeerChanged(person, f"p-{person}", call.session.epoch, "live"))
    return call


def refused(call: Call, event: ev.SessionEvent) -> str:
    before = encode_snapshot(call.session)
    with pytest.raises(NotAllowed) as error:
        call.give(event)
    assert encode_snapshot(call.session) == before
    return error.value.reason


def hears(call: Call) -> dict[str, set[str]]:
    return {listener: set(sources) for listener, sources in matrix.compute(call.session).hears.items() if sources}


@pytest.mark.parametrize("by", ["u", "jimin"])
def test_everybody_is_told_who_invites_and_who_has_come(by: str) -> None:
    call = a_call()
    call.session.people["u"].name = "U"
    call.give(ev.GuestInvited(by, "g", "interpreter", "link"))
    assert call.said() == ["guest.invited"]
    assert Audit("jimin", "guest.invite", "interpreter") in call.effects or by == "u"
    call.give(ev.GuestCame("g", "token"))
    assert call.said() == []
    call.give(ev.Connected("g"))
    call.give(ev.GuestEntered("g", " Mina "))
    [said] = [each for each in call.effects if isinstance(each, Say) and each.text == "guest.joined"]
    name = "U" if by == "u" else "Jimin"
    assert said.args == {"name": "Mina", "label": "interpreter", "by": name}


def test_site_and_links_bound_the_number_of_guests() -> None:
    assert refused(a_call(0), ev.GuestInvited("u", "g", "family", "l")) == "guests_off"
    call = a_call(2)
    call.give(ev.GuestInvited("u", "g1", "family", "l1"))
    inside(call, "g2")
    assert refused(call, ev.GuestInvited("jimin", "g3", "family", "l3")) == "too_many_guests"
    call.tick(LINK_S)
    call.give(ev.GuestInvited("jimin", "g3", "family", "l3"))
    for number in range(MOST_INVITATIONS - 3):
        call.give(ev.GuestRemoved("jimin", "g3" if not number else f"x{number - 1}"))
        call.give(ev.GuestInvited("jimin", f"x{number}", "family", "l"))
    call.give(ev.GuestRemoved("jimin", f"x{MOST_INVITATIONS - 4}"))
    assert refused(call, ev.GuestInvited("jimin", "y", "family", "l")) == "too_many_guests"


def test_refused_link_for_the_phone_leaves_the_earlier_one_open() -> None:
    call = a_call(1)
    call.give(ev.GuestInvited("u", "phone", "camera", "l"))
    for number in range(MOST_INVITATIONS - 1):
        call.give(ev.GuestInvited("u", f"x{number}", "family", "l"))
        call.give(ev.GuestRemoved("u", f"x{number}"))
    assert refused(call, ev.GuestInvited("u", "again", "camera", "l")) == "too_many_guests"


def test_guest_or_stranger_may_not_invite_remove_or_set() -> None:
    call = inside(inside(a_call(), "g"), "h")
    for who in ("g", "stranger"):
        assert refused(call, ev.GuestInvited(who, "x", "family", "l")) == "not_yours"
        assert refused(call, ev.GuestRemoved(who, "h")) == "not_yours"
        assert refused(call, ev.InterpreterSet(who, "h", "user", "none")) == "not_yours"
    assert refused(a_call().reading(), ev.GuestInvited("han", "x", "family", "l")) == "not_yours"


def test_link_works_once_and_only_in_its_time() -> None:
    call = come(a_call())
    assert refused(call, ev.GuestCame("g", "again")) == "too_late"
    call.give(ev.GuestInvited("u", "h", "family", "l"))
    call.tick(LINK_S)
    assert refused(call, ev.GuestCame("h", "token")) == "too_late"
    assert refused(call, ev.GuestCame("unknown", "token")) == "too_late"


def test_withdrawn_link_and_link_of_an_ended_session_do_nothing() -> None:
    call = a_call()
    call.give(ev.GuestInvited("u", "g", "family", "l"))
    call.give(ev.GuestRemoved("jimin", "g"))
    assert refused(call, ev.GuestCame("g", "token")) == "too_late"
    call.give(ev.GuestInvited("u", "h", "family", "l"))
    call.give(ev.Left("u"))
    assert refused(call, ev.GuestCame("h", "token")) == "too_late"


def test_guest_who_has_not_entered_does_nothing_and_sees_nobody() -> None:
    call = come(a_call())
    for event in (
        ev.PeerOffered("g", "p"),
        ev.MediaChanged("g", Media(mic=True)),
        ev.RecordingAnswered("g", True),
        ev.CaptionsAsked("g", True),
        ev.ChannelChanged("g", "video"),
        ev.HelpAsked("g"),
        ev.Held("g", True),
        ev.Rated("g"),
        ev.Chose("g", "another"),
    ):
        assert refused(call, event) in ("not_yours", "wrong_state", "captions_off", "no_help"), event
    assert refused(call, ev.GuestEntered("g", " ")) == "empty"
    told = views.session_view(call.session, "g", NOWHERE, matrix.compute(call.session))
    assert (told.state, told.room, [each.id for each in told.participants]) == ("preparing", None, ["g"])
    seen = views.session_view(call.session, "u", NOWHERE, matrix.compute(call.session))
    assert "g" not in [each.id for each in seen.participants]
    assert seen.guests is not None
    assert [(each.guest, each.arriving) for each in seen.guests.links] == [("g", True)]


def test_running_recording_needs_the_guests_answer_first() -> None:
    call = a_call(recording=True)
    call.give(ev.RecordingAnswered("u", True))
    call.give(ev.RecordingAnswered("jimin", True))
    assert call.session.recording.on
    come(call)
    assert call.session.recording.on, "a guest who has not entered stops nothing"
    assert refused(call, ev.GuestEntered("g", "G")) == "recording"
    call.give(ev.GuestEntered("g", "G", record=True))
    assert call.session.recording.on
    come(call, "h").give(ev.GuestEntered("h", "H", record=False))
    assert not call.session.recording.on


def test_counselor_and_inviter_remove_a_guest_others_do_not() -> None:
    call = inside(inside(a_call(), "g", by="u"), "h", by="jimin")
    assert refused(call, ev.GuestRemoved("u", "h")) == "not_yours"
    call.give(ev.GuestRemoved("jimin", "g"))
    assert call.said() == ["guest.removed"]
    assert call.over() == {"g": "removed"}
    assert DropPeer("p-g") in call.effects
    assert refused(call, ev.GuestEntered("g", "G")) == "not_yours"
    assert refused(call, ev.Left("g")) == "not_yours"
    assert "g" not in str(hears(call))


def test_guest_leaves_with_the_session_and_does_not_keep_it() -> None:
    call = inside(a_call())
    call.give(ev.Left("jimin"))
    assert call.over()["g"] == "hung_up"
    call = inside(a_call())
    call.give(ev.Disconnected("u"))
    call.give(ev.Disconnected("jimin"))
    while call.session.state == "active" and call.session.timers:
        call.now = min(call.session.timers.values())
        call.tick(0)
    assert call.session.state == "after"
    assert not call.session.guests()


def test_disconnected_guest_may_come_back_for_two_minutes() -> None:
    call = inside(a_call())
    call.give(ev.Disconnected("g"))
    call.tick(LOST_S - 1)
    call.give(ev.Connected("g"))
    call.tick(LOST_S)
    assert [each.id for each in call.session.guests()] == ["g"]
    call.give(ev.Disconnected("g"))
    call.tick(LOST_S)
    assert call.over() == {"g": "lost"}
    assert call.said() == ["guest.left"]
    assert call.session.state == "active"


def test_guest_survives_a_restart_of_the_server() -> None:
    call = inside(a_call())
    call.session = decode_snapshot(encode_snapshot(call.session))
    call.give(ev.Restored())
    assert call.session.timers["guests"] == call.now + GUEST_LOST_MS
    call.give(ev.Connected("g"))
    assert "guests" not in call.session.timers


@pytest.mark.parametrize("mode", ["consultation", "whisper", "conference"])
def test_guest_hears_what_the_user_hears(mode: Mode) -> None:
    call = live(inside(a_call(), "g"), "u", "jimin").joined(mode)
    live(call, "han")
    heard = hears(call)
    staff = {"consultation": set(), "whisper": {"jimin"}, "conference": {"jimin", "han"}}[mode]
    assert heard.get("g", set()) == (staff | {"u"} if staff else set())
    assert heard.get("u", set()) == (staff | {"g"} if staff else set())
    assert ("g" in heard["jimin"]) == (mode != "consultation")
    assert matrix.compute(call.session).hold == (("u", "g") if mode == "consultation" else ())


@pytest.mark.parametrize(
    ("original", "softly", "heard"),
    [("none", set(), {"i"}), ("soft", {"jimin"}, {"i", "jimin"}), ("full", set(), {"i", "jimin"})],
)
def test_one_side_hears_the_interpreter_and_the_original_as_set(original: Original, softly: set[str], heard: set[str]) -> None:
    call = live(inside(a_call(), "i", label="interpreter"), "u", "jimin")
    call.give(ev.InterpreterSet("jimin", "i", "staff", "soft"))
    if original != "full":
        call.give(ev.InterpreterSet("u", "i", "user", original))
        assert call.said() == [f"interpreter.user.{original}"]
    grid = matrix.compute(call.session)
    assert set(grid.hears["u"]) == heard
    assert set(grid.soft.get("u", ())) == softly
    assert set(grid.hears["i"]) == {"u", "jimin"}, "an interpreter hears everybody"
    assert grid.for_worker(1).hears["jimin"] == {"u": pytest.approx(0.126, abs=1e-3), "i": 1.0}


def test_originals_are_heard_whenever_the_interpreter_is_not_there() -> None:
    call = live(inside(a_call(), "i", label="interpreter"), "u", "jimin")
    call.give(ev.InterpreterSet("jimin", "i", "user", "none"))
    assert hears(call)["u"] == {"i"}
    call.give(ev.PeerChanged("i", "p-i", call.session.epoch, "lost"))
    assert hears(call)["u"] == {"i", "jimin"}
    call.give(ev.PeerChanged("i", "p-i", call.session.epoch, "live"))
    assert hears(call)["u"] == {"i"}
    call.give(ev.MediaChanged("i", Media(mic=False)))
    assert hears(call)["u"] == {"i", "jimin"}, "who hears only the interpreter must not hear nothing"
    assert shown_paused(call)
    call.give(ev.MediaChanged("i", Media(mic=True)))
    assert hears(call)["u"] == {"i"}
    call.give(ev.GuestRemoved("jimin", "i"))
    assert call.said() == ["guest.removed", "interpreter.off"]
    assert hears(call)["u"] == {"jimin"}
    assert call.session.interpreting is None


def test_interpreter_who_hears_nobody_covers_nobody() -> None:
    call = live(inside(a_call(), "i", label="interpreter"), "u", "jimin")
    call.give(ev.InterpreterSet("jimin", "i", "staff", "none"))
    assert not shown_paused(call)
    live(call.joined(), "han").give(ev.ModeChanged("jimin", "consultation", hear_user=True))
    heard = hears(call)
    assert "i" not in heard, "an interpreter is kept apart from staff as the user is"
    assert "u" in heard["jimin"]
    assert "u" in heard["han"]
    assert shown_paused(call)
    call.give(ev.ModeChanged("jimin", "conference"))
    assert hears(call)["jimin"] == {"i", "han"}
    call.give(ev.PeerChanged("i", "p-i", call.session.epoch, "lost"))
    assert shown_paused(call), "no page says that an original is covered which everybody hears"


def shown_paused(call: Call) -> bool:
    told = [
        views.session_view(call.session, who, NOWHERE, matrix.compute(call.session)).interpreting for who in ("u", "jimin", "i")
    ]
    assert len({each.paused for each in told if each is not None}) == 1
    return told[0] is not None and told[0].paused


def test_guest_reads_lines_written_after_entering_and_a_phone_none() -> None:
    call = a_call(channel="video")
    come(call).give(ev.GuestEntered("g", "G", lines_from=5))
    come(call, "c", "u", "camera").give(ev.GuestEntered("c", "", lines_from=5))
    come(call, "late")
    may = {
        who: [seq for seq in (4, 5) for audience in ("all", "staff") if matrix.may_read(call.session.people[who], audience, seq)]
        for who in ("u", "jimin", "g", "c", "late")
    }
    assert may == {"u": [4, 5], "jimin": [4, 4, 5, 5], "g": [5], "c": [], "late": []}


def test_user_sets_only_what_the_user_hears() -> None:
    call = inside(a_call(), "i", label="interpreter")
    assert refused(call, ev.InterpreterSet("u", "i", "staff", "none")) == "not_yours"
    assert refused(call, ev.InterpreterSet("jimin", "u", "staff", "none")) == "unknown"


def test_covered_counselor_is_still_seen() -> None:
    call = live(inside(a_call(channel="video"), "i", label="interpreter"), "u", "jimin")
    call.give(ev.MediaChanged("jimin", Media(mic=True, camera=True)))
    call.give(ev.InterpreterSet("jimin", "i", "user", "none"))
    assert ("jimin", "camera") in matrix.compute(call.session).slots["u"].values()


def test_phone_is_seen_and_neither_hears_nor_is_heard() -> None:
    call = a_call(0, "video")
    assert refused(call, ev.GuestInvited("jimin", "c", "camera", "l")) == "not_yours"
    inside(come(call, "c", "u", "camera") and call, "c2", "u", "camera")
    live(call, "u", "jimin")
    assert [each.id for each in call.session.guests()] == ["c2"], "a second phone replaces the first"
    call.give(ev.MediaChanged("c2", Media(mic=True, camera=True, screen=True)))
    assert call.session.people["c2"].media == Media(camera=True)
    grid = matrix.compute(call.session)
    assert hears(call) == {"u": {"jimin"}, "jimin": {"u"}}
    for viewer in ("u", "jimin"):
        assert ("c2", "camera") in grid.slots[viewer].values()
    call.give(ev.Held("jimin", True))
    assert ("c2", "camera") not in matrix.compute(call.session).slots["jimin"].values()
    call.give(ev.GuestRemoved("u", "c2"))
    assert call.said() == ["camera.removed"]


def test_new_link_to_the_phone_ends_the_former_link() -> None:
    call = a_call(0, "video")
    call.give(ev.GuestInvited("u", "c1", "camera", "l1"))
    call.give(ev.GuestInvited("u", "c2", "camera", "l2"), 1)
    assert refused(call, ev.GuestCame("c1", "t")) == "too_late"
    assert call.session.timers["guests"] == call.now + CAMERA_LINK_MS
    assert refused(a_call(0, "text"), ev.GuestInvited("u", "c", "camera", "l")) == "channel"
