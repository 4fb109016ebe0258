"""Turn a letter into an Internet message (RFC 5322) with the letter's calendar event or attachments.

This module does no I/O. A message's id is random.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from .letters import Letter


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail. `kind`: the media type, such as "text/html".

    `parameters`: the parameters of the media type, such as the charset.
    """

    name: str
    kind: str
    data: bytes
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The addresses of a mail. `sender`: the from-address. `leave`: the URL at which the recipient unsubscribes, or ""."""

    sender: str
    sender_name: str
    recipient: str
    reply_to: str = ""
    leave: str = ""


def message(letter: Letter, envelope: Envelope, attachments: tuple[Attachment, ...], now_ms: int) -> EmailMessage:
    """Return a mail with this letter and these attachments as an Internet message.

    Raises ValueError when a header's value contains a line end.
    """
    local, _, domain = envelope.sender.rpartition("@")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(envelope.sender_name, local, domain)
    mail["To"] = envelope.recipient
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(datetime.fromtimestamp(now_ms / 1000, UTC))
    mail["Message-ID"] = make_msgid(domain=domain)
    mail["Auto-Submitted"] = "auto-generated"  # out-of-office programs do not reply to a mail with this header (RFC 3834)
    if envelope.reply_to:
        mail["Reply-To"] = envelope.reply_to
    if envelope.leave:
        mail["List-Unsubscribe"] = f"<{envelope.leave}>"
        # a mail program can unsubscribe the recipient with one POST request (RFC 8058)
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for each in attachments:
        main, _, sub = each.kind.partition("/")
        mail.add_attachment(each.data, maintype=main, subtype=sub, filename=each.name, params=dict(each.parameters))
    return mail
