"""The events that a session may receive. All events are plain values.

``participant`` is the participant who acts, or whose WebSocket or peer connection has changed. Times are Unix ms. The time of an
event is an argument of ``receive``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from signaling.protocol.session_views import Media
from signaling.protocol.words import Channel, GuestLabel, ListenAs, Mode, Original
from signaling.session.model import Choice

# --- from the user and staff -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entered:
    """The user has finished preparing and asks for a counselor. ``preferred``: the counselor who is asked first, or ""."""

    channel: Channel | None = None
    name: str = ""
    preferred: str = ""
    preferred_name: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    """A browser tab of this participant has connected, and acts for them in the session."""

    participant: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """No browser tab of this participant is connected any more."""

    participant: str


@dataclass(frozen=True, slots=True)
class RightEnded:
    """The sign-in of a member of staff has ended, or the user has opened the session on another page or device.

    `returns`: whether the member of staff may sign in again and come back.
    """

    participant: str
    returns: bool


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """The participant has switched their microphone, camera or shared screen on or off."""

    participant: str
    media: Media


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    """The user or the owner wants voice or video instead of text, video instead of voice, or text instead of a call."""

    participant: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class UpgradeAnswered:
    """The owner accepts or declines the user's request for voice or video."""

    participant: str
    take: bool


@dataclass(frozen=True, slots=True)
class Left:
    """The participant leaves the session or hangs up."""

    participant: str


@dataclass(frozen=True, slots=True)
class PutToSleep:
    """The owner sends a text conversation to sleep: it needs no capacity of staff until the user writes again."""

    participant: str


@dataclass(frozen=True, slots=True)
class MessageAnswered:
    """A member of staff answers the message that the user left. The conversation then sleeps until the user writes again."""

    staff: str
    name: str


@dataclass(frozen=True, slots=True)
class Woken:
    """The user wakes a sleeping conversation. ``preferred``: the counselor who is asked first, or ""."""

    participant: str
    preferred: str = ""
    preferred_name: str = ""


@dataclass(frozen=True, slots=True)
class Chose:
    """The user takes one of the choices that the user's view offers.

    All choices are possible if the owner is disconnected and has not returned in time. While the user stands in the queue, only
    "wait" and "message" are possible, and neither changes anything. After "message", the event ``MessageGiven`` follows with the
    message's text.
    """

    participant: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class MessageGiven:
    """The user has left a message."""

    participant: str


@dataclass(frozen=True, slots=True)
class WithStaff:
    """The details that make a callback an appointment.

    The details are the member of staff, the channel, the length in minutes, and the lead time. The lead time says how long before
    the start the matcher begins to keep capacity of this member free.
    """

    staff: str
    name: str
    channel: Channel
    minutes: int
    lead_ms: int


@dataclass(frozen=True, slots=True)
class CallbackAsked:
    """The user books a callback for the time ``at``, or moves a booked callback to this time.

    ``contact``: "" keeps the contact of the booked callback. ``reachable``: whether the site can reach the user without a
    contact.
    ``with_staff``: the details of an appointment; None for a callback by any counselor. ``timezone``: the user's time zone; ""
    leaves the known time zone unchanged.
    """

    participant: str
    at: int
    contact: str = ""
    note: str = ""
    reachable: bool = False
    with_staff: WithStaff | None = None
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class CallbackCancelled:
    """The user cancels the callback."""

    participant: str


@dataclass(frozen=True, slots=True)
class CallbackMoved:
    """The counselor did not reach the user, and moves the callback to the time ``at``.

    ``with_staff``: see ``CallbackAsked``.
    """

    participant: str
    at: int
    with_staff: WithStaff | None = None


@dataclass(frozen=True, slots=True)
class AppointmentMoved:
    """An operator moves a booked callback or appointment to another time, another member of staff, or both."""

    at: int
    with_staff: WithStaff | None = None


@dataclass(frozen=True, slots=True)
class CallbackMissed:
    """The counselor did not reach the user and gives up the callback."""

    participant: str


@dataclass(frozen=True, slots=True)
class CallbackMarked:
    """Other software says that the user was called outside of this service, or was not reached and will not be called again."""

    done: bool


