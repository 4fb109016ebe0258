"""A member of staff disconnects, and then returns in time, or stays away until the matcher signs the member out."""

from __future__ import annotations

import pytest

from matcher.types import Refused


@pytest.mark.parametrize("former", ["away", "available", "busy", "wrap_up"])
def test_reconnected_member_returns_to_the_former_state(desk, former):
    desk.staff("jimin", available=former != "away")
    if former in ("busy", "wrap_up"):
        desk.ask("q")
        desk.serve("q")
    if former == "wrap_up":
        desk.do("complete", "q")
    desk.do("disconnect", "jimin")
    assert desk.told() == [("jimin", "lost", "")]
    assert desk.until("jimin") == desk.now + 30_000
    desk.after(29.999)
    desk.do("sign_in", desk.skills("jimin"))
    assert desk.told() == [("jimin", former, "")]


def test_member_disconnected_while_ringing_returns_available(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.do("disconnect", "jimin")
    desk.do("cancel", "q")
    desk.do("sign_in", desk.skills("jimin"))
    assert desk.state("jimin") == "available"


def test_returning_member_takes_the_next_request_in_the_same_step(desk):
    desk.staff("jimin")
    desk.do("disconnect", "jimin")
    desk.ask("q")
    assert desk.request("q") == "waiting"
    desk.do("sign_in", desk.skills("jimin"))
    assert desk.rings_at("q") == "jimin"


def test_disconnected_member_is_signed_out_after_thirty_seconds(desk):
    desk.staff("jimin")
    desk.do("disconnect", "jimin")
    assert desk.engine.next_deadline_ms() == desk.now + 30_000
    desk.do("renew", ["jimin"])  # a sign of life from the closed connection comes late, and is ignored
    desk.after(29.999)
    assert desk.state("jimin") == "lost"
    desk.after(0.001)
    assert desk.told() == [("jimin", "signed_out", "lease")]


def test_disconnected_member_cannot_change_state(desk):
    desk.staff("jimin")
    desk.do("disconnect", "jimin")
    for step in ("set_available", "set_away", "wrapped_up"):
        with pytest.raises(Refused, match="wrong_state"):
            desk.do(step, "jimin")
    assert desk.do("disconnect", "jimin") == []


def test_disconnected_busy_member_keeps_the_load_until_the_lease_ends(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("disconnect", "jimin")
    assert (desk.state("jimin"), desk.load("jimin")) == ("lost", 1)
    desk.after(30)
    assert desk.told() == [("jimin", "signed_out", "lease")]
    assert desk.request("q") == "accepted"
    desk.staff("jimin", available=False)
    assert (desk.state("jimin"), desk.load("jimin")) == ("busy", 1)


def test_unrenewed_lease_ends(desk):
    desk.staff("jimin")
    desk.after(20, renewing=False)
    desk.do("renew", ["jimin", "nobody"])
    desk.after(29.999, renewing=False)
    assert desk.state("jimin") == "available"
    desk.after(0.001, renewing=False)
    assert desk.told() == [("jimin", "lost", ""), ("jimin", "signed_out", "lease")]


def test_wrap_up_ending_while_disconnected_returns_to_away(desk_with):
    desk = desk_with(wrap_up_ms=10_000)
    desk.staff("jimin")
    desk.ask("q")
    desk.serve("q")
    desk.do("complete", "q")
    desk.do("disconnect", "jimin")
    assert desk.after(10) == []
    desk.do("sign_in", desk.skills("jimin"))
    assert desk.told() == [("jimin", "away", "")]


def test_member_who_never_entered_stays_disconnected_until_lease_ends(desk):
    desk.staff("jimin")
    desk.ask("q")
    desk.accept("q")
    desk.after(1)
    desk.do("disconnect", "jimin")
    desk.after(29)
    assert ("q", "waiting", "never_entered") in desk.told()
    assert (desk.state("jimin"), desk.load("jimin")) == ("lost", 0)
