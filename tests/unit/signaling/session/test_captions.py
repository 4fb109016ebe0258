"""Captions.

The tests check who turns captions on, who is told that captions are on, whose voice the captions process hears, and which
captions are kept.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.protocol.session_views import CaptionsView
from signaling.session import NotAllowed, Session, matrix, new_session, receive, views
from signaling.session import events as ev
from signaling.session.effects import Effect, EraseCaptions, Say
from signaling.session.model import CaptionRule

NOW = 1_790_000_000_000


class Call:
    """A voice call of user and counselor on a site with captions."""

    def __init__(self, rule: CaptionRule = "live", channel: str = "voice") -> None:
        self.session = new_session(
            id="s-1", site="shop", category="c", language="ko", channel=channel, user="u", name="민아", now=NOW, captions=rule
        )
        self.effects: list[Effect] = []
        for event in (ev.Connected("u"), ev.Entered(), ev.Accepted("s-1.u1", "jimin", "Jimin", True, 1)):
            self.give(event)

    def give(self, event: ev.SessionEvent) -> Call:
        self.effects = receive(self.session, event, NOW)
        return self

    def helped(self) -> Call:
        for event in (ev.HelpAsked("jimin"), ev.Accepted("s-1.h2", "han", "Han", True, 2), ev.HelpJoined("han")):
            self.give(event)
        return self

    def said(self) -> list[str]:
        return [effect.text for effect in self.effects if isinstance(effect, Say)]

    def captioned(self) -> set[str]:
        found = matrix.compute(self.session).captions
        return set(found.participants) if found is not None else set()

    def view(self, viewer: str = "u", *, ready: bool = True) -> CaptionsView | None:
        person = self.session.people.get(viewer) or self.session.listeners[viewer]
        return views.captions_view(self.session, person, ready=ready)


def test_nobody_is_captioned_until_somebody_turns_captions_on() -> None:
    call = Call()
    assert call.captioned() == set()
    call.give(ev.CaptionsAsked("u", True))
    assert call.captioned() == {"u", "jimin"}
    assert call.said() == ["captions.on"]
    assert matrix.compute(call.session).for_worker(1).captions is not None


def test_everybody_sees_that_captions_are_on_and_for_whom() -> None:
    call = Call().helped().give(ev.CaptionsAsked("u", True))
    assert [call.view(who) for who in ("u", "jimin", "han")] == [CaptionsView(on=True, wanted_by=["u"])] * 3


def test_captions_stay_on_while_one_person_wants_them() -> None:
    call = Call().give(ev.CaptionsAsked("u", True)).give(ev.CaptionsAsked("jimin", True)).give(ev.CaptionsAsked("u", False))
    assert call.captioned() == {"u", "jimin"}
    call.give(ev.CaptionsAsked("jimin", False))
    assert call.captioned() == set()
    assert call.said() == ["captions.off"]


def test_captions_end_when_the_only_one_who_wanted_them_leaves() -> None:
    call = Call().helped().give(ev.CaptionsAsked("han", True)).give(ev.Left("han"))
    assert call.captioned() == set()
    assert call.view() == CaptionsView()


def test_captions_end_with_the_call() -> None:
    call = Call().give(ev.CaptionsAsked("u", True)).give(ev.Left("u"))
    assert (call.session.captions.on, call.view()) == (False, None)


@pytest.mark.parametrize(("rule", "channel"), [("off", "voice"), ("live", "text")])
def test_captions_are_refused_where_there_can_be_none(rule: CaptionRule, channel: str) -> None:
    call = Call(rule, channel)
    assert call.view() is None
    with pytest.raises(NotAllowed, match="captions_off"):
        call.give(ev.CaptionsAsked("u", True))


def test_page_offers_captions_only_while_a_process_could_make_them() -> None:
    call = Call()
    assert call.view(ready=False) is None
    assert call.view(ready=True) == CaptionsView()


def test_professional_who_catches_up_cannot_turn_captions_on() -> None:
    call = Call().give(ev.HelpAsked("jimin")).give(ev.Accepted("s-1.h2", "han", "Han", True, 2))
    with pytest.raises(NotAllowed, match="not_yours"):
        call.give(ev.CaptionsAsked("han", True))


def test_lost_process_turns_captions_off_and_the_page_says_so() -> None:
    call = Call().give(ev.CaptionsAsked("u", True)).give(ev.CaptionsFailed(1))
    assert call.session.state == "active"
    assert call.captioned() == set()
    assert call.view(ready=False) == CaptionsView(ready=False, failed=True)
    assert call.give(ev.CaptionsAsked("u", True)).view() == CaptionsView(on=True, wanted_by=["u"])


def test_failure_in_a_former_room_changes_nothing() -> None:
    call = Call().give(ev.CaptionsAsked("u", True)).give(ev.CaptionsFailed(0))
    assert call.captioned() == {"u", "jimin"}


def test_captions_are_kept_only_if_the_site_and_everybody_agree() -> None:
    call = Call("keep").give(ev.CaptionsAsked("u", True))
    assert call.view() == CaptionsView(on=True, wanted_by=["u"], keep=True)
    call.give(ev.CaptionsAnswered("u", True))
    assert not call.session.captions.kept
    call.give(ev.CaptionsAnswered("jimin", True))
    assert call.session.captions.kept
    assert call.view("jimin") == CaptionsView(on=True, wanted_by=["u"], keep=True, you="yes", kept=True)
    call.helped()
    assert not call.session.captions.kept, "the professional has not been asked yet"
    call.give(ev.CaptionsAnswered("han", True)).give(ev.CaptionsAnswered("u", False))
    assert not call.session.captions.kept


def test_withdrawn_agreement_deletes_what_was_kept() -> None:
    call = Call("keep").give(ev.CaptionsAsked("u", True)).give(ev.CaptionsAnswered("u", True))
    call.give(ev.CaptionsAnswered("u", False))
    assert EraseCaptions() not in call.effects, "nothing was kept yet"
    for who in ("u", "jimin"):
        call.give(ev.CaptionsAnswered(who, True))
    call.give(ev.CaptionsAnswered("jimin", False))
    assert EraseCaptions() in call.effects
    assert call.said() == ["captions.erased"]
    call.give(ev.CaptionsAnswered("jimin", False))
    assert EraseCaptions() not in call.effects, "all is deleted already"
    call.give(ev.CaptionsAnswered("jimin", True)).give(ev.CaptionsAsked("u", False)).give(ev.CaptionsAnswered("u", False))
    assert EraseCaptions() in call.effects, "also while captions are off"


def test_operator_who_joins_is_asked_before_captions_are_kept() -> None:
    call = Call("keep")
    call.session.may_listen = True
    for event in (ev.CaptionsAsked("u", True), ev.CaptionsAnswered("u", True), ev.CaptionsAnswered("jimin", True)):
        call.give(event)
    call.give(ev.ListenStarted("ops", "Ops"))
    assert call.session.captions.kept, "an operator who only listens says nothing"
    call.give(ev.ListenedAs("ops", "join", mic=True))
    assert not call.session.captions.kept
    assert call.give(ev.CaptionsAnswered("ops", True)).session.captions.kept


def test_site_that_keeps_nothing_asks_nobody() -> None:
    call = Call("live").give(ev.CaptionsAsked("u", True))
    with pytest.raises(NotAllowed, match="captions_off"):
        call.give(ev.CaptionsAnswered("u", True))


def test_language_of_captions_is_forgotten_when_they_end() -> None:
    call = Call().give(ev.CaptionsAsked("u", True, "en")).give(ev.CaptionsAsked("jimin", True))
    assert [view.translate for view in (call.view("u"), call.view("jimin")) if view is not None] == ["en", ""]
    call.give(ev.CaptionsAsked("u", False, "en"))
    assert call.session.captions.languages == {}


someone = st.sampled_from(["u", "jimin", "han", "ops"])
steps = st.lists(
    st.one_of(
        st.builds(ev.CaptionsAsked, someone, st.booleans()),
        st.builds(ev.CaptionsAnswered, someone, st.booleans()),
        st.builds(ev.CaptionsFailed, st.integers(0, 3)),
        st.builds(ev.Held, st.just("jimin"), st.booleans()),
        st.builds(ev.ModeChanged, st.just("jimin"), st.sampled_from(["consultation", "whisper", "conference"]), st.booleans()),
        st.builds(ev.HelpAsked, st.just("jimin")),
        st.builds(ev.Accepted, st.sampled_from(["s-1.h2", "s-1.h3"]), st.just("han"), st.just("Han"), st.just(True), st.just(9)),
        st.builds(ev.HelpJoined, st.just("han")),
        st.builds(ev.ListenStarted, st.just("ops"), st.just("Ops")),
        st.builds(ev.ListenedAs, st.just("ops"), st.sampled_from(["listen", "whisper", "join"]), st.just(True)),
        st.builds(ev.Left, st.just("han")),
        st.builds(ev.RoomLost, st.integers(0, 3)),
        st.builds(ev.Left, st.just("u")),
    ),
    max_size=25,
)


def _told(session: Session) -> bool:
    """Return whether each person in the session sees that captions are on."""
    everybody = [*session.present(), *session.listeners.values()]
    found = [views.captions_view(session, person, ready=False) for person in everybody]
    return all(view is not None and view.on and view.wanted_by for view in found)


@pytest.mark.slow
@given(steps)
@settings(max_examples=300, deadline=None)
def test_process_hears_nobody_unless_wanted_and_told(events: list[ev.SessionEvent]) -> None:
    call = Call("keep")
    call.session.may_listen = True
    for event in events:
        try:
            call.give(event)
        except NotAllowed:
            continue
        session = call.session
        if call.captioned():
            here = {person.id for person in session.present() if not person.reading}
            assert session.state == "active"
            assert set(session.captions.wanted) & here
            assert _told(session)
        if session.captions.kept:
            asked = [person for person in session.present() if not person.reading]
            assert session.captions.on
            assert all(person.captions == "yes" for person in asked)
