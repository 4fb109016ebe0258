"""The notes that staff have typed are saved when a session closes for any reason."""

from __future__ import annotations

import pytest

from signaling.protocol.session_views import Brief, CategoryView, SiteView
from signaling.session import NotAllowed, decode_snapshot, encode_snapshot, matrix, views
from signaling.session import events as ev
from signaling.session.effects import KeepNotes
from tests.unit.signaling.session.call import Call

AROUND = views.Surroundings(SiteView(id="s", name="S"), CategoryView(id="c", name="C"), Brief())


def kept(call: Call) -> list[tuple[str, str, str]]:
    return [(each.participant, each.notes, each.outcome) for each in call.effects if isinstance(each, KeepNotes)]


def shown(call: Call, viewer: str) -> str:
    return views.session_view(call.session, viewer, AROUND, matrix.compute(call.session)).notes


def test_wrap_up_timeout_saves_the_typed_notes() -> None:
    call = Call().active()
    call.give(ev.NotesTyped("jimin", "배터리"))
    call.give(ev.Left("u"))
    call.give(ev.NotesTyped("jimin", "배터리 교체 안", "follow_up"), 119)
    assert kept(call) == []
    call.tick(1)
    assert (call.session.state, kept(call)) == ("closed", [("jimin", "배터리 교체 안", "follow_up")])
    assert call.tick(1) == []


def test_author_alone_sees_outcome_and_tags_chosen_so_far() -> None:
    call = Call().active()
    call.give(ev.NotesTyped("jimin", "배터리", "follow_up", ("vip",)))
    around = matrix.compute(call.session)
    theirs, users = (views.session_view(call.session, viewer, AROUND, around) for viewer in ("jimin", "u"))
    assert (theirs.notes, theirs.outcome, theirs.tags) == ("배터리", "follow_up", ["vip"])
    assert (users.notes, users.outcome, users.tags) == ("", "", [])


def test_notes_saved_by_hand_are_not_saved_again() -> None:
    call = Call().active()
    call.give(ev.NotesTyped("jimin", "배터리"))
    call.give(ev.Left("u"))
    call.give(ev.NotesTyped("jimin", ""))
    call.give(ev.WrappedUp("jimin"))
    assert kept(call) == []


def test_notes_of_professional_and_former_owner_are_kept() -> None:
    call = Call().active().joined("conference")
    call.give(ev.NotesTyped("jimin", "마운트만 확인"))
    call.give(ev.HandedOver("jimin"))
    call.give(ev.NotesTyped("jimin", "마운트만 확인해 주세요"), 60)
    call.give(ev.NotesTyped("han", "어댑터 권함"))
    call.give(ev.Left("u"))
    call.tick(120)
    assert kept(call) == [("jimin", "마운트만 확인해 주세요", ""), ("han", "어댑터 권함", "")]


@pytest.mark.parametrize(
    "end", [ev.MessageGiven("u"), ev.Chose("u", "another")], ids=["the user leaves a message", "the user takes another counselor"]
)
def test_notes_survive_a_counselor_disconnect(end: ev.SessionEvent) -> None:
    call = Call().active()
    call.give(ev.NotesTyped("jimin", "배터리"))
    call.give(ev.Disconnected("jimin"))
    call.tick(30)
    call.give(end)
    if call.session.state == "waiting":
        call.give(ev.Left("u"))
    assert kept(call) == [("jimin", "배터리", "")]


def test_erased_session_keeps_no_notes() -> None:
    call = Call().active()
    call.give(ev.NotesTyped("jimin", "배터리"))
    call.give(ev.EndedBy("erased"))
    assert kept(call) == []
    assert "배터리".encode() not in encode_snapshot(call.session)


def test_notes_are_shown_only_to_their_author_even_after_a_restart() -> None:
    call = Call().active().joined("conference")
    call.give(ev.NotesTyped("jimin", "배터리"))
    call.session = decode_snapshot(encode_snapshot(call.session))
    assert [shown(call, who) for who in ("jimin", "han", "u")] == ["배터리", "", ""]


@pytest.mark.parametrize("who", ["u", "stranger"])
def test_only_staff_can_take_notes(who: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        Call().active().give(ev.NotesTyped(who, "x"))
    assert refused.value.reason == "not_yours"
