"""A session follows its rules, whatever events come, and in whatever order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.protocol.session_views import Brief, CategoryView, Media, SiteView
from signaling.protocol.words import Channel
from signaling.session import (
    NotAllowed,
    decode_snapshot,
    encode_snapshot,
    matrix,
    new_session,
    next_deadline,
    only_noted,
    receive,
    views,
)
from signaling.session import events as ev
from signaling.session.callback import LEAST_CONTACT
from signaling.session.effects import Audit, Effect, Over, Say, Step
from signaling.session.model import CALLBACK_OVER, FINAL_STATES, Session

NOW = 1_790_000_000_000
NOWHERE = views.Surroundings(SiteView(id="s", name="S"), CategoryView(id="c", name="C"), Brief())
ALLOWED = {
    "preparing": {"preparing", "waiting", "callback", "message_left", "closed"},
    "waiting": {"waiting", "callback", "active", "message_left", "closed"},
    "callback": {"callback", "active", "closed"},
    "active": {
        "active",
        "asleep",
        "waiting",
        "callback",
        "message_left",
        "after",
        "closed",
    },  # an erased session is closed immediately
    "asleep": {"asleep", "waiting", "after", "closed"},
    "after": {"after", "closed"},
    "message_left": {"message_left", "asleep"},  # when staff answer the left message by mail, the session goes to sleep
    "closed": {"closed"},
}
APPOINTMENT = ev.WithStaff("jimin", "Jimin", "voice", 30, 300_000)
CALLBACK_ALLOWED = {
    "scheduled": {"due", "cancelled"},
    "due": {"scheduled", "calling", "cancelled", "missed"},
    "calling": {"scheduled", "due", "done", "missed"},
    "done": set(),
    "missed": set(),
    "cancelled": set(),
}
HELP_ALLOWED = {
    "asking": {"asking", "catching_up", "nobody", "cancelled", "ended"},
    "catching_up": {"catching_up", "joined", "asking", "cancelled", "handed_over", "ended", "nobody"},
    "joined": {"joined", "handed_over", "ended"},
    "nobody": {"nobody", "asking"},
    "cancelled": {"cancelled", "asking"},
    "handed_over": {"handed_over", "asking"},
    "ended": {"ended", "asking"},
}

someone = st.sampled_from(["u", "jimin", "suho", "han", "ops", "g-1", "g-2", "stranger"])
guest = st.sampled_from(["g-1", "g-2", "g-3"])
staff = st.sampled_from(["jimin", "suho", "han"])
request = st.sampled_from([f"s-1.{kind}{n}" for kind in "uhc" for n in range(1, 6)])
fence = st.integers(0, 40)
peer = st.sampled_from(["p-1", "p-2"])
peer_state = st.sampled_from(["connecting", "live", "lost", "gone", "replaced"])
mode = st.sampled_from(["consultation", "whisper", "conference"])
event = st.one_of(
    st.builds(ev.Entered),
    st.builds(ev.Connected, someone),
    st.builds(ev.Disconnected, someone),
    st.builds(ev.MediaChanged, someone, st.builds(Media, mic=st.booleans(), camera=st.booleans(), screen=st.booleans())),
    st.builds(ev.ChannelChanged, someone, st.sampled_from(["text", "voice", "video"])),
    st.builds(ev.UpgradeAnswered, someone, st.booleans()),
    st.builds(ev.Left, someone),
    st.builds(ev.PutToSleep, someone),
    st.builds(ev.MessageAnswered, st.sampled_from(["jimin", "suho"]), st.just("Jimin")),
    st.builds(ev.Woken, someone, st.sampled_from(["", "jimin"])),
    st.builds(ev.Chose, someone, st.sampled_from(["wait", "another", "message"])),
    st.builds(ev.MessageGiven, someone),
    st.builds(ev.CallbackAsked, someone, st.integers(NOW, NOW + 2_000_000), st.sampled_from(["010-2000-3000", "-1", ""])),
    st.builds(
        ev.CallbackAsked, someone, st.integers(NOW, NOW + 2_000_000), st.just("010-2000-3000"), with_staff=st.just(APPOINTMENT)
    ),
    st.builds(ev.AppointmentMoved, st.integers(NOW, NOW + 2_000_000), st.sampled_from([None, APPOINTMENT])),
    st.builds(ev.CallbackCancelled, someone),
    st.builds(ev.CallbackMoved, someone, st.integers(NOW, NOW + 2_000_000)),
    st.builds(ev.CallbackMissed, someone),
    st.builds(ev.UserMet, someone),
    st.builds(ev.HelpAsked, someone),
    st.builds(ev.HelpCancelled, someone),
    st.builds(ev.HelpJoined, someone, st.sampled_from([None, True, False])),
    st.builds(ev.ModeChanged, someone, mode, st.booleans()),
    st.builds(ev.Held, someone, st.booleans()),
    st.builds(ev.HandedOver, someone),
    st.builds(ev.Rated, someone),
    st.builds(ev.NotesTyped, someone, st.sampled_from(["", "notes"])),
    st.builds(ev.WrappedUp, someone),
    st.builds(ev.ListenStarted, st.sampled_from(["ops", "jimin"]), st.just("Ops")),
    st.builds(ev.ListenStopped, st.sampled_from(["ops", "jimin"]), st.sampled_from(["stopped", "turned_off", "lost"])),
    st.builds(
        ev.ListenedAs,
        st.sampled_from(["ops", "jimin"]),
        st.sampled_from(["listen", "whisper", "join"]),
        st.booleans(),
        st.sampled_from([None, True, False]),
    ),
    st.builds(ev.GuestInvited, someone, guest, st.sampled_from(["family", "interpreter", "camera"]), st.just("link")),
    st.builds(ev.GuestCame, guest, st.just("token")),
    st.builds(ev.GuestEntered, guest, st.sampled_from(["", "Mina"]), st.sampled_from([None, True, False])),
    st.builds(ev.GuestRemoved, someone, guest),
    st.builds(ev.InterpreterSet, someone, guest, st.sampled_from(["user", "staff"]), st.sampled_from(["full", "soft", "none"])),
    st.builds(ev.EndedBy, st.sampled_from(["operator", "erased"])),
    st.builds(ev.RingStarted, request, st.just("r-1"), staff, st.just(NOW), fence),
    st.builds(ev.RingEnded, request, st.just("r-1"), fence),
    st.builds(ev.Accepted, request, staff, staff, st.booleans(), fence),
    st.builds(ev.RequestMoved, request, st.sampled_from(["waiting", "cancelled", "unserved", "completed"]), fence),
    st.builds(ev.NobodyEligible, request),
    st.builds(ev.TransferAsked, someone, st.sampled_from(["now", "consult"]), st.just("Han"), st.sampled_from(["", "han"])),
    st.builds(ev.PeerOffered, someone, peer, st.sampled_from(["tab-1", "tab-2"])),
    st.builds(ev.PeerChanged, someone, peer, st.integers(0, 4), peer_state),
    st.builds(ev.PeerReported, someone, st.sampled_from(["live", "text_only", "lost"])),
    st.builds(ev.RecordingAnswered, someone, st.booleans()),
    st.builds(ev.RecordingFailed, st.integers(0, 4), st.integers(0, 3), st.just("disk_full")),
    st.builds(ev.CaptionsAsked, someone, st.booleans()),
    st.builds(ev.CaptionsAnswered, someone, st.booleans()),
    st.builds(ev.CaptionsFailed, st.integers(0, 4)),
    st.builds(ev.RoomLost, st.integers(0, 4)),
    st.just(ev.Ticked()),
    st.just(ev.Restored()),
)
# The likely steps come first, so that most runs reach a room and a request for help before random steps begin.
opening: list[ev.SessionEvent] = [
    ev.Connected("u"),
    ev.Entered(),
    ev.Accepted("s-1.u1", "jimin", "Jimin", True, 1),
    ev.RecordingAnswered("u", True),
    ev.RecordingAnswered("jimin", True),
    ev.CaptionsAsked("jimin", True),
    ev.ListenStarted("ops", "Ops"),
    ev.HelpAsked("jimin"),
    ev.Accepted("s-1.h2", "han", "Han", True, 2),
    ev.HelpJoined("han", True),
]
called_back = [
    ev.Connected("u"),
    ev.Entered(),
    ev.CallbackAsked("u", NOW, "010-2000-3000"),
    ev.Disconnected("u"),
    ev.Ticked(),
    ev.RingStarted("s-1.c2", "r-1", "jimin", NOW, 1),
    ev.Accepted("s-1.c2", "jimin", "Jimin", True, 2),
    ev.UserMet("u"),
]

# An operator begins to whisper. The user is put on hold and taken back. Then the operator joins.
supervised: list[ev.SessionEvent] = [
    *opening[:7],
    ev.PeerOffered("ops", "p-1", "tab-1"),
    ev.PeerChanged("ops", "p-1", 1, "live"),
    ev.ListenedAs("ops", "whisper", True),
    ev.Held("jimin", True),
    ev.Held("jimin", False),
    ev.ListenedAs("ops", "join", True, True),
]

# A guest interprets, a second guest prepares to enter, and a professional joins.
guested: list[ev.SessionEvent] = [
    *opening[:3],
    ev.GuestInvited("jimin", "g-1", "interpreter", "link-1"),
    ev.GuestCame("g-1", "token-1"),
    ev.Connected("g-1"),
    ev.GuestEntered("g-1", "Mina"),
    ev.PeerOffered("g-1", "p-1", "tab-1"),
    ev.PeerChanged("g-1", "p-1", 1, "live"),
    ev.InterpreterSet("jimin", "g-1", "user", "none"),
    ev.GuestInvited("u", "g-2", "family", "link-2"),
    ev.GuestCame("g-2", "token-2"),
    *opening[7:9],
    ev.HelpJoined("han"),
]

# The events by which a text session becomes a call in which user and counselor hear each other.
risen: list[ev.SessionEvent] = [
    ev.Connected("u"),
    ev.Entered(),
    ev.Accepted("s-1.u1", "jimin", "Jimin", True, 1),
    ev.ChannelChanged("u", "voice"),
    ev.UpgradeAnswered("jimin", True),
    ev.PeerOffered("u", "p-1", "tab-1"),
    ev.PeerChanged("u", "p-1", 1, "live"),
    ev.PeerOffered("jimin", "p-2", "tab-2"),
    ev.PeerChanged("jimin", "p-2", 1, "live"),
]


def check(session: Session, around: views.Surroundings = NOWHERE, now: int = NOW) -> None:
    grid = matrix.compute(session)
    asked = session.open_help()
    if session.state == "active":
        assert session.owner in session.people
        assert not session.people[session.owner].gone
    else:
        assert not grid.hears
        assert not session.owner_lost
    if session.state == "callback":
        assert session.callback is not None
        assert session.callback.state in ("scheduled", "due")
        assert "callback" in session.timers, "it ends some day, whoever comes or does not"
    if session.calling_back():
        assert "user_lost" not in session.timers, "who is called back is not lost"
    check_aside(session)
    if session.state == "asleep":
        assert session.owner in session.people
        assert set(session.timers) == {"asleep"}, "it ends some day, and for nothing else"
    assert not (session.woken and session.state == "asleep")
    if session.state in FINAL_STATES:
        assert session.callback is None or session.callback.state in CALLBACK_OVER
        assert next_deadline(session) is None
        assert asked is None
    for listener, sources in grid.hears.items():
        assert listener not in sources
        in_room = [each for each in (*sources, listener) if sources and each not in session.listeners]
        assert not any(session.people[each].gone or session.people[each].reading for each in in_room)
    if asked is not None and asked.mode == "consultation":
        assert grid.hears.get("u", ()) == ()
        assert grid.hold[:1] == ("u",)
    if session.held:
        assert session.state == "active"
        assert grid.hears["u"] == ()
        assert not any("u" in sources for sources in grid.hears.values())
        assert grid.hold[:1] == ("u",)
    if session.state == "active" and not any("u" in sources for sources in grid.hears.values()):
        told = views.session_view(session, "u", NOWHERE, grid)
        assert (told.room is not None and told.room.notice) or not grid.hold, "unheard without a notice"
        assert grid.hold[:1] == ("u",)
    if asked is not None and asked.mode == "whisper":
        assert asked.professional not in grid.hears.get("u", ())
    if grid.record is not None:
        recorded = [session.anyone(each) for each in grid.record.participants]
        assert all(each is not None and (each.recording == "yes" or each.is_camera) for each in recorded)
        company = {each.id for each in (*session.present(), *session.joined())}
        heard = {source for listener, sources in grid.hears.items() if listener in company for source in sources}
        shown = {each.id for each in session.present() if each.is_camera and session.user in heard}
        assert (heard & company) | shown == set(grid.record.participants)
    check_guests(session, grid)
    check_listeners(session, grid)
    check_moves(session, now)
    check_told(session, grid)
    check_promise(session, around)
    for slots in grid.slots.values():
        assert len(set(slots.values())) == len(slots)
        assert set(slots) <= set(range(8 if session.guests_most else 4))


def check_guests(session: Session, grid: matrix.Matrix) -> None:
    """Check that guests get no more of the conversation than the user.

    A guest who has not entered neither hears nor sees anybody, and nobody hears or sees this guest. A guest never hears a
    consultation, a whisper, or staff during a hold. A guest that is the user's phone, used as a second camera, hears nobody and
    is heard by nobody.
    """
    asked = session.open_help()
    outside = {each.id for each in session.people.values() if each.outside}
    assert sum(not each.is_camera for each in session.guests()) <= session.guests_most
    for guest in session.guests():
        assert session.state == "active", "guests leave with the session"
        told = views.session_view(session, guest.id, NOWHERE, grid)
        assert (told.brief, told.help, told.callback, told.upgrade, told.notes) == (None, None, None, None, "")
        assert not told.categories
        heard_by = {listener for listener, sources in grid.hears.items() if guest.id in sources}
        if guest.arriving or guest.is_camera:
            assert not grid.hears.get(guest.id)
            assert not heard_by
            assert guest.id not in (*grid.writers, *grid.hold)
            assert not grid.slots.get(guest.id)
        if guest.arriving:
            assert guest.until
            assert [each.id for each in told.participants] == [guest.id]
            assert (told.state, told.room) == ("preparing", None)
            assert not any(guest.id == source for slots in grid.slots.values() for source, _ in slots.values())
            continue
        assert told.may_listen == session.may_listen
        assert not guest.connected or not guest.until
        if (asked is not None and asked.mode == "consultation") or session.held:
            assert not grid.hears[guest.id]
            assert not grid.slots[guest.id]
        if asked is not None and asked.mode == "whisper":
            assert asked.professional not in grid.hears[guest.id]
        if not guest.is_camera and session.interpreting is None:
            assert set(grid.hears[guest.id]) - outside <= set(grid.hears["u"])
    for listener, sources in grid.soft.items():
        assert session.interpreting is not None
        assert session.interpreting.guest not in (listener, *sources)
        assert set(sources) <= set(grid.hears[listener])
        assert all((listener in outside) != (source in outside) for source in sources)


def check_moves(session: Session, now: int) -> None:
    """Check that an event of the matcher changes only `fence` in the session if `only_noted` returns True for the event."""
    for state in ("waiting", "suspended", "reserved", "accepted", "cancelled", "unserved", "completed"):
        moved = ev.RequestMoved(session.request, state, session.fence + 1)
        noted, applied = (decode_snapshot(encode_snapshot(session)) for _ in range(2))
        if only_noted(noted, moved):
            assert not receive(applied, moved, now)
            assert encode_snapshot(noted) == encode_snapshot(applied)


def check_aside(session: Session) -> None:
    """Check that a session that does not count towards its counselor's capacity is active, and that its user is disconnected."""
    if session.aside or "aside" in session.timers:
        assert session.state == "active"
        assert not session.people[session.user].connected
        assert "user_lost" in session.timers


