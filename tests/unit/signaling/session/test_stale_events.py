"""Events that come too late change nothing."""

from __future__ import annotations

import pytest

from signaling.session import encode_snapshot
from signaling.session import events as ev
from tests.unit.signaling.session.call import NOW, Call, S


@pytest.mark.parametrize(
    "event",
    [
        ev.Accepted("s-1.u1", "suho", "Suho", True, 3),
        ev.Accepted("s-1.u0", "suho", "Suho", True, 99),
        ev.RingStarted("s-1.u1", "r-0", "suho", NOW, 3),
        ev.RingEnded("s-1.u1", "r-0", 3),
        ev.RequestMoved("s-1.u1", "cancelled", 3),
        ev.RequestMoved("s-1.u0", "cancelled", 99),
        ev.PeerChanged("u", "old-peer", 1, "live"),
        ev.RoomLost(7),
        ev.NobodyEligible("s-1.h1"),
    ],
)
def test_stale_events_change_nothing(call: Call, event: ev.SessionEvent) -> None:
    call.enter().give(ev.RingStarted("s-1.u1", "r-1", "jimin", NOW + 20 * S, 5))
    before = encode_snapshot(call.session)
    assert call.give(event) == []
    assert encode_snapshot(call.session) == before


def test_peer_of_an_older_epoch_changes_nothing(call: Call) -> None:
    call.active().give(ev.PeerOffered("u", "p-1"))
    call.give(ev.RoomLost(1))
    assert (call.session.epoch, call.session.people["u"].peer) == (2, "none")
    call.give(ev.PeerOffered("u", "p-2"))
    call.give(ev.PeerChanged("u", "p-1", 1, "live"))
    assert call.session.people["u"].peer == "connecting"
    call.give(ev.PeerChanged("u", "p-2", 2, "live"))
    assert call.session.people["u"].peer == "live"
