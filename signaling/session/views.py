"""The view of a session for each viewer. A user's view contains neither help requests nor anything else that is for staff.

Of the brief (what the partner and the user have told before the conversation), a user's view contains only the product's picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from signaling.protocol.server_messages import Ring
from signaling.protocol.session_views import (
    Brief,
    CallbackView,
    CaptionsView,
    CategoryView,
    CobrowseView,
    GuestLinkView,
    GuestsView,
    HelpView,
    InterpretingView,
    MailView,
    Media,
    OpeningView,
    ParticipantView,
    PushView,
    RecordingView,
    RoomView,
    SessionView,
    SiteView,
    SlotView,
    UpgradeView,
    WaitingView,
)
from signaling.protocol.staff_views import QueueItem, SessionItem
from signaling.protocol.words import ListenAs, Listening, PictureLimit
from signaling.session import captions as captioning
from signaling.session import cobrowse as cobrowsing
from signaling.session import guests as guesting
from signaling.session import matrix
from signaling.session import recording as recordings
from signaling.session.model import Help, Listener, Person, Session, Timer

MEDIA_CHANNELS = ("voice", "video")
LONG_WAIT_MS = 60_000  # milliseconds after which the page of a waiting user offers to leave a message


@dataclass(frozen=True, slots=True)
class PageSeen:
    """The state of co-browsing: how the user's page is shown to staff.

    ``ready``: the page is connected to the server, so it can be shown. ``seen_by``: ids of the participants who see the page.
    ``too_large``, ``crowded``: the page is not shown, because it is too large, or because the server shows too many pages.
    """

    ready: bool = False
    seen_by: tuple[str, ...] = ()
    too_large: bool = False
    crowded: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The data that a view needs in addition to the session.

    ``waiting``: the user's place in the queue; None unless the user waits. ``opening``: the category's opening hours; None while
    the conversation has a counselor. A counselor who is disconnected and has not returned in time does not count.
    ``offer_message``: the page offers to leave a message, because nobody suitable is signed in, the user has waited for
    `LONG_WAIT_MS`, or the category is closed.
    """

    site: SiteView
    category: CategoryView
    brief: Brief
    categories: tuple[CategoryView, ...] = ()
    waiting: WaitingView | None = None
    opening: OpeningView | None = None
    offer_message: bool = False
    listening: Listening = "off"  # which actions the site allows to an operator who listens in
    reachable: bool = False  # whether the site can reach the user: the partner signed who the user is, or the brief has a contact
    mail: MailView | None = None
    push: PushView | None = None
    captions_ready: bool = False  # whether a captions process is connected to the room's media worker
    page: PageSeen = PageSeen()  # how the user's page is shown to staff
    translates: bool = False  # whether there is a translation service
    names_hidden: bool = False  # whether the site hides the counselor's name from users before the conversation
    guests: int = 0  # how many guests may be in a conversation now, by the site's setting
    now: int = 0  # Unix ms


def session_view(
    session: Session,
    viewer: str,
    around: Surroundings,
    grid: matrix.Matrix,
    limits: Mapping[int, PictureLimit] | None = None,
) -> SessionView:
    """Return the session as `viewer` may see it.

    `limits`: number of a slot (a video section of the viewer's peer connection) → how the viewer's network limits this video.
    """
    person = session.people.get(viewer) or session.listeners[viewer]
    if person.arriving:
        return _before_entering(session, person, around)
    view = SessionView(
        id=session.id,
        site=around.site,
        category=around.category,
        language=session.language,
        channel=session.channel,
        state=session.state,
        you=viewer,
        participants=[_participant(session, each, person) for each in _visible(session)],
        may_listen=session.may_listen,
        may_record=session.recording.offered,
        product_picture=brief_value(around.brief, "product_picture"),
        room=_room(session, person, grid, limits or {}) if session.state == "active" else None,
        recording=recording_view(session, person),
        translates=around.translates,
        cobrowse=cobrowse_view(session, person, around.page),
        captions=captions_view(session, person, ready=around.captions_ready),
        callback=callback_view(session, named=person.role != "user" or not around.names_hidden),
        guests=_guests(session, person, around),
        interpreting=_interpreting(session),
        upgrade=upgrade_view(session),
        owner_lost=session.owner_lost,
        end_reason=session.end_reason,
        rated=session.rated,
        started_at=session.created_at,
        active_at=session.active_at,
        ended_at=session.ended_at,
    )
    _deadline(session, person, view)
    if person.role == "guest":
        view.callback, view.upgrade, view.product_picture, view.owner_lost = None, None, "", False
        return view
    if person.role == "user":
        view.waiting, view.opening = around.waiting, around.opening
        view.contact_needed = not around.reachable
        view.mail = around.mail
        view.push = around.push
        view.choices = list(session.choices)
        if around.waiting is not None and around.offer_message:
            view.choices = ["wait", "message"]
        return view
    if person.role == "operator":
        view.listening = around.listening
        return view
    view.brief = around.brief
    view.categories = list(around.categories)
    view.help = _help(session, session.help)
    if person.draft is not None:
        view.notes, view.outcome, view.tags = person.draft.notes, person.draft.outcome, list(person.draft.tags)
    view.wrap_up_until = session.timers.get("wrap_up")
    return view


