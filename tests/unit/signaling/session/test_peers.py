"""Only one peer connection of each person counts. The tests check which connection counts."""

from __future__ import annotations

import pytest

from signaling.session import events as ev
from signaling.session.effects import DropPeer
from tests.unit.signaling.session.call import Call


def test_text_only_is_shown_until_a_path_is_found(call: Call) -> None:
    call.active().give(ev.PeerOffered("u", "p-1"))
    call.give(ev.PeerReported("u", "text_only"))
    call.give(ev.PeerOffered("u", "p-2"))
    assert call.session.people["u"].peer == "text_only"
    call.give(ev.PeerChanged("u", "p-2", 1, "gone"))
    assert call.session.people["u"].peer == "text_only"
    call.give(ev.PeerOffered("u", "p-3"))
    call.give(ev.PeerChanged("u", "p-3", 1, "live"))
    assert call.session.people["u"].peer == "live"


def a_newer_offer(*, lost: bool = True) -> Call:
    """Return a call in which the user's browser has just begun a second media connection ("p-2").

    The first media connection ("p-1") was live. With `lost`, the browser reported "p-1" as "lost" (failed) before it began "p-2".
    """
    call = Call().active()
    call.give(ev.PeerOffered("u", "p-1"))
    call.give(ev.PeerChanged("u", "p-1", 1, "live"))
    if lost:
        call.give(ev.PeerReported("u", "lost"))
    call.give(ev.PeerOffered("u", "p-2"))
    assert call.session.people["u"].peer == "connecting"
    return call


@pytest.mark.parametrize("heard", [ev.PeerChanged("u", "p-1", 1, "live"), ev.PeerReported("u", "live")])
def test_media_over_the_former_peer_makes_the_person_live_again(heard: ev.SessionEvent) -> None:
    call = a_newer_offer()
    call.give(ev.PeerOffered("u", "p-3"))
    call.give(ev.PeerChanged("u", "p-2", 1, "replaced"))
    assert call.session.people["u"].peer == "connecting"
    call.give(heard)
    call.give(ev.PeerChanged("u", "p-3", 1, "gone"))
    assert call.session.people["u"].peer == "live"
    call.give(ev.PeerChanged("u", "p-1", 1, "lost"))
    assert call.session.people["u"].peer == "lost"
    call.give(ev.PeerChanged("u", "p-1", 1, "gone"))
    assert call.session.people["u"].peer == "none"


def test_newer_live_peer_takes_precedence() -> None:
    call = a_newer_offer(lost=False)
    call.give(ev.PeerChanged("u", "p-1", 1, "lost"))
    assert call.session.people["u"].peer == "connecting"
    call.give(ev.PeerChanged("u", "p-1", 1, "replaced"))
    call.give(ev.PeerChanged("u", "p-2", 1, "live"))
    assert call.session.people["u"].peer == "live"
    call.give(ev.PeerChanged("u", "p-2", 1, "gone"))
    assert call.session.people["u"].peer == "none"


@pytest.mark.parametrize("heard", [ev.PeerChanged("u", "p-1", 1, "live"), ev.PeerReported("u", "live")])
def test_text_only_person_is_live_when_the_former_peer_revives(heard: ev.SessionEvent) -> None:
    call = a_newer_offer()
    assert call.give(ev.PeerReported("u", "text_only")) == [DropPeer("p-2")]
    call.give(ev.PeerChanged("u", "p-2", 1, "gone"))
    call.give(ev.PeerChanged("u", "p-1", 1, "lost"))
    assert call.session.people["u"].peer == "text_only"
    call.give(heard)
    assert call.session.people["u"].peer == "live"


def test_person_on_the_former_peer_fails_with_it() -> None:
    call = a_newer_offer()
    call.give(ev.PeerReported("u", "live"))
    call.give(ev.PeerChanged("u", "p-1", 1, "gone"))
    assert call.session.people["u"].peer == "connecting"
    call.give(ev.PeerChanged("u", "p-2", 1, "gone"))
    assert call.session.people["u"].peer == "none"


def test_offer_from_a_newer_tab_ends_the_older_tabs_peers() -> None:
    call = a_newer_offer()
    assert set(call.give(ev.PeerOffered("u", "p-3", "newer tab"))) == {DropPeer("p-1"), DropPeer("p-2")}
    call.give(ev.PeerChanged("u", "p-1", 1, "live"))
    assert call.session.people["u"].peer == "connecting"
    call.give(ev.PeerChanged("u", "p-3", 1, "live"))
    assert call.session.people["u"].peer == "live"


def test_leaving_drops_both_peers() -> None:
    call = Call().active().joined()
    call.give(ev.PeerOffered("han", "p-1"))
    call.give(ev.PeerChanged("han", "p-1", 1, "live"))
    call.give(ev.PeerOffered("han", "p-2"))
    call.give(ev.Left("han"))
    assert {effect for effect in call.effects if isinstance(effect, DropPeer)} == {DropPeer("p-1"), DropPeer("p-2")}
