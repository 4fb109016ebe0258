"""The tests check what the page of each person in a session shows, and what users never see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signaling.protocol.server_messages import encode
from signaling.protocol.session_views import Brief, BriefField, CategoryView, Media, SessionView, SiteView, WaitingView
from signaling.protocol.words import ListenAs
from signaling.session import events as ev
from signaling.session import matrix, receive, views
from signaling.session.model import PeerName, Session, new_session

SECRETS = ("render-only-for-staff", "staff note", "shop.example/secret")
AROUND = views.Surroundings(
    site=SiteView(id="shop", name="Shop"),
    category=CategoryView(id="cameras", name="Cameras"),
    brief=Brief(
        fields=[
            BriefField(name="page_url", value="https://shop.example/secret", provenance="claimed"),
            BriefField(name="product_name", value="Field camera", provenance="claimed"),
            BriefField(name="note", value="render-only-for-staff", provenance="typed"),
        ]
    ),
    categories=(CategoryView(id="lenses", name="Lenses"),),
)


def session_after(*events: ev.SessionEvent) -> Session:
    session = new_session(id="s", site="shop", category="cameras", language="en", channel="voice", user="u", name="", now=0)
    for event in events:
        receive(session, event, 1000)
    return session


ACTIVE = (ev.Connected("u"), ev.Entered(), ev.Accepted("s.u1", "jimin", "Jimin", True, 1))
READING = (*ACTIVE, ev.HelpAsked("jimin", "staff note"), ev.Accepted("s.h2", "han", "Han", True, 2))


def show(session: Session, viewer: str, around: views.Surroundings = AROUND) -> SessionView:
    return views.session_view(session, viewer, around, matrix.compute(session))


def test_users_are_never_shown_brief_help_or_categories() -> None:
    session = session_after(*READING, ev.HelpJoined("han"), ev.ModeChanged("jimin", "whisper"))
    wire = encode(show(session, "u")).decode()
    assert not any(secret in wire for secret in SECRETS)
    assert (show(session, "u").brief, show(session, "u").help, show(session, "u").categories) == (None, None, [])


def test_users_are_told_who_joined_and_never_of_a_whisper() -> None:
    def listened(how: ListenAs) -> Session:
        session = session_after(*ACTIVE)
        session.may_listen = True
        receive(session, ev.ListenStarted("ops", "Ops"), 1000)
        receive(session, ev.ListenedAs("ops", how, mic=True), 1000)
        return session

    def ops(viewer: str, how: ListenAs) -> tuple[ListenAs | None, bool]:
        [shown] = [each for each in show(listened(how), viewer).participants if each.id == "ops"]
        return shown.listens, shown.media.mic

    assert ops("u", "whisper") == ("listen", False)
    assert encode(show(listened("whisper"), "u")) == encode(show(listened("listen"), "u"))
    assert ops("jimin", "whisper") == ("whisper", True)
    assert ops("u", "join") == ops("jimin", "join") == ("join", True)


def test_only_an_operator_who_listens_sees_how_far_the_site_lets_them_go() -> None:
    session = session_after(*ACTIVE)
    session.may_listen = True
    receive(session, ev.ListenStarted("ops", "Ops"), 1000)
    around = replace(AROUND, listening="join")
    assert {viewer: show(session, viewer, around).listening for viewer in ("u", "jimin", "ops")} == {
        "u": "off",
        "jimin": "off",
        "ops": "join",
    }


def test_staff_are_shown_them() -> None:
    view = show(session_after(*READING), "jimin")
    assert view.brief == AROUND.brief
    assert view.help is not None
    assert (view.help.note, view.help.state, view.help.catch_up_until) == ("staff note", "catching_up", 181_000)


def test_user_sees_that_a_professional_reads() -> None:
    people = {person.id: person.presence for person in show(session_after(*READING), "u").participants}
    assert people == {"u": "here", "jimin": "here", "han": "reading"}


def test_reading_professional_has_no_peer_and_cannot_draw() -> None:
    room = show(session_after(*READING), "han").room
    assert room is not None
    assert (room.media, room.board) == (False, "read")


def test_user_is_sent_only_pairs_that_include_them() -> None:
    session = session_after(*READING, ev.HelpJoined("han"), ev.ModeChanged("jimin", "whisper"))
    for person in session.people.values():
        person.peer = "live"
    room = show(session, "u").room
    assert room is not None
    assert room.hears == {"u": ["jimin"], "jimin": ["u"], "han": ["u"]}


@pytest.mark.parametrize("peer", ["none", "connecting", "text_only", "lost"])
def test_person_without_a_live_peer_neither_hears_nor_is_heard(peer: PeerName) -> None:
    session = session_after(*ACTIVE)
    session.people["u"].peer, session.people["jimin"].peer = "live", peer
    for viewer in ("u", "jimin"):
        room = show(session, viewer).room
        assert room is not None
        assert room.hears == {}


def test_countdown_is_shown_to_those_who_wait() -> None:
    session = session_after(*ACTIVE, ev.Disconnected("u"))
    view = show(session, "jimin")
    assert (view.lost, view.deadline) == ("u", 121_000)
    assert show(session, "u").deadline is None


def test_only_the_user_is_shown_choices() -> None:
    session = session_after(*ACTIVE, ev.Disconnected("jimin"))
    receive(session, ev.Ticked(), 40_000)
    assert show(session, "u").choices == ["wait", "another", "message"]
    assert show(session, "jimin").choices == []


def test_leaving_a_message_is_offered_if_nobody_could_come() -> None:
    session = session_after(ev.Connected("u"), ev.Entered())
    waiting = WaitingView(place=1, staffed=False)
    around = views.Surroundings(site=AROUND.site, category=AROUND.category, brief=Brief(), waiting=waiting, offer_message=True)
    assert show(session, "u", around).choices == ["wait", "message"]


def test_help_ring_shows_only_note_category_language_and_product() -> None:
    session = session_after(*READING[:-1])
    assert session.help is not None
    ring = views.help_ring(session, session.help, AROUND, "Lenses", "r-1", 21_000)
    assert ring.brief is None
    assert (ring.note, ring.category, ring.language, ring.product) == ("staff note", "Lenses", "en", "Field camera")
    wire = encode(ring).decode()
    assert "secret" not in wire
    assert "render-only" not in wire


def test_user_ring_shows_the_brief() -> None:
    ring = views.user_ring(session_after(ev.Entered()), AROUND, "r-1", 21_000)
    assert ring.brief == AROUND.brief


def test_paused_video_is_announced_only_to_the_congested_viewer() -> None:
    session = session_after(*ACTIVE, ev.MediaChanged("jimin", Media(camera=True)))
    grid = matrix.compute(session)
    room = views.session_view(session, "u", AROUND, grid, {0: "paused", 3: "low"}).room
    assert room is not None
    assert room.limits == {"0": "paused"}, "of slots that show something"
    others = views.session_view(session, "jimin", AROUND, grid).room
    assert others is not None
    assert others.limits == {}
