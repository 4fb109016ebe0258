"""Co-browsing. The tests check who can ask to see the user's page, who must agree, who sees the page, and when this ends."""

from __future__ import annotations

import pytest

from signaling.protocol.session_views import CobrowseView
from signaling.session import NotAllowed, cobrowse, new_session, receive, views
from signaling.session import events as ev
from signaling.session.effects import Audit, Effect, Say
from signaling.session.model import CobrowseRule

NOW = 1_790_000_000_000


class Call:
    """A voice call of user and counselor on a site with co-browsing."""

    def __init__(self, rule: CobrowseRule = "strict") -> None:
        self.session = new_session(
            id="s-1", site="shop", category="c", language="ko", channel="voice", user="u", name="민아", now=NOW, cobrowse=rule
        )
        self.effects: list[Effect] = []
        self.give(ev.Connected("u"), ev.Entered(), ev.Accepted("s-1.u1", "jimin", "Jimin", True, 1))

    def give(self, *events: ev.SessionEvent) -> Call:
        for event in events:
            self.effects = receive(self.session, event, NOW)
        return self

    def shown(self) -> Call:
        return self.give(ev.CobrowseChanged("jimin", True), ev.CobrowseChanged("u", True))

    def helped(self) -> Call:
        return self.give(ev.HelpAsked("jimin"), ev.Accepted("s-1.h2", "han", "Han", True, 2))

    def seers(self) -> set[str]:
        return {person.id for person in self.session.people.values() if cobrowse.sees(self.session, person)}

    def said(self) -> list[str]:
        return [effect.text for effect in self.effects if isinstance(effect, Say)]

    def audited(self) -> list[tuple[str, str]]:
        return [(effect.actor, effect.action) for effect in self.effects if isinstance(effect, Audit)]

    def view(self, viewer: str) -> CobrowseView | None:
        return views.cobrowse_view(self.session, self.session.people[viewer], views.PageSeen(ready=True))


def test_nobody_sees_the_page_before_the_user_agrees() -> None:
    call = Call().give(ev.CobrowseChanged("jimin", True))
    assert call.audited() == [("jimin", "page.ask")]
    assert call.seers() == set()
    call.give(ev.CobrowseChanged("u", True))
    assert call.seers() == {"jimin"}
    assert (call.said(), call.audited()) == (["cobrowse.on"], [("user", "page.agree")])


def test_refused_question_may_be_asked_again() -> None:
    call = Call().give(ev.CobrowseChanged("jimin", True), ev.CobrowseChanged("u", False))
    assert (call.seers(), call.audited()) == (set(), [("user", "page.refuse")])
    assert call.shown().seers() == {"jimin"}


@pytest.mark.parametrize(("who", "actor"), [("u", "user"), ("jimin", "jimin")])
def test_user_and_counselor_stop_it(who: str, actor: str) -> None:
    call = Call().shown().give(ev.CobrowseChanged(who, False))
    assert (call.seers(), call.said(), call.audited()) == (set(), ["cobrowse.off"], [(actor, "page.end")])


def test_user_shows_nothing_unasked() -> None:
    call = Call()
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.CobrowseChanged("u", True))


def test_site_without_cobrowsing_offers_none() -> None:
    call = Call("off")
    assert call.view("u") is None
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.CobrowseChanged("jimin", True))


def test_professional_sees_the_page_in_modes_with_the_user() -> None:
    call = Call().shown().helped()
    assert call.seers() == {"jimin"}  # the professional has not joined yet, and does not see the page
    with pytest.raises(NotAllowed, match="not_yours"):
        call.give(ev.CobrowseChanged("han", False))
    call.give(ev.HelpJoined("han"))
    assert call.seers() == {"jimin"}  # staff do not hear the user now, so the professional does not see the page
    for mode, hears, seers in (("consultation", True, {"jimin", "han"}), ("whisper", False, {"jimin", "han"})):
        assert call.give(ev.ModeChanged("jimin", mode, hears)).seers() == seers
    assert call.give(ev.ModeChanged("jimin", "conference", False)).seers() == {"jimin", "han"}


def test_another_counselor_has_to_ask_again() -> None:
    call = Call().shown().helped().give(ev.HelpJoined("han"), ev.ModeChanged("jimin", "conference", False))
    call.give(ev.HandedOver("jimin"))
    assert call.session.owner == "han"
    assert (call.seers(), call.session.cobrowse.state) == (set(), "")
    assert call.audited()[-1] == ("system", "page.end")


def test_consent_survives_a_restart_and_ends_with_the_session() -> None:
    call = Call().shown().give(ev.Restored())
    assert call.session.cobrowse.state == "on"
    call.give(ev.Connected("u"), ev.Connected("jimin"), ev.Left("u"))
    assert (call.session.state, call.session.cobrowse.state, call.seers()) == ("after", "", set())


def test_view_says_who_may_see_the_page() -> None:
    call = Call("open").shown()
    assert call.view("u") == CobrowseView(state="on", texts="open", by="jimin", ready=True)
    assert call.view("jimin") == CobrowseView(state="on", texts="open", by="jimin", ready=True, may_see=True)