def place_taken(before: bool, effects: list[Effect], session: Session) -> None:
    """Check that the matcher is told once when the session stops counting towards its counselor's capacity, or counts again.

    The message to the matcher must name the owner's present request.
    """
    told = [(each.step, each.request) for each in effects if isinstance(each, Step) and each.step in ("set_aside", "take_back")]
    if session.aside and not before:
        assert told == [("set_aside", session.request)]
    elif before and not session.aside and session.state == "active":
        assert told == [("take_back", session.request)]


def check_told(session: Session, grid: matrix.Matrix) -> None:
    """Check that the views, which participants' pages show, tell the truth about who hears whom.

    A view says that somebody is heard only if the matrix and the states of the media connections allow it. A view offers the
    user no action that the session would refuse.
    """
    live = {each.id for each in (*session.people.values(), *session.listeners.values()) if each.peer == "live" and not each.gone}
    for viewer in [each.id for each in session.present()] + list(session.listeners):
        told = views.session_view(session, viewer, NOWHERE, grid)
        claimed = told.room.hears if told.room is not None else {}
        for listener, sources in claimed.items():
            assert listener in live
            assert set(sources) <= live & set(grid.hears[listener])
            softly = told.room.soft.get(listener, []) if told.room is not None else []
            assert set(softly) == set(sources) & set(grid.soft.get(listener, ()))
        if viewer != "u":
            continue
        heard_by = {listener for listener in live if "u" in grid.hears.get(listener, ())} if "u" in live else set()
        assert {listener for listener, sources in claimed.items() if "u" in sources} == heard_by, "unheard, or heard unsaid"
        if told.upgrade is not None:
            assert told.state == "active"
            assert told.channel == "text"
            assert (told.upgrade.state == "ringing") == ("upgrade" in session.timers), (
                "it rings until somebody answers or nobody did"
            )
        if told.deadline is not None:
            assert told.deadline in session.timers.values()
        for choice in told.choices:
            receive(decode_snapshot(encode_snapshot(session)), ev.Chose("u", choice), NOW)