@dataclass(frozen=True, slots=True)
class UserMet:
    """The user whom a counselor calls back has connected."""

    participant: str
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class HelpAsked:
    """The owner asks for a professional. ``category``: the category of the help request; "": the session's category."""

    participant: str
    note: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The session's owner transfers the user to another member of staff.

    ``staff``: the member who is asked to take the user, or "" for anyone who serves ``category``. ``name``: the name of this
    member, or of ``category`` if ``staff`` is "".
    """

    participant: str
    how: Literal["now", "consult"]
    name: str
    staff: str = ""
    category: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class HelpCancelled:
    """The owner withdraws a help request or a transfer."""

    participant: str


@dataclass(frozen=True, slots=True)
class HelpJoined:
    """The professional has read the conversation so far, and joins it.

    ``record``: whether the professional agrees to a recording that is under way. None: the professional was not asked.
    """

    participant: str
    record: bool | None = None


@dataclass(frozen=True, slots=True)
class ModeChanged:
    """The owner or the professional chooses the mode: who hears whom."""

    participant: str
    mode: Mode
    hear_user: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The owner puts the user on hold, or ends the hold."""

    participant: str
    on: bool


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The session's owner makes the professional the new owner of the session, and leaves it."""

    participant: str


@dataclass(frozen=True, slots=True)
class Rated:
    """The user has rated the session."""

    participant: str


@dataclass(frozen=True, slots=True)
class NotesTyped:
    """A member of staff has typed notes.

    The fields hold the whole draft. All fields are empty after the member has saved the notes.
    """

    participant: str
    notes: str
    outcome: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A member of staff has named colleagues in the chat line ``seq``, which is for staff."""

    participant: str
    staff: tuple[str, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class MentionRead:
    """A mentioned colleague has begun to read along in this session."""

    staff: str


@dataclass(frozen=True, slots=True)
class WrappedUp:
    """A member of staff has finished the wrap-up."""

    participant: str


@dataclass(frozen=True, slots=True)
class RecordingAnswered:
    """A participant agrees to be recorded, refuses, or withdraws consent."""

    participant: str
    agree: bool


@dataclass(frozen=True, slots=True)
class CaptionsAsked:
    """A participant turns captions on or off.

    ``language``: the language into which the captions are translated for this participant, or "".
    """

    participant: str
    on: bool
    language: str = ""


@dataclass(frozen=True, slots=True)
class CaptionsAnswered:
    """A participant agrees that captions are kept with the conversation, refuses, or withdraws consent."""

    participant: str
    agree: bool


@dataclass(frozen=True, slots=True)
class CobrowseChanged:
    """The owner asks to see the user's page (``on``), or stops seeing it.

    Or the user agrees (``on``), refuses, or stops showing it.
    """

    participant: str
    on: bool


ListenWhy = Literal["stopped", "turned_off", "lost"]


@dataclass(frozen=True, slots=True)
class ListenStarted:
    """An operator begins listening in. Everybody in the session sees this."""

    staff: str
    name: str


@dataclass(frozen=True, slots=True)
class ListenStopped:
    """An operator stops listening in."""

    staff: str
    why: ListenWhy


@dataclass(frozen=True, slots=True)
class ListenedAs:
    """An operator who listens in begins to whisper, joins the conversation, or goes back to listening only.

    ``mic``: whether their microphone is on. ``record``: whether an operator who joins agrees to be recorded. None: the operator
    was not asked.
    """

    staff: str
    how: ListenAs
    mic: bool = False
    record: bool | None = None


@dataclass(frozen=True, slots=True)
class GuestInvited:
    """The user or a member of staff makes a link for one guest.

    ``guest``: the id that the guest will have. ``link_hash``: hash of the link's secret.
    """

    participant: str
    guest: str
    label: GuestLabel
    link_hash: str


@dataclass(frozen=True, slots=True)
class GuestCame:
    """Somebody has opened a guest's link, and pressed the button on the page that opened.

    ``token_hash``: hash of the token with which the guest's page opens the session.
    """

    guest: str
    token_hash: str


@dataclass(frozen=True, slots=True)
class GuestEntered:
    """A guest enters the conversation.

    ``record``: whether the guest agrees to a recording that is under way. None: the guest was not asked. ``lines_from``: number
    of the first chat line that the guest may read.
    """

    participant: str
    name: str
    record: bool | None = None
    lines_from: int = 0


@dataclass(frozen=True, slots=True)
class GuestRemoved:
    """Somebody removes a guest, or withdraws the link that this guest has not used."""

    participant: str
    guest: str


@dataclass(frozen=True, slots=True)
class InterpreterSet:
    """The owner or the user sets how one side, the user's or the staff's, hears the other while this guest interprets."""

    participant: str
    guest: str
    side: Literal["user", "staff"]
    original: Original


@dataclass(frozen=True, slots=True)
class EndedBy:
    """Something outside of the session ends it.

    Examples:

    - An operator ends the session.
    - An operator or other software cancels the session's callback.
    - A command has erased the session's data.
    - Too many conversations are asleep, counted over all organisations.

    ``booking``: the booking to cancel, as ``booking_of`` returns it. If the session has a different booking, the event is
    refused. "": cancel any booking.
    """

    reason: Literal["operator", "callback_cancelled", "erased", "no_room"]
    booking: str = ""


# --- from the matcher (an event with a lower number, `fence`, than an earlier event changes nothing) ---------------


@dataclass(frozen=True, slots=True)
class RingStarted:
    """The user's or counselor's request rings for ``staff``, until the time ``until``."""

    request: str
    reservation: str
    staff: str
    until: int
    fence: int


@dataclass(frozen=True, slots=True)
class RingEnded:
    """The user's or counselor's request no longer rings for a member of staff.

    ``state``: how the ring ended, such as "accepted" or "expired".
    """

    request: str
    reservation: str
    fence: int
    state: Literal["", "accepted", "declined", "expired", "cancelled", "pending"] = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A member of staff has accepted the user's or counselor's request. ``connected``: whether one of their tabs is connected."""

    request: str
    staff: str
    name: str
    connected: bool
    fence: int


