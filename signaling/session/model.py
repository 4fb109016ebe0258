"""A session as data: everything the machine decides on, and no I/O. Serialized whole into the records."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from signaling.protocol.messages import CallbackState, Channel, HelpState, Media, Mode, NobodyWhy, SessionState, TransferHow

PeerName = Literal["none", "connecting", "live", "text_only", "lost"]
Choice = Literal["wait", "another", "message"]
Timer = Literal[
    "idle", "user_lost", "owner_lost", "professional_lost", "hunt", "catch_up", "wrap_up", "preferred", "callback", "upgrade"
]
UpgradeState = Literal["ringing", "declined", "missed"]
RequestKind = Literal["user", "callback", "help"]

IDLE_MS = 10 * 60_000
UNOPENED_MS = 30_000  # for the page to load and say hello
WAITING_LOST_MS = 60_000
USER_LOST_MS = 2 * 60_000
USER_LOST_TEXT_MS = 15 * 60_000
OWNER_LOST_MS = 30_000
PROFESSIONAL_LOST_MS = 30_000
PREFERRED_MS = 20_000  # how long a returning user waits for their counselor while others are free
CATCH_UP_MS = 3 * 60_000
HUNT_MS = 90_000
HUNT_ONE_MS = 30_000  # for one person: a ring takes 20 s
WRAP_UP_MS = 120_000
UPGRADE_MS = 30_000  # how long a wish to talk rings: a counselor may be writing to somebody else
RATING_MS = 24 * 3_600_000

CALLBACK_KEPT_MS = 14 * 24 * 3_600_000  # so long it stays in line; contact and note are not kept for ever
CALLBACK_REQUEST = "c"  # what stands after the dot in the id of a callback's request
CALLBACK_OVER: frozenset[CallbackState] = frozenset({"done", "missed", "cancelled"})

FINAL_STATES: frozenset[SessionState] = frozenset({"closed", "message_left"})
OPEN_HELP: frozenset[HelpState] = frozenset({"asking", "catching_up", "joined"})


class NotAllowed(Exception):
    """The state tables forbid this event now; nothing has changed. ``reason``: wrong_state, not_yours, no_help, too_late,
    channel, unknown, ringing, too_often, listening_off."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Draft(Struct, kw_only=True):
    """What a member of staff has typed so far, and the outcome that stands beside it."""

    notes: str
    outcome: str = ""


class Person(Struct, kw_only=True):
    """A participant. ``connected``: a WebSocket of theirs is open. ``reading``: a professional catching up, unheard.
    ``peer_id``: the newest of theirs; ``former_id``: one that was live before it, which the worker keeps until the newest is;
    ``tab``: whose they are.
    ``gone``: no longer part of the session. ``recording``: what they said when asked. ``draft``: their notes, not saved yet."""

    id: str
    role: Literal["user", "counselor", "professional", "operator"]
    name: str
    staff: str = ""
    connected: bool = False
    entered: bool = False
    reading: bool = False
    gone: bool = False
    peer: PeerName = "none"
    peer_id: str = ""
    former_id: str = ""
    tab: str = ""
    media: Media = msgspec.field(default_factory=Media)
    recording: Literal["", "yes", "no"] = ""
    draft: Draft | None = None


class Listener(Person, kw_only=True):
    """An operator who listens in: beside the people of a session, never one of them."""

    since: int


class Recording(Struct, kw_only=True):
    """``offered``: the site asks for it. ``period``: how many stretches of consent there have been, the present one included.
    ``kept``: something is recorded; ``erased``: every period up to this one has been deleted."""

    offered: bool = False
    on: bool = False
    period: int = 0
    kept: bool = False
    erased: int = 0
    failed: str = ""


class Ringing(Struct, kw_only=True):
    reservation: str
    staff: str
    until: int


class Help(Struct, kw_only=True):
    """Somebody asked into the session: a professional, or with ``transfer`` a colleague who is to take it over. ``to``: the one
    member of staff who is asked, ``to_name`` what the user is told. ``why`` nobody came: declined, expired, nobody."""

    state: HelpState
    request: str
    note: str
    category: str
    asked_at: int
    mode: Mode | None = None
    hear_user: bool = False
    professional: str = ""
    asked: int = 0
    excluded: list[str] = []
    ringing: Ringing | None = None
    transfer: TransferHow = ""
    to: str = ""
    to_name: str = ""
    why: NobodyWhy = ""