def check_promise(session: Session, around: views.Surroundings) -> None:
    """Check that a user for whom the site knows no contact must give one before a callback.

    The session's view for such a user asks for a contact.
    """
    told = views.session_view(session, "u", around, matrix.compute(session))
    assert told.contact_needed == (not around.reachable)
    if told.callback is not None and told.callback.state not in CALLBACK_OVER:
        assert around.reachable or len(told.callback.contact) >= LEAST_CONTACT


def check_listeners(session: Session, grid: matrix.Matrix) -> None:
    """Check that the user sees every operator who listens in, and is told of each operator whom the user hears.

    An operator hears the people who hear this operator, and voices that some participant hears, but no other voice. Nobody hears
    a silent operator. The user never hears a whisper, and no view for the user shows that an operator whispers.
    """
    assert session.state == "active" or not session.listeners
    company = {each.id for each in (*session.present(), *session.joined())}
    told = views.session_view(session, "u", NOWHERE, grid)
    for listener, known in session.listeners.items():
        assert session.may_listen
        assert listener not in session.people
        hearers = {each for each, sources in grid.hears.items() if listener in sources}
        others = [sources for each, sources in grid.hears.items() if each in company and each != listener]
        assert all(source in hearers or any(source in sources for sources in others) for source in grid.hears[listener])
        assert listener not in grid.slots
        assert listener not in grid.writers
        [shown] = [each for each in told.participants if each.id == listener]
        assert (shown.role, shown.presence) == ("operator", "here")
        assert shown.listens == ("join" if known.how == "join" else "listen")
        assert shown.media.mic <= (known.how == "join"), "an open microphone would give the whisper away"
        if known.how == "listen":
            assert not hearers
        if known.how == "whisper":
            assert "u" not in hearers
            assert hearers <= {each.id for each in session.present() if each.staff and not each.reading}
            assert grid.record is None or listener not in grid.record.participants
        if session.owner and not session.people[session.owner].gone:
            staff_view = views.session_view(session, session.owner, NOWHERE, grid)
            assert [each.listens for each in staff_view.participants if each.id == listener] == [known.how]


