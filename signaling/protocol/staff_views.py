"""The views that only staff see: the member of staff, the queue, the wallboard, the quality of calls."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .reasons import PassedOverReason
from .words import AppointmentTrouble, Channel, Grade, Mode, Role, SessionState, StaffState, ThresholdFigure


class StaffMe(Struct, kw_only=True):
    """The signed-in member of staff, as their own console shows it.

    ``ready``: whether users' requests are offered to the member while the member has free capacity. A member can switch this off
    while busy; ``state`` is then still "busy". ``most_texts``, ``most_calls``: the member's capacity. ``texts_in_call``: whether
    requests for text are offered to the member during a call.
    """

    id: str
    name: str
    role: Role
    state: StaffState
    languages: list[str] = []
    categories: list[str] = []
    why_away: str = ""  # why the member is away: "missed": did not answer a request that rang; "wrap_up": wrapped up for too long
    until: int | None = None  # when the present state, such as "wrap_up", ends by itself; null: without a time limit
    ready: bool = False
    most_texts: int = 0
    most_calls: int = 0
    texts_in_call: bool = True


class QueueItem(Struct, kw_only=True):
    """A waiting request of a user or a colleague, or a booked callback or appointment.

    ``since``: when the request was made, or the booked time.
    ``staff``, ``staff_name``: id and name of the member who has the appointment, or "".
    """

    session: str
    category: str
    language: str
    channel: Channel
    since: int
    kind: Literal["user", "help", "transfer", "callback"] = "user"
    ringing: bool = False
    # the user's name, if this is a booked callback or appointment, and the receiver watches the wallboard or is the member who
    # has the appointment; otherwise ""
    name: str = ""
    staff: str = ""
    staff_name: str = ""


class AppointmentItem(Struct, kw_only=True):
    """A callback or an appointment that nobody has accepted yet, for operators.

    ``booking``: a text that identifies the present booking. This text changes whenever a time is agreed. A request to cancel the
    booking must contain the text. ``minutes``: length of an appointment; 0 for a callback. ``due``: the booked time has come.
    ``name``: the user's name. ``by_mail``: the user is told of changes by mail. ``trouble``: why an appointment cannot take place
    as booked, or "".
    """

    session: str
    booking: str
    site: str
    category: str
    language: str
    channel: Channel
    at: int
    minutes: int
    due: bool
    name: str
    staff: str
    staff_name: str
    by_mail: bool
    trouble: AppointmentTrouble | Literal[""] = ""


class ThresholdItem(Struct, kw_only=True):
    """The values at which a figure of the wallboard turns amber and red.

    For ``level`` (service level, percent) low values are bad: ``red`` is below ``amber``. For all other figures high values are
    bad.
    """

    figure: ThresholdFigure
    amber: float
    red: float


class StaffItem(Struct, kw_only=True):
    """A member of staff in a list.

    ``most_texts``, ``most_calls``: how many text sessions and how many calls the member can have at the same time. ``sessions``:
    how many sessions the member has now. ``texts``, ``calls``: how many of these sessions count towards ``most_texts`` and
    ``most_calls``. A text session does not count while its user has left the page.
    ``since``: when the member entered ``state``. ``ready``: see ``StaffMe``.
    """

    id: str
    name: str
    role: Role
    state: StaffState
    sessions: int = 0
    since: int = 0
    languages: list[str] = []
    ready: bool = False
    texts: int = 0
    calls: int = 0
    most_texts: int = 0
    most_calls: int = 0


class MessageLeft(Struct, kw_only=True):
    """A message that a user left because no counselor was there.

    `taken_by`, `taken_by_name`: id and name of the member who has taken the message; "": nobody has. `by_mail`: the message can
    be answered by mail. `answer`: the state of the mail about the answer; "" before the message is answered. `why`: why this mail
    was refused, or why it still waits.
    """

    id: str
    session: str
    site: str
    category: str
    language: str
    contact: str
    text: str
    at: int
    state: Literal["new", "taken", "done"]
    taken_by: str = ""
    taken_by_name: str = ""
    by_mail: bool = False
    answer: Literal["", "queued", "sent", "refused"] = ""
    why: str = ""


class WorkerItem(Struct, kw_only=True):
    """A media worker. ``load``: the share of one CPU core that the worker uses; null until a second measurement.

    ``state``: a spare worker is ready to replace a live one that fails. A draining worker takes no new rooms.
    """

    id: str
    rooms: int
    peers: int
    state: Literal["live", "spare", "draining", "dead"]
    load: float | None = None


class SessionItem(Struct, kw_only=True):
    """A live session on the wallboard.

    ``since``: when the conversation began. ``counselor``, ``professional``: the name of the counselor and of the professional, or
    "". ``lost``: somebody in the session is disconnected.
    """

    id: str
    site: str
    category: str
    language: str
    channel: Channel
    state: SessionState
    since: int
    counselor: str = ""
    professional: str = ""
    mode: Mode | None = None
    lost: bool = False
    may_listen: bool = False  # whether an operator is allowed to listen in now
    listeners: list[str] = []  # names of the operators who listen in now
    quality: Grade | None = None  # quality of the worst connection among its participants; null until a quality is known


class StreamQuality(Struct, kw_only=True):
    """The quality of one media stream over its last second.

    ``layer``: RID of the simulcast layer that the worker forwards; "paused" if it forwards none now; "" for a stream with one
    layer.
    ``source``: for a video that a participant receives, the participant who sends it.
    Loss and jitter are null until the first report of them has arrived.
    """

    kind: str  # audio, camera, screen
    bps: int
    layer: str = ""
    source: str = ""
    lost_percent: float | None = None
    jitter_ms: float | None = None


class PersonQuality(Struct, kw_only=True):
    """The quality of one participant's connection.

    ``path``: direct (UDP to the worker), relay (through our TURN server), text (no media gets through), none (not connected).
    ``carries_bps``: the estimated bandwidth from the worker to the participant, in bit/s; null: unknown. ``concealed_percent``:
    the share of the participant's sound that the mixer concealed because packets were lost. ``up``: the streams that the
    participant sends; ``down``: the streams that they receive.
    """

    id: str
    name: str
    role: Role
    path: Literal["direct", "relay", "text", "none"] = "none"
    grade: Grade | None = None
    rtt_ms: float | None = None
    carries_bps: int | None = None
    concealed_percent: float | None = None
    up: list[StreamQuality] = []
    down: list[StreamQuality] = []


class WhyNot(Struct, kw_only=True):
    """Why a member of staff was not offered a user's request."""

    staff: str
    reason: PassedOverReason


class Why(Struct, kw_only=True):
    """Why a user's request was offered to a member of staff.

    ``ring``: the tier, that is, how widely the request was offered then. ``passed_over``: the members to whom it was not offered,
    and why.
    """

    ring: Literal["exact", "parent", "any"]
    rule: str  # the rule that chose among the members of a tier, e.g. "least load, then longest idle"
    candidates: list[str] = []
    passed_over: list[WhyNot] = []
