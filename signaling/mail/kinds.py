"""The kinds of mails. Each kind has an urgency, a time after which the mail is useless, and a rule for unsubscribing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from signaling.records.outbox import BOOKED

Kind = Literal[
    "reply",
    "thread",
    "message_answered",
    "copy",
    "callback",
    "callback_soon",
    "callback_cancelled",
    "appointment",
    "appointment_day",
    "appointment_soon",
    "appointment_cancelled",
    "alert_nobody",
    "alert_wait",
    "webhook_off",
    "invitation",
    "password_reset",
    "new_device",
    "mail_confirm",
    "mail_changed",
]
Account = Literal["invitation", "password_reset", "new_device", "mail_confirm", "mail_changed"]

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_SOON = 1  # rank of the mails that are sent after the mails with the rank `BOOKED`
_LATER = 2

THREAD = "thread"  # the stored purpose of a link that opens a conversation
NEW_DEVICE: Final = (
    # The kind of the mail about a sign-in from a new browser. The link in this mail has the same word as its stored purpose. The
    # link ends that sign-in and the member's later sign-ins.
    "new_device"
)
MAIL_CONFIRM: Final = "mail_confirm"  # kind of the mail to a member's new address, and the stored purpose of its link
WITH_EVENT: frozenset[Kind] = frozenset({"callback", "callback_cancelled", "appointment", "appointment_cancelled"})
ACCOUNT: frozenset[Kind] = frozenset(get_args(Account))


@dataclass(frozen=True, slots=True)
class Manner:
    """The properties of a kind of mail.

    `rank`: mails with a lower rank are sent first. Mails with the rank `BOOKED` are sent even to an unsubscribed address.
    `life_ms`: a mail that is more than this many ms old is not sent. `opens`: whether the mail has a link that opens the
    conversation. `leaves`: whether the recipient can unsubscribe from such mails.
    """

    rank: int
    life_ms: int
    opens: bool = True
    leaves: bool = True


MANNERS: dict[Kind, Manner] = {
    "reply": Manner(_SOON, _DAY_MS),
    "thread": Manner(_SOON, _HOUR_MS),
    "message_answered": Manner(_SOON, 3 * _DAY_MS),
    "copy": Manner(_LATER, _DAY_MS),
    "callback": Manner(BOOKED, _DAY_MS),
    "callback_soon": Manner(BOOKED, _HOUR_MS),
    "callback_cancelled": Manner(BOOKED, _DAY_MS, opens=False),
    "appointment": Manner(BOOKED, _DAY_MS),
    "appointment_day": Manner(BOOKED, 12 * _HOUR_MS),
    "appointment_soon": Manner(BOOKED, _HOUR_MS),
    "appointment_cancelled": Manner(BOOKED, _DAY_MS, opens=False),
    "alert_nobody": Manner(_SOON, _HOUR_MS, opens=False, leaves=False),
    "alert_wait": Manner(_SOON, _HOUR_MS, opens=False, leaves=False),
    "webhook_off": Manner(_SOON, 3 * _DAY_MS, opens=False, leaves=False),
    "invitation": Manner(BOOKED, _DAY_MS, opens=False, leaves=False),
    "password_reset": Manner(BOOKED, _HOUR_MS, opens=False, leaves=False),
    "new_device": Manner(BOOKED, 12 * _HOUR_MS, opens=False, leaves=False),
    "mail_confirm": Manner(BOOKED, _DAY_MS, opens=False, leaves=False),
    "mail_changed": Manner(BOOKED, 3 * _DAY_MS, opens=False, leaves=False),
}