@dataclass(frozen=True, slots=True)
class RequestMoved:
    """The matcher has changed the state of the user's or counselor's request."""

    request: str
    state: Literal["waiting", "suspended", "reserved", "accepted", "completed", "unserved", "cancelled"]
    fence: int


@dataclass(frozen=True, slots=True)
class NobodyEligible:
    """Nobody is signed in who could serve the request for help or the transfer."""

    request: str


# --- from media workers (an event of an older room or peer connection changes nothing) and from time -------------------------


@dataclass(frozen=True, slots=True)
class PeerOffered:
    """The participant has sent an SDP offer for a new peer connection. ``tab``: the browser tab that sent it."""

    participant: str
    peer: str
    tab: str = ""


@dataclass(frozen=True, slots=True)
class PeerChanged:
    """The media worker reports a new state of a peer connection."""

    participant: str
    peer: str
    epoch: int
    state: Literal["connecting", "live", "lost", "gone", "replaced"]


@dataclass(frozen=True, slots=True)
class PeerReported:
    """The browser reports the state of its peer connection."""

    participant: str
    state: Literal["live", "text_only", "lost"]


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """The media worker could not write the recording, and has stopped recording.

    ``reason``: as in ``media.api.wire.RecordingOver``.
    """

    epoch: int
    period: int
    reason: str


@dataclass(frozen=True, slots=True)
class CaptionsFailed:
    """The connection to the captions process is lost, so no more words are written down."""

    epoch: int


@dataclass(frozen=True, slots=True)
class RoomLost:
    """The media worker that held the session's room is dead. ``epoch``: how often this room had been opened."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Ticked:
    """The time of a timer has come.

    Every timer of the session that is due fires. ``ahead_ms``: how many ms the timers' clock is ahead of the computer's clock.
    Booked times are times of the computer's clock.
    """

    ahead_ms: int = 0


@dataclass(frozen=True, slots=True)
class Restored:
    """A server has started, or has taken over from another server, and has read this session from the database.

    Nobody is connected. The matcher might have lost the session's requests.

    ``room_kept``: a media worker that did not end with the server still has the room open.
    """

    room_kept: bool = False


SessionEvent = (
    Entered | Connected | Disconnected | RightEnded | MediaChanged | ChannelChanged | UpgradeAnswered | Left | Chose
    | PutToSleep | Woken | MessageGiven | CallbackAsked | CallbackCancelled | CallbackMoved | CallbackMissed | UserMet
    | HelpAsked | TransferAsked | HelpCancelled | HelpJoined | ModeChanged | Held | HandedOver | Rated | NotesTyped
    | AppointmentMoved | CallbackMarked | WrappedUp | MessageAnswered | EndedBy | RingStarted | RingEnded
    | Mentioned | MentionRead
    | ListenStarted | ListenStopped | ListenedAs
    | GuestInvited | GuestCame | GuestEntered | GuestRemoved | InterpreterSet
    | CaptionsAsked | CaptionsAnswered | CaptionsFailed | CobrowseChanged
    | Accepted | RequestMoved | NobodyEligible | RecordingAnswered | RecordingFailed | PeerOffered | PeerChanged | PeerReported
    | RoomLost | Ticked | Restored
)  # fmt: skip