def _before_entering(session: Session, guest: Person, around: Surroundings) -> SessionView:
    """Return the view of a guest who has opened the link and not entered. It contains nothing of the conversation."""
    return SessionView(
        id=session.id,
        site=around.site,
        category=CategoryView(id="", name=""),
        language=session.language,
        channel=session.channel,
        state="preparing",
        you=guest.id,
        participants=[_participant(session, guest, guest)],
        recording=recording_view(session, guest) if session.recording.on else None,
        may_listen=session.may_listen,
        may_record=session.recording.offered,
    )


def _guests(session: Session, viewer: Person, around: Surroundings) -> GuestsView | None:
    if session.state != "active" or session.calling_back() or viewer.reading or viewer.role in ("guest", "operator"):
        return None
    camera = viewer.id == session.user and session.channel != "text"
    if not camera and not (session.guests_most and around.guests):
        return None
    known = session.invitations
    arriving = [each.id for each in session.guests() if each.arriving]
    links = [
        GuestLinkView(guest=who, label=known[who].label, by=known[who].by, until=known[who].until, arriving=who in arriving)
        for who in (*guesting.links(session, around.now), *arriving)
        if known[who].label != "camera" or viewer.id == session.user
    ]
    return GuestsView(places=min(guesting.places(session, around.now), around.guests), links=links, camera=camera)


def _interpreting(session: Session) -> InterpretingView | None:
    setting = session.interpreting
    if setting is None or session.state != "active":
        return None
    paused = not matrix.interprets(session)
    return InterpretingView(guest=setting.guest, by=setting.by, user=setting.user, staff=setting.staff, paused=paused)


def _visible(session: Session) -> list[Person]:
    """Return the present people: first the user, then the owner, then all others, and last the operators who listen in."""
    present = sorted(session.present(), key=lambda person: (person.role != "user", person.id != session.owner))
    return [*present, *session.listeners.values()]


def _participant(session: Session, person: Person, viewer: Person) -> ParticipantView:
    presence: Literal["here", "lost", "left_page", "reading"] = "lost"
    if person.connected:
        presence = "reading" if person.reading else "here"
    elif session.aside and session.channel == "text" and person.id == session.user:
        presence = "left_page"
    listens, media = _listens(person, viewer)
    return ParticipantView(
        id=person.id,
        name=person.name,
        role=person.role,
        presence=presence,
        peer=person.peer,
        media=media,
        owner=person.id == session.owner,
        listens=listens,
        label=person.label,
        invited_by=person.invited_by,
    )


def _listens(person: Person, viewer: Person) -> tuple[ListenAs | None, Media]:
    """Return how an operator who listens in takes part, and the operator's media, as far as `viewer` may know them.

    Users and guests cannot tell a whisper from listening.
    """
    if not isinstance(person, Listener):
        return None, person.media
    if viewer.outside and person.how == "whisper":
        return "listen", Media()
    return person.how, person.media


