"""The session machine by its tables: every transition, and every event that must change nothing."""

from __future__ import annotations

import pytest

from signaling.session import NotAllowed, Session, decode_snapshot, encode_snapshot, model, new_session, next_deadline, receive
from signaling.session import events as ev

NOW = 1_790_000_000_000
S = 1000


class Call:
    """A session with its clock. Each event is given in seconds after the last one."""

    def __init__(self, channel: model.Channel = "voice") -> None:
        self.now = NOW
        self.fence = 0
        self.session = new_session(
            id="s-1", site="shop", category="lenses", language="ko", channel=channel, user="u", name="", now=NOW
        )
        self.effects: list[ev.Effect] = []
        self.give(ev.Connected("u"))

    def give(self, event: ev.SessionEvent, after_s: float = 0) -> list[ev.Effect]:
        self.now += int(after_s * S)
        self.effects = receive(self.session, event, self.now)
        return self.effects

    def tick(self, after_s: float) -> list[ev.Effect]:
        return self.give(ev.Ticked(), after_s)

    def steps(self) -> list[tuple[str, str]]:
        return [(effect.step, effect.request) for effect in self.effects if isinstance(effect, ev.Step)]

    def said(self) -> list[str]:
        return [effect.text for effect in self.effects if isinstance(effect, ev.Say)]

    def over(self) -> dict[str, str]:
        return {effect.participant: effect.reason for effect in self.effects if isinstance(effect, ev.Over)}

    def enter(self) -> Call:
        self.give(ev.Entered(None, "민아"))
        return self

    def accept(self, staff: str = "jimin", request: str = "", *, connected: bool = True) -> Call:
        self.fence += 1
        self.give(ev.Accepted(request or self.session.request, staff, staff.title(), connected, self.fence))
        return self

    def active(self) -> Call:
        return self.enter().accept()

    def help(self) -> Call:
        self.give(ev.HelpAsked("jimin", "mount?", "lenses"))
        return self

    def reading(self) -> Call:
        self.help()
        assert self.session.help is not None
        return self.accept("han", self.session.help.request)

    def joined(self, mode: model.Mode = "consultation") -> Call:
        self.reading().give(ev.HelpJoined("han"))
        if mode != "consultation":
            self.give(ev.ModeChanged("jimin", mode))
        return self

    @property
    def asked(self) -> model.Help:
        assert self.session.help is not None
        return self.session.help


@pytest.fixture
def call() -> Call:
    return Call()


# --- entering ---------------------------------------------------------------------------------------------------------


def test_entering_makes_a_request_and_keeps_the_typed_name(call: Call) -> None:
    call.enter()
    assert call.session.state == "waiting"
    assert call.session.people["u"].name == "민아"
    assert call.effects[0] == ev.Enqueue("s-1.u1", "user", "lenses", NOW)


def test_signed_name_is_not_overwritten() -> None:
    call = Call()
    call.session.people["u"].name = "Kim"
    call.enter()
    assert call.session.people["u"].name == "Kim"


def test_session_ends_after_ten_minutes_of_preparing(call: Call) -> None:
    assert next_deadline(call.session) == NOW + 600 * S
    call.tick(599)
    assert call.session.state == "preparing"
    call.tick(1)
    assert (call.session.state, call.session.end_reason) == ("closed", "idle")


def test_session_that_no_page_opens_ends_after_seconds() -> None:
    unopened = new_session(id="s", site="shop", category="lenses", language="ko", channel="text", user="u", name="", now=NOW)
    assert next_deadline(unopened) == NOW + 30 * S
    receive(unopened, ev.Ticked(), NOW + 30 * S)
    assert (unopened.state, unopened.end_reason) == ("closed", "idle")


def test_session_survives_a_minute_without_page_while_preparing(call: Call) -> None:
    call.give(ev.Disconnected("u"), 100)
    assert next_deadline(call.session) == call.now + 60 * S
    call.give(ev.Connected("u"), 50)
    assert next_deadline(call.session) == call.now + 600 * S


def test_closed_hours_allow_a_message_without_a_request(call: Call) -> None:
    call.give(ev.MessageGiven("u"))
    assert call.session.state == "message_left"
    assert call.steps() == []


def test_disconnected_waiting_user_is_suspended_and_resumed(call: Call) -> None:
    call.enter().give(ev.Disconnected("u"))
    assert call.steps() == [("suspend", "s-1.u1")]
    call.give(ev.Connected("u"), 59)
    assert call.steps() == [("resume", "s-1.u1")]
    assert next_deadline(call.session) is None