def check_announced(former: dict[str, str], effects: list[Effect], session: Session) -> None:
    """Check that everybody is told the name of an operator who joins, and that only staff are told of a whisper."""
    said = [(each.text, each.args.get("name"), each.audience) for each in effects if isinstance(each, Say)]
    audited = [(each.actor, each.action) for each in effects if isinstance(each, Audit)]
    for listener, known in session.listeners.items():
        if known.how == "join" and former.get(listener) != "join":
            assert ("listening.joined", known.name, "all") in said
            assert (listener, "listen.join") in audited
        if known.how == "whisper" and former.get(listener) != "whisper":
            assert ("listening.whisper", known.name, "staff") in said
            assert (listener, "listen.whisper") in audited
        if known.how != "join" and former.get(listener) == "join":
            assert ("listening.on", known.name, "all") in said, "the user is told that they no longer hear the operator"


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(
    begin=st.sampled_from([opening, called_back, risen, supervised, guested]),
    guests=st.integers(0, 3),
    channel=st.sampled_from(["voice", "text"]),
    listening=st.booleans(),
    reachable=st.booleans(),
    sleeps_days=st.sampled_from([0, 7]),
    skip=st.integers(0, len(guested)),
    story=st.lists(st.tuples(event, st.integers(0, 200_000)), max_size=30),
)
def test_any_event_sequence_follows_the_tables(
    begin: list[ev.SessionEvent],
    guests: int,
    channel: Channel,
    listening: bool,
    reachable: bool,
    sleeps_days: int,
    skip: int,
    story: list[tuple[ev.SessionEvent, int]],
) -> None:
    around = replace(NOWHERE, reachable=reachable)
    session = new_session(
        id="s-1", site="s", category="c", language="ko", channel=channel, user="u", name="", now=NOW,
        recording=True, listening=listening, sleeps_days=sleeps_days, guests=guests,
    )  # fmt: skip
    now = NOW
    for each, later in [(each, 0) for each in begin[:skip]] + story:
        now += later
        happening = replace(each, reachable=reachable) if isinstance(each, ev.CallbackAsked) else each
        before = encode_snapshot(session)
        state, epoch, help_state = session.state, session.epoch, session.help.state if session.help else None
        callback_state, aside = session.callback.state if session.callback else None, session.aside
        former = {listener: known.how for listener, known in session.listeners.items()}
        try:
            effects = receive(session, happening, now)
        except NotAllowed:
            assert encode_snapshot(session) == before, f"{happening} was refused and yet changed something"
            continue
        assert session.state in ALLOWED[state]
        assert session.epoch >= epoch
        if callback_state and session.callback and session.callback.state != callback_state:
            assert session.callback.state in CALLBACK_ALLOWED[callback_state]
        if help_state and session.help and session.help.state != help_state:
            assert session.help.state in HELP_ALLOWED[help_state]
        place_taken(aside, effects, session)
        check_announced(former, effects, session)
        for effect in effects:
            if isinstance(effect, Over):
                assert effect.participant not in session.listeners
                assert effect.participant not in session.people or session.people[effect.participant].gone
        check(session, around, now)
        session.slots = matrix.compute(session).slots
        assert decode_snapshot(encode_snapshot(session)) == session


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(story=st.lists(st.tuples(event, st.integers(0, 200_000)), max_size=30))
def test_no_session_outlives_its_people(story: list[tuple[ev.SessionEvent, int]]) -> None:
    session = new_session(id="s-1", site="s", category="c", language="ko", channel="voice", user="u", name="", now=NOW, guests=2)
    now = NOW
    for happening, later in [(each, 0) for each in opening] + story:
        now += later
        try:
            receive(session, happening, now)
        except NotAllowed:
            continue
    for person in ("u", "jimin", "suho", "han"):
        receive(session, ev.Disconnected(person), now)
    for _ in range(20):
        deadline = next_deadline(session)
        if deadline is None:
            break
        now = max(now, deadline)
        receive(session, ev.Ticked(), now)
    assert session.state in FINAL_STATES