def _room(session: Session, viewer: Person, grid: matrix.Matrix, limits: Mapping[int, PictureLimit]) -> RoomView:
    hears = {listener: list(sources) for listener, sources in matrix.sounding(session, grid).items()}
    if viewer.outside:
        hears = {
            listener: [source for source in sources if viewer.id in (listener, source)] for listener, sources in hears.items()
        }
    soft = {listener: [each for each in sources if each in grid.soft.get(listener, ())] for listener, sources in hears.items()}
    return RoomView(
        epoch=session.epoch,
        media=session.channel in MEDIA_CHANNELS and not viewer.reading and not session.calling_back(),
        slots={
            str(slot): SlotView(participant=source, kind=kind) for slot, (source, kind) in grid.slots.get(viewer.id, {}).items()
        },
        hears={listener: sources for listener, sources in hears.items() if sources},
        soft={listener: sources for listener, sources in soft.items() if sources},
        most_slots=matrix.slots_of(session),
        board="write" if matrix.may_write(session, viewer) else "read",
        notice=_notice(session) if viewer.id in grid.hold else "",
        held=session.held,
        passing_to=session.help.to_name if session.help and matrix.passing_on(session) else "",
        limits={str(slot): limit for slot, limit in limits.items() if slot in grid.slots.get(viewer.id, {})},
    )


def recording_view(session: Session, viewer: Person) -> RecordingView | None:
    """Return the state of the recording for this viewer.

    None: no recording exists, and nobody is asked for consent. While a recorded call goes on as text, only the user gets this
    state.
    """
    known, offered = session.recording, recordings.offered(session)
    if not offered and (not known.kept or (session.state == "active" and viewer.id != session.user)):
        return None
    view = RecordingView(state="off", you=viewer.recording, failed=known.failed, kept=known.kept)
    if offered:
        people = recordings.asked(session)
        view.waiting_for = [person.id for person in people if person.recording == ""]
        view.refused_by = [person.id for person in people if person.recording == "no"]
        if known.on:
            view.state = "on"
        elif view.waiting_for and not (view.refused_by or view.failed):
            view.state = "asking"
    return view


def captions_view(session: Session, viewer: Person, *, ready: bool) -> CaptionsView | None:
    """Return the state of the captions for this viewer.

    None: the site or this call has no captions, or no captions process is there to make them.
    """
    state = session.captions
    if not captioning.possible(session) or not (ready or state.on or state.failed):
        return None
    view = CaptionsView(on=state.on, wanted_by=list(state.wanted), ready=ready, failed=state.failed)
    view.translate = state.languages.get(viewer.id, "")
    if state.on and state.keep:
        view.keep, view.you, view.kept = True, viewer.captions, state.kept
    return view


def cobrowse_view(session: Session, viewer: Person, page: PageSeen) -> CobrowseView | None:
    """Return the state of co-browsing for this viewer.

    None: co-browsing is not possible, or the viewer is an operator or guest.
    """
    state = session.cobrowse
    if state.rule == "off" or not cobrowsing.possible(session) or viewer.role in ("operator", "guest"):
        return None
    return CobrowseView(
        state=state.state,
        texts=state.rule,
        by=state.by,
        ready=page.ready,
        seen_by=list(page.seen_by),
        may_see=cobrowsing.sees(session, viewer),
        too_large=page.too_large,
        crowded=page.crowded,
    )


def _notice(session: Session) -> Literal["asking_professional", "asking_colleague", "passing_on", "on_hold"]:
    if matrix.passing_on(session):
        return "passing_on"
    if session.held:
        return "on_hold"
    return "asking_colleague" if session.help and session.help.transfer else "asking_professional"


def _deadline(session: Session, viewer: Person, view: SessionView) -> None:
    """Set in `view` for which disconnected person the session waits, and until when. Leave this person's own view unchanged."""
    waits: dict[Timer, str] = {"user_lost": session.user, "owner_lost": session.owner}
    for timer, person in waits.items():
        at = session.timers.get(timer)
        if at is not None and person != viewer.id:
            view.deadline, view.lost = at, person
            return
    asked = session.open_help()
    if not viewer.outside and asked is not None and "professional_lost" in session.timers:
        view.deadline, view.lost = session.timers["professional_lost"], asked.professional


def callback_view(session: Session, *, named: bool = True) -> CallbackView | None:
    """Return the session's callback for the view, or None when none was booked. `named`: whether the view names the counselor."""
    called = session.callback
    if called is None:
        return None
    return CallbackView(
        state=called.state,
        due_at=called.due_at,
        contact=called.contact,
        note=called.note,
        came=called.came,
        moved=called.moved,
        staff_name=called.staff_name if named else "",
        minutes=called.minutes,
        anyone=called.anyone and bool(called.staff),
    )


def upgrade_view(session: Session) -> UpgradeView | None:
    """Return the user's request for voice or video, as a view shows it. Return None when there is no such request."""
    asked = session.upgrade
    return UpgradeView(channel=asked.channel, state=asked.state, until=asked.until) if asked is not None else None