class Callback(Struct, kw_only=True):
    """``contact``: where the user is called, "" when the partner knows how to reach them. ``came``: the user is here themself.
    ``moved``: how often it was given another time."""

    state: CallbackState
    due_at: int
    contact: str = ""
    note: str = ""
    came: bool = False
    moved: int = 0


class Upgrade(Struct, kw_only=True):
    """The user asks to go on by ``channel``. ``calls``: how often the counselor has been rung for it."""

    channel: Channel
    state: UpgradeState
    until: int
    calls: int = 1


class Session(Struct, kw_only=True):
    """``preferred``: the one counselor who is asked now, because they served this user before. ``request`` is the user's request
    at the matcher, ``fence`` the newest matcher step seen. ``returned``: a counselor was lost or never came, so the request
    stands before all others. ``epoch`` counts the lives of the room: a worker obeys no older one. ``timers``: name → when it
    fires (ms). ``held``: the owner has put the user on hold. ``may_listen``: the user was told before entering that an operator
    may."""

    id: str
    site: str
    category: str
    language: str
    channel: Channel
    user: str
    created_at: int
    state: SessionState = "preparing"
    people: dict[str, Person] = {}
    timers: dict[Timer, int] = {}
    owner: str = ""
    owner_lost: bool = False
    choices: list[Choice] = []
    request: str = ""
    requests_made: int = 0
    enqueued_at: int = 0
    fence: int = 0
    ringing: Ringing | None = None
    preferred: str = ""
    preferred_name: str = ""
    epoch: int = 0
    slots: dict[str, dict[int, tuple[str, Literal["camera", "screen"]]]] = {}
    returned: bool = False
    callback: Callback | None = None
    help: Help | None = None
    held: bool = False
    upgrade: Upgrade | None = None
    recording: Recording = msgspec.field(default_factory=Recording)
    may_listen: bool = False
    listeners: dict[str, Listener] = {}
    rated: bool = False
    active_at: int | None = None
    ended_at: int | None = None
    end_reason: str = ""

    def present(self) -> list[Person]:
        """Those who belong to the session now: the user, the owner, the professional."""
        return [person for person in self.people.values() if not person.gone]

    def anyone(self, id: str) -> Person | None:
        """Of the people or of those who listen."""
        return self.people.get(id) or self.listeners.get(id)

    def in_line(self) -> bool:
        """The user's own request waits or rings; a callback's only from its time on."""
        called = self.callback
        return self.state == "waiting" or (self.state == "callback" and called is not None and called.state == "due")

    def calling_back(self) -> bool:
        """A counselor has the callback, and the user is not here."""
        called = self.callback
        return self.state == "active" and called is not None and called.state == "calling" and not called.came

    def request_kind(self) -> RequestKind:
        """Of the user's own request."""
        return "callback" if self.request.rpartition(".")[2].startswith(CALLBACK_REQUEST) else "user"

    def open_help(self) -> Help | None:
        return self.help if self.help is not None and self.help.state in OPEN_HELP else None

    def professional(self) -> Person | None:
        """The professional of the open help, catching up or joined."""
        asked = self.open_help()
        return self.people.get(asked.professional) if asked and asked.professional else None


def new_session(
    *,
    id: str,
    site: str,
    category: str,
    language: str,
    channel: Channel,
    user: str,
    name: str,
    now: int,
    recording: bool = False,
    listening: bool = False,
) -> Session:
    session = Session(id=id, site=site, category=category, language=language, channel=channel, user=user, created_at=now)
    session.recording.offered, session.may_listen = recording, listening
    session.people[user] = Person(id=user, role="user", name=name)
    session.timers["idle"] = now + UNOPENED_MS
    return session


encode_snapshot = msgspec.msgpack.Encoder().encode
decode_snapshot = msgspec.msgpack.Decoder(Session).decode
