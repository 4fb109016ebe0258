"""The sets of named values (such as roles and states), the types of fields, and the base of every message."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .reading import by
from .texts import Exact, Seen

Role = Literal["user", "counselor", "professional", "operator", "guest"]
# a guest's role in the conversation; a "camera" is the user's phone, which only shows a second picture
GuestLabel = Literal["family", "interpreter", "colleague", "other", "camera"]
# how one side of a conversation hears the other while an interpreter speaks between the two
Original = Literal["full", "soft", "none"]
StaffRole = Literal["administrator", "owner", "manager", "supervisor", "counselor", "professional"]
# the roles that a member of staff can have in addition to the role in conversations
Office = Literal["administrator", "owner", "manager", "supervisor"]
# what staff and users may do: see the table in signaling/access/rights.py
Action = Literal[
    "account.own", "session.visit", "session.talk", "session.hear", "session.callback", "session.serve", "session.join",
    "session.guests", "session.page", "desk.work", "desk.look", "desk.choose", "sign_in.change", "sign_in.rules",
    "live.watch", "live.listen", "live.speak", "live.end", "live.sign_out", "sites.list", "past.read", "past.see",
    "past.play", "past.erase", "reports.read", "audit.read", "audit.undo", "thresholds.change", "outcomes.read",
    "outcomes.change", "hours.change", "replies.see", "replies.change", "sites.change", "sites.add", "keys.change",
    "people.change", "owners.change", "organisations.change", "installation.see", "messages.manage", "appointments.manage",
    "tokens.change", "webhooks.change",
]  # fmt: skip

# what an API token may do: see NEEDS in signaling/access/api_tokens.py
TokenRight = Literal[
    "sessions.read", "sessions.export", "sessions.erase", "messages.read", "messages.mark", "live.read", "reports.read",
    "settings.read", "settings.write", "codes.make", "keys.write", "conversations.start",
    "appointments.read", "appointments.change", "appointments.book",
]  # fmt: skip
Channel = Literal["text", "voice", "video"]
Audience = Literal["all", "staff"]
Mode = Literal["consultation", "whisper", "conference"]
ListenAs = Literal["listen", "whisper", "join"]  # how an operator takes part in a call; only staff hear a whisper

# what a site lets operators do in its calls. off: nothing; on: listen; whisper: also whisper to staff; join: also join the call
Listening = Literal["off", "on", "whisper", "join"]
Captions = Literal["off", "live", "keep"]  # whether a site's calls may have captions, and whether these may be kept

# whether counselors may see the page on which the user is. strict: counselors see only texts that the site shares; open: all
# texts except private ones
Cobrowse = Literal["off", "strict", "open"]
Grade = Literal["good", "fair", "poor"]  # the grade of a connection's quality
SessionState = Literal["preparing", "waiting", "callback", "active", "asleep", "after", "message_left", "closed"]
CallbackState = Literal["scheduled", "due", "calling", "done", "missed", "cancelled"]
AppointmentTrouble = Literal["staff_gone", "not_working", "closed"]  # why an appointment cannot take place as booked
HelpState = Literal["asking", "catching_up", "joined", "nobody", "cancelled", "handed_over", "ended"]
StaffState = Literal["away", "available", "reserved", "busy", "wrap_up", "lost", "signed_out"]
TransferHow = Literal["", "now", "consult"]
NobodyWhy = Literal["", "declined", "expired", "nobody"]
PictureLimit = Literal["low", "paused"]
# devices that the participant's system took away, for example during a phone call
Interrupted = Literal["", "mic", "camera", "both"]
Provenance = Literal["signed", "claimed", "typed"]
ThresholdFigure = Literal["waiting", "longest_s", "level", "left", "poor"]  # the figures of the wallboard that have thresholds

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+\Z")]
OptionalId = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_.:-]*\Z")]
Token = Annotated[str, by(Exact(200))]
Name = Annotated[str, by(Seen(60))]
Locale = Annotated[str, by(Seen(35, cut=True))]  # a language tag (RFC 5646, 4.4.1); an invalid tag counts as unknown
ShortText = Annotated[str, by(Seen(500, lines=True))]
LineText = Annotated[str, by(Seen(10_000, lines=True))]
LongText = Annotated[str, by(Seen(4000, lines=True))]  # notes of staff, and messages that users leave
Contact = Annotated[str, by(Seen(200))]
Sdp = Annotated[str, Meta(min_length=1), by(Exact(65_536))]
PageData = Annotated[str, Meta(min_length=1, max_length=65_536, pattern=r"^[A-Za-z0-9+/]+={0,2}\Z")]
WebAddress = Annotated[str, Meta(max_length=2000, pattern=r"^https?://[!-~]+\Z")]
BoardData = Annotated[str, by(Exact(400_000))]  # base64 of one whole board message (see docs/protocol.md, Board)


class Message(Struct, tag_field="type", kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The base of every message. Unknown fields are refused."""