def _help(session: Session, asked: Help | None) -> HelpView | None:
    if asked is None:
        return None
    return HelpView(
        state=asked.state,
        note=asked.note,
        category=asked.category,
        mode=asked.mode,
        hear_user=asked.hear_user,
        professional=asked.professional,
        asked=asked.asked,
        ringing_until=asked.ringing.until if asked.ringing else None,
        catch_up_until=session.timers.get("catch_up"),
        asked_at=asked.asked_at,
        transfer=asked.transfer,
        to_name=asked.to_name,
        why=asked.why,
    )


def brief_value(brief: Brief, name: str) -> str:
    """Return the value of a field of the brief, the facts about the user. Return "" when there is no such field."""
    return next((field.value for field in brief.fields if field.name == name), "")


def user_ring(session: Session, around: Surroundings, reservation: str, until: int) -> Ring:
    """Return the message that lets the user's own request ring.

    The message leaves out the callback's contact: only the member who accepts the request sees it.
    """
    called = session.callback if session.state == "callback" else None
    return Ring(
        reservation=reservation,
        kind="callback" if called else "user",
        note=called.note if called else "",
        session=session.id,
        expires_at=until,
        waiting_since=session.enqueued_at,
        site=around.site.name,
        category=around.category.name,
        language=session.language,
        channel=session.channel,
        brief=around.brief,
        product=brief_value(around.brief, "product_name"),
        from_name=session.people[session.user].name,
        with_name=called.staff_name if called else "",
    )


def help_ring(session: Session, asked: Help, around: Surroundings, category_name: str, reservation: str, until: int) -> Ring:
    """Return the message that lets a help request ring.

    Of the facts about the user (the brief), the message contains only the product's name.
    """
    owner = session.people.get(session.owner)
    return Ring(
        reservation=reservation,
        kind="help",
        session=session.id,
        expires_at=until,
        waiting_since=asked.asked_at,
        site=around.site.name,
        category=category_name,
        language=session.language,
        channel=session.channel,
        note=asked.note,
        product=brief_value(around.brief, "product_name"),
        from_name=owner.name if owner else "",
    )


def transfer_ring(session: Session, asked: Help, around: Surroundings, category_name: str, reservation: str, until: int) -> Ring:
    """Return the message with which a transfer rings at a member of staff.

    The message contains all facts about the user (the brief), because the member who accepts becomes the user's counselor.
    """
    ring = help_ring(session, asked, around, category_name, reservation, until)
    ring.kind, ring.brief, ring.waiting_since = "transfer", around.brief, asked.asked_at
    return ring


def queue_item(session: Session, category: str) -> QueueItem:
    """Return the user's own request as an item of the queue that staff see. ``category``: the category's name."""
    called = session.callback if session.state == "callback" else None
    return QueueItem(
        kind="callback" if called else "user",
        session=session.id,
        category=category,
        language=session.language,
        channel=session.channel,
        since=called.due_at if called else session.enqueued_at,
        ringing=session.ringing is not None,
        staff=called.staff if called else "",
        staff_name=called.staff_name if called else "",
    )


def help_item(session: Session, asked: Help, category: str) -> QueueItem:
    """Return a help request or transfer as an item of the queue that staff see. ``category``: the category's name."""
    return QueueItem(
        session=session.id,
        category=category,
        language=session.language,
        channel=session.channel,
        since=asked.asked_at,
        kind="transfer" if asked.transfer else "help",
        ringing=asked.ringing is not None,
    )


def session_item(session: Session, site: str, category: str, *, may_listen: bool) -> SessionItem:
    """Return the session as an item of the wallboard. ``site`` and ``category`` are names.

    ``may_listen``: the site allows listening in now, and the viewer has the right to it.
    """
    asked, professional = session.open_help(), session.professional()
    owner = session.people.get(session.owner)
    return SessionItem(
        id=session.id,
        site=site,
        category=category,
        language=session.language,
        channel=session.channel,
        state=session.state,
        since=session.active_at or session.enqueued_at or session.created_at,
        counselor=owner.name if owner else "",
        professional=professional.name if professional else "",
        mode=asked.mode if asked else None,
        lost=any(not person.connected for person in session.present()),
        may_listen=may_listen and session.may_listen and session.state == "active" and session.channel in MEDIA_CHANNELS,
        listeners=[listener.name for listener in session.listeners.values()],
    )