def test_waiting_user_gone_for_a_minute_is_cancelled(call: Call) -> None:
    call.enter().give(ev.Disconnected("u"))
    call.tick(60)
    assert (call.session.state, call.session.end_reason) == ("closed", "user_lost")
    assert call.steps() == [("cancel", "s-1.u1")]


def test_ring_is_shown_and_ends(call: Call) -> None:
    call.enter().give(ev.RingStarted("s-1.u1", "r-1", "jimin", NOW + 20 * S, 5))
    assert call.session.ringing is not None
    call.give(ev.RingEnded("s-1.u1", "r-1", 6))
    assert call.session.ringing is None


def test_accepting_opens_the_room_at_a_new_epoch(call: Call) -> None:
    call.active()
    assert (call.session.state, call.session.owner, call.session.epoch) == ("active", "jimin", 1)
    assert call.steps() == [("entered", "s-1.u1")]
    assert call.said() == ["joined"]


def test_staff_who_never_enter_lose_the_call(call: Call) -> None:
    call.enter().accept(connected=False)
    assert call.steps() == []
    call.give(ev.RequestMoved("s-1.u1", "waiting", 9), 30)
    assert (call.session.state, call.session.owner) == ("waiting", "")


# --- stale events change nothing --------------------------------------------------------------------------------------


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
    """Bring the session to a newer offer.

    The user was live, may have been reported gone, and the worker has taken a newer offer of theirs.
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
    assert call.give(ev.PeerReported("u", "text_only")) == [ev.DropPeer("p-2")]
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
    assert set(call.give(ev.PeerOffered("u", "p-3", "newer tab"))) == {ev.DropPeer("p-1"), ev.DropPeer("p-2")}
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
    assert {effect for effect in call.effects if isinstance(effect, ev.DropPeer)} == {ev.DropPeer("p-1"), ev.DropPeer("p-2")}


# --- disconnects ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "patience_s"), [("voice", 120), ("text", 900)])
def test_session_waits_for_a_disconnected_user(channel: model.Channel, patience_s: int) -> None:
    call = Call(channel).active()
    call.give(ev.Disconnected("u"))
    call.tick(patience_s - 1)
    assert call.session.state == "active"
    call.tick(1)
    assert (call.session.state, call.session.end_reason) == ("after", "user_lost")
    assert ("complete", "s-1.u1") in call.steps()


def test_owner_back_within_30_s_stays_owner(call: Call) -> None:
    call.active().give(ev.Disconnected("jimin"))
    call.give(ev.Connected("jimin"), 29)
    call.tick(60)
    assert (call.session.owner, call.session.owner_lost) == ("jimin", False)


def test_owner_disconnect_gives_the_user_three_choices(call: Call) -> None:
    call.active().give(ev.Disconnected("jimin"))
    call.tick(30)
    assert call.session.choices == ["wait", "another", "message"]
    call.give(ev.Chose("u", "another"))
    assert call.steps() == [("requeue", "s-1.u1")]
    assert (call.session.state, call.over()) == ("waiting", {"jimin": "lost"})
    call.accept("suho")
    assert (call.session.owner, call.session.epoch) == ("suho", 2)


def test_wait_for_a_disconnected_owner_ends_on_return(call: Call) -> None:
    call.active().give(ev.Disconnected("jimin"))
    call.tick(30)
    call.give(ev.Chose("u", "wait"))
    assert call.session.choices == ["another", "message"]
    call.give(ev.Connected("jimin"), 300)
    assert (call.session.choices, call.session.owner_lost) == ([], False)


def test_removed_staff_lose_their_peers_at_once(call: Call) -> None:
    call.active().give(ev.PeerOffered("jimin", "p-1"))
    call.give(ev.RightEnded("jimin", returns=True))
    assert ev.DropPeer("p-1") in call.effects
    assert next_deadline(call.session) == call.now + 30 * S, "they may sign in again"
    call.give(ev.Connected("jimin"), 10)
    assert next_deadline(call.session) is None


def test_session_does_not_wait_for_removed_staff(call: Call) -> None:
    call.active().give(ev.RightEnded("jimin", returns=False))
    call.tick(0)
    assert call.session.choices == ["wait", "another", "message"]
    before = encode_snapshot(call.session)
    assert call.give(ev.RightEnded("jimin", returns=False)) == []
    assert encode_snapshot(call.session) == before


def test_wait_ends_if_the_disconnected_owner_is_removed(call: Call) -> None:
    call.active().give(ev.Disconnected("jimin"))
    call.give(ev.RightEnded("jimin", returns=False), 5)
    call.tick(0)
    assert call.session.owner_lost


def test_professional_takes_over_at_once_from_a_removed_owner(call: Call) -> None:
    call.active().joined().give(ev.RightEnded("jimin", returns=False))
    call.tick(0)
    assert call.session.owner == "han"


def test_removal_of_a_reading_professional_continues_the_search(call: Call) -> None:
    call.active().reading().give(ev.RightEnded("han", returns=False))
    call.tick(0)
    assert call.asked.state == "asking"
    assert not call.session.owner_lost


def test_user_can_leave_a_message_if_the_owner_is_gone_or_none_came(call: Call) -> None:
    with pytest.raises(NotAllowed):
        call.active().give(ev.MessageGiven("u"))
    call.give(ev.Disconnected("jimin"))
    call.tick(30)
    call.give(ev.MessageGiven("u"))
    assert (call.session.state, call.over()) == ("message_left", {"jimin": "message_left"})
    waiting = Call().enter()
    waiting.give(ev.MessageGiven("u"))
    assert waiting.steps() == [("unserved", "s-1.u1")]
    assert waiting.session.state == "message_left"


def test_joined_professional_becomes_owner_if_the_owner_disconnects(call: Call) -> None:
    call.active().joined().give(ev.Disconnected("jimin"))
    call.tick(30)
    assert (call.session.owner, call.asked.state) == ("han", "handed_over")
    assert ev.Transfer("s-1.u1", "han") in call.effects
    assert call.over() == {"jimin": "handed_over"}


# --- help -------------------------------------------------------------------------------------------------------------


def test_only_the_owner_can_ask_for_help_and_once(call: Call) -> None:
    call.active()
    with pytest.raises(NotAllowed, match="not_yours"):
        call.give(ev.HelpAsked("u"))
    call.help()
    assert call.effects[-1] == ev.Enqueue("s-1.h2", "help", "lenses", call.now, ("jimin",))
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.help()


def test_professional_reads_joins_and_uses_three_modes(call: Call) -> None:
    call.active().reading()
    assert (call.asked.state, call.session.people["han"].reading) == ("catching_up", True)
    with pytest.raises(NotAllowed):
        call.give(ev.PeerOffered("han", "p-9"))
    call.give(ev.HelpJoined("han"))
    assert (call.asked.state, call.asked.mode) == ("joined", "consultation")
    call.give(ev.ModeChanged("jimin", "consultation", hear_user=True))
    assert call.asked.hear_user
    call.give(ev.ModeChanged("han", "whisper", hear_user=True))
    assert (call.asked.mode, call.asked.hear_user) == ("whisper", False)
    with pytest.raises(NotAllowed):
        call.give(ev.HandedOver("jimin"))
    call.give(ev.ModeChanged("jimin", "conference"))
    call.give(ev.HandedOver("jimin"))
    assert (call.session.owner, call.asked.state, call.over()) == ("han", "handed_over", {"jimin": "handed_over"})
    call.give(ev.HelpAsked("han"))
    assert call.asked.state == "asking"


def test_no_staff_line_reaches_the_user(call: Call) -> None:
    call.active()
    for event in (ev.HelpAsked("jimin"), ev.HelpCancelled("jimin")):
        call.give(event)
        assert all(effect.audience == "staff" for effect in call.effects if isinstance(effect, ev.Say))


def test_slow_or_absent_professional_continues_the_search(call: Call) -> None:
    call.active().reading()
    first = call.asked.request
    call.tick(180)
    assert (call.asked.state, call.over()) == ("asking", {"han": "too_slow"})
    assert call.steps() == [("release", first)]
    again = next(effect for effect in call.effects if isinstance(effect, ev.Enqueue))
    assert again.request != first
    assert set(again.excluded) == {"jimin", "han"}


def test_search_continues_if_reading_professional_is_gone_for_30_s(call: Call) -> None:
    call.active().reading().give(ev.Disconnected("han"))
    call.tick(30)
    assert (call.asked.state, call.over()) == ("asking", {"han": "lost"})


def test_professional_leaving_ends_the_help_but_not_the_call(call: Call) -> None:
    call.active().joined("conference").give(ev.Left("han"))
    assert (call.session.state, call.asked.state, call.over()) == ("active", "ended", {"han": "left"})


def test_failed_search_is_announced_and_the_call_continues(call: Call) -> None:
    call.active().help().give(ev.NobodyEligible(call.asked.request))
    assert (call.session.state, call.asked.state) == ("active", "nobody")
    call.help()
    call.tick(90)
    assert call.asked.state == "nobody"


def test_help_can_be_cancelled_until_the_professional_joins(call: Call) -> None:
    call.active().reading().give(ev.HelpCancelled("jimin"))
    assert (call.asked.state, call.over()) == ("cancelled", {"han": "cancelled"})
    call.joined()
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.HelpCancelled("jimin"))


def test_reading_professional_can_take_over_if_the_owner_disconnects(call: Call) -> None:
    call.active().reading().give(ev.Disconnected("jimin"))
    call.tick(30)
    assert call.session.owner_lost
    call.give(ev.HelpJoined("han"))
    assert (call.session.owner, call.session.choices) == ("han", [])


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["u", "jimin"])
def test_either_side_can_end_and_user_can_rate_for_a_day(call: Call, who: str) -> None:
    call.active().give(ev.Left(who))
    assert (call.session.state, next_deadline(call.session)) == ("after", call.now + 120 * S)
    call.give(ev.WrappedUp("jimin"), 60)
    assert (call.session.state, call.over()) == ("closed", {"jimin": "wrapped_up"})
    call.give(ev.Rated("u"), 23 * 3600)
    assert call.session.rated
    with pytest.raises(NotAllowed, match="too_late"):
        call.give(ev.Rated("u"), 2 * 3600)


def test_wrap_up_times_out(call: Call) -> None:
    call.active().give(ev.Left("u"))
    call.tick(120)
    assert call.session.state == "closed"


def test_joined_professional_gets_wrap_up(call: Call) -> None:
    call.active().joined("conference").give(ev.Left("u"))
    assert ("complete", call.asked.request) in call.steps()
    call.give(ev.WrappedUp("han"))
    assert (call.session.state, call.over()) == ("after", {"han": "wrapped_up"})


def test_operator_can_end_and_erase_a_session(call: Call) -> None:
    call.active().give(ev.EndedBy("operator"))
    assert (call.session.state, call.session.end_reason) == ("after", "operator")
    call.give(ev.EndedBy("erased"))
    assert call.session.state == "closed"


# --- restart ----------------------------------------------------------------------------------------------------------


def restarted(call: Call) -> Call:
    call.session = decode_snapshot(encode_snapshot(call.session))
    call.give(ev.Restored(), 5)
    return call


def test_restart_keeps_the_enqueue_time_of_a_request(call: Call) -> None:
    restarted(call.enter())
    assert call.effects == [ev.Reinstate("s-1.u1", "user", "lenses", NOW)]
    call.give(ev.Connected("u"))
    assert call.steps() == [("resume", "s-1.u1")]


def test_restart_continues_the_call_at_a_higher_epoch(call: Call) -> None:
    restarted(call.active().joined())
    assert call.session.epoch == 2
    assert ev.Reinstate("s-1.u1", "user", "lenses", NOW, "jimin") in call.effects
    assert ev.Reinstate(call.asked.request, "help", "lenses", NOW, "han") in call.effects
    for person in ("u", "jimin", "han"):
        call.give(ev.Connected(person))
    call.tick(300)
    assert (call.session.state, call.session.owner, call.asked.mode) == ("active", "jimin", "consultation")


def test_snapshot_holds_the_whole_session(call: Call) -> None:
    call.active().joined("whisper")
    copy = decode_snapshot(encode_snapshot(call.session))
    assert isinstance(copy, Session)
    assert copy == call.session


# --- transfer ---------------------------------------------------------------------------------------------------------


def transfer(call: Call, how: str = "now", staff: str = "suho", category: str = "") -> Call:
    call.active().give(ev.TransferAsked("jimin", how, "Suho", staff, category, "battery"))
    return call


def test_transfer_requests_one_member_first_at_the_users_time(call: Call) -> None:
    transfer(call)
    asked = next(effect for effect in call.effects if isinstance(effect, ev.Enqueue))
    assert asked == ev.Enqueue("s-1.t2", "user", "lenses", NOW, ("jimin",), "suho", first=True)
    assert call.session.owner == "jimin"


def test_immediate_takeover_moves_ownership_and_starts_wrap_up(call: Call) -> None:
    transfer(call).accept("suho", "s-1.t2")
    assert (call.session.owner, call.session.people["suho"].role) == ("suho", "counselor")
    assert call.steps() == [("complete", "s-1.u1"), ("entered", "s-1.t2")]
    assert call.over() == {"jimin": "handed_over"}
    assert call.session.request == "s-1.t2"
    call.give(ev.Left("u"))
    assert ("complete", "s-1.t2") in call.steps()


@pytest.mark.parametrize("why", ["declined", "expired"])
def test_failed_transfer_keeps_the_owner_and_gives_a_reason(call: Call, why: str) -> None:
    transfer(call)
    call.give(ev.RingStarted("s-1.t2", "r1", "suho", NOW + 20 * S, 5))
    call.give(ev.RingEnded("s-1.t2", "r1", 6, why))
    assert (call.asked.state, call.asked.why) == ("nobody", why)
    assert call.steps() == [("unserved", "s-1.t2")]
    assert call.session.owner == "jimin"


def test_transfer_to_a_topic_without_staff_returns_the_user(call: Call) -> None:
    transfer(call, staff="", category="cameras")
    call.give(ev.RingStarted("s-1.t2", "r1", "suho", NOW + 20 * S, 5))
    call.give(ev.RingEnded("s-1.t2", "r1", 6, "declined"))
    assert call.asked.state == "asking"  # the search continues with the next
    call.tick(90)
    assert call.asked.state == "nobody"


def test_consulted_colleague_can_take_over_from_any_mode(call: Call) -> None:
    transfer(call, "consult").accept("suho", "s-1.t2")
    assert call.asked.state == "catching_up"
    assert call.session.people["suho"].role == "counselor", "a colleague, to staff and user alike"
    call.give(ev.HelpJoined("suho"))
    assert call.asked.mode == "consultation"
    call.give(ev.HandedOver("jimin"))
    assert (call.session.owner, call.session.people["suho"].role) == ("suho", "counselor")
    assert call.steps() == [("complete", "s-1.u1")]


def test_colleague_leaving_while_reading_changes_nothing_for_the_user(call: Call) -> None:
    transfer(call, "consult").accept("suho", "s-1.t2")
    call.give(ev.Left("suho"))
    assert (call.asked.state, call.asked.why) == ("nobody", "declined")
    assert call.steps() == [("release", "s-1.t2")]
    assert call.session.owner == "jimin"


def test_only_the_owner_can_transfer_and_once_at_a_time(call: Call) -> None:
    transfer(call)
    with pytest.raises(NotAllowed, match="wrong_state"):
        call.give(ev.TransferAsked("jimin", "now", "Suho", "suho"))
    with pytest.raises(NotAllowed, match="not_yours"):
        call.give(ev.TransferAsked("u", "now", "Suho", "suho"))
    call.give(ev.HelpCancelled("jimin"))
    assert call.steps() == [("cancel", "s-1.t2")]
    with pytest.raises(NotAllowed, match="unknown"):
        call.give(ev.TransferAsked("jimin", "now", "Jimin", "jimin"))


# --- the last counselor -------------------------------------------------------------------------------------------


def returning(call: Call) -> Call:
    call.give(ev.Entered(None, "", "jimin", "Jimin"))
    return call


def enqueued(call: Call) -> list[tuple[str, str, int]]:
    return [(effect.request, effect.only, effect.enqueued_at) for effect in call.effects if isinstance(effect, ev.Enqueue)]


def test_returning_user_waits_briefly_for_their_last_counselor(call: Call) -> None:
    returning(call)
    assert enqueued(call) == [("s-1.u1", "jimin", NOW)]
    call.tick(19)
    assert enqueued(call) == []
    call.tick(1)
    assert call.steps() == [("cancel", "s-1.u1")]
    assert enqueued(call) == [("s-1.u2", "", NOW)]
    assert call.session.preferred_name == ""


@pytest.mark.parametrize("why", ["declined", "expired"])
def test_decline_by_the_last_counselor_opens_the_request_to_all(call: Call, why: str) -> None:
    returning(call).give(ev.RingStarted("s-1.u1", "r1", "jimin", NOW + 20 * S, 5))
    call.give(ev.RingEnded("s-1.u1", "r1", 6, why), 3)
    assert enqueued(call) == [("s-1.u2", "", NOW)]
    call.tick(30)
    assert call.effects == []


def test_late_ring_is_not_cut_short(call: Call) -> None:
    returning(call).give(ev.RingStarted("s-1.u1", "r1", "jimin", NOW + 35 * S, 5), 15)
    call.tick(5)
    assert enqueued(call) == []
    call.fence = 6
    call.accept("jimin")
    assert call.session.owner == "jimin"
    call.tick(60)
    assert enqueued(call) == []


def test_user_disconnected_meanwhile_stays_suspended(call: Call) -> None:
    returning(call).give(ev.Disconnected("u"))
    call.tick(20)
    assert call.steps() == [("cancel", "s-1.u1"), ("suspend", "s-1.u2")]
